/*
 * report.h - what a page about usage shows: lines (categories, accounts, customers ...) by slots of time, all of it in
 * memory. Lines never overlap, so they add up to the whole: by category they are the next finer ones below the
 * chosen category, and one for the usage of the category itself.
 */
#ifndef USAGE_REPORT_H
#define USAGE_REPORT_H

#include "usage/query.h"

/* Numbers that a report may have: lines times slots. */
enum { REPORT_CELLS_MAX = 200000 };

enum report_by { REPORT_BY_CATEGORY, REPORT_BY_ACCOUNT, REPORT_BY_DIMENSION, REPORT_BY_NONE };

struct report_question {
	const struct account *accounts;
	size_t n_accounts;
	const struct zone *zone;
	enum period period;              /* of the slots */
	int64_t from, to;                /* as in usage_query */
	size_t category;                 /* CATALOGUE_NONE = all */
	enum report_by by;
	enum dimension dimension;        /* of REPORT_BY_DIMENSION */
	const char *dim[DIMENSIONS];     /* only usage with this value; NULL = any */
};

struct report_line {
	const char *key;                 /* category's name, account's SID, dimension's value; "" = what has none */
	size_t category;                 /* whose units the amounts have; CATALOGUE_NONE: of several, so only the price means something */
	const struct account *account;   /* by account: it; of a customer, a SIM or a fleet: whose it is; else NULL */
	struct totals all;
	struct totals *slots;            /* oldest first */
};

struct report {
	size_t n_slots;
	const int64_t *starts;           /* seconds, N_SLOTS + 1 of them: the last one is the end */
	struct report_line **lines;      /* in no order; those without any usage are left out */
	size_t n_lines;
	struct totals all;
};

/* Q is borrowed for the call; the report lives in ARENA. ERR_TOO_LARGE above REPORT_CELLS_MAX. ST must be in a read. */
int report_load(struct store *st, const struct catalogue *c, const struct report_question *q, struct arena *arena,
		struct report *ret, struct error *err);

#endif
