/*
 * posting_tests.c - postings of events.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/internal.h"
#include "store/posting.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/posting_sums.h"
#include "store/sqlite/posting_table.h"
#include "store/sqlite/posting_walk.h"
#include "cpu_cost.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

static uint64_t random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* An id of any length, or a UUID, with a number. */
static char *make_id(size_t i, uint64_t *state)
{
	return i % 4 ? arena_printf(&arena, "call-%08zu-%0*d", i,
				    (int)(random_number(state) % 200) + 1, 7)
		     : arena_printf(&arena, "%08zx-0000-4000-8000-%012x", i,
				    (unsigned)random_number(state));
}

/* References of N events in HOUR, at whole seconds, milliseconds or microseconds. */
static struct posting *make_posted(size_t n, int64_t hour, int64_t series, uint64_t *state)
{
	static const int64_t units[] = { 1000000, 1000, 1 };
	struct posting *list = arena_array(&arena, struct posting, n);

	for (size_t i = 0; i < n; i++) {
		char *id = make_id(i, state);
		int64_t us = (int64_t)(random_number(state) % 3600000000);

		list[i] = (struct posting) { hour * 3600000000 + us - us % units[n % 3], series,
					     (int64_t)(random_number(state) % 5) + 1, id,
					     strlen(id) };
	}
	return list;
}

static void check_postings(struct store *st, int64_t account, int64_t hour, size_t want_n,
			   const struct posting_sum *want)
{
	struct posting_sum sum = { 0 };
	struct posting *list;
	size_t n;

	OK(store_postings(st, &(struct account_hour) { account, hour }, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, want_n);
	for (size_t i = 0; i < n; i++) {
		posting_sum_add(&sum, &list[i]);
		if (i > 0) {
			const struct posting *a = &list[i - 1], *b = &list[i];

			ck_assert(a->effective_us < b->effective_us ||
				  (a->effective_us == b->effective_us &&
				   (a->source < b->source ||
				    (a->source == b->source && strcmp(a->id, b->id) < 0))));
		}
	}
	ck_assert_uint_eq(sum.hash, want->hash);
}

START_TEST(postings_of_many_commits_come_back_in_order)
{
	struct fixture f = with_series(path);
	struct posting_sum want[3] = { 0 };
	size_t counts[3] = { 0 };
	uint64_t state = 1;
	int64_t hour;

	for (int commit = 0; commit < 60; commit++) {
		size_t n = commit % 7 ? random_number(&state) % 3 + 1 : 200,
		       which = random_number(&state) % 3;
		struct posting *list = make_posted(n, 490000 + 10 * (int64_t)which, f.plain,
						   &state);

		for (size_t i = 0; i < n; i++)
			posting_sum_add(&want[which], &list[i]);
		counts[which] += n;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, list, n, &err));
		OK(store_commit(f.st, &err));
	}
	for (int64_t which = 0; which < 3; which++)
		check_postings(f.st, f.account, 490000 + 10 * which, counts[which], &want[which]);
	ck_assert_int_le(raw_number("SELECT max(length(events)) FROM posting"), 424);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting WHERE account <> 1"), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 0, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490000);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490001, false, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490019, true, &hour, &err), 1);
	ck_assert_int_eq(hour, 490010);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 490021, false, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account, 489999, true, &hour, &err), 0);
	ck_assert_int_eq(store_posting_hour(f.st, f.account + 1, 0, false, &hour, &err), 0);
	store_close(&f.st);
}
END_TEST

/* One of N instants, mostly the last. */
static int64_t choose_instant(uint64_t *state, int n)
{
	return random_number(state) % 8 ? n - 1 : (int64_t)(random_number(state) % (uint64_t)n);
}

