/*
 * verify_tests.c - what verify finds, and rebuild puts right.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/event.h"
#include "store/internal.h"
#include "store/posting.h"
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
	ck_assert_int_eq(raw_number("SELECT count(*) FROM rollup"), 2);
}
END_TEST

START_TEST(empty_ledger_verifies)
{
	struct store *st = create(path);

	store_close(&st);
	verify(0);
}
END_TEST

static const struct {
	const char *sql;
	size_t missing, extra, different, faults;
} tamperings[] = {
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
	{ "UPDATE event SET time_us = time_us + 900000000 * 96 WHERE id = 'call-5'", 1, 0, 1, 2 },
	{ "UPDATE event SET series = 2 WHERE id = 'call-1'", 0, 0, 2, 1 },
	{ "INSERT INTO event VALUES (1, 'more', 1, 900000000 * 96 * 20454, NULL, NULL, 1, 0, 0, 0)",
	  0, 0, 1, 1 },
	{ "INSERT INTO series_value VALUES (1, 1)", 0, 0, 0, 1 },
	{ "DELETE FROM posting", 0, 0, 0, 2 },
	{ "DELETE FROM posting WHERE hour % 24 = 0", 0, 0, 0, 1 },
	{ "INSERT INTO posting SELECT account, hour + 24, part, events FROM posting", 0, 0, 0, 2 },
	{ "INSERT INTO posting SELECT account, hour, part + 1, events FROM posting", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x'01ff' WHERE hour % 24 = 0", 0, 0, 0, 1 },
	{ "UPDATE posting SET events = x'ffffffffffffffffffff'", 0, 0, 0, 2 },
	{ "UPDATE posting SET events = x''", 0, 0, 0, 2 },
	{ "UPDATE posting SET hour = 9000000000000000000 WHERE hour % 24 = 0", 0, 0, 0, 2 },
	{ "UPDATE posting SET hour = -9000000000000000000 WHERE hour % 24 = 0", 0, 0, 0, 2 },
	{ "UPDATE posting SET account = 2", 0, 0, 0, 4 },
	{ "UPDATE event SET booked_us = time_us - 1 WHERE id = 'call-7'", 0, 0, 0, 2 },
	{ "PRAGMA foreign_keys = OFF; DELETE FROM source", 0, 0, 0, 1 },
	{ "PRAGMA foreign_keys = OFF; UPDATE event SET correction = 7 WHERE id = 'call-1'", 0, 0, 0,
	  1 },
};

START_TEST(verify_finds_tampering)
{
	struct found found;

	write_sound_ledger();
	raw(tamperings[_i].sql);
	found = verify(tamperings[_i].missing + tamperings[_i].extra + tamperings[_i].different +
		       tamperings[_i].faults);
	ck_assert_int_eq(found.faults, tamperings[_i].faults);
	ck_assert_int_eq(found.missing, tamperings[_i].missing);
	ck_assert_int_eq(found.extra, tamperings[_i].extra);
	ck_assert_int_eq(found.different, tamperings[_i].different);
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
	{ "UPDATE posting SET account = 2", 2 },
	/* events of no source are missing instead */
	{ "PRAGMA foreign_keys = OFF; DELETE FROM source", 6 },
};

static size_t all_of(const struct found *f)
{
	return f->missing + f->extra + f->different + f->faults;
}

START_TEST(a_family_is_verified_alone)
{
	const char *sql = tamperings[_i].sql;
	size_t want = tamperings[_i].missing + tamperings[_i].extra + tamperings[_i].different +
		      tamperings[_i].faults;
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
	raw(sql);
	f = verify_family(1);
	ck_assert_msg(all_of(&f) == want, "%zu instead of %zu: %s", all_of(&f), want, f.words);
	f = verify_family(2);
	ck_assert_uint_eq(all_of(&f), strstr(sql, "account = 2") ? 2 : 0);
}
END_TEST

/* What follows from the events, whatever they are, can be put right. */
START_TEST(rebuild_puts_right_what_verify_finds)
{
	struct verify_calls calls = { 0 };
	struct store *st, *writer;
	size_t n;
	int64_t events;

	write_sound_ledger();
	raw(tamperings[_i].sql);
	st = reopen(0);
	writer = reopen(STORE_WRITE);
	if (strstr(tamperings[_i].sql, "9223372036854775807")) {
		FAILS_WITH(store_rebuild(st, writer, &calls, &n, &events, &err), ERR_OVERFLOW, "");
	} else {
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		OK(store_rebuild(st, writer, &calls, &n, &events, &err));
		ck_assert_uint_eq(n, 0);
	}
	store_close(&st);
	store_close(&writer);
	/* what is wrong with the events themselves stays */
	if (!strstr(tamperings[_i].sql, "9223372036854775807"))
		verify(strstr(tamperings[_i].sql, "booked_us") ||
				       strstr(tamperings[_i].sql, "PRAGMA")
			       ? 1
			       : 0);
}
END_TEST

START_TEST(verify_says_what_differs)
{
	struct found found;

	write_sound_ledger();
	raw("UPDATE event SET usage = usage + 1 WHERE id = 'call-7'");
	found = verify(1);
	ck_assert_int_eq(found.want.level, LEVEL_QUARTER);
	ck_assert_int_eq(found.want.account, 1);
	ck_assert_int_eq(found.want.category, 1);
	ck_assert_int_eq(found.want.slot, 20454 * SLOTS_PER_DAY);
	ck_assert_int_eq(found.want.series, 0);
	ck_assert_int_eq(found.want.amounts.usage, 21);
	ck_assert_int_eq(found.have.amounts.usage, 20);
	ck_assert_int_eq(found.have.level, LEVEL_QUARTER);
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
	ck_assert_int_eq(n, 6);
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
	raw("PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 1");
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
	raw("DELETE FROM rollup WHERE period = 24311; DELETE FROM posting WHERE hour = 20454 * 24 "
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
	ck_assert_uint_eq(n, 3);
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

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sound_ledger_verifies);
	tcase_add_test(tc, empty_ledger_verifies);
	tcase_add_loop_test(tc, verify_finds_tampering, 0, ARRAY_SIZE(tamperings));
	tcase_add_loop_test(tc, a_family_is_verified_alone, 0, ARRAY_SIZE(tamperings));
	tcase_add_loop_test(tc, rebuild_puts_right_what_verify_finds, 0, ARRAY_SIZE(tamperings));
	tcase_add_test(tc, verify_says_what_differs);
	tcase_add_test(tc, verify_names_at_most_the_limit_but_counts_all);
	tcase_add_test(tc, verify_refuses_events_without_a_series);
	tcase_add_test(tc, rebuild_keeps_what_comes_meanwhile);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
