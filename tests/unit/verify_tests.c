/*
 * verify_tests.c - what verify finds, and rebuild puts right.
 */
#include <check.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include "store/event.h"
#include "store/internal.h"
#include "store/posting.h"
#include "store/sqlite/posting_table.h"
#include "store/verify.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- verification ---- */

static void note_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	struct found *f = arg;

	f->missing += want && !have;
	f->extra += have && !want;
	f->different += want && have;
	if (want)
		f->want = *want;
	if (have)
		f->have = *have;
}

static void note_fault(void *arg, const char *words)
{
	struct found *f = arg;

	f->faults++;
	snprintf(f->words, sizeof(f->words), "%s", words);
}

static void note_progress(void *arg, int64_t done, int64_t all)
{
	struct found *f = arg;

	f->done = done;
	f->all = all;
}

static struct verify_calls calls_for(struct found *found, size_t limit)
{
	return (struct verify_calls) { .limit = limit,
				       .difference = note_difference,
				       .fault = note_fault,
				       .progress = note_progress,
				       .arg = found };
}

/* Verifies the family of an account only. */
static struct found verify_family(int64_t family)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 100);
	struct store *st = reopen(0);
	size_t n;
	int64_t events;

	OK(store_verify(st, &(struct verify_families) { &family, 1 }, &calls, &n, &events, &err));
	ck_assert_int_eq(found.missing + found.extra + found.different + found.faults, n);
	ck_assert_int_eq(found.done, events);
	store_close(&st);
	return found;
}

static struct found verify(size_t want_n)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 100);
	struct store *st = reopen(0);
	size_t n;
	int64_t events;

	OK(store_verify(st, NULL, &calls, &n, &events, &err));
	ck_assert_msg(n == want_n, "%zu instead of %zu: %s", n, want_n, found.words);
	ck_assert_int_eq(found.missing + found.extra + found.different + found.faults, want_n);
	ck_assert_int_eq(found.done, events);
	ck_assert_int_eq(found.all, events);
	store_close(&st);
	return found;
}

START_TEST(sound_ledger_verifies)
{
	write_sound_ledger();
	verify(0);
	ck_assert_int_eq(raw_number(test_database() ? "SELECT count(*) FROM total_quarter"
						    : "SELECT count(*) FROM rollup"),
			 2);
}
END_TEST

START_TEST(empty_ledger_verifies)
{
	struct store *st = create(path);

	store_close(&st);
	verify(0);
}
END_TEST

struct tampering {
	const char *sql;
	size_t missing, extra, different, faults;
};

