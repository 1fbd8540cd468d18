/*
 * rollup_group.h - the detail of a month, added up as the places of the table
 * `rollup` have it.
 */
#ifndef STORE_ROLLUP_GROUP_H
#define STORE_ROLLUP_GROUP_H

#include "store/rollup_rows.h"

/* Appends the entry; adds it to the last one if that has its key. */
void rollup_append(GArray *list, const struct rollup_entry *e);

/* Puts the list in order, and adds up entries of the same key. */
void rollup_add_up(GArray *list);

/* Is a period of the place a day (since 1970) and not a month? */
bool rollup_place_of_days(enum rollup_place place);

/*
 * What the N entries of DETAIL are at PLACE: a new array, ascending. Of places
 * by day, the days come one after the other, and the slots are the month's.
 */
GArray *rollup_group(enum rollup_place place, const struct rollup_entry *detail, size_t n);

/*
 * The entries of LIST from AT on that are of the same day: returns how many, and
 * their day of the month, from 0; their slots are then the day's.
 */
guint rollup_take_day(GArray *list, guint at, int64_t *ret_day);

/*
 * Adds N ascending entries, of quarter hours of the month, wherever the month's
 * rows are. In a write.
 */
int rollup_add_detail(struct store *st, int64_t account, int64_t month,
		      const struct rollup_entry *detail, size_t n, struct error *err);

#endif
