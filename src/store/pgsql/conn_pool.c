#include "store/pgsql/conn_pool.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>
#include "store/server.h"
#include "store/pgsql/fault.h"
#include "base/civil.h"
#include "base/timed_wait.h"
#include "base/banned.h"

enum {
	READERS = 10,    /* connections of a pool, unless pg_pool_limit says otherwise */
	WRITERS = 2,     /* further ones, for writers */
	PLACE_MS = 2000, /* to wait for a connection that another thread has, at least */
	SLOW_MS = 1000,  /* a server that takes longer to refuse a connection is away */
	AWAY_MS = 3000,  /* between two tries of a server that does not answer */
	IDLE_S = 300     /* a connection that nobody needs is closed after that */
};

struct pg_pool {
	char *where;
	int users; /* of pg_pool_of */
	struct pg_conn *idle;
	int lent[2];          /* places, to readers and to writers */
	int opening;          /* of these, still without a connection */
	int64_t waited, lost; /* see struct store_pool */
	/* the server has not answered: until this time, nobody tries; 0: it has */
	_Atomic int64_t away_until_ms;
	_Atomic int64_t server; /* pg_pool_server */
	pthread_cond_t back;
	struct pg_pool *next;
};

/* Of all pools. Each stays as long as the process, and so does what it has counted. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pg_pool *pools;
static int readers_max = READERS;
static bool prepares = true;

/* ---- pools ---- */

void pg_pool_limit(int64_t readers, bool prepared)
{
	readers_max = (int)readers;
	prepares = prepared;
}

bool pg_pool_prepares(void)
{
	return prepares;
}

/* Connections that are lent. */
static int lent(const struct pg_pool *p)
{
	return p->lent[0] + p->lent[1] - p->opening;
}

bool pg_pool_state(const char *where, struct store_pool *ret)
{
	struct pg_pool *p;

	*ret = (struct store_pool) { 0 };
	pthread_mutex_lock(&lock);
	for (p = pools; p && strcmp(p->where, where) != 0; p = p->next)
		;
	if (p) {
		*ret = (struct store_pool) { .lent = lent(p),
					     .waited = p->waited,
					     .lost = p->lost };
		ret->open = ret->lent;
		for (struct pg_conn *c = p->idle; c; c = pg_conn_place(c)->next)
			ret->open++;
	}
	pthread_mutex_unlock(&lock);
	return true;
}

struct pg_pool *pg_pool_of(const char *where)
{
	struct pg_pool *p;

	pthread_mutex_lock(&lock);
	for (p = pools; p && strcmp(p->where, where) != 0; p = p->next)
		;
	if (!p) {
		p = g_new0(struct pg_pool, 1);
		p->where = g_strdup(where);
		timed_wait_init(&p->back);
		p->next = pools;
		pools = p;
	}
	p->users++;
	pthread_mutex_unlock(&lock);
	return p;
}

/* Call it without the lock. */
static void close_all(struct pg_conn *list)
{
	while (list) {
		struct pg_conn *next = pg_conn_place(list)->next;

		pg_conn_close(list);
		list = next;
	}
}

void pg_pool_release(struct pg_pool *pool)
{
	struct pg_conn *idle = NULL;

	pthread_mutex_lock(&lock);
	if (--pool->users == 0) {
		idle = pool->idle;
		pool->idle = NULL;
	}
	pthread_mutex_unlock(&lock);
	close_all(idle);
}

/* ---- a server that does not answer ---- */

/*
 * So that not every thread waits for it, one of them tries now and then, and
 * all others fail at once.
 */
static int check_away(struct pg_pool *pool, struct error *err)
{
	int64_t now = monotonic_ms();
	bool away;

	pthread_mutex_lock(&lock);
	away = now < pool->away_until_ms;
	if (pool->away_until_ms && !away)
		pool->away_until_ms = now + AWAY_MS;
	pthread_mutex_unlock(&lock);
	if (!away)
		return 0;
	return pg_fail_silent(err);
}

static void set_away(struct pg_pool *pool, bool away)
{
	pthread_mutex_lock(&lock);
	pool->away_until_ms = away ? monotonic_ms() + AWAY_MS : 0;
	pthread_mutex_unlock(&lock);
}

/* Looks without the lock first: nearly always, nothing changes. */
static void hear(struct pg_conn *c, bool answers)
{
	struct pg_pool *pool = pg_conn_place(c)->pool;

	if (!answers || pool->away_until_ms)
		set_away(pool, !answers);
}

int64_t pg_pool_server(const struct pg_pool *pool)
{
	return pool->server;
}

void pg_pool_set_server(struct pg_pool *pool, int64_t server)
{
	if (pool->server != server)
		pool->server = server;
}

/* ---- lending ---- */

/* Takes an idle connection, or NULL. Call it with the lock. */
static struct pg_conn *take_idle(struct pg_pool *pool)
{
	struct pg_conn *c = pool->idle;

	if (c)
		pool->idle = pg_conn_place(c)->next;
	return c;
}

/* Takes a place for a connection, and an idle one if there is one. */
static int take_place(struct pg_pool *pool, bool write, int64_t until_ms, struct pg_conn **ret,
		      struct error *err)
{
	int most = write ? WRITERS : readers_max;
	bool found;

