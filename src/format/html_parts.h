/*
 * html_parts.h - template data of two parts of a page: the key figures, and the
 * chart with its numbers. Only for this folder.
 */
#ifndef FORMAT_HTML_PARTS_H
#define FORMAT_HTML_PARTS_H

#include "format/backend.h"
#include "format/chart_rows.h"
#include "format/data.h"

/*
 * Puts the writer's key figures, if there are any, as the member "figures" of
 * O.
 */
void html_put_figures(struct json_object *o, const struct writer *w);

/*
 * Puts the chart R as members of O, for chart.html. Sorts the sums of R. O must
 * have the heading already.
 */
void html_put_chart(struct json_object *o, const struct digits *digits, struct chart_rows *r);

#endif
