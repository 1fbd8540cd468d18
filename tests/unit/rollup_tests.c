/*
 * rollup_tests.c - rollups and slots.
 */
#include <check.h>
#include "store/internal.h"
#include "store/rollup.h"
#include "store/series.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(slots_follow_the_calendar)
{
	ck_assert_int_eq(slot_of(LEVEL_QUARTER, 95), 95);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 95), 0);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 96), 1);
	ck_assert_int_eq(slot_of(LEVEL_DAY, -1), -1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 0), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96 - 1), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96), 1970 * 12 + 1);
	/* 2000-02-29 */
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11016 * 96 - 1), 2000 * 12 + 1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11017 * 96), 2000 * 12 + 2);
}
END_TEST

START_TEST(rollups_add_up)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .account = f.account, .category = f.category, .slot = 5 };
	struct rollup_scan scan = { .account = f.account, .from = 5, .to = 6 };
	struct rollup found;

	for (int level = 0; level < LEVELS; level++) {
		OK(store_begin_write(f.st, &err));
		r.level = scan.level = level;
		add_rollup(f.st, r, 3);
		add_rollup(f.st, r, 4);
		OK(store_commit(f.st, &err));
		OK(store_scan_begin(f.st, &scan, &err));
		ck_assert_int_eq(store_scan_next(f.st, &found, &err), 1);
		ck_assert_int_eq(found.level, level);
		ck_assert_int_eq(found.account, f.account);
		ck_assert_int_eq(found.category, f.category);
		ck_assert_int_eq(found.slot, 5);
		ck_assert_int_eq(found.series, 0);
		ck_assert_int_eq(found.amounts.count, 7);
		ck_assert_int_eq(found.amounts.usage, 70);
		ck_assert_int_eq(found.amounts.price, 700);
		ck_assert_int_eq(found.amounts.upload, 7000);
		ck_assert_int_eq(store_scan_next(f.st, &found, &err), 0);
		store_scan_end(f.st);
	}
	store_close(&f.st);
}
END_TEST

START_TEST(sum_beyond_64_bits_is_refused)
{
	struct fixture f = with_series(":memory:");
	struct rollup r = { .level = LEVEL_DAY,
			    .account = f.account,
			    .category = f.category,
			    .slot = 5,
			    .amounts = { .count = 1 } };
	struct rollup_scan scan = { .level = LEVEL_DAY, .account = f.account, .from = 5, .to = 6 };

	OK(store_begin_write(f.st, &err));
	r.amounts.price = INT64_MAX - 1;
	OK(store_rollups_add(f.st, &r, 1, &err));
	r.amounts.price = 1;
	OK(store_rollups_add(f.st, &r, 1, &err));
	FAILS_WITH(store_rollups_add(f.st, &r, 1, &err), ERR_OVERFLOW, "does not fit");
	r.amounts.price = INT64_MAX;
	FAILS_WITH(store_rollups_add(f.st, &r, 1, &err), ERR_OVERFLOW, "does not fit");
	OK(store_commit(f.st, &err));
	OK(store_scan_begin(f.st, &scan, &err));
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
	ck_assert_int_eq(r.amounts.price, INT64_MAX);
	ck_assert_int_eq(r.amounts.count, 2);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

START_TEST(scan_yields_slots_in_order_inside_its_range)
{
	struct fixture f = with_series(":memory:");
	int64_t second = add_category(f.st, "sms", 0);
	int64_t other = add_account(f.st, 2, "second");
	struct rollup_scan scan = {
		.level = LEVEL_QUARTER, .account = f.account, .from = 2, .to = 5
	};
	struct rollup r;
	static const int64_t want[][2] = { { 2, 0 }, { 2, 1 }, { 3, 0 },
					   { 3, 1 }, { 4, 0 }, { 4, 1 } };

	OK(store_begin_write(f.st, &err));
	for (int64_t slot = 6; slot >= 0; slot--) {
		r = (struct rollup) { .level = LEVEL_QUARTER,
				      .account = f.account,
				      .slot = slot,
				      .category = second };
		add_rollup(f.st, r, 1);
		r.category = f.category;
		add_rollup(f.st, r, 1);
		r.account = other;
		add_rollup(f.st, r, 1);
	}
	OK(store_commit(f.st, &err));
	OK(store_scan_begin(f.st, &scan, &err));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		ROW("slot %lld", (long long)want[i][0]);
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, want[i][0]);
		ck_assert_int_eq(r.category, want[i][1] ? second : f.category);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	scan.category = second;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int64_t slot = 2; slot < 5; slot++) {
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, slot);
		ck_assert_int_eq(r.category, second);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

/* A short range, and one with more slots than are looked up one by one. */
static const int64_t scan_ends[] = { 9, 100000 };

START_TEST(scan_by_series_keeps_to_the_dimension_asked_for)
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	struct rollup_scan scan = { .level = LEVEL_DAY,
				    .account = f.account,
				    .category = f.category,
				    .from = 0,
				    .to = scan_ends[_i],
				    .by_series = true };
	struct rollup r = { .level = LEVEL_DAY, .account = f.account, .category = f.category };
	int64_t sim;
	int64_t both;

	OK(store_begin_write(f.st, &err));
	OK(store_dimension_intern(f.st, &(struct dimension_value) { f.account, DIM_SIM, "HS1", 3 },
				  &sim, &err));
	s.dim[DIM_CUSTOMER] = f.customer;
	s.dim[DIM_SIM] = sim;
	OK(store_series_intern(f.st, &s, &both, &err));
	for (r.slot = 1; r.slot < 3; r.slot++) {
		r.series = f.dimensioned;
		add_rollup(f.st, r, 1);
		r.series = both;
		add_rollup(f.st, r, 2);
	}
	OK(store_commit(f.st, &err));

	scan.dim[DIM_SIM] = sim;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int64_t slot = 1; slot < 3; slot++) {
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
		ck_assert_int_eq(r.slot, slot);
		ck_assert_int_eq(r.series, both);
		ck_assert_int_eq(r.dim[DIM_SIM], sim);
		ck_assert_int_eq(r.dim[DIM_CUSTOMER], f.customer);
		ck_assert_int_eq(r.dim[DIM_FLEET], 0);
		ck_assert_int_eq(r.amounts.count, 2);
	}
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	scan.dim[DIM_SIM] = 0;
	scan.dim[DIM_CUSTOMER] = f.customer;
	OK(store_scan_begin(f.st, &scan, &err));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(store_scan_next(f.st, &r, &err), 1);
	ck_assert_int_eq(store_scan_next(f.st, &r, &err), 0);
	store_scan_end(f.st);
	store_close(&f.st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rollup");
	TCase *tc = tcase_create("rollup");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, slots_follow_the_calendar);
	tcase_add_test(tc, rollups_add_up);
	tcase_add_test(tc, sum_beyond_64_bits_is_refused);
	tcase_add_test(tc, scan_yields_slots_in_order_inside_its_range);
	tcase_add_loop_test(tc, scan_by_series_keeps_to_the_dimension_asked_for, 0,
			    ARRAY_SIZE(scan_ends));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
