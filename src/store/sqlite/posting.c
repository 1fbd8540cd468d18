/* posting.c - the table of postings. posting_codec.h describes the encoding. */
#include "store/posting.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/civil.h"
#include "base/strbuf.h"
#include "store/internal.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/posting_codec.h"
#include "base/banned.h"

/* ---- writing ---- */

/* A row of the table: part of the postings of an account and hour. */
struct part {
	int64_t account, hour, number;
	const char *bytes;
	size_t len;
};

/* Adds the part, or puts it in the place of the part with its number. */
static int put_part(struct store *st, const struct part *p, struct error *err)
{
	struct stmt *s = prepare(
		st, "REPLACE INTO posting (account, hour, part, events) VALUES (?1, ?2, ?3, ?4)",
		err);

	db_bind_int(s, 1, p->account);
	db_bind_int(s, 2, p->hour);
	db_bind_int(s, 3, p->number);
	db_bind_blob(s, 4, p->bytes, p->len);
	return db_step(s, err);
}

/*
 * Sets P->number to the number of the last part of P's hour, or 0 if the hour
 * has no part. Appends the bytes of the last part to TEXT if this part is not
 * full.
 */
static int last_part(struct store *st, struct part *p, struct strbuf *text, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT part, events FROM posting WHERE account = ?1 AND hour = "
				 "?2 ORDER BY part DESC LIMIT 1",
				 err);
	const void *bytes;
	size_t len;
	int rc;

	db_bind_int(s, 1, p->account);
	db_bind_int(s, 2, p->hour);
	p->number = 0;
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	p->number = db_get_int(s, 0);
	bytes = db_get_blob(s, 1, &len);
	if (text && len < POSTING_PART_BYTES)
		strbuf_addn(text, bytes, len);
	db_reset(s);
	return 0;
}

/*
 * Stores a run of N postings, with the bytes BODY, after the earlier runs of
 * P's hour.
 */
static int put_run(struct store *st, struct part *p, size_t n, const struct strbuf *body,
		   struct error *err)
{
	struct strbuf text;
	bool grows;
	int rc;

	strbuf_init(&text, POSTING_PART_BYTES);
	rc = last_part(st, p, &text, err);
	grows = text.len > 0 && text.len + body->len <= POSTING_RUN_BYTES;
	if (!grows) {
		strbuf_clear(&text);
		p->number++;
	}
	posting_add_number(&text, n);
	strbuf_addn(&text, body->text, body->len);
	p->bytes = text.text;
	p->len = text.len;
	if (rc == 0)
		rc = text.failed ? error_set(err, ERR_INTERNAL, NULL, "out of memory")
				 : put_part(st, p, err);
	strbuf_release(&text);
	return rc;
}

int store_posting_append(struct store *st, int64_t account, int64_t hour, const char *bytes,
			 size_t len, struct error *err)
{
	struct part p = { .account = account, .hour = hour, .bytes = bytes, .len = len };

	if (last_part(st, &p, NULL, err) < 0)
		return -1;
	p.number++;
	return put_part(st, &p, err);
}

static int compare_times(const void *a, const void *b)
{
	const struct posting *x = a;
	const struct posting *y = b;

	return (x->effective_us > y->effective_us) - (x->effective_us < y->effective_us);
}

static bool in_order(const struct posting *posted, size_t n,
		     int (*compare)(const void *a, const void *b))
{
	for (size_t i = 1; i < n; i++) {
		if (compare(&posted[i - 1], &posted[i]) > 0)
			return false;
	}
	return true;
}

static void sort(struct posting *posted, size_t n, int (*compare)(const void *a, const void *b))
{
	if (!in_order(posted, n, compare))
		qsort(posted, n, sizeof(*posted), compare);
}

int store_postings_add(struct store *st, int64_t account, struct posting *posted, size_t n,
		       struct error *err)
{
	struct strbuf body;
	int rc = 0;

	sort(posted, n, compare_times);
	strbuf_init(&body, 2 * POSTING_PART_BYTES);
	for (size_t i = 0, taken; rc == 0 && i < n; i += taken) {
		struct part p = { .account = account,
				  .hour = floor_div(posted[i].effective_us, HOUR_US) };

		strbuf_clear(&body);
		taken = posting_pack(&body, p.hour, posted + i, n - i);
		rc = body.failed ? error_set(err, ERR_INTERNAL, NULL, "out of memory")
				 : put_run(st, &p, taken, &body, err);
	}
	strbuf_release(&body);
	return rc;
}

/* ---- reading ---- */

/*
 * Decodes the part in COLUMN and appends its postings to LIST. False: the part
 * is damaged.
 */
static bool take_part(struct stmt *s, int column, int64_t hour, struct posting_list *list)
{
	size_t len;
	const void *bytes = db_get_blob(s, column, &len);

	return posting_unpack(bytes, len, hour, list);
}

static int compare_posted(const void *a, const void *b)
{
	const struct posting *x = a;
	const struct posting *y = b;
	size_t shorter = x->id_len < y->id_len ? x->id_len : y->id_len;
	int order = compare_times(x, y);

	if (order)
		return order;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	order = memcmp(x->id, y->id, shorter);
	return order ? order : (x->id_len > y->id_len) - (x->id_len < y->id_len);
}

int sqlite_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		    struct posting **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT events FROM posting WHERE account = ?1 AND hour = ?2 ORDER BY part",
		err);
	struct posting_list c = { .arena = arena };
	int rc;

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	while ((rc = db_step(s, err)) > 0) {
		if (!take_part(s, 0, hour->hour, &c)) {
			db_reset(s);
			return error_set(err, ERR_INTERNAL, NULL,
					 "the ledger's references to events are damaged: run "
					 "\"usaged rebuild\"");
		}
	}
	if (rc < 0)
		return -1;
	if (c.n)
		sort(c.list, c.n, compare_posted);
	*ret = c.list;
	*ret_n = c.n;
	return 0;
}

