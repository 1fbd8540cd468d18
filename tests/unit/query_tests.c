/*
 * query_tests.c - the one query, against sums made the slow way, straight from
 * the events.
 */
#include "base/strbuf.h"
#include "store/series.h"
#include "usage/account_sums.h"
#include "fact_fixture.h"
#include "base/banned.h"

/* ---- the slow way ---- */

static bool counts_for(const struct fact *f, size_t category)
{
	size_t own = catalogue_find(cats, names[f->name], strlen(names[f->name]));

	return category == cats->totalprice || catalogue_within(cats, own, category);
}

static struct amounts_wide slow_totals(const struct usage_query *q, size_t category, int customer,
				       int64_t from, int64_t to)
{
	struct amounts_wide t = { 0 };

	for (int i = 0; i < EVENTS; i++) {
		const struct fact *f = &facts[i];
		bool mine = false, unpriced = false;

		for (size_t a = 0; a < q->n_accounts; a++) {
			if (account_ids[f->account] != q->accounts[a])
				continue;
			mine = true;
			unpriced = q->unpriced && q->unpriced[a];
		}
		if (!mine || f->sec < from || f->sec >= to || !counts_for(f, category) ||
		    (customer >= 0 && f->customer != customer))
			continue;
		if (!unpriced)
			t.price += f->price;
		if (category == cats->totalprice)
			continue;
		t.count += f->count;
		t.usage += f->usage;
		if (strcmp(names[f->name], "sim-data") == 0)
			t.upload += f->usage / 2;
	}
	return t;
}

/*
 * The local date or hour of the clock that SEC falls on, as a number; it
 * differs for each bucket.
 */
static int64_t period_of(const struct usage_query *q, int64_t sec)
{
	struct date d = zone_date(q->zone, sec);

	switch (q->period) {
	/*
	 * an hour that the clock shows twice is two, and one in which it is
	 * changed too
	 */
	case PERIOD_HOUR:
		return floor_div(sec + zone_offset(q->zone, sec), 3600) * SEC_PER_DAY +
		       zone_offset(q->zone, sec);
	case PERIOD_DAY:
		return date_to_days(d);
	case PERIOD_MONTH:
		return d.year * 12 + d.month;
	case PERIOD_YEAR:
		return d.year;
	default:
		return 0;
	}
}

/* ---- the tests ---- */

/*
 * Every row is right, borders fit without gap or overlap, and all rows together
 * hold everything in the range.
 */
static void check_query(const struct usage_query *q)
{
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	struct amounts_wide want, sum = { 0 };
	int64_t before = INT64_MAX;
	size_t whole = q->category == CATALOGUE_NONE ? cats->totalprice : q->category;
	int rc;

	must(usage_open(st, cats, q, (struct usage_position) { 0 }, &cur, &err), &err);
	while ((rc = usage_next(cur, &row, &err)) > 0) {
		int customer = -1;
		size_t category = row.category == CATALOGUE_NONE ? q->category : row.category;

		for (int i = 0; row.member_text && i < CUSTOMERS; i++)
			if (strcmp(row.member_text, customers[i]) == 0)
				customer = i;
		ck_assert_int_lt(row.from, row.to);
		ck_assert_int_le(row.from, before);
		before = row.from;
		ck_assert_int_eq(period_of(q, row.from), period_of(q, row.to - 1));
		ck_assert(row.from == q->from ||
			  period_of(q, row.from - 1) != period_of(q, row.from));
		ck_assert(row.to == q->to || period_of(q, row.to) != period_of(q, row.to - 1));
		want = slow_totals(q, category, customer, row.from, row.to);
		same_totals(&row.totals, &want);
		if (category == whole)
			sum.price += row.totals.price;
	}
	must(rc, &err);
	usage_close(&cur);
	if (q->group == GROUP_DIMENSION)
		return; /* what has no customer is in no row */
	want = slow_totals(q, whole, -1, q->from, q->to);
	ck_assert_int_eq((int64_t)sum.price, (int64_t)want.price);
}

START_TEST(random_queries_equal_sums_made_straight_from_the_events)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct usage_query q = any_query();
		bool unpriced[ACCOUNTS] = { false };

		check_query(&q);
		if (i % 4 || q.group == GROUP_DIMENSION)
			continue;
		for (size_t a = 0; a < q.n_accounts; a++)
			unpriced[a] = pick(2);
		q.unpriced = unpriced;
		check_query(&q);
	}
}
END_TEST

