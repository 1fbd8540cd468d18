/*
 * posting_table.c - the table of postings: leaves (posting_codec.h) by account, the
 * effective time of the first posting, and a number `part`, which only leaves
 * of one instant need.
 */
#include "store/sqlite/posting_table.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "store/schema.h"
#include "store/sqlite/layout.h"
#include "base/banned.h"

#define LEAF_COLUMNS "since, last, events"

/* The leaf in the first columns of the current row, until the next step. */
static struct posting_leaf leaf_of(struct stmt *s)
{
	struct posting_leaf ret = { .since_us = db_get_int(s, 0), .last_us = db_get_int(s, 1) };

	ret.bytes = db_get_blob(s, 2, &ret.len);
	return ret;
}

int posting_damage(struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL,
			 "the ledger's references to events are damaged: run \"usaged rebuild\"");
}

/* ---- order ---- */

int posting_compare_times(const void *a, const void *b)
{
	const struct posting *x = a;
	const struct posting *y = b;

	return (x->effective_us > y->effective_us) - (x->effective_us < y->effective_us);
}

static int compare_posted(const void *a, const void *b)
{
	const struct posting *x = a;
	const struct posting *y = b;
	size_t shorter = x->id_len < y->id_len ? x->id_len : y->id_len;
	int order = posting_compare_times(x, y);

	if (order)
		return order;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	order = memcmp(x->id, y->id, shorter);
	return order ? order : (x->id_len > y->id_len) - (x->id_len < y->id_len);
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

/* ---- writing ---- */

/* The leaf to which postings are added. */
struct leaf_place {
	int64_t account;
	/* its key; `stored` false: there is no leaf yet, and this is where it would be */
	int64_t since_us, part;
	bool stored;
	bool last;        /* no leaf of the account follows */
	int64_t bound_us; /* postings from this instant on belong to a later leaf */
	struct posting_list list;
};

/* The leaf that begins at ?2 or last before it, and when the next one begins. */
#define LEAF_UP_TO                                                                \
	"SELECT " LEAF_COLUMNS ", part, COALESCE((SELECT min(since) FROM posting" \
	" WHERE account = ?1 AND since > ?2), 9223372036854775807)"               \
	" FROM posting WHERE account = ?1 AND since <= ?2"                        \
	" ORDER BY since DESC, part DESC LIMIT 1"
#define FIRST_LEAF                                                                   \
	"SELECT " LEAF_COLUMNS ", part,"                                             \
	" (SELECT count(*) FROM (SELECT 1 FROM posting WHERE account = ?1 LIMIT 2))" \
	" FROM posting WHERE account = ?1 ORDER BY since, part LIMIT 1"

/* Takes the leaf in the current row, for a posting at FROM. */
static void take_leaf(struct leaf_place *t, struct stmt *s, int64_t from_us)
{
	struct posting_leaf leaf = leaf_of(s);

	t->since_us = leaf.since_us;
	t->part = db_get_int(s, 3);
	t->stored = posting_unpack(&leaf, &t->list);
	if (t->stored)
		return;
	/* a damaged leaf stays, for verify and rebuild; a new one follows it */
	t->part = t->since_us == from_us ? t->part + 1 : 0;
	t->since_us = from_us;
}

/* Finds the leaf for a posting at FROM. */
static int find_place(struct store *st, struct leaf_place *t, int64_t from_us, struct error *err)
{
	struct stmt *s = prepare(st, LEAF_UP_TO, err);
	int rc;

	t->bound_us = INT64_MAX;
	t->last = true;
	t->since_us = from_us;
	db_bind_int(s, 1, t->account);
	db_bind_int(s, 2, from_us);
	rc = db_step(s, err);
	if (rc > 0) {
		take_leaf(t, s, from_us);
		t->bound_us = db_get_int(s, 4);
		t->last = t->bound_us == INT64_MAX;
		db_reset(s);
		return 0;
	}
	if (rc < 0)
		return -1;
	s = prepare(st, FIRST_LEAF, err);
	db_bind_int(s, 1, t->account);
	rc = db_step(s, err);
	if (rc > 0) {
		t->bound_us = db_get_int(s, 0);
		take_leaf(t, s, from_us);
		t->last = db_get_int(s, 4) == 1;
		db_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

static int remove_leaf(struct store *st, int64_t account, int64_t since_us, int64_t part,
		       struct error *err)
{
	struct stmt *s = prepare(
		st, "DELETE FROM posting WHERE account = ?1 AND since = ?2 AND part = ?3", err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, since_us);
	db_bind_int(s, 3, part);
	return db_step(s, err);
}

static int put_leaf(struct store *st, const struct leaf_place *t, const struct posting_leaf *leaf,
		    struct error *err)
{
	struct stmt *s = prepare(st,
				 "REPLACE INTO posting (account, since, part, last, events)"
				 " VALUES (?1, ?2, ?3, ?4, ?5)",
				 err);

	db_bind_int(s, 1, t->account);
	db_bind_int(s, 2, leaf->since_us);
	db_bind_int(s, 3, t->part);
	db_bind_int(s, 4, leaf->last_us);
	db_bind_blob(s, 5, leaf->bytes, leaf->len);
	return db_step(s, err);
}

/*
 * The most bytes of each leaf. Leaves at the end of the account become full,
 * because later postings mostly follow them. Others are divided evenly, so that
 * each has room for more.
 */
static size_t leaf_bytes(const struct leaf_place *t, const struct posting *list, size_t n)
{
	enum { SPARE = 24, FILLED = POSTING_LEAF_BYTES - 80 };
	struct strbuf all;
	size_t ret = POSTING_LEAF_BYTES;

	if (t->last)
		return ret;
	strbuf_init(&all, SIZE_MAX);
	posting_pack(&all, list, n, SIZE_MAX);
	if (all.len > POSTING_LEAF_BYTES)
		ret = all.len / (all.len / FILLED + 1) + SPARE;
	strbuf_release(&all);
	return ret < POSTING_LEAF_BYTES ? ret : POSTING_LEAF_BYTES;
}

/*
 * Chooses the part of the first new leaf that begins at SINCE; N at most will
 * begin there. Stored leaves that begin there follow the new ones, so the new ones
 * get smaller parts, below 0.
 */
static int choose_part(struct store *st, struct leaf_place *t, int64_t since_us, size_t n,
		       struct error *err)
{
	struct stmt *s;
	int64_t first;
	int rc;

	t->part = 0;
	if (t->last)
		return 0;
	s = prepare(st,
		    "SELECT part FROM posting WHERE account = ?1 AND since = ?2"
		    " ORDER BY part LIMIT 1",
		    err);
	db_bind_int(s, 1, t->account);
	db_bind_int(s, 2, since_us);
	rc = store_one(s, &first, err);
	if (rc > 0)
		t->part = first - (int64_t)n;
	return rc < 0 ? -1 : 0;
}

/* Stores LIST in the place of the leaf, as one leaf or more. */
static int put_leaves(struct store *st, struct leaf_place *t, const struct posting *list, size_t n,
		      struct error *err)
{
	size_t most = leaf_bytes(t, list, n), taken;
	int64_t since_us = list[0].effective_us;
	struct strbuf bytes;
	int rc = 0;

	if (t->stored && since_us != t->since_us) {
		rc = remove_leaf(st, t->account, t->since_us, t->part, err);
		t->part = 0;
	}
	strbuf_init(&bytes, 2 * POSTING_LEAF_BYTES);
	for (size_t i = 0; rc == 0 && i < n; i += taken) {
		struct posting_leaf leaf = { .since_us = list[i].effective_us };

		strbuf_clear(&bytes);
		taken = posting_pack(&bytes, list + i, n - i, most);
		leaf.last_us = list[i + taken - 1].effective_us;
		leaf.bytes = bytes.text;
		leaf.len = bytes.len;
		if (leaf.since_us != since_us)
			rc = choose_part(st, t, leaf.since_us, n - i, err);
		else if (i)
			t->part++;
		since_us = leaf.since_us;
		if (bytes.failed)
			rc = error_set(err, ERR_INTERNAL, NULL, "out of memory");
		if (rc == 0)
			rc = put_leaf(st, t, &leaf, err);
	}
	strbuf_release(&bytes);
	return rc;
}

/* Merges the leaf's postings with N others, both in order, in the leaf's arena. */
static struct posting *merge(const struct posting_list *leaf, const struct posting *posted,
			     size_t n)
{
	struct posting *ret = arena_array(leaf->arena, struct posting, leaf->n + n);
	size_t a = 0, b = 0;

	while (a < leaf->n || b < n) {
		bool first = a < leaf->n &&
			     (b == n || leaf->list[a].effective_us <= posted[b].effective_us);

		ret[a + b] = first ? leaf->list[a] : posted[b];
		a += first;
		b += !first;
	}
	return ret;
}

/* Adds the first of the postings: those that belong into one leaf. */
static int add_some(struct store *st, struct leaf_place *t, const struct posting *posted, size_t n,
		    size_t *ret_added, struct error *err)
{
	size_t m = 1;

	if (find_place(st, t, posted[0].effective_us, err) < 0)
		return -1;
	while (m < n && posted[m].effective_us < t->bound_us)
		m++;
	*ret_added = m;
	return put_leaves(st, t, merge(&t->list, posted, m), t->list.n + m, err);
}

int store_postings_add(struct store *st, int64_t account, struct posting *posted, size_t n,
		       struct error *err)
{
	struct arena scratch;
	int rc = 0;

	arena_init(&scratch);
	sort(posted, n, posting_compare_times);
	for (size_t i = 0, added = 0; rc == 0 && i < n; i += added) {
		struct leaf_place t = { .account = account, .list = { .arena = &scratch } };

		rc = add_some(st, &t, posted + i, n - i, &added, err);
		arena_reset(&scratch);
	}
	arena_release(&scratch);
	return rc;
}

/* ---- reading ---- */

/*
 * The leaves that may have postings from ?2 on and before ?3. A damaged leaf may
 * say anything of its end.
 */
#define LEAVES_OF                                                                      \
	"SELECT " LEAF_COLUMNS ", part FROM posting WHERE account = ?1 AND since < ?3" \
	" AND since >= COALESCE((SELECT max(since) FROM posting WHERE account = ?1"    \
	" AND since < ?2), ?2) AND (last >= ?2 OR since >= ?2) ORDER BY since, part"

struct span {
	int64_t from_us, to_us; /* TO exclusive */
};

/* When HOUR begins. */
static int64_t beginning(int64_t hour)
{
	return hour > HOUR_MAX ? INT64_MAX : hour < -HOUR_MAX ? INT64_MIN : hour * HOUR_US;
}

static struct span span_of(int64_t hour)
{
	return (struct span) { beginning(hour), hour == INT64_MAX ? hour : beginning(hour + 1) };
}

static bool has(const struct span *span, const struct posting *p)
{
	return p->effective_us >= span->from_us && p->effective_us < span->to_us;
}

static struct stmt *leaves_of(struct store *st, int64_t account, const struct span *span,
			      struct error *err)
{
	struct stmt *s = prepare(st, LEAVES_OF, err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, span->from_us);
	db_bind_int(s, 3, span->to_us);
	return s;
}

int posting_hour_read(struct store *st, const struct account_hour *hour, struct posting_list *in,
		      struct posting_list *out, bool *ret_damaged, struct error *err)
{
	struct span span = span_of(hour->hour);
	struct posting_list all = { .arena = in->arena };
	struct stmt *s = leaves_of(st, hour->account, &span, err);
	int rc;

	*ret_damaged = false;
	while ((rc = db_step(s, err)) > 0) {
		struct posting_leaf leaf = leaf_of(s);

		if (!posting_unpack(&leaf, &all))
			*ret_damaged = true;
	}
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct posting_list *to = has(&span, &all.list[i]) ? in : out;

		if (!to)
			continue;
		to->list = store_room(to->arena, to->list, to->n, &to->size, sizeof(*to->list));
		to->list[to->n++] = all.list[i];
	}
	return rc;
}

int posting_hour_remove(struct store *st, const struct account_hour *hour, struct error *err)
{
	struct span span = span_of(hour->hour);
	struct stmt *s = leaves_of(st, hour->account, &span, err);
	GArray *keys = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
	int rc;

	while ((rc = db_step(s, err)) > 0)
		g_array_append_vals(keys, ((int64_t[]) { db_get_int(s, 0), db_get_int(s, 3) }), 1);
	for (guint i = 0; rc == 0 && i < keys->len; i++) {
		const int64_t *key = (const int64_t *)(const void *)keys->data + (size_t)2 * i;

		rc = remove_leaf(st, hour->account, key[0], key[1], err);
	}
	g_array_free(keys, TRUE);
	return rc;
}

int sqlite_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		    struct posting **ret, size_t *ret_n, struct error *err)
{
	struct posting_list list = { .arena = arena };
	bool damaged;

	if (posting_hour_read(st, hour, &list, NULL, &damaged, err) < 0)
		return -1;
	if (damaged)
		return posting_damage(err);
	if (list.n)
		sort(list.list, list.n, compare_posted);
	*ret = list.list;
	*ret_n = list.n;
	return 0;
}

/* The first leaf with a posting from ?2 on, and the last one before ?2. */
#define LEAF_FROM                                                                   \
	"SELECT " LEAF_COLUMNS " FROM posting WHERE account = ?1 AND last >= ?2"    \
	" AND since >= COALESCE((SELECT max(since) FROM posting WHERE account = ?1" \
	" AND since <= ?2), ?2) ORDER BY since, part LIMIT 1"
#define LEAF_BEFORE                                                              \
	"SELECT " LEAF_COLUMNS " FROM posting WHERE account = ?1 AND since < ?2" \
	" ORDER BY since DESC, part DESC LIMIT 1"

int sqlite_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
			int64_t *ret_hour, struct error *err)
{
	struct span span = span_of(from);
	struct stmt *s = prepare(st, backwards ? LEAF_BEFORE : LEAF_FROM, err);
	struct posting_list list = { 0 };
	struct posting_leaf leaf;
	struct arena arena;
	int rc;

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, backwards ? span.to_us : span.from_us);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	arena_init(&arena);
	list.arena = &arena;
	leaf = leaf_of(s);
	if (!posting_unpack(&leaf, &list))
		rc = posting_damage(err);
	for (size_t i = 0; rc > 0 && i < list.n; i++) {
		const struct posting *p = &list.list[backwards ? list.n - 1 - i : i];

		*ret_hour = floor_div(p->effective_us, HOUR_US);
		if (backwards ? p->effective_us < span.to_us : p->effective_us >= span.from_us)
			break;
	}
	db_reset(s);
	arena_release(&arena);
	return rc;
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
	int64_t done, all; /* events */
};

static int make_some(struct store *st, struct making *m, struct error *err)
{
	if (store_postings_add(st, m->account, m->list, m->n, err) < 0)
		return -1;
	m->done += (int64_t)m->n;
	m->n = 0;
	arena_reset(&m->arena);
	return schema_progress(st, m->done, m->all, err);
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
	struct stmt *s;
	int rc;

	if (store_one(prepare(st, "SELECT count(*) FROM event", err), &m->all, err) < 0)
		return -1;
	s = prepare(st, EVENTS_BOOKED, err);
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
