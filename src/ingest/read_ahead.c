#include "ingest/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "base/timed_wait.h"
#include "base/banned.h"

/*
 * The caller holds AHEAD_HELD blocks while they are stored, and up to two more
 * are read meanwhile. An event of a block takes about 150 bytes and its record.
 */
#define BLOCKS       (AHEAD_HELD + 2)
#define BLOCK_EVENTS 8192
#define BLOCK_BYTES  (3u << 19)
/*
 * Room beyond BLOCK_BYTES and the longest record: for the fields of an event,
 * which event_check limits, and the attributes.
 */
#define BLOCK_MORE_BYTES 32768
/* Of so many blocks there are raw texts: the caller's, and the thread's. */
#define RAW_BLOCKS 2

/* Memory for texts. */
struct text_room {
	char *text;
	size_t len;
};

struct block {
	struct event *events; /* BLOCK_EVENTS of them */
	size_t n;
	int64_t skipped;
	struct text_room kept; /* records, ids and attributes */
	struct arena arena;    /* errors of rejected events */
};

/* The raw texts of a block's events. */
struct raw_block {
	struct raw_event *events; /* BLOCK_EVENTS of them */
	struct text_room texts;   /* those that are not in the block */
};

/*
 * A ring: the thread fills block FILLED % BLOCKS; the caller takes block TAKEN %
 * BLOCKS and has those from EMPTIED on. Raw texts of block N are in raws[N %
 * RAW_BLOCKS].
 */
struct read_ahead {
	struct reader *reader;
	int64_t now_us, ahead_us;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct block blocks[BLOCKS];
	struct raw_block raws[RAW_BLOCKS];
	size_t filled, taken, emptied;
	size_t raws_done; /* blocks whose raw texts the caller has no more */
	bool ended, failed;
	struct error error;
	atomic_bool stop;
};

/* ---- the thread ---- */

/* Copies the text, with a NUL. */
static char *put(struct text_room *room, const char *text, size_t len)
{
	char *at = room->text + room->len;

	if (len)
		memcpy(at, text, len);
	at[len] = '\0';
	room->len += len + 1;
	return at;
}

/* Rejects the event. Keeps the texts that the rejection log shows. */
static void put_rejected(struct block *b, struct event *ev, const struct error *reason)
{
	static const enum event_field fields[] = { EV_SOURCE, EV_ID, EV_SUBJECT };
	struct raw_event *raw = arena_new(&b->arena, struct raw_event);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text = event_name(ev->raw, fields[i], &b->arena);

		if (!text)
			continue;
		raw->field[fields[i]].len = strnlen(text, ev->raw->field[fields[i]].len);
		raw->field[fields[i]].text = put(&b->kept, text, raw->field[fields[i]].len);
	}
	ev->raw = raw;
	event_reject(ev, reason, &b->arena);
}

/* The ledger needs neither the time and the amounts, nor the version and type. */
static bool is_needed(enum event_field f)
{
	return f != EV_TIME && f != EV_COUNT && f != EV_USAGE && f != EV_PRICE && f != EV_UPLOAD &&
	       f != EV_DOWNLOAD && f != EV_SPECVERSION && f != EV_TYPE;
}

static void put_texts(struct block *b, struct text_room *texts, struct raw_event *raw)
{
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		if (!raw->field[f].text)
			continue;
		if (is_needed(f))
			raw->field[f].text = put(f == EV_ID ? &b->kept : texts, raw->field[f].text,
						 raw->field[f].len);
		else
			raw->field[f].text = NULL;
	}
	if (raw->attributes.text)
		raw->attributes.text = put(&b->kept, raw->attributes.text, raw->attributes.len);
}

/* Adds the record that the reader has read, or rejects the record with *ERR. */
static void put_event(struct read_ahead *q, struct block *b, struct text_room *texts,
		      struct error *err)
{
	struct event *ev = &b->events[b->n++];
	const char *record = reader_text(q->reader, &ev->record_len);

	ev->line = reader_line(q->reader);
	ev->record = put(&b->kept, record, ev->record_len);
	if (err->kind || event_check(ev, q->now_us, q->ahead_us, err) < 0)
		put_rejected(b, ev, err);
	else
		put_texts(b, texts, ev->raw);
}

/* Reads records until the block is full. Returns false at the stream's end. */
static bool fill(struct read_ahead *q, struct block *b, struct raw_block *raws, struct error *err)
{
	b->n = b->kept.len = raws->texts.len = 0;
	b->skipped = 0;
	arena_reset(&b->arena);
	while (b->n < BLOCK_EVENTS && b->kept.len < BLOCK_BYTES && raws->texts.len < BLOCK_BYTES) {
		struct event *ev = &b->events[b->n];
		struct raw_event *raw = &raws->events[b->n];
		struct error own = { .kind = ERR_NONE };
		enum read_result got;
		size_t len;

		if (atomic_load_explicit(&q->stop, memory_order_relaxed))
			return false;
		*ev = (struct event) { .raw = raw };
		*raw = (struct raw_event) { 0 };
		got = reader_next(q->reader, raw, &own);
		if (got == READ_FAILED)
			*err = own;
		if (got == READ_FAILED || got == READ_END)
			return false;
		if (got != READ_SKIPPED) {
			put_event(q, b, &raws->texts, &own);
		} else {
			reader_text(q->reader, &len);
			b->skipped += len > 0;
		}
	}
	return true;
}

