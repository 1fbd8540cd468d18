#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include "base/civil.h"
#include "base/strbuf.h"
#include "store/internal.h"
#include "base/banned.h"

/*
 * A part is a sequence of runs, each made by one commit: how many references,
 * then for each of them, as numbers of 7 bits a byte, the microseconds since
 * the one before (the first: since the hour began), source, series, how many
 * bytes its id shares with the id before it (the first: none), how many are its
 * own, and those. In the order of their times: the sender's order is nearly
 * that, and ids of a sender often begin alike.
 */
/*
 * With these, a part's row doesn't leave its page, where several stand beside
 * each other. Any single reference fits.
 */
#define PART_BYTES 960
#define RUN_BYTES  (PART_BYTES - 2) /* its number is below 2^14 */

/* ---- writing ---- */

static void add_number(struct strbuf *out, uint64_t n)
{
	char bytes[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (char)(n | 0x80);
	bytes[len++] = (char)n;
	strbuf_addn(out, bytes, len);
}

static size_t shared_bytes(const struct posted *a, const struct posted *b)
{
	size_t most = a->id_len < b->id_len ? a->id_len : b->id_len;
	size_t n = 0;

	while (n < most && a->id[n] == b->id[n])
		n++;
	return n;
}

static void add_entry(struct strbuf *out, int64_t since_us, const struct posted *before,
		      const struct posted *p)
{
	size_t shared = before ? shared_bytes(before, p) : 0;

	add_number(out, (uint64_t)(p->effective_us - since_us));
	add_number(out, (uint64_t)p->source);
	add_number(out, (uint64_t)p->series);
	add_number(out, shared);
	add_number(out, p->id_len - shared);
	strbuf_addn(out, p->id + shared, p->id_len - shared);
}

/*
 * Packs the references of HOUR that POSTED begins with, as many as fit one run;
 * how many they are.
 */
static size_t pack_run(struct strbuf *body, int64_t hour, const struct posted *posted, size_t n)
{
	int64_t since = hour * HOUR_US;
	size_t fit = 0;
	size_t i = 0;

	while (i < n && posted[i].effective_us - hour * HOUR_US < HOUR_US) {
		add_entry(body, since, i ? &posted[i - 1] : NULL, &posted[i]);
		if (body->len > RUN_BYTES)
			break;
		fit = body->len;
		since = posted[i++].effective_us;
	}
	body->len = fit;
	return i;
}

static int put_part(struct store *st, const char *sql, int64_t account, int64_t hour, int64_t part,
		    const char *bytes, size_t len, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, hour);
	bind_int(st, s, 3, part);
	st->ops->bind_blob(s, 4, bytes, len);
	return step(st, s, err);
}

#define PART_INSERT "INSERT INTO posting (account, hour, part, events) VALUES (?1, ?2, ?3, ?4)"

/*
 * The number of the hour's last part (0: there is none), and in TEXT what it
 * holds, if it isn't full.
 */
static int last_part(struct store *st, int64_t account, int64_t hour, int64_t *ret_part,
		     struct strbuf *text, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT part, events FROM posting WHERE account = ?1 AND hour = "
				 "?2 ORDER BY part DESC LIMIT 1",
				 err);
	const void *bytes;
	size_t len;
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, hour);
	*ret_part = 0;
	rc = step(st, s, err);
	if (rc <= 0)
		return rc;
	*ret_part = get_int(st, s, 0);
	bytes = st->ops->get_blob(s, 1, &len);
	if (len < PART_BYTES)
		strbuf_addn(text, bytes, len);
	st->ops->reset(s);
	return 0;
}

/*
 * Stores the run of N references whose bytes are BODY's, behind those of
 * before.
 */
