/*
 * sums_tests.c - sums over slots.
 */
#include <check.h>
#include "store/account.h"
#include "store/category.h"
#include "store/rollup.h"
#include "store/internal.h"
#include "store/series.h"
#include "store/sums.h"
#include "fixture.h"
#include "intern_one.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

enum { SUMS_DAYS = 400, SUMS_SERIES = 3 };

/* What was counted, by slot. */
struct counted {
	int64_t counts[SUMS_DAYS];
	int64_t rows;
};

static int count_row(void *arg, const struct sums_row *row, struct error *e)
{
	struct counted *c = arg;

	(void)e;
	c->counts[row->span] += row->amounts->count;
	c->rows++;
	return 0;
}

/* A ledger with a count of N on each day N from 1 on, and 1 of each series. */
static struct fixture with_days(int64_t ret_series[SUMS_SERIES])
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	struct rollup r = { .account = f.account, .category = f.category };

	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < SUMS_SERIES; i++) {
		OK(intern_one_value(f.st,
				    &(struct dimension_value) { f.account, DIM_SIM, &"abc"[i], 1 },
				    &s.dim[DIM_SIM], &err));
		OK(intern_one_series(f.st, &s, &ret_series[i], &err));
	}
	for (int64_t day = 1; day < SUMS_DAYS; day++) {
		r.slot = day * 96 + 40;
		r.series = 0;
		add_rollup(f.st, r, day);
		for (int i = 0; i < SUMS_SERIES; i++) {
			r.series = ret_series[i];
			add_rollup(f.st, r, 1);
		}
	}
	OK(store_commit(f.st, &err));
	OK(store_begin_read(f.st, &err));
	return f;
}

START_TEST(sums_of_many_slots_are_those_of_each)
{
	/*
	 * days of UTC, days that begin with the last quarter hour before it,
	 * months and a bit, with a gap and nothing at the end
	 */
	static const struct {
		int64_t first, step, n;
	} rows[] = { { 96, 96, 300 },
		     { 95, 96, 300 },
		     { 96 * 31, 96 * 30 + 7, 12 },
		     { 96 * 390, 96 * 20, 300 } };
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sums_account account = { .id = f.account };
		struct slot_span slots[SUMS_DAYS];
		struct counted totals = { 0 }, parts = { 0 };
		struct sums_query q = { .accounts = &account,
					.n_accounts = 1,
					.spans = slots,
					.n_spans = (size_t)rows[i].n };

		for (int64_t k = 0; k < rows[i].n; k++)
			slots[k] = (struct slot_span) { rows[i].first + k * rows[i].step,
							rows[i].first + (k + 1) * rows[i].step -
								(k % 10 == 9) };
		OK(store_sums(f.st, &q, count_row, &totals, &err));
		q.by_series = true;
		OK(store_sums(f.st, &q, count_row, &parts, &err));
		for (int64_t k = 0; k < rows[i].n; k++) {
			int64_t want = 0, days = 0;

			for (int64_t day = 1; day < SUMS_DAYS; day++)
				if (day * 96 + 40 >= slots[k].from && day * 96 + 40 < slots[k].to) {
					want += day + SUMS_SERIES;
					days++;
				}
			ck_assert_msg(totals.counts[k] == want &&
					      parts.counts[k] == SUMS_SERIES * days,
				      "row %zu, slot %d", i, (int)k);
		}
	}
	store_close(&f.st);
}
END_TEST

enum { LEAVES_CATEGORIES = 8, LEAVES_DAYS = 3 };

/*
 * Adds a count of the category's number for each quarter hour of some days: days
 * of several leaves.
 */
static void add_leaves(struct store *st, int64_t account, int64_t ids[LEAVES_CATEGORIES])
{
	OK(store_begin_write(st, &err));
	for (int i = 0; i < LEAVES_CATEGORIES; i++) {
		struct category c = { .name = (char[]) { 'l', (char)('a' + i), '\0' },
				      .description = "",
				      .count_unit = "",
				      .usage_unit = "" };

		OK(store_category_add(st, &c, &err));
		ids[i] = c.id;
		for (int64_t slot = 0; slot < 96 * LEAVES_DAYS; slot++)
			add_rollup(st,
				   (struct rollup) {
					   .account = account, .category = c.id, .slot = slot },
				   i + 1);
	}
	OK(store_commit(st, &err));
}

