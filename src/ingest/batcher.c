#include "ingest/batcher.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/civil.h"
#include "base/plausible.h"
#include "ingest/rejections.h"
#include "base/banned.h"

/* How often the log of refused records is shortened. */
#define PRUNE_SECONDS 60

/* What may wait or be committed at once; the rest is told to come again. */
enum { QUEUE_EVENTS_MAX = 100000, COMMIT_EVENTS_MAX = 50000 };

struct batcher {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t queued; /* something waits, or it is time to end */
	struct submission *first, **last;
	size_t waiting; /* events in the queue */
	bool ending;
	const struct settings *settings;
	struct store *store; /* NULL while there is no ledger that can be used */
	struct ledger *ledger;
	struct submission *writing;   /* what the commit in work is of */
	struct series_quotas *quotas; /* NULL: senders may make any number of series */
	/* when the log of refused records was shortened, in seconds */
	int64_t pruned;
	struct batcher_state state;
	int64_t commit_us; /* when the commit in work began; 0: there is none */
	/*
	 * of a clock that never goes back: when a write last succeeded, was
	 * last tried for its own sake
	 */
	int64_t stored_us, probed_us;
};

/*
 * A write that succeeded so lately says that the next one will; a failing
 * ledger is tried at most so often.
 */
enum { PROBE_AFTER_US = 60 * USEC_PER_SEC, PROBE_EVERY_US = USEC_PER_SEC, ROOM_BYTES = 8 << 20 };

/* Must it have a commit of its own? */
static bool alone(const struct submission *s)
{
	return s->job || s->atomic;
}

/*
 * Takes as many submissions off the queue as one commit may hold, at least one.
 * Called with the lock held.
 */
static struct submission *take(struct batcher *b)
{
	struct submission *taken = b->first, **end = &b->first;
	size_t n = 0;

	do {
		n += (*end)->n;
		end = &(*end)->next;
	} while (*end && !alone(taken) && !alone(*end) && n + (*end)->n <= COMMIT_EVENTS_MAX);
	b->first = *end;
	if (!b->first)
		b->last = &b->first;
	*end = NULL;
	b->waiting -= n;
	return taken;
}

/* Most events have none, so errors are not kept in line. */
static void reject(struct submission *s, size_t i, const struct error *reason)
{
	s->verdicts[i] = VERDICT_REJECTED;
	s->errors[i] = malloc(sizeof(**s->errors));
	if (s->errors[i])
		*s->errors[i] = *reason;
}

/*
 * Puts a submission's events into the batch; refusals have their verdict at
 * once. -1 if the ledger itself failed.
 */
static int add_all(struct batcher *b, struct submission *s, struct error *err)
{
	ledger_quota(b->ledger,
		     b->quotas && s->sender ? series_quota_of(b->quotas, s->sender) : NULL);
	for (size_t i = 0; i < s->n; i++) {
		struct error refusal = { 0 };

		s->verdicts[i] = VERDICT_CREATED;
		if (ledger_add(b->ledger, &s->events[i], &refusal) == 0)
			continue;
		if (refusal.kind != ERR_PARAM && refusal.kind != ERR_OVERFLOW) {
			*err = refusal;
			return -1;
		}
		reject(s, i, &refusal);
	}
	return 0;
}

/* ---- what was refused ---- */

/* As well as can be: what was refused is told to its sender anyway. */
static void log_one(struct store *st, const struct rejection *r, size_t *n)
{
	if ((*n)++ < REJECTIONS_MAX)
		store_rejection_add(st, r, NULL);
}

static void log_event(struct store *st, const struct submission *s, size_t i,
		      const struct error *reason, int64_t now, size_t *n)
{
	struct rejection r = { .at = now, .author = "", .source = "", .event = "", .record = "" };

	if (!s->describe || !reason)
		return;
	r.code = event_refusal_code(reason);
	r.field = reason->param;
	r.message = reason->message;
	s->describe(s, i, &r);
	log_one(st, &r, n);
}

/* Those of one submission; returns the results behind its own. */
static const struct ledger_result *log_submission(struct store *st, const struct submission *s,
						  const struct ledger_result *results, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_rejections; i++)
		log_one(st, &s->rejections[i], &n);
	for (size_t i = 0; i < s->n; i++) {
		if (s->verdicts[i] == VERDICT_REJECTED)
			log_event(st, s, i, s->errors[i], now, &n);
		else if (results++->verdict == VERDICT_REJECTED)
			log_event(st, s, i, results[-1].error, now, &n);
	}
	return results;
}

/* In each commit's write. */
static int log_rejections(void *arg, struct store *st, const struct ledger_result *results,
			  struct error *err)
{
	struct batcher *b = arg;
	int64_t now = floor_div(clock_now_us(), USEC_PER_SEC);

