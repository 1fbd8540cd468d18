/*
 * events.c - adds events in sets. First it looks for those that are stored
 * already; the others are new, because only one writer adds events of a family.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/pgsql/driver.h"
#include "store/pgsql/layout.h"
#include "store/pgsql/sql.h"
#include "store/places.h"
#include "base/banned.h"

/* The cells of an event in a list: those of its identity come first. */
enum {
	CELL_SOURCE,
	CELL_ID,
	CELL_ROOT,
	IDENTITY_CELLS,
	CELL_ACCOUNT = IDENTITY_CELLS,
	CELL_SERIES,
	CELL_TIME,
	CELL_EFFECTIVE, /* 0: NULL */
	CELL_CORRECTION,
	CELL_AMOUNTS,
	EVENT_CELLS = CELL_AMOUNTS + AMOUNTS
};

/* From so many events on, COPY and a look at the ends of the ids pay. */
enum { MANY = 500, SOURCES_MAX = 100 };
/* So many identities show whether the stored events lie together. */
enum { SAMPLE = 100 };

_Static_assert((int)EVENT_CELLS <= (int)DB_LIST_COLUMNS, "list() has room for an event");

/* The rows of a list, in an arena. */
struct event_rows {
	struct arena *arena;
	int columns;
	struct db_cell *cells;
	size_t n;
};

static void rows_init(struct event_rows *r, struct arena *arena, size_t n, int columns)
{
	*r = (struct event_rows) { arena, columns,
				   arena_array(arena, struct db_cell, n * (size_t)columns), 0 };
}

static int64_t root_of(const struct stored_event *e)
{
	return e->family ? e->family : e->account;
}

/* Adds a row, with the cells of the identity. */
static struct db_cell *add_row(struct event_rows *r, const struct stored_event *e)
{
	struct db_cell *row = r->cells + r->n++ * (size_t)r->columns;

	row[CELL_SOURCE].n = e->source;
	row[CELL_ID] = (struct db_cell) { .kind = DB_CELL_TEXT, .bytes = e->id, .len = e->id_len };
	row[CELL_ROOT].n = root_of(e);
	return row;
}

/* Runs SQL with the rows, which nobody has stored so far. */
static int add_rows(struct store *st, const char *sql, const struct event_rows *r,
		    struct error *err)
{
	struct db_list list = { r->cells, r->n, r->columns };
	struct stmt *s = prepare(st, sql, err);

	if (!r->n)
		return 0;
	db_bind_list(s, 1, &list);
	return db_later(s, err);
}

/* ---- identities ---- */

/* The events by identity; those of one identity in the order of the list. */
struct identities {
	struct stored_event **list;
	size_t n;
};

static int compare_id(const struct stored_event *e, const char *id, size_t len)
{
	int order = memcmp(e->id, id, MIN(e->id_len, len));

	return order ? order : (e->id_len > len) - (e->id_len < len);
}

static int compare_identities(const struct stored_event *x, const struct stored_event *y)
{
	int order = (x->source > y->source) - (x->source < y->source);

	return order ? order : compare_id(x, y->id, y->id_len);
}

static int compare_order(const void *a, const void *b)
{
	const struct stored_event *x = *(struct stored_event *const *)a;
	const struct stored_event *y = *(struct stored_event *const *)b;
	int order = compare_identities(x, y);

	return order ? order : (x > y) - (x < y);
}

static void identities_init(struct identities *all, struct arena *arena,
			    struct stored_event *events, size_t n)
{
	bool ordered = true;

	*all = (struct identities) { arena_array(arena, struct stored_event *, n), n };
	for (size_t i = 0; i < n; i++) {
		all->list[i] = &events[i];
		ordered = ordered && (!i || compare_identities(&events[i - 1], &events[i]) <= 0);
	}
	if (!ordered)
		qsort(all->list, n, sizeof(struct stored_event *), compare_order);
}

/* The number of events from FIRST on that have its identity. */
static size_t count_same(const struct identities *all, size_t first)
{
	size_t n = 1;

	while (first + n < all->n &&
	       compare_identities(all->list[first], all->list[first + n]) == 0)
		n++;
	return n;
}

/* Behind the last identity of the source of the one at FIRST. */
static size_t end_of_source(const struct identities *all, size_t first)
{
	size_t end = first + 1;

	while (end < all->n && all->list[end]->source == all->list[first]->source)
		end++;
	return end;
}

/* Are the N events from FIRST on of several families? */
static bool are_mixed(const struct identities *all, size_t first, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (root_of(all->list[first + i]) != root_of(all->list[first]))
			return true;
	return false;
}

/* What events of one identity must have in common to be duplicates. */
struct stored_content {
	int64_t series, time_us;
	struct amounts amounts;
};

