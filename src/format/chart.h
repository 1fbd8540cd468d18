/*
 * chart.h - how the records of a list are drawn as bars. Pages and pictures
 * draw fields that the list's table shows, so table and chart have the same
 * numbers.
 */
#ifndef FORMAT_CHART_H
#define FORMAT_CHART_H

struct chart {
	const char *x; /* the field that names the bar: a time or a name */
	/* the field that names the parts of a bar, or NULL */
	const char *series;
	/*
	 * the fields to draw, ended by NULL. If there are several, each field
	 * is a part of the bar, and `series` is NULL
	 */
	const char *const *values;
	const char *unit; /* the field with the unit of `values`, or NULL */
};

#endif
