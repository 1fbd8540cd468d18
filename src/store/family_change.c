#include "store/family_change.h"

#include "store/internal.h"
#include "base/banned.h"

int store_family_change_set(struct store *st, int64_t account, int64_t at, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO family_change (family, at)"
				 " SELECT COALESCE(parent, id), ?2 FROM account WHERE id = ?1"
				 " ON CONFLICT (family) DO UPDATE SET at = excluded.at",
				 err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, at);
	return db_step(s, err);
}

int store_family_changes(struct store *st, int64_t since, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err)
{
	struct stmt *s =
		prepare(st, "SELECT family FROM family_change WHERE at >= ?1 ORDER BY family", err);

	db_bind_int(s, 1, since);
	return store_ids(s, arena, ret, ret_n, err);
}
