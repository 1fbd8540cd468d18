/*
 * correct_model_tests.c - anything, in any order, against the plainest model:
 * events, corrections, closings and rebuilds.
 */
#include <check.h>
#include <inttypes.h>
#include <string.h>
#include "store/verify.h"
#include "correct_fixture.h"
#include "base/banned.h"

#define MODEL_EVENTS 24
#define MODEL_DAYS   40
#define MODEL_STEPS  250
#define MODEL_FIRST  20728 /* 2026-10-02, in days */

/* One event that may be there: what was sent, what counts, and where. */
struct model_event {
	bool there, is_void, amended;
	int64_t sent_day, sent_usage;
	/* what counts: its own day, its usage, the day it counts on */
	int64_t day, usage, effective;
};

static struct {
	struct model_event events[MODEL_EVENTS];
	int64_t usage[MODEL_DAYS], count[MODEL_DAYS]; /* by the day that they count on */
	int64_t open;                                 /* the first open day; 0 = all */
	uint64_t seed;
} model;

static int64_t any(int64_t n)
{
	model.seed = model.seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((model.seed >> 33) % (uint64_t)n);
}

static void model_count(int64_t day, int64_t usage, int sign)
{
	model.usage[day] += sign * usage;
	model.count[day] += sign;
}

/* The day that it counts on, or -1: rejected. */
static int64_t model_day(int64_t day)
{
	return day >= model.open ? day : late == LATE_ADJUST ? model.open : -1;
}

static char *day_text(int64_t day, int64_t hour)
{
	char text[INSTANT_TEXT];

	instant_format(text, (MODEL_FIRST + day) * DAY_US + hour * HOUR_US + 1);
	return arena_str(&arena, text);
}

static void step_add(int i)
{
	struct model_event *e = &model.events[i];
	struct raw_event raw = call(arena_printf(&arena, "e%d", i), NULL);
	int64_t day = e->there && any(3) ? e->sent_day : any(MODEL_DAYS);
	int64_t usage = e->there && any(3) ? e->sent_usage : any(5);
	int64_t effective = model_day(day);
	bool same = e->there && e->sent_day == day && e->sent_usage == usage;
	enum verdict want = same            ? VERDICT_DUPLICATE
			    : e->there      ? VERDICT_CONFLICT
			    : effective < 0 ? VERDICT_REJECTED
					    : VERDICT_CREATED;

	set_field(&raw, EV_TIME, day_text(day, i));
	set_field(&raw, EV_USAGE, arena_printf(&arena, "%" PRId64, usage));
	if (i % 3)
		set_field(&raw, EV_CUSTOMER, arena_printf(&arena, "cus%d", i % 3));
	ck_assert_int_eq(add(&raw).verdict, want);
	if (want != VERDICT_CREATED)
		return;
	*e = (struct model_event) { .there = true,
				    .sent_day = day,
				    .sent_usage = usage,
				    .day = day,
				    .usage = usage,
				    .effective = effective };
	model_count(effective, usage, 1);
}

static void step_void(int i)
{
	struct model_event *e = &model.events[i];
	struct correct c = { .event.id = arena_printf(&arena, "e%d", i), .kind = CORRECTION_VOID };
	int64_t effective = model_day(e->effective);
	struct correction ret;
	bool done = false;
	int rc = correct(&c, &ret, &done);

	if (!e->there || (!e->is_void && effective < 0)) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(err.kind, e->there ? ERR_CLOSED : ERR_NOT_FOUND);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(done, e->is_void);
	if (!e->is_void)
		model_count(effective, e->usage, -1);
	e->is_void = true;
}

/* What an amendment ought to come to. */
static enum error_kind amend_fails(const struct model_event *e, int64_t day, int64_t usage)
{
	if (!e->there)
		return ERR_NOT_FOUND;
	if (e->is_void)
		return ERR_CONFLICT;
	if (day == e->day && usage == e->usage)
		return e->amended ? ERR_NONE : ERR_PARAM;
	return model_day(e->effective) < 0 || model_day(day) < 0 ? ERR_CLOSED : ERR_NONE;
}

