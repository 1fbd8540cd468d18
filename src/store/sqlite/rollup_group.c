#include "store/sqlite/rollup_group.h"

#include <stdlib.h>
#include "base/banned.h"

/* Makes the entry's key that of a place; false: it is no part of that. */
typedef bool place_key(struct rollup_entry *e);

static bool key_of_month(struct rollup_entry *e)
{
	e->series = e->slot = 0;
	return true;
}

static bool key_of_days(struct rollup_entry *e)
{
	e->series = 0;
	e->slot /= SLOTS_PER_DAY;
	return true;
}

static bool key_of_month_series(struct rollup_entry *e)
{
	e->slot = 0;
	return e->series != 0;
}

static bool key_of_quarters(struct rollup_entry *e)
{
	e->series = 0;
	return true;
}

static bool key_of_day_series(struct rollup_entry *e)
{
	return e->series != 0;
}

static const struct {
	place_key *key;
	bool days, series;
} places[PLACES] = {
	[PLACE_MONTH] = { .key = key_of_month },
	[PLACE_DAYS] = { .key = key_of_days },
	[PLACE_MONTH_SERIES] = { .key = key_of_month_series, .series = true },
	[PLACE_QUARTERS] = { .key = key_of_quarters, .days = true },
	[PLACE_DAY_SERIES] = { .key = key_of_day_series, .days = true, .series = true },
};

bool rollup_place_of_days(enum rollup_place place)
{
	return places[place].days;
}

bool rollup_place_of_series(enum rollup_place place)
{
	return places[place].series;
}

static int by_key(const void *a, const void *b)
{
	return rollup_entry_compare(a, b);
}

static int by_day_and_key(const void *a, const void *b)
{
	const struct rollup_entry *x = a, *y = b;
	int64_t day_x = x->slot / SLOTS_PER_DAY, day_y = y->slot / SLOTS_PER_DAY;

	return day_x != day_y ? (day_x > day_y) - (day_x < day_y) : rollup_entry_compare(x, y);
}

static void sort(GArray *list, int (*compare)(const void *a, const void *b))
{
	const struct rollup_entry *e = (const struct rollup_entry *)list->data;

	for (guint i = 1; i < list->len; i++) {
		if (compare(&e[i - 1], &e[i]) <= 0)
			continue;
		qsort(list->data, list->len, sizeof(*e), compare);
		return;
	}
}

/* Adds up neighbours of the same key. */
static void add_up(GArray *list)
{
	guint n = list->len;

	g_array_set_size(list, 0);
	for (guint i = 0; i < n; i++)
		rollup_append(list, &g_array_index(list, struct rollup_entry, i));
}

void rollup_append(GArray *list, const struct rollup_entry *e)
{
	struct rollup_entry *last =
		list->len ? &g_array_index(list, struct rollup_entry, list->len - 1) : NULL;

	if (last && rollup_entry_compare(last, e) == 0)
		amounts_wide_add(&last->amounts, &e->amounts, 1);
	else
		g_array_append_vals(list, e, 1);
}

void rollup_add_up(GArray *list)
{
	sort(list, by_key);
	add_up(list);
}

GArray *rollup_group(enum rollup_place place, const struct rollup_entry *detail, size_t n)
{
	GArray *list = g_array_sized_new(FALSE, FALSE, sizeof(*detail), (guint)n);

	for (size_t i = 0; i < n; i++) {
		struct rollup_entry e = detail[i];

		if (places[place].key(&e))
			g_array_append_val(list, e);
	}
	sort(list, places[place].days ? by_day_and_key : by_key);
	add_up(list);
	return list;
}

guint rollup_take_day(GArray *list, guint at, int64_t *ret_day)
{
	struct rollup_entry *e = (struct rollup_entry *)list->data + at;
	guint n = 0;

	*ret_day = e->slot / SLOTS_PER_DAY;
	for (; at + n < list->len && e[n].slot / SLOTS_PER_DAY == *ret_day; n++)
		e[n].slot -= *ret_day * SLOTS_PER_DAY;
	return n;
}
