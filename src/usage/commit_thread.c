#include "usage/commit_thread.h"

#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/civil.h"
#include "base/timed_wait.h"
#include "base/plausible.h"
#include "store/meta.h"
#include "usage/trigger.h"
#include "base/banned.h"

/* Limits of events in the queue and in one commit. */
enum { QUEUE_EVENTS_MAX = 100000, COMMIT_EVENTS_MAX = 50000 };
/* The thread waits for callers no longer than so many times its last commit, and than this. */
enum { GATHER_COMMITS = 2, GATHER_US_MAX = 10000 };

/* A request of a caller: to store events, or to run a task. */
struct commit_request {
	struct submission *events; /* NULL: run a task */
	const char *sender;        /* for `events`; or NULL */
	commit_task run;           /* the task, if `events` is NULL */
	void *arg;
	struct commit_request *next;
	/* one for each task, so that a commit wakes only its own callers */
	sem_t done;
	struct error failure;
};

struct commit_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t queued; /* a task was queued, or the thread must end */
	struct commit_request *first, **last;
	/* number of requests in the queue, and of their events */
	size_t requests, waiting;
	size_t awaited; /* so many requests wake the thread */
	/* of the last commit: callers that waited for it or for the next one at its end */
	size_t callers;
	int64_t took_us;
	bool ending;
	const struct settings *settings;
	struct store *store; /* NULL: the ledger could not be opened */
	struct ledger *ledger;
	_Atomic int64_t opened;       /* how often */
	struct series_quotas *quotas; /* NULL: no limit */
	struct commit_counts counts;  /* only the thread writes them */
	struct commit_state state;
	int64_t commit_us; /* begin of the current commit; 0: none */
	/*
	 * monotonic times of the last successful write, and of the last probe
	 */
	int64_t stored_us, failed_us, probed_us;
	void (*on_notice)(void *arg); /* or NULL */
	void *notice_arg;
	uint64_t notices; /* trigger_notices at the last call of on_notice */
};

/*
 * commit_thread_probe accepts a successful write that is not older than
 * PROBE_AFTER_US. Otherwise commit_thread_probe writes a test value, at most
 * once in PROBE_EVERY_US. After a failed write it does so not before FAILED_US:
 * on a disk that is nearly full, the test value may fit where events do not.
 * ROOM_BYTES must be free on the disk.
 */
enum {
	PROBE_AFTER_US = 60 * USEC_PER_SEC,
	PROBE_EVERY_US = USEC_PER_SEC,
	FAILED_US = 5 * USEC_PER_SEC,
	ROOM_BYTES = 8 << 20
};

static size_t events_of(const struct commit_request *task)
{
	return task->events ? task->events->n : 0;
}

/* Tells whether the task needs a commit of its own. */
static bool is_alone(const struct commit_request *task)
{
	return !task->events || task->events->atomic;
}

/*
 * Takes one or more tasks from the queue for one commit, and chains their
 * submissions. Call with the lock held.
 */
static struct commit_request *take(struct commit_thread *t)
{
	struct commit_request *taken = t->first, *last = taken;
	size_t n = events_of(taken);

	t->requests--;
	while (last->next && !is_alone(taken) && !is_alone(last->next) &&
	       n + events_of(last->next) <= COMMIT_EVENTS_MAX) {
		last->events->next = last->next->events;
		last = last->next;
		n += events_of(last);
		t->requests--;
	}
	t->first = last->next;
	if (!t->first)
		t->last = &t->first;
	last->next = NULL;
	t->waiting -= n;
	return taken;
}

/*
 * Waits a moment until as many callers wait again as at the end of the last
 * commit, whose answers they have just got: most of what a commit costs is for
 * all of its events together. A caller that is alone waits only once, if others
 * were there before. Call with the lock held.
 */
static void gather(struct commit_thread *t)
{
	int64_t wait_us = MIN(GATHER_COMMITS * t->took_us, GATHER_US_MAX);

	if (is_alone(t->first) || t->requests >= t->callers || t->waiting >= COMMIT_EVENTS_MAX)
		return;
	t->awaited = t->callers;
	timed_wait(&t->queued, &t->lock, monotonic_us() + wait_us);
	t->awaited = 1;
}

/* ---- commits ---- */

static void close_ledger(struct commit_thread *t)
{
	ledger_free(&t->ledger);
	store_close(&t->store);
}

/* Opens the ledger, again if it is gone. */
static int open_ledger(struct commit_thread *t, struct error *err)
{
	if (t->store && store_gone(t->store))
		close_ledger(t);
	if (t->store)
		return 0;
	if (store_open(t->settings->database, STORE_WRITE, t->settings->busy_timeout_ms, &t->store,
		       err) < 0)
		return -1;
	t->opened++;
	t->ledger = ledger_new(t->store, &(struct ledger_options) {
						 .late = late_events_find(t->settings->late_events),
						 .partly = true,
						 .rejection_log = true,
						 .rejected_days = t->settings->rejected_days });
	return 0;
}

