/*
 * json.h - the parts of the JSON backend that JSON lines also uses. Only for
 * this folder.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "format/backend.h"

/*
 * The backend has no state. A node's mark is 1 after its first member or item.
 */
void json_open(struct writer *w, const struct field *f, char bracket);
void json_field(struct writer *w, const struct field *f, const void *value);
void json_scalars(struct writer *w, const struct writer_step *step, const void *rec);
void json_close(struct writer *w);

/* Appends a JSON string with its quotes. */
void json_add_string(struct strbuf *out, const char *text, size_t len);

#endif
