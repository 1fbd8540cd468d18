#include "ingest/feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

#define CHUNKS       12
#define CHUNK_EVENTS 2048
#define CHUNK_BYTES  (2u << 20)
/*
 * Above CHUNK_BYTES and the longest record: an event's fields (event_check has
 * bounded them) and attributes, or an error.
 */
#define CHUNK_MORE_BYTES 32768

struct chunk {
	struct feed_item items[CHUNK_EVENTS];
	size_t n;
	int64_t left_out;
	char *text; /* what the items point to */
	size_t text_len;
};

/*
 * A ring: the thread fills chunk FILLED % CHUNKS, the caller empties EMPTIED %
 * CHUNKS.
 */
struct feed {
	struct reader *reader;
	int64_t now_us, ahead_us;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct chunk *chunks;
	size_t filled, emptied;
	bool lent; /* the caller has chunk EMPTIED */
	bool ended, failed;
	struct error error;
	atomic_bool stop;
};

/* ---- the thread ---- */

static char *put(struct chunk *c, const char *text, size_t len)
{
	char *at = c->text + c->text_len;

	if (len)
		memcpy(at, text, len);
	at[len] = '\0';
	c->text_len += len + 1;
	return at;
}

static void put_error(struct chunk *c, struct feed_item *item, const struct error *err)
{
	item->field = put(c, err->param, strlen(err->param));
	item->reason = put(c, err->message, strlen(err->message));
	item->code = err->kind == ERR_BODY || err->kind == ERR_TOO_LARGE ? "unreadable"
									 : event_refusal_code(err);
}

/*
 * Whose record it is, as far as that can be read: the fields that say so, cut
 * where they are too long. RAW may be NULL.
 */
static void put_identity(struct chunk *c, struct feed_item *item, const struct raw_event *raw)
{
	static const enum event_field fields[] = { EV_SOURCE, EV_ID, EV_SUBJECT };

	memset(&item->raw, 0, sizeof(item->raw));
	for (size_t i = 0; raw && i < sizeof(fields) / sizeof(fields[0]); i++) {
		enum event_field f = fields[i];
		size_t len = raw->field[f].len < event_fields[f].max_bytes
				     ? raw->field[f].len
				     : event_fields[f].max_bytes;

		if (!raw->field[f].text)
			continue;
		item->raw.field[f].text = put(c, raw->field[f].text, len);
		item->raw.field[f].len = len;
	}
}

static void put_event(struct chunk *c, struct feed_item *item, const struct event *ev)
{
	item->reason = NULL;
	item->raw = *ev->raw;
	for (enum event_field f = 0; f < EVENT_FIELDS; f++)
		if (item->raw.field[f].text)
			item->raw.field[f].text = put(c, item->raw.field[f].text,
						      item->raw.field[f].len);
	if (item->raw.attributes.text)
		item->raw.attributes.text = put(c, item->raw.attributes.text,
						item->raw.attributes.len);
	item->event = *ev;
	item->event.raw = &item->raw;
}

/* Reads records until the chunk is full. False at the stream's end. */
static bool fill(struct feed *f, struct chunk *c, struct error *err)
{
	struct raw_event raw;
	struct event ev;
	size_t len;

	c->n = c->text_len = 0;
	c->left_out = 0;
	while (c->n < CHUNK_EVENTS && c->text_len < CHUNK_BYTES) {
		struct feed_item *item = &c->items[c->n];
		struct error own = { 0 };
		enum read_result got;

		if (atomic_load_explicit(&f->stop, memory_order_relaxed))
			return false;
		got = reader_next(f->reader, &raw, &own);
		if (got == READ_FAILED)
			*err = own;
		if (got == READ_FAILED || got == READ_END)
			return false;
		item->record = reader_text(f->reader, &len);
		if (got == READ_SKIPPED) {
			c->left_out += len > 0;
			continue;
		}
		item->record_len = len;
		item->line = reader_line(f->reader);
		item->record = put(c, item->record, len);
		if (got == READ_BAD || event_check(&raw, f->now_us, f->ahead_us, &ev, &own) < 0) {
			put_error(c, item, &own);
			put_identity(c, item, got == READ_BAD ? NULL : &raw);
		} else {
			put_event(c, item, &ev);
		}
		c->n++;
	}
	return true;
}