static int put_run(struct store *st, int64_t account, int64_t hour, size_t n,
		   const struct strbuf *body, struct error *err)
{
	struct strbuf part;
	int64_t number;
	bool grows;
	int rc;

	strbuf_init(&part, PART_BYTES);
	rc = last_part(st, account, hour, &number, &part, err);
	grows = part.len > 0 && part.len + body->len <= RUN_BYTES;
	if (!grows)
		strbuf_clear(&part);
	add_number(&part, n);
	strbuf_addn(&part, body->text, body->len);
	if (rc == 0 && part.failed)
		rc = error_set(err, ERR_INTERNAL, NULL, "out of memory");
	if (rc == 0 && grows)
		rc = put_part(st,
			      "UPDATE posting SET events = ?4 WHERE account = ?1 AND hour = ?2 AND "
			      "part = ?3",
			      account, hour, number, part.text, part.len, err);
	else if (rc == 0)
		rc = put_part(st, PART_INSERT, account, hour, number + 1, part.text, part.len, err);
	strbuf_release(&part);
	return rc;
}

static int compare_times(const void *a, const void *b)
{
	const struct posted *x = a;
	const struct posted *y = b;

	return (x->effective_us > y->effective_us) - (x->effective_us < y->effective_us);
}

static bool in_order(const struct posted *posted, size_t n,
		     int (*compare)(const void *a, const void *b))
{
	for (size_t i = 1; i < n; i++) {
		if (compare(&posted[i - 1], &posted[i]) > 0)
			return false;
	}
	return true;
}

static void sort(struct posted *posted, size_t n, int (*compare)(const void *a, const void *b))
{
	if (!in_order(posted, n, compare))
		qsort(posted, n, sizeof(*posted), compare);
}

int store_postings_add(struct store *st, int64_t account, struct posted *posted, size_t n,
		       struct error *err)
{
	struct strbuf body;
	int rc = 0;

	sort(posted, n, compare_times);
	strbuf_init(&body, 2 * PART_BYTES);
	for (size_t i = 0, taken; rc == 0 && i < n; i += taken) {
		int64_t hour = floor_div(posted[i].effective_us, HOUR_US);

		strbuf_clear(&body);
		taken = pack_run(&body, hour, posted + i, n - i);
		rc = body.failed ? error_set(err, ERR_INTERNAL, NULL, "out of memory")
				 : put_run(st, account, hour, taken, &body, err);
	}
	strbuf_release(&body);
	return rc;
}

/* ---- reading ---- */

struct bytes {
	const unsigned char *at, *end;
};

