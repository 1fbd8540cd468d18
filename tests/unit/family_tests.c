/*
 * family_tests.c - the sums of a main account with all of its subaccounts: the
 * same however many these are, and whenever they came; and what of them can be
 * lost and made anew. The model is the sum of each account by itself.
 */
#include <check.h>
#include <inttypes.h>
#include "base/civil.h"
#include "model/slot.h"
#include "store/family.h"
#include "store/schema.h"
#include "store/sums.h"
#include "store/upgrade.h"
#include "store/verify.h"
#include "store_fixture.h"
#include "usage/report.h"
#include "base/banned.h"

enum { SUBS_MAX = 40, CATEGORIES = 2, DAYS = 75, DAY_FIRST = 20454 /* 2026-01-01 */ };

static struct {
	struct store *st;
	int64_t accounts[SUBS_MAX + 1]; /* the main account first */
	int64_t series[SUBS_MAX + 1][CATEGORIES];
	int64_t categories[CATEGORIES];
	int n; /* accounts */
	int64_t source;
	int events;
} family;

static uint64_t seed;

static int64_t any(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

/* ---- writing ---- */

static void add_member(void)
{
	/* one is older than the main account */
	struct account a = { .name = "",
			     .currency = "usd",
			     .created = 1700000000 - (family.n == 2) };
	char name[16];

	snprintf(name, sizeof(name), "member %d", family.n);
	a.name = name;
	a.parent = family.n ? family.accounts[0] : 0;
	snprintf(a.sid, sizeof(a.sid), "AC%032d", family.n + 1);
	OK(store_account_add(family.st, &a, &err));
	family.accounts[family.n] = a.id;
	OK(store_begin_write(family.st, &err));
	for (int i = 0; i < CATEGORIES; i++) {
		struct series s = { .account = a.id, .category = family.categories[i] };

		OK(intern_one_series(family.st, &s, &family.series[family.n][i], &err));
	}
	OK(store_commit(family.st, &err));
	family.n++;
}

static void start_family(void)
{
	memset(&family, 0, sizeof(family));
	seed = 7;
	family.st = create(path);
	family.categories[0] = add_category(family.st, "calls", 0);
	family.categories[1] = add_category(family.st, "sms", 0);
	add_member();
	OK(store_begin_write(family.st, &err));
	OK(intern_one_source(family.st, family.accounts[0], "/pbx", 4, &family.source, &err));
	OK(store_commit(family.st, &err));
}

/* An event of the member, in a write. */
static void add_event_of(int member, int64_t slot, const struct amounts *amounts)
{
	char id[16];
	int category = (int)any(CATEGORIES);
	struct stored_event e = { .account = family.accounts[member],
				  .family = family.accounts[0],
				  .source = family.source,
				  .id = id,
				  .series = family.series[member][category],
				  .time_us = slot * SLOT_SEC * USEC_PER_SEC,
				  .amounts = *amounts };
	struct rollup r = { .family = family.accounts[0],
			    .account = family.accounts[member],
			    .category = family.categories[category],
			    .slot = slot,
			    .amounts = *amounts };

	snprintf(id, sizeof(id), "call-%d", family.events++);
	e.id_len = strlen(id);
	OK(store_events_add(family.st, &e, 1, &err));
	OK(store_rollups_add(family.st, &r, 1, &err));
}

static void add_events(int n)
{
	OK(store_begin_write(family.st, &err));
	for (int i = 0; i < n; i++)
		add_event_of((int)any(family.n),
			     (DAY_FIRST + any(DAYS)) * SLOTS_PER_DAY + any(SLOTS_PER_DAY),
			     &(struct amounts) { .n = { any(3), any(1000000), any(1000), 0 } });
	OK(store_commit(family.st, &err));
}

/* ---- reading ---- */

static int add_row(void *arg, const struct sums_row *row, struct error *e)
{
	struct amounts_wide *sums = arg;

	(void)e;
	amounts_wide_add(&sums[row->span], row->amounts, 1);
	return 0;
}

static bool same(const struct amounts_wide *a, const struct amounts_wide *b)
{
	struct amounts_wide difference = *a;

	amounts_wide_add(&difference, b, -1);
	return amounts_wide_zero(&difference);
}

static void check_spans(const struct slot_span *spans, size_t n, const int64_t *category)
{
	struct sums_account list[SUBS_MAX + 1] = { 0 };
	struct amounts_wide each[2] = { 0 }, together[2] = { 0 };
	struct sums_query q = { .accounts = list,
				.n_accounts = (size_t)family.n,
				.categories = category,
				.n_categories = category != NULL,
				.spans = spans,
				.n_spans = n,
				.any_account = true };

	for (int i = 0; i < family.n; i++)
		list[i].id = family.accounts[i];
	OK(store_sums(family.st, &q, add_row, each, &err));
	q.n_accounts = 1;
	list[0].family = true;
	OK(store_sums(family.st, &q, add_row, together, &err));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(same(&each[i], &together[i]),
			      "%d accounts, %" PRId64 " to %" PRId64
			      ": a count of %lld, and of %lld",
			      family.n, spans[i].from, spans[i].to, (long long)each[i].count,
			      (long long)together[i].count);
}

/* Sums of any spans, and the first and last day. */
static void check_family(void)
{
	int64_t begin = (int64_t)DAY_FIRST * SLOTS_PER_DAY, day = 0, want = 0;

	OK(store_begin_read(family.st, &err));
	for (int i = 0; i < 30; i++) {
		int64_t a = begin + any(DAYS * SLOTS_PER_DAY), b = a + 1 + any(40) * any(96);
		const struct slot_span spans[2] = { { begin, a }, { a, b } };

		check_spans(spans, 2, any(2) ? &family.categories[any(CATEGORIES)] : NULL);
	}
	for (int last = 0; last < 2; last++) {
		int found = store_usage_day(family.st, family.accounts, (size_t)family.n, last,
					    &want, &err);

		ck_assert_int_eq(store_family_day(family.st, family.accounts[0], last, &day, &err),
				 found);
		ck_assert_int_eq(day, want);
	}
	store_end(family.st);
}

static void pass_fault(void *arg, const char *words)
{
	(void)arg, (void)words;
}

static void pass_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	(void)arg, (void)want, (void)have;
}

