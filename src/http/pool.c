#include "http/pool.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/log.h"
#include "http/shares.h"
#include "base/banned.h"

enum {
	WAITING_FOR_ONE = 4,  /* waiting requests of a party for each one in work */
	REST_SECONDS = 1,     /* without work, after which a thread keeps nothing and ends */
	REFUSED_SECONDS = 60, /* between log lines about threads that cannot start */
};

enum pool_kind { LIGHT, GENERAL, KINDS };

struct pool_thread {
	struct pool *pool;
	enum pool_kind kind;
	struct worker worker;
	pthread_t thread;
	enum { THREAD_NONE, THREAD_RUNS, THREAD_ENDS } state; /* with the pool's lock held */
	int rests; /* since its last work: 1 keeps nothing, 2 has given memory back */
	sem_t woken;
	struct connection *given; /* the connection to handle after waking */
	struct pool_thread *next; /* the next idle thread */
};

struct queue {
	struct connection *first, *last;
	int n;
};

struct pool {
	struct pool_setup setup;
	struct shares *shares;
	pthread_mutex_t lock; /* protects all members below */
	struct queue queues[KINDS];
	/* most recently used first, because its caches are warm */
	struct pool_thread *idle[KINDS];
	int n_running[KINDS];
	bool ending;
	int64_t asked, answered; /* see pool_answered; asked 0: no probe is queued */
	int64_t refused_us;      /* when the log was told so; 0: never; monotonic */
	int n_threads;
	struct pool_thread threads[];
};

int pool_general_threads(int64_t threads)
{
	return threads > 1 ? (int)threads / 2 : 1;
}

int pool_light_threads(int64_t threads)
{
	return threads > 1 ? (int)threads - (int)threads / 2 : 1;
}

/* ---- queues; all with the lock held ---- */

static void append(struct queue *q, struct connection *c)
{
	c->next = NULL;
	if (q->first)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	q->n++;
}

static struct connection *take_first(struct queue *q)
{
	struct connection *c = q->first;

	if (c) {
		q->first = c->next;
		q->n--;
	}
	return c;
}

/* An idle thread, or NULL. */
static struct pool_thread *take_idle(struct pool *p, enum pool_kind kind)
{
	struct pool_thread *w = p->idle[kind];

	if (w)
		p->idle[kind] = w->next;
	return w;
}

static void *thread_main(void *arg);

/* Starts the thread of T, which does not run. An error number, or 0. */
static int start_thread(struct pool_thread *t)
{
	pthread_attr_t attr;
	int rc;

	if (t->state == THREAD_ENDS)
		pthread_join(t->thread, NULL);
	t->state = THREAD_NONE;
	t->rests = 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, POOL_STACK_BYTES);
	rc = pthread_create(&t->thread, &attr, thread_main, t);
	pthread_attr_destroy(&attr);
	if (rc)
		return rc;
	t->state = THREAD_RUNS;
	t->pool->n_running[t->kind]++;
	return 0;
}

/* Logs that the system refused a thread with the error number RC. */
static void log_refused(struct pool *p, int rc)
{
	const int64_t now_us = monotonic_us();
	struct error err = { 0 };

	if (p->refused_us && now_us - p->refused_us < REFUSED_SECONDS * USEC_PER_SEC)
		return;
	p->refused_us = now_us;
	error_system(&err, "Can't start a thread again", rc);
	log_warning("requests wait for the %d running threads: %s %s; raise the limit on "
		    "processes (TasksMax in the unit, or ulimit -u)",
		    p->n_running[LIGHT] + p->n_running[GENERAL], err.message, err.detail);
}

/* Starts a thread that has ended. False: all run, or the system has no more. */
static bool start_again(struct pool *p, enum pool_kind kind)
{
	for (int i = 0; i < p->n_threads; i++) {
		struct pool_thread *t = &p->threads[i];
		int rc;

		if (t->kind != kind || t->state == THREAD_RUNS)
			continue;
		if (p->ending)
			return false;
		rc = start_thread(t);
		if (rc)
			log_refused(p, rc);
		return rc == 0;
	}
	return false;
}

/*
 * Gives C to an idle thread and returns the thread, to be woken; or queues C,
 * also for a thread that is just starting, and returns NULL.
 */
static struct pool_thread *give(struct pool *p, struct connection *c, enum pool_kind kind)
{
	struct pool_thread *w = take_idle(p, kind);