static const struct tampering sqlite_tamperings[] = {
	{ "DELETE FROM rollup", 4, 0, 0, 0 },
	{ "DELETE FROM rollup WHERE period = 24311", 2, 0, 0, 0 },
	{ "UPDATE rollup SET account = 7", 4, 4, 0, 0 },
	{ "UPDATE rollup SET period = period + 2", 4, 4, 0, 0 },
	{ "UPDATE rollup SET period = 9000000000000000000 WHERE period = 24311", 2, 2, 0, 0 },
	{ "UPDATE rollup SET period = -9000000000000000000 WHERE period = 24312", 2, 2, 0, 0 },
	{ "UPDATE rollup SET leaf = x''", 4, 0, 0, 2 },
	{ "UPDATE rollup SET leaf = x'07' WHERE period = 24312", 2, 0, 0, 1 },
	{ "UPDATE rollup SET leaf = CAST(leaf || x'00' AS BLOB) WHERE period = 24312", 2, 0, 0, 1 },
	{ "UPDATE rollup SET leaf = substr(leaf, 1, length(leaf) - 1)", 4, 0, 0, 2 },
	{ "INSERT INTO rollup VALUES (1, 1, 24312, x'', x'0282010064')", 0, 0, 0, 1 },
	{ "INSERT INTO rollup VALUES (3, 1, 20454, x'', x'02a2010002')", 0, 1, 0, 0 },
	{ "INSERT INTO rollup VALUES (4, 1, 20454, x'', x'02a2010202')", 0, 1, 0, 0 },
	{ "INSERT INTO rollup VALUES (3, 1, 9000000000000000000, x'', x'02a2010002')", 0, 1, 0, 0 },
	{ "INSERT INTO rollup VALUES (1, 1, 24400, x'', x'02a2010002')", 0, 1, 0, 0 },
	{ "INSERT INTO rollup VALUES (3, 9, 20454, x'', x'02a2010002')", 0, 1, 0, 0 },
	{ "UPDATE event SET price = 99 WHERE id = 'call-1'", 0, 0, 1, 0 },
	{ "UPDATE event SET count = 0 WHERE id = 'call-2'", 0, 0, 1, 0 },
	{ "UPDATE event SET count = 9223372036854775807", 0, 0, 4, 0 },
	{ "DELETE FROM event WHERE id = 'call-7'", 0, 0, 1, 1 },
	{ "DELETE FROM event", 0, 4, 0, 2 },
	{ "UPDATE event SET time = time_us + 900000000 * 96 WHERE id = 'call-5'", 1, 0, 1, 2 },
	{ "UPDATE event SET series = 2 WHERE id = 'call-1'", 0, 0, 2, 1 },
	{ "INSERT INTO event VALUES (1, 'more', 1, 900000000 * 96 * 20454, NULL, NULL, 1, 0, 0, 0)",
	  0, 0, 1, 1 },
	{ "INSERT INTO series_value VALUES (1, 1)", 0, 0, 0, 1 },
	{ "DELETE FROM posting", 0, 0, 0, 2 },
	{ "INSERT INTO posting SELECT account, since + 86400000000, part, last + 86400000000, "
	  "events FROM posting",
	  0, 0, 0, 2 },
	{ "INSERT INTO posting SELECT account, since, part + 1, last, events FROM posting", 0, 0, 0,
	  2 },
	{ "UPDATE posting SET last = last + 1", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x'02ff'", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x'ffffffffffffffffffff'", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x''", 0, 0, 0, 2 },
	{ "UPDATE posting SET since = 9000000000000000000", 0, 0, 0, 3 },
	{ "UPDATE posting SET since = -9000000000000000000", 0, 0, 0, 3 },
	{ "UPDATE posting SET account = 2", 0, 0, 0, 4 },
	{ "UPDATE event SET booked_us = time_us - 1 WHERE id = 'call-7'", 0, 0, 0, 2 },
	{ "PRAGMA foreign_keys = OFF; DELETE FROM source", 0, 0, 0, 1 },
	{ "PRAGMA foreign_keys = OFF; UPDATE event SET correction = 7 WHERE id = 'call-1'", 0, 0, 0,
	  1 },
};

/* On PostgreSQL, where each sum is a row. */
static const struct tampering pgsql_tamperings[] = {
	{ "DELETE FROM total_quarter", 2, 0, 0, 0 },
	{ "DELETE FROM total_month; DELETE FROM part_day", 4, 0, 0, 0 },
	{ "DELETE FROM part_month WHERE slot = 24311", 1, 0, 0, 0 },
	{ "UPDATE total_day SET account = 7", 2, 2, 0, 0 },
	{ "UPDATE total_day SET root = 7", 2, 2, 0, 0 },
	{ "UPDATE part_month SET slot = slot + 2", 2, 2, 0, 0 },
	{ "UPDATE total_day SET slot = 9000000000000000000 WHERE slot = 20454", 1, 1, 0, 0 },
	{ "UPDATE part_day SET slot = -9000000000000000000 WHERE slot = 20454", 1, 1, 0, 0 },
	{ "UPDATE part_day SET series = 0 WHERE slot = 20454", 1, 1, 0, 0 },
	{ "UPDATE part_quarter SET category = 9 WHERE slot = 20454 * 96", 1, 1, 0, 0 },
	{ "UPDATE total_month SET price = 99", 0, 0, 2, 0 },
	{ "UPDATE total_day SET upload = upload + 1 WHERE slot = 20454", 0, 0, 1, 0 },
	{ "UPDATE total_day SET count = count + 1; UPDATE total_quarter SET count = count + 1", 0,
	  0, 4, 0 },
	{ "INSERT INTO part_day VALUES (3, 3, 1, 20454, 2, 1, 0, 0, 0)", 0, 1, 0, 0 },
	{ "INSERT INTO part_day VALUES (3, 3, 1, 20454, 2, 0, 0, 0, 0)", 0, 0, 0, 0 },
	{ "INSERT INTO total_month VALUES (1, 1, 24400, 1, 1, 0, 0, 0)", 0, 1, 0, 0 },
	{ "UPDATE event SET price = 99 WHERE id = 'call-1'", 0, 0, 3, 0 },
	{ "UPDATE event SET count = 0 WHERE id = 'call-2'", 0, 0, 6, 0 },
	{ "UPDATE event SET count = 9223372036854775807", 0, 0, 12, 0 },
	{ "DELETE FROM event WHERE id = 'call-7'", 0, 0, 3, 0 },
	{ "DELETE FROM event", 0, 12, 0, 0 },
	{ "UPDATE event SET time_us = time_us + 86400000000 WHERE id = 'call-5'", 2, 0, 2, 0 },
	{ "UPDATE event SET series = 2 WHERE id = 'call-1'", 0, 0, 3, 0 },
	{ "INSERT INTO event VALUES (1, 1, 1, 'more', 1, 86400000000 * 20454, NULL, NULL, 1, 0, 0, "
	  "0)",
	  0, 0, 3, 0 },
	{ "INSERT INTO series_value VALUES (1, 1, 1)", 0, 0, 0, 1 },
	{ "UPDATE series SET root = 7 WHERE id = 2", 0, 0, 0, 1 },
	{ "UPDATE dimension_value SET root = 7 WHERE id = 1", 0, 0, 0, 1 },
	{ "UPDATE event SET booked_us = time_us - 1 WHERE id = 'call-7'", 0, 0, 0, 1 },
	{ "UPDATE event SET booked_us = time_us + 1 WHERE id = 'call-7'", 0, 0, 0, 1 },
	{ "DELETE FROM source", 0, 0, 0, 1 },
	{ "UPDATE event SET correction = 7 WHERE id = 'call-1'", 0, 0, 0, 1 },
	{ "UPDATE event SET root = 7 WHERE id = 'call-0'", 6, 0, 6, 1 },
	{ "UPDATE event SET account = 7 WHERE id = 'call-0'", 6, 0, 6, 2 },
};

static const struct tampering *tampering(int i)
{
	return test_database() ? &pgsql_tamperings[i] : &sqlite_tamperings[i];
}

static size_t problems_of(const struct tampering *t)
{
	return t->missing + t->extra + t->different + t->faults;
}

/* The problems that no rebuild can put right: those of the events themselves. */
static size_t problems_left(const char *sql)
{
	static const char *const words[] = { "- 1 WHERE id", "FROM source", "correction = 7",
					     "root = 7 WHERE id" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(sql, words[i]))
			return 1;
	return strstr(sql, "account = 7 WHERE id") ? 2 : 0;
}

/* False: in a distributed ledger, no row can leave its family. */
static bool tamper(const char *sql)
{
	if (strstr(sql, "SET root") && getenv("USAGED_TEST_PLACES")) {
		printf("not in a distributed ledger, whose database refuses it: %s\n", sql);
		return false;
	}
	raw(sql);
	return true;
}

START_TEST(verify_finds_tampering)
{
	const struct tampering *t = tampering(_i);
	struct found found;

	write_sound_ledger();
	if (!tamper(t->sql))
		return;
	found = verify(problems_of(t));
	ck_assert_int_eq(found.faults, t->faults);
	ck_assert_int_eq(found.missing, t->missing);
	ck_assert_int_eq(found.extra, t->extra);
	ck_assert_int_eq(found.different, t->different);
}
END_TEST

/* Tamperings of which a verification of account 1's family finds another number. */
static const struct {
	const char *sql;
	size_t n;
} family_shares[] = {
	/* the rest is in other accounts, or in no family */
	{ "UPDATE rollup SET account = 7", 4 },
	{ "INSERT INTO rollup VALUES (3, 9, 20454, x'', x'02a2010002')", 0 },
	{ "INSERT INTO series_value VALUES (1, 1)", 0 },
	{ "INSERT INTO series_value VALUES (1, 1, 1)", 0 },
	{ "UPDATE posting SET account = 2", 2 },
	/* events of no source are missing instead */
	{ "PRAGMA foreign_keys = OFF; DELETE FROM source", 6 },
	{ "DELETE FROM source", 0 },
	{ "UPDATE total_day SET account = 7", 2 },
	{ "INSERT INTO part_day VALUES (3, 3, 1, 20454, 2, 1, 0, 0, 0)", 0 },
	{ "UPDATE event SET account = 7 WHERE id = 'call-0'", 6 },
};

static size_t all_of(const struct found *f)
{
	return f->missing + f->extra + f->different + f->faults;
}

START_TEST(a_family_is_verified_alone)
{
	const char *sql = tampering(_i)->sql;
	size_t want = problems_of(tampering(_i));
	struct store *st;
	struct found f;

	for (size_t i = 0; i < ARRAY_SIZE(family_shares); i++)
		if (strcmp(family_shares[i].sql, sql) == 0)
			want = family_shares[i].n;
	write_sound_ledger();
	st = reopen(STORE_WRITE);
	ck_assert_int_eq(add_account(st, 7, "second"), 2);
	store_close(&st);
	ck_assert_uint_eq((f = verify_family(1), all_of(&f)), 0);
	if (!tamper(sql))
		return;
	f = verify_family(1);
	ck_assert_msg(all_of(&f) == want, "%zu instead of %zu: %s", all_of(&f), want, f.words);
	f = verify_family(2);
	ck_assert_uint_eq(all_of(&f), strstr(sql, "account = 2") ? 2 : 0);
}
END_TEST

/* Sums of nothing in the tables of sums of PostgreSQL. */
static void no_sum_is_zero(void)
{
	static const char *const tables[] = { "total_quarter", "total_day", "total_month",
					      "part_quarter",  "part_day",  "part_month" };
	char sql[160];

	for (size_t i = 0; test_database() && i < ARRAY_SIZE(tables); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM %s WHERE count = 0 AND usage = 0 AND price = 0 AND"
			 " upload = 0",
			 tables[i]);
		ROW("%s", tables[i]);
		ck_assert_int_eq(ledger_number(path, sql), 0);
	}
}

