#include "store/readers.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/civil.h"
#include "store/store_connection.h"
#include "base/banned.h"

enum {
	WAIT_MS = 30000,  /* until a read fails, because all connections are lent */
	RETRY_SECONDS = 5 /* Retry-After, then */
};

enum length { SHORT, LONG };

struct readers {
	char *where;
	int64_t busy_timeout_ms;
	int most;
	pthread_mutex_t lock; /* of all below */
	struct {
		pthread_cond_t freed; /* a connection was returned */
		int waiting;
		int lent;
	} reads[2];                    /* by their length */
	struct store_connection *idle; /* the one that was returned last comes first */
	int64_t ledger;                /* number of the file at WHERE */
	struct readers_count count;
};

struct readers *readers_new(const char *where, int64_t most, int64_t busy_timeout_ms)
{
	struct readers *r = g_new0(struct readers, 1);

	r->where = g_strdup(where);
	r->busy_timeout_ms = busy_timeout_ms;
	r->most = (int)MAX(most, READERS_SHORT + 1);
	r->ledger = 1;
	pthread_mutex_init(&r->lock, NULL);
	for (int i = 0; i < 2; i++)
		pthread_cond_init(&r->reads[i].freed, NULL);
	return r;
}

/* Closes all connections of a list. */
static void close_all(struct store_connection *list)
{
	while (list) {
		struct store_connection *next = list->next;

		connection_close(list);
		list = next;
	}
}

void readers_free(struct readers **ret)
{
	struct readers *r = *ret;

	if (!r)
		return;
	close_all(r->idle);
	for (int i = 0; i < 2; i++)
		pthread_cond_destroy(&r->reads[i].freed);
	pthread_mutex_destroy(&r->lock);
	g_free(r->where);
	g_free(r);
	*ret = NULL;
}

struct store *readers_store(struct readers *r)
{
	struct store *st = g_new0(struct store, 1);

	st->readers = r;
	return st;
}

int64_t readers_ledger(const struct store *st)
{
	return st->connection->ledger;
}

/* ---- places ---- */

static bool is_full(const struct readers *r, enum length length)
{
	int lent = r->reads[SHORT].lent + r->reads[LONG].lent;

	return lent >= r->most ||
	       (length == LONG && r->reads[LONG].lent >= r->most - READERS_SHORT);
}

/* Takes a place for a connection, and an idle connection if there is one. */
static int take_place(struct readers *r, enum length length, struct store_connection **ret,
		      struct error *err)
{
	int64_t until_ms = monotonic_ms() + WAIT_MS;
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	r->count.waited += is_full(r, length);
	r->reads[length].waiting++;
	while (is_full(r, length) && rc == 0)
		rc = pthread_cond_clockwait(&r->reads[length].freed, &r->lock, CLOCK_MONOTONIC,
					    &until);
	r->reads[length].waiting--;
	rc = is_full(r, length) ? -1 : 0;
	if (rc == 0) {
		r->reads[length].lent++;
		*ret = r->idle;
		if (*ret)
			r->idle = (*ret)->next;
	}
	pthread_mutex_unlock(&r->lock);
	if (rc < 0) {
		error_set(err, ERR_BUSY, NULL,
			  "all connections to the ledger are in use: try again");
		error_detail(err, "ledger.connections says how many there are");
		if (err)
			err->retry_after = RETRY_SECONDS;
	}
	return rc;
}

/* Frees a place. C: an idle connection, or NULL. */
static void free_place(struct readers *r, enum length length, struct store_connection *c)
{
	pthread_mutex_lock(&r->lock);
	r->reads[length].lent--;
	if (c) {
		c->next = r->idle;
		r->idle = c;
	}
	/* a long read leaves a place for a short one, but not always the reverse */
	if (r->reads[SHORT].waiting)
		pthread_cond_signal(&r->reads[SHORT].freed);
	else if (!is_full(r, LONG))
		pthread_cond_signal(&r->reads[LONG].freed);
	pthread_mutex_unlock(&r->lock);
}

static void count_open(struct readers *r, int64_t n)
{
	pthread_mutex_lock(&r->lock);
	r->count.open += n;
	pthread_mutex_unlock(&r->lock);
}

/* ---- connections ---- */

/* Closes C and all idle connections, whose ledger is gone. */
static void leave_ledger(struct readers *r, struct store_connection *c)
{
	struct store_connection *idle;

	pthread_mutex_lock(&r->lock);
	idle = r->idle;
	r->idle = NULL;
	r->ledger++;
	r->count.open--;
	for (const struct store_connection *i = idle; i; i = i->next)
		r->count.open--;
	pthread_mutex_unlock(&r->lock);
	connection_close(c);
	close_all(idle);
}

static struct store_connection *open_connection(struct readers *r, struct error *err)
{
	struct store_connection *c;
	int64_t ledger;

	/* read it before the file is opened, so that it cannot be too new */
	pthread_mutex_lock(&r->lock);
	ledger = r->ledger;
	pthread_mutex_unlock(&r->lock);
	if (connection_open(r->where, 0, r->busy_timeout_ms, &c, err) < 0)
		return NULL;
	c->ledger = ledger;
	count_open(r, 1);
	return c;
}

int readers_lend(struct store *st, struct error *err)
{
	struct readers *r = st->readers;
	enum length length = st->gives_way ? LONG : SHORT;
	struct store_connection *c = NULL;

	if (take_place(r, length, &c, err) < 0)
		return -1;
	if (c && db_gone(c->db)) {
		leave_ledger(r, c);
		c = NULL;
	}
	if (!c)
		c = open_connection(r, err);
	if (!c) {
		free_place(r, length, NULL);
		return -1;
	}
	c->is_long = length == LONG;
	store_connect(st, c);
	return 0;
}

void readers_return(struct store *st, bool broken)
{
	struct readers *r = st->readers;
	struct store_connection *c = store_disconnect(st);
	enum length length = c->is_long ? LONG : SHORT;
	bool old;

	pthread_mutex_lock(&r->lock);
	old = c->ledger != r->ledger;
	pthread_mutex_unlock(&r->lock);
	if (broken || old) {
		connection_close(c);
		count_open(r, -1);
		c = NULL;
	}
	free_place(r, length, c);
}

void readers_count(struct readers *r, struct readers_count *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = r->count;
	ret->lent = r->reads[SHORT].lent + r->reads[LONG].lent;
	pthread_mutex_unlock(&r->lock);
}