/* The totals of sms between FROM and TO, in the main account. */
static int64_t sms_counted(int64_t from, int64_t to, bool running)
{
	struct usage_query q = { .accounts = account_ids,
				 .n_accounts = 1,
				 .zone = zone_find(NULL),
				 .from = from,
				 .to = to,
				 .running = running,
				 .group = GROUP_NONE,
				 .zeros = true,
				 .category = catalogue_find(cats, "sms", 3) };
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	int64_t count;

	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	count = (int64_t)row.totals.count;
	usage_close(&cur);
	return count;
}

START_TEST(ranges_that_meet_inside_a_quarter_hour_count_each_event_once)
{
	struct usage_query q = { .accounts = account_ids, .n_accounts = 1 };
	int64_t sms = 0;

	for (int i = 0; i < EVENTS && sms < 100; i++) {
		int64_t at = facts[i].sec, whole = sms_counted(at - 5000, at + 5000, false);
		struct amounts_wide want;

		if (facts[i].account != 0 || strcmp(names[facts[i].name], "sms") != 0)
			continue;
		sms++;
		want = slow_totals(&q, catalogue_find(cats, "sms", 3), -1, at - 5000, at + 5000);
		ck_assert_int_eq(whole, (int64_t)want.count);
		ck_assert_int_eq(sms_counted(at - 5000, at, false) +
					 sms_counted(at, at + 5000, false),
				 whole);
		ck_assert_int_eq(sms_counted(at, at + 1, false), facts[i].count);
	}
	ck_assert_int_eq(sms, 100);
}
END_TEST

START_TEST(a_running_quarter_hour_counts_whole)
{
	for (int i = 0; i < EVENTS; i++) {
		int64_t at = facts[i].sec, start = floor_div(at, SLOT_SEC) * SLOT_SEC;

		if (facts[i].account != 0 || strcmp(names[facts[i].name], "sms") != 0)
			continue;
		ck_assert_int_eq(sms_counted(start - 3600, at, true),
				 sms_counted(start - 3600, start + SLOT_SEC, false));
		ck_assert_int_eq(sms_counted(start - 3600, start, true),
				 sms_counted(start - 3600, start + SLOT_SEC, false));
	}
}
END_TEST

START_TEST(a_dimension_filter_counts_only_what_has_its_value)
{
	struct usage_query q = { .accounts = account_ids,
				 .n_accounts = 1,
				 .zone = zone_find(NULL),
				 .from = 1609459200,
				 .to = 1690000200,
				 .group = GROUP_NONE,
				 .zeros = true };
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	struct amounts_wide want;

	q.category = catalogue_find(cats, "sms", 3);
	must(store_dimension_find(
		     st, &(struct dimension_value) { account_ids[0], DIM_CUSTOMER, "ben", 3 },
		     &q.dim[DIM_CUSTOMER], &err),
	     &err);
	ck_assert_int_gt(q.dim[DIM_CUSTOMER], 0);
	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	want = slow_totals(&q, q.category, 1, q.from, q.to);
	ck_assert_int_gt((int64_t)want.count, 0);
	same_totals(&row.totals, &want);
	usage_close(&cur);

	q.dim[DIM_CUSTOMER] = -1;
	must(usage_open(st, cats, &q, (struct usage_position) { 0 }, &cur, &err), &err);
	ck_assert_int_eq(usage_next(cur, &row, &err), 1);
	ck_assert_int_eq((int64_t)row.totals.count, 0);
	ck_assert_int_eq(usage_next(cur, &row, &err), 0);
	usage_close(&cur);
}
END_TEST

/* ---- many accounts at once ---- */

/* The query for one of the accounts, as usage_query. */
static struct usage_query one_of(const struct account_sums_query *q, size_t account)
{
	struct usage_query one = { .accounts = &q->accounts[account],
				   .n_accounts = 1,
				   .zone = zone_find(NULL),
				   .period = PERIOD_ALL,
				   .from = q->from,
				   .to = q->to,
				   .category = q->category,
				   .group = q->group,
				   .dimension = q->dimension };
	struct error err = { 0 };
	int rc = 1;

	if (q->value)
		rc = store_dimension_find(st,
					  &(struct dimension_value) { *one.accounts, q->dimension,
								      q->value, strlen(q->value) },
					  &one.dim[q->dimension], &err);
	must(rc, &err);
	if (rc == 0)
		one.dim[q->dimension] = -1;
	return one;
}

