/*
 * report.h - what a page about usage shows: lines (categories, accounts,
 * customers ...) with their sums, and what of it fell into which slot of time.
 * Lines never overlap, so they add up to the whole: by category they are the
 * next finer ones below the chosen category, and one for the usage of the
 * category itself.
 *
 * There may be very many lines: so first come their sums over the whole range,
 * then the slots of those that are shown.
 */
#ifndef USAGE_REPORT_H
#define USAGE_REPORT_H

#include "usage/query.h"

enum {
	REPORT_SLOTS_MAX = 200000,
	REPORT_CELLS_MAX = 250000, /* of report_load_cells */
	REPORT_NAMED_MAX = 10000   /* lines whose keys are read at once */
};

struct report_question {
	const struct account *accounts;
	size_t n_accounts;
	const struct zone *zone;
	enum period period; /* of the slots */
	int64_t from, to;   /* as in usage_query */
	size_t category;    /* CATALOGUE_NONE = all */
	enum group_by by;
	enum dimension dimension;    /* of GROUP_DIMENSION */
	const char *dim[DIMENSIONS]; /* only usage with this value; NULL = any */
};

struct report_line {
	/*
	 * category's name, account's SID, dimension's value; "" = what has
	 * none; NULL = not read, see report_name
	 */
	const char *key;
	int64_t member; /* of a customer, a SIM or a fleet: the value's id; else 0 */
	/*
	 * whose units the amounts have; CATALOGUE_NONE: of several, so only the
	 * price means something
	 */
	size_t category;
	/*
	 * by account: it; of a customer, a SIM or a fleet: whose it is; else
	 * NULL
	 */
	const struct account *account;
	size_t number; /* from 0 to n_lines - 1; stays when report.lines is sorted */
	bool used;     /* it has usage, though that may add up to nothing */
	struct amounts_wide all;
	struct amounts_wide *slots; /* oldest first; NULL: not read, see report_load_slots */
};

/* What one line used in one slot. */
struct report_cell {
	struct report_line *line;
	size_t slot;
	struct amounts_wide totals;
};

struct report {
	size_t n_slots;
	const int64_t *starts;      /* seconds, N_SLOTS + 1 of them: the last one is the end */
	struct report_line **lines; /* in no order; those without any usage are left out */
	size_t n_lines;
	struct amounts_wide all;
	struct amounts_wide *slots; /* of all lines together, oldest first; NULL: not read */
	struct report_cell *cells;  /* by slot, oldest first; those without usage are left out */
	size_t n_cells;
};

/*
 * Reads the lines with their sums. Q is borrowed for the call; the report lives
 * in ARENA. If there are more than REPORT_NAMED_MAX lines, the keys of
 * customers, SIMs and fleets aren't read. ERR_TOO_LARGE above REPORT_SLOTS_MAX
 * slots, and as store_sums. ST must be in a read.
 */
int report_load(struct store *st, const struct catalogue *c, const struct report_question *q,
		struct arena *arena, struct report *ret, struct error *err);

/*
 * Reads the slots of all lines together, and of the first N lines of R, which Q
 * made, as far as the store's limits allow: where they don't, the lines have no
 * slots, or R has none at all. Neither has the line "" of a dimension with very
 * many values.
 */
int report_load_slots(struct store *st, const struct catalogue *c, const struct report_question *q,
		      struct arena *arena, struct report *r, size_t n, struct error *err);

/*
 * Reads the slots of all lines together, and the cells. ERR_TOO_LARGE above
 * REPORT_CELLS_MAX of them.
 */
int report_load_cells(struct store *st, const struct catalogue *c, const struct report_question *q,
		      struct arena *arena, struct report *r, struct error *err);

/* Reads the line's key, if that wasn't yet. */
int report_name(struct store *st, struct report_line *line, struct arena *arena, struct error *err);

/*
 * The order of two lines by their keys and accounts; where a key wasn't read,
 * in the order that values were used in first.
 */
int report_line_compare(const struct report_line *a, const struct report_line *b);

#endif