	pthread_mutex_lock(&lock);
	pool->waited += pool->lent[write] >= most;
	while (pool->lent[write] >= most && timed_wait(&pool->back, &lock, until_ms * 1000))
		;
	found = pool->lent[write] < most;
	if (found) {
		pool->lent[write]++;
		*ret = take_idle(pool);
	}
	pthread_mutex_unlock(&lock);
	return found ? 0
		     : error_set(err, ERR_BUSY, NULL,
				 "all connections to the database are in use: try again");
}

static void free_place(struct pg_pool *pool, bool write)
{
	pthread_mutex_lock(&lock);
	pool->lent[write]--;
	pthread_cond_broadcast(&pool->back);
	pthread_mutex_unlock(&lock);
}

/* Opens a connection. A server that is slow to refuse it is away. */
static struct pg_conn *open_new(struct pg_pool *pool, bool write, struct error *err)
{
	int64_t began_ms = monotonic_ms();
	struct pg_conn *c = pg_conn_open(pool->where, prepares, hear,
					 &(struct pg_place) { .pool = pool, .writer = write }, err);

	if (!c && monotonic_ms() - began_ms > SLOW_MS)
		set_away(pool, true);
	return c;
}

/* Closes C if the server has ended it. True: it is closed. */
static bool close_stale(struct pg_pool *pool, struct pg_conn *c)
{
	if (!pg_conn_stale(c))
		return false;
	pthread_mutex_lock(&lock);
	pool->lost++;
	pthread_mutex_unlock(&lock);
	pg_conn_close(c);
	return true;
}

/* Waits for a connection that is lent now. NULL: none is, or none came back. */
static struct pg_conn *await_idle(struct pg_pool *pool, int64_t until_ms)
{
	struct pg_conn *c;

	pthread_mutex_lock(&lock);
	while (!pool->idle && lent(pool) && !pool->away_until_ms &&
	       timed_wait(&pool->back, &lock, until_ms * 1000))
		;
	c = take_idle(pool);
	pthread_mutex_unlock(&lock);
	return c;
}

static void count_opening(struct pg_pool *pool, int n)
{
	pthread_mutex_lock(&lock);
	pool->opening += n;
	pthread_mutex_unlock(&lock);
}

/*
 * Opens a connection. A server may allow fewer than the pool may have: if it
 * refuses one, waits for one that the pool has.
 */
static struct pg_conn *open_or_await(struct pg_pool *pool, bool write, int64_t until_ms,
				     struct error *err)
{
	struct error own = { 0 };
	struct pg_conn *c;

	count_opening(pool, 1);
	c = open_new(pool, write, &own);
	while (!c && (c = await_idle(pool, until_ms)) && close_stale(pool, c))
		c = NULL;
	count_opening(pool, -1);
	if (!c && err && err->kind == ERR_NONE)
		*err = own;
	return c;
}

struct pg_conn *pg_pool_take(struct pg_pool *pool, bool write, int64_t wait_ms, struct error *err)
{
	const int64_t until_ms = monotonic_ms() + MAX(wait_ms, PLACE_MS);
	struct pg_conn *c = NULL;

	if (check_away(pool, err) < 0 || take_place(pool, write, until_ms, &c, err) < 0)
		return NULL;
	if (!c || close_stale(pool, c))
		c = open_or_await(pool, write, until_ms, err);
	if (c)
		pg_conn_place(c)->writer = write;
	else
		free_place(pool, write);
	return c;
}

/* Takes the connections that nobody has needed for long out of the list. */
static struct pg_conn *take_old(struct pg_conn **list, int64_t before_ms)
{
	struct pg_conn *old = NULL;

	while (*list) {
		struct pg_conn *c = *list;
		struct pg_place *place = pg_conn_place(c);

		if (place->returned_ms >= before_ms) {
			list = &place->next;
			continue;
		}
		*list = place->next;
		place->next = old;
		old = c;
	}
	return old;
}

void pg_pool_give(struct pg_conn *c)
{
	struct pg_place *place;
	struct pg_pool *pool;
	struct pg_conn *old;
	bool spoilt;

	if (!c)
		return;
	place = pg_conn_place(c);
	pool = place->pool;
	spoilt = pg_conn_spoilt(c);
	pthread_mutex_lock(&lock);
	place->returned_ms = monotonic_ms();
	pool->lent[place->writer]--;
	old = take_old(&pool->idle, spoilt ? INT64_MAX : place->returned_ms - IDLE_S * 1000);
	if (!spoilt && !pg_conn_lost(c) && !pg_conn_full(c)) {
		place->next = pool->idle;
		pool->idle = c;
	} else {
		pool->lost += pg_conn_lost(c);
		place->next = old;
		old = c;
	}
	pthread_cond_broadcast(&pool->back);
	pthread_mutex_unlock(&lock);
	close_all(old);
}

void pg_pool_drop_idle(struct pg_pool *pool)
{
	struct pg_conn *idle;

	pthread_mutex_lock(&lock);
	idle = pool->idle;
	pool->idle = NULL;
	for (struct pg_conn *c = idle; c; c = pg_conn_place(c)->next)
		pool->lost++;
	pthread_mutex_unlock(&lock);
	close_all(idle);
}
