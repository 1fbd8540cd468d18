/*
 * chart_sums.h - the exact sums of a chart: bars made of parts, the steps of
 * the axis, the colours of the parts. Memory is bounded: bars beyond the limit
 * are only counted. Only for this folder.
 */
#ifndef FORMAT_CHART_SUMS_H
#define FORMAT_CHART_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/decimal.h"

enum {
	CHART_BARS = 1000,
	CHART_PARTS = 16, /* the last part, "others", takes all later names */
	CHART_NAME = 200, /* bytes of a name, with its NUL */
	CHART_PLACES = 9, /* amounts are billionths */
	CHART_LINES = 5   /* the axis has at most this many steps */
};

/* The last part, which takes all later names and has the last colour. */
#define CHART_OTHERS "others"

struct chart_part {
	char name[CHART_NAME];
	wide sum;
	int colour; /* from 0 to CHART_COLOURS - 1; after chart_sums_order */
};

struct chart_bar {
	char name[CHART_NAME];
	wide amounts[CHART_PARTS]; /* by chart_part */
};

struct chart_sums {
	struct chart_bar *bars;
	size_t n_bars, size;
	struct chart_part parts[CHART_PARTS];
	/* indexes of parts in drawing order; after chart_sums_order */
	size_t order[CHART_PARTS];
	size_t n_parts;
	size_t left_out; /* bars that had no room */
	bool too_large;  /* an amount or a sum is too large */
};

void chart_sums_release(struct chart_sums *s);

/*
 * Returns the index of the bar called NAME: the last bar if it has this name,
 * else a new bar. Returns -1 if there is no room.
 */
int chart_sums_bar(struct chart_sums *s, const char *name);
size_t chart_sums_part(struct chart_sums *s, const char *name);
void chart_sums_add(struct chart_sums *s, int bar, size_t part, const struct decimal *amount);

/*
 * Sorts the parts, the largest first (BY_SIZE) or in the order of arrival, and
 * chooses their colours.
 */
void chart_sums_order(struct chart_sums *s, bool by_size);

/*
 * The number of colours. A name has the same colour in every chart, unless
 * another name of the chart has this colour.
 */
enum { CHART_COLOURS = 6 };

/*
 * An axis with round numbers: a line every STEP billionths, BELOW steps under
 * zero and ABOVE steps over it. An axis has at least one step.
 */
struct chart_axis {
	wide step;
	int below, above;
};

struct chart_axis chart_axis_of(wide least, wide most);

/* The index of the part called NAME, or -1. */
int chart_sums_find(const struct chart_sums *s, const char *name);

/* LENGTH * N / RANGE, rounded; RANGE > 0. */
int64_t chart_scale(wide n, wide range, int64_t length);

/*
 * The label of bar AT on the axis. Days and instants are shortened as far as
 * the distance between bars allows ("1 Nov", "Nov 2026", "2026", "14:00");
 * other names are unchanged.
 */
void chart_label(const struct chart_sums *s, size_t at, char ret[static CHART_NAME]);

#endif
