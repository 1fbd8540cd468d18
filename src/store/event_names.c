#include "store/event_names.h"

#include <stdlib.h>
#include "store/internal.h"
#include "store/lists.h"
#include "store/places.h"
#include "store/source.h"
#include "base/int_order.h"
#include "base/banned.h"

enum { VALUES_MAX = 100000 /* values with a prefix */ };

struct id_array {
	int64_t *ids;
	size_t n, size;
};

struct naming {
	struct store *st;
	const struct event_find *q;
	struct arena *arena;
	struct event_names *ret;
};

static void add_id(struct arena *arena, struct id_array *to, int64_t id)
{
	to->ids = arena_room(arena, to->ids, to->n, &to->size, sizeof(*to->ids));
	to->ids[to->n++] = id;
}

/* Makes a list of the ids, each once. */
static struct id_list list_of(const struct id_array *array)
{
	size_t n = 0;

	if (array->n)
		qsort(array->ids, array->n, sizeof(*array->ids), int_order);
	for (size_t i = 0; i < array->n; i++)
		if (n == 0 || array->ids[n - 1] != array->ids[i])
			array->ids[n++] = array->ids[i];
	return (struct id_list) { array->ids, n };
}

/*
 * The account and value of each account that has used the text ?3; of a SIM or
 * fleet, the text or else the SID of that name. All are in the place ?5.
 */
#define VALUES_NAMED                                                               \
	"WITH named(a, sid) AS (SELECT l.a, m.sid FROM list(?1) l CROSS JOIN"      \
	" account x CROSS JOIN sim m WHERE x.id = l.a AND m.family ="              \
	" COALESCE(x.parent, x.id) AND m.kind = ?2 AND m.name = ?3)"               \
	" SELECT l.a, v.id FROM list(?1) l CROSS JOIN dimension_value v"           \
	" WHERE v.account = l.a AND v.dimension = ?2 AND v.text = "                \
	"CASE WHEN EXISTS (SELECT 1 FROM dimension_value u WHERE u.account = l.a"  \
	" AND u.dimension = ?2 AND u.text = ?3{ AND at(u.root, ?5)}) THEN ?3 ELSE" \
	" (SELECT m.sid FROM named m WHERE m.a = l.a) END{ AND at(v.root, ?5)}"

/* The account and value of each value that begins with the text ?3. */
#define VALUES_BEGINNING                                                                \
	"SELECT l.a, v.id FROM list(?1) l CROSS JOIN dimension_value v"                 \
	" WHERE v.account = l.a AND v.dimension = ?2 AND v.text >= ?3 AND v.text <= ?4" \
	"{ AND at(v.root, ?5)}"

const char *store_prefix_end(struct arena *arena, const char *prefix)
{
	/* the last character, U+10FFFF, which no text has twice */
	return arena_join(arena, prefix, "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf", NULL);
}

static int too_many_values(const char *prefix, struct error *err)
{
	return error_set(err, ERR_TOO_LARGE, NULL,
			 "more than %d values begin with '%.64s'; give more of the value",
			 VALUES_MAX, prefix);
}

/* The accounts that have a value of a dimension, and these values. */
struct found_values {
	struct id_array accounts, values;
};

/* Finds the values of the accounts of a place. */
static int find_in_place(const struct naming *n, int d, const struct place *place,
			 struct found_values *ret, struct error *err)
{
	const char *text = n->q->dim[d];
	struct stmt *s = prepare(n->st, n->q->prefix[d] ? VALUES_BEGINNING : VALUES_NAMED, err);
	int64_t *accounts = arena_array(n->arena, int64_t, place->n);
	int rc;

	for (size_t i = 0; i < place->n; i++)
		accounts[i] = n->ret->accounts.ids[place->items[i]];
	bind_ids(s, 1, n->arena, accounts, place->n);
	db_bind_int(s, 2, dimension_id(d));
	db_bind_str(s, 3, text);
	if (n->q->prefix[d])
		db_bind_str(s, 4, store_prefix_end(n->arena, text));
	else
		db_bind_int(s, 4, 0); /* a parameter that the statement lacks needs a type, too */
	db_bind_list(s, 5, place->families);
	while ((rc = db_step(s, err)) > 0 && ret->values.n <= VALUES_MAX) {
		add_id(n->arena, &ret->accounts, db_get_int(s, 0));
		add_id(n->arena, &ret->values, db_get_int(s, 1));
	}
	db_reset(s);
	if (rc < 0 || ret->values.n > VALUES_MAX)
		return rc < 0 ? -1 : too_many_values(text, err);
	return 0;
}

/*
 * Finds the values of a dimension, and leaves only the accounts that have one.
 */
static int find_values(const struct naming *n, int d, struct error *err)
{
	struct found_values found = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	struct places places;

	if (store_places_of_accounts(n->st, n->ret->accounts.ids, n->ret->accounts.n, n->arena,
				     &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.n; i++)
		if (find_in_place(n, d, &places.list[i], &found, err) < 0)
			return -1;
	n->ret->accounts = list_of(&found.accounts);
	n->ret->dim[d] = list_of(&found.values);
	return 0;
}

/* The accounts of the query, each once. */
static void take_accounts(const struct naming *n)
{
	struct id_array ids = { NULL, 0, 0 };

	for (size_t i = 0; i < n->q->n_accounts; i++)
		add_id(n->arena, &ids, n->q->accounts[i]);
	n->ret->accounts = list_of(&ids);
}

int store_event_names(struct store *st, const struct event_find *q, struct arena *arena,
		      struct event_names *ret, struct error *err)
{
	struct naming n = { st, q, arena, ret };

	*ret = (struct event_names) { .accounts = { NULL, 0 } };
	take_accounts(&n);
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d] && find_values(&n, d, err) < 0)
			return -1;
	if (!q->source)
		return 0;
	return store_sources_named(st, q->family, q->source, arena, &ret->sources.ids,
				   &ret->sources.n, err);
}
