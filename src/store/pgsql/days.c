/*
 * days.c - the first and the last day with usage.
 */
#include "store/internal.h"
#include "store/lists.h"
#include "store/pgsql/layout.h"
#include "store/places.h"
#include "base/banned.h"

/* Of each account, its first or last day whose sums are not all zero. */
#define END_DAYS(order)                                                                           \
	"SELECT l.rowid, COALESCE((SELECT slot FROM total_day WHERE account = l.a AND"            \
	" at(root, ?3) AND (count <> 0 OR usage <> 0 OR price <> 0 OR upload <> 0) ORDER BY slot" \
	" " order " LIMIT 1), ?2) FROM list(?1) l ORDER BY l.rowid"

static int read_days(struct store *st, const int64_t *accounts, const struct place *place,
		     bool last, int64_t *ret_days, struct error *err)
{
	struct arena arena;
	struct stmt *s = prepare(st, last ? END_DAYS("DESC") : END_DAYS(""), err);
	int64_t *ids;
	int rc;

	db_guess(s);
	arena_init(&arena);
	ids = arena_array(&arena, int64_t, place->n);
	for (size_t i = 0; i < place->n; i++)
		ids[i] = accounts[place->items[i]];
	bind_ids(s, 1, &arena, ids, place->n);
	db_bind_int(s, 2, NO_DAY);
	db_bind_list(s, 3, place->families);
	while ((rc = db_step(s, err)) > 0)
		ret_days[place->items[db_get_int(s, 0)]] = db_get_int(s, 1);
	arena_release(&arena);
	return rc;
}

int pgsql_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last,
		     int64_t *ret_days, struct error *err)
{
	struct places places;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = store_places_of_accounts(st, accounts, n, &arena, &places, err);
	for (size_t i = 0; i < n; i++)
		ret_days[i] = NO_DAY;
	for (size_t i = 0; rc == 0 && i < places.n; i++)
		rc = read_days(st, accounts, &places.list[i], last, ret_days, err);
	arena_release(&arena);
	return rc;
}
