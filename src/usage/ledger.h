/*
 * ledger.h - stores events, their rollups and postings in one transaction.
 */
#ifndef USAGE_LEDGER_H
#define USAGE_LEDGER_H

#include "usage/closing.h"
#include "usage/event.h"
#include "usage/series_quota.h"

struct ledger;

extern const char *const verdict_names[VERDICTS_ALL];

/* Events that were sent together in one request or one block of a file. */
struct submission {
	struct event *events; /* in the order they were sent */
	size_t n;
	/*
	 * Store all events or none: if an event is rejected or a conflict, the
	 * others get VERDICT_ABORTED.
	 */
	bool atomic;
	struct arena *arena; /* holds the errors of rejected events */
	/* limit of new series that the events may make; NULL: no limit */
	struct series_quota *quota;
	/* for the rejection log (usage/rejection_log.h) */
	const char *author; /* from principal_actor, or "console" */
	const char *file;   /* NULL: a request */
	size_t logged;      /* number of rejections logged so far */
	/* of the file, which several submissions belong to; NULL: LOGGED counts */
	size_t *file_logged;
	/*
	 * the store_version at which the sender was admitted, and
	 * commit_thread_opened before; 0: it need not be checked
	 */
	int64_t version, opened;
	/* set by ledger_store: the version is another one; nothing is stored */
	bool outdated;
	struct submission *next; /* ledger_add sets it to NULL */
};

struct ledger_options {
	/* a subject that is not a SID is the name or number of an account */
	bool accounts_by_name;
	/*
	 * The operator sends the events. A rejected event is then logged under
	 * the account that the event names, without further checks.
	 */
	bool any_account;
	/*
	 * If only some families cannot be reached (store/places.h), their events
	 * get VERDICT_UNAVAILABLE instead of failing all, unless a submission is
	 * atomic.
	 */
	bool partly;
	/*
	 * whether late events take effect at the closed instant or are rejected
	 * with ERR_CLOSED
	 */
	enum late_events late;
	/*
	 * Keep rejections in the rejection log for REJECTED_DAYS (0: log
	 * nothing). The process must have called plausible_process_begin.
	 */
	bool rejection_log;
	int64_t rejected_days;
};

/* Borrows ST, which must be open for writing. Never returns NULL. */
struct ledger *ledger_new(struct store *st, const struct ledger_options *o);
void ledger_free(struct ledger **l);

/*
 * Adds the events of S to the next batch, and looks up their accounts and
 * categories: events without are rejected. S and its events must stay until
 * ledger_store, but for the raw texts (see struct event). An atomic submission
 * must be alone. -1: the batch is empty again.
 */
int ledger_add(struct ledger *l, struct submission *s, struct error *err);
/*
 * Adds FIRST and the submissions after it, if it is not NULL, and stores the
 * batch without outdated submissions. 0: every event has its verdict; all are on
 * disk, and rejected events are in the rejection log. Events that were rejected
 * before the call are only logged. An event that would overflow a rollup is
 * rejected; all other events are stored. -1: nothing is stored, and verdicts are
 * undefined.
 */
int ledger_store(struct ledger *l, struct submission *first, struct error *err);

#endif