	if (b->settings->rejected_days) {
		for (const struct submission *s = b->writing; s; s = s->next)
			results = log_submission(st, s, results, now);
	}
	if (now >= b->pruned && now - b->pruned < PRUNE_SECONDS)
		return 0;
	b->pruned = now;
	return rejections_prune(st, b->settings->rejected_days, err);
}

/* ---- commits ---- */

/*
 * Hands the commit's results, which stand in the order of the events that were
 * added, to their submissions.
 */
static void share_results(struct submission *first, const struct ledger_result *results)
{
	for (struct submission *s = first; s; s = s->next) {
		for (size_t i = 0; i < s->n; i++) {
			if (s->verdicts[i] == VERDICT_REJECTED)
				continue;
			s->verdicts[i] = results->verdict;
			if (results->verdict == VERDICT_REJECTED)
				reject(s, i, results->error);
			results++;
		}
	}
}

static void close_ledger(struct batcher *b)
{
	ledger_free(&b->ledger);
	store_close(&b->store);
}

/* Opens the ledger that is there now, which may be another one than before. */
static int open_ledger(struct batcher *b, struct error *err)
{
	if (b->store && store_moved(b->store))
		close_ledger(b);
	if (b->store)
		return 0;
	if (store_open(b->settings->database, STORE_WRITE, b->settings->busy_timeout_ms, &b->store,
		       err) < 0)
		return -1;
	b->ledger = ledger_new(b->store, &(struct ledger_options) {
						 .late = late_events_find(b->settings->late_events),
						 .also = log_rejections,
						 .arg = b });
	return 0;
}

static bool rejected(const struct submission *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->verdicts[i] == VERDICT_REJECTED)
			return true;
	return false;
}

static int write_all(struct batcher *b, struct submission *first, const struct ledger_result **ret,
		     struct error *err)
{
	size_t n;

	b->writing = first;
	for (struct submission *s = first; s; s = s->next) {
		if (add_all(b, s, err) < 0) {
			ledger_abandon(b->ledger);
			return -1;
		}
	}
	if (first->atomic)
		ledger_whole(b->ledger, first->spoilt || rejected(first));
	return ledger_commit(b->ledger, ret, &n, err);
}

/* Nothing of it happened: no verdict, so no reason for one either. */
static void fail(struct submission *s, const struct error *why)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->errors[i]);
		s->errors[i] = NULL;
	}
	s->failure = *why;
}

static int run_job(struct batcher *b, const struct submission *s, struct error *err)
{
	if (store_begin_write(b->store, err) < 0)
		return -1;
	if (s->job(b->store, s->arg, err) < 0) {
		store_end(b->store);
		return -1;
	}
	return store_commit(b->store, err);
}

static int write_events(struct batcher *b, struct submission *first, struct error *err)
{
	const struct ledger_result *results;

	if (write_all(b, first, &results, err) < 0)
		return -1;
	share_results(first, results);
	return 0;
}

/*
 * Notes how a write went. A job that was refused for a reason of its own says
 * nothing about the ledger.
 */
static void note(struct batcher *b, const struct error *err)
{
	int64_t now = floor_div(clock_now_us(), USEC_PER_SEC);

	pthread_mutex_lock(&b->lock);
	if (!err->kind) {
		b->state.failing = false;
		b->stored_us = monotonic_us();
	} else if (err->kind == ERR_INTERNAL || err->kind == ERR_BUSY) {
		b->state.failing = true;
		b->state.failed = now;
	}
	pthread_mutex_unlock(&b->lock);
}

static void commit(struct batcher *b, struct submission *first)
{
	struct error err = { 0 };

	if (open_ledger(b, &err) == 0 &&
	    (first->job ? run_job(b, first, &err) : write_events(b, first, &err)) == 0)
		err.kind = ERR_NONE;
	note(b, &err);
	if (!err.kind)
		return;
	for (struct submission *s = first; s; s = s->next)
		fail(s, &err);
	/* a ledger that failed is opened anew for those who come next */
	if (err.kind == ERR_INTERNAL)
		close_ledger(b);
}

