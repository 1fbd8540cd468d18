/*
 * writer.h - one way to say an answer, many ways to show it. An operation calls
 * writer_*; a backend (json.c, xml.c, csv.c, jsv.c, jsonl.c, html.c, svg.c,
 * text.c) turns the calls into bytes, with the names that a style spells.
 *
 * The writer keeps the stack of open nodes, so wrong nesting fails in every
 * format alike. The first failure sticks: later calls do nothing and
 * writer_finish reports it. So callers check writer_finish alone.
 *
 * There are three kinds of documents:
 *   a list      writer_begin_list(w, NULL, item) records... writer_end
 *   an object   writer_begin(w, NULL, shape) fields, lists, objects... writer_end
 *   a page      an object with SHAPE_PAGE: first its scalar fields, then lists
 * CSV and JSON lines show one list of a page (FIELD_MAIN if there are several);
 * pages and terminal tables show all its lists.
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
	const struct page *page;           /* for formats that show one; NULL otherwise */
	const struct templates *templates; /* of the pages; NULL for other formats */
	/* "https://host:port": makes the links of a spreadsheet absolute; or NULL */
	const char *base_url;
};

/*
 * Receives the bytes: everything is appended to BUF. `flush`, if not NULL, is
 * called between records once BUF holds more than `flush_above` bytes; it sends
 * them, empties BUF and returns 0, or -1 with err filled. So a document of any
 * length needs bounded memory, and a short one can have its Content-Length.
 */
struct sink {
	struct strbuf *buf;
	size_t flush_above;
	int (*flush)(struct sink *sink, struct error *err);
};

/* Never NULL. O, all that O points to, and SINK must outlive the writer. */
struct writer *writer_new(const struct format *format, const struct writer_options *o,
			  struct sink *sink);
void writer_free(struct writer **w);

/* ---- the answer ---- */

/* F: the field of the open object that holds the node; NULL at the root. */
void writer_begin(struct writer *w, const struct field *f, const struct shape *shape);
void writer_begin_list(struct writer *w, const struct field *f, const struct shape *item);
/* VALUE points to the C member that F describes; NULL is null. */
void writer_field(struct writer *w, const struct field *f, const void *value);
void writer_end(struct writer *w);

/*
 * One record of SHAPE, with its nested objects, from the C struct REC. The
 * field F holds it (NULL: root or list item).
 */
void writer_record(struct writer *w, const struct field *f, const struct shape *shape,
		   const void *rec);

/* All scalar and object fields of SHAPE from REC into the open object; no lists. */
void writer_fields(struct writer *w, const struct shape *shape, const void *rec);

/*
 * A page with one list: its fields from REC, then the list, whose items the
 * caller writes before writer_end_page.
 */
void writer_begin_page(struct writer *w, const struct shape *shape, const void *rec);
void writer_end_page(struct writer *w);

/*
 * The order of SHAPE's fields in the format, as indexes for callers that write
 * them one by one; NULL: as declared.
 */
const uint8_t *writer_order(struct writer *w, const struct shape *shape);

/*
 * 0, or -1 with the first failure: wrong nesting (ERR_INTERNAL), a failed
 * flush, or ERR_TOO_LARGE.
 */
int writer_finish(struct writer *w, struct error *err);

/*
 * The text of a scalar as every format prints it: digits, true or false, or the
 * text itself (not copied). Other types are printed in BUF. False if it is null.
 */
bool writer_scalar(const struct field *f, const void *value, char buf[static DECIMAL_TEXT],
		   const char **ret_text, size_t *ret_len);

/* ---- for people: called before the root, ignored by formats for programs ----
 *
 * Texts, links and fields are borrowed until writer_finish, except for the
 * title and the sentence, which are copied. Lists of links end with a NULL
 * text.
 */

/* A title, and one sentence: whose usage, which days, which zone. Or NULL. */
void writer_about(struct writer *w, const char *title, const char *sentence);

/* Another sentence after that one. Before writer_about. */
void writer_note(struct writer *w, const char *text);

/* The value the operation chose for the parameter NAME, for the page's form. */
void writer_assume(struct writer *w, const char *name, const char *value);

/* A key figure. At most WRITER_FIGURES; copied. */
enum { WRITER_FIGURES = 8 };
void writer_figure(struct writer *w, const struct figure *figure);

/* The values of the page's filters in a few words: the form is folded behind. */
void writer_filters(struct writer *w, const char *words);

/* Links to the same answer for other days. */
void writer_presets(struct writer *w, const struct page_link *presets);

/* Links to related pages. */
void writer_related(struct writer *w, const struct page_link *links);

/* The name of F (a column or a list) in tables for people. */
void writer_label(struct writer *w, const struct field *f, const char *label);

/* Hides the column F: it would be empty this time. */
void writer_hide(struct writer *w, const struct field *f);

/* The caller wants a list's totals (FIELD_TOTAL) in a spreadsheet, too. */
void writer_show_totals(struct writer *w);

#endif
