#include "store/places.h"

#include <glib.h>
#include <stdlib.h>
#include "base/civil.h"
#include "store/lists.h"
#include "base/banned.h"

static const struct db_list no_families;

const struct place place_of_all = { .families = &no_families };

/* An entry, its family, and the number of the family's place. */
struct placed_item {
	size_t item;
	int64_t family, place;
};

struct placing {
	struct store *st;
	struct arena *arena;
	struct placed_item *list;
	size_t n, size;
};

static void add(struct placing *p, size_t item, int64_t family, int64_t place)
{
	p->list = arena_room(p->arena, p->list, p->n, &p->size, sizeof(*p->list));
	p->list[p->n++] = (struct placed_item) { item, family, place };
}

static int by_place(const void *a, const void *b)
{
	const struct placed_item *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

/* The place of the N first entries of LIST. */
static struct place make_place(const struct placing *p, const struct placed_item *list, size_t n)
{
	int64_t *families = arena_array(p->arena, int64_t, n);
	size_t *items = arena_array(p->arena, size_t, n), n_families = 0;

	for (size_t i = 0; i < n; i++) {
		items[i] = list[i].item;
		if (!i || list[i].family != list[i - 1].family)
			families[n_families++] = list[i].family;
	}
	return (struct place) { ids_list(p->arena, families, n_families), items, n };
}

static void make_places(struct placing *p, struct places *ret)
{
	*ret = (struct places) { .list = arena_array(p->arena, struct place, p->n) };
	if (p->n)
		qsort(p->list, p->n, sizeof(*p->list), by_place);
	for (size_t i = 0, n; i < p->n; i += n) {
		for (n = 1; i + n < p->n && p->list[i + n].place == p->list[i].place; n++)
			;
		ret->list[ret->n++] = make_place(p, p->list + i, n);
	}
}

/* All entries are in one place. */
static int everything(size_t n, struct arena *arena, struct places *ret)
{
	size_t *items = arena_array(arena, size_t, n);

	for (size_t i = 0; i < n; i++)
		items[i] = i;
	*ret = (struct places) { arena_new(arena, struct place), 1 };
	ret->list[0] = (struct place) { place_of_all.families, items, n };
	return 0;
}

/* Reads rows with an entry, its family and the number of the place. */
static int read_placed(struct placing *p, struct stmt *s, struct error *err)
{
	int rc;

	while ((rc = db_step(s, err)) > 0)
		add(p, (size_t)db_get_int(s, 0), db_get_int(s, 1), db_get_int(s, 2));
	return rc;
}

static bool are_equal(const int64_t *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (list[i] != list[0])
			return false;
	return true;
}

/* Adds the families with the entries ITEMS (NULL: 0, 1 ...). */
static int place_families(struct placing *p, const int64_t *families, const size_t *items, size_t n,
			  struct error *err)
{
	struct stmt *s;
	size_t first = p->n;

	/* the only family need not be looked for */
	if (!p->n && are_equal(families, n)) {
		for (size_t i = 0; i < n; i++)
			add(p, items ? items[i] : i, families[i], 0);
		return 0;
	}
	s = prepare(p->st,
		    "SELECT l.rowid, l.a, family_place(l.a) FROM list(?1) l ORDER BY l.rowid", err);
	db_guess(s);
	bind_ids(s, 1, p->arena, families, n);
	if (read_placed(p, s, err) < 0)
		return -1;
	for (size_t i = first; items && i < p->n; i++)
		p->list[i].item = items[p->list[i].item];
	return 0;
}

int store_places_of_families(struct store *st, const int64_t *families, size_t n,
			     struct arena *arena, struct places *ret, struct error *err)
{
	struct placing p = { .st = st, .arena = arena };

	if (!db_distributed(st->db))
		return everything(n, arena, ret);
	if (place_families(&p, families, NULL, n, err) < 0)
		return -1;
	make_places(&p, ret);
	return 0;
}

int store_places_of_accounts(struct store *st, const int64_t *accounts, size_t n,
			     struct arena *arena, struct places *ret, struct error *err)
{
	struct placing p = { .st = st, .arena = arena };
	struct stmt *s;

	if (!db_distributed(st->db))
		return everything(n, arena, ret);
	s = prepare(
		st,
		"SELECT l.rowid, COALESCE(a.parent, a.id), family_place(COALESCE(a.parent, a.id))"
		" FROM list(?1) l CROSS JOIN account a WHERE a.id = l.a ORDER BY l.rowid",
		err);
	db_guess(s);
	bind_ids(s, 1, arena, accounts, n);
	if (read_placed(&p, s, err) < 0)
		return -1;
	make_places(&p, ret);
	return 0;
}

int store_families_of_accounts(struct store *st, const int64_t *accounts, size_t n,
			       struct arena *arena, const struct db_list **ret, struct error *err)
{
	struct places places;
	size_t n_families = 0;
	struct db_cell *cells;
	struct db_list *list;

	*ret = &no_families;
	if (!n || !db_distributed(st->db))
		return 0;
	if (store_places_of_accounts(st, accounts, n, arena, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.n; i++)
		n_families += places.list[i].families->n;
	cells = arena_array(arena, struct db_cell, n_families);
	list = arena_new(arena, struct db_list);
	*list = (struct db_list) { cells, n_families, 1 };
	for (size_t i = 0; i < places.n; i++) {
		const struct db_list *some = places.list[i].families;

		memcpy(cells, some->cells, some->n * sizeof(*cells));
		cells += some->n;
	}
	*ret = list;
	return 0;
}

/* ---- events ---- */

/*
 * The family of an entry of a correction, whose source is of no family: the
 * event itself says it, wherever it is.
 */
static int place_entries(struct placing *p, const struct event_key *keys, const size_t *items,
			 size_t n, struct error *err)
{
	struct event_key *own = arena_array(p->arena, struct event_key, n);
	int64_t *families = arena_array(p->arena, int64_t, n);
	size_t *found = arena_array(p->arena, size_t, n), n_found = 0;
	struct stmt *s;
	int rc;

	for (size_t i = 0; i < n; i++)
		own[i] = keys[items[i]];
	s = prepare(p->st,
		    "SELECT l.rowid, e.root FROM list(?1) l JOIN event e ON e.source = l.a"
		    " AND e.id = l.b",
		    err);
	bind_keys(s, 1, p->arena, own, n);
	while ((rc = db_step(s, err)) > 0 && n_found < n) {
		found[n_found] = items[db_get_int(s, 0)];
		families[n_found++] = db_get_int(s, 1);
	}
	db_reset(s);
	return rc < 0 ? -1 : n_found ? place_families(p, families, found, n_found, err) : 0;
}

/* The families of the events whose source is of one; and the entries that are left. */
static int place_sources(struct placing *p, const struct event_key *keys, size_t n,
			 size_t *ret_left, size_t *ret_n, struct error *err)
{
	int64_t *sources = arena_array(p->arena, int64_t, n);
	size_t kept = 0;
	struct stmt *s;

	for (size_t i = 0; i < n; i++)
		sources[i] = keys[i].source;
	s = prepare(p->st,
		    "SELECT l.rowid, o.family, CASE WHEN o.family <> 0 THEN family_place(o.family)"
		    " ELSE 0 END FROM list(?1) l CROSS JOIN source o WHERE o.id = l.a",
		    err);
	bind_ids(s, 1, p->arena, sources, n);
	if (read_placed(p, s, err) < 0)
		return -1;
	*ret_n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].family)
			p->list[kept++] = p->list[i];
		else
			ret_left[(*ret_n)++] = p->list[i].item;
	p->n = kept;
	return 0;
}

