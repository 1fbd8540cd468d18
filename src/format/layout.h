/*
 * layout.h - the page around the data: templates, and what they show from
 * writer_options. layout.html holds {{>content}}, which is the template of the
 * kind of page, and that holds {{>body}}, where the data come. The whole is
 * rendered twice, up to the body before the data and from there on after them,
 * when the links to the pages around are known; so data of any length pass
 * through. Pages that don't come from a writer are rendered at once, with data
 * of their own.
 */
#ifndef FORMAT_LAYOUT_H
#define FORMAT_LAYOUT_H

#include "format/writer.h"

struct json_object;
struct layout;
struct templates;

/*
 * Does T have all that pages are made of, each with a place for what comes
 * inside? -1, ERR_INTERNAL: which template lacks what.
 */
int layout_check(const struct templates *t, struct error *err);

/*
 * A whole page: the template CONTENT inside the layout. The members of DATA
 * stand beside the layout's own (title, site, nav...); it is given up. 0, or -1
 * as layout_add_head.
 */
int layout_page(const struct writer_options *o, const char *content, const char *title,
		struct json_object *data, struct strbuf *out, struct error *err);

/* ---- for this folder: a page around what a writer writes ---- */

/*
 * CONTENT names the template of the kind of page. O, W (what it assumed is
 * shown; or NULL) and CONTENT are borrowed, the other texts copied; SENTENCE
 * may be NULL.
 */
struct layout *layout_new(const struct writer_options *o, const struct writer *w,
			  const char *content, const char *title, const char *sentence);
void layout_free(struct layout **l);

/* The page's script, a file in www/. */
void layout_set_script(struct layout *l, const char *name);

/*
 * The page's key figures, a list as html_figures makes it; they are given up.
 */
void layout_set_figures(struct layout *l, struct json_object *figures);

/* KEY: "next" or "previous". */
void layout_set_pager(struct layout *l, const char *key, const char *href);

/*
 * Appends what is shown in place of a list that has nothing: WORDS say so,
 * under the HEADING if it isn't NULL. As layout_add_head.
 */
int layout_add_empty(struct layout *l, const char *words, const char *heading, struct strbuf *out,
		     struct error *err);

/*
 * Appends the template NAME with DATA, which is given up. 0, or -1 as
 * layout_add_head.
 */
int layout_add_part(struct layout *l, const char *name, struct json_object *data,
		    struct strbuf *out, struct error *err);

/*
 * Appends what comes before the body, or after it. 0, or -1: a template is
 * missing or broken, or OUT is full.
 */
int layout_add_head(struct layout *l, struct strbuf *out, struct error *err);
int layout_add_foot(struct layout *l, struct strbuf *out, struct error *err);

#endif