/* The next chunk to fill, or NULL when the caller wants no more. */
static struct chunk *wait_for_room(struct feed *f)
{
	struct chunk *c;

	pthread_mutex_lock(&f->mutex);
	while (f->filled - f->emptied == CHUNKS && !f->stop)
		pthread_cond_wait(&f->changed, &f->mutex);
	c = f->stop ? NULL : &f->chunks[f->filled % CHUNKS];
	pthread_mutex_unlock(&f->mutex);
	return c;
}

static void *read_ahead(void *arg)
{
	struct feed *f = arg;
	struct error err = { 0 };
	struct chunk *c;
	bool more = true;

	while (more && (c = wait_for_room(f))) {
		more = fill(f, c, &err);
		pthread_mutex_lock(&f->mutex);
		f->filled++;
		f->ended = !more;
		f->failed = err.kind != ERR_NONE;
		f->error = err;
		pthread_cond_broadcast(&f->changed);
		pthread_mutex_unlock(&f->mutex);
	}
	return NULL;
}

/* ---- the caller ---- */

static void feed_free(struct feed *f)
{
	for (size_t i = 0; i < CHUNKS; i++)
		free(f->chunks[i].text);
	free(f->chunks);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

/* With all signals blocked in the thread, so that they come to the caller's. */
static int start_thread(struct feed *f)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&f->thread, NULL, read_ahead, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int feed_start(struct reader *r, int64_t now_us, int64_t ahead_us, struct feed **ret,
	       struct error *err)
{
	struct feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;
	int rc;

	if (!f || !(f->chunks = calloc(CHUNKS, sizeof(*f->chunks))))
		abort();
	for (size_t i = 0; i < CHUNKS; i++)
		if (!(f->chunks[i].text = malloc(CHUNK_BYTES + reader_record_bytes(r) +
						 CHUNK_MORE_BYTES)))
			abort();
	f->reader = r;
	f->now_us = now_us;
	f->ahead_us = ahead_us;
	pthread_mutex_init(&f->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->changed, &attr);
	pthread_condattr_destroy(&attr);
	rc = start_thread(f);
	if (rc != 0) {
		feed_free(f);
		return error_system(err, "a thread can't be started", rc);
	}
	*ret = f;
	return 0;
}

static struct timespec deadline_in(int wait_ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += wait_ms / 1000;
	ts.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

enum feed_result feed_next(struct feed *f, int wait_ms, struct feed_chunk *ret, struct error *err)
{
	struct timespec deadline = deadline_in(wait_ms);
	enum feed_result result = FEED_CHUNK;

	pthread_mutex_lock(&f->mutex);
	if (f->lent) {
		f->lent = false;
		f->emptied++;
		pthread_cond_broadcast(&f->changed);
	}
	while (f->filled == f->emptied && result == FEED_CHUNK) {
		if (f->ended)
			result = f->failed ? FEED_FAILED : FEED_END;
		else if (pthread_cond_timedwait(&f->changed, &f->mutex, &deadline) == ETIMEDOUT)
			result = FEED_NOT_YET;
	}
	if (result == FEED_CHUNK) {
		const struct chunk *c = &f->chunks[f->emptied % CHUNKS];

		*ret = (struct feed_chunk) { c->items, c->n, c->left_out };
		f->lent = true;
	}
	if (result == FEED_FAILED)
		*err = f->error;
	pthread_mutex_unlock(&f->mutex);
	return result;
}

void feed_stop(struct feed **fp)
{
	struct feed *f = *fp;

	if (!f)
		return;
	pthread_mutex_lock(&f->mutex);
	f->stop = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->mutex);
	pthread_join(f->thread, NULL);
	feed_free(f);
	*fp = NULL;
}