START_TEST(each_category_is_found_in_days_of_several_leaves)
{
	/* days of UTC, and others */
	static const struct slot_span spans[][LEAVES_DAYS - 1] = { { { 0, 96 }, { 96, 192 } },
								   { { 5, 101 }, { 101, 197 } } };
	struct fixture f = with_series(":memory:");
	struct sums_account account = { .id = f.account };
	int64_t ids[LEAVES_CATEGORIES];

	add_leaves(f.st, f.account, ids);
	OK(store_begin_read(f.st, &err));
	for (size_t row = 0; row < ARRAY_SIZE(spans); row++)
		for (int i = 0; i < LEAVES_CATEGORIES; i++) {
			struct counted c = { 0 };

			OK(store_sums(f.st,
				      &(struct sums_query) { .accounts = &account,
							     .n_accounts = 1,
							     .categories = &ids[i],
							     .n_categories = 1,
							     .spans = spans[row],
							     .n_spans = LEAVES_DAYS - 1 },
				      count_row, &c, &err));
			for (int k = 0; k < LEAVES_DAYS - 1; k++)
				ck_assert_int_eq(c.counts[k], 96 * (i + 1));
		}
	store_close(&f.st);
}
END_TEST

START_TEST(sums_keep_to_the_values_and_categories_asked_for)
{
	int64_t series[SUMS_SERIES], categories[2] = { 0, 999 };
	struct fixture f = with_days(series);
	struct sums_account accounts[2] = { { .id = f.account }, { .id = f.account } };
	struct slot_span slots[SUMS_DAYS];
	struct sums_query q = {
		.accounts = accounts, .n_accounts = 2, .spans = slots, .by_series = true
	};

	OK(store_dimension_find(f.st, &(struct dimension_value) { f.account, DIM_SIM, "b", 1 },
				&accounts[0].dim[DIM_SIM], &err));
	accounts[1].dim[DIM_SIM] = 999;
	for (int64_t k = 0; k < SUMS_DAYS; k++)
		slots[k] = (struct slot_span) { k * 96 + 30, k * 96 + 50 };
	/* few slots, whose series are looked up; and many, which are scanned */
	for (q.n_spans = 10; q.n_spans < SUMS_DAYS; q.n_spans += 380) {
		struct counted c = { 0 };

		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, (int64_t)q.n_spans - 1);
		for (size_t k = 1; k < q.n_spans; k++)
			ck_assert_int_eq(c.counts[k], 1);
		categories[0] = f.category;
		q.categories = categories;
		q.n_categories = 2;
		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, 2 * ((int64_t)q.n_spans - 1));
		categories[0] = 998;
		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_eq(c.rows, 2 * ((int64_t)q.n_spans - 1));
		q.n_categories = 0;
	}
	store_close(&f.st);
}
END_TEST

/* The work for a question, up to MOST. */
static int64_t work_of(struct store *st, const struct sums_query *q, int64_t most)
{
	struct counted c = { 0 };
	int64_t low = 0;

	while (low + 1 < most) {
		int64_t work = low + (most - low) / 2;

		error_clear(&err);
		store_limit(st, &(struct store_limits) { .work = work });
		if (store_sums(st, q, count_row, &c, &err) == 0)
			most = work;
		else
			low = work;
	}
	error_clear(&err);
	return most;
}

START_TEST(more_sums_than_allowed_are_refused)
{
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);
	struct sums_account accounts[3] = { { .id = f.account },
					    { .id = f.account },
					    { .id = f.account } };
	struct slot_span slots[] = { { 0, 96 * 20 }, { 96 * 20, 96 * 390 + 1 } };
	struct sums_query q = { .accounts = accounts,
				.n_accounts = 3,
				.spans = slots,
				.n_spans = 2,
				.by_series = true };
	struct counted c = { 0 };

	store_limit(f.st, &(struct store_limits) { .work = 100 });
	FAILS_WITH(store_sums(f.st, &q, count_row, &c, &err), ERR_TOO_LARGE, "more than 100 sums");
	q.by_series = false;
	slots[1].to = 96 * 400;
	slots[0].to = slots[1].from = 96 * 300 + 1;
	/* each question is within the limit, but not two of them */
	error_clear(&err);
	store_limit(f.st, &(struct store_limits) { .work = work_of(f.st, &q, 10000) * 3 / 2 });
	OK(store_sums(f.st, &q, count_row, &c, &err));
	FAILS_WITH(store_sums(f.st, &q, count_row, &c, &err), ERR_TOO_LARGE, "shorter range");
	error_clear(&err);
	store_work_again(f.st);
	OK(store_sums(f.st, &q, count_row, &c, &err));
	store_end(f.st);
	OK(store_begin_read(f.st, &err));
	for (int i = 0; i < 100; i++)
		OK(store_sums(f.st, &q, count_row, &c, &err));
	store_close(&f.st);
}
END_TEST

START_TEST(months_between_two_spans_are_passed_over)
{
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);
	struct sums_account account = { .id = f.account };
	struct slot_span slots[] = { { 96, 96 * 2 }, { 96 * 390, 96 * 391 } };
	struct sums_query q = {
		.accounts = &account, .n_accounts = 1, .spans = slots, .n_spans = 2
	};

	ck_assert_int_lt(work_of(f.st, &q, 10000), 80);
	store_end(f.st);
	store_close(&f.st);
}
END_TEST