static struct stored_content content_of(const struct stored_event *e)
{
	return (struct stored_content) { e->series, e->time_us, e->amounts };
}

static enum verdict compare(const struct stored_event *e, const struct stored_content *first)
{
	return e->series == first->series && e->time_us == first->time_us &&
			       amounts_equal(&e->amounts, &first->amounts)
		       ? VERDICT_DUPLICATE
		       : VERDICT_CONFLICT;
}

/* ---- what is stored ---- */

/* An identity that is looked for: its first event, and where to say what is stored. */
struct wanted {
	const struct stored_event *event;
	struct stored_content *stored;
};

#define CONTENT "series, time_us, " AMOUNT_COLUMNS

/* Takes CONTENT, which begins with the column FIRST. */
static void take_content(struct stmt *s, int first, struct stored_content *ret)
{
	ret->series = db_get_int(s, first);
	ret->time_us = db_get_int(s, first + 1);
	store_get_amounts(s, first + 2, &ret->amounts);
}

#define FIND                                                                      \
	"SELECT l.rowid, e.* FROM list(?1) l CROSS JOIN LATERAL (SELECT " CONTENT \
	" FROM event WHERE source = l.a AND id = l.b AND root = l.c AND at(root, ?2) LIMIT 1) e"

static int find_in_place(struct store *st, const struct wanted *wanted, const struct place *place,
			 struct arena *arena, struct error *err)
{
	struct stmt *s = prepare(st, FIND, err);
	struct event_rows keys;
	int rc;

	rows_init(&keys, arena, place->n, IDENTITY_CELLS);
	for (size_t i = 0; i < place->n; i++)
		add_row(&keys, wanted[place->items[i]].event);
	db_bind_list(s, 1, &(struct db_list) { keys.cells, keys.n, keys.columns });
	db_bind_list(s, 2, place->families);
	while ((rc = db_step(s, err)) > 0)
		take_content(s, 1, wanted[place->items[db_get_int(s, 0)]].stored);
	return rc;
}

static int find_one_by_one(struct store *st, const struct wanted *wanted, size_t n,
			   struct arena *arena, struct error *err)
{
	int64_t *families = arena_array(arena, int64_t, n);
	struct places places;

	for (size_t i = 0; i < n; i++)
		families[i] = root_of(wanted[i].event);
	if (store_places_of_families(st, families, n, arena, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.n; i++)
		if (find_in_place(st, wanted, &places.list[i], arena, err) < 0)
			return -1;
	return 0;
}

/*
 * The stored events between the first and the last identity of a source, LIMIT at
 * most. Finds none if more than 2 * SAMPLE lie between the first SAMPLE identities,
 * as with random ids: then it is cheaper to look for each.
 */
#define OF_SOURCE " FROM event WHERE source = ?1 AND root = ?2 AND id >= ?3 AND id <= "
#define BETWEEN                                                      \
	"SELECT id, " CONTENT OF_SOURCE "?4 AND (SELECT 1" OF_SOURCE \
	"?5 ORDER BY id OFFSET ?6 LIMIT 1) IS NULL ORDER BY id LIMIT ?7"

static void bind_between(struct stmt *s, const struct wanted *wanted, size_t n)
{
	const struct stored_event *first = wanted[0].event, *last = wanted[n - 1].event,
				  *sample = wanted[SAMPLE - 1].event;

	db_bind_int(s, 1, first->source);
	db_bind_int(s, 2, root_of(first));
	db_bind_text(s, 3, first->id, first->id_len);
	db_bind_text(s, 4, last->id, last->id_len);
	db_bind_text(s, 5, sample->id, sample->id_len);
	db_bind_int(s, 6, 2 * SAMPLE);
	db_bind_int(s, 7, (int64_t)n);
}

/*
 * Finds what is stored of N identities of one source and family. A batch that is
 * sent again mostly lies together, with few other events between; so the events
 * are read in their order, which takes less than half of the time of looking for
 * each. Returns how many identities are done, from the first on; -1 failed.
 */
static ssize_t find_between(struct store *st, const struct wanted *wanted, size_t n,
			    struct error *err)
{
	struct stmt *s;
	size_t rows = 0, at = 0;
	int rc;

	if (n < MANY)
		return 0;
	s = prepare(st, BETWEEN, err);
	bind_between(s, wanted, n);
	for (; (rc = db_step(s, err)) > 0; rows++) {
		int order = -1;
		size_t len;
		const char *id = db_get_text(s, 0, &len);

		while (at < n && (order = compare_id(wanted[at].event, id, len)) < 0)
			at++;
		if (order == 0)
			take_content(s, 1, wanted[at++].stored);
	}
	if (rc < 0)
		return -1;
	/* without a row, the sample may have refused */
	return (ssize_t)(rows && rows < n ? n : at);
}

/*
 * Reads the stored events of all identities. RET has an entry for each
 * identity; one that is not stored has the series 0.
 */
static int find_stored(struct store *st, const struct identities *all, struct arena *arena,
		       struct stored_content *ret, struct error *err)
{
	struct wanted *wanted = arena_array(arena, struct wanted, all->n);
	size_t left = 0;