static int run_task(struct commit_thread *t, const struct commit_request *task, struct error *err)
{
	if (store_begin_write(t->store, err) < 0)
		return -1;
	if (task->run(t->store, task->arg, err) < 0) {
		store_end(t->store);
		return -1;
	}
	return store_commit(t->store, err);
}

static int store_events(struct commit_thread *t, struct commit_request *first, struct error *err)
{
	for (struct commit_request *task = first; task; task = task->next) {
		if (t->quotas && task->sender)
			task->events->quota = series_quota_of(t->quotas, task->sender);
		task->events->outdated = task->events->version && task->events->opened != t->opened;
	}
	if (ledger_store(t->ledger, first->events, err) < 0)
		return -1;
	for (const struct submission *s = first->events; s; s = s->next)
		for (size_t i = 0; i < s->n && !s->outdated; i++)
			event_counts_add(&t->counts.events, &s->events[i]);
	return 0;
}

/*
 * Records the result of a write, unless the error is about the task rather than
 * the ledger.
 */
static void note(struct commit_thread *t, const struct error *err)
{
	int64_t now = floor_div(clock_now_us(), USEC_PER_SEC);

	pthread_mutex_lock(&t->lock);
	if (!err->kind) {
		t->state.failing = false;
		t->stored_us = monotonic_us();
	} else if (err->kind == ERR_INTERNAL || err->kind == ERR_BUSY) {
		t->state.failing = true;
		t->state.failed = now;
		t->failed_us = monotonic_us();
	}
	pthread_mutex_unlock(&t->lock);
}

static void count(struct commit_thread *t, const struct commit_request *first, bool failed)
{
	counter_add(&t->counts.commits[!first->events][failed], 1);
	histogram_add(&t->counts.times, monotonic_us() - t->commit_us);
}

static void commit(struct commit_thread *t, struct commit_request *first)
{
	struct error err = { 0 };

	if (open_ledger(t, &err) == 0 &&
	    (first->events ? store_events(t, first, &err) : run_task(t, first, &err)) == 0)
		err.kind = ERR_NONE;
	note(t, &err);
	count(t, first, err.kind != ERR_NONE);
	for (struct commit_request *task = first; task; task = task->next)
		task->failure = err;
	/* reopen a failed ledger for the next tasks */
	if (err.kind == ERR_INTERNAL)
		close_ledger(t);
}

/* Call with the lock held. */
static void tell_notices(struct commit_thread *t)
{
	uint64_t notices = trigger_notices();

	if (notices == t->notices)
		return;
	t->notices = notices;
	if (t->on_notice)
		t->on_notice(t->notice_arg);
}