	if (!w && !start_again(p, kind) && kind == LIGHT)
		w = take_idle(p, GENERAL);
	c->waited = !w || c->share.held;
	if (w)
		w->given = c;
	else
		append(&p->queues[kind], c);
	return w;
}

/* The next work for W, without waiting; or NULL. */
static struct connection *find_work(struct pool_thread *w)
{
	struct pool *p = w->pool;
	struct connection *c = NULL;

	if (w->kind == LIGHT && p->asked) {
		p->answered = p->asked;
		p->asked = 0;
	}
	if (w->kind == GENERAL)
		c = take_first(&p->queues[GENERAL]);
	return c ? c : take_first(&p->queues[LIGHT]);
}

/* ---- threads ---- */

/*
 * Waits for about REST_SECONDS; true: W was woken. Not by the monotonic clock,
 * because ThreadSanitizer does not know sem_clockwait; a clock that is set back
 * only makes the rest come later.
 */
static bool is_woken(struct pool_thread *w)
{
	struct timespec until;
	int rc;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += REST_SECONDS;
	do
		rc = sem_timedwait(&w->woken, &until);
	while (rc < 0 && errno == EINTR);
	return rc == 0;
}

/* Takes W out of the idle threads; false: another one did. With the lock held. */
static bool remove_idle(struct pool_thread *w)
{
	struct pool_thread **at = &w->pool->idle[w->kind];

	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = w->next;
	return true;
}

/*
 * Lets W end, unless it is the last of its kind or is being woken. An ended
 * thread leaves neither a stack nor what the allocator keeps for a thread.
 */
static bool leave(struct pool_thread *w)
{
	struct pool *p = w->pool;
	bool ends;

	pthread_mutex_lock(&p->lock);
	ends = !p->ending && p->n_running[w->kind] > 1 && remove_idle(w);
	if (ends) {
		p->n_running[w->kind]--;
		w->state = THREAD_ENDS;
	}
	pthread_mutex_unlock(&p->lock);
	return ends;
}

/* Waits until W is woken. False: there is no work, and W must end. */
static bool wait_until_woken(struct pool_thread *w)
{
	while (w->rests < 2) {
		if (is_woken(w))
			return true;
		if (w->rests++ > 0) {
			malloc_trim(0);
		} else {
			worker_rest(&w->worker);
			if (leave(w))
				return false;
		}
	}
	while (sem_wait(&w->woken) < 0)
		; /* interrupted by a signal */
	return true;
}

/* Waits for the next connection to handle. NULL: the thread must end. */
static struct connection *wait_for_work(struct pool_thread *w)
{
	struct pool *p = w->pool;
	struct connection *c;

	pthread_mutex_lock(&p->lock);
	while (!(c = find_work(w)) && !p->ending) {
		w->next = p->idle[w->kind];
		p->idle[w->kind] = w;
		pthread_mutex_unlock(&p->lock);
		if (!wait_until_woken(w))
			return NULL;
		c = w->given;
		w->given = NULL;
		if (c)
			return c;
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return c;
}

static struct connection *connection_of(struct share *share)
{
	return (struct connection *)((char *)share - offsetof(struct connection, share));
}

/* Ends the request on C, or drops it because nobody waits for it. */
static void finish(struct pool *p, struct connection *c)
{
	struct share *next = shares_end(p->shares, &c->share);

	if (next)
		pool_put(p, connection_of(next));
	p->setup.done(p->setup.arg, c);
}

static void work(struct pool_thread *t, struct connection *c)
{
	struct worker *w = &t->worker;
	int rc;

	if (c->waited && c->in.gone(&c->in)) {
		finish(t->pool, c);
		return;
	}
	w->shares = c->light || c->refuse ? NULL : t->pool->shares;
	w->share = &c->share;
	w->refuse = c->refuse;
	do {
		connection_rewind(c);
		rc = handle(w, c->envp, &c->in, &c->out);
	} while (rc == HANDLE_LATER && shares_wait(t->pool->shares, &c->share));
	if (rc == HANDLE_LATER)
		return; /* another thread may own C by now */
	if (rc < 0)
		c->keep = false;
	finish(t->pool, c);
}

static void *thread_main(void *arg)
{
	struct pool_thread *w = arg;
	struct connection *c;

	pthread_setname_np(pthread_self(), w->kind == LIGHT ? "usaged-light" : "usaged-general");
	while ((c = wait_for_work(w))) {
		w->rests = 0;
		work(w, c);
	}
	return NULL;
}

static void init_thread(struct pool *p, struct pool_thread *t, enum pool_kind kind)
{
	t->pool = p;
	t->kind = kind;
	sem_init(&t->woken, 0, 0);
	t->worker = p->setup.worker;
	worker_init(&t->worker);
}

static int start(struct pool *p, struct error *err)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < p->n_threads && !rc; i++)
		rc = start_thread(&p->threads[i]);
	pthread_mutex_unlock(&p->lock);
	if (!rc)
		return 0;
	pool_end(p);
	for (int i = 0; i < p->n_threads; i++)
		if (p->threads[i].state != THREAD_NONE)
			pthread_join(p->threads[i].thread, NULL);
	return error_system(err, "Can't start a thread", rc);
}