int store_places_of_events(struct store *st, const struct event_key *keys, size_t n,
			   struct arena *arena, struct places *ret, struct error *err)
{
	struct placing p = { .st = st, .arena = arena };
	size_t *left, n_left;

	if (!db_distributed(st->db))
		return everything(n, arena, ret);
	left = arena_array(arena, size_t, n);
	if (place_sources(&p, keys, n, left, &n_left, err) < 0 ||
	    (n_left && place_entries(&p, keys, left, n_left, err) < 0))
		return -1;
	make_places(&p, ret);
	return 0;
}

int store_place_of_event(struct store *st, const struct event_key *key, struct arena *arena,
			 const struct db_list **ret, struct error *err)
{
	struct places places;

	*ret = &no_families;
	if (!db_distributed(st->db))
		return 0;
	if (store_places_of_events(st, key, 1, arena, &places, err) < 0)
		return -1;
	if (places.n)
		*ret = places.list[0].families;
	return 0;
}

/* ---- places that cannot be reached ---- */

static bool is_in(int64_t place, const int64_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == place)
			return true;
	return false;
}

/*
 * A server that hangs takes two seconds to be found away. So an answer counts as
 * known for ASK_SELDOM times as long as it took, and asking takes a fifth of the time
 * at most.
 */
enum { ASK_SELDOM = 4 };

static int ask_away(struct placing *p, struct error *err)
{
	struct stmt *s = prepare(p->st, "SELECT COALESCE(p, 0) FROM places_away() a(p)", err);
	int64_t from_ms = monotonic_ms(), now_ms;
	const int64_t *places;
	size_t n;

	if (store_ids(s, p->arena, &places, &n, err) < 0)
		return -1;
	now_ms = monotonic_ms();
	g_free(p->st->away.places);
	p->st->away.places = g_memdup2(places, n * sizeof(*places));
	p->st->away.n = n;
	p->st->away.until_ms = now_ms + ASK_SELDOM * (now_ms - from_ms);
	return 0;
}

static int mark_away(struct placing *p, const int64_t *families, size_t n, bool *away,
		     struct error *err)
{
	const struct store *st = p->st;
	struct stmt *s = prepare(p->st, "SELECT l.rowid, l.a, family_place(l.a) FROM list(?1) l",
				 err);

	bind_ids(s, 1, p->arena, families, n);
	if (read_placed(p, s, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		away[p->list[i].item] = is_in(p->list[i].place, st->away.places, st->away.n);
	return 1;
}

int store_families_away(struct store *st, const int64_t *families, size_t n, bool known, bool *away,
			struct error *err)
{
	struct placing p = { .st = st };
	struct arena arena;
	int rc = 0;

	if (!db_distributed(st->db) || (known && !st->away.n))
		return 0;
	arena_init(&arena);
	p.arena = &arena;
	if (!known || monotonic_ms() >= st->away.until_ms)
		rc = ask_away(&p, err);
	if (rc == 0 && st->away.n)
		rc = mark_away(&p, families, n, away, err);
	arena_release(&arena);
	return rc;
}
