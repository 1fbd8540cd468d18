/*
 * plot.h - a chart as SVG: the one place that draws bars, for pages and for
 * pictures. Only for this folder.
 *
 * Widths are parts of a hundred of the room there is, heights are pixels: so
 * the bars fit a page of any width, and paper, while words keep their size. The
 * numbers of the axis stand in an SVG of their own to the left of the bars.
 */
#ifndef FORMAT_PLOT_H
#define FORMAT_PLOT_H

#include "base/strbuf.h"
#include "format/chart_sums.h"

enum {
	PLOT_TOP = 8,    /* pixels above the bars' room, for half a line of text */
	PLOT_BOTTOM = 24 /* below it, for the bars' names */
};

struct plot {
	const struct chart_sums *sums; /* in order, with at least one bar */
	const char *unit;              /* "" if there is none */
	/*
	 * of the bars' room in pixels. The SVG is higher by PLOT_TOP +
	 * PLOT_BOTTOM.
	 */
	int height;
	/*
	 * for a page: elements have classes of the style sheet. Else each has
	 * its own colour.
	 */
	bool styled;
};

/* Pixels that the numbers of the axis take. */
int plot_ticks_width(const struct plot *p);

/*
 * Appends the content of the two SVGs: the numbers of the axis, and the bars.
 */
void plot_ticks(struct strbuf *out, const struct plot *p);
void plot_bars(struct strbuf *out, const struct plot *p);

/* Appends N and the unit: "1,234.5 USD" (GROUPED) or "1234.5 USD". */
void plot_amount(struct strbuf *out, const char *unit, wide n, bool grouped);

/* The colour of a part in pictures, which have no style sheet: "#0b6158". */
const char *plot_colour(const struct chart_part *part);

#endif
