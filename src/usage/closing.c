#include "usage/closing.h"

#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "usage/event.h"
#include "base/banned.h"

struct closings {
	struct arena arena;
	struct closing *list;        /* in the order of their accounts */
	size_t n;
	int64_t version;             /* of the ledger when they were read; -1 = never */
};

enum late_events late_events_find(const char *name)
{
	return strcmp(name, "reject") == 0 ? LATE_REJECT : LATE_ADJUST;
}

int closing_effective(int64_t open_us, enum late_events late, int64_t time_us, int64_t *ret_effective_us, struct error *err)
{
	char day[DATE_TEXT];

	if (time_us >= open_us) {
		*ret_effective_us = time_us;
		return 0;
	}
	if (late == LATE_ADJUST) {
		*ret_effective_us = open_us;
		return 0;
	}
	date_format(day, date_from_days(floor_div(open_us, SEC_PER_DAY * USEC_PER_SEC) - 1));
	return error_set(err, ERR_CLOSED, "time", "the account is closed through %s (UTC), and late events are rejected", day);
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

static void format_day(char buf[static DATE_TEXT], int64_t day)
{
	date_format(buf, date_from_days(day));
}

/* The first open day. */
static int open_day(struct store *st, int64_t account, int64_t *ret, struct error *err)
{
	int64_t open_us;

	if (closing_open_us(st, account, &open_us, err) < 0)
		return -1;
	*ret = open_us / (SEC_PER_DAY * USEC_PER_SEC);
	return 0;
}

int closing_close(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err)
{
	struct closing c = { account, (day + 1) * SEC_PER_DAY * USEC_PER_SEC, author, floor_div(now_us, USEC_PER_SEC) };
	char text[DATE_TEXT];
	int64_t before;

	if (c.open_us > now_us)
		return error_set(err, ERR_PARAM, "through", "the last day to close must be over (UTC)");
	if (day < EVENT_TIME_MIN_US / USEC_PER_SEC / SEC_PER_DAY)
		return error_set(err, ERR_PARAM, "through", "the last day to close must be from 1980 on");
	if (open_day(st, account, &before, err) < 0)
		return -1;
	if (day + 1 < before) {
		format_day(text, before - 1);
		return error_set(err, ERR_CONFLICT, "through", "the account is closed through %s already: reopen it to make an earlier day the last closed one", text);
	}
	return store_closing_set(st, &c, err);
}

int closing_reopen(struct store *st, int64_t account, int64_t day, const char *author, int64_t now_us, struct error *err)
{
	bool all = day == INT64_MIN;
	struct closing c = { account, all ? 0 : day * SEC_PER_DAY * USEC_PER_SEC, author, floor_div(now_us, USEC_PER_SEC) };
	char text[DATE_TEXT];
	int64_t before;

	if (open_day(st, account, &before, err) < 0)
		return -1;
	if (!before)
		return error_set(err, ERR_CONFLICT, "from", "the account is not closed");
	if (!all && day >= before) {
		format_day(text, before - 1);
		return error_set(err, ERR_CONFLICT, "from", "the account is closed through %s only", text);
	}
	return store_closing_set(st, &c, err);
}

struct closings *closings_new(void)
{
	struct closings *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	arena_init(&b->arena);
	b->version = -1;
	return b;
}

void closings_free(struct closings **b)
{
	if (!*b)
		return;
	arena_release(&(*b)->arena);
	free(*b);
	*b = NULL;
}

int closings_load(struct closings *b, struct store *st, struct error *err)
{
	int64_t version;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (version == b->version)
		return 0;
	b->version = -1;
	arena_reset(&b->arena);
	if (store_closings(st, &b->arena, &b->list, &b->n, err) < 0)
		return -1;
	b->version = version;
	return 0;
}

bool closings_any(const struct closings *b)
{
	return b->n > 0;
}

static int compare_account(const void *account, const void *closing)
{
	int64_t a = *(const int64_t *)account;
	int64_t b = ((const struct closing *)closing)->account;

	return (a > b) - (a < b);
}

int64_t closings_open_us(const struct closings *b, int64_t account)
{
	const struct closing *c = b->n ? bsearch(&account, b->list, b->n, sizeof(*b->list), compare_account) : NULL;

	return c ? c->open_us : 0;
}
