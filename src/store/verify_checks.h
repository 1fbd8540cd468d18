/*
 * verify_checks.h - the checks of a verification that ask every kind of database
 * the same: series, sources, corrections, and what is listed as late.
 */
#ifndef STORE_VERIFY_CHECKS_H
#define STORE_VERIFY_CHECKS_H

#include "store/internal.h"
#include "store/verify.h"

struct verify_checks {
	struct store *st; /* in a read */
	const struct verify_calls *calls;
	size_t n; /* problems so far */
	/*
	 * the accounts to check, and the families whose sources have their
	 * events; NULL: all
	 */
	const struct db_list *accounts, *families;
	/* the source of entries of corrections; 0: there are none */
	int64_t own;
	int64_t late;       /* late events so far; all of them are listed as such */
	struct arena arena; /* cleared after each row */
	struct arena lists; /* memory of the lists */
};

/* Sets all but v->calls. Release it even if it fails. */
int verify_checks_init(struct verify_checks *v, struct store *st,
		       const struct verify_families *only, struct error *err);
void verify_checks_release(struct verify_checks *v);

/* Counts a problem, and reports it unless there were too many. */
__attribute__((format(printf, 2, 3))) void verify_problem(struct verify_checks *v, const char *fmt,
							  ...);
/* WORDS follow the event's name. */
void verify_bad_event(struct verify_checks *v, const struct event_key *e, const char *words);
void verify_difference(struct verify_checks *v, const struct rollup *want,
		       const struct rollup *have);

/* The words for an event that takes effect too early, or later but is not listed. */
#define VERIFY_EARLY    " takes effect before its own time"
#define VERIFY_UNLISTED " is late, and not listed as such"
/* The words for an event whose source disagrees with being an entry. */
#define VERIFY_NO_ENTRY    ": is no entry of any correction"
#define VERIFY_OTHER_ENTRY ": is an entry of a correction, but of another source"

/* Between two steps: does the caller want to stop? Then -1, with ERR_BUSY. */
int verify_stopped(const struct verify_calls *calls, struct error *err);
/* Fails: events without a series cannot be added up. */
int verify_without_series(struct error *err);

/* Checks that each source exists. */
int verify_sources(struct verify_checks *v, struct error *err);
/* The other checks, after all events. */
int verify_checks_run(struct verify_checks *v, struct error *err);

#endif
