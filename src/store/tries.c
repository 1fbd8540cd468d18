#include "store/tries.h"

#include "store/internal.h"
#include "base/banned.h"

static void read_record(struct stmt *s, struct throttle_record *ret)
{
	ret->heard = db_get_int(s, 1);
	ret->next = db_get_int(s, 2);
	ret->failures = db_get_int(s, 3);
	ret->good = db_get_int(s, 4);
	ret->waits = db_get_int(s, 5);
}

int store_tries_load(struct store *st, struct throttle_record list[static THROTTLE_SUBJECTS],
		     struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT who, heard, next, failures, good, waits FROM throttle "
				 "WHERE who IN (?1, ?2, ?3)",
				 err);
	int rc;

	for (int i = 0; i < THROTTLE_SUBJECTS; i++) {
		list[i] = (struct throttle_record) { .who = list[i].who };
		db_bind_int(s, i + 1, (int64_t)list[i].who);
	}
	while ((rc = db_step(s, err)) > 0)
		for (int i = 0; i < THROTTLE_SUBJECTS; i++)
			if (list[i].who == (uint64_t)db_get_int(s, 0))
				read_record(s, &list[i]);
	return rc;
}

int store_try_replace(struct store *st, const struct throttle_record *old,
		      const struct throttle_record *new, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO throttle AS t (who, heard, next, failures, good, waits)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (who) DO UPDATE SET"
			" heard = excluded.heard, next = excluded.next,"
			" failures = excluded.failures, good = excluded.good,"
			" waits = excluded.waits"
			" WHERE t.heard = ?7 AND t.next = ?8 AND t.failures = ?9",
			err);

	db_bind_int(s, 1, (int64_t) new->who);
	db_bind_int(s, 2, new->heard);
	db_bind_int(s, 3, new->next);
	db_bind_int(s, 4, new->failures);
	db_bind_int(s, 5, new->good);
	db_bind_int(s, 6, new->waits);
	db_bind_int(s, 7, old->heard);
	db_bind_int(s, 8, old->next);
	db_bind_int(s, 9, old->failures);
	return db_step(s, err) < 0 ? -1 : db_changes(st->db) > 0;
}

int store_try_add(struct store *st, const struct throttle_record *old,
		  const struct throttle_record *new, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO throttle AS t (who, heard, next, failures, good, waits)"
			" VALUES (?1, ?2, 0, ?3, 0, 0) ON CONFLICT (who) DO UPDATE SET"
			" heard = excluded.heard,"
			" failures = GREATEST(0, t.failures + ?4)",
			err);

	db_bind_int(s, 1, (int64_t) new->who);
	db_bind_int(s, 2, new->heard);
	db_bind_int(s, 3, new->failures);
	db_bind_int(s, 4, new->failures - old->failures);
	return db_step(s, err);
}

int store_tries_prune(struct store *st, int64_t before_ms, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM throttle WHERE heard < ?1", err);

	db_bind_int(s, 1, before_ms);
	return db_step(s, err);
}