/* What follows from the events, whatever they are, can be put right. */
START_TEST(rebuild_puts_right_what_verify_finds)
{
	const char *sql = tampering(_i)->sql;
	bool fits = !strstr(sql, "9223372036854775807");
	struct verify_calls calls = { 0 };
	struct store *st, *writer;
	size_t n;
	int64_t events;

	write_sound_ledger();
	if (!tamper(sql))
		return;
	st = reopen(0);
	writer = reopen(STORE_WRITE);
	if (!fits) {
		FAILS_WITH(store_rebuild(st, writer, &calls, &n, &events, &err), ERR_OVERFLOW, "");
	} else {
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		ck_assert_uint_eq(n, 0);
	}
	store_close(&st);
	store_close(&writer);
	if (fits) {
		verify(problems_left(sql));
		/* but one that nobody misses */
		if (!strstr(sql, "2, 0, 0, 0, 0)"))
			no_sum_is_zero();
	}
}
END_TEST

START_TEST(verify_says_what_differs)
{
	struct found found;

	write_sound_ledger();
	raw("UPDATE event SET usage = usage + 1 WHERE id = 'call-7'");
	/* in PostgreSQL, the sums of the day and the month are rows, too */
	found = verify(test_database() ? 3 : 1);
	ck_assert_int_eq(found.want.level, test_database() ? LEVEL_MONTH : LEVEL_QUARTER);
	ck_assert_int_eq(found.want.account, 1);
	ck_assert_int_eq(found.want.category, 1);
	ck_assert_int_eq(found.want.slot, test_database() ? 24312 : 20454 * SLOTS_PER_DAY);
	ck_assert_int_eq(found.want.series, 0);
	ck_assert_int_eq(found.want.amounts.usage, test_database() ? 41 : 21);
	ck_assert_int_eq(found.have.amounts.usage, found.want.amounts.usage - 1);
	ck_assert_int_eq(found.have.level, found.want.level);
}
END_TEST

