/*
 * days.c - the first and the last day with usage.
 */
#include "store/internal.h"
#include "store/lists.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

/* Of each account, its first or last day whose sums are not all zero. */
#define END_DAYS(order)                                                                \
	"SELECT l.rowid, COALESCE((SELECT slot FROM total_day WHERE account = l.a AND" \
	" (count <> 0 OR usage <> 0 OR price <> 0 OR upload <> 0) ORDER BY slot"       \
	" " order " LIMIT 1), ?2) FROM list(?1) l"

int pgsql_usage_days(struct store *st, const int64_t *accounts, size_t n, bool last,
		     int64_t *ret_days, struct error *err)
{
	struct arena arena;
	struct stmt *s = prepare(st, last ? END_DAYS("DESC") : END_DAYS(""), err);
	int rc;

	arena_init(&arena);
	bind_ids(s, 1, &arena, accounts, n);
	db_bind_int(s, 2, NO_DAY);
	while ((rc = db_step(s, err)) > 0)
		ret_days[db_get_int(s, 0)] = db_get_int(s, 1);
	arena_release(&arena);
	return rc;
}
