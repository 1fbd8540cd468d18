/*
 * pieces.h - divides spans of quarter hours into whole months, whole days and
 * the rest, and lists the ranges of rows that they are at each level.
 */
#ifndef STORE_PGSQL_PIECES_H
#define STORE_PGSQL_PIECES_H

#include "store/sums.h"

/* A part of a span, at a level, until the next piece or the end of a range. */
struct sums_piece {
	int64_t from; /* slot of the level */
	size_t span;
};

/* Slots of a level. TO is exclusive. */
struct sums_range {
	int64_t from, to;
};

struct level_pieces {
	struct sums_piece *list; /* ascending */
	size_t n, size;
	/* adjacent pieces together; each begins with a piece */
	struct sums_range *ranges;
	size_t n_ranges, ranges_size;
	int64_t slots; /* in all ranges */
};

struct sums_pieces {
	struct level_pieces levels[LEVELS];
};

/* Divides the spans of Q. The lists are in ARENA. */
void sums_divide(const struct sums_query *q, struct arena *arena, struct sums_pieces *ret);

/* The piece that holds the slot of a range. */
const struct sums_piece *sums_piece_of(const struct level_pieces *level, int64_t slot);

#endif
