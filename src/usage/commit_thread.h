/*
 * commit_thread.h - the one writer of a serving process: a thread with its own
 * connection to the ledger. It commits the events of many requests in one
 * transaction, and runs other tasks that write, such as sign-ins and changes by
 * the administrator.
 *
 * A request is answered after the commit that holds its events, so every
 * acknowledged event is on disk.
 */
#ifndef USAGE_COMMIT_THREAD_H
#define USAGE_COMMIT_THREAD_H

#include "base/settings.h"
#include "usage/ledger.h"

#define SUBMISSION_EVENTS_MAX 10000

struct commit_thread;

/*
 * A change of the ledger other than events. It runs in a write of its own,
 * which is committed if it returns 0.
 */
typedef int (*commit_task)(struct store *st, void *arg, struct error *err);

/*
 * Starts the thread. If the ledger can't be opened now, opening it is tried
 * again with each task. S is borrowed.
 */
int commit_thread_new(const struct settings *s, struct commit_thread **ret, struct error *err);

/* Finishes the queued tasks and ends the thread. */
void commit_thread_free(struct commit_thread **t);

/*
 * Stores the events of S (which must be alone), by ledger_store; blocks until
 * they are on disk. An atomic submission gets a commit of its own, so that it
 * can't fail for events of others. SENDER: whose new series are counted
 * together (setting ingest.new_series); NULL: they aren't counted. 0, or -1
 * when nothing is stored: ERR_BUSY when too many events are queued or another
 * process keeps the ledger locked, ERR_INTERNAL for a full disk and the like.
 * Thread-safe.
 */
int commit_thread_submit(struct commit_thread *t, struct submission *s, const char *sender,
			 struct error *err);

/*
 * Runs TASK in the thread, after all that was queued before; blocks until its
 * changes are on disk. 0, or -1 when nothing is stored: with the task's error,
 * or as commit_thread_submit. Thread-safe.
 */
int commit_thread_run(struct commit_thread *t, commit_task task, void *arg, struct error *err);

/*
 * How writes have gone since the server was started, of events and other tasks.
 */
struct commit_state {
	bool failing;   /* the last one failed */
	int64_t failed; /* when one failed last, in seconds; 0: never */
};

/* Thread-safe. */
void commit_thread_state(struct commit_thread *t, struct commit_state *ret);

/*
 * When the thread was last seen alive, in seconds of a clock that never goes
 * back: when the current commit began, or now if there is none. Thread-safe.
 */
int64_t commit_thread_seen(struct commit_thread *t);

/*
 * Can the ledger be written now? Yes, if a write succeeded in the last minute.
 * Else this writes a note into the ledger to find out, at most once a second.
 * After a write that failed there must also be 8 MB of room on the disk. 0, or
 * -1: ERR_BUSY or ERR_INTERNAL. Thread-safe.
 */
int commit_thread_probe(struct commit_thread *t, struct error *err);

#endif
