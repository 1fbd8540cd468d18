#include "usage/maintenance.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/civil.h"
#include "base/log.h"
#include "store/meta.h"
#include "store/verify.h"
#include "usage/backup.h"
#include "base/banned.h"

enum { DIFFERENCES_LOGGED = 20, LOWEST_PRIORITY = 19, HOUR_S = 3600, WEEK_S = 7 * 86400 };

const struct maintenance_pace maintenance_usual_pace = { .first_ms = 5 * 60 * 1000,
							 .look_ms = 60 * 1000,
							 .retry_ms = 60 * 60 * 1000 };

enum job { JOB_VERIFY, JOB_BACKUP, JOBS };

/* A kind of work in this process. */
struct job_state {
	int64_t not_before_ms; /* monotonic */
	bool asked;            /* do it next, whether it is due or not */
	bool running;
	bool failed; /* the last time */
};

struct maintenance {
	const struct settings *settings;
	struct commit_thread *commits;
	const struct maintenance_pace *pace;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t woken;        /* a verification was asked for, or the thread must end */
	struct job_state jobs[JOBS]; /* protected by LOCK */
	atomic_int percent;
	atomic_bool stopping;
};

static bool is_stopping(void *arg)
{
	struct maintenance *m = arg;

	return atomic_load(&m->stopping);
}

static void log_fault(void *arg, const char *words)
{
	(void)arg;
	log_warning("%s", words);
}

/* ---- notes in the ledger ---- */

/* A named number to be stored in the ledger. */
struct note {
	const char *name;
	int64_t value;
};

/* Stores notes, ended by a NULL name. */
static int store_notes(struct store *st, void *arg, struct error *err)
{
	for (const struct note *n = arg; n->name; n++)
		if (store_meta_set(st, n->name, n->value, err) < 0)
			return -1;
	return 0;
}

static int load_notes(struct maintenance *m, struct maintenance_notes *ret, struct error *err)
{
	struct store *st = NULL;
	int rc = 0;

	*ret = (struct maintenance_notes) { 0 };
	if (store_open(m->settings->database, 0, m->settings->busy_timeout_ms, &st, err) < 0)
		return -1;
	if (store_meta(st, META_VERIFIED, &ret->verified, err) < 0 ||
	    store_meta(st, META_COMMITTED, &ret->committed, err) < 0 ||
	    store_meta(st, META_BACKUP, &ret->backed_up, err) < 0)
		rc = -1;
	store_close(&st);
	return rc;
}

/* ---- verifying ---- */

static void log_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	const struct rollup *r = want ? want : have;

	(void)arg;
	log_warning("verify: a rollup of account number %lld is wrong; \"usaged verify\" says how",
		    (long long)r->account);
}

static void take_progress(void *arg, int64_t done, int64_t all)
{
	struct maintenance *m = arg;

	if (all > 0)
		atomic_store(&m->percent, (int)(done * 100 / all));
}

