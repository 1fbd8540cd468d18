/*
 * html_parts.h - the parts of a page that templates frame: key figures, and a
 * chart with its numbers. Only for this folder.
 */
#ifndef FORMAT_HTML_PARTS_H
#define FORMAT_HTML_PARTS_H

#include "format/chart_rows.h"
#include "format/layout.h"
#include "format/writer.h"

struct json_object;

/*
 * What the template figures.html shows of the writer's figures; NULL if there
 * are none. The caller gives it up or away.
 */
struct json_object *html_figures(const struct writer *w);

/* A chart's place on its page: the list that it draws, and its title. */
struct html_chart {
	const char *list, *heading;
	const struct digits *digits;
};

/*
 * Appends the chart, and its numbers as a table, by the template chart.html.
 * Orders the sums of R. 0, or -1 as layout_add_part.
 */
int html_chart_add(struct strbuf *out, struct layout *l, const struct html_chart *c,
		   struct chart_rows *r, struct error *err);

#endif