/* One leaf ends inside an instant, and the next begins in it. */
START_TEST(postings_of_few_instants_are_all_kept)
{
	enum { COMMITS = 400 };
	const int64_t begin = 490000 * INT64_C(3600000000);
	struct fixture f = with_series(path);
	struct posting_sum want = { 0 };
	uint64_t state = (uint64_t)_i + 1;
	size_t all = 0;

	for (int commit = 0; commit < COMMITS; commit++) {
		size_t n = random_number(&state) % (commit % 5 ? 12 : 60) + 1;
		struct posting *list = arena_array(&arena, struct posting, n);

		ROW("commit %d", commit);
		for (size_t i = 0; i < n; i++) {
			char *id = make_id(all++, &state);

			list[i] = (struct posting) { begin + choose_instant(&state, 2 + _i),
						     f.plain, 1, id, strlen(id) };
			posting_sum_add(&want, &list[i]);
		}
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, list, n, &err));
		OK(store_commit(f.st, &err));
		if (commit % 10 == 9)
			check_postings(f.st, f.account, 490000, all, &want);
	}
	/* each leaf begins where the one before it ends, or later */
	ck_assert_int_eq(raw_number("SELECT count(*) FROM (SELECT since, lag(last) OVER (ORDER BY "
				    "since, part) AS before FROM posting) WHERE before > since"),
			 0);
	store_close(&f.st);
}
END_TEST

START_TEST(small_commits_share_a_leaf)
{
	struct fixture f = with_series(path);
	struct posting ref = { .series = f.plain, .source = f.source, .id_len = 6 };

	for (int i = 0; i < 50; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e%05d", i);
		ref.id = id;
		ref.effective_us = 490000 * INT64_C(3600000000) + i;
		OK(store_begin_write(f.st, &err));
		OK(store_postings_add(f.st, f.account, &ref, 1, &err));
		OK(store_commit(f.st, &err));
	}
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting"), 1);
	store_close(&f.st);
}
END_TEST

/* ---- leaves ---- */

/* Are the leaves of the account in order, within their limit, and half full or more? */
static void check_leaves(size_t n, int64_t least_percent)
{
	ck_assert_int_le(raw_number("SELECT max(length(events)) FROM posting"), 424);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM (SELECT since, last, lead(since) OVER"
				    " (ORDER BY since, part) AS next FROM posting)"
				    " WHERE since > last OR last > next"
				    " OR (since < last AND last = next)"),
			 0);
	if (n > 500)
		ck_assert_int_ge(raw_number("SELECT avg(length(events)) * 100 / 424 FROM posting"),
				 least_percent);
}

/* How the times of a test's events are chosen. */
enum spread { RISING, FALLING, ANYWHERE, FEW_INSTANTS, ONE_INSTANT };

static int64_t time_of(enum spread spread, uint64_t *state, int64_t i)
{
	const int64_t begin = 490000 * INT64_C(3600000000);

	switch (spread) {
	case RISING:
		return begin + i * 777777777;
	case FALLING:
		return begin + (100000 - i) * 777777777;
	case ANYWHERE:
		return begin + (int64_t)(random_number(state) % 3000) * 3600000000 +
		       (int64_t)(random_number(state) % 3600000000);
	case FEW_INSTANTS:
		return begin + (int64_t)(random_number(state) % 5) * 86400000000;
	case ONE_INSTANT:
		break;
	}
	return begin;
}

static const struct {
	const char *name;
	enum spread spread;
	size_t times, most; /* events at a time */
	int64_t least_percent;
} spreads[] = {
	{ "rising, one at a time", RISING, 1200, 1, 85 },
	{ "rising, many at a time", RISING, 30, 200, 85 },
	{ "falling, one at a time", FALLING, 1200, 1, 40 },
	{ "falling, many at a time", FALLING, 30, 200, 40 },
	{ "anywhere, one at a time", ANYWHERE, 1200, 1, 45 },
	{ "anywhere, many at a time", ANYWHERE, 30, 200, 45 },
	{ "few instants, one at a time", FEW_INSTANTS, 1200, 1, 45 },
	{ "few instants, many at a time", FEW_INSTANTS, 30, 200, 45 },
	{ "one instant, one at a time", ONE_INSTANT, 1200, 1, 85 },
	{ "one instant, many at a time", ONE_INSTANT, 30, 200, 85 },
};

