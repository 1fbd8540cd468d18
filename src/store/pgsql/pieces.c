#include "store/pgsql/pieces.h"

#include "base/civil.h"
#include "store/internal.h"
#include "base/banned.h"

/* No event takes effect later. */
enum { LAST_DAY = 4000000 };

static void add_range(struct level_pieces *l, struct arena *arena, int64_t from, int64_t to)
{
	if (l->n_ranges && l->ranges[l->n_ranges - 1].to == from) {
		l->ranges[l->n_ranges - 1].to = to;
		return;
	}
	l->ranges = arena_room(arena, l->ranges, l->n_ranges, &l->ranges_size, sizeof(*l->ranges));
	l->ranges[l->n_ranges++] = (struct sums_range) { from, to };
}

/* Where pieces go. */
struct divider {
	struct sums_pieces *to;
	struct arena *arena;
	size_t span;
};

static void add_piece(const struct divider *d, enum level level, int64_t from, int64_t to)
{
	struct level_pieces *l = &d->to->levels[level];

	if (from >= to)
		return;
	add_range(l, d->arena, from, to);
	l->list = arena_room(d->arena, l->list, l->n, &l->size, sizeof(*l->list));
	l->list[l->n++] = (struct sums_piece) { from, d->span };
	l->slots += to - from;
}

static int64_t month_of_day(int64_t day)
{
	return slot_of(LEVEL_MONTH, slot_of_day(day));
}

/* The days of which there is no part outside the span. */
static void add_days(const struct divider *d, int64_t from, int64_t to)
{
	int64_t first = month_of_day(from), end = month_of_day(to);

	first += slot_month_day(first) < from;
	if (first >= end) {
		add_piece(d, LEVEL_DAY, from, to);
		return;
	}
	add_piece(d, LEVEL_DAY, from, slot_month_day(first));
	add_piece(d, LEVEL_MONTH, first, end);
	add_piece(d, LEVEL_DAY, slot_month_day(end), to);
}

static void add_span(const struct divider *d, int64_t from, int64_t to)
{
	int64_t first = -floor_div(-from, SLOTS_PER_DAY), end = floor_div(to, SLOTS_PER_DAY);

	if (first >= end) {
		add_piece(d, LEVEL_QUARTER, from, to);
		return;
	}
	add_piece(d, LEVEL_QUARTER, from, slot_of_day(first));
	add_days(d, first, end);
	add_piece(d, LEVEL_QUARTER, slot_of_day(end), to);
}

void sums_divide(const struct sums_query *q, struct arena *arena, struct sums_pieces *ret)
{
	struct divider d = { .to = ret, .arena = arena };
	int64_t last = slot_of_day(LAST_DAY);

	*ret = (struct sums_pieces) { .levels[0].n = 0 };
	for (; d.span < q->n_spans; d.span++) {
		int64_t from = q->spans[d.span].from, to = q->spans[d.span].to;

		add_span(&d, from < 0 ? 0 : from, to > last ? last : to);
	}
}

const struct sums_piece *sums_piece_of(const struct level_pieces *level, int64_t slot)
{
	size_t from = 0, to = level->n;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (level->list[middle].from <= slot)
			from = middle;
		else
			to = middle;
	}
	return &level->list[from];
}
