/*
 * plot.h - draws a chart as SVG, for pages and for pictures. Only for this
 * folder.
 *
 * Widths are in percent and heights in pixels, so the bars fit a page of any
 * width, and paper, while texts keep their size. The numbers of the axis are a
 * separate SVG to the left of the bars.
 */
#ifndef FORMAT_PLOT_H
#define FORMAT_PLOT_H

#include "base/strbuf.h"
#include "format/chart_sums.h"

enum {
	PLOT_TOP = 8,    /* pixels above the bars, for half a line of text */
	PLOT_BOTTOM = 24 /* pixels below the bars, for their names */
};

struct plot {
	const struct chart_sums *sums; /* in order, with at least one bar */
	const char *unit;              /* "" if there is none */
	/*
	 * height of the bars' area in pixels. The SVG is higher by PLOT_TOP +
	 * PLOT_BOTTOM.
	 */
	int height;
	/*
	 * true for a page: elements have classes of the style sheet. false for
	 * a picture: elements have colours.
	 */
	bool styled;
};

/* The width of the axis numbers in pixels. */
int plot_ticks_width(const struct plot *p);

/*
 * Appends the content of one of the two SVGs: plot_ticks the numbers of the
 * axis, plot_bars the bars.
 */
void plot_ticks(struct strbuf *out, const struct plot *p);
void plot_bars(struct strbuf *out, const struct plot *p);

/* Appends N and the unit: "1,234.5 USD" (GROUPED) or "1234.5 USD". */
void plot_amount(struct strbuf *out, const char *unit, wide n, bool grouped);

/* The colour of a part in a picture: "#0b6158". */
const char *plot_colour(const struct chart_part *part);

#endif