	for (size_t i = 0, end; i < all->n; i = end) {
		struct wanted *of_source = wanted + left;
		size_t n = 0;
		ssize_t done = 0;

		end = end_of_source(all, i);
		for (size_t k = i; k < end; k += count_same(all, k))
			of_source[n++] = (struct wanted) { all->list[k], ret++ };
		if (!are_mixed(all, i, end - i))
			done = find_between(st, of_source, n, err);
		if (done < 0)
			return -1;
		for (size_t k = (size_t)done; k < n; k++)
			wanted[left++] = of_source[k];
	}
	return left ? find_one_by_one(st, wanted, left, arena, err) : 0;
}

/*
 * Sets the verdicts of all events; returns how many are new. STORED is as of
 * find_stored, or NULL: none is stored.
 */
static size_t set_verdicts(const struct identities *all, const struct stored_content *stored)
{
	size_t created = 0;

	for (size_t i = 0, n, identity = 0; i < all->n; i += n, identity++) {
		struct stored_event *const *same = all->list + i;
		bool new = !stored || !stored[identity].series;
		struct stored_content first = new ? content_of(same[0]) : stored[identity];

		n = count_same(all, i);
		for (size_t k = 0; k < n; k++)
			same[k]->verdict = compare(same[k], &first);
		if (new)
			same[0]->verdict = VERDICT_CREATED;
		created += new;
	}
	return created;
}

/* ---- adding ---- */

enum { COPY_EVENT_BYTES = 192 };

#define EVENT_COLUMNS \
	"source, id, root, account, series, time_us, booked_us, correction, " AMOUNT_COLUMNS
#define ADD                                                                             \
	"INSERT INTO event (" EVENT_COLUMNS ") SELECT a, b, c, d, e, f, NULLIF(g, 0), " \
	"NULLIF(h, 0), i, j, k, l FROM list(?1) x"

/* 0: not late */
static int64_t late_us(const struct stored_event *e)
{
	return e->effective_us > e->time_us ? e->effective_us : 0;
}

static void add_event_row(struct event_rows *rows, const struct stored_event *e)
{
	struct db_cell *row = add_row(rows, e);

	row[CELL_ACCOUNT].n = e->account;
	row[CELL_SERIES].n = e->series;
	row[CELL_TIME].n = e->time_us;
	row[CELL_EFFECTIVE].n = late_us(e);
	row[CELL_CORRECTION].n = e->correction;
	for (int i = 0; i < AMOUNTS; i++)
		row[CELL_AMOUNTS + i].n = e->amounts.n[i];
}

static int insert_events(struct store *st, const struct identities *all, size_t created,
			 struct arena *arena, struct error *err)
{
	struct event_rows rows;

	rows_init(&rows, arena, created, EVENT_CELLS);
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->verdict == VERDICT_CREATED)
			add_event_row(&rows, all->list[i]);
	return add_rows(st, ADD, &rows, err);
}

static void copy_optional(GByteArray *to, int64_t n)
{
	if (n)
		pg_copy_number(to, n);
	else
		pg_copy_null(to);
}

static void copy_event(GByteArray *to, const struct stored_event *e)
{
	pg_copy_row(to, EVENT_CELLS);
	pg_copy_number(to, e->source);
	pg_copy_text(to, e->id, e->id_len);
	pg_copy_number(to, root_of(e));
	pg_copy_number(to, e->account);
	pg_copy_number(to, e->series);
	pg_copy_number(to, e->time_us);
	copy_optional(to, late_us(e));
	copy_optional(to, e->correction);
	for (int i = 0; i < AMOUNTS; i++)
		pg_copy_number(to, e->amounts.n[i]);
}

#define COPY "COPY event (" EVENT_COLUMNS ") FROM STDIN (FORMAT binary)"

/* Sends the CREATED new events to the COPY that was begun. */
static int copy_events(struct store *st, const struct identities *all, size_t created,
		       struct error *err)
{
	GByteArray *bytes = g_byte_array_sized_new((guint)created * COPY_EVENT_BYTES);
	int rc;

	pg_copy_begin(bytes);
	for (size_t i = 0; created && i < all->n; i++)
		if (all->list[i]->verdict == VERDICT_CREATED)
			copy_event(bytes, all->list[i]);
	pg_copy_end(bytes);
	rc = pgsql_copy_end(st->db, bytes, err);
	g_byte_array_free(bytes, TRUE);
	return rc;
}

