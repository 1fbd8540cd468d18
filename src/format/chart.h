/*
 * chart.h - how the records of a list look as bars. Pages and pictures draw the
 * fields that the list's table shows, so the numbers are the same.
 */
#ifndef FORMAT_CHART_H
#define FORMAT_CHART_H

struct chart {
	const char *x;      /* the field that names the bar: a time or a name */
	const char *series; /* the field that names a part of a bar, or NULL */
	/*
	 * the fields to draw, ended by NULL; if there are several each is a
	 * part, and `series` is NULL
	 */
	const char *const *values;
	const char *unit; /* the field with their unit, or NULL */
};

#endif
