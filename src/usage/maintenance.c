#include "usage/maintenance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/timed_wait.h"
#include "store/meta.h"
#include "store/outbox.h"
#include "store/server.h"
#include "store/verify.h"
#include "usage/backup.h"
#include "usage/family_changes.h"
#include "usage/trigger.h"
#include "base/banned.h"

enum { DIFFERENCES_LOGGED = 20, LOWEST_PRIORITY = 19, HOUR_S = 3600, WEEK_HOURS = 7 * 24 };

/* No other host begins a verification for so long. */
#define LEASE_US (HOUR_S * USEC_PER_SEC)

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
	char host[64 + SYS_NMLN];
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

/* The families that have changed since the last verification, in ARENA. */
static int load_changed(struct store *st, const struct maintenance_notes *notes,
			struct arena *arena, struct verify_families *ret, struct error *err)
{
	return family_changes_since(st, notes->verified, arena, &ret->ids, &ret->n, err);
}

static int read_notes(struct store *st, struct maintenance_notes *ret, struct error *err)
{
	struct verify_families families;
	struct arena arena;
	int rc = 0;

	*ret = (struct maintenance_notes) { 0 };
	arena_init(&arena);
	if (store_meta(st, META_VERIFIED, &ret->verified, err) < 0 ||
	    store_meta(st, META_VERIFIED_WHOLE, &ret->whole, err) < 0 ||
	    store_meta(st, META_DIFFERENCES, &ret->differences, err) < 0 ||
	    store_meta(st, META_BACKUP, &ret->backed_up, err) < 0 ||
	    load_changed(st, ret, &arena, &families, err) < 0)
		rc = -1;
	ret->changed = rc == 0 && families.n;
	arena_release(&arena);
	return rc;
}

static int open_ledger(const struct maintenance *m, struct store **ret, struct error *err)
{
	return store_open(m->settings->database, 0, m->settings->busy_timeout_ms, ret, err);
}