static int verify(struct maintenance *m, int64_t now, struct error *err)
{
	const struct verify_calls calls = { .limit = DIFFERENCES_LOGGED,
					    .difference = log_difference,
					    .fault = log_fault,
					    .progress = take_progress,
					    .stopped = is_stopping,
					    .arg = m };
	struct note notes[] = { { META_VERIFIED, now }, { META_DIFFERENCES, 0 }, { 0 } };
	struct store *st = NULL;
	size_t differences;
	int64_t events;
	int rc;

	if (store_open(m->settings->database, 0, m->settings->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = store_verify(st, NULL, &calls, &differences, &events, err);
	store_close(&st);
	if (rc < 0)
		return -1;
	notes[1].value = (int64_t)differences;
	if (commit_thread_run(m->commits, store_notes, notes, err) < 0)
		return -1;
	log_info("verify: %lld events, %zu differences", (long long)events, differences);
	return 0;
}

/* ---- backups ---- */

static int back_up(struct maintenance *m, int64_t now, struct error *err)
{
	const struct backup_calls calls = { .stopped = is_stopping, .fault = log_fault, .arg = m };
	struct note done[] = { { META_BACKUP, now }, { 0 } },
		    failed[] = { { META_BACKUP_FAILED, now }, { 0 } };
	struct error ignored = { 0 };
	struct backup_result r;

	if (backup_run(m->settings, now, &calls, &r, err) < 0) {
		if (!is_stopping(m))
			commit_thread_run(m->commits, store_notes, failed, &ignored);
		return -1;
	}
	log_info("backup: %s, restored and verified: %lld events, %lld bytes; %zu copies", r.name,
		 (long long)r.events, (long long)r.bytes, r.copies);
	return commit_thread_run(m->commits, store_notes, done, err);
}

/* ---- what is due ---- */

/*
 * Have HOURS passed since LAST? Also if LAST is a day in the future: the clock
 * was wrong then.
 */
static bool has_passed(int64_t last, int64_t hours, int64_t now)
{
	return now - last >= hours * HOUR_S || last - now > SEC_PER_DAY;
}

bool maintenance_verify_due(const struct settings *s, const struct maintenance_notes *n,
			    int64_t now)
{
	if (!s->verify_hours || !has_passed(n->verified, s->verify_hours, now))
		return false;
	return !n->verified || n->committed >= n->verified || n->verified > now ||
	       now - n->verified >= WEEK_S;
}

bool maintenance_backup_due(const struct settings *s, const struct maintenance_notes *n,
			    int64_t now)
{
	return *s->backup_folder && has_passed(n->backed_up, s->backup_hours, now);
}

/* The kinds of work, the more urgent first. */
static const struct {
	const char *name; /* in the log */
	bool (*due)(const struct settings *s, const struct maintenance_notes *n, int64_t now);
	int (*run)(struct maintenance *m, int64_t now, struct error *err);
} jobs[JOBS] = {
	[JOB_VERIFY] = { "verify", maintenance_verify_due, verify },
	[JOB_BACKUP] = { "backup", maintenance_backup_due, back_up },
};

/* ---- the thread ---- */

static int64_t now_s(void)
{
	return floor_div(clock_now_us(), USEC_PER_SEC);
}

/*
 * Is the work to be done now? If it is not due, sets the time of the next look.
 * Call it without the lock.
 */
static bool is_due(struct maintenance *m, enum job job)
{
	struct job_state *state = &m->jobs[job];
	struct maintenance_notes notes;
	struct error err = { 0 };
	bool asked, soon, due;

	pthread_mutex_lock(&m->lock);
	asked = state->asked;
	soon = monotonic_ms() >= state->not_before_ms;
	pthread_mutex_unlock(&m->lock);
	if (asked || !soon)
		return asked;
	/* an unusable ledger is reported by the requests */
	due = load_notes(m, &notes, &err) == 0 && jobs[job].due(m->settings, &notes, now_s());
	pthread_mutex_lock(&m->lock);
	state->not_before_ms = monotonic_ms() + m->pace->look_ms;
	due = due || state->asked;
	pthread_mutex_unlock(&m->lock);
	return due;
}

static void work(struct maintenance *m, enum job job)
{
	struct job_state *state = &m->jobs[job];
	struct error err = { 0 };
	int rc;

	pthread_mutex_lock(&m->lock);
	state->running = true;
	state->asked = false;
	pthread_mutex_unlock(&m->lock);
	if (job == JOB_VERIFY)
		atomic_store(&m->percent, 0);
	rc = jobs[job].run(m, now_s(), &err);
	if (rc < 0 && !is_stopping(m))
		log_error("%s: %s %s", jobs[job].name, err.message, err.detail);
	pthread_mutex_lock(&m->lock);
	state->running = false;
	state->failed = rc < 0;
	state->not_before_ms = monotonic_ms() + (rc < 0 ? m->pace->retry_ms : m->pace->look_ms);
	pthread_mutex_unlock(&m->lock);
}

/* Waits for the next look, or until it is woken. */
static void rest(struct maintenance *m)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += m->pace->look_ms / 1000;
	until.tv_nsec += m->pace->look_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&m->lock);
	if (!is_stopping(m) && !m->jobs[JOB_VERIFY].asked)
		pthread_cond_timedwait(&m->woken, &m->lock, &until);
	pthread_mutex_unlock(&m->lock);
}

static void *run(void *arg)
{
	struct maintenance *m = arg;

	pthread_setname_np(pthread_self(), "usaged-maintain");
	/* of this thread only; failure is harmless */
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	while (!is_stopping(m)) {
		for (int job = 0; job < JOBS && !is_stopping(m); job++)
			if (is_due(m, (enum job)job))
				work(m, (enum job)job);
		rest(m);
	}
	return NULL;
}

struct maintenance *maintenance_new(const struct settings *s, struct commit_thread *t,
				    const struct maintenance_pace *pace, struct error *err)
{
	struct maintenance *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	if (!m)
		abort();
	m->settings = s;
	m->commits = t;
	m->pace = pace;
	for (int job = 0; job < JOBS; job++)
		m->jobs[job].not_before_ms = monotonic_ms() + pace->first_ms;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->woken, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&m->thread, NULL, run, m) == 0)
		return m;
	pthread_cond_destroy(&m->woken);
	pthread_mutex_destroy(&m->lock);
	free(m);
	error_set(err, ERR_INTERNAL, NULL, "cannot start the maintenance thread");
	return NULL;
}

void maintenance_free(struct maintenance **m)
{
	if (!*m)
		return;
	pthread_mutex_lock(&(*m)->lock);
	atomic_store(&(*m)->stopping, true);
	pthread_cond_signal(&(*m)->woken);
	pthread_mutex_unlock(&(*m)->lock);
	pthread_join((*m)->thread, NULL);
	pthread_cond_destroy(&(*m)->woken);
	pthread_mutex_destroy(&(*m)->lock);
	free(*m);
	*m = NULL;
}

int maintenance_verify(struct maintenance *m, struct error *err)
{
	struct job_state *state = &m->jobs[JOB_VERIFY];
	int rc = 0;

	pthread_mutex_lock(&m->lock);
	if (state->running || state->asked) {
		rc = error_set(err, ERR_CONFLICT, NULL,
			       "the ledger is being verified already; wait for the result");
	} else {
		state->asked = true;
		atomic_store(&m->percent, 0);
		pthread_cond_signal(&m->woken);
	}
	pthread_mutex_unlock(&m->lock);
	return rc;
}

void maintenance_get_status(struct maintenance *m, struct maintenance_status *ret)
{
	const struct job_state *v = &m->jobs[JOB_VERIFY];

	pthread_mutex_lock(&m->lock);
	*ret = (struct maintenance_status) { .verifying = v->running || v->asked,
					     .verify_failed = v->failed,
					     .backing_up = m->jobs[JOB_BACKUP].running };
	pthread_mutex_unlock(&m->lock);
	ret->percent = atomic_load(&m->percent);
}
