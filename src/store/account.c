#include "store/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/internal.h"
#include "store/layout.h"
#include "store/lists.h"
#include "store/store_connection.h"
#include "store/rollup.h"
#include "base/banned.h"

#define ACCOUNT                                                                              \
	"SELECT id, sid, name, parent, currency, created, suspended, time_zone, cycle_day, " \
	"number FROM account "

static void read_account(struct stmt *s, struct arena *arena, void *to)
{
	struct account *ret = to;

	*ret = (struct account) {
		.id = db_get_int(s, 0),
		.name = db_get_str(s, 2, arena),
		.parent = db_get_int(s, 3),
		.created = db_get_int(s, 5),
		.suspended = db_get_int(s, 6),
		.time_zone = db_get_str(s, 7, arena),
		.cycle_day = (int)db_get_int(s, 8),
		.number = db_get_str(s, 9, arena),
	};
	db_get_chars(s, 1, ret->sid, sizeof(ret->sid));
	db_get_chars(s, 4, ret->currency, sizeof(ret->currency));
}

int store_account_exists(struct store *st, int64_t id, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT 1 FROM account WHERE id = ?1", err);

	db_bind_int(s, 1, id);
	return store_any(s, err);
}

static int check_parent(struct store *st, int64_t parent, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT parent FROM account WHERE id = ?1", err);
	int64_t grandparent;
	int rc;

	db_bind_int(s, 1, parent);
	rc = store_one(s, &grandparent, err);
	if (rc == 0)
		return error_set(err, ERR_PARAM, "parent",
				 "there is no account with the id %" PRId64 " to be the parent",
				 parent);
	if (rc > 0 && grandparent)
		return error_set(
			err, ERR_PARAM, "parent",
			"a subaccount cannot have subaccounts: the parent must be a main account");
	return rc < 0 ? -1 : 0;
}

struct account_unique {
	const char *kind, *sql;
};

static const struct account_unique
	by_sid = { "sid", "SELECT 1 FROM account WHERE sid = ?1 AND id <> ?2" },
	by_name = { "name", "SELECT 1 FROM account WHERE name = ?1 AND id <> ?2" },
	by_number = { "number",
		      "SELECT 1 FROM account WHERE number = ?1 AND number <> '' AND id <> ?2" };

/*
 * Fails with ERR_CONFLICT if another account has the unique value TEXT, which
 * the query of BY looks up. PARAM is the name of the error's parameter.
 */
static int check_free(struct store *st, const struct account_unique *by, const struct account *a,
		      const char *param, const char *text, struct error *err)
{
	struct stmt *s = prepare(st, by->sql, err);
	int rc;

	db_bind_str(s, 1, text);
	db_bind_int(s, 2, a->id);
	rc = store_any(s, err);
	return rc > 0 ? error_set(err, ERR_CONFLICT, param,
				  "there is an account with the %s \"%s\" already", by->kind, text)
		      : rc;
}

/*
 * Checks names and numbers as one set of unique values, because an account can
 * be looked up by name or number.
 */
static int check_unique(struct store *st, const struct account *a, struct error *err)
{
	if (check_free(st, &by_sid, a, "sid", a->sid, err) < 0 ||
	    check_free(st, &by_name, a, "name", a->name, err) < 0 ||
	    check_free(st, &by_number, a, "name", a->name, err) < 0 ||
	    check_free(st, &by_number, a, "number", a->number, err) < 0)
		return -1;
	return check_free(st, &by_name, a, "number", a->number, err);
}

/* Binds the members that may change, from parameter N on. */
static void bind_account(struct stmt *s, int n, const struct account *a)
{
	db_bind_str(s, n, a->name);
	db_bind_str(s, n + 1, a->currency);
	db_bind_int(s, n + 2, a->suspended);
	db_bind_str(s, n + 3, a->time_zone);
	db_bind_int(s, n + 4, a->cycle_day);
	db_bind_str(s, n + 5, a->number);
}

