/*
 * declared_tests.c - declared dimensions: their names, and their values in
 * events.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/audit.h"
#include "store/event.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/admin.h"
#include "usage/attribute.h"
#include "usage/backfill.h"
#include "usage/catalogue.h"
#include "usage/closing_changes.h"
#include "usage/correct.h"
#include "usage/declared_values.h"
#include "usage/report.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- attributes ---- */

static const struct {
	const char *json;  /* the value of an attribute */
	const char *value; /* as the value of a dimension; "": none */
} attribute_values[] = {
	{ "\"red\"", "red" },
	{ "\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c" },
	{ "\"gr\xc3\xbcn\"", "gr\xc3\xbcn" },
	{ "7", "7" },
	{ "-0.50", "-0.50" },
	{ "true", "true" },
	{ "false", "false" },
	{ "null", "" },
	{ "\"\"", "" },
	{ "\"line\\nline\"", "" },
	{ "\"\\u0007\"", "" },
	{ "{\"team\":\"red\"}", "" },
	{ "[\"red\"]", "" },
	{ "\"\xc2\x85\"", "" },
};

START_TEST(attribute_is_a_value_if_it_is_a_short_plain_text)
{
	char text[128], value[8];
	struct attribute_reader r;
	struct attribute a;

	for (size_t i = 0; i < ARRAY_SIZE(attribute_values); i++) {
		char out[DECLARED_VALUE_BYTES];
		size_t len;

		ROW("%s", attribute_values[i].json);
		snprintf(text, sizeof(text),
			 "{\"a\":[\"]\",{\"team\":\"x}\"}],\"team\":%s,\"z\":1}",
			 attribute_values[i].json);
		attribute_begin(&r, text, strlen(text));
		ck_assert(attribute_next(&r, &a));
		ck_assert(attribute_next(&r, &a));
		ck_assert_uint_eq(a.name_len, 4);
		ck_assert_int_eq(memcmp(a.name, "team", 4), 0);
		len = attribute_value(&a, out, sizeof(out));
		ck_assert_uint_eq(len, strlen(attribute_values[i].value));
		ck_assert_int_eq(memcmp(out, attribute_values[i].value, len), 0);
		ck_assert(attribute_next(&r, &a));
		ck_assert_int_eq(*a.name, 'z');
		ck_assert(!attribute_next(&r, &a));
	}
	ROW("the limit of %zu bytes", sizeof(value));
	for (size_t n = 7; n < 10; n++) {
		snprintf(text, sizeof(text), "{\"team\":\"%.*s\"}", (int)n, "123456789");
		attribute_begin(&r, text, strlen(text));
		ck_assert(attribute_next(&r, &a));
		ck_assert_uint_eq(attribute_value(&a, value, sizeof(value)), n > 8 ? 0 : n);
	}
}
END_TEST

START_TEST(text_that_is_no_object_has_no_attributes)
{
	static const char *const texts[] = { "",           "{",          "{}",       "[]",
					     "\"a\":1",    "{\"a\"",     "{\"a\":",  "{\"a\":1",
					     "{\"a\":\"x", "{\"a\":[1}", "{\"a\\\"", "null" };
	struct attribute_reader r;
	struct attribute a;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ROW("%s", texts[i]);
		attribute_begin(&r, texts[i], strlen(texts[i]));
		ck_assert(!attribute_next(&r, &a));
	}
}
END_TEST

/* ---- declaring ---- */

static int declare(struct store *st, const char *name, const char *from)
{
	struct admin a = { .st = st,
			   .arena = &arena,
			   .by = &principal_console,
			   .author = "console",
			   .now_us = NOW_US };

	OK(store_begin_write(st, &err));
	if (admin_dimension_add(&a, name, from, &err) < 0) {
		store_end(st);
		return -1;
	}
	return store_commit(st, &err);
}

