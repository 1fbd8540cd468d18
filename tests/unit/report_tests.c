/*
 * report_tests.c - lines, buckets and cells of reports, against the events.
 */
#include "usage/report.h"
#include "fact_fixture.h"
#include "base/banned.h"

static struct account report_accounts[ACCOUNTS];

static struct report_query any_question(void)
{
	struct usage_query q = any_query();
	struct report_query r = { .zone = q.zone,
				  .period = q.period,
				  .from = q.from,
				  .to = q.to,
				  .category = q.category,
				  .by = (enum group_by)pick(4),
				  .dimension = DIM_CUSTOMER,
				  .n_accounts = 1 + (size_t)pick(ACCOUNTS) };
	struct error err = { 0 };

	for (int i = 0; i < ACCOUNTS; i++)
		must(store_account_by_id(st, account_ids[i], &arena, &report_accounts[i], &err),
		     &err);
	r.accounts = report_accounts;
	if (r.category == cats->totalprice)
		r.category = CATALOGUE_NONE;
	if (r.by != GROUP_DIMENSION)
		r.dimension = DIMENSIONS; /* it says nothing then */
	if (pick(3) == 0)
		r.dim[DIM_CUSTOMER] = customers[pick(CUSTOMERS)];
	return r;
}

/*
 * The line that a category stands in: the child of OF that it is, or is below;
 * NULL if it is OF itself.
 */
static const char *category_key(size_t category, size_t of)
{
	while (category != of && cats->parent[category] != of)
		category = cats->parent[category];
	return category == of ? "" : cats->categories[category].name;
}

static bool is_of(const struct fact *f, const struct report_query *q)
{
	size_t own = catalogue_find(cats, names[f->name], strlen(names[f->name]));

	return f->account < (int)q->n_accounts && f->sec >= q->from && f->sec < q->to &&
	       (q->category == CATALOGUE_NONE || catalogue_within(cats, own, q->category)) &&
	       (!q->dim[DIM_CUSTOMER] ||
		(f->customer >= 0 && strcmp(customers[f->customer], q->dim[DIM_CUSTOMER]) == 0));
}

/* Does the fact stand in the line? */
static bool is_in_line(const struct fact *f, const struct report_query *q,
		       const struct report_line *line)
{
	const char *customer = f->customer < 0 ? "" : customers[f->customer];

	switch (q->by) {
	case GROUP_CATEGORY:
		return strcmp(line->key, category_key(catalogue_find(cats, names[f->name],
								     strlen(names[f->name])),
						      q->category)) == 0;
	case GROUP_ACCOUNT:
		return strcmp(line->key, sids[f->account]) == 0;
	case GROUP_DIMENSION:
		return strcmp(line->key, customer) == 0 &&
		       (!line->account || line->account->id == account_ids[f->account]);
	case GROUP_NONE:
		break;
	}
	return true;
}

/*
 * The cells of the line say the same, in order, and nothing about slots without
 * usage.
 */
static void check_cells(const struct report *r, const struct report_line *line, const int64_t *want)
{
	size_t slot = 0;

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct report_cell *cell = &r->cells[i];

		ck_assert(i == 0 || cell[-1].bucket < cell->bucket ||
			  (cell[-1].bucket == cell->bucket && cell[-1].line != cell->line));
		ck_assert(!amounts_wide_zero(&cell->totals));
		if (cell->line != line)
			continue;
		for (; slot < cell->bucket; slot++)
			ck_assert_int_eq(want[slot], 0);
		ck_assert_int_eq((int64_t)cell->totals.price, want[slot++]);
	}
	for (; slot < r->n_buckets; slot++)
		ck_assert_int_eq(want[slot], 0);
}