int pool_new(const struct pool_setup *setup, struct pool **ret, struct error *err)
{
	int general = pool_general_threads(setup->worker.settings->threads),
	    light = pool_light_threads(setup->worker.settings->threads);
	struct pool *p = calloc(1, sizeof(*p) + (size_t)(general + light) * sizeof(p->threads[0]));
	int at_once = (int)setup->worker.settings->account_requests;

	if (!p)
		abort();
	/*
	 * Where another allocator stands before the C library's (a sanitizer's,
	 * or one that is preloaded), the first malloc_trim of all makes the C
	 * library's, and two threads at once make it wrongly.
	 */
	malloc_trim(0);
	p->setup = *setup;
	p->answered = setup->now;
	/* the share of one party must leave a thread for other parties */
	if (at_once >= general)
		at_once = general > 1 ? general - 1 : 1;
	p->shares = shares_new(at_once,
			       WAITING_FOR_ONE * (int)setup->worker.settings->account_requests);
	pthread_mutex_init(&p->lock, NULL);
	p->n_threads = general + light;
	for (int i = 0; i < p->n_threads; i++)
		init_thread(p, &p->threads[i], i < light ? LIGHT : GENERAL);
	if (start(p, err) < 0) {
		pool_free(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void pool_put(struct pool *p, struct connection *c)
{
	struct pool_thread *w;

	c->light = connection_is_short(c) && handle_is_light(p->setup.worker.table, c->envp);
	pthread_mutex_lock(&p->lock);
	if (!c->light && !c->share.held)
		c->refuse = p->queues[GENERAL].n + shares_waiting(p->shares) >=
			    p->setup.worker.settings->backlog;
	w = give(p, c, c->light || c->refuse ? LIGHT : GENERAL);
	pthread_mutex_unlock(&p->lock);
	/*
	 * wake the thread after unlocking, so that it need not wait for the
	 * lock
	 */
	if (w)
		sem_post(&w->woken);
}

void pool_end(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	for (int kind = 0; kind < KINDS; kind++)
		for (struct pool_thread *w; (w = take_idle(p, kind));)
			sem_post(&w->woken);
	pthread_mutex_unlock(&p->lock);
}

int pool_running(struct pool *p)
{
	int running = 0;

	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < p->n_threads; i++) {
		struct pool_thread *w = &p->threads[i];

		if (w->state == THREAD_ENDS)
			pthread_join(w->thread, NULL);
		if (w->state == THREAD_ENDS ||
		    (w->state == THREAD_RUNS && pthread_tryjoin_np(w->thread, NULL) == 0))
			w->state = THREAD_NONE;
		running += w->state == THREAD_RUNS;
	}
	pthread_mutex_unlock(&p->lock);
	return running;
}

void pool_free(struct pool **p)
{
	if (!*p)
		return;
	for (int i = 0; i < (*p)->n_threads; i++) {
		worker_release(&(*p)->threads[i].worker);
		sem_destroy(&(*p)->threads[i].woken);
	}
	shares_free(&(*p)->shares);
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

int64_t pool_answered(struct pool *p, int64_t now)
{
	int64_t answered;
	struct pool_thread *w;

	pthread_mutex_lock(&p->lock);
	if (!p->asked)
		p->asked = now;
	w = take_idle(p, LIGHT);
	if (w)
		sem_post(&w->woken);
	else
		start_again(p, LIGHT);
	answered = p->answered;
	pthread_mutex_unlock(&p->lock);
	return answered;
}
