/*
 * batcher.h - the one writer of a serving process: a thread with its own
 * connection that commits what many requests bring at the same moment in one
 * transaction.
 *
 * A request is answered after the commit that holds its events, so what was
 * acknowledged is on disk.
 */
#ifndef INGEST_BATCHER_H
#define INGEST_BATCHER_H

#include <semaphore.h>
#include "base/settings.h"
#include "usage/ledger.h"

#define SUBMISSION_EVENTS_MAX 10000

struct batcher;

/*
 * A change of the ledger that isn't an event: runs in a write of its own, which
 * is committed if it returns 0.
 */
typedef int (*batcher_job)(struct store *st, void *arg, struct error *err);

/*
 * One request's events, in the order they came. Fill `events`; `verdicts` and
 * `errors` are filled by batcher_submit.
 */
struct submission {
	/*
	 * and the texts they point to: unchanged until batcher_submit returns
	 */
	const struct event *events;
	size_t n;
	/*
	 * all of them or none: see ledger_whole; committed alone, so that
	 * nobody else's are in it
	 */
	bool atomic;
	bool spoilt; /* with it: none, but what is wrong is to be found */
	/*
	 * whose new series are counted together (ingest.new_series); NULL: they
	 * aren't
	 */
	const char *sender;
	enum verdict *verdicts; /* N of them */
	/*
	 * N of them, NULL before; the reason where the verdict is
	 * VERDICT_REJECTED: free() it
	 */
	struct error **errors;
	/*
	 * For the log of what was refused, stored in the same commit (the first
	 * REJECTIONS_MAX of each; not at all where ledger.rejected_days is 0):
	 * records that were refused before they became events, and what is to
	 * be said of an event that is refused now. DESCRIBE (NULL: those aren't
	 * logged) fills author, account, source, event and record of RET, which
	 * has the rest; what they point to stays until batcher_submit returns.
	 * It runs in the writer's thread.
	 */
	const struct rejection *rejections;
	size_t n_rejections;
	void (*describe)(const struct submission *s, size_t i, struct rejection *ret);
	const void *describe_arg; /* the submitter's own */
	/* the batcher's own */
	struct submission *next;
	batcher_job job;
	void *arg;
	/* of its own, so that only those are woken whose commit it was */
	sem_t done;
	struct error failure;
};

/*
 * A ledger that can't be opened now is tried again when there is something to
 * write. S is borrowed.
 */
int batcher_new(const struct settings *s, struct batcher **ret, struct error *err);

/* Commits what is queued and ends the thread. */
void batcher_free(struct batcher **b);

/*
 * Blocks until all events are durable or refused, and the log of what was
 * refused is written. N may be 0. 0, or -1 when nothing of them is stored:
 * ERR_BUSY when too many wait already (or another process keeps the ledger
 * locked), ERR_INTERNAL for a full disk and the like. Thread-safe.
 */
int batcher_submit(struct batcher *b, struct submission *s, struct error *err);

/*
 * Blocks until JOB has run in the writer's thread, after all that was submitted
 * before, and what it did is durable. 0, or -1 with its failure, or one of
 * batcher_submit's: then nothing of it is stored. Thread-safe.
 */
int batcher_run(struct batcher *b, batcher_job job, void *arg, struct error *err);

/*
 * How writes have gone since the server was started, of events and of
 * everything else.
 */
struct batcher_state {
	bool failing;   /* the last one failed */
	int64_t failed; /* when one failed last, in seconds; 0: never */
};

/* Thread-safe. */
void batcher_state(struct batcher *b, struct batcher_state *ret);

/*
 * When the writer's thread was last seen to move, in seconds of a clock that
 * never goes back: now, unless a commit is in work, then when that began.
 * Thread-safe.
 */
int64_t batcher_seen(struct batcher *b);

/*
 * Can something be stored now? 0 if a write succeeded in the last minute; else
 * writes a note into the ledger to find out, at most once a second. After a
 * write that failed there must also be 8 MB of room on the disk. -1: no,
 * ERR_BUSY or ERR_INTERNAL. Thread-safe.
 */
int batcher_probe(struct batcher *b, struct error *err);

#endif
