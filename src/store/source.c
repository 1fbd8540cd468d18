#include "store/source.h"

#include "store/id_sets.h"
#include "base/banned.h"

int store_source_find(struct store *st, int64_t family, const char *text, size_t len,
		      int64_t *ret_id, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT id FROM source WHERE family = ?1 AND text = ?2", err);

	db_bind_int(s, 1, family);
	db_bind_text(s, 2, text, len);
	return store_one(s, ret_id, err);
}

static int compare_sources(const void *a, const void *b)
{
	const struct source_intern *x = a, *y = b;
	int order = (x->family > y->family) - (x->family < y->family);

	if (!order)
		order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void get_source(const void *item, struct arena *arena, struct db_cell *ret)
{
	const struct source_intern *s = item;

	(void)arena;
	ret[0].n = s->family;
	ret[1] = (struct db_cell) { .kind = DB_CELL_TEXT, .bytes = s->text, .len = s->len };
}

static const struct intern_kind sources = {
	.size = sizeof(struct source_intern),
	.id_offset = offsetof(struct source_intern, id),
	.compare = compare_sources,
	.columns = 2,
	.get = get_source,
	.find = "SELECT l.rowid, s.id FROM list(?1) l CROSS JOIN source s"
		" WHERE s.family = l.a AND s.text = l.b",
	.add = "INSERT INTO source (family, text) SELECT a, b FROM list(?1) l{ RETURNING id}",
};

int store_sources_intern(struct store *st, struct source_intern *list, size_t n, struct error *err)
{
	return store_intern_ids(st, &sources, list, n, err);
}

int store_source_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
		      struct error *err)
{
	return store_text_by_id(st, "SELECT text FROM source WHERE id = ?1", id, arena, ret, err);
}

int store_sources_named(struct store *st, int64_t family, const char *text, struct arena *arena,
			const int64_t **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(
		st,
		family ? "SELECT id FROM source WHERE family IN (0, ?2) AND text = ?1 ORDER BY id"
		       : "SELECT id FROM source WHERE text = ?1 ORDER BY id",
		err);

	db_bind_str(s, 1, text);
	if (family)
		db_bind_int(s, 2, family);
	return store_ids(s, arena, ret, ret_n, err);
}
