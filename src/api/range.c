#include "api/range.h"

#include <glib.h>

#include "store/account.h"
#include "store/rollup.h"
#include "base/banned.h"

const struct zone *request_zone(const struct request *rq)
{
	const struct arg *zone = request_arg(rq, "TimeZone");

	if (zone->zone)
		return zone->zone;
	return rq->calendar.zone ? rq->calendar.zone : zone_find(NULL);
}

const char *request_link_zone(const struct request *rq)
{
	const struct arg *zone = request_arg(rq, "TimeZone");

	return zone->given ? zone->text : rq->calendars_differ ? zone_name(request_zone(rq)) : NULL;
}

struct date request_cycle_first(const struct request *rq, struct date day)
{
	const struct account_calendar c = { .cycle_day = rq->calendar.cycle_day
								 ? rq->calendar.cycle_day
								 : 1 };
	struct date first, next;

	account_cycle(&c, day, &first, &next);
	return first;
}

/*
 * The account whose calendar A uses: A or its main account from BY_ID, by the
 * rule of account_calendar.
 */
static const struct account *calendar_source(GHashTable *by_id, const struct account *a)
{
	const struct account *parent = a->parent ? g_hash_table_lookup(by_id, &a->parent) : NULL;

	return parent && !a->time_zone[0] && !a->cycle_day ? parent : a;
}

int request_take_calendar(struct request *rq, const struct account *accounts, size_t n,
			  struct error *err)
{
	GHashTable *by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	const struct account *last = NULL;
	struct account_calendar all = { zone_find(NULL), 1 }, one;
	bool zones_differ = false, cycles_differ = false;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		g_hash_table_insert(by_id, (void *)&accounts[i].id, (void *)&accounts[i]);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct account *a = calendar_source(by_id, &accounts[i]);

		if (a == last)
			continue;
		rc = account_calendar(rq->store, a, &one, err);
		if (rc < 0)
			break;
		if (!last)
			all = one;
		zones_differ = zones_differ || one.zone != all.zone;
		cycles_differ = cycles_differ || one.cycle_day != all.cycle_day;
		last = a;
	}
	g_hash_table_destroy(by_id);
	rq->calendar.zone = zones_differ ? zone_find(NULL) : all.zone;
	rq->calendar.cycle_day = cycles_differ ? 1 : all.cycle_day;
	rq->calendars_differ = zones_differ || cycles_differ;
	return rc;
}

struct date request_today(const struct request *rq)
{
	return zone_date(request_zone(rq), rq->now);
}

int accounts_begin_each(const struct request *rq, const struct account *list, size_t n,
			struct date *ret, struct error *err)
{
	int64_t *ids = arena_array(rq->arena, int64_t, n);
	int64_t *days = arena_array(rq->arena, int64_t, n);

	for (size_t i = 0; i < n; i++)
		ids[i] = list[i].id;
	if (store_usage_days(rq->store, ids, n, false, days, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t first = list[i].created < rq->now ? list[i].created : rq->now;

		if (days[i] != NO_DAY && days[i] * SEC_PER_DAY < first)
			first = days[i] * SEC_PER_DAY;
		ret[i] = zone_date(request_zone(rq), first);
	}
	return 0;
}

/* RC and DAY: from the store, of the first event. CREATED: when the first account was. */
static int first_date(const struct request *rq, int rc, int64_t day, int64_t created,
		      struct date *ret)
{
	int64_t first = created < rq->now ? created : rq->now;

	if (rc < 0)
		return -1;
	if (rc > 0 && day * SEC_PER_DAY < first)
		first = day * SEC_PER_DAY;
	*ret = zone_date(request_zone(rq), first);
	return 0;
}

int family_begin(const struct request *rq, const struct family *f, struct date *ret,
		 struct error *err)
{
	int64_t day = 0;
	int rc = store_family_day(rq->store, f->root, false, &day, err);

	return first_date(rq, rc, day, f->created, ret);
}

int accounts_begin(const struct request *rq, const struct account *list, size_t n, struct date *ret,
		   struct error *err)
{
	int64_t *ids = arena_array(rq->arena, int64_t, n), created = rq->now, day = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		ids[i] = list[i].id;
		if (list[i].created < created)
			created = list[i].created;
	}
	rc = store_usage_day(rq->store, ids, n, false, &day, err);
	return first_date(rq, rc, day, created, ret);
}

int range_given(const struct request *rq, struct date *first, struct date *last, struct error *err)
{
	const struct arg *start = request_arg(rq, "StartDate"), *end = request_arg(rq, "EndDate");
	char a[DATE_TEXT], b[DATE_TEXT];

	if (start->text)
		*first = start->date;
	if (end->text)
		*last = end->date;
	if (date_compare(*first, *last) <= 0)
		return 0;
	if (!start->text || !end->text) {
		*first = *last = start->text ? *first : *last;
		return 0;
	}
	date_format(a, *first);
	date_format(b, *last);
	return error_set(err, ERR_REVERSED, "EndDate",
			 "the range ends on %s, before it begins on %s", b, a);
}

void range_instants(const struct request *rq, struct date first, struct date last,
		    int64_t *ret_from, int64_t *ret_to)
{
	const struct zone *zone = request_zone(rq);

	*ret_from = zone_day_start(zone, first);
	*ret_to = zone_day_start(zone, date_from_days(date_to_days(last) + 1));
}