static int insert_account(struct store *st, struct account *a, struct error *err)
{
	struct stmt *s;

	a->time_zone = a->time_zone ? a->time_zone : "";
	a->number = a->number ? a->number : "";
	if (a->parent && check_parent(st, a->parent, err) < 0)
		return -1;
	a->id = 0;
	if (check_unique(st, a, err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO account (sid, parent, created, name, currency, suspended, "
		    "time_zone, cycle_day, number)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
		    err);
	db_bind_str(s, 1, a->sid);
	db_bind_id(s, 2, a->parent);
	db_bind_int(s, 3, a->created);
	bind_account(s, 4, a);
	if (store_insert_id(s, &a->id, err) < 0 ||
	    (st->layout->account_added && st->layout->account_added(st, a, err) < 0))
		return -1;
	return store_changed(st, err);
}

int store_account_add(struct store *st, struct account *a, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, insert_account(st, a, err), err);
}

static int update_account(struct store *st, const struct account *a, struct error *err)
{
	struct stmt *s;

	if (check_unique(st, a, err) < 0)
		return -1;
	s = prepare(st,
		    "UPDATE account SET name = ?2, currency = ?3, suspended = ?4, time_zone = ?5, "
		    "cycle_day = ?6, number = ?7"
		    " WHERE id = ?1",
		    err);
	db_bind_int(s, 1, a->id);
	bind_account(s, 2, a);
	if (db_step(s, err) < 0)
		return -1;
	if (!db_changes(st->db))
		return 0;
	return store_changed(st, err) < 0 ? -1 : 1;
}

int store_account_set(struct store *st, const struct account *a, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, update_account(st, a, err), err);
}

/* ---- a cache of accounts: every request looks up its own ---- */

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void release_texts(struct account *a)
{
	free((char *)a->name);
	free((char *)a->time_zone);
	free((char *)a->number);
}

void store_accounts_forget(struct store_connection *c)
{
	for (int i = 0; i < ACCOUNTS_KEPT; i++) {
		release_texts(&c->accounts[i]);
		c->accounts[i] = (struct account) { 0 };
	}
}

/*
 * The place of SID in the cache. NULL: the cache is unusable, because the
 * version of the snapshot is unknown.
 */
static struct account *kept_place(struct store *st, const char *sid)
{
	struct store_connection *c = st->connection;
	unsigned hash = 0;

	if (st->tx != TX_READ || !st->version)
		return NULL;
	if (c->accounts_version != st->version)
		store_accounts_forget(c);
	c->accounts_version = st->version;
	while (*sid)
		hash = hash * 31 + (unsigned char)*sid++;
	return &c->accounts[hash % ACCOUNTS_KEPT];
}

static void keep(struct account *place, const struct account *a)
{
	release_texts(place);
	*place = *a;
	place->name = copy_text(a->name);
	place->time_zone = copy_text(a->time_zone);
	place->number = copy_text(a->number);
}

/*
 * Caches that the account SID does not exist. So a look-up takes the same time
 * whether the account exists or not, and the time does not reveal which
 * accounts exist.
 */
static void keep_none(struct account *place, const char *sid)
{
	struct account none = { .name = "", .time_zone = "", .number = "" };
	size_t len = strlen(sid);

	if (len >= sizeof(none.sid))
		return;
	memcpy(none.sid, sid, len);
	keep(place, &none);
}

int store_account_by_sid(struct store *st, const char *sid, struct arena *arena,
			 struct account *ret, struct error *err)
{
	struct account *kept = kept_place(st, sid);
	struct stmt *s;
	int rc;

	if (kept && *kept->sid && strcmp(kept->sid, sid) == 0) {
		if (!kept->id)
			return 0;
		*ret = *kept;
		ret->name = arena_str(arena, kept->name);
		ret->time_zone = arena_str(arena, kept->time_zone);
		ret->number = arena_str(arena, kept->number);
		return 1;
	}
	s = prepare(st, ACCOUNT "WHERE sid = ?1", err);
	db_bind_str(s, 1, sid);
	rc = store_row(s, read_account, arena, ret, err);
	if (rc > 0 && kept)
		keep(kept, ret);
	else if (rc == 0 && kept)
		keep_none(kept, sid);
	return rc;
}

int store_account_by_name(struct store *st, const char *name, struct arena *arena,
			  struct account *ret, struct error *err)
{
	struct stmt *s = prepare(st, ACCOUNT "WHERE name = ?1", err);

	db_bind_str(s, 1, name);
	return store_row(s, read_account, arena, ret, err);
}