/* Waits for room for the next block. False: the caller wants no more. */
static bool wait_for_room(struct read_ahead *q)
{
	bool stop;

	pthread_mutex_lock(&q->mutex);
	while ((q->filled - q->emptied == BLOCKS || q->filled - q->raws_done == RAW_BLOCKS) &&
	       !q->stop)
		pthread_cond_wait(&q->changed, &q->mutex);
	stop = q->stop;
	pthread_mutex_unlock(&q->mutex);
	return !stop;
}

static void *read_blocks(void *arg)
{
	struct read_ahead *q = arg;
	struct error err = { 0 };
	bool more = true;

	while (more && wait_for_room(q)) {
		more = fill(q, &q->blocks[q->filled % BLOCKS], &q->raws[q->filled % RAW_BLOCKS],
			    &err);
		pthread_mutex_lock(&q->mutex);
		q->filled++;
		q->ended = !more;
		q->failed = err.kind != ERR_NONE;
		q->error = err;
		pthread_cond_broadcast(&q->changed);
		pthread_mutex_unlock(&q->mutex);
	}
	return NULL;
}

/* ---- the caller ---- */

static void free_all(struct read_ahead *q)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		free(q->blocks[i].events);
		free(q->blocks[i].kept.text);
		arena_release(&q->blocks[i].arena);
	}
	for (size_t i = 0; i < RAW_BLOCKS; i++) {
		free(q->raws[i].events);
		free(q->raws[i].texts.text);
	}
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->mutex);
	free(q);
}

/*
 * Starts the thread with all signals blocked, so that the caller's thread gets
 * all signals.
 */
static int start_thread(struct read_ahead *q)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&q->thread, NULL, read_blocks, q);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Memory that is not used before it is written to. */
static void *room(size_t size)
{
	void *ret = malloc(size);

	if (!ret)
		abort();
	return ret;
}

int read_ahead_start(struct reader *r, int64_t now_us, int64_t ahead_us, struct read_ahead **ret,
		     struct error *err)
{
	const size_t bytes = BLOCK_BYTES + 2 * reader_record_bytes(r) + BLOCK_MORE_BYTES;
	struct read_ahead *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		abort();
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *b = &q->blocks[i];

		b->events = room(BLOCK_EVENTS * sizeof(*b->events));
		b->kept.text = room(bytes);
		arena_init(&b->arena);
	}
	for (size_t i = 0; i < RAW_BLOCKS; i++) {
		q->raws[i].events = room(BLOCK_EVENTS * sizeof(struct raw_event));
		q->raws[i].texts.text = room(bytes);
	}
	q->reader = r;
	q->now_us = now_us;
	q->ahead_us = ahead_us;
	pthread_mutex_init(&q->mutex, NULL);
	timed_wait_init(&q->changed);
	rc = start_thread(q);
	if (rc != 0) {
		free_all(q);
		return error_system(err, "a thread can't be started", rc);
	}
	*ret = q;
	return 0;
}

enum read_ahead_result read_ahead_next(struct read_ahead *q, int wait_ms, struct event_block *ret,
				       struct error *err)
{
	int64_t until_ms = monotonic_ms() + wait_ms;
	enum read_ahead_result result = AHEAD_BLOCK;

	pthread_mutex_lock(&q->mutex);
	q->raws_done = q->taken;
	pthread_cond_broadcast(&q->changed);
	while (q->filled == q->taken && result == AHEAD_BLOCK) {
		if (q->ended)
			result = q->failed ? AHEAD_FAILED : AHEAD_END;
		else if (!timed_wait(&q->changed, &q->mutex, until_ms * 1000))
			result = AHEAD_NOT_YET;
	}
	if (result == AHEAD_BLOCK) {
		struct block *b = &q->blocks[q->taken++ % BLOCKS];

		*ret = (struct event_block) { b->events, b->n, &b->arena, b->skipped };
	}
	if (result == AHEAD_FAILED)
		*err = q->error;
	pthread_mutex_unlock(&q->mutex);
	return result;
}

void read_ahead_release(struct read_ahead *q)
{
	pthread_mutex_lock(&q->mutex);
	q->emptied = q->raws_done = q->taken;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->mutex);
}

void read_ahead_stop(struct read_ahead **ret)
{
	struct read_ahead *q = *ret;

	if (!q)
		return;
	pthread_mutex_lock(&q->mutex);
	q->stop = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->mutex);
	pthread_join(q->thread, NULL);
	free_all(q);
	*ret = NULL;
}