static void step_amend(int i)
{
	struct model_event *e = &model.events[i];
	struct raw_event change = { 0 };
	struct correct c = { .event.id = arena_printf(&arena, "e%d", i),
			     .kind = CORRECTION_AMEND,
			     .change = &change };
	int64_t day = any(2) ? e->day : any(MODEL_DAYS), usage = any(2) ? e->usage : any(5);
	enum error_kind fails = amend_fails(e, day, usage);
	struct correction ret;
	bool done = false;
	int rc;

	set_field(&change, EV_TIME, day_text(day, i));
	set_field(&change, EV_USAGE, arena_printf(&arena, "%" PRId64, usage));
	rc = correct(&c, &ret, &done);
	ck_assert_int_eq(err.kind, fails);
	ck_assert_int_eq(rc, fails ? -1 : 0);
	if (fails)
		return;
	ck_assert_int_eq(done, day == e->day && usage == e->usage);
	if (done)
		return;
	model_count(model_day(e->effective), e->usage, -1);
	e->amended = true;
	e->day = day;
	e->usage = usage;
	e->effective = model_day(day);
	model_count(e->effective, usage, 1);
}

static void step_close(void)
{
	struct closing c = { .account = main_id, .author = "ann" };

	model.open = any(4) ? any(MODEL_DAYS / 2) : 0;
	c.own_us = model.open ? (MODEL_FIRST + model.open) * DAY_US : 0;
	OK(store_closing_set(st, &c, &err));
}

/* Loses some of what follows from the events, and makes it anew. */
static void step_rebuild(void)
{
	static const char *const losses_sqlite[] = {
		"DELETE FROM posting WHERE since / 3600000000 % 2 = 0",
		"DELETE FROM rollup WHERE period % 2 = 0",
		"UPDATE rollup SET leaf = substr(leaf, 1, length(leaf) - 1)",
		"DELETE FROM rollup",
		"UPDATE posting SET part = part + 1000 WHERE since / 3600000000 % 5 = 0",
		"UPDATE rollup SET leaf = CAST(x'01' || substr(leaf, 2) AS BLOB)"
	};
	static const char *const losses_postgresql[] = {
		"DELETE FROM total_quarter WHERE slot % 2 = 0",
		"DELETE FROM part_day WHERE slot % 2 = 0",
		"UPDATE total_month SET usage = usage + 1",
		"DELETE FROM total_day; DELETE FROM part_day",
		"UPDATE part_day SET upload = upload + 7 WHERE slot % 5 = 0",
		"UPDATE part_quarter SET count = -count"
	};
	struct verify_calls calls = { 0 };
	struct store *reader;
	size_t i, n;
	int64_t events;

	i = (size_t)any((int64_t)ARRAY_SIZE(losses_sqlite));
	raw_sql(sql_of(losses_sqlite[i], losses_postgresql[i]));
	OK(store_open(ledger_place(path), 0, 50, &reader, &err));
	OK(store_rebuild(reader, st, &calls, &n, &events, &err));
	store_close(&reader);
}

static void check_model(void)
{
	for (int64_t day = 0; day < MODEL_DAYS; day++) {
		struct amounts sum = total("calls-inbound", MODEL_FIRST + day, 1);

		ck_assert_int_eq(sum.count, model.count[day]);
		ck_assert_int_eq(sum.usage, model.usage[day] * 1000000);
	}
	for (int i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *e = &model.events[i];

		if (e->there)
			ck_assert_int_eq(state_of(arena_printf(&arena, "e%d", i)),
					 e->is_void   ? EVENT_VOID
					 : e->amended ? EVENT_AMENDED
						      : EVENT_CURRENT);
	}
	ck_assert_uint_eq(ledger_differences(st), 0);
}

START_TEST(any_order_of_changes_adds_up)
{
	memset(&model, 0, sizeof(model));
	model.seed = 4711 + (uint64_t)_i;
	for (int i = 0; i < MODEL_STEPS; i++) {
		int64_t kind = any(20);

		if (kind < 8)
			step_add((int)any(MODEL_EVENTS));
		else if (kind < 11)
			step_void((int)any(MODEL_EVENTS));
		else if (kind < 17)
			step_amend((int)any(MODEL_EVENTS));
		else if (kind < 18)
			step_close();
		else if (kind < 19)
			step_rebuild();
		else
			start_ledger(any(2) ? LATE_ADJUST : LATE_REJECT);
		check_model();
		arena_reset(&arena);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("correct model");
	TCase *t = tcase_create("model");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup_ledger, teardown_ledger);
	tcase_add_loop_test(t, any_order_of_changes_adds_up, 0, 4);
	suite_add_tcase(s, t);
	return run_suite(s);
}
