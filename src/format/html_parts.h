/*
 * html_parts.h - the data of the parts of a page that templates show: key
 * figures, and a chart with its numbers. Only for this folder.
 */
#ifndef FORMAT_HTML_PARTS_H
#define FORMAT_HTML_PARTS_H

#include "format/backend.h"
#include "format/chart_rows.h"
#include "format/data.h"

/* The writer's figures as the member "figures" of O, if there are any. */
void html_put_figures(struct json_object *o, const struct writer *w);

/*
 * The chart R as members of O, for chart.html. Orders the sums of R. The
 * heading is a member of O already.
 */
void html_put_chart(struct json_object *o, const struct digits *digits, struct chart_rows *r);

#endif