/* The checksums of all hours, added up. */
static struct posting_sum sum_of_all(struct store *st)
{
	struct posting_reader *reader;
	const struct posting_sum *sum;
	struct posting_sum all = { .hour = INT64_MIN };

	OK(posting_reader_new(st, NULL, &reader, &err));
	for (;;) {
		OK(posting_reader_peek(reader, &sum, &err));
		if (!sum)
			break;
		ck_assert(!sum->damaged);
		ck_assert_int_gt(sum->hour, all.hour);
		all.hour = sum->hour;
		all.n += sum->n;
		all.hash += sum->hash;
		posting_reader_pass(reader);
	}
	posting_reader_free(&reader);
	return all;
}

START_TEST(leaves_hold_all_postings_whatever_their_order)
{
	struct fixture f = with_series(path);
	struct posting_sum want = { 0 }, all;
	uint64_t state = 7;
	int64_t number = 0;

	OK(store_begin_write(f.st, &err));
	for (size_t time = 0; time < spreads[_i].times; time++) {
		size_t n = random_number(&state) % spreads[_i].most + 1;
		struct posting *list = arena_array(&arena, struct posting, n);

		for (size_t i = 0; i < n; i++, number++) {
			char *id = arena_printf(&arena, "call-%08d", (int)number);

			list[i] = (struct posting) { time_of(spreads[_i].spread, &state, number),
						     f.plain, f.source, id, strlen(id) };
			posting_sum_add(&want, &list[i]);
		}
		OK(store_postings_add(f.st, f.account, list, n, &err));
	}
	OK(store_commit(f.st, &err));
	ROW("%s", spreads[_i].name);
	all = sum_of_all(f.st);
	ck_assert_int_eq(all.n, want.n);
	ck_assert(all.hash == want.hash);
	check_leaves((size_t)number, spreads[_i].least_percent);
	store_close(&f.st);
}
END_TEST

/* ---- walks ---- */

enum {
	WALKED = 7,
	STEP_MAX = 20000, /* the most postings of a step, if there are few accounts */
	CROWD = 20000,
	CROWD_TIMES = 4
};

/* The postings of a walk's test, by account. */
struct walked {
	struct posting *list;
	size_t n;
};

/* Accounts with few or many postings, some at the same instants. */
static void add_walked(struct store *st, struct walked all[static WALKED], uint64_t *state)
{
	OK(store_begin_write(st, &err));
	for (int64_t i = 0; i < WALKED; i++) {
		struct walked *w = &all[i];

		w->n = i * i * i * 3;
		w->list = arena_array(&arena, struct posting, w->n);
		for (size_t k = 0; k < w->n; k++)
			w->list[k] = (struct posting) {
				490000 * HOUR_US + (int64_t)(random_number(state) % 2000) * 77777,
				(int64_t)k + 1, 1, arena_printf(&arena, "id-%zu", k), 0
			};
		for (size_t k = 0; k < w->n; k++)
			w->list[k].id_len = strlen(w->list[k].id);
		OK(store_postings_add(st, i + 1, w->list, w->n, &err));
	}
	OK(store_commit(st, &err));
}

/* How many postings are in the range, and their checksum. */
static struct posting_sum sum_in(const struct walked all[static WALKED],
				 const struct posting_range *range)
{
	struct posting_sum ret = { 0 };

	for (size_t i = 0; i < range->n_accounts; i++) {
		const struct walked *w = &all[range->accounts[i] - 1];

		for (size_t k = 0; k < w->n; k++)
			if (w->list[k].effective_us >= range->from_us &&
			    w->list[k].effective_us < range->to_us)
				posting_sum_add(&ret, &w->list[k]);
	}
	return ret;
}

/* Walks through the range, and checks what posting_walk.h says of steps. */
static struct posting_sum walk(struct store *st, const struct posting_range *range)
{
	int64_t beyond = range->forwards ? INT64_MIN : INT64_MAX;
	struct posting_sum ret = { 0 };
	struct posting_walk w;
	struct arena step;
	bool partial = false;
	int rc;

