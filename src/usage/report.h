/*
 * report.h - the data of a usage page: lines (categories, accounts, values of a
 * dimension; or each of these by the values of a second dimension) with their
 * sums, and their usage in each bucket of time. Lines do
 * not overlap, so their sum is the whole usage. In a report by category, each
 * child of the chosen category has a line, and one more line has the usage of
 * the chosen category itself.
 *
 * A report may have very many lines. Therefore report_load reads only sums over
 * the whole range, and report_load_buckets then reads the buckets of the lines
 * to be shown.
 */
#ifndef USAGE_REPORT_H
#define USAGE_REPORT_H

#include "usage/query.h"

enum {
	REPORT_BUCKETS_MAX = 200000,
	REPORT_CELLS_MAX = 250000, /* for report_load_cells */
	/* report_load reads the keys of at most REPORT_NAMED_MAX lines */
	REPORT_NAMED_MAX = 10000
};

struct report_query {
	const struct account *accounts;
	size_t n_accounts;
	const struct zone *zone;
	enum period period; /* length of the buckets */
	int64_t from, to;   /* as in usage_query */
	size_t category;    /* CATALOGUE_NONE: all */
	enum group_by by;
	enum dimension dimension; /* for GROUP_DIMENSION */
	/*
	 * PAIRED, not with GROUP_NONE: a line for each value of the dimension
	 * SECOND, which differs from DIMENSION
	 */
	bool paired;
	enum dimension second;
	/* with GROUP_DIMENSION: no line for usage without a value */
	bool values_only;
	/*
	 * only usage with this value, or, with `prefix`, with a value that
	 * begins so; NULL: any
	 */
	const char *dim[DIMENSIONS];
	bool prefix[DIMENSIONS];
};

struct report_line {
	/*
	 * name of a category, SID of an account or value of a dimension; "":
	 * usage without a value; NULL: not read, see report_names
	 */
	const char *key;
	int64_t member; /* id of a customer, SIM or fleet; else 0 */
	/* the same for the dimension SECOND; "" also without one */
	const char *second;
	int64_t second_member;
	/*
	 * the category whose units the amounts have. CATALOGUE_NONE: amounts of
	 * several units, so that only the price is meaningful
	 */
	size_t category;
	/*
	 * the account of the line; for a customer, SIM or fleet its owner; else
	 * NULL
	 */
	const struct account *account;
	size_t number; /* 0 to n_lines - 1; stays when lines are sorted */
	bool used;     /* has usage, which may add up to zero */
	/* the usage of events without a value of any dimension of the query */
	bool remainder;
	struct amounts_wide all;
	/* by bucket, oldest first; NULL: not read, see report_load_buckets */
	struct amounts_wide *buckets;
};

/* The usage of one line in one bucket. */
struct report_cell {
	struct report_line *line;
	size_t bucket;
	struct amounts_wide totals;
};

struct report {
	size_t n_buckets;
	/* seconds; n_buckets + 1 of them, the last is the end */
	const int64_t *starts;
	/* in no order; lines without usage are omitted */
	struct report_line **lines;
	size_t n_lines;
	struct amounts_wide all;
	/* sums of all lines, oldest first; NULL: not read */
	struct amounts_wide *buckets;
	/* by bucket, oldest first; cells without usage are omitted */
	struct report_cell *cells;
	size_t n_cells;
};

/*
 * Reads the lines and their sums. Q is borrowed for the call; the report is in
 * ARENA. With more than REPORT_NAMED_MAX lines, the keys of customers, SIMs and
 * fleets are not read. -1 with ERR_TOO_LARGE: more than REPORT_BUCKETS_MAX
 * buckets, or above the limit of the store. ST must be in a read.
 */
int report_load(struct store *st, const struct catalogue *c, const struct report_query *q,
		struct arena *arena, struct report *ret, struct error *err);

/* A report to load, and where to. */
struct report_part {
	const struct report_query *query;
	struct report *report;
};

/*
 * Reads N reports of the same accounts in one pass, each with its buckets and
 * those of all its lines. The queries are over all categories, and name no
 * dimension.
 */
int report_load_together(struct store *st, const struct catalogue *c,
			 const struct report_part *parts, size_t n, struct arena *arena,
			 struct error *err);

/*
 * Reads the buckets of the whole report R, and of its first N lines. Q is the
 * query of R. If reading would exceed the limit of the store, the buckets of
 * the lines are omitted, and if necessary the buckets of R, too. The line "" of
 * a dimension with very many values has no buckets. After report_load_cells, the
 * buckets come from the cells, and nothing is read.
 */
int report_load_buckets(struct store *st, const struct catalogue *c, const struct report_query *q,
			struct arena *arena, struct report *r, size_t n, struct error *err);

/*
 * As report_load; also reads the buckets of the whole report, and the cells. -1
 * with ERR_TOO_LARGE: likewise, or more than REPORT_CELLS_MAX cells.
 */
int report_load_cells(struct store *st, const struct catalogue *c, const struct report_query *q,
		      struct arena *arena, struct report *ret, struct error *err);

/* The main account of all accounts of the query; 0: there are several. */
int64_t report_family(const struct report_query *q);

/*
 * Reads the keys and `second` of N lines that have not been read, in one
 * statement.
 */
int report_names(struct store *st, struct report_line *const *lines, size_t n, struct arena *arena,
		 struct error *err);

/*
 * Compares two lines by key and `second`, then by account. Lines whose keys
 * have not been read are compared by the order in which their values were first
 * used.
 */
int report_line_compare(const struct report_line *a, const struct report_line *b);

#endif
