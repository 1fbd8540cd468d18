/*
 * writer.h - writes an answer in any format. An operation calls writer_*; a
 * backend (json.c, xml.c, csv.c, jsv.c, jsonl.c, html.c, svg.c, text.c) turns
 * the calls into bytes, with names spelled by the style.
 *
 * The writer checks the nesting of nodes, so wrong nesting fails in every
 * format. After the first failure, all calls do nothing and writer_finish
 * reports this failure. So callers check only writer_finish.
 *
 * There are three kinds of documents:
 *   a list      writer_begin_list(w, NULL, item) records... writer_end
 *   an object   writer_begin(w, NULL, shape) fields, lists, objects... writer_end
 *   a page      an object with SHAPE_PAGE: first its scalar fields, then lists
 * CSV and JSON lines show one list of a page (FIELD_MAIN if there are several);
 * pages and terminal tables show all lists.
 */
#ifndef FORMAT_WRITER_H
#define FORMAT_WRITER_H

#include "base/error.h"
#include "base/strbuf.h"
#include "format/format.h"
#include "format/page.h"
#include "format/shape.h"
#include "format/style.h"

struct templates;
struct writer;

struct writer_options {
	const struct style *style; /* never NULL; outlives the writer */
	bool money_as_string;
	const struct page *page;           /* NULL for formats without pages */
	const struct templates *templates; /* NULL for formats without pages */
	/* "https://host:port": added to links in a spreadsheet; or NULL */
	const char *base_url;
};

/*
 * Receives the bytes. The writer appends to BUF. If `flush` is not NULL, the
 * writer calls it between records when BUF holds more than `flush_above` bytes.
 * `flush` sends the bytes, empties BUF and returns 0, or -1 with err filled. So
 * a document of any length needs bounded memory, and a short document can have
 * a Content-Length.
 */
struct sink {
	struct strbuf *buf;
	size_t flush_above;
	int (*flush)(struct sink *sink, struct error *err);
};

/*
 * Never returns NULL. O, everything that O points to, and SINK must outlive the
 * writer.
 */
struct writer *writer_new(const struct format *format, const struct writer_options *o,
			  struct sink *sink);
void writer_free(struct writer **w);

/* ---- the answer ---- */

/*
 * Begins a node. F is the field of the open object that holds the node; NULL
 * for the root.
 */
void writer_begin(struct writer *w, const struct field *f, const struct shape *shape);
void writer_begin_list(struct writer *w, const struct field *f, const struct shape *item);
/*
 * Writes the field F. VALUE points to the C member that F describes; NULL
 * writes null.
 */
void writer_field(struct writer *w, const struct field *f, const void *value);
void writer_end(struct writer *w);

/*
 * Writes the C struct REC, a record of SHAPE, with its nested objects. F is the
 * field that holds the record; NULL for the root or an item of a list.
 */
void writer_record(struct writer *w, const struct field *f, const struct shape *shape,
		   const void *rec);

/*
 * Writes all scalar and object fields of SHAPE from REC into the open object,
 * but no lists.
 */
void writer_fields(struct writer *w, const struct shape *shape, const void *rec);

/*
 * Begins a page with one list: writes the fields from REC and begins the list.
 * The caller then writes the items and calls writer_end_page.
 */
void writer_begin_page(struct writer *w, const struct shape *shape, const void *rec);
void writer_end_page(struct writer *w);

/*
 * The I-th of SHAPE's fields in the order of the format, for callers that write
 * single fields; NULL after the last.
 */
const struct field *writer_nth(struct writer *w, const struct shape *shape, size_t i);

/*
 * Finishes the document. Returns 0, or -1 with the first failure: wrong nesting
 * (ERR_INTERNAL), a failed flush, or ERR_TOO_LARGE.
 */
int writer_finish(struct writer *w, struct error *err);

/*
 * Gets the text of a scalar as every format prints it: digits, true or false,
 * or the text itself. A text is not copied; other types are printed to BUF.
 * Returns false if the value is null.
 */
bool writer_scalar(const struct field *f, const void *value, char buf[static DECIMAL_TEXT],
		   const char **ret_text, size_t *ret_len);

/* ---- for people: called before the root, ignored by formats for programs ----
 *
 * Texts, links and fields are borrowed until writer_finish, except for the
 * title and the sentence, which are copied. Lists of links end with a NULL
 * text.
 */

/* Does the format show the title? If not, nobody need make one. */
bool writer_is_titled(const struct writer *w);

/*
 * Sets the title, and one sentence that names the account, the days and the
 * time zone. Both may be NULL.
 */
void writer_about(struct writer *w, const char *title, const char *sentence);

/*
 * Adds a sentence after the sentence of writer_about. Call it before
 * writer_about.
 */
void writer_note(struct writer *w, const char *text);

/*
 * Tells the page's form which value the operation chose for the parameter NAME.
 */
void writer_assume(struct writer *w, const char *name, const char *value);

/* Adds a key figure, at most WRITER_FIGURES. The struct is copied. */
enum { WRITER_FIGURES = 8 };
void writer_figure(struct writer *w, const struct figure *figure);

/*
 * Sets a short text with the values of the page's filters. The page shows it
 * instead of the form, which is folded.
 */
void writer_filters(struct writer *w, const char *words);

/* Sets links to the same report for other days. */
void writer_presets(struct writer *w, const struct page_link *presets);

/* Sets links to related pages. */
void writer_related(struct writer *w, const struct page_link *links);

/* Sets the name of F (a column or a list) in tables for people. */
void writer_label(struct writer *w, const struct field *f, const char *label);

/* Hides the column F, because it would be empty in this answer. */
void writer_hide(struct writer *w, const struct field *f);

/* Also writes a list's totals (FIELD_TOTAL) to a spreadsheet. */
void writer_show_totals(struct writer *w);

#endif
