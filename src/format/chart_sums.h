/*
 * chart_sums.h - the numbers of a picture: bars made of parts, added up as records
 * come, exactly; the round values of its axis; the colours of its parts.
 * Bounded: what has no room is counted. Only for this folder.
 */
#ifndef FORMAT_CHART_SUMS_H
#define FORMAT_CHART_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/decimal.h"

enum {
	CHART_BARS = 1000,
	CHART_PARTS = 16, /* the last one takes what comes after it */
	CHART_NAME = 200, /* bytes of a name, with its NUL */
	CHART_PLACES = 9, /* amounts are billionths */
	CHART_LINES = 5   /* the axis has at most this many steps */
};

#define CHART_OTHERS \
	"others" /* a part that has no name of its own: always the last, in the last colour */

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
	/* indexes of parts as they are drawn; after chart_sums_order */
	size_t order[CHART_PARTS];
	size_t n_parts;
	size_t left_out; /* bars that had no room */
	bool too_large;  /* an amount was */
};

void chart_sums_release(struct chart_sums *s);

/*
 * The index of the bar called NAME: the last bar if it has this name, else a
 * new one; -1 if there is no room.
 */
int chart_sums_bar(struct chart_sums *s, const char *name);
size_t chart_sums_part(struct chart_sums *s, const char *name);
void chart_sums_add(struct chart_sums *s, int bar, size_t part, const struct decimal *amount);

/*
 * The parts in the order they are drawn, the largest first (BY_SIZE) or as they
 * came, and their colours.
 */
void chart_sums_order(struct chart_sums *s, bool by_size);

/*
 * The number of colours. The same name has the same colour in every chart,
 * unless two names of one chart would share it.
 */
enum { CHART_COLOURS = 6 };

/*
 * Round values: STEP billionths from one line to the next, BELOW of them under
 * zero and ABOVE over it. At least one.
 */
struct chart_axis {
	wide step;
	int below, above;
};

struct chart_axis chart_axis_of(wide least, wide most);

/* The index of the part called NAME, or -1. */
int chart_sums_find(const struct chart_sums *s, const char *name);

/* Part of LENGTH that N is of RANGE (> 0), rounded. */
int64_t chart_scale(wide n, wide range, int64_t length);

/*
 * The names of bars that are days or instants, in words as short as their
 * distance lets them be ("1 Nov", "Nov 2026", "2026", "14:00"). AT: one of
 * them; the whole list decides. Other names stay.
 */
void chart_label(const struct chart_sums *s, size_t at, char ret[static CHART_NAME]);

#endif
