/*
 * ledger.h - writing events: identity, verdicts and rollups in one transaction.
 *
 * Events are collected in a batch and committed together. Nothing has happened
 * until ledger_commit returns 0; then every event of the batch has its verdict
 * and is on disk.
 */
#ifndef USAGE_LEDGER_H
#define USAGE_LEDGER_H

#include "usage/closing.h"
#include "usage/event.h"
#include "usage/series_quota.h"

struct ledger;

enum verdict {
	VERDICT_CREATED,
	VERDICT_DUPLICATE,
	VERDICT_CONFLICT,
	VERDICT_REJECTED,
	VERDICTS, /* that an event has by itself */
	/* of a whole batch that was not stored: others stood in the way */
	VERDICT_ABORTED = VERDICTS
};
extern const char *const verdict_names[VERDICTS + 1];

struct ledger_result {
	enum verdict verdict;
	const struct error *error;  /* of VERDICT_REJECTED, else NULL */
	int64_t line;               /* of the raw event */
	int64_t account;            /* of VERDICT_REJECTED: the event's, */
	const char *source, *event; /* and its identity; else 0 and NULL */
};

struct ledger_options {
	/* a subject that is no SID is an account's name, or else its number */
	bool accounts_by_name;
	/*
	 * what becomes of late events: they count at the closed instant, or are
	 * rejected with ERR_CLOSED
	 */
	enum late_events late;
	/*
	 * If not NULL: what else is written in each commit, after its events.
	 * RESULTS are those that ledger_commit is going to return. -1: then
	 * nothing of the batch is stored. Of a whole batch that isn't, too, in
	 * a commit of its own.
	 */
	int (*also)(void *arg, struct store *st, const struct ledger_result *results,
		    struct error *err);
	void *arg;
};

/* ST must be open for writing and is borrowed. Never NULL. */
struct ledger *ledger_new(struct store *st, const struct ledger_options *o);
void ledger_free(struct ledger **l);

/*
 * Adds an event to the batch (copied). 0, or -1 with the reason it is rejected
 * (unknown account or category, ...): ERR_PARAM and ERR_OVERFLOW are about the
 * event, anything else about the ledger.
 */
int ledger_add(struct ledger *l, const struct event *ev, struct error *err);

/*
 * Events that are added from now on, until the batch is empty, may make as many
 * new series as QUOTA has left; NULL: any number.
 */
void ledger_quota(struct ledger *l, struct series_quota *quota);

size_t ledger_pending(const struct ledger *l);

/*
 * The batch is to be stored whole or not at all: if an event is a conflict or
 * rejected, ledger_commit stores nothing, says of those what they are, and of
 * all others VERDICT_ABORTED. SPOILT: an event that never got into the batch
 * stands in the way already, so only what else does is to be found. Until the
 * batch is empty again.
 */
void ledger_whole(struct ledger *l, bool spoilt);

/* Empties the batch; nothing of it is stored. */
void ledger_abandon(struct ledger *l);

/*
 * Commits the batch and empties it. *ret has one result per added event, in the
 * order they were added, until the next call on L. An event whose amounts would
 * overflow a rollup is rejected alone, the others stand. -1: nothing of the
 * batch is stored, and the batch is empty.
 */
int ledger_commit(struct ledger *l, const struct ledger_result **ret, size_t *ret_n,
		  struct error *err);

#endif