START_TEST(series_that_a_filter_finds_are_work)
{
	enum { FOUND = 300 };
	int64_t series[SUMS_SERIES], id;
	struct fixture f = with_days(series);
	struct series s = { .account = f.account, .category = f.category };
	struct sums_account account = { .id = f.account };
	struct slot_span slot = { 96 * 500, 96 * 501 };
	struct sums_query q = { .accounts = &account,
				.n_accounts = 1,
				.spans = &slot,
				.n_spans = 1,
				.by_series = true };

	store_end(f.st);
	OK(store_begin_write(f.st, &err));
	OK(intern_one_value(f.st, &(struct dimension_value) { f.account, DIM_SIM, "x", 1 },
			    &account.dim[DIM_SIM], &err));
	s.dim[DIM_SIM] = account.dim[DIM_SIM];
	for (int i = 0; i < FOUND; i++) {
		const char name[] = { (char)('a' + i / 26), (char)('a' + i % 26) };

		OK(intern_one_value(f.st,
				    &(struct dimension_value) { f.account, DIM_NETWORK, name, 2 },
				    &s.dim[DIM_NETWORK], &err));
		OK(intern_one_series(f.st, &s, &id, &err));
	}
	OK(store_commit(f.st, &err));
	OK(store_begin_read(f.st, &err));
	ck_assert_int_gt(work_of(f.st, &q, 10000), FOUND);
	store_end(f.st);
	store_close(&f.st);
}
END_TEST

/* Lets the store go on N times. */
static int go_on(void *arg, struct error *e)
{
	int *n = arg;

	return (*n)-- > 0 ? 0 : error_set(e, ERR_TIMEOUT, NULL, "nobody waits");
}

START_TEST(work_that_nobody_waits_for_is_stopped)
{
	int64_t series[SUMS_SERIES];
	struct fixture f = with_days(series);
	struct sums_account account = { .id = f.account };
	struct slot_span slots[SUMS_DAYS];
	struct sums_query q = { .accounts = &account,
				.n_accounts = 1,
				.spans = slots,
				.n_spans = SUMS_DAYS,
				.by_series = true };
	struct counted c = { 0 };
	int n = 3, rc = 0, questions = 0;

	for (int64_t k = 0; k < SUMS_DAYS; k++)
		slots[k] = (struct slot_span) { k * 96 + 30, k * 96 + 50 };
	store_limit(f.st, &(struct store_limits) { .check = go_on, .arg = &n });
	for (; questions < 1000 && rc == 0; questions++)
		rc = store_sums(f.st, &q, count_row, &c, &err);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.kind, ERR_TIMEOUT);
	ck_assert_str_eq(err.message, "nobody waits");
	ck_assert_int_lt(n, 0);
	ck_assert_int_lt(c.rows, questions * 3 * (SUMS_DAYS - 1));
	/* the snapshot ends all the same, and the next one isn't watched */
	store_end(f.st);
	error_clear(&err);
	OK(store_begin_read(f.st, &err));
	for (int i = 0; i < 100; i++)
		OK(store_sums(f.st, &q, count_row, &c, &err));
	store_close(&f.st);
}
END_TEST

enum { ASKED = 5, MONTHS = 2 };

/*
 * A ledger with large months of several accounts, each with a series of a
 * customer, and a count of EACH in every ninth quarter hour.
 */
static struct fixture with_accounts(struct sums_account accounts[ASKED], int64_t each)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .category = f.category };

	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < ASKED; i++) {
		struct account a = { .id = f.account, .currency = "usd" };
		struct series s = { .category = f.category };

		a.name = arena_printf(&arena, "other %d", i);
		snprintf(a.sid, sizeof(a.sid), "AC%032d", 100 + i);
		if (i)
			OK(store_account_add(f.st, &a, &err));
		accounts[i] = (struct sums_account) { .id = a.id };
		r.account = s.account = a.id;
		OK(intern_one_value(f.st, &(struct dimension_value) { a.id, DIM_CUSTOMER, "x", 1 },
				    &s.dim[DIM_CUSTOMER], &err));
		OK(intern_one_series(f.st, &s, &r.series, &err));
		for (r.slot = 20000 * SLOTS_PER_DAY; r.slot < 20062 * SLOTS_PER_DAY; r.slot += 9)
			add_rollup(f.st, r, each);
	}
	OK(store_commit(f.st, &err));
	return f;
}

/* How many ninth quarter hours are in the span? */
static int64_t slots_in(const struct slot_span *span)
{
	int64_t start = 20000 * SLOTS_PER_DAY;

	return (span->to - start + 8) / 9 - (span->from - start + 8) / 9;
}