static void check_line(const struct report_query *q, const struct report *r,
		       const struct report_line *line)
{
	int64_t *want = arena_array(&arena, int64_t, r->n_buckets);
	int64_t all = 0, count = 0, usage = 0;

	for (size_t s = 0; s < r->n_buckets; s++)
		want[s] = 0;
	for (int i = 0; i < EVENTS; i++) {
		const struct fact *f = &facts[i];
		size_t slot = 0;

		if (!is_of(f, q) || !is_in_line(f, q, line))
			continue;
		while (slot + 1 < r->n_buckets && f->sec >= r->starts[slot + 1])
			slot++;
		want[slot] += f->price;
		all += f->price;
		count += f->count;
		usage += f->usage;
	}
	ck_assert_int_eq((int64_t)line->all.price, all);
	for (size_t s = 0; s < r->n_buckets; s++)
		ck_assert_int_eq((int64_t)line->buckets[s].price, want[s]);
	check_cells(r, line, want);
	if (line->category == CATALOGUE_NONE)
		return;
	ck_assert_int_eq((int64_t)line->all.count, count);
	ck_assert_int_eq((int64_t)line->all.usage, usage);
}

START_TEST(random_reports_have_lines_that_are_right_and_add_up)
{
	for (int round = 0; round < ROUNDS / 4; round++) {
		struct report_query q = any_question();
		struct error err = { 0 };
		struct report r;
		int64_t all = 0, lines = 0;

		must(report_load(st, cats, &q, &arena, &r, &err), &err);
		must(report_load_cells(st, cats, &q, &arena, &r, &err), &err);
		must(report_load_buckets(st, cats, &q, &arena, &r, r.n_lines, &err), &err);
		for (int i = 0; i < EVENTS; i++)
			all += is_of(&facts[i], &q) ? facts[i].price : 0;
		for (size_t i = 0; i < r.n_lines; i++) {
			check_line(&q, &r, r.lines[i]);
			lines += (int64_t)r.lines[i]->all.price;
		}
		ck_assert_int_eq(lines, all);
		for (size_t s = 0; s < r.n_buckets; s++) {
			wide sum = r.buckets[s].price;

			for (size_t i = 0; i < r.n_lines; i++)
				sum -= r.lines[i]->buckets[s].price;
			ck_assert(sum == 0);
		}
		ck_assert_int_eq((int64_t)r.all.price, all);
		ck_assert_int_eq(r.starts[0], q.from);
		ck_assert_int_eq(r.starts[r.n_buckets], q.to);
	}
}
END_TEST

static const struct report_line *line_with(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->n_lines; i++)
		if (strcmp(r->lines[i]->key, key) == 0)
			return r->lines[i];
	return NULL;
}

static void same_report(const struct report *r, const struct report *want)
{
	ck_assert_uint_eq(r->n_lines, want->n_lines);
	ck_assert_uint_eq(r->n_buckets, want->n_buckets);
	same_totals(&r->all, &want->all);
	for (size_t s = 0; s < r->n_buckets; s++)
		same_totals(&r->buckets[s], &want->buckets[s]);
	for (size_t i = 0; i < r->n_lines; i++) {
		const struct report_line *line = line_with(want, r->lines[i]->key);

		ck_assert_ptr_nonnull(line);
		same_totals(&r->lines[i]->all, &line->all);
		for (size_t s = 0; s < r->n_buckets; s++)
			same_totals(&r->lines[i]->buckets[s], &line->buckets[s]);
	}
}

START_TEST(reports_that_are_read_together_are_those_read_alone)
{
	enum { PARTS = 4 };

	for (int round = 0; round < 50; round++) {
		struct report_query q[PARTS];
		struct report_part parts[PARTS];
		struct report r[PARTS], want;
		struct error err = { 0 };

		for (int i = 0; i < PARTS; i++) {
			q[i] = any_question();
			q[i].n_accounts = q[0].n_accounts;
			q[i].category = CATALOGUE_NONE;
			q[i].by = (enum group_by[]) { GROUP_CATEGORY, GROUP_ACCOUNT,
						      GROUP_NONE }[pick(3)];
			q[i].dim[DIM_CUSTOMER] = NULL;
			parts[i] = (struct report_part) { &q[i], &r[i] };
		}
		must(report_load_together(st, cats, parts, PARTS, &arena, &err), &err);
		for (int i = 0; i < PARTS; i++) {
			must(report_load(st, cats, &q[i], &arena, &want, &err), &err);
			must(report_load_buckets(st, cats, &q[i], &arena, &want, want.n_lines,
						 &err),
			     &err);
			same_report(&r[i], &want);
		}
	}
}
END_TEST

