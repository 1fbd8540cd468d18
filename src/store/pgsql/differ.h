/*
 * differ.h - finds the sums that are not those of the events.
 *
 * The events and the six tables of sums are gone through once. From each row, a
 * number is computed by a random linear function of its amounts, which depends
 * on its key; for an account, the numbers of the events and of the sums add up
 * to the same if all sums are right. If one is wrong, they do so about once in 20
 * million times. Only the accounts for which they do not are compared sum by sum.
 */
#ifndef STORE_PGSQL_DIFFER_H
#define STORE_PGSQL_DIFFER_H

#include "store/places.h"
#include "store/verify_checks.h"

/* The events and sums of an account that are kept with a main account. */
struct account_check {
	int64_t root, account;
	int64_t events;
	int64_t sums;   /* the numbers of events, less those of quarter hours and days */
	int64_t months; /* the numbers of days, less those of months */
	bool known;     /* the account exists, and has this main account */
	bool right;     /* all sums are those of the events, as far as the numbers tell */
};

struct account_checks {
	struct account_check **list; /* by account and root */
	size_t n;
	struct places places; /* of the events and sums */
	int64_t events;
	int64_t late;
	/* events with impossible values, or whose series is of another account, or missing */
	int64_t bad;
};

/*
 * Goes through the ledger, or the accounts of V. RET is in ARENA. In a read.
 * Memory: about 100 bytes for each account.
 */
int pgsql_check_accounts(const struct verify_checks *v, struct arena *arena,
			 struct account_checks *ret, struct error *err);

/* A sum that is computed, stored or both. The series is 0 unless PART. */
struct sum_difference {
	int64_t root;
	bool part;
	struct rollup key; /* without amounts */
	struct amounts_wide want, have;
};

/* Returns 0 to go on, or -1. */
typedef int sum_difference_fn(void *arg, const struct sum_difference *d, struct error *err);

/* Computes all sums of the account, and calls DIFFERS for each that differs. */
int pgsql_compare_sums(struct store *st, const struct account_check *c, sum_difference_fn *differs,
		       void *arg, struct error *err);

/* ---- rows in pages ---- */

typedef int cursor_row_fn(void *arg, struct stmt *s, struct error *err);

/*
 * Runs DECLARE, a bound statement that begins with CURSOR, and calls ROW
 * for each of its rows, of which a few thousand are in memory at once.
 */
int pgsql_each_row(struct store *st, struct stmt *declare, cursor_row_fn *row, void *arg,
		   struct error *err);

#define CURSOR "DECLARE walk NO SCROLL CURSOR FOR "

#endif