START_TEST(verify_names_at_most_the_limit_but_counts_all)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 3);
	struct store *st;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw("DELETE FROM event");
	st = reopen(0);
	OK(store_verify(st, NULL, &calls, &n, &events, &err));
	ck_assert_int_eq(n, test_database() ? 12 : 6);
	ck_assert_int_eq(found.extra, 3);
	ck_assert_int_eq(events, 0);
	store_close(&st);
}
END_TEST

START_TEST(verify_refuses_events_without_a_series)
{
	struct found found = { 0 };
	struct verify_calls calls = calls_for(&found, 5);
	struct store *st;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw(test_database() ? "DELETE FROM series WHERE id = 1"
			    : "PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 1");
	st = reopen(0);
	FAILS_WITH(store_verify(st, NULL, &calls, &n, &events, &err), ERR_INTERNAL, "damaged");
	store_close(&st);
}
END_TEST

/* ---- rebuilding while others write ---- */

struct meanwhile {
	struct store *st;
	struct fixture f;
	int n;
};

/* An event that comes while the snapshot is gone through. */
static void add_meanwhile(struct meanwhile *m)
{
	int64_t at = 20454LL * 96;
	char id[24];
	struct stored_event e = { .account = m->f.account,
				  .family = m->f.account,
				  .source = m->f.source,
				  .id = id,
				  .series = m->f.dimensioned,
				  .time_us = at * 900000000 + 100 + m->n,
				  .amounts.n = { 1, 10, 100, 1000 } };

	snprintf(id, sizeof(id), "meanwhile-%d", m->n++);
	e.id_len = strlen(id);
	OK(store_begin_write(m->st, &err));
	OK(store_events_add(m->st, &e, 1, &err));
	add_rollup(m->st,
		   (struct rollup) { .account = m->f.account,
				     .category = m->f.category,
				     .series = m->f.dimensioned,
				     .slot = at },
		   1);
	OK(store_commit(m->st, &err));
}

