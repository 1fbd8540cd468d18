#include "store/declared.h"

#include "store/internal.h"
#include "base/banned.h"

static void read_declared(struct stmt *s, struct arena *arena, void *to)
{
	struct declared *ret = to;
	int64_t state = db_get_int(s, 4);

	*ret = (struct declared) {
		.dimension = (enum dimension)dimension_of_id(db_get_int(s, 0)),
		.name = db_get_str(s, 1, arena),
		.attribute = db_get_str(s, 2, arena),
		.created = db_get_int(s, 3),
		.fill = { .state = state == FILL_BEGUN || state == FILL_DONE
					   ? (enum fill_state)state
					   : FILL_NONE,
			  .account = db_get_int(s, 5),
			  .hour = db_get_int(s, 6),
			  .filled = db_get_int(s, 7) },
	};
}

/*
 * Numbers that this program does not know would be indexes beyond all arrays.
 */
static int check_known(const struct declared *list, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].dimension < DIMENSIONS_BUILT_IN || list[i].dimension >= DIMENSIONS)
			return error_set(err, ERR_INTERNAL, NULL,
					 "the ledger has a dimension \"%.64s\" that this program "
					 "does not know: use a newer program",
					 list[i].name);
	return 0;
}

int store_declared(struct store *st, struct arena *arena, struct declared **ret, size_t *ret_n,
		   struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, name, attribute, created, fill, fill_account, "
				 "fill_hour, filled FROM dimension ORDER BY id",
				 err);
	struct rows rows = store_rows(s, read_declared, sizeof(**ret), arena, err);

	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc < 0 ? -1 : check_known(*ret, rows.n, err);
}

int store_declared_add(struct store *st, const struct declared *d, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO dimension (id, name, attribute, created)"
				 " VALUES (?1, ?2, ?3, ?4)",
				 err);

	db_bind_int(s, 1, dimension_id(d->dimension));
	db_bind_str(s, 2, d->name);
	db_bind_str(s, 3, d->attribute);
	db_bind_int(s, 4, d->created);
	return db_step(s, err) < 0 ? -1 : store_changed(st, err);
}

int store_declared_remove(struct store *st, enum dimension d, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM dimension WHERE id = ?1", err);

	db_bind_int(s, 1, dimension_id(d));
	return db_step(s, err) < 0 ? -1 : store_changed(st, err);
}

int store_declared_used(struct store *st, enum dimension d, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT 1 FROM account a CROSS JOIN dimension_value v"
				 " WHERE v.account = a.id AND v.dimension = ?1 LIMIT 1",
				 err);

	db_bind_int(s, 1, dimension_id(d));
	return store_any(s, err);
}

int store_declared_fill(struct store *st, enum dimension d, const struct fill *fill,
			struct error *err)
{
	struct stmt *s = prepare(st,
				 "UPDATE dimension SET fill = ?2, fill_account = ?3, "
				 "fill_hour = ?4, filled = ?5 WHERE id = ?1",
				 err);

	db_bind_int(s, 1, dimension_id(d));
	db_bind_int(s, 2, fill->state);
	db_bind_int(s, 3, fill->account);
	db_bind_int(s, 4, fill->hour);
	db_bind_int(s, 5, fill->filled);
	return db_step(s, err);
}
