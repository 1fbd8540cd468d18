#include "store/refile.h"

#include "store/meta.h"
#include "store/places.h"
#include "base/banned.h"

int store_refile_begin(struct store *st, struct error *err)
{
	int64_t generation = 0;

	return store_meta(st, META_REBUILD, &generation, err) < 0
		       ? -1
		       : store_meta_set(st, META_REBUILD, generation + 1, err);
}

int store_refile_account(struct store *st, int64_t after, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT id FROM account WHERE id > ?1 ORDER BY id LIMIT 1",
				 err);

	db_bind_int(s, 1, after);
	return store_one(s, ret, err);
}

int store_event_refile(struct store *st, const struct event_key *key, int64_t series,
		       struct error *err)
{
	const struct db_list *families;
	struct arena arena;
	struct stmt *s;
	int rc;

	arena_init(&arena);
	rc = store_place_of_event(st, key, &arena, &families, err);
	s = prepare(st,
		    "UPDATE event SET series = ?3 WHERE source = ?1 AND id = ?2"
		    "{ AND at(root, ?4)}",
		    err);
	db_bind_int(s, 1, key->source);
	db_bind_text(s, 2, key->id, key->len);
	db_bind_int(s, 3, series);
	db_bind_list(s, 4, families);
	if (rc == 0)
		rc = db_later(s, err);
	arena_release(&arena);
	return rc;
}

int store_change_listed(struct store *st, int64_t account, enum closing_change_kind kind,
			const char *reason, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"SELECT 1 FROM closing_change c JOIN account a ON a.id = "
			"c.account WHERE c.family = COALESCE(a.parent, a.id) AND c.account "
			"= ?1 AND c.kind = ?2 AND c.reason = ?3 AND a.id = ?1",
			err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, kind);
	db_bind_str(s, 3, reason);
	return store_any(s, err);
}