static int load_notes(struct maintenance *m, struct maintenance_notes *ret, struct error *err)
{
	struct store *st = NULL;
	int rc;

	if (open_ledger(m, &st, err) < 0)
		return -1;
	rc = read_notes(st, ret, err);
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

static void log_trigger(void *arg, const struct trigger *t, struct decimal have,
			struct decimal want)
{
	(void)arg, (void)have, (void)want;
	log_warning("verify: the value of trigger %s is wrong; \"usaged verify\" says how", t->sid);
}

/* Adds the number of triggers whose values are wrong to *N. */
static int verify_triggers(struct store *st, size_t *n, struct error *err)
{
	size_t wrong = 0;
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	rc = triggers_verify(st, log_trigger, NULL, &wrong, err);
	store_end(st);
	*n += wrong;
	return rc;
}

/* What a verification found. */
struct verify_result {
	bool whole; /* the whole ledger was verified */
	size_t families, differences;
	int64_t events;
};

/* Verifies the families that have changed; with RET->whole, all. */
static int verify_store(struct maintenance *m, struct store *st, struct verify_result *ret,
			struct error *err)
{
	const struct verify_calls calls = { .limit = DIFFERENCES_LOGGED,
					    .difference = log_difference,
					    .fault = log_fault,
					    .progress = take_progress,
					    .stopped = is_stopping,
					    .arg = m };
	struct maintenance_notes notes;
	struct verify_families changed = { 0 };
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	if (!ret->whole && (read_notes(st, &notes, err) < 0 ||
			    load_changed(st, &notes, &arena, &changed, err) < 0))
		rc = -1;
	ret->families = changed.n;
	if (rc == 0)
		rc = store_verify(st, ret->whole ? NULL : &changed, &calls, &ret->differences,
				  &ret->events, err);
	if (rc == 0)
		rc = verify_triggers(st, &ret->differences, err);
	arena_release(&arena);
	return rc;
}

static int note_verified(struct maintenance *m, const struct verify_result *r, int64_t now,
			 struct error *err)
{
	struct note notes[] = { { META_VERIFIED, now },
				{ META_DIFFERENCES, (int64_t)r->differences },
				{ r->whole ? META_VERIFIED_WHOLE : NULL, now },
				{ 0 } };

	return commit_thread_run(m->commits, store_notes, notes, err);
}

/*
 * KIND: what is due; VERIFY_NOTHING: someone has asked for it. After a failure the
 * whole ledger is verified, because only that finds damaged pages.
 */
static int verify(struct maintenance *m, int kind, int64_t now, struct error *err)
{
	struct verify_result r = { .whole = kind != VERIFY_CHANGED || m->jobs[JOB_VERIFY].failed };
	struct store *st = NULL;
	int rc;

	if (open_ledger(m, &st, err) < 0)
		return -1;
	rc = verify_store(m, st, &r, err);
	store_close(&st);
	if (rc < 0 || note_verified(m, &r, now, err) < 0)
		return -1;
	if (r.whole)
		log_info("verify: the whole ledger, %lld events, %zu differences",
			 (long long)r.events, r.differences);
	else
		log_info("verify: what changed, %zu main accounts, %lld events, %zu differences",
			 r.families, (long long)r.events, r.differences);
	return 0;
}

/* ---- backups ---- */

static int back_up(struct maintenance *m, int kind, int64_t now, struct error *err)
{
	const struct backup_calls calls = { .stopped = is_stopping, .fault = log_fault, .arg = m };
	struct note done[] = { { META_BACKUP, now }, { 0 } },
		    failed[] = { { META_BACKUP_FAILED, now }, { 0 } };
	struct error ignored = { 0 };
	struct backup_result r;

	(void)kind;
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

enum maintenance_verify maintenance_verify_due(const struct settings *s,
					       const struct maintenance_notes *n, int64_t now)
{
	if (!s->verify_hours || !has_passed(n->verified, s->verify_hours, now))
		return VERIFY_NOTHING;
	if (n->differences || has_passed(n->whole, WEEK_HOURS, now))
		return VERIFY_WHOLE;
	return n->changed ? VERIFY_CHANGED : VERIFY_NOTHING;
}

bool maintenance_backup_due(const struct settings *s, const struct maintenance_notes *n,
			    int64_t now)
{
	return *s->backup_folder && has_passed(n->backed_up, s->backup_hours, now);
}

static int verify_due(const struct settings *s, const struct maintenance_notes *n, int64_t now)
{
	return (int)maintenance_verify_due(s, n, now);
}

static int backup_due(const struct settings *s, const struct maintenance_notes *n, int64_t now)
{
	return maintenance_backup_due(s, n, now);
}

/* The kinds of work, the more urgent first. */
static const struct {
	const char *name; /* in the log */
	/* not 0: it is due; the number is passed to `run` */
	int (*due)(const struct settings *s, const struct maintenance_notes *n, int64_t now);
	int (*run)(struct maintenance *m, int due, int64_t now, struct error *err);
} jobs[JOBS] = {
	[JOB_VERIFY] = { "verify", verify_due, verify },
	[JOB_BACKUP] = { "backup", backup_due, back_up },
};

/* ---- several hosts ---- */

struct verify_lease {
	struct lease lease;
	int64_t now_us;
	bool taken;
};

static int take_lease(struct store *st, void *arg, struct error *err)
{
	struct verify_lease *task = arg;
	int rc = store_lease_take(st, &task->lease, task->now_us, err);

	task->taken = rc > 0;
	return rc < 0 ? -1 : 0;
}

/*
 * Of several hosts before one database, one verifies what is due: the one that
 * has the lease. Nobody extends or ends it, since the ledger notes what was
 * verified.
 */
static bool may_work(struct maintenance *m, enum job job)
{
	const int64_t now_us = clock_now_us();
	struct verify_lease task = { { "verify", m->host, now_us + LEASE_US }, now_us, false };
	struct error err = { 0 };

	if (job != JOB_VERIFY || store_is_file(m->settings->database))
		return true;
	if (commit_thread_run(m->commits, take_lease, &task, &err) < 0)
		log_warning("the verification waits: %s %s", err.message, err.detail);
	return task.taken;
}

/* ---- the thread ---- */

static int64_t now_s(void)
{
	return floor_div(clock_now_us(), USEC_PER_SEC);
}

/*
 * Is the work to be done now, whether it is due or asked for? *RET_DUE is what is
 * due; 0: nothing. If it is not due, sets the time of the next look. Call it
 * without the lock.
 */
static bool is_due(struct maintenance *m, enum job job, int *ret_due)
{
	struct job_state *state = &m->jobs[job];
	struct maintenance_notes notes;
	struct error err = { 0 };
	bool asked, soon;

	*ret_due = 0;
	pthread_mutex_lock(&m->lock);
	asked = state->asked;
	soon = monotonic_ms() >= state->not_before_ms;
	pthread_mutex_unlock(&m->lock);
	if (asked || !soon)
		return asked;
	/* an unusable ledger is reported by the requests */
	if (load_notes(m, &notes, &err) == 0)
		*ret_due = jobs[job].due(m->settings, &notes, now_s());
	pthread_mutex_lock(&m->lock);
	state->not_before_ms = monotonic_ms() + m->pace->look_ms;
	asked = state->asked;
	pthread_mutex_unlock(&m->lock);
	if (asked)
		*ret_due = 0;
	return asked || *ret_due;
}

static void work(struct maintenance *m, enum job job, int due)
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
	rc = jobs[job].run(m, due, now_s(), &err);
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
	int64_t until_ms = monotonic_ms() + m->pace->look_ms;

	pthread_mutex_lock(&m->lock);
	if (!is_stopping(m) && !m->jobs[JOB_VERIFY].asked)
		timed_wait(&m->woken, &m->lock, until_ms * 1000);
	pthread_mutex_unlock(&m->lock);
}

static void *run(void *arg)
{
	struct maintenance *m = arg;
	int due;

	pthread_setname_np(pthread_self(), "usaged-maintain");
	/* of this thread only; failure is harmless */
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	while (!is_stopping(m)) {
		for (int job = 0; job < JOBS && !is_stopping(m); job++)
			if (is_due(m, (enum job)job, &due) && (!due || may_work(m, (enum job)job)))
				work(m, (enum job)job, due);
		rest(m);
	}
	return NULL;
}

static void name_host(struct maintenance *m)
{
	struct utsname name;

	if (uname(&name) < 0)
		snprintf(name.nodename, sizeof(name.nodename), "host");
	snprintf(m->host, sizeof(m->host), "%s %ld %lld", name.nodename, (long)getpid(),
		 (long long)clock_now_us());
}

struct maintenance *maintenance_new(const struct settings *s, struct commit_thread *t,
				    const struct maintenance_pace *pace, struct error *err)
{
	struct maintenance *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->settings = s;
	m->commits = t;
	m->pace = pace;
	name_host(m);
	for (int job = 0; job < JOBS; job++)
		m->jobs[job].not_before_ms = monotonic_ms() + pace->first_ms;
	pthread_mutex_init(&m->lock, NULL);
	timed_wait_init(&m->woken);
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