static bool has_attributes(const struct stored_event *e)
{
	return e->verdict == VERDICT_CREATED && e->attributes;
}

static int add_attributes(struct store *st, const struct identities *all, struct arena *arena,
			  struct error *err)
{
	struct event_rows rows;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += has_attributes(all->list[i]);
	rows_init(&rows, arena, n, IDENTITY_CELLS + 1);
	for (size_t i = 0; i < all->n; i++) {
		const struct stored_event *e = all->list[i];

		if (has_attributes(e))
			add_row(&rows,
				e)[IDENTITY_CELLS] = (struct db_cell) { .kind = DB_CELL_TEXT,
									.bytes = e->attributes,
									.len = e->attributes_len };
	}
	return add_rows(st,
			"INSERT INTO event_attributes (source, id, root, attributes) "
			"SELECT a, b, c, d FROM list(?1) l",
			&rows, err);
}

/* ---- events beyond all others ---- */

/* As a constant, whatever the settings say about backslashes. */
static void append_text(GString *to, const struct stored_event *e)
{
	g_string_append(to, "E'");
	for (size_t i = 0; i < e->id_len; i++) {
		if (e->id[i] == '\'' || e->id[i] == '\\')
			g_string_append_c(to, e->id[i]);
		g_string_append_c(to, e->id[i]);
	}
	g_string_append_c(to, '\'');
}

/*
 * Appends the question whether any event is stored between the first and the
 * last id of a source. The order makes sure that the index answers it. False:
 * there are too many sources. ROOT: the family of all, or 0.
 */
static bool ask_between(const struct identities *all, int64_t root, GString *to)
{
	int sources = 0;

	g_string_append(to, "SELECT 1 WHERE ");
	for (size_t i = 0, end; i < all->n; i = end) {
		end = end_of_source(all, i);
		if (sources++ == SOURCES_MAX)
			return false;
		g_string_append_printf(to,
				       "%s(SELECT 1 FROM event WHERE source = %" PRId64
				       " AND id >= ",
				       i ? " OR " : "", all->list[i]->source);
		append_text(to, all->list[i]);
		g_string_append(to, " AND id <= ");
		append_text(to, all->list[end - 1]);
		if (root)
			g_string_append_printf(to, " AND root = %" PRId64, root);
		g_string_append(to, " ORDER BY source, id LIMIT 1) IS NOT NULL");
	}
	g_string_append(to, "; " COPY);
	return true;
}

/*
 * The ids of most sources ascend: nothing is stored between the ends of a batch
 * of new events, which so need not be looked for one by one. 1 all are new and
 * added, 0 nothing is done, -1 failed.
 */
static int add_beyond(struct store *st, const struct identities *all, struct error *err)
{
	GString *sql = g_string_new(NULL);
	bool distributed = db_distributed(st->db);
	int64_t root = distributed && all->n ? root_of(all->list[0]) : 0;
	int found = all->n < MANY || (distributed && are_mixed(all, 0, all->n)) ||
				    !ask_between(all, root, sql)
			    ? 2
			    : pgsql_copy_begin(st->db, sql->str, err);
	int rc = found < 0 ? -1 : 0;

	if (found == 0)
		rc = copy_events(st, all, set_verdicts(all, NULL), err) < 0 ? -1 : 1;
	else if (found == 1)
		rc = copy_events(st, all, 0, err);
	g_string_free(sql, TRUE);
	return rc;
}

/* ---- any events ---- */

static int add_new(struct store *st, const struct identities *all, size_t created,
		   struct arena *arena, struct error *err)
{
	/*
	 * in a distributed ledger, COPY makes the coordinator and the other nodes
	 * commit all or nothing (pgsql/citus.c)
	 */
	if (created < (db_distributed(st->db) ? 1 : MANY))
		return insert_events(st, all, created, arena, err);
	return pgsql_copy_begin(st->db, COPY, err) < 0 ? -1 : copy_events(st, all, created, err);
}

static int add_any(struct store *st, const struct identities *all, struct arena *arena,
		   struct error *err)
{
	int rc = add_beyond(st, all, err);
	struct stored_content *stored;

	if (rc)
		return rc < 0 ? -1 : 0;
	stored = arena_array(arena, struct stored_content, all->n);
	if (find_stored(st, all, arena, stored, err) < 0)
		return -1;
	return add_new(st, all, set_verdicts(all, stored), arena, err);
}

int pgsql_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	struct identities all;
	struct arena arena;
	int rc;

	if (!n)
		return 0;
	arena_init(&arena);
	identities_init(&all, &arena, events, n);
	rc = add_any(st, &all, &arena, err);
	if (rc == 0)
		rc = add_attributes(st, &all, &arena, err);
	arena_release(&arena);
	return rc;
}
