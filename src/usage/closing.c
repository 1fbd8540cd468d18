#include "usage/closing.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "store/closing.h"
#include "usage/account_calendar.h"
#include "usage/event.h"
#include "base/banned.h"

struct closings {
	struct arena arena;
	struct closing *list; /* in the order of account ids */
	size_t n;
	int64_t version; /* store_version when read; -1: never */
};

enum late_events late_events_find(const char *name)
{
	return strcmp(name, "reject") == 0 ? LATE_REJECT : LATE_ADJUST;
}

int closing_effective(int64_t open_us, enum late_events late, int64_t time_us,
		      int64_t *ret_effective_us, struct error *err)
{
	char until[INSTANT_TEXT];

	if (time_us >= open_us) {
		*ret_effective_us = time_us;
		return 0;
	}
	if (late == LATE_ADJUST) {
		*ret_effective_us = open_us;
		return 0;
	}
	instant_format(until, open_us);
	return error_set(err, ERR_CLOSED, "time",
			 "the account is closed until %s, and late events are rejected", until);
}

int closing_open_us(struct store *st, int64_t account, int64_t *ret_us, struct error *err)
{
	struct closing closing = { 0 };
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = store_closing(st, account, &arena, &closing, err);
	*ret_us = closing.open_us;
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

int closing_note_late(struct store *st, int64_t account, const struct stored_event *e,
		      int64_t now_us, struct error *err)
{
	struct closing_change c = {
		.account = account,
		.at = floor_div(now_us, USEC_PER_SEC),
		.kind = CLOSING_LATE,
		.effective_us = e->effective_us,
		.source = e->source,
		.event = e->id,
		.event_len = e->id_len,
	};

	return e->effective_us > e->time_us ? store_closing_change_add(st, &c, err) : 0;
}

struct date closing_last_day(const struct zone *zone, int64_t open_us)
{
	return date_from_days(date_to_days(zone_date(zone, floor_div(open_us, USEC_PER_SEC))) - 1);
}

/* Sets *RET to the instant at which DAY begins in the zone of A. */
static int day_start(struct store *st, const struct account *a, struct date day, int64_t *ret_us,
		     struct error *err)
{
	struct account_calendar calendar;

	if (account_calendar(st, a, &calendar, err) < 0)
		return -1;
	*ret_us = zone_day_start(calendar.zone, day) * USEC_PER_SEC;
	return 0;
}

int closing_instant(struct store *st, const struct account *a, struct date day, int64_t *ret_us,
		    struct error *err)
{
	return day_start(st, a, date_from_days(date_to_days(day) + 1), ret_us, err);
}

/* Sets ERR_CLOSED; the message names the closed instant. */
static int set_closed_error(struct store *st, const struct account *a, int64_t open_us,
			    char ret[static DATE_TEXT], struct error *err)
{
	struct account_calendar calendar;

	if (account_calendar(st, a, &calendar, err) < 0)
		return -1;
	date_format(ret, closing_last_day(calendar.zone, open_us));
	return 0;
}

static int refuse_day(struct store *st, const struct account *a, struct error *err)
{
	struct account_calendar calendar;

	if (account_calendar(st, a, &calendar, err) < 0)
		return -1;
	return error_set(err, ERR_PARAM, "through",
			 "must be a day that is over in the time zone of account %s, which is %s",
			 a->sid, zone_name(calendar.zone));
}

int closing_close(struct store *st, const struct account *a, struct date day,
		  const struct closing_by *by, struct error *err)
{
	struct closing c = { .account = a->id,
			     .author = by->author,
			     .made = floor_div(by->now_us, USEC_PER_SEC) };
	char text[DATE_TEXT];
	int64_t before;

	if (closing_instant(st, a, day, &c.own_us, err) < 0 ||
	    closing_open_us(st, a->id, &before, err) < 0)
		return -1;
	if (c.own_us > by->now_us)
		return refuse_day(st, a, err);
	if (c.own_us <= EVENT_TIME_MIN_US)
		return error_set(err, ERR_PARAM, "through", "must be a day from 1980 on");
	if (c.own_us >= before)
		return store_closing_set(st, &c, err);
	if (set_closed_error(st, a, before, text, err) < 0)
		return -1;
	return error_set(err, ERR_CONFLICT, "through",
			 "the account is closed through %s already: to make an earlier day"
			 " the last closed day, reopen the account",
			 text);
}

static int check_reason(const char *reason, struct error *err)
{
	size_t len = reason ? strlen(reason) : 0;

	if (len < 1 || len > CLOSING_REASON_MAX || !utf8_plain(reason, len))
		return error_set(err, ERR_PARAM, "reason",
				 "reopening needs a reason, of 1 to %d bytes of UTF-8 without "
				 "control characters",
				 CLOSING_REASON_MAX);
	return 0;
}

/* Checks that A may be reopened from OPEN_US on. */
static int check_reopening(struct store *st, const struct account *a, int64_t open_us,
			   struct error *err)
{
	int64_t now, main = 0;
	char text[DATE_TEXT];

	if (closing_open_us(st, a->id, &now, err) < 0 ||
	    (a->parent && closing_open_us(st, a->parent, &main, err) < 0))
		return -1;
	if (!now)
		return error_set(err, ERR_CONFLICT, "from", "the account is not closed");
	if (set_closed_error(st, a, open_us >= now ? now : main, text, err) < 0)
		return -1;
	if (open_us >= now)
		return error_set(err, ERR_CONFLICT, "from", "the account is closed through %s only",
				 text);
	if (open_us < main)
		return error_set(err, ERR_CONFLICT, "from",
				 "the main account is closed through %s, so a subaccount cannot be"
				 " reopened further: reopen the main account, or give a later day",
				 text);
	return 0;
}

int closing_reopen(struct store *st, const struct account *a, const struct date *day,
		   const struct closing_by *by, struct error *err)
{
	struct closing c = { .account = a->id,
			     .author = by->author,
			     .made = floor_div(by->now_us, USEC_PER_SEC) };
	struct closing_change change = { .account = a->id,
					 .at = c.made,
					 .kind = CLOSING_REOPENED,
					 .author = by->author,
					 .reason = by->reason };

	if (check_reason(by->reason, err) < 0 ||
	    (day && day_start(st, a, *day, &c.own_us, err) < 0) ||
	    check_reopening(st, a, c.own_us, err) < 0)
		return -1;
	change.effective_us = c.own_us;
	return store_closing_set(st, &c, err) < 0 ? -1 : store_closing_change_add(st, &change, err);
}

int closing_shared(struct store *st, const int64_t *accounts, size_t n, int64_t *ret,
		   struct error *err)
{
	int64_t first = INT64_MAX, *closed_us = g_new(int64_t, n);
	int rc = store_closed_instants(st, accounts, n, closed_us, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		if (closed_us[i] / USEC_PER_SEC < first)
			first = closed_us[i] / USEC_PER_SEC;
	g_free(closed_us);
	*ret = first;
	return rc;
}

struct closings *closings_new(void)
{
	struct closings *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	arena_init(&c->arena);
	c->version = -1;
	return c;
}

void closings_free(struct closings **c)
{
	if (!*c)
		return;
	arena_release(&(*c)->arena);
	free(*c);
	*c = NULL;
}

int closings_load(struct closings *c, struct store *st, struct error *err)
{
	int64_t version;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (version == c->version)
		return 0;
	c->version = -1;
	arena_reset(&c->arena);
	if (store_closings(st, &c->arena, &c->list, &c->n, err) < 0)
		return -1;
	c->version = version;
	return 0;
}

bool closings_any(const struct closings *c)
{
	return c->n > 0;
}

static int compare_account(const void *account, const void *closing)
{
	int64_t a = *(const int64_t *)account;
	int64_t b = ((const struct closing *)closing)->account;

	return (a > b) - (a < b);
}

int64_t closings_open_us(const struct closings *c, int64_t account)
{
	const struct closing *found =
		c->n ? bsearch(&account, c->list, c->n, sizeof(*c->list), compare_account) : NULL;

	return found ? found->open_us : 0;
}