static bool take_number(struct bytes *b, uint64_t *ret)
{
	*ret = 0;
	for (int shift = 0; b->at < b->end && shift < 64; shift += 7) {
		unsigned char byte = *b->at++;

		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* The references of one hour as they are collected. */
struct collected {
	struct arena *arena;
	struct posted *list;
	size_t n, size;
	int64_t from_us; /* the hour's first instant */
};

/* The next reference of a run, the one before it being BEFORE (NULL: none). */
static bool take_entry(struct collected *c, struct bytes *b, const struct posted *before,
		       struct posted *ret)
{
	uint64_t after, source, series, shared, own;
	int64_t since = before ? before->effective_us : c->from_us;
	char *id;

	if (!take_number(b, &after) || !take_number(b, &source) || !take_number(b, &series) ||
	    !take_number(b, &shared) || !take_number(b, &own) || after >= (uint64_t)HOUR_US ||
	    shared > (before ? before->id_len : 0) || own > (uint64_t)(b->end - b->at))
		return false;
	id = arena_alloc(c->arena, shared + own + 1);
	if (shared)
		memcpy(id, before->id, shared);
	memcpy(id + shared, b->at, own);
	b->at += own;
	*ret = (struct posted) { since + (int64_t)after, (int64_t)series, (int64_t)source, id,
				 shared + own };
	return ret->effective_us < c->from_us + HOUR_US;
}

static bool take_run(struct collected *c, struct bytes *b)
{
	uint64_t n;

	if (!take_number(b, &n))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		c->list = store_room(c->arena, c->list, c->n, &c->size, sizeof(*c->list));
		if (!take_entry(c, b, i ? &c->list[c->n - 1] : NULL, &c->list[c->n]))
			return false;
		c->n++;
	}
	return true;
}

/* The part of HOUR that stands in COLUMN. */
static bool take_part(struct store *st, struct stmt *s, int column, int64_t hour,
		      struct collected *c)
{
	size_t len;
	const unsigned char *bytes = st->ops->get_blob(s, column, &len);
	struct bytes b = { bytes, bytes + len };

	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		return false;
	c->from_us = hour * HOUR_US;
	while (b.at < b.end) {
		if (!take_run(c, &b))
			return false;
	}
	return true;
}

static int compare_posted(const void *a, const void *b)
{
	const struct posted *x = a;
	const struct posted *y = b;
	size_t shorter = x->id_len < y->id_len ? x->id_len : y->id_len;
	int order = compare_times(x, y);

	if (order)
		return order;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	order = memcmp(x->id, y->id, shorter);
	return order ? order : (x->id_len > y->id_len) - (x->id_len < y->id_len);
}

int store_postings(struct store *st, int64_t account, int64_t hour, struct arena *arena,
		   struct posted **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(
		st, "SELECT events FROM posting WHERE account = ?1 AND hour = ?2 ORDER BY part",
		err);
	struct collected c = { .arena = arena };
	int rc;

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, hour);
	while ((rc = step(st, s, err)) > 0) {
		if (!take_part(st, s, 0, hour, &c)) {
			st->ops->reset(s);
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

int store_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err)
{
	struct stmt *s = prepare(st,
				 backwards ? "SELECT hour FROM posting WHERE account = ?1 AND hour "
					     "<= ?2 ORDER BY hour DESC LIMIT 1"
					   : "SELECT hour FROM posting WHERE account = ?1 AND hour "
					     ">= ?2 ORDER BY hour LIMIT 1",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, from);
	return store_one(st, s, ret_hour, err);
}

/* ---- comparing ---- */

static uint64_t mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

void posting_sum_add(struct posting_sum *sum, const struct posted *p)
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
	struct stmt *s; /* on the first row not read yet; NULL at the end */
	struct arena arena;
	struct posting_sum sum;
	bool ready; /* `sum` is that of an hour */
};

static int reader_step(struct posting_reader *r, struct error *err)
{
	int rc = step(r->st, r->s, err);

	if (rc <= 0)
		r->s = NULL;
	return rc < 0 ? -1 : 0;
}

int posting_reader_new(struct store *st, struct posting_reader **ret, struct error *err)
{
	struct posting_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	r->st = st;
	arena_init(&r->arena);
	r->s = prepare(st, "SELECT account, hour, events FROM posting ORDER BY account, hour, part",
		       err);
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
	if ((*r)->s)
		(*r)->st->ops->reset((*r)->s);
	arena_release(&(*r)->arena);
	free(*r);
	*r = NULL;
}

static void sum_part(struct posting_reader *r)
{
	struct collected c = { .arena = &r->arena };

	r->sum.damaged |= !take_part(r->st, r->s, 2, r->sum.hour, &c);
	for (size_t i = 0; i < c.n; i++)
		posting_sum_add(&r->sum, &c.list[i]);
	arena_reset(&r->arena);
}

int posting_reader_peek(struct posting_reader *r, const struct posting_sum **ret, struct error *err)
{
	if (!r->ready && r->s) {
		r->sum = (struct posting_sum) { .account = get_int(r->st, r->s, 0),
						.hour = get_int(r->st, r->s, 1) };
		while (r->s && get_int(r->st, r->s, 0) == r->sum.account &&
		       get_int(r->st, r->s, 1) == r->sum.hour) {
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

/* ---- putting right ---- */

/* How many bytes PART had in the snapshot. */
static int bytes_before(struct store *from, int64_t account, int64_t hour, int64_t part,
			int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(
		from,
		"SELECT length(events) FROM posting WHERE account = ?1 AND hour = ?2 AND part = ?3",
		err);

	if (!s)
		return -1;
	bind_int(from, s, 1, account);
	bind_int(from, s, 2, hour);
	bind_int(from, s, 3, part);
	*ret = 0;
	return store_one(from, s, ret, err);
}

/* Runs that came after the snapshot. */
struct runs {
	struct {
		const char *bytes;
		size_t len;
	} * list;
	size_t n, size;
};

/* Parts only grow at their ends. */
static int collect_new_runs(struct store *from, struct store *to, int64_t account, int64_t hour,
			    struct arena *arena, struct runs *runs, struct error *err)
{
	struct stmt *s = prepare(
		to,
		"SELECT part, events FROM posting WHERE account = ?1 AND hour = ?2 ORDER BY part",
		err);
	int rc;

	if (!s)
		return -1;
	bind_int(to, s, 1, account);
	bind_int(to, s, 2, hour);
	while ((rc = step(to, s, err)) > 0) {
		size_t len;
		const char *bytes = to->ops->get_blob(s, 1, &len);
		int64_t before;

		if (bytes_before(from, account, hour, get_int(to, s, 0), &before, err) < 0) {
			to->ops->reset(s);
			return -1;
		}
		if ((size_t)before >= len)
			continue;
		runs->list = store_room(arena, runs->list, runs->n, &runs->size,
					sizeof(*runs->list));
		len -= (size_t)before;
		runs->list[runs->n].bytes = arena_strn(arena, bytes + before, len);
		runs->list[runs->n++].len = len;
	}
	return rc;
}

static int remove_parts(struct store *st, int64_t account, int64_t hour, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM posting WHERE account = ?1 AND hour = ?2", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, hour);
	return step(st, s, err);
}

static int append_part(struct store *st, int64_t account, int64_t hour, const char *bytes,
		       size_t len, struct error *err)
{
	struct strbuf unused;
	int64_t number;
	int rc;

	strbuf_init(&unused, PART_BYTES);
	rc = last_part(st, account, hour, &number, &unused, err);
	strbuf_release(&unused);
	return rc < 0 ? -1 : put_part(st, PART_INSERT, account, hour, number + 1, bytes, len, err);
}

static int replace(struct store *from, struct store *to, int64_t account, int64_t hour,
		   struct posted *posted, size_t n, struct arena *arena, struct runs *runs,
		   struct error *err)
{
	if (collect_new_runs(from, to, account, hour, arena, runs, err) < 0 ||
	    remove_parts(to, account, hour, err) < 0 ||
	    store_postings_add(to, account, posted, n, err) < 0)
		return -1;
	for (size_t i = 0; i < runs->n; i++) {
		if (append_part(to, account, hour, runs->list[i].bytes, runs->list[i].len, err) < 0)
			return -1;
	}
	return 0;
}

int store_postings_replace(struct store *from, struct store *to, int64_t account, int64_t hour,
			   struct posted *posted, size_t n, struct error *err)
{
	struct runs runs = { 0 };
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = replace(from, to, account, hour, posted, n, &arena, &runs, err);
	arena_release(&arena);
	return rc;
}

/* ---- from the events ---- */

#define MAKE_EVENTS 10000 /* references held at once */

#define EVENTS_BOOKED                                                                  \
	"SELECT s.account, COALESCE(e.booked_us, e.time_us), e.series, e.source, e.id" \
	" FROM event e CROSS JOIN series s WHERE s.id = e.series ORDER BY 1, 2"

/* References of one account that are not yet stored. */
struct making {
	struct arena arena;
	struct posted *list;
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
	int64_t account = get_int(st, s, 0);
	struct posted *p;
	const char *id;

	if ((m->n == MAKE_EVENTS || account != m->account) && make_some(st, m, err) < 0)
		return -1;
	m->account = account;
	p = &m->list[m->n++];
	*p = (struct posted) { .effective_us = get_int(st, s, 1),
			       .series = get_int(st, s, 2),
			       .source = get_int(st, s, 3) };
	id = st->ops->get_text(s, 4, &p->id_len);
	p->id = arena_strn(&m->arena, id, p->id_len);
	return 0;
}

static int make_all(struct store *st, struct making *m, struct error *err)
{
	struct stmt *s = prepare(st, EVENTS_BOOKED, err);
	int rc;

	if (!s)
		return -1;
	while ((rc = step(st, s, err)) > 0) {
		if (make_one(st, s, m, err) < 0) {
			st->ops->reset(s);
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