/* Adds 100 events while the ledger is rebuilt. */
static void *write_meanwhile(void *arg)
{
	for (int i = 0; i < 100; i++)
		add_meanwhile(arg);
	return NULL;
}

START_TEST(rebuild_and_writers_at_once)
{
	struct verify_calls calls = { 0 };
	struct store *st = NULL, *writer = NULL;
	struct meanwhile m = {
		.f = { .account = 1, .category = 1, .source = 1, .plain = 1, .dimensioned = 2 }
	};
	GThread *thread;
	int64_t events;
	size_t n;

	write_sound_ledger();
	OK(store_open(ledger_place(path), 0, 30000, &st, &err));
	OK(store_open(ledger_place(path), STORE_WRITE, 30000, &writer, &err));
	OK(store_open(ledger_place(path), STORE_WRITE, 30000, &m.st, &err));
	thread = g_thread_new("writer", write_meanwhile, &m);
	for (int i = 0; i < 5; i++) {
		OK(db_exec(writer->db,
			   test_database()
				   ? "DELETE FROM total_day; UPDATE part_month SET price = 0"
				   : "DELETE FROM posting",
			   &err));
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
	}
	g_thread_join(thread);
	OK(store_rebuild(st, writer, &calls, &n, &events, &err));
	ck_assert_int_eq(events, 108);
	store_close(&st);
	store_close(&writer);
	store_close(&m.st);
	verify(0);
}
END_TEST

/* PostgreSQL has no postings, which SQLite packs. */
START_TEST(rebuild_keeps_what_comes_meanwhile)
{
	struct store *snapshot, *writer;
	struct verify_calls calls = { 0 };
	struct meanwhile m = {
		.f = { .account = 1, .category = 1, .source = 1, .plain = 1, .dimensioned = 2 }
	};
	struct posting *refs;
	size_t n, n_refs;

	write_sound_ledger();
	raw("DELETE FROM rollup WHERE period = 24311; DELETE FROM posting WHERE since / 3600000000 "
	    "= 20454 * 24 "
	    "- 1");
	snapshot = reopen(0);
	writer = reopen(STORE_WRITE);
	m.st = reopen(STORE_WRITE);
	OK(store_begin_read(snapshot, &err));
	OK(store_postings(snapshot, &(struct account_hour) { 1, 20454 * 24 }, &arena, &refs,
			  &n_refs, &err));
	for (int i = 0; i < 40; i++)
		add_meanwhile(&m);
	/* the hour as the snapshot has it, once again: what came since stays */
	OK(store_begin_write(writer, &err));
	OK(store_postings_replace(snapshot, writer,
				  &(struct posting_hour) { 1, 20454 * 24, refs, n_refs }, &err));
	OK(store_commit(writer, &err));
	store_end(snapshot);
	OK(store_postings(writer, &(struct account_hour) { 1, 20454 * 24 }, &arena, &refs, &n,
			  &err));
	ck_assert_uint_eq(n, n_refs + 40);
	OK(store_rebuild(snapshot, writer, &calls, &n, &(int64_t) { 0 }, &err));
	ck_assert_uint_eq(n, 4);
	store_close(&snapshot);
	store_close(&writer);
	store_close(&m.st);
	verify(0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify");
	TCase *tc = tcase_create("verify");
	int tamperings = test_database() ? ARRAY_SIZE(pgsql_tamperings)
					 : ARRAY_SIZE(sqlite_tamperings);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sound_ledger_verifies);
	tcase_add_test(tc, empty_ledger_verifies);
	tcase_add_loop_test(tc, verify_finds_tampering, 0, tamperings);
	tcase_add_loop_test(tc, a_family_is_verified_alone, 0, tamperings);
	tcase_add_loop_test(tc, rebuild_puts_right_what_verify_finds, 0, tamperings);
	tcase_add_test(tc, verify_says_what_differs);
	tcase_add_test(tc, verify_names_at_most_the_limit_but_counts_all);
	tcase_add_test(tc, verify_refuses_events_without_a_series);
	tcase_add_test(tc, rebuild_and_writers_at_once);
	if (on_sqlite("postings are packed in hours"))
		tcase_add_test(tc, rebuild_keeps_what_comes_meanwhile);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
