#include "usage/verifier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/meta.h"
#include "store/verify.h"
#include "base/banned.h"

enum { DIFFERENCES_LOGGED = 20 };

struct verifier {
	const struct settings *settings;
	struct commit_thread *commits;
	pthread_mutex_t lock; /* protects members below, except atomics */
	pthread_t thread;
	bool started; /* a thread must be joined */
	struct verifier_status status;
	atomic_int percent;
	atomic_bool stopping;
	int64_t when;
};

/* The result that is stored in the ledger. */
struct verifier_outcome {
	int64_t when;
	size_t differences;
};

static int note_outcome(struct store *st, void *arg, struct error *err)
{
	const struct verifier_outcome *o = arg;

	if (store_meta_set(st, META_VERIFIED, o->when, err) < 0)
		return -1;
	return store_meta_set(st, META_DIFFERENCES, (int64_t)o->differences, err);
}

static void log_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	const struct rollup *r = want ? want : have;

	(void)arg;
	log_warning("verify: a rollup of account number %lld is wrong; \"usaged verify\" says how",
		    (long long)r->account);
}

static void log_fault(void *arg, const char *words)
{
	(void)arg;
	log_warning("verify: %s", words);
}

static void take_progress(void *arg, int64_t done, int64_t all)
{
	struct verifier *v = arg;

	if (all > 0)
		atomic_store(&v->percent, (int)(done * 100 / all));
}

static bool is_stopping(void *arg)
{
	struct verifier *v = arg;

	return atomic_load(&v->stopping);
}

static int verify(struct verifier *v, struct verifier_outcome *o, struct error *err)
{
	const struct verify_calls calls = { .limit = DIFFERENCES_LOGGED,
					    .difference = log_difference,
					    .fault = log_fault,
					    .progress = take_progress,
					    .stopped = is_stopping,
					    .arg = v };
	struct store *st = NULL;
	int64_t events;
	int rc;

	if (store_open(v->settings->database, 0, v->settings->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = store_verify(st, &calls, &o->differences, &events, err);
	store_close(&st);
	if (rc < 0 || commit_thread_run(v->commits, note_outcome, o, err) < 0)
		return -1;
	log_info("verify: %lld events, %zu differences", (long long)events, o->differences);
	return 0;
}

static void *run(void *arg)
{
	struct verifier *v = arg;
	struct verifier_outcome o = { .when = v->when };
	struct error err = { 0 };
	int rc;

	pthread_setname_np(pthread_self(), "usaged-verify");
	rc = verify(v, &o, &err);
	if (rc < 0 && !is_stopping(v))
		log_error("verify: %s %s", err.message, err.detail);
	pthread_mutex_lock(&v->lock);
	v->status.running = false;
	v->status.failed = rc < 0;
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

struct verifier *verifier_new(const struct settings *s, struct commit_thread *t)
{
	struct verifier *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	v->settings = s;
	v->commits = t;
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

void verifier_free(struct verifier **v)
{
	if (!*v)
		return;
	atomic_store(&(*v)->stopping, true);
	if ((*v)->started)
		pthread_join((*v)->thread, NULL);
	pthread_mutex_destroy(&(*v)->lock);
	free(*v);
	*v = NULL;
}

static int start_thread(struct verifier *v, int64_t now, struct error *err)
{
	if (v->status.running)
		return error_set(err, ERR_CONFLICT, NULL,
				 "the ledger is being verified already; wait for the result");
	if (v->started)
		pthread_join(v->thread, NULL); /* the thread has ended */
	v->when = now;
	atomic_store(&v->percent, 0);
	v->started = pthread_create(&v->thread, NULL, run, v) == 0;
	if (!v->started)
		return error_set(err, ERR_INTERNAL, NULL, "cannot start a thread");
	v->status.running = true;
	return 0;
}

int verifier_start(struct verifier *v, int64_t now, struct error *err)
{
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = start_thread(v, now, err);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

void verifier_get_status(struct verifier *v, struct verifier_status *ret)
{
	pthread_mutex_lock(&v->lock);
	*ret = v->status;
	pthread_mutex_unlock(&v->lock);
	ret->percent = atomic_load(&v->percent);
}
