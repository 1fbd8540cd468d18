#include "store/category.h"

#include <inttypes.h>
#include "store/internal.h"
#include "store/layout.h"
#include "store/store_connection.h"
#include "store/lists.h"
#include "base/banned.h"

static int check_parent(struct store *st, int64_t parent, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM category WHERE id = ?1", err);
	int rc;

	db_bind_int(s, 1, parent);
	rc = store_any(s, err);
	if (rc == 0)
		return error_set(err, ERR_PARAM, "parent",
				 "there is no category with the id %" PRId64 " to be the parent",
				 parent);
	return rc < 0 ? -1 : 0;
}

static int check_free(struct store *st, const char *name, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM category WHERE name = ?1", err);
	int rc;

	db_bind_str(s, 1, name);
	rc = store_any(s, err);
	return rc > 0 ? error_set(err, ERR_CONFLICT, "name", "there is a category \"%s\" already",
				  name)
		      : rc;
}

static int insert_category(struct store *st, struct category *c, struct error *err)
{
	struct stmt *s;

	if ((c->parent && check_parent(st, c->parent, err) < 0) || check_free(st, c->name, err) < 0)
		return -1;
	s = prepare(
		st,
		"INSERT INTO category (name, parent, description, count_unit, usage_unit, metered)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
		err);
	db_bind_str(s, 1, c->name);
	db_bind_id(s, 2, c->parent);
	db_bind_str(s, 3, c->description);
	db_bind_str(s, 4, c->count_unit);
	db_bind_str(s, 5, c->usage_unit);
	db_bind_int(s, 6, c->metered);
	if (store_insert_id(s, &c->id, err) < 0)
		return -1;
	return store_changed(st, err);
}

int store_category_add(struct store *st, struct category *c, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, insert_category(st, c, err), err);
}

static void read_category(struct stmt *s, struct arena *arena, void *to)
{
	struct category *ret = to;

	*ret = (struct category) {
		.id = db_get_int(s, 0),
		.name = db_get_str(s, 1, arena),
		.parent = db_get_int(s, 2),
		.description = db_get_str(s, 3, arena),
		.count_unit = db_get_str(s, 4, arena),
		.usage_unit = db_get_str(s, 5, arena),
		.metered = db_get_int(s, 6),
		.used = db_get_int(s, 7),
	};
}

int store_categories(struct store *st, struct arena *arena, struct category **ret, size_t *ret_n,
		     struct error *err)
{
	struct stmt *s =
		prepare(st,
			"SELECT id, name, parent, description, count_unit, usage_unit, metered,"
			" EXISTS (SELECT 1 FROM account_category u WHERE u.category = category.id)"
			" FROM category ORDER BY id",
			err);
	struct rows rows;

	rows = store_rows(s, read_category, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

/*
 * Checks whether another account has used the category before. 1 yes, 0 no, -1
 * failed.
 */
static int used_before(struct store *st, int64_t id, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT count(*) FROM (SELECT 1 FROM account_category WHERE "
				 "category = ?1 LIMIT 2) u",
				 err);
	int64_t n = 0;

	db_bind_int(s, 1, id);
	return store_one(s, &n, err) < 0 ? -1 : n > 1;
}

int store_category_use(struct store *st, int64_t account, int64_t id, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO account_category (account, category) VALUES (?1, ?2) "
				 "ON CONFLICT DO NOTHING",
				 err);
	int before;

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, id);
	if (db_step(s, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	before = used_before(st, id, err);
	return before < 0 ? -1 : before ? 0 : store_changed(st, err);
}

static void copy_id(struct arena *arena, void *to, const void *from)
{
	(void)arena;
	*(int64_t *)to = *(const int64_t *)from;
}

static const struct kept_kind kept_ids = { sizeof(int64_t), copy_id };

/* The categories of all accounts. */
struct used_list {
	struct arena *arena;
	int64_t *ids;
	size_t n, size;
};

static void add_used(struct used_list *to, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to->ids = store_room(to->arena, to->ids, to->n, &to->size, sizeof(*to->ids));
		to->ids[to->n++] = ids[i];
	}
}

/* Adds what was kept of all accounts. False: of one, nothing was kept. */
static bool add_kept(struct store *st, const int64_t *accounts, size_t n, struct used_list *to)
{
	if (!store_keeps(st))
		return false;
	kept_lists_begin(&st->connection->used_categories, db_data_version(st->db));
	for (size_t i = 0; i < n; i++) {
		void *ids;
		size_t n_ids;

		if (!kept_list(&st->connection->used_categories, accounts[i], &kept_ids, to->arena,
			       &ids, &n_ids))
			return false;
		add_used(to, ids, n_ids);
	}
	return true;
}

/* Keeps the categories of an account: those of the list from FIRST on. */
static void keep_used(struct store *st, int64_t account, const struct used_list *list, size_t first)
{
	kept_list_set(&st->connection->used_categories, account, &kept_ids,
		      first < list->n ? list->ids + first : NULL, list->n - first);
}

static void read_used_category(struct stmt *s, struct arena *arena, void *to)
{
	struct used_category *ret = to;

	(void)arena;
	ret->account = (size_t)db_get_int(s, 0);
	ret->category = db_get_int(s, 1);
}

int store_used_by_accounts(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
			   struct used_category **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT l.rowid, u.category FROM list(?1) l CROSS JOIN"
				 " account_category u WHERE u.account = l.a"
				 " ORDER BY l.rowid, u.category",
				 err);
	struct rows rows;

	db_guess(s);
	bind_ids(s, 1, arena, accounts, n);
	rows = store_rows(s, read_used_category, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

/* Reads the categories of all accounts, and keeps them. */
static int read_used(struct store *st, const int64_t *accounts, size_t n, struct used_list *to,
		     struct error *err)
{
	struct used_category *used;
	size_t n_used, k = 0;

	to->n = 0;
	if (store_used_by_accounts(st, accounts, n, to->arena, &used, &n_used, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t first = to->n;

		for (; k < n_used && used[k].account == i; k++)
			add_used(to, &used[k].category, 1);
		if (store_keeps(st))
			keep_used(st, accounts[i], to, first);
	}
	return 0;
}

int store_categories_used(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
			  const int64_t **ret, size_t *ret_n, struct error *err)
{
	struct used_list used = { .arena = arena };

	if (!add_kept(st, accounts, n, &used) && read_used(st, accounts, n, &used, err) < 0)
		return -1;
	*ret = used.ids;
	*ret_n = used.n;
	return 0;
}

int store_family_categories(struct store *st, int64_t root, struct arena *arena,
			    const int64_t **ret, size_t *ret_n, struct error *err)
{
	struct kept_lists *kept = store_keeps(st) ? &st->connection->used_categories : NULL;
	void *list;
	struct stmt *s;

	if (kept) {
		kept_lists_begin(kept, db_data_version(st->db));
		if (kept_list(kept, family_number(root), &kept_ids, arena, &list, ret_n)) {
			*ret = list;
			return 0;
		}
	}
	s = prepare(st,
		    "SELECT category FROM account_category WHERE account = ?1 UNION SELECT"
		    " u.category FROM account x CROSS JOIN account_category u"
		    " WHERE x.parent = ?1 AND u.account = x.id ORDER BY 1",
		    err);
	db_guess(s);
	db_bind_int(s, 1, root);
	if (store_ids(s, arena, ret, ret_n, err) < 0)
		return -1;
	if (kept)
		kept_list_set(kept, family_number(root), &kept_ids, *ret, *ret_n);
	return 0;
}