static const struct verify_calls calls = { .limit = 10,
					   .difference = pass_difference,
					   .fault = pass_fault };

/* Verifies the whole ledger. */
static size_t differences(void)
{
	size_t n;
	int64_t events;

	OK(store_verify(family.st, NULL, &calls, &n, &events, &err));
	ck_assert_int_eq(events, family.events);
	return n;
}

/* Verifies the family of this main account. */
static size_t family_differences(int64_t root)
{
	const struct verify_families only = { &root, 1 };
	int64_t events;
	size_t n;

	OK(store_verify(family.st, &only, &calls, &n, &events, &err));
	return n;
}

/* ---- tests ---- */

/* With so many subaccounts, sums are and are not kept. */
static const int numbers[] = { 0, 1, 15, 16, 17, SUBS_MAX };

START_TEST(a_family_has_the_sums_of_its_accounts_whenever_they_came)
{
	start_family();
	check_family();
	for (int i = 0; i < numbers[_i]; i++) {
		add_events(i % 5 ? 3 : 150);
		add_member();
		if (i % 5 == 0 || family.n > numbers[_i] - 2)
			check_family();
	}
	/* months become large */
	for (int i = 0; i < 4; i++) {
		add_events(600);
		check_family();
	}
	ck_assert_uint_eq(differences(), 0);
	ck_assert_uint_eq(family_differences(family.accounts[0]), 0);
	store_close(&family.st);
}
END_TEST

/* The usage of the accounts by category, FROM and TO in seconds. */
static struct amounts_wide report_all(const struct account *list, size_t n, int64_t from,
				      int64_t to)
{
	struct report_query q = { .accounts = list,
				  .n_accounts = n,
				  .zone = zone_find("UTC"),
				  .from = from,
				  .to = to,
				  .period = PERIOD_ALL,
				  .category = CATALOGUE_NONE,
				  .by = GROUP_CATEGORY };
	const struct catalogue *c;
	struct report r;

	OK(catalogue_load(family.st, &arena, &c, &err));
	OK(report_load(family.st, c, &q, &arena, &r, &err));
	return r.all;
}

/* The accounts that a report is about, of a family of 20. */
static const struct {
	int first, n;
} parts_of_family[] = { { 0, 21 }, { 0, 20 }, { 1, 20 }, { 0, 1 } };