int sqlite_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
			int64_t *ret_hour, struct error *err)
{
	struct stmt *s = prepare(st,
				 backwards ? "SELECT hour FROM posting WHERE account = ?1 AND hour "
					     "<= ?2 ORDER BY hour DESC LIMIT 1"
					   : "SELECT hour FROM posting WHERE account = ?1 AND hour "
					     ">= ?2 ORDER BY hour LIMIT 1",
				 err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, from);
	return store_one(s, ret_hour, err);
}

/* ---- comparing ---- */

static uint64_t mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

void posting_sum_add(struct posting_sum *sum, const struct posting *p)
{
	uint64_t hash = mix(mix(mix(0, (uint64_t)p->effective_us), (uint64_t)p->series),
			    (uint64_t)p->source);

	for (size_t i = 0; i < p->id_len; i++)
		hash = mix(hash, (unsigned char)p->id[i]);
	sum->hash += mix(hash, p->id_len);
	sum->n++;
}

struct posting_reader {
	struct store *st;
	struct stmt *s; /* at the first row not read yet; NULL at the end */
	struct arena arena;
	struct posting_sum sum;
	bool ready; /* `sum` holds an hour */
};

static int reader_step(struct posting_reader *r, struct error *err)
{
	int rc = db_step(r->s, err);

	if (rc <= 0)
		r->s = NULL;
	return rc < 0 ? -1 : 0;
}

int posting_reader_new(struct store *st, const struct db_list *accounts,
		       struct posting_reader **ret, struct error *err)
{
	struct posting_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	r->st = st;
	arena_init(&r->arena);
	r->s = prepare(st,
		       accounts ? "SELECT account, hour, events FROM posting WHERE account IN"
				  " (SELECT a FROM list(?1)) ORDER BY account, hour, part"
				: "SELECT account, hour, events FROM posting"
				  " ORDER BY account, hour, part",
		       err);
	if (accounts)
		db_bind_list(r->s, 1, accounts);
	if (!r->s || reader_step(r, err) < 0) {
		posting_reader_free(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

void posting_reader_free(struct posting_reader **r)
{
	if (!*r)
		return;
	db_reset((*r)->s);
	arena_release(&(*r)->arena);
	free(*r);
	*r = NULL;
}

static void sum_part(struct posting_reader *r)
{
	struct posting_list c = { .arena = &r->arena };

	r->sum.damaged |= !take_part(r->s, 2, r->sum.hour, &c);
	for (size_t i = 0; i < c.n; i++)
		posting_sum_add(&r->sum, &c.list[i]);
	arena_reset(&r->arena);
}

int posting_reader_peek(struct posting_reader *r, const struct posting_sum **ret, struct error *err)
{
	if (!r->ready && r->s) {
		r->sum = (struct posting_sum) { .account = db_get_int(r->s, 0),
						.hour = db_get_int(r->s, 1) };
		while (r->s && db_get_int(r->s, 0) == r->sum.account &&
		       db_get_int(r->s, 1) == r->sum.hour) {
			sum_part(r);
			if (reader_step(r, err) < 0)
				return -1;
		}
		r->ready = true;
	}
	*ret = r->ready ? &r->sum : NULL;
	return 0;
}

void posting_reader_pass(struct posting_reader *r)
{
	r->ready = false;
}

/* ---- from the events ---- */

#define MAKE_EVENTS 10000 /* postings held in memory at once */

#define EVENTS_BOOKED                                                                  \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us), e.series, e.source, e.id" \
	" FROM event e CROSS JOIN series s WHERE s.id = e.series ORDER BY 1, 2"

/* Postings of one account that are not yet stored. */
struct making {
	struct arena arena;
	struct posting *list;
	size_t n;
	int64_t account;
};

static int make_some(struct store *st, struct making *m, struct error *err)
{
	int rc = store_postings_add(st, m->account, m->list, m->n, err);

	m->n = 0;
	arena_reset(&m->arena);
	return rc;
}

static int make_one(struct store *st, struct stmt *s, struct making *m, struct error *err)
{
	int64_t account = db_get_int(s, 0);
	struct posting *p;
	const char *id;

	if ((m->n == MAKE_EVENTS || account != m->account) && make_some(st, m, err) < 0)
		return -1;
	m->account = account;
	p = &m->list[m->n++];
	*p = (struct posting) { .effective_us = db_get_int(s, 1),
				.series = db_get_int(s, 2),
				.source = db_get_int(s, 3) };
	id = db_get_text(s, 4, &p->id_len);
	p->id = arena_strn(&m->arena, id, p->id_len);
	return 0;
}

static int make_all(struct store *st, struct making *m, struct error *err)
{
	struct stmt *s = prepare(st, EVENTS_BOOKED, err);
	int rc;

	while ((rc = db_step(s, err)) > 0) {
		if (make_one(st, s, m, err) < 0) {
			db_reset(s);
			return -1;
		}
	}
	return rc < 0 ? -1 : make_some(st, m, err);
}

int store_postings_make(struct store *st, struct error *err)
{
	struct making m = { .list = malloc(MAKE_EVENTS * sizeof(*m.list)) };
	int rc;

	if (!m.list)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	arena_init(&m.arena);
	rc = make_all(st, &m, err);
	arena_release(&m.arena);
	free(m.list);
	return rc;
}