START_TEST(a_report_of_values_only_has_no_line_without_one)
{
	struct report_query q = { .accounts = report_accounts,
				  .n_accounts = ACCOUNTS,
				  .zone = zone_find(NULL),
				  .period = PERIOD_ALL,
				  .from = 1609459200,
				  .to = 1690000200,
				  .category = catalogue_find(cats, "sms", 3),
				  .by = GROUP_DIMENSION,
				  .dimension = DIM_CUSTOMER };
	struct error err = { 0 };
	struct report all, some;

	any_question(); /* reads the accounts */
	must(report_load(st, cats, &q, &arena, &all, &err), &err);
	q.values_only = true;
	must(report_load(st, cats, &q, &arena, &some, &err), &err);
	ck_assert_ptr_nonnull(line_with(&all, ""));
	ck_assert_ptr_null(line_with(&some, ""));
	ck_assert_uint_eq(some.n_lines, all.n_lines - 1);
	for (size_t i = 0; i < some.n_lines; i++)
		ck_assert_int_gt((int64_t)some.lines[i]->all.count, 0);
}
END_TEST

START_TEST(report_that_would_be_too_large_is_refused)
{
	struct report_query q = any_question();
	struct error err = { 0 };
	struct report r;

	q.period = PERIOD_HOUR;
	q.from = 0;
	q.to = 86400 * 365 * 30LL;
	ck_assert_int_eq(report_load(st, cats, &q, &arena, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
}
END_TEST

/* ---- very many lines ---- */

enum { MANY_CUSTOMERS = 10500, MANY_DAYS = 3 };

static const char *many_customer(int i)
{
	static char text[MANY_CUSTOMERS][8];

	snprintf(text[i], sizeof(text[i]), "m%05d", i);
	return text[i];
}

/*
 * Each of many customers has usage on each of some days, and there is some
 * without a customer; a sum a customer, all different.
 */
static void add_many(struct ledger *l)
{
	struct error err = { 0 };

	for (int i = 0; i < (MANY_CUSTOMERS + 1) * MANY_DAYS; i++) {
		int customer = i / MANY_DAYS;
		char id[16], time[INSTANT_TEXT], price[DECIMAL_TEXT];
		struct raw_event raw = { 0 };

		snprintf(id, sizeof(id), "m-%06d", i);
		instant_format(time, (1750000000 + (i % MANY_DAYS) * SEC_PER_DAY) * USEC_PER_SEC);
		decimal_format(price, 1000000 + customer * 7919 % MANY_CUSTOMERS, PRICE_PLACES);
		set(&raw, EV_SOURCE, "/many");
		set(&raw, EV_ID, id);
		set(&raw, EV_SUBJECT, sids[1 + customer % 2]);
		set(&raw, EV_TIME, time);
		set(&raw, EV_CATEGORY, "sms");
		set(&raw, EV_PRICE, price);
		if (customer < MANY_CUSTOMERS)
			set(&raw, EV_CUSTOMER, many_customer(customer));
		must(batch_add(&batch, &raw, clock_now_us(), 0, &err), &err);
	}
	must(batch_store(&batch, l, &err), &err);
}

static void setup_many(void)
{
	struct error err = { 0 };
	struct ledger *l;

	arena_init(&arena);
	make_ledger();
	l = ledger_new(st, &(struct ledger_options) { 0 });
	add_many(l);
	ledger_free(&l);
	must(store_begin_read(st, &err), &err);
	must(catalogue_load(st, &arena, &cats, &err), &err);
	for (int i = 0; i < ACCOUNTS; i++)
		must(store_account_by_id(st, account_ids[i], &arena, &report_accounts[i], &err),
		     &err);
	if (test_database())
		store_close(&st);
}

static struct report_query many_question(void)
{
	return (struct report_query) {
		.accounts = report_accounts,
		.n_accounts = ACCOUNTS,
		.zone = zone_find(NULL),
		.period = PERIOD_DAY,
		.category = CATALOGUE_NONE,
		.from = 1750000000 / SEC_PER_DAY * SEC_PER_DAY - 5 * SEC_PER_DAY,
		.to = 1750000000 / SEC_PER_DAY * SEC_PER_DAY + 10 * SEC_PER_DAY,
		.by = GROUP_DIMENSION,
		.dimension = DIM_CUSTOMER
	};
}

START_TEST(very_many_lines_have_sums_and_those_that_are_shown_slots)
{
	struct report_query q = many_question();
	struct error err = { 0 };
	struct report r;
	wide all = 0;

	must(report_load(st, cats, &q, &arena, &r, &err), &err);
	ck_assert_uint_eq(r.n_lines, MANY_CUSTOMERS + 1);
	for (size_t i = 0; i < r.n_lines; i++) {
		struct report_line *line = r.lines[i];
		int customer;

		all += line->all.price;
		ck_assert_int_eq((int64_t)line->all.count, MANY_DAYS);
		if (i % 100)
			continue;
		ck_assert(!line->key || !*line->key);
		must(report_names(st, &r.lines[i], 1, &arena, &err), &err);
		customer = *line->key ? (int)strtol(line->key + 1, NULL, 10) : MANY_CUSTOMERS;
		ck_assert_int_eq((int64_t)line->all.price,
				 MANY_DAYS * (1000000 + customer * 7919 % MANY_CUSTOMERS));
		if (customer < MANY_CUSTOMERS)
			ck_assert_str_eq(line->account->sid, sids[1 + customer % 2]);
	}
	ck_assert(all == r.all.price);
	must(report_load_buckets(st, cats, &q, &arena, &r, 7, &err), &err);
	for (size_t s = 0; s < r.n_buckets; s++) {
		bool used = s >= 5 && s < 5 + MANY_DAYS;

		ck_assert(r.buckets[s].price == (used ? r.all.price / MANY_DAYS : 0));
		for (size_t i = 0; i < 7; i++)
			if (r.lines[i]->member)
				ck_assert(r.lines[i]->buckets[s].price ==
					  (used ? r.lines[i]->all.price / MANY_DAYS : 0));
	}
	ck_assert_ptr_null(r.lines[7]->buckets);
}
END_TEST

START_TEST(what_is_too_much_for_a_chart_leaves_the_sums)
{
	struct report_query q = many_question();
	struct error err = { 0 };
	struct report r;

	/*
	 * sums: a row for each customer and day; slots of all: three rows; of
	 * lines: days for each
	 */
	must(report_load(st, cats, &q, &arena, &r, &err), &err);
	store_limit(st, &(struct store_limits) { .work = 60 });
	must(report_load_buckets(st, cats, &q, &arena, &r, 5, &err), &err);
	ck_assert_ptr_nonnull(r.buckets);
	ck_assert(r.buckets[5].price == r.all.price / MANY_DAYS);
	for (size_t i = 0; i < 5; i++)
		ck_assert_ptr_null(r.lines[i]->buckets);
	store_limit(st, &(struct store_limits) { .work = 5 });
	must(report_load_buckets(st, cats, &q, &arena, &r, 5, &err), &err);
	ck_assert_ptr_null(r.buckets);
	ck_assert_int_eq(report_load(st, cats, &q, &arena, &r, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	store_limit(st, &(struct store_limits) { 0 });
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report");
	TCase *tc = tcase_create("report");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, random_reports_have_lines_that_are_right_and_add_up);
	tcase_add_test(tc, reports_that_are_read_together_are_those_read_alone);
	tcase_add_test(tc, a_report_of_values_only_has_no_line_without_one);
	tcase_add_test(tc, report_that_would_be_too_large_is_refused);
	suite_add_tcase(s, tc);
	tc = tcase_create("many");
	tcase_add_unchecked_fixture(tc, setup_many, teardown);
	tcase_add_checked_fixture(tc, open_own, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, very_many_lines_have_sums_and_those_that_are_shown_slots);
	tcase_add_test(tc, what_is_too_much_for_a_chart_leaves_the_sums);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
