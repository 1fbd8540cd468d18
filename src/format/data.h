/*
 * data.h - what templates show: trees (tree.h) made of C structs. Only for this
 * folder.
 */
#ifndef FORMAT_DATA_H
#define FORMAT_DATA_H

#include "base/strbuf.h"
#include "format/shape.h"
#include "format/tree.h"
#include "format/writer.h"

/*
 * Sets the member KEY of O to TEXT in one line, without control characters. A
 * NULL text removes the member.
 */
void data_text(struct json_object *o, const char *key, const char *text);

/* Text that is HTML already, if there is any. Releases HTML. */
void data_html(struct json_object *o, const char *key, struct strbuf *html);

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
