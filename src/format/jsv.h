/*
 * jsv.h - JSV's pieces: JSON without quotes where text needs none, which is
 * also what CSV holds in a cell that is no scalar. Only for this folder. A
 * node's mark is 1 once something is inside it.
 */
#ifndef FORMAT_JSV_H
#define FORMAT_JSV_H

#include "format/backend.h"

void jsv_open(struct writer *w, struct speller *names, const struct field *f, char bracket);
void jsv_field(struct writer *w, struct speller *names, const struct field *f, const void *value);
void jsv_close(struct writer *w);

/*
 * Appends TEXT; in quotes, the quotes in it doubled, if it is empty or holds a
 * character that means something.
 */
void jsv_add_texts(struct strbuf *out, const char *const *texts);
void jsv_add_text(struct strbuf *out, const char *text, size_t len);

/* Appends TEXT with every quote in it doubled. */
void jsv_add_doubled(struct strbuf *out, const char *text, size_t len);

#endif