/* So many events that the leaves of days are looked for, or read in a row. */
static const int64_t counts[] = { 1, 1000 };

START_TEST(sums_take_a_few_statements_however_many_accounts_and_days)
{
	struct sums_account accounts[ASKED];
	struct fixture f = with_accounts(accounts, counts[_i]);
	struct slot_span spans[MONTHS];
	struct sums_query q = { .accounts = accounts, .spans = spans };

	for (int i = 0; i < MONTHS; i++)
		spans[i] = (struct slot_span) { (20000 + 30 * i) * SLOTS_PER_DAY + 5,
						(20020 + 30 * i) * SLOTS_PER_DAY };
	for (int by_series = 0; by_series <= 1; by_series++)
		for (q.n_accounts = 1; q.n_accounts <= ASKED; q.n_accounts++)
			for (q.n_spans = 1; q.n_spans <= MONTHS; q.n_spans++) {
				int64_t before = store_statements(f.st);
				struct counted c = { 0 };

				ROW("%zu accounts, %zu spans", q.n_accounts, q.n_spans);
				q.by_series = by_series;
				OK(store_sums(f.st, &q, count_row, &c, &err));
				ck_assert_int_le(store_statements(f.st) - before,
						 1 + by_series + test_places());
				for (size_t i = 0; i < q.n_spans; i++)
					ck_assert_int_eq(c.counts[i], (int64_t)q.n_accounts *
									      counts[_i] *
									      slots_in(&spans[i]));
			}
	store_close(&f.st);
}
END_TEST

START_TEST(a_filter_takes_a_few_statements_however_many_accounts)
{
	struct sums_account accounts[3 * ASKED];
	struct fixture f = with_accounts(accounts, 1);
	struct slot_span span = { 20000 * SLOTS_PER_DAY + 5, 20020 * SLOTS_PER_DAY };
	struct sums_query q = {
		.accounts = accounts, .spans = &span, .n_spans = 1, .by_series = true
	};
	int64_t each = 0;

	for (int i = 0; i < ASKED; i++) {
		OK(store_dimension_find(
			f.st, &(struct dimension_value) { accounts[i].id, DIM_CUSTOMER, "x", 1 },
			&accounts[i].dim[DIM_CUSTOMER], &err));
		/* again, with the same value and with one that it has not */
		accounts[ASKED + i] = accounts[2 * ASKED + i] = accounts[i];
		accounts[2 * ASKED + i].dim[DIM_CUSTOMER] = 999;
	}
	for (q.n_accounts = 1; q.n_accounts <= 3 * ASKED; q.n_accounts++) {
		int64_t before = store_statements(f.st);
		struct counted c = { 0 };

		ROW("%zu accounts", q.n_accounts);
		OK(store_sums(f.st, &q, count_row, &c, &err));
		ck_assert_int_le(store_statements(f.st) - before, 3 + test_places());
		if (q.n_accounts == 1)
			each = c.counts[0];
		ck_assert_int_gt(each, 200);
		ck_assert_int_eq(c.counts[0],
				 each * (q.n_accounts < 2 * ASKED ? (int64_t)q.n_accounts
								  : 2 * ASKED));
	}
	store_close(&f.st);
}
END_TEST

START_TEST(first_day_is_that_of_the_first_usage)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .account = f.account, .category = f.category };
	int64_t day;

	ck_assert_int_eq(store_usage_day(f.st, &f.account, 1, false, &day, &err), 0);
	OK(store_begin_write(f.st, &err));
	r.slot = 20000 * SLOTS_PER_DAY;
	add_rollup(f.st, r, 1);
	r.slot = 19000 * SLOTS_PER_DAY + 95;
	add_rollup(f.st, r, 1);
	OK(store_commit(f.st, &err));
	ck_assert_int_eq(store_usage_day(f.st, &f.account, 1, false, &day, &err), 1);
	ck_assert_int_eq(day, 19000);
	store_close(&f.st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sums");
	TCase *tc = tcase_create("sums");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, sums_of_many_slots_are_those_of_each);
	tcase_add_test(tc, each_category_is_found_in_days_of_several_leaves);
	tcase_add_test(tc, sums_keep_to_the_values_and_categories_asked_for);
	tcase_add_test(tc, more_sums_than_allowed_are_refused);
	tcase_add_test(tc, months_between_two_spans_are_passed_over);
	tcase_add_test(tc, series_that_a_filter_finds_are_work);
	tcase_add_test(tc, work_that_nobody_waits_for_is_stopped);
	tcase_add_loop_test(tc, sums_take_a_few_statements_however_many_accounts_and_days, 0,
			    ARRAY_SIZE(counts));
	tcase_add_test(tc, a_filter_takes_a_few_statements_however_many_accounts);
	tcase_add_test(tc, first_day_is_that_of_the_first_usage);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
