#include "api/range.h"

#include "base/banned.h"

const struct zone *call_zone(const struct call *call)
{
	const struct arg *zone = call_arg(call, "TimeZone");

	return zone->text ? zone->zone : zone_find(NULL);
}

struct date call_today(const struct call *call)
{
	return zone_date(call_zone(call), call->now);
}

int account_begin(const struct call *call, const struct account *a, struct date *ret, struct error *err)
{
	int64_t first = a->created, day;
	int rc = store_account_first_day(call->store, a->id, &day, err);

	if (rc < 0)
		return -1;
	if (rc > 0 && day * SEC_PER_DAY < first)
		first = day * SEC_PER_DAY;
	*ret = zone_date(call_zone(call), first < call->now ? first : call->now);
	return 0;
}

int range_given(const struct call *call, struct date *first, struct date *last, struct error *err)
{
	const struct arg *start = call_arg(call, "StartDate"), *end = call_arg(call, "EndDate");
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
	return error_set(err, ERR_REVERSED, "EndDate", "the range ends on %s, before it begins on %s", b, a);
}

void range_instants(const struct call *call, struct date first, struct date last, int64_t *ret_from, int64_t *ret_to)
{
	const struct zone *zone = call_zone(call);

	*ret_from = zone_day_start(zone, first);
	*ret_to = zone_day_start(zone, date_from_days(date_to_days(last) + 1));
}
