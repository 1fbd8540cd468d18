/*
 * series_tests.c - sources, dimension values, series and events.
 */
#include <check.h>
#include "store/event.h"
#include "store/event_find.h"
#include "store/internal.h"
#include "store/series.h"
#include "store/series_pack.h"
#include "store/source.h"
#include "fixture.h"
#include "intern_one.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- events and rollups ---- */

START_TEST(dimension_values_are_interned_per_account_and_dimension)
{
	struct fixture f = with_series(":memory:");
	int64_t other = add_account(f.st, 2, "second");
	const char *text;
	int64_t id;

	ck_assert_int_eq(store_dimension_find(f.st,
					      &(struct dimension_value) { f.account, DIM_CUSTOMER,
									  "cus1xx", 4 },
					      &id, &err),
			 1);
	ck_assert_int_eq(id, f.customer);
	ck_assert_int_eq(store_dimension_find(
				 f.st, &(struct dimension_value) { other, DIM_CUSTOMER, "cus1", 4 },
				 &id, &err),
			 0);
	ck_assert_int_eq(store_dimension_find(
				 f.st, &(struct dimension_value) { f.account, DIM_SIM, "cus1", 4 },
				 &id, &err),
			 0);
	OK(intern_one_value(f.st, &(struct dimension_value) { f.account, DIM_CUSTOMER, "cus1", 4 },
			    &id, &err));
	ck_assert_int_eq(id, f.customer);
	OK(intern_one_value(f.st, &(struct dimension_value) { other, DIM_CUSTOMER, "cus1", 4 }, &id,
			    &err));
	ck_assert_int_ne(id, f.customer);
	ck_assert_int_eq(store_dimension_text(f.st, 0, f.customer, &arena, &text, &err), 1);
	ck_assert_str_eq(text, "cus1");
	ck_assert_int_eq(store_dimension_text(f.st, 0, 999, &arena, &text, &err), 0);
	store_close(&f.st);
}
END_TEST

START_TEST(series_is_the_same_only_with_the_same_dimensions)
{
	struct fixture f = with_series(":memory:");
	struct series s = { .account = f.account, .category = f.category };
	int64_t id;

	ck_assert_int_ne(f.plain, f.dimensioned);
	OK(intern_one_series(f.st, &s, &id, &err));
	ck_assert_int_eq(id, f.plain);
	s.dim[DIM_SIM] = f.customer;
	OK(intern_one_series(f.st, &s, &id, &err));
	ck_assert_int_ne(id, f.plain);
	ck_assert_int_ne(id, f.dimensioned);
	s.dim[DIM_SIM] = 4711;
	if (on_sqlite("series of values that do not exist are refused"))
		FAILS_WITH(intern_one_series(f.st, &s, &id, &err), ERR_INTERNAL, "rules");
	store_close(&f.st);
}
END_TEST

START_TEST(sets_are_found_and_made_in_few_statements)
{
	struct fixture f = with_series(":memory:");
	struct dimension_intern values[200] = { 0 }, again[200];
	struct series_intern series[200] = { 0 };
	char texts[200][8];
	int64_t before;

	for (int i = 0; i < 200; i++) {
		snprintf(texts[i], sizeof(texts[i]), "v%d", i * 77 % 200);
		values[i].value = (struct dimension_value) { f.account, (enum dimension)(i % 3),
							     texts[i], strlen(texts[i]) };
	}
	OK(store_begin_write(f.st, &err));
	OK(store_dimensions_intern(f.st, values, 50, &err));
	before = store_statements(f.st);
	OK(store_dimensions_intern(f.st, values, 200, &err));
	/* in a distributed ledger, two more tell where */
	ck_assert_int_le(store_statements(f.st) - before, test_places() > 1 ? 4 : 2);
	memcpy(again, values, sizeof(again));
	for (int i = 0; i < 200; i++)
		again[i].id = 0;
	OK(store_dimensions_find(f.st, again, 200, &err));
	for (int i = 0; i < 200; i++) {
		const char *text;

		ck_assert_int_eq(again[i].id, values[i].id);
		ck_assert_int_eq(store_dimension_text(f.st, 0, values[i].id, &arena, &text, &err),
				 1);
		ck_assert_str_eq(text, texts[i]);
		series[i].series = (struct series) { .account = f.account, .category = f.category };
		series[i].series.dim[DIM_CUSTOMER] = values[(i * 31) % 200].id;
		series[i].series.dim[DIMENSIONS_BUILT_IN + i % 2] = values[i].id;
	}
	OK(store_series_intern(f.st, series, 100, &err));
	before = store_statements(f.st);
	OK(store_series_intern(f.st, series, 200, &err));
	ck_assert_int_le(store_statements(f.st) - before, test_places() > 1 ? 5 : 3);
	for (int i = 0; i < 200; i++) {
		struct series read;

		ck_assert_int_eq(store_series_by_id(f.st, 0, series[i].id, &read, &err), 1);
		ck_assert_int_eq(memcmp(&read, &series[i].series, sizeof(read)), 0);
		series[i].id = 0;
	}
	OK(store_series_find(f.st, series, 200, &err));
	for (int i = 0; i < 200; i++)
		ck_assert_int_ne(series[i].id, 0);
	OK(store_series_find(f.st, NULL, 0, &err));
	OK(store_commit(f.st, &err));
	store_close(&f.st);
}
END_TEST

