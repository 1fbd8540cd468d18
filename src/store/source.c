#include "store/source.h"

#include "store/internal.h"
#include "base/banned.h"

static struct stmt *prepare_source(struct store *st, const char *sql, int64_t family,
				   const char *text, size_t len, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, family);
	db_bind_text(s, 2, text, len);
	return s;
}

int store_source_find(struct store *st, int64_t family, const char *text, size_t len,
		      int64_t *ret_id, struct error *err)
{
	struct stmt *s = prepare_source(st, "SELECT id FROM source WHERE family = ?1 AND text = ?2",
					family, text, len, err);

	return store_one(s, ret_id, err);
}

int store_source_intern(struct store *st, int64_t family, const char *text, size_t len,
			int64_t *ret_id, struct error *err)
{
	int rc = store_source_find(st, family, text, len, ret_id, err);
	struct stmt *s;

	if (rc)
		return rc < 0 ? -1 : 0;
	s = prepare_source(st, "INSERT INTO source (family, text) VALUES (?1, ?2)", family, text,
			   len, err);
	return store_insert_id(st, s, ret_id, err);
}

int store_source_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
		      struct error *err)
{
	return store_text_by_id(st, "SELECT text FROM source WHERE id = ?1", id, arena, ret, err);
}

int store_sources_named(struct store *st, const char *text, struct arena *arena,
			const int64_t **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT id FROM source WHERE text = ?1 ORDER BY id", err);

	db_bind_str(s, 1, text);
	return store_ids(s, arena, ret, ret_n, err);
}

int store_sources_moved(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM source_moved LIMIT 1", err);
	int rc = store_any(s, err);

	if (rc > 0 &&
	    (db_exec(st->db, "DELETE FROM posting", err) < 0 || store_postings_make(st, err) < 0))
		rc = -1;
	return rc < 0 ? -1 : db_exec(st->db, "DROP TABLE source_moved", err);
}