static int undeclare(struct store *st, const char *name)
{
	struct admin a = { .st = st,
			   .arena = &arena,
			   .by = &principal_console,
			   .author = "console",
			   .now_us = NOW_US };

	OK(store_begin_write(st, &err));
	if (admin_dimension_remove(&a, name, &err) < 0) {
		store_end(st);
		return -1;
	}
	return store_commit(st, &err);
}

START_TEST(dimension_needs_a_name_and_an_attribute_of_its_own)
{
	struct bench b = open_bench(":memory:", &any_account);

	FAILS(declare(b.st, "", "team"), ERR_PARAM, "name", "1 to 32");
	FAILS(declare(b.st, "Team", "team"), ERR_PARAM, "name", "a-z");
	FAILS(declare(b.st, "a23456789012345678901234567890123", "team"), ERR_PARAM, "name", "32");
	FAILS(declare(b.st, "customer", "team"), ERR_PARAM, "name", "built-in");
	FAILS(declare(b.st, "category", "team"), ERR_PARAM, "name", "grouped by already");
	FAILS(declare(b.st, "team", ""), ERR_PARAM, "from", "1 to 64");
	FAILS(declare(b.st, "team", "a\"b"), ERR_PARAM, "from", "quotes");
	FAILS(declare(b.st, "team", "iso_country"), ERR_PARAM, "from", "field of every event");
	FAILS(declare(b.st, "team", "time"), ERR_PARAM, "from", "field of every event");
	OK(declare(b.st, "team", "team"));
	FAILS(declare(b.st, "team", "squad"), ERR_CONFLICT, "name", "already");
	FAILS(declare(b.st, "squad", "team"), ERR_CONFLICT, "from", "dimension team");
	close_bench(&b);
}
END_TEST

START_TEST(there_are_at_most_sixteen_dimensions)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	char name[8];

	for (int i = 0; i < DECLARED_MAX; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		OK(declare(b.st, name, name));
	}
	FAILS(declare(b.st, "more", "more"), ERR_CONFLICT, "name", "16");
	OK(undeclare(b.st, "d3"));
	OK(declare(b.st, "more", "more"));
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(dimension_find(&c->dimensions, "more", 4), DIMENSIONS_BUILT_IN + 3);
	ck_assert_int_eq(dimension_find(&c->dimensions, "d3", 2), DIMENSIONS);
	ck_assert_int_eq(dimension_find(&c->dimensions, "country", 7), DIM_COUNTRY);
	close_bench(&b);
}
END_TEST

/* ---- events ---- */

static void put_team(struct bench *b, const char *id, const char *attributes)
{
	struct raw_event raw = good_event();

	set_field(&raw, EV_ID, id);
	raw.attributes.text = attributes;
	raw.attributes.len = attributes ? strlen(attributes) : 0;
	OK(put(b, &raw));
}

/* The value of the first declared dimension of a stored event; "": none. */
static const char *team_of(struct bench *b, const char *id)
{
	struct stored_event e;
	struct series s;
	const char *text = "";
	int64_t source;

	ck_assert_int_eq(store_source_find(b->st, b->main_id, "/pbx/1", 6, &source, &err), 1);
	ck_assert_int_eq(store_event_find(b->st, &(struct event_key) { source, id, strlen(id) },
					  &arena, &e, &err),
			 1);
	ck_assert_int_eq(store_series_by_id(b->st, 0, e.series, &s, &err), 1);
	if (s.dim[DIMENSIONS_BUILT_IN])
		ck_assert_int_eq(store_dimension_text(b->st, 0, s.dim[DIMENSIONS_BUILT_IN], &arena,
						      &text, &err),
				 1);
	return text;
}