START_TEST(packed_values_are_unpacked)
{
	int64_t dim[DIMENSIONS] = { 0 }, got[DIMENSIONS];
	unsigned char pack[SERIES_PACK_BYTES];
	size_t len;

	ck_assert_uint_eq(series_pack(dim, pack), 0);
	memset(got, 0xff, sizeof(got));
	ck_assert(series_unpack(pack, 0, got));
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++)
		ck_assert_int_eq(got[d], 0);
	dim[DIM_SIM] = 9; /* has a column */
	dim[DIMENSIONS_BUILT_IN] = 1;
	dim[DIMENSIONS_BUILT_IN + 2] = 300;
	len = series_pack(dim, pack);
	ck_assert_uint_eq(len, 6);
	ck_assert_int_eq(memcmp(pack, "\x01\x40\x01\x42\xac\x02", 6), 0);
	ck_assert(series_unpack(pack, len, got));
	ck_assert_int_eq(memcmp(got + DIMENSIONS_BUILT_IN, dim + DIMENSIONS_BUILT_IN,
				DECLARED_MAX * sizeof(*dim)),
			 0);
	for (size_t cut = 1; cut < len; cut++)
		ck_assert_int_eq(series_unpack(pack, cut, got), cut == 3);
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++)
		dim[d] = INT64_MAX - d;
	len = series_pack(dim, pack);
	ck_assert_uint_le(len, SERIES_PACK_BYTES);
	ck_assert(series_unpack(pack, len, got));
	ck_assert_int_eq(got[DIMENSIONS - 1], INT64_MAX - (DIMENSIONS - 1));
}
END_TEST

START_TEST(bytes_that_no_series_has_are_not_unpacked)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
	} bad[] = {
		{ "another version", "\x02\x40\x01", 3 },
		{ "no values", "\x01", 1 },
		{ "a built-in dimension", "\x01\x01\x01", 3 },
		{ "an unknown dimension", "\x01\x4b\x01", 3 },
		{ "a dimension twice", "\x01\x40\x01\x40\x02", 5 },
		{ "another order", "\x01\x41\x01\x40\x02", 5 },
		{ "the value 0", "\x01\x40\x00", 3 },
		{ "a long form", "\x01\x40\x81\x00", 4 },
		{ "64 bits", "\x01\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },
	};
	int64_t dim[DIMENSIONS];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ROW("%s", bad[i].name);
		ck_assert(!series_unpack((const unsigned char *)bad[i].bytes, bad[i].len, dim));
	}
}
END_TEST

START_TEST(series_is_the_same_only_with_the_same_declared_dimensions)
{
	struct fixture f = with_series(path);
	struct series s = { .account = f.account, .category = f.category }, read;
	int64_t first, second, id;

	s.dim[DIMENSIONS_BUILT_IN] = 7;
	OK(intern_one_series(f.st, &s, &first, &err));
	s.dim[DIMENSIONS_BUILT_IN + 1] = 8;
	OK(intern_one_series(f.st, &s, &second, &err));
	ck_assert_int_ne(first, second);
	ck_assert_int_ne(first, f.plain);
	OK(intern_one_series(f.st, &s, &id, &err));
	ck_assert_int_eq(id, second);
	ck_assert_int_eq(store_series_by_id(f.st, 0, second, &read, &err), 1);
	ck_assert_int_eq(memcmp(&read, &s, sizeof(s)), 0);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM series_value WHERE value = 7"), 2);
	store_close(&f.st);
}
END_TEST

START_TEST(event_that_differs_in_anything_is_a_conflict)
{
	struct fixture f = with_series(":memory:");
	struct stored_event e = { .account = f.account,
				  .family = f.account,
				  .source = f.source,
				  .id = "call-1",
				  .id_len = 6,
				  .series = f.plain,
				  .time_us = 1000,
				  .amounts.n = { 1, 2, 3, 4 } };
	int64_t *const fields[] = { &e.series,        &e.time_us,       &e.amounts.count,
				    &e.amounts.usage, &e.amounts.price, &e.amounts.upload };

	OK(store_begin_write(f.st, &err));
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_CREATED);
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_DUPLICATE);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		ROW("field %zu", i);
		++*fields[i];
		OK(store_events_add(f.st, &e, 1, &err));
		ck_assert_int_eq(e.verdict, VERDICT_CONFLICT);
		--*fields[i];
	}
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_DUPLICATE);
	e.id_len = 5;
	OK(store_events_add(f.st, &e, 1, &err));
	ck_assert_int_eq(e.verdict, VERDICT_CREATED);
	OK(store_commit(f.st, &err));
	store_close(&f.st);
}
END_TEST

