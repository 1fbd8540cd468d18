/*
 * chart_rows.h - adds up the records of a list for its chart. Only for this
 * folder.
 */
#ifndef FORMAT_CHART_ROWS_H
#define FORMAT_CHART_ROWS_H

#include "format/chart_sums.h"
#include "format/shape.h"

/* The open record. Its fields may come in any order. */
struct chart_row {
	char x[CHART_NAME], series[CHART_NAME];
	struct decimal values[CHART_PARTS];
};

struct chart_rows {
	const struct chart *chart;
	struct chart_row row;
	/*
	 * the unit of the first record that has one; a currency is in capitals
	 */
	char unit[CHART_NAME];
	bool money; /* the unit is a currency */
	struct chart_sums sums;
};

/*
 * Zero R and set its chart first. For each record, call begin, then field for
 * each member, then end.
 */
void chart_rows_begin(struct chart_rows *r);
void chart_rows_field(struct chart_rows *r, const struct field *f, const void *value);
void chart_rows_end(struct chart_rows *r);

/* Returns a sentence to show if the chart can't be drawn, else NULL. */
const char *chart_rows_fault(const struct chart_rows *r);

#endif
