/*
 * commit_thread.h - the only thread of a server that writes to the ledger. The
 * thread has its own connection, commits the events of many requests in one
 * transaction, and runs other tasks that write, such as sign-ins and
 * administration.
 *
 * A request is answered after the commit of its events, so every acknowledged
 * event is on disk. The next commit waits a moment for the callers that have just
 * been answered: for twice as long as the last one took, 10 ms at most.
 */
#ifndef USAGE_COMMIT_THREAD_H
#define USAGE_COMMIT_THREAD_H

#include "base/settings.h"
#include "base/counter.h"
#include "usage/event_counts.h"
#include "usage/ledger.h"

#define SUBMISSION_EVENTS_MAX 10000

struct commit_thread;

/*
 * A task that changes the ledger. A task runs in a transaction of its own,
 * which is committed if the task returns 0.
 */
typedef int (*commit_task)(struct store *st, void *arg, struct error *err);

/*
 * Starts the thread. Borrows S. If the ledger cannot be opened, the thread
 * starts anyway, and each task tries to open the ledger again.
 */
int commit_thread_new(const struct settings *s, struct commit_thread **ret, struct error *err);

/* Runs all queued tasks, then ends the thread. */
void commit_thread_free(struct commit_thread **t);

/*
 * Stores the events of S (s->next must be NULL) with ledger_store; blocks until
 * the events are on disk. An atomic submission has its own commit, so that
 * events of other submissions cannot abort it. SENDER is the name under which
 * new series are counted (setting ingest.new_series); NULL: not counted. 1:
 * nothing is stored, because S is outdated. -1: nothing is stored. ERR_BUSY: too
 * many events are queued, or another process holds the lock; ERR_INTERNAL: for
 * example a full disk. Thread-safe.
 */
int commit_thread_submit(struct commit_thread *t, struct submission *s, const char *sender,
			 struct error *err);

/*
 * Numbers the ledgers that the thread has opened: a file may have been replaced.
 * Thread-safe.
 */
int64_t commit_thread_opened(const struct commit_thread *t);

/*
 * Runs TASK in the thread, after all tasks queued before; blocks until the
 * changes are on disk. Call it outside a read, because the ledger's log cannot
 * restart during a read. -1: nothing is stored; ERR is from TASK, or one of the
 * errors of commit_thread_submit. Thread-safe.
 */
int commit_thread_run(struct commit_thread *t, commit_task task, void *arg, struct error *err);

/*
 * Calls FN(ARG) in the thread after each commit that has added a notice to the
 * outbox. FN NULL: no calls. Thread-safe: FN is not called after the return of
 * a call with FN NULL.
 */
void commit_thread_on_notice(struct commit_thread *t, void (*fn)(void *arg), void *arg);

/* The results of writes since the start of the server. */
struct commit_state {
	bool failing;   /* the last write failed */
	int64_t failed; /* time of the last failure, seconds; 0: never */
};

/* Thread-safe. */
void commit_thread_state(struct commit_thread *t, struct commit_state *ret);

/* What the thread has done since the start of the server. Zero is empty. */
struct commit_counts {
	/* commits of events, and of other tasks, that succeeded or failed */
	counter commits[2][2]; /* [other task][failed] */
	/* how long the commits took, each from its begin to the disk */
	struct histogram times;
	struct event_counts events;
};

/* Valid until commit_thread_free. Thread-safe. */
const struct commit_counts *commit_thread_counts(const struct commit_thread *t);

/* What waits in the queue. */
struct commit_queue {
	size_t requests, events;
};

/* Thread-safe. */
void commit_thread_queue(struct commit_thread *t, struct commit_queue *ret);

/*
 * The time at which the thread was last known to be alive: the beginning of the
 * current commit, or now between commits. In seconds of the monotonic clock.
 * Thread-safe.
 */
int64_t commit_thread_seen(struct commit_thread *t);

/*
 * Checks that events can be stored: the current commit has lasted STUCK_US at
 * most, the queue is not full, and the disk has 8 MB of room. Then a successful
 * write in the last minute is enough; otherwise the function writes a test
 * value, at most once a second. -1: ERR_BUSY or ERR_INTERNAL. Thread-safe.
 */
int commit_thread_probe(struct commit_thread *t, int64_t stuck_us, struct error *err);

#endif