START_TEST(events_have_the_value_of_their_attribute)
{
	struct bench b = open_bench(":memory:", &any_account);

	OK(declare(b.st, "team", "team"));
	put_team(&b, "1", "{\"team\":\"red\"}");
	put_team(&b, "2", "{\"squad\":\"red\",\"team\":\"blue\"}");
	put_team(&b, "3", "{\"squad\":\"red\"}");
	put_team(&b, "4", NULL);
	put_team(&b, "5", "{\"team\":[\"red\"]}");
	put_team(&b, "6", "{\"team\":7}");
	commit(&b);
	ck_assert_str_eq(team_of(&b, "1"), "red");
	ck_assert_str_eq(team_of(&b, "2"), "blue");
	ck_assert_str_eq(team_of(&b, "3"), "");
	ck_assert_str_eq(team_of(&b, "4"), "");
	ck_assert_str_eq(team_of(&b, "5"), "");
	ck_assert_str_eq(team_of(&b, "6"), "7");
	close_bench(&b);
}
END_TEST

START_TEST(dimension_counts_from_its_declaration_on)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_team(&b, "1", "{\"team\":\"red\"}");
	commit(&b);
	OK(declare(b.st, "team", "team"));
	put_team(&b, "2", "{\"team\":\"red\"}");
	commit(&b);
	ck_assert_str_eq(team_of(&b, "1"), "");
	ck_assert_str_eq(team_of(&b, "2"), "red");
	close_bench(&b);
}
END_TEST

/* An event sent again is the same event, whenever a dimension was declared. */
START_TEST(event_sent_again_after_a_declaration_is_a_duplicate)
{
	static const struct {
		const char *attributes;
		enum verdict verdict;
	} again[] = {
		{ "{\"team\":\"red\"}", VERDICT_DUPLICATE },
		{ "{\"note\":\"other\",\"team\":\"red\"}", VERDICT_DUPLICATE },
		{ "{\"team\":\"blue\"}", VERDICT_CONFLICT },
	};
	struct bench b = open_bench(":memory:", &any_account);

	put_team(&b, "before", "{\"team\":\"red\"}");
	commit(&b);
	OK(declare(b.st, "team", "team"));
	put_team(&b, "after", "{\"team\":\"red\"}");
	commit(&b);
	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		ROW("%s", again[i].attributes);
		put_team(&b, "before", again[i].attributes);
		put_team(&b, "after", again[i].attributes);
		commit(&b);
		ck_assert_int_eq(b.batch.events[0].verdict, again[i].verdict);
		ck_assert_int_eq(b.batch.events[1].verdict, again[i].verdict);
	}
	close_bench(&b);
}
END_TEST

START_TEST(event_that_differs_in_a_field_is_a_conflict_with_a_dimension_too)
{
	static const struct {
		enum event_field field;
		const char *text;
	} changes[] = { { EV_PRICE, "1" },
			{ EV_CUSTOMER, "cus1" },
			{ EV_TIME, "2026-11-21T10:00:01Z" },
			{ EV_CATEGORY, "calls-outbound" } };
	struct bench b = open_bench(":memory:", &any_account);

	put_team(&b, "1", "{\"team\":\"red\"}");
	commit(&b);
	OK(declare(b.st, "team", "team"));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct raw_event raw = good_event();

		ROW("%s", changes[i].text);
		set_field(&raw, EV_ID, "1");
		set_field(&raw, changes[i].field, changes[i].text);
		raw.attributes.text = "{\"team\":\"red\"}";
		raw.attributes.len = strlen(raw.attributes.text);
		OK(put(&b, &raw));
		commit(&b);
		ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CONFLICT);
	}
	close_bench(&b);
}
END_TEST

START_TEST(amended_event_keeps_its_declared_dimensions)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct raw_event change = { 0 };
	struct correct c = { .kind = CORRECTION_AMEND,
			     .event = { .id = "1" },
			     .change = &change,
			     .author = "console",
			     .reason = "r",
			     .now_us = NOW_US,
			     .ahead_us = AHEAD_US };
	struct correction made;
	struct stored_event e;
	struct series s;
	bool before;
	char id[64];
	int64_t own;

	OK(declare(b.st, "team", "team"));
	put_team(&b, "1", "{\"team\":\"red\"}");
	commit(&b);
	set_field(&change, EV_PRICE, "2");
	OK(store_begin_write(b.st, &err));
	OK(correct_event(b.st, &c, &arena, &made, &before, &err));
	OK(store_commit(b.st, &err));
	ck_assert_int_eq(store_source_find(b.st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN),
					   &own, &err),
			 1);
	snprintf(id, sizeof(id), "%s" CORRECTION_REPLACEMENT, made.sid);
	ck_assert_int_eq(store_event_find(b.st, &(struct event_key) { own, id, strlen(id) }, &arena,
					  &e, &err),
			 1);
	ck_assert_int_eq(store_series_by_id(b.st, 0, e.series, &s, &err), 1);
	ck_assert_int_ne(s.dim[DIMENSIONS_BUILT_IN], 0);
	close_bench(&b);
}
END_TEST

