#include "usage/account_calendar.h"

#include "store/account.h"
#include "base/banned.h"

/* Reads the main account of A, if A lacks a time zone or a cycle day. */
static int load_parent(struct store *st, const struct account *a, struct arena *arena,
		       struct account *ret, struct error *err)
{
	if (!a->parent || (a->time_zone[0] && a->cycle_day)) {
		*ret = *a;
		return 0;
	}
	return store_account_by_id(st, a->parent, arena, ret, err) < 0 ? -1 : 0;
}

const char *account_zone_name(const struct account *a, const struct account *parent)
{
	if (a->time_zone[0])
		return a->time_zone;
	return parent && parent->time_zone[0] ? parent->time_zone : "UTC";
}

int account_cycle_day(const struct account *a, const struct account *parent)
{
	if (a->cycle_day)
		return a->cycle_day;
	return parent && parent->cycle_day ? parent->cycle_day : 1;
}

int account_calendar(struct store *st, const struct account *a, struct account_calendar *ret,
		     struct error *err)
{
	struct account parent;
	struct arena arena;
	const char *name;
	int rc;

	arena_init(&arena);
	rc = load_parent(st, a, &arena, &parent, err);
	if (rc == 0) {
		name = account_zone_name(a, &parent);
		ret->zone = zone_find(name);
		ret->cycle_day = account_cycle_day(a, &parent);
		if (!ret->zone)
			rc = error_set(err, ERR_INTERNAL, NULL,
				       "the system has no time zone \"%s\", which account %s has: "
				       "install its zone data (tzdata)",
				       name, a->sid);
	}
	arena_release(&arena);
	return rc;
}

void account_cycle(const struct account_calendar *c, struct date day, struct date *ret_first,
		   struct date *ret_next)
{
	int month = day.year * 12 + day.month - 1 - (day.day < c->cycle_day);

	*ret_first = (struct date) { month / 12, month % 12 + 1, c->cycle_day };
	month++;
	*ret_next = (struct date) { month / 12, month % 12 + 1, c->cycle_day };
}
