/*
 * ledger_sums_tests.c - rollups against sums of the events in the plainest way.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/civil.h"
#include "base/decimal.h"
#include "store/series.h"
#include "usage/catalogue.h"
#include "usage/event.h"
#include "ledger_fixture.h"
#include "rollup_sum.h"
#include "suite.h"
#include "base/banned.h"

#define REF_EVENTS 3000
#define REF_BATCH  250

static const char *const ref_accounts[] = { MAIN_SID, OTHER_SID };
static const char *const ref_categories[] = { "calls", "calls-inbound", "calls-outbound",
					      "sim-data" };
static const char *const ref_customers[] = { NULL, "cus1", "cus2", "cüs3" };

struct ref_event {
	size_t account, category, customer, country;
	int64_t sec;
	struct amounts amounts;
};

static uint64_t ref_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static struct ref_event ref_event(uint64_t *state)
{
	struct ref_event e = {
		.account = ref_random(state) % ARRAY_SIZE(ref_accounts),
		.category = ref_random(state) % ARRAY_SIZE(ref_categories),
		.customer = ref_random(state) % ARRAY_SIZE(ref_customers),
		.country = ref_random(state) % 2,
		/*
		 * A few hours around New Year, so that slots of all levels
		 * change and repeat.
		 */
		.sec = INT64_C(1767225600) - 5 * 3600 + (int64_t)(ref_random(state) % (10 * 3600)),
	};

	e.amounts.count = (int64_t)(ref_random(state) % 3);
	e.amounts.price = (int64_t)(ref_random(state) % 1000000007);
	e.amounts.usage = (int64_t)(ref_random(state) % 10000000);
	if (e.category == 3)
		e.amounts.upload = e.amounts.usage / 3;
	return e;
}

static void put_ref(struct bench *b, const struct ref_event *e, int n)
{
	struct raw_event raw = good_event();
	char id[16], when[INSTANT_TEXT], count[32], usage[DECIMAL_TEXT], price[DECIMAL_TEXT],
		up[32], down[32];

	snprintf(id, sizeof(id), "ev-%d", n * 7919 % REF_EVENTS);
	instant_format(when, e->sec * USEC_PER_SEC);
	snprintf(count, sizeof(count), "%" PRId64, e->amounts.count);
	decimal_format(usage, e->amounts.usage, USAGE_PLACES);
	decimal_format(price, e->amounts.price, PRICE_PLACES);
	snprintf(up, sizeof(up), "%" PRId64, e->amounts.upload);
	snprintf(down, sizeof(down), "%" PRId64, e->amounts.usage - e->amounts.upload);
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_SUBJECT, ref_accounts[e->account]);
	set_field(&raw, EV_TIME, when);
	set_field(&raw, EV_CATEGORY, ref_categories[e->category]);
	set_field(&raw, EV_COUNT, count);
	set_field(&raw, EV_PRICE, price);
	set_field(&raw, EV_CUSTOMER, ref_customers[e->customer]);
	set_field(&raw, EV_COUNTRY, e->country ? "AT" : NULL);
	set_field(&raw, e->category == 3 ? EV_DOWNLOAD : EV_USAGE, e->category == 3 ? down : usage);
	set_field(&raw, EV_UPLOAD, e->category == 3 ? up : NULL);
	OK(put(b, &raw));
}

static int64_t ref_slot(enum level level, int64_t sec)
{
	static const int64_t new_year = 1767225600;

	if (level == LEVEL_MONTH)
		return sec < new_year ? 2025 * 12 + 11 : 2026 * 12;
	return sec / (level == LEVEL_DAY ? 86400 : 900);
}

/*
 * What the events of these properties (CUSTOMER ARRAY_SIZE = any) sum up to,
 * the slow way.
 */
static struct amounts ref_sum(const struct ref_event *events, enum level level, int64_t slot,
			      size_t account, size_t category, size_t customer)
{
	struct amounts sum = { 0 };

	for (int i = 0; i < REF_EVENTS; i++) {
		const struct ref_event *e = &events[i];

		if (ref_slot(level, e->sec) != slot || e->account != account ||
		    e->category != category ||
		    (customer < ARRAY_SIZE(ref_customers) && e->customer != customer))
			continue;
		sum.count += e->amounts.count;
		sum.usage += e->amounts.usage;
		sum.price += e->amounts.price;
		sum.upload += e->amounts.upload;
	}
	return sum;
}

/*
 * One account, category and (dimension's) customer: every slot of the level,
 * added over the rows of the answer.
 */
static void compare_sums(struct bench *b, const struct ref_event *events, struct rollup_sum sum,
			 size_t account, size_t category, size_t customer)
{
	int64_t last = ref_slot(sum.level, INT64_C(1767225600) + 6 * 3600);

	for (int64_t slot = ref_slot(sum.level, INT64_C(1767225600) - 6 * 3600); slot <= last;
	     slot++) {
		struct amounts want = ref_sum(events, sum.level, slot, account, category, customer);
		struct amounts have;

		sum.from = slot;
		sum.to = slot + 1;
		have = rollup_sum(b->st, &sum);
		ck_assert_mem_eq(&have, &want, sizeof(have));
	}
}

START_TEST(rollups_equal_the_sums_of_the_events)
{
	static struct ref_event events[REF_EVENTS];
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;
	uint64_t state = 20261121;

	for (int i = 0; i < REF_EVENTS; i++) {
		events[i] = ref_event(&state);
		put_ref(&b, &events[i], i);
		if (i % 5 == 0)
			put_ref(&b, &events[i], i); /* again: must not count */
		if (i % REF_BATCH == REF_BATCH - 1)
			commit(&b);
	}
	OK(catalogue_load(b.st, &arena, &c, &err));
	for (size_t account = 0; account < ARRAY_SIZE(ref_accounts); account++) {
		for (size_t category = 0; category < ARRAY_SIZE(ref_categories); category++) {
			struct rollup_sum sum = { .account = account ? b.other_id : b.main_id };
			size_t index = catalogue_find(c, ref_categories[category],
						      strlen(ref_categories[category]));

			sum.category = c->categories[index].id;
			for (int level = 0; level < LEVELS; level++) {
				sum.level = level;
				sum.by_series = false;
				compare_sums(&b, events, sum, account, category,
					     ARRAY_SIZE(ref_customers));
				sum.by_series = true;
				for (size_t customer = 1; customer < ARRAY_SIZE(ref_customers);
				     customer++) {
					const char *text = ref_customers[customer];

					ck_assert_int_eq(store_dimension_find(
								 b.st,
								 &(struct dimension_value) {
									 sum.account, DIM_CUSTOMER,
									 text, strlen(text) },
								 &sum.dim[DIM_CUSTOMER], &err),
							 1);
					compare_sums(&b, events, sum, account, category, customer);
				}
				sum.dim[DIM_CUSTOMER] = 0;
			}
		}
	}
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ledger sums");
	TCase *tc = tcase_create("ledger sums");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, rollups_equal_the_sums_of_the_events);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