START_TEST(used_dimension_is_not_removed)
{
	struct bench b = open_bench(":memory:", &any_account);

	FAILS(undeclare(b.st, "team"), ERR_NOT_FOUND, "name", "no dimension team");
	FAILS(undeclare(b.st, "customer"), ERR_PARAM, "name", "built in");
	OK(declare(b.st, "team", "team"));
	put_team(&b, "1", "{\"note\":\"x\"}");
	commit(&b);
	OK(undeclare(b.st, "team"));
	OK(declare(b.st, "team", "team"));
	put_team(&b, "2", "{\"team\":\"red\"}");
	commit(&b);
	FAILS(undeclare(b.st, "team"), ERR_CONFLICT, "name", "events have values");
	close_bench(&b);
}
END_TEST

/* ---- filling in ---- */

static struct admin console(struct store *st)
{
	return (struct admin) { .st = st,
				.arena = &arena,
				.by = &principal_console,
				.author = "console",
				.now_us = NOW_US };
}

static void fill(struct bench *b, const char *name)
{
	struct admin a = console(b->st);
	struct declared d;
	bool done;

	do {
		OK(store_begin_write(b->st, &err));
		OK(backfill_begin(&a, name, &d, &done, &err));
		if (!done)
			OK(backfill_step(&a, &d, 1, &done, &err));
		OK(store_commit(b->st, &err));
	} while (!done);
}

START_TEST(dimension_is_filled_in_for_events_of_before)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct audit *log;
	size_t n;

	put_team(&b, "1", "{\"team\":\"red\"}");
	put_team(&b, "2", "{\"team\":[1]}");
	put_team(&b, "3", NULL);
	commit(&b);
	OK(declare(b.st, "team", "team"));
	put_team(&b, "4", "{\"team\":\"blue\"}");
	commit(&b);
	fill(&b, "team");
	fill(&b, "team");
	ck_assert_str_eq(team_of(&b, "1"), "red");
	ck_assert_str_eq(team_of(&b, "2"), "");
	ck_assert_str_eq(team_of(&b, "3"), "");
	ck_assert_str_eq(team_of(&b, "4"), "blue");
	OK(store_audits(b.st, &(struct newest) { .limit = 10 }, &arena, &log, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(log[0].action, "dimension.filled");
	ck_assert_str_eq(log[0].detail, "in 1 events");
	ck_assert_str_eq(log[1].action, "dimension.backfill");
	ck_assert_str_eq(log[2].action, "dimension.add");
	put_team(&b, "1", "{\"team\":\"red\"}");
	put_team(&b, "1", "{\"team\":\"blue\"}");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CONFLICT);
	close_bench(&b);
}
END_TEST