START_TEST(a_report_of_a_family_has_the_sums_of_its_accounts)
{
	const int64_t begin = (int64_t)DAY_FIRST * SEC_PER_DAY;
	size_t n = (size_t)parts_of_family[_i].n;
	struct account list[21];

	start_family();
	for (int i = 0; i < 20; i++)
		add_member();
	add_events(900);
	OK(store_begin_read(family.st, &err));
	for (size_t i = 0; i < n; i++)
		OK(store_account_by_id(family.st,
				       family.accounts[parts_of_family[_i].first + (int)i], &arena,
				       &list[i], &err));
	for (int i = 0; i < 20; i++) {
		/* they mostly begin and end inside a quarter hour */
		int64_t from = begin + any(DAYS * SEC_PER_DAY),
			to = from + 1 + any(40 * SEC_PER_DAY);
		struct amounts_wide want = { 0 }, have = report_all(list, n, from, to);

		for (size_t k = 0; k < n; k++) {
			struct amounts_wide one = report_all(&list[k], 1, from, to);

			amounts_wide_add(&want, &one, 1);
		}
		ck_assert_msg(same(&want, &have),
			      "%" PRId64 " to %" PRId64 ": a count of %lld, not %lld", from, to,
			      (long long)have.count, (long long)want.count);
	}
	store_end(family.st);
	store_close(&family.st);
}
END_TEST

START_TEST(what_is_known_of_a_family_follows_its_accounts)
{
	struct family f;
	struct account a;

	start_family();
	OK(store_family(family.st, family.accounts[0], &f, &err));
	ck_assert_int_eq(f.n, 0);
	ck_assert(!f.several_currencies);
	ck_assert_int_eq(f.created, 1700000000);
	for (int i = 0; i < 3; i++)
		add_member();
	/* twice: read, and kept */
	for (int i = 0; i < 2; i++) {
		OK(store_begin_read(family.st, &err));
		OK(store_family(family.st, family.accounts[0], &f, &err));
		ck_assert_int_eq(f.n, 3);
		ck_assert_int_eq(f.created, 1700000000 - 1);
		ck_assert(!f.several_currencies);
		store_end(family.st);
	}
	OK(store_account_by_id(family.st, family.accounts[2], &arena, &a, &err));
	snprintf(a.currency, sizeof(a.currency), "eur");
	OK(store_account_set(family.st, &a, &err));
	OK(store_begin_read(family.st, &err));
	OK(store_family(family.st, family.accounts[0], &f, &err));
	ck_assert(f.several_currencies);
	store_end(family.st);
	store_close(&family.st);
}
END_TEST

START_TEST(the_categories_of_a_family_are_those_that_its_accounts_used)
{
	const int64_t *ids;
	size_t n;

	start_family();
	add_member();
	add_member();
	OK(store_begin_write(family.st, &err));
	OK(store_category_use(family.st, family.accounts[2], family.categories[1], &err));
	OK(store_commit(family.st, &err));
	for (int i = 0; i < 2; i++) {
		OK(store_begin_read(family.st, &err));
		OK(store_family_categories(family.st, family.accounts[0], &arena, &ids, &n, &err));
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(ids[0], family.categories[1]);
		OK(store_family_categories(family.st, family.accounts[1], &arena, &ids, &n, &err));
		ck_assert_uint_eq(n, 0);
		store_end(family.st);
	}
	OK(store_begin_write(family.st, &err));
	OK(store_category_use(family.st, family.accounts[0], family.categories[0], &err));
	OK(store_category_use(family.st, family.accounts[1], family.categories[1], &err));
	OK(store_commit(family.st, &err));
	OK(store_begin_read(family.st, &err));
	OK(store_family_categories(family.st, family.accounts[0], &arena, &ids, &n, &err));
	ck_assert_uint_eq(n, 2);
	store_end(family.st);
	store_close(&family.st);
}
END_TEST

START_TEST(a_family_may_have_more_than_an_account_can_have)
{
	int64_t slot = (int64_t)DAY_FIRST * SLOTS_PER_DAY;
	struct slot_span span = { slot, slot + SLOTS_PER_DAY };

	start_family();
	for (int i = 0; i < SUBS_MAX; i++)
		add_member();
	for (int i = 0; i < family.n; i++) {
		OK(store_begin_write(family.st, &err));
		add_event_of(i, slot + i % 3, &(struct amounts) { .price = INT64_MAX / 4 });
		OK(store_commit(family.st, &err));
	}
	OK(store_begin_read(family.st, &err));
	check_spans(&span, 1, NULL);
	store_end(family.st);
	ck_assert_uint_eq(differences(), 0);
	store_close(&family.st);
}
END_TEST

/* ---- what can be lost, in SQLite ---- */

/* A family of so many subaccounts, with small and large months. */
static void write_family(int subs)
{
	start_family();
	for (int i = 0; i < subs; i++)
		add_member();
	add_events(2500);
	OK(store_begin_write(family.st, &err));
	add_event_of(1, (DAY_FIRST + 200) * SLOTS_PER_DAY, &(struct amounts) { .count = 1 });
	OK(store_commit(family.st, &err));
}

