#include "http/pool.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "http/shares.h"
#include "base/banned.h"

enum {
	WAITING_FOR_ONE = 4, /* waiting requests of a party for each one in work */
	REST_MS = 1000,      /* without work, after which a thread keeps nothing and ends */
	KEPT_FREE = 2,       /* free threads that do not end */
};

struct pool_thread {
	struct pool *pool;
	struct worker worker;
	pthread_t thread;
	enum { THREAD_NONE, THREAD_RUNS, THREAD_ENDS } state; /* with the pool's lock held */
	int rests; /* since its last work: 1 keeps nothing, 2 has given memory back */
};

struct queue {
	struct connection *first, *last;
	int n;
};

struct pool {
	struct reception *reception;
	const struct op *const *table;
	struct shares *shares;
	int64_t backlog;
	/*
	 * threads that wait for a request, or are about to; who makes it 0
	 * starts another one
	 */
	atomic_int n_free;
	_Atomic int64_t free_s; /* when a thread was last free */
	atomic_bool ending;
	pthread_mutex_t lock;     /* protects all members below */
	int general, general_max; /* general requests in work, and the most */
	struct queue queue;       /* further ones */
	int n_running;
	int64_t refused_us; /* log_due: the system refused a thread */
	int n_threads;
	struct pool_thread threads[];
};

int pool_general_threads(int64_t threads)
{
	return threads > 1 ? (int)threads / 2 : 1;
}

/* ---- the queue, with the lock held ---- */

static void append(struct queue *q, struct connection *c)
{
	c->waited = true;
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

/* ---- threads ---- */

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
	atomic_fetch_add(&t->pool->n_free, 1);
	rc = pthread_create(&t->thread, &attr, thread_main, t);
	pthread_attr_destroy(&attr);
	if (rc) {
		atomic_fetch_sub(&t->pool->n_free, 1);
		return rc;
	}
	t->state = THREAD_RUNS;
	t->pool->n_running++;
	return 0;
}

/* Logs that the system refused a thread with the error number RC. */
static void log_refused(struct pool *p, int rc)
{
	struct error err = { 0 };

	if (!log_due(&p->refused_us))
		return;
	error_system(&err, "Can't start a thread again", rc);
	log_warning("requests wait for %d running threads: %s %s; raise the limit on processes "
		    "(TasksMax in the unit, or ulimit -u)",
		    p->n_running, err.message, err.detail);
}

/* Starts one of the threads that have ended, if there is one. */
static void start_again(struct pool *p)
{
	int i = 0, rc;

	pthread_mutex_lock(&p->lock);
	while (i < p->n_threads && p->threads[i].state == THREAD_RUNS)
		i++;
	if (i < p->n_threads && !atomic_load(&p->ending)) {
		rc = start_thread(&p->threads[i]);
		if (rc)
			log_refused(p, rc);
	}
	pthread_mutex_unlock(&p->lock);
}

/*
 * Lets T end, unless few are free. An ended thread leaves neither a stack nor
 * what the allocator keeps for a thread.
 */
static bool leave(struct pool_thread *t)
{
	struct pool *p = t->pool;
	bool ends;

	/* in one step for start_again, which is called when nobody is free */
	pthread_mutex_lock(&p->lock);
	ends = atomic_fetch_sub(&p->n_free, 1) > KEPT_FREE;
	if (ends) {
		p->n_running--;
		t->state = THREAD_ENDS;
	} else {
		atomic_fetch_add(&p->n_free, 1);
	}
	pthread_mutex_unlock(&p->lock);
	return ends;
}

/* Waits for a request. NULL: the thread must end. */
static struct connection *wait_for_request(struct pool_thread *t, struct intake *in)
{
	struct pool *p = t->pool;
	struct connection *c;

	while (!(c = reception_wait(p->reception, in, t->rests < 2 ? REST_MS : -1))) {
		if (atomic_load(&p->ending))
			return NULL;
		if (t->rests++ > 0) {
			malloc_trim(0);
		} else {
			worker_rest(&t->worker);
			if (leave(t))
				return NULL;
		}
	}
	t->rests = 0;
	atomic_store(&p->free_s, monotonic_ms() / 1000);
	if (atomic_fetch_sub(&p->n_free, 1) == 1)
		start_again(p);
	return c;
}

/* ---- requests ---- */

static struct connection *connection_of(struct share *share)
{
	return (struct connection *)((char *)share - offsetof(struct connection, share));
}

