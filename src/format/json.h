/*
 * json.h - JSON's pieces, which JSON lines is made of too. Only for this
 * folder.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "format/backend.h"

/*
 * A backend that uses these has a struct speller as its state. A node's mark is
 * 1 once something is inside it.
 */
void json_open(struct writer *w, const struct field *f, char bracket);
void json_field(struct writer *w, const struct field *f, const void *value);
void json_close(struct writer *w);

/* Appends a JSON string with its quotes. */
void json_add_string(struct strbuf *out, const char *text, size_t len);

#endif
