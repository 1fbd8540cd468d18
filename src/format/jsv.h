/*
 * jsv.h - the parts of JSV that CSV uses for objects and lists in cells. JSV is
 * JSON in which only texts with special characters have quotes. Only for this
 * folder. A node's mark is 1 after its first member or item.
 */
#ifndef FORMAT_JSV_H
#define FORMAT_JSV_H

#include "format/backend.h"

void jsv_open(struct writer *w, const struct field *f, char bracket);
void jsv_field(struct writer *w, const struct field *f, const void *value);
void jsv_close(struct writer *w);

/*
 * Appends TEXT, in quotes if TEXT is empty or has a special character of JSV.
 * Quotes in TEXT are doubled.
 */
void jsv_add_texts(struct strbuf *out, const char *const *texts);
void jsv_add_text(struct strbuf *out, const char *text, size_t len);

/* Appends TEXT and doubles every quote in it. */
void jsv_add_doubled(struct strbuf *out, const char *text, size_t len);

#endif