/* Compares the sums of an account with those of a query for it alone. */
static void same_rows(const struct account_sums_query *q, const struct account_sums *sums,
		      size_t account)
{
	struct usage_query one = one_of(q, account);
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	size_t i = sums->starts[account];
	int rc;

	must(usage_open(st, cats, &one, (struct usage_position) { 0 }, &cur, &err), &err);
	for (; (rc = usage_next(cur, &row, &err)) > 0; i++) {
		ck_assert_int_lt((int64_t)i, (int64_t)sums->starts[account + 1]);
		ck_assert_int_eq((int64_t)sums->rows[i].category, (int64_t)row.category);
		ck_assert_int_eq(sums->rows[i].member, row.member);
		ck_assert_pstr_eq(sums->rows[i].member_text, row.member_text);
		same_totals(&sums->rows[i].totals, &row.totals);
	}
	must(rc, &err);
	ck_assert_int_eq((int64_t)i, (int64_t)sums->starts[account + 1]);
	usage_close(&cur);
}

START_TEST(sums_of_many_accounts_are_those_of_each)
{
	const char *const values[] = { NULL, "anna", "nobody" };
	struct error err = { 0 };
	size_t rows = 0;

	for (int i = 0; i < 200; i++) {
		struct usage_query any = any_query();
		struct account_sums_query q = { .accounts = account_ids,
						.n_accounts = 1 + (size_t)pick(ACCOUNTS),
						.from = any.from,
						.to = any.to,
						.category = any.category,
						.group = any.group,
						.dimension = DIM_CUSTOMER };
		struct account_sums sums;

		if (q.group == GROUP_CATEGORY)
			q.category = CATALOGUE_NONE;
		else
			q.value = values[pick(3)];
		must(account_sums_read(st, cats, &q, &arena, &sums, &err), &err);
		rows += sums.starts[q.n_accounts];
		for (size_t account = 0; account < q.n_accounts; account++)
			same_rows(&q, &sums, account);
	}
	ck_assert_int_gt((int64_t)rows, 1000);
}
END_TEST

/*
 * Reads N rows from *AT and moves it to the last of them; returns how many
 * there were, and their texts.
 */
static size_t read_page(const struct usage_query *q, struct usage_position *at, size_t n,
			struct strbuf *out)
{
	struct usage_cursor *cur = NULL;
	struct error err = { 0 };
	struct usage_row row;
	size_t got = 0;

	must(usage_open(st, cats, q, *at, &cur, &err), &err);
	while (got < n && usage_next(cur, &row, &err) > 0) {
		strbuf_addf(out, "%lld %zu %s %lld\n", (long long)row.from, row.category,
			    row.member_text ? row.member_text : "", (long long)row.totals.price);
		at->bucket = row.at.bucket;
		at->after = arena_str(&arena, row.at.after);
		got++;
	}
	usage_close(&cur);
	return got;
}

START_TEST(pages_joined_are_the_whole_and_each_leads_back_to_the_one_before)
{
	for (int i = 0; i < 60; i++) {
		struct usage_query q = any_query();
		struct usage_position at = { 0 }, starts[2000], back;
		struct strbuf whole, paged;
		struct error err = { 0 };
		size_t size = 1 + (size_t)pick(40), pages = 0;

		strbuf_init(&whole, 1 << 26);
		strbuf_init(&paged, 1 << 26);
		read_page(&q, &at, 1000, &whole);
		at = (struct usage_position) { 0 };
		for (size_t left = 1000; left > 0; pages++) {
			size_t n = left < size ? left : size;

			starts[pages] = at;
			if (read_page(&q, &at, n, &paged) < n)
				break;
			left -= n;
		}
		ck_assert(strcmp(whole.text, paged.text) == 0);
		for (size_t p = 1; p < pages; p++) {
			struct strbuf a, b;

			back = starts[p];
			must(usage_back(st, cats, &q, size, &arena, &back, &err), &err);
			/*
			 * the first page begins at the beginning, though what
			 * comes first there has no usage
			 */
			ck_assert(p > 1 || (back.bucket == 0 && !back.after));
			strbuf_init(&a, 1 << 20);
			strbuf_init(&b, 1 << 20);
			at = starts[p - 1];
			read_page(&q, &at, size, &a);
			read_page(&q, &back, size, &b);
			ck_assert(strcmp(a.text, b.text) == 0);
			strbuf_release(&a);
			strbuf_release(&b);
		}
		strbuf_release(&whole);
		strbuf_release(&paged);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query");
	TCase *tc = tcase_create("query");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, random_queries_equal_sums_made_straight_from_the_events);
	tcase_add_test(tc, ranges_that_meet_inside_a_quarter_hour_count_each_event_once);
	tcase_add_test(tc, a_running_quarter_hour_counts_whole);
	tcase_add_test(tc, a_dimension_filter_counts_only_what_has_its_value);
	tcase_add_test(tc, sums_of_many_accounts_are_those_of_each);
	tcase_add_test(tc, pages_joined_are_the_whole_and_each_leads_back_to_the_one_before);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
