/*
 * correct_fixture.h - a ledger whose stored events are corrected, and whose days
 * are closed.
 */
#ifndef TESTS_UNIT_CORRECT_FIXTURE_H
#define TESTS_UNIT_CORRECT_FIXTURE_H

#include "store/closing.h"
#include "store/correction.h"
#include "usage/catalogue.h"
#include "usage/correct.h"
#include "ledger_fixture.h"
#include "rollup_sum.h"
#include "ledger_sql.h"

#define HOUR_US (3600 * USEC_PER_SEC)
#define DAY_US  (24 * HOUR_US)

static struct store *st;
static struct ledger *ledger;
static __attribute__((unused)) int64_t main_id, other_id;
static enum late_events late;

static inline void start_ledger(enum late_events how)
{
	struct ledger_options options = { .late = how };

	ledger_free(&ledger);
	late = how;
	ledger = ledger_new(st, &options);
}

static inline void setup_ledger(void)
{
	struct bench b;

	setup();
	b = open_bench(path, &any_account);
	st = b.st;
	ledger = b.l;
	main_id = b.main_id;
	other_id = b.other_id;
	start_ledger(LATE_ADJUST);
}

static inline void remove_ledger(void)
{
	ledger_free(&ledger);
	store_close(&st);
	teardown();
}

static inline void teardown_ledger(void)
{
	ck_assert_uint_eq(ledger_differences(st), 0);
	remove_ledger();
}

/* A call of 2 minutes for 0.5 in the category calls-inbound. */
static inline struct raw_event call(const char *id, const char *time)
{
	struct raw_event raw = good_event();

	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_TIME, time);
	set_field(&raw, EV_USAGE, "2");
	set_field(&raw, EV_PRICE, "0.5");
	return raw;
}

static inline struct event add(const struct raw_event *raw)
{
	static struct batch batch;

	OK(batch_add(&batch, raw, NOW_US, 0, &err));
	OK(batch_store(&batch, ledger, &err));
	return batch.events[0];
}

static inline void add_call(const char *id, const char *time)
{
	struct raw_event raw = call(id, time);

	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
}

static inline int correct(struct correct *c, struct correction *ret, bool *ret_done)
{
	int rc;

	c->author = c->author ? c->author : "ann";
	c->reason = c->reason ? c->reason : "wrong";
	c->now_us = NOW_US;
	c->late = late;
	OK(store_begin_write(st, &err));
	error_clear(&err);
	rc = correct_event(st, c, &arena, ret, ret_done, &err);
	if (rc == 0)
		OK(store_commit(st, &err));
	else
		store_end(st);
	return rc;
}

/* Void (no CHANGE) or amendment of an event that is there. */
static inline struct correction made(const char *id, const struct raw_event *change)
{
	struct correct c = { .event.id = id,
			     .kind = change ? CORRECTION_AMEND : CORRECTION_VOID,
			     .change = change };
	struct correction ret;
	bool done;

	OK(correct(&c, &ret, &done));
	ck_assert(!done);
	return ret;
}

static inline struct stored_event find(const char *source, const char *id)
{
	struct event_identity identity = { .source = source, .id = id };
	struct stored_event e;

	OK(event_find(st, &identity, NULL, &arena, &e, &err));
	return e;
}

static inline enum event_state state_of(const char *id)
{
	struct stored_event e = find(NULL, id);
	enum event_state state;

	OK(store_event_states(st, &(struct event_key) { e.source, e.id, e.id_len }, 1, &arena,
			      &state, &err));
	return state;
}

static inline void raw_sql(const char *sql)
{
	ledger_exec(path, sql);
}

static inline int64_t category_id(const char *name)
{
	const struct catalogue *c;

	OK(catalogue_load(st, &arena, &c, &err));
	return c->categories[catalogue_find(c, name, strlen(name))].id;
}

/*
 * The sum of the main account's rollups of a category from DAY on, for DAYS (0:
 * for ever).
 */
static inline struct amounts total(const char *category, int64_t day, int64_t days)
{
	return rollup_sum(st, &(struct rollup_sum) { .account = main_id,
						     .category = category_id(category),
						     .level = LEVEL_DAY,
						     .from = day,
						     .to = days ? day + days : 99999 });
}

static inline int64_t day_of(const char *date)
{
	struct date d;

	ck_assert(date_parse(date, strlen(date), &d));
	return date_to_days(d);
}

static inline void close_through(const char *first_open)
{
	struct closing c = { .account = main_id,
			     .own_us = first_open ? day_of(first_open) * DAY_US : 0,
			     .author = "ann",
			     .made = 1 };

	OK(store_closing_set(st, &c, &err));
}

#endif