/* ---- many events ---- */

enum { MANY = 4000 };

/* Event I of many: some are late, some have attributes, some repeat the one before. */
static struct stored_event one_of_many(const struct fixture *f, int i)
{
	struct stored_event e = { .account = f->account,
				  .family = f->account,
				  .source = f->source,
				  .id = arena_printf(&arena, "call-%06d", i - (i % 900 == 8)),
				  .id_len = 11,
				  .series = f->plain,
				  .time_us = 1700000000000000 + i,
				  .amounts.n = { 1, i, 3, 4 } };

	e.effective_us = e.time_us + (i % 500 == 9);
	if (i % 3 == 0) {
		e.attributes = "{\"a\":\"b\"}";
		e.attributes_len = 9;
	}
	return e;
}

static bool is_stored_before(int i)
{
	return i % 7 == 3 || (i >= 1000 && i < 1500);
}

static enum verdict verdict_of_many(int i)
{
	if (i % 900 == 8)
		return VERDICT_CONFLICT;
	if (!is_stored_before(i))
		return VERDICT_CREATED;
	return i % 14 == 3 ? VERDICT_CONFLICT : VERDICT_DUPLICATE;
}

START_TEST(each_of_many_events_has_its_own_verdict)
{
	struct fixture f = with_series(path);
	struct stored_event *list = arena_array(&arena, struct stored_event, MANY);
	int64_t attributes = 0;
	size_t before = 0;

	for (int i = 0; i < MANY; i++) {
		if (!is_stored_before(i) || i % 900 == 8)
			continue;
		list[before] = one_of_many(&f, i);
		list[before++].amounts.count += i % 14 == 3;
		attributes += i % 3 == 0;
	}
	OK(store_begin_write(f.st, &err));
	OK(store_events_add(f.st, list, before, &err));
	for (size_t i = 0; i < before; i++)
		ck_assert_int_eq(list[i].verdict, VERDICT_CREATED);
	for (int i = 0; i < MANY; i++)
		list[i] = one_of_many(&f, i);
	OK(store_events_add(f.st, list, MANY, &err));
	OK(store_commit(f.st, &err));
	for (int i = 0; i < MANY; i++) {
		ROW("event %d", i);
		ck_assert_int_eq(list[i].verdict, verdict_of_many(i));
		attributes += list[i].verdict == VERDICT_CREATED && i % 3 == 0;
	}
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event"), MANY - (MANY + 899 - 8) / 900);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event_attributes"), attributes);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM event WHERE booked_us > time_us"), 8);
	store_close(&f.st);
}
END_TEST

/* ---- postings ---- */

/* The number of events with the id "one". */
static size_t events_found(struct store *st, int64_t family, const char *source)
{
	struct event_find q = {
		.family = family, .to_us = INT64_MAX, .source = source, .id = "one", .state = -1
	};
	struct found_events found;

	OK(store_events_find(st, &q, &(struct event_slice) { .limit = 4 }, &arena, &found, &err));
	return found.n;
}

START_TEST(a_source_is_found_in_its_own_family_only)
{
	struct fixture f = with_series(path);
	struct stored_event e = { .account = f.account,
				  .family = f.account,
				  .source = f.source,
				  .id = "one",
				  .id_len = 3,
				  .series = f.plain,
				  .time_us = 5,
				  .effective_us = 5 };
	int64_t other, again;

	OK(store_begin_write(f.st, &err));
	OK(intern_one_source(f.st, f.account + 1, "/pbx/1", 6, &other, &err));
	OK(intern_one_source(f.st, f.account + 1, "/pbx/1", 6, &again, &err));
	OK(store_events_add(f.st, &e, 1, &err));
	OK(store_commit(f.st, &err));
	ck_assert_int_ne(other, f.source);
	ck_assert_int_eq(other, again);
	ck_assert_uint_eq(events_found(f.st, f.account, NULL), 1);
	ck_assert_uint_eq(events_found(f.st, 0, "/pbx/1"), 1);
	ck_assert_uint_eq(events_found(f.st, f.account + 1, NULL), 0);
	ck_assert_uint_eq(events_found(f.st, 0, "/other"), 0);
	store_close(&f.st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("series");
	TCase *tc = tcase_create("series");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, dimension_values_are_interned_per_account_and_dimension);
	tcase_add_test(tc, series_is_the_same_only_with_the_same_dimensions);
	tcase_add_test(tc, sets_are_found_and_made_in_few_statements);
	tcase_add_test(tc, packed_values_are_unpacked);
	tcase_add_test(tc, bytes_that_no_series_has_are_not_unpacked);
	tcase_add_test(tc, series_is_the_same_only_with_the_same_declared_dimensions);
	tcase_add_test(tc, event_that_differs_in_anything_is_a_conflict);
	tcase_add_test(tc, each_of_many_events_has_its_own_verdict);
	tcase_add_test(tc, a_source_is_found_in_its_own_family_only);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