static void *write_loop(void *arg)
{
	struct commit_thread *t = arg;

	pthread_setname_np(pthread_self(), "usaged-writer");
	pthread_mutex_lock(&t->lock);
	for (;;) {
		struct commit_request *taken, *next;
		size_t left;

		while (!t->first && !t->ending)
			pthread_cond_wait(&t->queued, &t->lock);
		if (!t->first)
			break;
		gather(t);
		t->callers = t->requests;
		taken = take(t);
		left = t->requests;
		t->commit_us = monotonic_us();
		pthread_mutex_unlock(&t->lock);
		commit(t, taken);
		pthread_mutex_lock(&t->lock);
		/* nobody of this commit waits again yet */
		t->callers += t->requests - left;
		t->took_us = monotonic_us() - t->commit_us;
		t->commit_us = 0;
		pthread_mutex_unlock(&t->lock);
		for (; taken; taken = next) {
			/* after sem_post the task belongs to its caller */
			next = taken->next;
			sem_post(&taken->done);
		}
		pthread_mutex_lock(&t->lock);
		tell_notices(t);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

int commit_thread_new(const struct settings *s, struct commit_thread **ret, struct error *err)
{
	struct commit_thread *t = calloc(1, sizeof(*t));
	int64_t known = 0;

	if (!t)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	t->settings = s;
	t->last = &t->first;
	if (s->new_series)
		t->quotas = series_quotas_new(s->new_series);
	/*
	 * Open the ledger even if nothing will be written: only a writing
	 * connection removes the write-ahead log when it closes. If opening
	 * fails, tasks report the error.
	 */
	open_ledger(t, NULL);
	if (t->store)
		store_meta(t->store, META_COMMITTED, &known, NULL);
	plausible_process_begin(known, floor_div(clock_now_us(), USEC_PER_SEC));
	pthread_mutex_init(&t->lock, NULL);
	timed_wait_init(&t->queued);
	t->awaited = 1;
	*ret = t;
	if (pthread_create(&t->thread, NULL, write_loop, t) == 0)
		return 0;
	close_ledger(t);
	series_quotas_free(&t->quotas);
	free(t);
	*ret = NULL;
	return error_set(err, ERR_INTERNAL, NULL, "cannot start the commit thread");
}

void commit_thread_free(struct commit_thread **t)
{
	if (!*t)
		return;
	pthread_mutex_lock(&(*t)->lock);
	(*t)->ending = true;
	pthread_cond_signal(&(*t)->queued);
	pthread_mutex_unlock(&(*t)->lock);
	pthread_join((*t)->thread, NULL);
	close_ledger(*t);
	series_quotas_free(&(*t)->quotas);
	pthread_cond_destroy(&(*t)->queued);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

/* Queues the task and waits for it. */
static int run(struct commit_thread *t, struct commit_request *task, struct error *err)
{
	bool full;

	sem_init(&task->done, 0, 0);
	pthread_mutex_lock(&t->lock);
	full = t->ending || t->waiting + events_of(task) > QUEUE_EVENTS_MAX;
	if (!full) {
		*t->last = task;
		t->last = &task->next;
		t->waiting += events_of(task);
		t->requests++;
		if (t->requests >= t->awaited || is_alone(task))
			pthread_cond_signal(&t->queued);
	}
	pthread_mutex_unlock(&t->lock);
	while (!full && sem_wait(&task->done) < 0)
		; /* interrupted by a signal */
	sem_destroy(&task->done);
	if (full)
		return error_set(
			err, ERR_BUSY, NULL,
			"too many events are waiting to be written; send them again in a moment");
	if (!task->failure.kind)
		return task->events && task->events->outdated;
	*err = task->failure;
	return -1;
}

int commit_thread_submit(struct commit_thread *t, struct submission *s, const char *sender,
			 struct error *err)
{
	return run(t, &(struct commit_request) { .events = s, .sender = sender }, err);
}

int commit_thread_run(struct commit_thread *t, commit_task task, void *arg, struct error *err)
{
	return run(t, &(struct commit_request) { .run = task, .arg = arg }, err);
}

void commit_thread_on_notice(struct commit_thread *t, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&t->lock);
	t->on_notice = fn;
	t->notice_arg = arg;
	pthread_mutex_unlock(&t->lock);
}

void commit_thread_state(struct commit_thread *t, struct commit_state *ret)
{
	pthread_mutex_lock(&t->lock);
	*ret = t->state;
	pthread_mutex_unlock(&t->lock);
}

int64_t commit_thread_opened(const struct commit_thread *t)
{
	return t->opened;
}

const struct commit_counts *commit_thread_counts(const struct commit_thread *t)
{
	return &t->counts;
}

void commit_thread_queue(struct commit_thread *t, struct commit_queue *ret)
{
	pthread_mutex_lock(&t->lock);
	*ret = (struct commit_queue) { .requests = t->requests, .events = t->waiting };
	pthread_mutex_unlock(&t->lock);
}

int64_t commit_thread_seen(struct commit_thread *t)
{
	int64_t seen;

	pthread_mutex_lock(&t->lock);
	seen = t->commit_us ? t->commit_us : monotonic_us();
	pthread_mutex_unlock(&t->lock);
	return seen / USEC_PER_SEC;
}

static int write_probe(struct store *st, void *arg, struct error *err)
{
	return store_meta_set(st, META_PROBED, *(int64_t *)arg, err);
}

/* Checks that the disk has ROOM_BYTES free. */
static bool has_room(const struct commit_thread *t)
{
	struct statvfs disk;

	return statvfs(t->settings->database, &disk) < 0 ||
	       (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_BYTES;
}

/* Checks that the thread takes work. */
static int check_thread(struct commit_thread *t, int64_t stuck_us, struct error *err)
{
	int64_t us;
	bool full;

	pthread_mutex_lock(&t->lock);
	us = t->commit_us ? monotonic_us() - t->commit_us : 0;
	full = t->waiting >= QUEUE_EVENTS_MAX;
	pthread_mutex_unlock(&t->lock);
	if (us > stuck_us)
		return error_set(err, ERR_BUSY, NULL,
				 "the commit thread has worked on one commit for %lld seconds",
				 (long long)(us / USEC_PER_SEC));
	if (full)
		return error_set(err, ERR_BUSY, NULL, "the queue of the commit thread is full");
	return 0;
}

int commit_thread_probe(struct commit_thread *t, int64_t stuck_us, struct error *err)
{
	int64_t now = monotonic_us(), wall = floor_div(clock_now_us(), USEC_PER_SEC);
	bool lately, failing;

	if (check_thread(t, stuck_us, err) < 0)
		return -1;
	if (!has_room(t))
		return error_set(err, ERR_BUSY, NULL,
				 "the disk of the ledger has less than %d MB of room",
				 ROOM_BYTES >> 20);
	pthread_mutex_lock(&t->lock);
	failing = t->state.failing;
	lately = (t->probed_us && now - t->probed_us < PROBE_EVERY_US) ||
		 (failing ? now - t->failed_us < FAILED_US
			  : t->stored_us && now - t->stored_us < PROBE_AFTER_US);
	if (!lately)
		t->probed_us = now;
	pthread_mutex_unlock(&t->lock);
	if (!lately)
		return commit_thread_run(t, write_probe, &wall, err);
	return failing ? error_set(err, ERR_BUSY, NULL,
				   "the last write to the ledger failed: try again later")
		       : 0;
}
