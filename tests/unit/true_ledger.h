/*
 * true_ledger.h - a ledger must be true at the end of each test that wrote to
 * it: its sums are those of its events.
 */
#ifndef TESTS_UNIT_TRUE_LEDGER_H
#define TESTS_UNIT_TRUE_LEDGER_H

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

/*
 * How many sums differ from what the events say; any other fault ends the test.
 */
static inline size_t ledger_differences(struct store *st)
{
	static const struct verify_calls calls = { .limit = 10,
						   .difference = difference_found,
						   .fault = fault_found };
	struct error err = { 0 };
	size_t n;
	int64_t events;

	ck_assert_msg(store_verify(st, NULL, &calls, &n, &events, &err) >= 0, "%s (%s)",
		      err.message, err.detail);
	return n;
}

#endif