/* Ends the request on C, or drops it because nobody waits for it. */
static void finish(struct pool *p, struct connection *c)
{
	struct share *next = shares_end(p->shares, &c->share);

	if (next) {
		/* for this thread, which works on a general request */
		pthread_mutex_lock(&p->lock);
		append(&p->queue, connection_of(next));
		pthread_mutex_unlock(&p->lock);
	}
	reception_done(p->reception, c);
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

enum turn {
	TURN_NOW,     /* a light request, or one that is refused */
	TURN_GENERAL, /* call next_general afterwards */
	TURN_LATER    /* it was queued; another thread may have it by now */
};

static enum turn turn_of(struct pool *p, struct connection *c)
{
	enum turn turn = TURN_GENERAL;

	c->waited = false;
	c->light = connection_is_short(c) && handle_is_light(p->table, c->envp);
	if (c->light)
		return TURN_NOW;
	pthread_mutex_lock(&p->lock);
	if (p->queue.n + shares_waiting(p->shares) >= p->backlog) {
		c->refuse = true;
		turn = TURN_NOW;
	} else if (p->general < p->general_max && p->general < p->n_running - 1) {
		p->general++;
	} else {
		append(&p->queue, c);
		turn = TURN_LATER;
	}
	pthread_mutex_unlock(&p->lock);
	return turn;
}

/* The next general request for a thread that has ended one, or NULL. */
static struct connection *next_general(struct pool *p)
{
	struct connection *c;

	pthread_mutex_lock(&p->lock);
	c = take_first(&p->queue);
	if (!c)
		p->general--;
	pthread_mutex_unlock(&p->lock);
	return c;
}

static void *thread_main(void *arg)
{
	struct pool_thread *t = arg;
	struct pool *p = t->pool;
	struct intake in;
	struct connection *c;
	enum turn turn;

	pthread_setname_np(pthread_self(), "usaged-request");
	intake_init(&in);
	while ((c = wait_for_request(t, &in))) {
		turn = turn_of(p, c);
		if (turn != TURN_LATER)
			work(t, c);
		while (turn == TURN_GENERAL && (c = next_general(p)))
			work(t, c);
		atomic_fetch_add(&p->n_free, 1);
	}
	intake_release(&in);
	return NULL;
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

static void init_thread(struct pool *p, struct pool_thread *t, const struct worker *worker)
{
	t->pool = p;
	t->worker = *worker;
	worker_init(&t->worker);
}

int pool_new(const struct worker *worker, struct reception *r, struct pool **ret, struct error *err)
{
	const struct settings *settings = worker->settings;
	int general = pool_general_threads(settings->threads),
	    all = settings->threads > 1 ? (int)settings->threads : 2,
	    at_once = (int)settings->account_requests;
	struct pool *p = calloc(1, sizeof(*p) + (size_t)all * sizeof(p->threads[0]));

	if (!p)
		abort();
	/*
	 * Where another allocator stands before the C library's (a sanitizer's,
	 * or one that is preloaded), the first malloc_trim of all makes the C
	 * library's, and two threads at once make it wrongly.
	 */
	malloc_trim(0);
	p->reception = r;
	p->table = worker->table;
	p->backlog = settings->backlog;
	p->general_max = general;
	p->free_s = monotonic_ms() / 1000;
	/* the share of one party must leave a thread for other parties */
	if (at_once >= general)
		at_once = general > 1 ? general - 1 : 1;
	p->shares = shares_new(at_once, WAITING_FOR_ONE * (int)settings->account_requests);
	pthread_mutex_init(&p->lock, NULL);
	p->n_threads = all;
	for (int i = 0; i < all; i++)
		init_thread(p, &p->threads[i], worker);
	if (start(p, err) < 0) {
		pool_free(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void pool_end(struct pool *p)
{
	atomic_store(&p->ending, true);
	reception_end_waits(p->reception);
}

int pool_running(struct pool *p)
{
	int running = 0;

	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < p->n_threads; i++) {
		struct pool_thread *t = &p->threads[i];

		if (t->state == THREAD_ENDS)
			pthread_join(t->thread, NULL);
		if (t->state == THREAD_ENDS ||
		    (t->state == THREAD_RUNS && pthread_tryjoin_np(t->thread, NULL) == 0))
			t->state = THREAD_NONE;
		running += t->state == THREAD_RUNS;
	}
	pthread_mutex_unlock(&p->lock);
	return running;
}

void pool_free(struct pool **p)
{
	if (!*p)
		return;
	for (int i = 0; i < (*p)->n_threads; i++)
		worker_release(&(*p)->threads[i].worker);
	shares_free(&(*p)->shares);
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

int64_t pool_seen(struct pool *p)
{
	if (atomic_load(&p->n_free) > 0)
		return monotonic_ms() / 1000;
	start_again(p);
	return atomic_load(&p->free_s);
}
