/*
 * places_tests.c - a ledger that is distributed over several places. Only with
 * USAGED_TEST_STORE and USAGED_TEST_PLACES: the address of a database with Citus,
 * or of one that makes ledgers as if it had (tests/postgresql.sh, PLACES=3).
 */
#include <check.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "store/event_find.h"
#include "store/internal.h"
#include "store/places.h"
#include "store/rollup.h"
#include "store/sums.h"
#include "ledger_fixture.h"
#include "suite.h"
#include "base/banned.h"

static int count_words(const char *text, const char *pattern)
{
	GRegex *regex = g_regex_new(pattern, 0, 0, NULL);
	GMatchInfo *match;
	int n = 0;

	for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
	     g_match_info_next(match, NULL))
		n++;
	g_match_info_free(match);
	g_regex_unref(regex);
	return n;
}

static int ignore_row(void *arg, const struct sums_row *row, struct error *failure)
{
	(void)row, (void)failure;
	++*(int *)arg;
	return 0;
}

/* Asks about two families, and checks that both are in the answers. */
static void ask_all(struct bench *b)
{
	const int64_t accounts[] = { b->main_id, b->other_id };
	const struct sums_account asked[] = { { .id = b->main_id }, { .id = b->other_id } };
	const struct slot_span span = { 0, 4000000L * SLOTS_PER_DAY };
	const struct sums_query sums = {
		.accounts = asked, .n_accounts = 2, .spans = &span, .n_spans = 1
	};
	const struct event_find find = { .accounts = accounts,
					 .n_accounts = 2,
					 .to_us = INT64_MAX / 2,
					 .state = -1,
					 .attributes = true };
	const struct event_slice page = { .limit = 10 };
	struct found_events found;
	struct event_key key;
	struct found_event whole;
	int64_t day;
	int rows = 0;

	OK(store_begin_read(b->st, &err));
	OK(store_sums(b->st, &sums, ignore_row, &rows, &err));
	ck_assert_int_ge(rows, 2);
	OK(store_events_find(b->st, &find, &page, &arena, &found, &err));
	ck_assert_uint_eq(found.n, 2);
	ck_assert_int_ne(found.list[0].series.account, found.list[1].series.account);
	ck_assert_int_eq(store_usage_day(b->st, accounts, 2, true, &day, &err), 1);
	key = (struct event_key) { found.list[0].event.source, found.list[0].event.id,
				   found.list[0].event.id_len };
	ck_assert_int_eq(store_event_read(b->st, &key, &arena, &whole, &err), 1);
	store_end(b->st);
}

static void put_call_of(struct bench *b, const char *sid, const char *id)
{
	struct raw_event raw = good_event();

	set_field(&raw, EV_SUBJECT, sid);
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(put(b, &raw));
}

/*
 * Each table with a column root has as many conditions: then Citus runs the
 * statement on one node. All other statements name no such table.
 */
START_TEST(statements_about_events_name_the_main_account)
{
	static const char tables[] = "(FROM|JOIN|INTO|UPDATE) (event|event_attributes|"
				     "series|series_value|dimension_value|"
				     "(total|part)_(quarter|day|month))\\b";
	struct bench b = open_bench(":memory:", &any_account);
	struct stmt *s;
	size_t len;
	int n = 0;

	put_call_of(&b, MAIN_SID, "one");
	put_call_of(&b, OTHER_SID, "two");
	commit(&b);
	ask_all(&b);
	OK(store_begin_read(b.st, &err));
	s = prepare(b.st, "SELECT statement FROM pg_prepared_statements", &err);
	while (db_step(s, &err) > 0) {
		const char *text = db_get_text(s, 0, &len);
		int used = count_words(text, tables);

		ROW("%s", text);
		n += used > 0;
		ck_assert_int_ge(count_words(text, "\\broot\\b"), used);
	}
	ck_assert_int_gt(n, 5);
	store_end(b.st);
	close_bench(&b);
}
END_TEST

/* Without Citus, tests choose the number of places. */
static bool place_is_pretended(struct bench *b)
{
	return store_any(prepare(b->st,
				 "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_extension"
				 " WHERE extname = 'citus')",
				 &err),
			 &err) > 0;
}

static void exec(struct bench *b, const char *sql)
{
	OK(store_begin_write(b->st, &err));
	OK(db_exec(b->st->db, sql, &err));
	OK(store_commit(b->st, &err));
}

/*
 * Sends the events again as a client does: where asking takes long, the answer that a
 * place is away counts for a while.
 */
static void commit_when_back(struct bench *b)
{
	enum { TRIES = 600, PAUSE_US = 50000 };

	for (int i = 0; i < TRIES; i++) {
		put_call_of(b, MAIN_SID, "three");
		put_call_of(b, OTHER_SID, "four");
		commit(b);
		if (b->batch.events[1].verdict != VERDICT_UNAVAILABLE)
			return;
		g_usleep(PAUSE_US);
	}
	ck_abort_msg("still unavailable");
}

START_TEST(events_of_a_place_that_is_away_are_unavailable_and_others_are_stored)
{
	static const struct ledger_options partly = { .partly = true };
	struct bench b = open_bench(":memory:", &partly);
	char sql[512];

	if (!place_is_pretended(&b)) {
		printf("not with Citus: a place is taken away\n");
		close_bench(&b);
		return;
	}
	put_call_of(&b, MAIN_SID, "one");
	put_call_of(&b, OTHER_SID, "two");
	commit(&b);
	snprintf(sql, sizeof(sql),
		 "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		 " RAISE EXCEPTION 'away' USING ERRCODE = '08006'; END $$;"
		 "CREATE TRIGGER away BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.root = %" PRId64
		 ") EXECUTE FUNCTION fail();"
		 "CREATE OR REPLACE FUNCTION places_away() RETURNS SETOF bigint LANGUAGE sql"
		 " AS $$ SELECT family_place(%" PRId64 ") FROM pg_sleep(0.1) $$",
		 b.other_id, b.other_id);
	exec(&b, sql);
	put_call_of(&b, MAIN_SID, "three");
	put_call_of(&b, OTHER_SID, "four");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_UNAVAILABLE);
	/* it is known: nothing is tried while the place is away */
	exec(&b, "DROP TRIGGER away ON event");
	put_call_of(&b, MAIN_SID, "five");
	put_call_of(&b, OTHER_SID, "four");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_UNAVAILABLE);
	put_call_of(&b, OTHER_SID, "four");
	ck_assert_int_lt(batch_store(&b.batch, b.l, &err), 0);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	exec(&b, "CREATE OR REPLACE FUNCTION places_away() RETURNS SETOF bigint LANGUAGE sql"
		 " AS $$ SELECT 0::bigint WHERE false $$");
	commit_when_back(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s;
	TCase *tc;

	if (test_places() == 1) {
		puts("only with USAGED_TEST_PLACES: a ledger in several places");
		return 77;
	}
	s = suite_create("places");
	tc = tcase_create("places");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, statements_about_events_name_the_main_account);
	tcase_add_test(tc, events_of_a_place_that_is_away_are_unavailable_and_others_are_stored);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