	arena_init(&step);
	OK(posting_walk_begin(st, range, &arena, &w, &err));
	while ((rc = posting_walk_step(&w, &step, &err)) > 0) {
		for (size_t i = 0; i < w.n; i++) {
			const struct posting *p = &w.list[i].posting;

			if (range->forwards)
				ck_assert(p->effective_us > beyond - partial);
			else
				ck_assert(p->effective_us < beyond + partial);
			if (p->effective_us >= range->from_us && p->effective_us < range->to_us)
				posting_sum_add(&ret, p);
		}
		ck_assert_uint_le(w.n, STEP_MAX);
		beyond = w.edge_us;
		partial = w.partial;
		arena_reset(&step);
	}
	ck_assert_int_eq(rc, 0);
	posting_walk_end(&w);
	arena_release(&step);
	return ret;
}

START_TEST(walks_pass_all_postings_in_stretches_of_time)
{
	static const int64_t some[] = { 2, 5, 7 }, every[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct fixture f = with_series(path);
	struct walked all[WALKED + 1] = { 0 };
	uint64_t state = 11;

	add_walked(f.st, all, &state);
	OK(store_begin_read(f.st, &err));
	for (int i = 0; i < 400; i++) {
		int64_t from = 490000 * HOUR_US + (int64_t)(random_number(&state) % 2100) * 77777 -
			       77777,
			to = from + (int64_t)(random_number(&state) % 2100) * 77777 +
			     (int64_t)(random_number(&state) % 3);
		struct posting_range range = { .accounts = i % 2 ? some : every,
					       .n_accounts = i % 2 ? 3 : 8,
					       .from_us = from,
					       .to_us = to,
					       .forwards = i % 4 < 2 };
		struct posting_sum want, have;

		ROW("%d", i);
		want = sum_in(all, &range);
		have = walk(f.st, &range);
		ck_assert_int_eq(have.n, want.n);
		ck_assert(have.hash == want.hash);
	}
	store_end(f.st);
	store_close(&f.st);
}
END_TEST

/* Adds N postings of one instant to the account, and one before and after it. */
static void add_crowd(struct store *st, int64_t account, size_t n, struct posting_sum *ret)
{
	const int64_t instant = 490000 * HOUR_US;
	struct posting *list = arena_array(&arena, struct posting, n + 2);

	*ret = (struct posting_sum) { 0 };
	for (size_t i = 0; i < n + 2; i++) {
		const char *id = arena_printf(&arena, "id-%08zu", i * 7919 % n);

		list[i] = (struct posting) { instant + (i == n) - (i == n + 1), (int64_t)i % 3 + 1,
					     1, id, strlen(id) };
		posting_sum_add(ret, &list[i]);
	}
	OK(store_begin_write(st, &err));
	OK(store_postings_add(st, account, list, n + 2, &err));
	OK(store_commit(st, &err));
}

/* The CPU time of a walk through an account, in seconds; the least of some. */
static double walk_cost(struct store *st, int64_t account, bool forwards,
			const struct posting_sum *want)
{
	struct posting_range range = {
		.accounts = &account, .n_accounts = 1, .to_us = INT64_MAX, .forwards = forwards
	};
	double least = 1e9;

	for (int i = 0; i < 3; i++) {
		double start = cpu_now(), took;
		struct posting_sum have = walk(st, &range);

		took = cpu_now() - start;
		least = took < least ? took : least;
		ck_assert_int_eq(have.n, want->n);
		ck_assert(have.hash == want->hash);
	}
	return least;
}

/* Four times the postings take some four times the work, and no larger steps. */
START_TEST(an_instant_with_many_postings_is_walked_in_bounded_steps)
{
	struct fixture f = with_series(path);
	struct posting_sum few, many;

	add_crowd(f.st, 1, CROWD, &few);
	add_crowd(f.st, 2, CROWD_TIMES * CROWD, &many);
	OK(store_begin_read(f.st, &err));
	for (int forwards = 0; forwards < 2; forwards++) {
		double cost = walk_cost(f.st, 1, forwards, &few),
		       more = walk_cost(f.st, 2, forwards, &many);

		ROW("%s", forwards ? "forwards" : "backwards");
		ck_assert_msg(more < 2.5 * CROWD_TIMES * cost, "%.1f ms, then %.1f ms", 1e3 * cost,
			      1e3 * more);
	}
	store_end(f.st);
	store_close(&f.st);
}
END_TEST

START_TEST(a_replaced_hour_leaves_its_neighbours)
{
	struct fixture f = with_series(path);
	struct posting_sum all;
	uint64_t state = 3;
	struct posting *list = make_posted(3000, 490000, f.plain, &state);

	for (size_t i = 0; i < 3000; i++)
		list[i].effective_us += (int64_t)(i % 30) * 3600000000;
	OK(store_begin_write(f.st, &err));
	OK(store_postings_add(f.st, f.account, list, 3000, &err));
	for (int64_t hour = 490000; hour < 490030; hour += 3) {
		struct posting *one = make_posted(1, hour, f.plain, &state);

		OK(store_postings_replace(
			f.st, f.st, &(struct posting_hour) { f.account, hour, one, 1 }, &err));
	}
	OK(store_commit(f.st, &err));
	all = sum_of_all(f.st);
	ck_assert_int_eq(all.n, 2000 + 10);
	check_leaves(2010, 40);
	store_close(&f.st);
}
END_TEST

START_TEST(a_damaged_leaf_stays_and_takes_nothing)
{
	struct fixture f = with_series(path);
	uint64_t state = 3;
	struct posting *list = make_posted(2, 490000, f.plain, &state);
	struct posting *found;
	size_t n;

	OK(store_begin_write(f.st, &err));
	OK(store_postings_add(f.st, f.account, list, 1, &err));
	OK(db_exec(f.st->db, "UPDATE posting SET events = x'02ff'", &err));
	for (int i = 0; i < 2; i++) {
		list[0].effective_us += i;
		OK(store_postings_add(f.st, f.account, list, 1, &err));
	}
	OK(store_commit(f.st, &err));
	ck_assert_int_eq(raw_number("SELECT count(*) FROM posting"), 2);
	FAILS_WITH(store_postings(f.st, &(struct account_hour) { f.account, 490000 }, &arena,
				  &found, &n, &err),
		   ERR_INTERNAL, "rebuild");
	store_close(&f.st);
}
END_TEST

START_TEST(damaged_postings_are_said)
{
	struct posting *list;
	struct store *st;
	size_t n;

	write_sound_ledger();
	raw("UPDATE posting SET events = CAST(substr(events, 1, 7) AS BLOB)");
	st = reopen(0);
	FAILS_WITH(store_postings(st, &(struct account_hour) { 1, 20454 * 24 }, &arena, &list, &n,
				  &err),
		   ERR_INTERNAL, "rebuild");
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("posting");
	TCase *tc = tcase_create("posting");

	if (!on_sqlite("SQLite alone has postings"))
		return EXIT_SUCCESS;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, postings_of_many_commits_come_back_in_order);
	tcase_add_loop_test(tc, postings_of_few_instants_are_all_kept, 0, 8);
	tcase_add_test(tc, small_commits_share_a_leaf);
	tcase_add_loop_test(tc, leaves_hold_all_postings_whatever_their_order, 0,
			    ARRAY_SIZE(spreads));
	tcase_add_test(tc, walks_pass_all_postings_in_stretches_of_time);
	tcase_add_test(tc, an_instant_with_many_postings_is_walked_in_bounded_steps);
	tcase_add_test(tc, a_replaced_hour_leaves_its_neighbours);
	tcase_add_test(tc, a_damaged_leaf_stays_and_takes_nothing);
	tcase_add_test(tc, damaged_postings_are_said);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
