/*
 * data.h - what templates show: JSON made of C structs. Only for this folder.
 * Texts are cleaned of line ends and control characters; templates escape them.
 */
#ifndef FORMAT_DATA_H
#define FORMAT_DATA_H

#include <json-c/json.h>

#include "base/strbuf.h"
#include "format/shape.h"
#include "format/writer.h"

/* Sets the member KEY of O; a NULL text removes it. */
void data_text(struct json_object *o, const char *key, const char *text);
void data_bool(struct json_object *o, const char *key, bool value);
void data_int(struct json_object *o, const char *key, int64_t n);

/* Text that is HTML already, if there is any. Releases HTML. */
void data_html(struct json_object *o, const char *key, struct strbuf *html);

/* The new member KEY of O: an object, or a list for data_item. O owns it. */
struct json_object *data_object(struct json_object *o, const char *key);
struct json_object *data_list(struct json_object *o, const char *key);

/* A new object at the end of LIST, which owns it. */
struct json_object *data_item(struct json_object *list);

/* The members of REC that FIELDS describe: texts, truths, numbers other than 0. */
void data_record(struct json_object *o, const struct field *fields, const void *rec);

/*
 * All that the templates show around the answer of W (NULL: a page without a
 * writer): O's page, the title, and what operations said for people. The caller
 * gives it up.
 */
struct json_object *data_page(const struct writer_options *o, const struct writer *w,
			      const char *content, const char *title);

#endif
