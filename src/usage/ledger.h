/*
 * ledger.h - storing events: identity, verdicts and rollups in one transaction.
 */
#ifndef USAGE_LEDGER_H
#define USAGE_LEDGER_H

#include "usage/closing.h"
#include "usage/event.h"
#include "usage/series_quota.h"

struct ledger;

extern const char *const verdict_names[VERDICTS + 1];

/* Events that came together: those of one request, or a block of a file. */
struct submission {
	struct event *events; /* N of them, in the order they came */
	size_t n;
	/*
	 * Store all of the events or none: if one is rejected or a conflict,
	 * the others get VERDICT_ABORTED.
	 */
	bool atomic;
	struct arena *arena; /* the reasons of rejected events go here */
	/* how many new series its events may make; NULL: any number */
	struct series_quota *quota;
	/* for the rejection log (usage/rejection_log.h) */
	const char *author; /* as principal_actor has it, or "console" */
	const char *file;   /* or NULL: it came with a request */
	size_t logged;      /* rejections logged of this request or file so far */
	struct submission *next;
};

struct ledger_options {
	/* a subject that is no SID is an account's name, or else its number */
	bool accounts_by_name;
	/*
	 * The events are the operator's own: a rejected one is logged under
	 * the account that it names, without further checks.
	 */
	bool any_account;
	/*
	 * what becomes of late events: they count at the closed instant, or are
	 * rejected with ERR_CLOSED
	 */
	enum late_events late;
	/*
	 * Keep the rejection log: what was logged in the last REJECTED_DAYS (0:
	 * nothing). The process must have begun with plausible_process_begin.
	 */
	bool rejection_log;
	int64_t rejected_days;
};

/* ST must be open for writing and is borrowed. Never NULL. */
struct ledger *ledger_new(struct store *st, const struct ledger_options *o);
void ledger_free(struct ledger **l);

/*
 * Stores the events of FIRST and of the submissions that follow it; an atomic
 * one must be alone. 0: all of them have their verdicts and are on disk, with
 * the log of those that are rejected. Events that are rejected already are only
 * logged. An event whose amounts would overflow a rollup is rejected alone, the
 * others stand. -1: nothing is stored, and the verdicts mean nothing.
 */
int ledger_store(struct ledger *l, struct submission *first, struct error *err);

#endif
