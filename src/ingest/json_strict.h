/*
 * json_strict.h - finds mistakes in JSON that json-c does not see. Texts are
 * JSON that json-c has parsed, nested up to JSON_STRICT_DEPTH.
 */
#ifndef INGEST_JSON_STRICT_H
#define INGEST_JSON_STRICT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

enum { JSON_STRICT_DEPTH = 16 };

/*
 * Checks the escapes of TEXT. *RET_HALF: it has half a surrogate pair. -1 with
 * ERR_BODY: a name has NUL in it.
 */
int json_strict_escapes(const char *text, size_t len, bool *ret_half, struct error *err);

/*
 * Checks that no object of TEXT has two members of the same name, of which
 * json-c keeps the last. VALUE is what json-c made of TEXT. -1 with ERR_BODY.
 */
int json_strict_names(const char *text, size_t len, json_object *value, struct error *err);

#endif
