/*
 * verify.h - compares rollups, postings and corrections with the events, and
 * repairs rollups and postings.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store/store.h"

struct verify_calls {
	size_t limit; /* report at most this many problems; count all */
	/*
	 * A rollup is missing (HAVE is NULL), superfluous (WANT is NULL) or
	 * different. An account below 0: the sum of the subaccounts of the
	 * account with the number without the minus.
	 */
	void (*difference)(void *arg, const struct rollup *want, const struct rollup *have);
	/* Any other problem, as a sentence. */
	void (*fault)(void *arg, const char *words);
	/* called now and then: steps done, steps in all; or NULL */
	void (*progress)(void *arg, int64_t done, int64_t all);
	/* called now and then: true ends it with ERR_BUSY; or NULL */
	bool (*stopped)(void *arg);
	void *arg;
	/* of a larger ledger in PostgreSQL, a statement reads so many blocks; 0: the default */
	int64_t blocks;
};

/* Main accounts; each stands for itself and its subaccounts. */
struct verify_families {
	const int64_t *ids;
	size_t n;
};

/*
 * Computes all rollups and postings from the events and compares them with the
 * stored ones. Also checks the declared dimensions of series, that each source
 * exists, that each correction has its entries and reverses the amounts that
 * counted before it, and that no event takes effect before its time. Rollups
 * with zero amounts may be missing.
 *
 * First checks the pages of the file: if any is damaged, reports each damaged
 * page and compares nothing.
 *
 * ONLY: compares these families, and reads no others and no pages of their own;
 * NULL: the whole ledger. *RET_N is the number of problems, *RET_EVENTS the
 * number of events. Reads one snapshot. Memory: the usage of one account in one
 * month, by series.
 */
int store_verify(struct store *st, const struct verify_families *only,
		 const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		 struct error *err);

/*
 * Repairs rollups and postings. Reads one snapshot of ST and changes the same
 * ledger through WRITER in short writes, so that others can write in between;
 * their changes stay.
 *
 * *RET_N is the number of repaired rollups, hours of postings, changes in
 * closed time, and problems of the table series_value. On -1, part of the
 * repair may be done; ERR_BUSY: another rebuild has begun. Memory: as
 * store_verify, and the postings of one hour. Of CALLS, only `progress` is
 * used.
 */
int store_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err);

#endif
