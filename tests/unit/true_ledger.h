/*
 * true_ledger.h - a ledger must be true at the end of each test that wrote to
 * it: its sums are those of its events.
 */
#ifndef TESTS_UNIT_TRUE_LEDGER_H
#define TESTS_UNIT_TRUE_LEDGER_H

#include <check.h>
#include "store/account.h"
#include "store/verify.h"
#include "store/store.h"
#include "fixture.h"

static inline void fault_found(void *arg, const char *words)
{
	(void)arg;
	ck_abort_msg("%s", words);
}

static inline void difference_found(void *arg, const struct rollup *want, const struct rollup *have)
{
	(void)arg, (void)want, (void)have;
}

static const struct verify_calls true_ledger_calls = {
	.limit = 10, .difference = difference_found, .fault = fault_found, .blocks = 1
};

/* All families, verified one by one, have no differences, and N events. */
static inline void families_are_true(struct store *st, int64_t n)
{
	struct error err = { 0 };
	struct account *list;
	struct arena arena;
	size_t n_list;

	arena_init(&arena);
	OK(store_accounts(st, 0, &arena, &list, &n_list, &err));
	for (size_t i = 0; i < n_list; i++) {
		const struct verify_families one = { &list[i].id, 1 };
		size_t differences;
		int64_t events;

		if (list[i].parent)
			continue;
		OK(store_verify(st, &one, &true_ledger_calls, &differences, &events, &err));
		ck_assert_uint_eq(differences, 0);
		n -= events;
	}
	arena_release(&arena);
	ck_assert_int_eq(n, 0);
}

/*
 * How many sums differ from what the events say; any other fault ends the test.
 */
static inline size_t ledger_differences(struct store *st)
{
	struct error err = { 0 };
	size_t n;
	int64_t events;

	ck_assert_msg(store_verify(st, NULL, &true_ledger_calls, &n, &events, &err) >= 0, "%s (%s)",
		      err.message, err.detail);
	if (n == 0)
		families_are_true(st, events);
	return n;
}

#endif