static void rebuild(void)
{
	struct store *reader = reopen(0);
	size_t n;
	int64_t events;

	OK(store_rebuild(reader, family.st, &calls, &n, &events, &err));
	ck_assert_uint_gt(n, 0);
	store_close(&reader);
}

/* How a family's sums can be wrong: SQL, on a family of so many subaccounts. */
static const struct {
	int subs;
	const char *sql;
} losses[] = {
	{ 20, "DELETE FROM rollup WHERE account < 0" },
	{ 20, "DELETE FROM rollup WHERE account < 0 AND place = 0" },
	{ 20, "DELETE FROM rollup WHERE account < 0 AND place = 1" },
	{ 20, "DELETE FROM rollup WHERE account < 0 AND place = 3 AND period % 7 = 0" },
	{ 20, "INSERT INTO rollup SELECT place, -1, period, first, leaf FROM rollup WHERE account ="
	      " 2 ON CONFLICT DO UPDATE SET leaf = excluded.leaf" },
	/* too few subaccounts for sums */
	{ 15, "INSERT INTO rollup SELECT place, -1, period, first, leaf FROM rollup WHERE account ="
	      " 2" },
	/* of an account that is nobody's main account */
	{ 3, "INSERT INTO rollup SELECT place, -77, period, first, leaf FROM rollup WHERE account ="
	     " 2" },
	{ 20, "UPDATE rollup SET leaf = x'0203' WHERE account < 0 AND place = 3" },
	/* of a subaccount, from which the family's are made */
	{ 20, "DELETE FROM rollup WHERE account IN (2, 3)" },
	{ 20, "UPDATE rollup SET leaf = x'0203' WHERE account = 2" },
};

START_TEST(wrong_sums_of_a_family_are_found_and_made_anew)
{
	write_family(losses[_i].subs);
	ck_assert_uint_eq(differences(), 0);
	raw(losses[_i].sql);
	ck_assert_uint_gt(differences(), 0);
	rebuild();
	ck_assert_uint_eq(differences(), 0);
	check_family();
	store_close(&family.st);
}
END_TEST

START_TEST(only_the_families_that_are_asked_for_are_compared)
{
	struct account other = { .name = "other", .currency = "usd", .created = 1700000000 };

	write_family(20);
	snprintf(other.sid, sizeof(other.sid), "AC%032d", 999);
	OK(store_account_add(family.st, &other, &err));
	raw("DELETE FROM rollup WHERE account < 0");
	ck_assert_uint_eq(family_differences(other.id), 0);
	ck_assert_uint_gt(family_differences(family.accounts[0]), 0);
	store_close(&family.st);
}
END_TEST

START_TEST(an_upgrade_makes_the_sums_of_the_families_that_are_there)
{
	const struct store_upgrade u = { .copy = false };
	int64_t from;
	char sql[64];

	write_family(20);
	store_close(&family.st);
	raw("DELETE FROM rollup WHERE account < 0");
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", schema_n_sqlite - 2);
	raw(sql);
	OK(store_upgrade(path, TIMEOUT_MS, &u, &from, &err));
	family.st = reopen(STORE_WRITE);
	ck_assert_uint_eq(differences(), 0);
	check_family();
	store_close(&family.st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("family");
	TCase *tc = tcase_create("sums"), *lost = tcase_create("lost");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_family_has_the_sums_of_its_accounts_whenever_they_came, 0,
			    ARRAY_SIZE(numbers));
	tcase_add_loop_test(tc, a_report_of_a_family_has_the_sums_of_its_accounts, 0,
			    ARRAY_SIZE(parts_of_family));
	tcase_add_test(tc, what_is_known_of_a_family_follows_its_accounts);
	tcase_add_test(tc, the_categories_of_a_family_are_those_that_its_accounts_used);
	tcase_add_test(tc, a_family_may_have_more_than_an_account_can_have);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(lost, setup, teardown);
	tcase_set_timeout(lost, 120);
	tcase_add_loop_test(lost, wrong_sums_of_a_family_are_found_and_made_anew, 0,
			    ARRAY_SIZE(losses));
	tcase_add_test(lost, only_the_families_that_are_asked_for_are_compared);
	tcase_add_test(lost, an_upgrade_makes_the_sums_of_the_families_that_are_there);
	if (on_sqlite("sums of families, and what of them can be lost"))
		suite_add_tcase(s, lost);
	return run_suite(s);
}
