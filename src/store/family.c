#include "store/family.h"

#include "store/account.h"
#include "store/layout.h"
#include "store/store_connection.h"
#include "base/banned.h"

int store_family(struct store *st, int64_t root, struct family *ret, struct error *err)
{
	struct kept_numbers *kept = store_keeps(st) ? &st->connection->families : NULL;
	int64_t number = 0;

	if (kept)
		kept_numbers_begin(kept, st->version);
	if (!kept || !kept_number(kept, root, &number)) {
		struct stmt *s = prepare(st,
					 "SELECT 2 * count(*) + COALESCE(max(CASE WHEN x.currency"
					 " = m.currency THEN 0 ELSE 1 END), 0) FROM account m"
					 " JOIN account x ON x.parent = m.id WHERE m.id = ?1",
					 err);

		db_bind_int(s, 1, root);
		if (store_one(s, &number, err) < 0)
			return -1;
		if (kept)
			kept_number_set(kept, root, number);
	}
	*ret = (struct family) { root, number / 2, number % 2 };
	return 0;
}

int store_family_ids(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
		     size_t *ret_n, struct error *err)
{
	struct account *subs;
	int64_t *ids;
	size_t n;

	if (store_accounts(st, root, arena, &subs, &n, err) < 0)
		return -1;
	ids = arena_array(arena, int64_t, n + 1);
	ids[0] = root;
	for (size_t i = 0; i < n; i++)
		ids[i + 1] = subs[i].id;
	*ret = ids;
	*ret_n = n + 1;
	return 0;
}

int store_family_numbers(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err)
{
	struct family family;
	int64_t *both;

	if (!st->layout->family_least)
		return store_family_ids(st, root, arena, ret, ret_n, err);
	if (store_family(st, root, &family, err) < 0)
		return -1;
	if (family.n < st->layout->family_least)
		return store_family_ids(st, root, arena, ret, ret_n, err);
	both = arena_array(arena, int64_t, 2);
	both[0] = root;
	both[1] = family_number(root);
	*ret = both;
	*ret_n = 2;
	return 0;
}

int store_family_day(struct store *st, int64_t root, bool last, int64_t *ret_day, struct error *err)
{
	struct arena arena;
	const int64_t *numbers;
	size_t n;
	int rc;

	arena_init(&arena);
	rc = store_family_numbers(st, root, &arena, &numbers, &n, err);
	if (rc == 0)
		rc = store_usage_day(st, numbers, n, last, ret_day, err);
	arena_release(&arena);
	return rc;
}
