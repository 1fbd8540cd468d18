/*
 * data.h - makes trees (tree.h) for templates out of C structs. Only for this
 * folder.
 */
#ifndef FORMAT_DATA_H
#define FORMAT_DATA_H

#include "base/strbuf.h"
#include "format/shape.h"
#include "format/tree.h"
#include "format/writer.h"

/*
 * Sets the member KEY of O to TEXT, in one line and without control characters.
 * A NULL text removes the member.
 */
void data_text(struct json_object *o, const char *key, const char *text);

/* Has a filter of the page's form a value of its own? PAGE may be NULL. */
bool data_is_filtered(const struct page *page);

/* Has a filter of the page's form a value of its own? PAGE may be NULL. */
bool data_is_filtered(const struct page *page);

/* Sets the member KEY of O to HTML, unless HTML is empty. Releases HTML. */
void data_html(struct json_object *o, const char *key, struct strbuf *html);

/*
 * Sets the members of O from the members of REC that FIELDS describe: texts,
 * booleans, numbers other than 0.
 */
void data_record(struct json_object *o, const struct field *fields, const void *rec);

/*
 * Returns the data of the templates around an answer: the page of O, the title,
 * and the texts that operations gave to W. W is NULL for a page without a
 * writer. Free the result with json_object_put.
 */
struct json_object *data_page(const struct writer_options *o, const struct writer *w,
			      const char *content, const char *title);

#endif
