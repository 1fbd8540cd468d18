/*
 * rollup_group.h - adds up the detail of a month (its rollups by series and
 * quarter hour) for each place of the table `rollup`.
 */
#ifndef STORE_ROLLUP_GROUP_H
#define STORE_ROLLUP_GROUP_H

#include "store/sqlite/rollup_rows.h"

/* Appends the entry; adds it to the last one if that has its key. */
void rollup_append(GArray *list, const struct rollup_entry *e);

/* Puts the list in order, and adds up entries of the same key. */
void rollup_add_up(GArray *list);

/* Is the period of the place a day? (Else it is a month.) */
bool rollup_place_of_days(enum rollup_place place);
/* Has the place only rollups by series? */
bool rollup_place_of_series(enum rollup_place place);

/*
 * Adds up the N entries of DETAIL for PLACE. Returns a new array, ascending;
 * the caller frees it. If the period of the place is a day, the array has one
 * day after the other, and slots count from the beginning of the month.
 */
GArray *rollup_group(enum rollup_place place, const struct rollup_entry *detail, size_t n);

/*
 * Makes the slots of the entries of LIST from AT on, as far as they are of the
 * same day, count from the beginning of that day. Returns the number of these
 * entries. *RET_DAY is the day of the month, from 0.
 */
guint rollup_take_day(GArray *list, guint at, int64_t *ret_day);

/*
 * Adds N ascending entries of quarter hours to the month of ROWS, which may
 * become large by it. ERR_OVERFLOW as of store_rollups_add; with REPAIR, a total
 * that damage has made leave 64 bits may do so until the last step of the
 * repair. In a write.
 */
int rollup_add_detail(struct store *st, const struct rollup_rows *rows,
		      const struct rollup_entry *detail, size_t n, bool repair, struct error *err);

#endif