int store_account_by_number(struct store *st, const char *number, struct arena *arena,
			    struct account *ret, struct error *err)
{
	struct stmt *s = prepare(st, ACCOUNT "WHERE number = ?1 AND number <> ''", err);

	db_bind_str(s, 1, number);
	return store_row(s, read_account, arena, ret, err);
}

int store_account_by_id(struct store *st, int64_t id, struct arena *arena, struct account *ret,
			struct error *err)
{
	struct stmt *s = prepare(st, ACCOUNT "WHERE id = ?1", err);

	db_bind_int(s, 1, id);
	return store_row(s, read_account, arena, ret, err);
}

static void copy_account(struct arena *arena, void *to, const void *from)
{
	const struct account *a = from;
	struct account *ret = to;

	*ret = *a;
	ret->name = arena_str(arena, a->name);
	ret->time_zone = arena_str(arena, a->time_zone);
	ret->number = arena_str(arena, a->number);
}

static const struct kept_kind accounts_kept = { sizeof(struct account), copy_account };

/* Reads the subaccounts of PARENT, or all accounts. */
static int read_accounts(struct store *st, int64_t parent, struct arena *arena,
			 struct account **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 parent ? ACCOUNT "WHERE parent = ?1 ORDER BY sid"
					: ACCOUNT "ORDER BY sid",
				 err);
	struct rows rows;

	if (parent)
		db_bind_int(s, 1, parent);
	rows = store_rows(s, read_account, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_accounts(struct store *st, int64_t parent, struct arena *arena, struct account **ret,
		   size_t *ret_n, struct error *err)
{
	bool keeps = store_keeps(st);

	if (keeps) {
		void *list;

		kept_lists_begin(&st->connection->subaccounts, st->version);
		if (kept_list(&st->connection->subaccounts, parent, &accounts_kept, arena, &list,
			      ret_n)) {
			*ret = list;
			return 0;
		}
	}
	if (read_accounts(st, parent, arena, ret, ret_n, err) < 0)
		return -1;
	if (keeps)
		kept_list_set(&st->connection->subaccounts, parent, &accounts_kept, *ret, *ret_n);
	return 0;
}

static int read_around(struct store *st, const struct account_ids *of, struct arena *arena,
		       struct account **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 ACCOUNT
				 "WHERE id IN (SELECT k.a FROM list(?1) k"
				 " UNION SELECT x.parent FROM list(?1) l CROSS JOIN account x"
				 " WHERE x.id = l.a"
				 " UNION SELECT x.id FROM list(?1) l CROSS JOIN account x"
				 " WHERE x.parent = l.a) ORDER BY sid",
				 err);
	struct rows rows;

	bind_ids(s, 1, arena, of->ids, of->n);
	rows = store_rows(s, read_account, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_accounts_around(struct store *st, const struct account_ids *of, struct arena *arena,
			  struct account **ret, size_t *ret_n, struct error *err)
{
	/* those around one account are kept, under its id with a minus */
	bool keeps = of->n == 1 && store_keeps(st);
	void *list;

	if (keeps) {
		kept_lists_begin(&st->connection->subaccounts, st->version);
		if (kept_list(&st->connection->subaccounts, -of->ids[0], &accounts_kept, arena,
			      &list, ret_n)) {
			*ret = list;
			return 0;
		}
	}
	if (read_around(st, of, arena, ret, ret_n, err) < 0)
		return -1;
	if (keeps)
		kept_list_set(&st->connection->subaccounts, -of->ids[0], &accounts_kept, *ret,
			      *ret_n);
	return 0;
}

static void read_suspension(struct stmt *s, struct arena *arena, void *to)
{
	(void)arena;
	*(struct suspension *)to = (struct suspension) { db_get_int(s, 0), db_get_int(s, 1) };
}

int store_suspensions(struct store *st, struct arena *arena, struct suspension **ret, size_t *ret_n,
		      struct error *err)
{
	struct stmt *s =
		prepare(st,
			"SELECT id, min(since) FROM ("
			"SELECT id, suspended AS since FROM account WHERE suspended <> 0 UNION ALL "
			"SELECT below.id, above.suspended FROM account above JOIN account below ON "
			"below.parent = above.id"
			" WHERE above.suspended <> 0) s GROUP BY id ORDER BY id",
			err);
	struct rows rows;

	rows = store_rows(s, read_suspension, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}