START_TEST(filling_in_closed_days_is_listed_among_their_changes)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct admin a = console(b.st);
	const struct account main_account = { .id = b.main_id };
	struct closed_changes changes;

	for (int i = 0; i < 3; i++) {
		struct raw_event raw = good_event();

		set_field(&raw, EV_ID, arena_printf(&arena, "%d", i));
		set_field(&raw, EV_TIME, arena_printf(&arena, "2026-11-1%dT10:00:00Z", 5 + i));
		raw.attributes.text = "{\"team\":\"red\"}";
		raw.attributes.len = strlen(raw.attributes.text);
		OK(put(&b, &raw));
	}
	commit(&b);
	OK(store_begin_write(b.st, &err));
	OK(admin_closing_close(&a, MAIN_SID, "2026-11-16", &err));
	OK(store_commit(b.st, &err));
	OK(declare(b.st, "team", "team"));
	fill(&b, "team");
	OK(closing_changes_load(b.st, &main_account, &(struct newest) { .limit = 10 }, &arena,
				&changes, &err));
	ck_assert_uint_eq(changes.n, 1);
	ck_assert_str_eq(changes.list[0].kind, "filled");
	ck_assert_str_eq(changes.list[0].change.reason, "dimension team");
	ck_assert_str_eq(changes.list[0].change.author, "console");
	ck_assert_str_eq(team_of(&b, "0"), "red");
	close_bench(&b);
}
END_TEST

/* What does not ask for a dimension reads nothing of it. */
START_TEST(dimension_with_many_values_costs_nothing_where_it_is_not_asked_for)
{
	enum { VALUES = 20000 };
	struct bench b = open_bench(":memory:", &any_account);
	struct account account = { .id = b.main_id, .sid = MAIN_SID, .name = "main" };
	struct report_query q = { .accounts = &account,
				  .n_accounts = 1,
				  .zone = zone_find(NULL),
				  .from = NOW_US / USEC_PER_SEC - SEC_PER_DAY,
				  .to = NOW_US / USEC_PER_SEC,
				  .category = CATALOGUE_NONE };
	const struct catalogue *c;
	struct report r;

	OK(declare(b.st, "ref", "ref"));
	for (int i = 0; i < VALUES; i++)
		put_team(&b, arena_printf(&arena, "%d", i),
			 arena_printf(&arena, "{\"ref\":\"r%05d\"}", i));
	commit(&b);
	OK(store_begin_read(b.st, &err));
	OK(catalogue_load(b.st, &arena, &c, &err));
	store_limit(b.st, &(struct store_limits) { .work = 100 });
	OK(report_load(b.st, c, &q, &arena, &r, &err));
	ck_assert_uint_eq(r.n_lines, 1);
	ck_assert_int_eq((int64_t)r.all.count, VALUES);
	/* one value of very many costs as little */
	q.dim[DIMENSIONS_BUILT_IN] = "r12345";
	store_limit(b.st, &(struct store_limits) { .work = 200 });
	OK(report_load(b.st, c, &q, &arena, &r, &err));
	ck_assert_int_eq((int64_t)r.all.count, 1);
	/* and who asks for all of them gets them */
	q.dim[DIMENSIONS_BUILT_IN] = NULL;
	q.by = GROUP_DIMENSION;
	q.dimension = DIMENSIONS_BUILT_IN;
	store_limit(b.st, &(struct store_limits) { .work = 0 });
	OK(report_load(b.st, c, &q, &arena, &r, &err));
	ck_assert_uint_eq(r.n_lines, VALUES);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("declared");
	TCase *tc = tcase_create("declared");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, attribute_is_a_value_if_it_is_a_short_plain_text);
	tcase_add_test(tc, text_that_is_no_object_has_no_attributes);
	tcase_add_test(tc, dimension_needs_a_name_and_an_attribute_of_its_own);
	tcase_add_test(tc, there_are_at_most_sixteen_dimensions);
	tcase_add_test(tc, events_have_the_value_of_their_attribute);
	tcase_add_test(tc, dimension_counts_from_its_declaration_on);
	tcase_add_test(tc, event_sent_again_after_a_declaration_is_a_duplicate);
	tcase_add_test(tc, event_that_differs_in_a_field_is_a_conflict_with_a_dimension_too);
	tcase_add_test(tc, amended_event_keeps_its_declared_dimensions);
	tcase_add_test(tc, used_dimension_is_not_removed);
	tcase_add_test(tc, dimension_is_filled_in_for_events_of_before);
	tcase_add_test(tc, filling_in_closed_days_is_listed_among_their_changes);
	tcase_add_test(tc, dimension_with_many_values_costs_nothing_where_it_is_not_asked_for);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
