/*
 * jsv.h - the parts of JSV that CSV uses for cells that are no scalars. JSV is
 * JSON without quotes where a text needs none. Only for this folder. A node's
 * mark is 1 once it has a member or an item.
 */
#ifndef FORMAT_JSV_H
#define FORMAT_JSV_H

#include "format/backend.h"

void jsv_open(struct writer *w, struct speller *names, const struct field *f, char bracket);
void jsv_field(struct writer *w, struct speller *names, const struct field *f, const void *value);
void jsv_close(struct writer *w);

/*
 * Appends TEXT, in quotes if it is empty or has a character with a meaning in
 * JSV; quotes in it are doubled.
 */
void jsv_add_texts(struct strbuf *out, const char *const *texts);
void jsv_add_text(struct strbuf *out, const char *text, size_t len);

/* Appends TEXT with every quote in it doubled. */
void jsv_add_doubled(struct strbuf *out, const char *text, size_t len);

#endif
