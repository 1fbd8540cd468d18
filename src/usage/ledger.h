/*
 * ledger.h - writing events: identity, verdicts and rollups in one transaction.
 *
 * Events are collected in a batch and committed together. Nothing has happened until
 * ledger_commit returns 0; then every event of the batch has its verdict and is on disk.
 */
#ifndef USAGE_LEDGER_H
#define USAGE_LEDGER_H

#include "usage/books.h"
#include "usage/event.h"

struct ledger;

enum verdict { VERDICT_CREATED, VERDICT_DUPLICATE, VERDICT_CONFLICT, VERDICT_REJECTED, VERDICTS };
extern const char *const verdict_names[VERDICTS];

struct ledger_options {
	bool accounts_by_name;   /* a subject that is no SID is looked up as an account's name */
	enum late_events late;   /* what becomes of events of closed periods: adjusted, or rejected with ERR_CLOSED */
};

/* ST must be open for writing and is borrowed. Never NULL. */
struct ledger *ledger_new(struct store *st, const struct ledger_options *o);
void ledger_free(struct ledger **l);

/*
 * Adds an event to the batch (copied). 0, or -1 with the reason it is rejected (unknown account or category, ...):
 * ERR_PARAM and ERR_OVERFLOW are about the event, anything else about the ledger.
 */
int ledger_add(struct ledger *l, const struct event *ev, struct error *err);

size_t ledger_pending(const struct ledger *l);

/* Empties the batch; nothing of it is stored. */
void ledger_abandon(struct ledger *l);

struct ledger_result {
	enum verdict verdict;
	const struct error *error;       /* of VERDICT_REJECTED, else NULL */
	int64_t line;            /* of the raw event */
};

/*
 * Commits the batch and empties it. *ret has one result per added event, in the order they were added, until
 * the next call on L. An event whose amounts would overflow a rollup is rejected alone, the others stand.
 * -1: nothing of the batch is stored, and the batch is empty.
 */
int ledger_commit(struct ledger *l, const struct ledger_result **ret, size_t *ret_n, struct error *err);

#endif