static void *write_loop(void *arg)
{
	struct batcher *b = arg;

	pthread_setname_np(pthread_self(), "usaged-writer");
	pthread_mutex_lock(&b->lock);
	for (;;) {
		struct submission *taken, *next;

		while (!b->first && !b->ending)
			pthread_cond_wait(&b->queued, &b->lock);
		if (!b->first)
			break;
		taken = take(b);
		b->commit_us = monotonic_us();
		pthread_mutex_unlock(&b->lock);
		commit(b, taken);
		for (; taken; taken = next) {
			next = taken->next; /* once done, it belongs to its submitter again */
			sem_post(&taken->done);
		}
		pthread_mutex_lock(&b->lock);
		b->commit_us = 0;
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

int batcher_new(const struct settings *s, struct batcher **ret, struct error *err)
{
	struct batcher *b = calloc(1, sizeof(*b));
	int64_t known = 0;

	if (!b)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	b->settings = s;
	b->last = &b->first;
	if (s->new_series)
		b->quotas = series_quotas_new(s->new_series);
	/*
	 * also when nothing will be written: of all connections only a writer's
	 * leaves no log behind; if it fails, those who write are told
	 */
	open_ledger(b, NULL);
	if (b->store)
		store_meta(b->store, META_COMMITTED, &known, NULL);
	plausible_process_begin(known, floor_div(clock_now_us(), USEC_PER_SEC));
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->queued, NULL);
	*ret = b;
	if (pthread_create(&b->thread, NULL, write_loop, b) == 0)
		return 0;
	close_ledger(b);
	series_quotas_free(&b->quotas);
	free(b);
	*ret = NULL;
	return error_set(err, ERR_INTERNAL, NULL, "can't start the writer's thread");
}

void batcher_free(struct batcher **b)
{
	if (!*b)
		return;
	pthread_mutex_lock(&(*b)->lock);
	(*b)->ending = true;
	pthread_cond_signal(&(*b)->queued);
	pthread_mutex_unlock(&(*b)->lock);
	pthread_join((*b)->thread, NULL);
	close_ledger(*b);
	series_quotas_free(&(*b)->quotas);
	pthread_cond_destroy(&(*b)->queued);
	pthread_mutex_destroy(&(*b)->lock);
	free(*b);
	*b = NULL;
}

/* Queues S and waits for it. */
static int submit(struct batcher *b, struct submission *s, struct error *err)
{
	bool full;

	s->next = NULL;
	sem_init(&s->done, 0, 0);
	s->failure = (struct error) { 0 };
	pthread_mutex_lock(&b->lock);
	full = b->ending || b->waiting + s->n > QUEUE_EVENTS_MAX;
	if (!full) {
		*b->last = s;
		b->last = &s->next;
		b->waiting += s->n;
		pthread_cond_signal(&b->queued);
	}
	pthread_mutex_unlock(&b->lock);
	while (!full && sem_wait(&s->done) < 0)
		; /* a signal came */
	sem_destroy(&s->done);
	if (full)
		return error_set(
			err, ERR_BUSY, NULL,
			"too many events are waiting to be written; send them again in a moment");
	if (!s->failure.kind)
		return 0;
	*err = s->failure;
	return -1;
}

int batcher_submit(struct batcher *b, struct submission *s, struct error *err)
{
	s->job = NULL;
	return submit(b, s, err);
}

int batcher_run(struct batcher *b, batcher_job job, void *arg, struct error *err)
{
	struct submission s = { .job = job, .arg = arg };

	return submit(b, &s, err);
}

void batcher_state(struct batcher *b, struct batcher_state *ret)
{
	pthread_mutex_lock(&b->lock);
	*ret = b->state;
	pthread_mutex_unlock(&b->lock);
}

int64_t batcher_seen(struct batcher *b)
{
	int64_t seen;

	pthread_mutex_lock(&b->lock);
	seen = b->commit_us ? b->commit_us : monotonic_us();
	pthread_mutex_unlock(&b->lock);
	return seen / USEC_PER_SEC;
}

static int write_probe(struct store *st, void *arg, struct error *err)
{
	return store_meta_set(st, META_PROBED, *(int64_t *)arg, err);
}

/* A note finds room on a disk where nothing larger does. */
static bool has_room(const struct batcher *b)
{
	struct statvfs disk;

	return statvfs(b->settings->database, &disk) < 0 ||
	       (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_BYTES;
}

int batcher_probe(struct batcher *b, struct error *err)
{
	int64_t now = monotonic_us(), wall = floor_div(clock_now_us(), USEC_PER_SEC);
	bool lately, failing;

	pthread_mutex_lock(&b->lock);
	failing = b->state.failing;
	lately = b->probed_us && now - b->probed_us < PROBE_EVERY_US;
	if (!failing)
		lately = lately || (b->stored_us && now - b->stored_us < PROBE_AFTER_US);
	if (!lately)
		b->probed_us = now;
	pthread_mutex_unlock(&b->lock);
	if (failing && !has_room(b))
		return error_set(err, ERR_BUSY, NULL,
				 "the last write to the ledger failed, and there is little room "
				 "for the next one");
	if (!lately)
		return batcher_run(b, write_probe, &wall, err);
	return failing ? error_set(err, ERR_BUSY, NULL,
				   "the last write to the ledger failed: try again later")
		       : 0;
}
