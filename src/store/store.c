#include "store/store.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store/internal.h"
#include "base/strbuf.h"
#include "store/layout.h"
#include "store/meta.h"
#include "store/read_gate.h"
#include "store/rollup.h"
#include "store/schema.h"
#include "store/store_connection.h"
#include "base/banned.h"

#define READ_VERSION "SELECT value FROM meta WHERE name = 'version'"

/* With events of more, a write locks the whole ledger: locks take memory of the server. */
enum { FAMILIES_MAX = 256 };

static unsigned db_flags(unsigned flags)
{
	return (flags & STORE_WRITE ? DB_WRITE : 0) | (flags & STORE_CREATE ? DB_CREATE : 0);
}

/* Bytes of an address or path in an error, so that the advice behind it is not cut off. */
enum { PLACE_SHOWN = 120 };

/*
 * As schema_bring_newest; an error about the ledger itself names it. Callers of a
 * server are shown other errors, and need not know where the ledger is.
 */
static int bring_schema(struct db *db, const char *where, unsigned flags, struct error *err)
{
	struct error own = { 0 }, named = { 0 };
	unsigned more = flags & STORE_CREATE  ? DB_WRITE | DB_CREATE
			: flags & STORE_EMPTY ? DB_WRITE | DB_EMPTY
					      : 0;

	if (schema_bring_newest(db, more, NULL, &own) == 0)
		return 0;
	if (own.kind == ERR_INTERNAL) {
		error_set(&named, own.kind, NULL, "%.*s: %s", PLACE_SHOWN, where, own.message);
		memcpy(own.message, named.message, sizeof(own.message));
	}
	if (err && !err->kind)
		*err = own;
	return -1;
}

int connection_open(const char *where, unsigned flags, int64_t busy_timeout_ms,
		    struct store_connection **ret, struct error *err)
{
	struct db *db;

	if (db_open(where, db_flags(flags), busy_timeout_ms, &db, err) < 0)
		return -1;
	if (bring_schema(db, where, flags, err) < 0) {
		db_close(&db);
		if (flags & STORE_CREATE)
			db_remove(where);
		return -1;
	}
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	(*ret)->db = db;
	return 0;
}

void connection_close(struct store_connection *c)
{
	store_accounts_forget(c);
	kept_lists_release(&c->subaccounts);
	kept_numbers_release(&c->closed_us);
	kept_numbers_release(&c->families);
	kept_numbers_release(&c->first_days);
	kept_numbers_release(&c->last_days);
	kept_lists_release(&c->used_categories);
	db_close(&c->db);
	free(c);
}

void store_connect(struct store *st, struct store_connection *c)
{
	st->connection = c;
	st->db = c->db;
	st->layout = db_layout(c->db);
	st->statements -= db_statements(c->db);
}

struct store_connection *store_disconnect(struct store *st)
{
	struct store_connection *c = st->connection;

	st->statements += db_statements(c->db);
	st->connection = NULL;
	st->db = NULL;
	return c;
}

/* After a read: leaves the gate, and returns a connection that was lent. */
static void leave(struct store *st, bool failed)
{
	if (st->in_gate)
		read_gate_leave();
	st->in_gate = false;
	if (st->readers && st->connection)
		readers_return(st, failed);
}

/* Ends a read or write. FAILED: a connection that was lent is not lent again. */
static void end(struct store *st, bool failed)
{
	if (st->tx == TX_NONE)
		return;
	if (st->tx == TX_READ) {
		if (db_flush(st->db, NULL) < 0 || db_misled(st->db))
			st->misled = true;
		/* end the limits, so that they cannot interrupt ROLLBACK */
		store_limit(st, &(struct store_limits) { 0 });
	}
	db_rollback(st->db);
	if (st->tx == TX_READ)
		db_tune(st->db);
	leave(st, failed);
	st->tx = TX_NONE;
}

int store_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct store **ret,
	       struct error *err)
{
	struct store_connection *c;

	if (connection_open(where, flags, busy_timeout_ms, &c, err) < 0)
		return -1;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		abort();
	store_connect(*ret, c);
	return 0;
}

void store_close(struct store **st)
{
	if (!*st)
		return;
	end(*st, true);
	if ((*st)->connection)
		connection_close(store_disconnect(*st));
	g_free((*st)->away.places);
	free(*st);
	*st = NULL;
}

void store_wait_with(struct store *st, int (*wait)(void *arg, int times), void *arg)
{
	db_wait_with(st->db, wait, arg);
}

void store_large_cache(struct store *st)
{
	db_cache(st->db, true);
}

void store_trust_ids(struct store *st)
{
	struct error err = { 0 };

	/* if it fails, they are looked up */
	if (db_references(st->db, false, &err) < 0)
		error_clear(&err);
}

bool store_gone(struct store *st)
{
	return st->db && db_gone(st->db);
}

int store_stats(struct store *st, struct store_stats *ret, struct error *err)
{
	db_sizes(st->db, &ret->file_bytes, &ret->log_bytes);
	return db_schema_version(st->db, &ret->schema, err);
}

int64_t store_statements(const struct store *st)
{
	return st->statements + (st->db ? db_statements(st->db) : 0);
}

void store_unlink_beside(struct store *st, const char *name)
{
	const char *where = db_where(st->db), *slash = strrchr(where, '/');
	struct strbuf path;

	if (!slash)
		return;
	strbuf_init(&path, 8192);
	strbuf_addf(&path, "%.*s/%s", (int)(slash - where), where, name);
	if (!path.failed)
		unlink(path.text);
	strbuf_release(&path);
}

void store_give_way(struct store *st, bool yes)
{
	st->gives_way = yes;
}

void store_guess(struct store *st, bool yes)
{
	st->guesses = yes;
	if (st->tx == TX_READ)
		db_guesses(st->db, yes);
	else
		st->misled = false;
}

int store_confirm(struct store *st, struct error *err)
{
	return st->tx == TX_READ ? db_flush(st->db, err) : 0;
}

bool store_misled(const struct store *st)
{
	return st->misled;
}

int store_begin_read(struct store *st, struct error *err)
{
	if (st->gives_way && !st->in_gate) {
		read_gate_enter();
		st->in_gate = true;
	}
	if ((st->readers && readers_lend(st, err) < 0) || db_begin(st->db, false, err) < 0) {
		leave(st, true);
		return -1;
	}
	db_guesses(st->db, st->guesses);
	st->tx = TX_READ;
	st->version = 0;
	return 0;
}

/*
 * Ends the read or write. Always returns -1. Callers of a server are shown the
 * message, and need not know where the ledger is: that is in the detail.
 */
static int refuse_moved(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT words FROM moved", err);
	char words[512] = "";
	int64_t mark;
	bool target = store_meta(st, META_MOVING, &mark, NULL) > 0;

	if (db_step(s, NULL) > 0)
		db_get_chars(s, 0, words, sizeof(words));
	db_reset(s);
	store_end(st);
	error_set(err, ERR_BUSY, NULL, "%s",
		  target ? "a move into this ledger is not finished" : "the ledger has moved");
	return error_detail(err, "%s", words);
}

int store_check_moved(struct store *st, struct error *err)
{
	int64_t version = 0;
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	rc = store_one(prepare(st, READ_VERSION, err), &version, err);
	if (version < 0) {
		refuse_moved(st, err);
		return 1;
	}
	store_end(st);
	return rc < 0 ? -1 : 0;
}

/* If the ledger has changed: has a newer program upgraded it meanwhile? VERSION: as of now. */
static int check_schema(struct store *st, int64_t version, struct error *err)
{
	struct store_connection *c = st->connection;

	if (!c || c->schema_checked == version)
		return 0;
	if (c->schema_checked && schema_bring_newest(st->db, 0, NULL, err) < 0)
		return -1;
	c->schema_checked = version;
	return 0;
}

static int begin_write(struct store *st, const struct db_parts *parts, struct error *err)
{
	int64_t version = 0;
	int rc = db_begin_reading(st->db, parts, READ_VERSION, &version, err);

	if (rc < 0)
		return -1;
	st->tx = TX_WRITE;
	if ((rc == 0 && store_one(prepare(st, READ_VERSION, err), &version, err) < 0) ||
	    check_schema(st, version, err) < 0) {
		store_end(st);
		return -1;
	}
	st->version = version;
	return version < 0 && !st->moves ? refuse_moved(st, err) : 0;
}

int store_begin_write(struct store *st, struct error *err)
{
	return begin_write(st, NULL, err);
}

int store_begin_events(struct store *st, const int64_t *families, size_t n, struct error *err)
{
	struct db_parts parts = { families, n };

	return begin_write(st, n > FAMILIES_MAX ? NULL : &parts, err);
}

int store_flush(struct store *st, struct error *err)
{
	return db_flush(st->db, err);
}

int store_commit(struct store *st, struct error *err)
{
	if (db_commit(st->db, err) < 0) {
		store_end(st);
		return -1;
	}
	st->tx = TX_NONE;
	if (db_replaced_on_disk(st->db))
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger's file was removed or replaced while it was in use");
	return 0;
}

void store_end(struct store *st)
{
	end(st, false);
}

int64_t store_waited_ms(struct store *st)
{
	return db_waited_ms(st->db);
}

void store_limit(struct store *st, const struct store_limits *limits)
{
	st->limits = *limits;
	st->work_left = limits->work;
	db_watch(st->db, limits->check, limits->arg);
}

int store_above_limit(struct store *st, struct error *err)
{
	return error_set(
		err, ERR_TOO_LARGE, NULL,
		"more than %" PRId64
		" sums would have to be read; choose a shorter range, longer periods, fewer"
		" accounts or a narrower filter",
		st->limits.work);
}

int store_work(struct store *st, int64_t n, struct error *err)
{
	if (!st->limits.work)
		return 0;
	if (n > st->work_left)
		return store_above_limit(st, err);
	st->work_left -= n;
	return 0;
}

void store_work_again(struct store *st)
{
	st->work_left = st->limits.work;
}

int store_write_open(struct store *st, struct error *err)
{
	if (st->tx != TX_NONE)
		return 0;
	return store_begin_write(st, err) < 0 ? -1 : 1;
}

int store_write_close(struct store *st, int own, int rc, struct error *err)
{
	if (!own)
		return rc;
	if (rc >= 0)
		return store_commit(st, err) < 0 ? -1 : rc;
	store_end(st);
	return rc;
}

void *store_room(struct arena *arena, void *list, size_t n, size_t *size, size_t element)
{
	size_t old = *size;

	if (n < old)
		return list;
	*size = old ? 2 * old : 16;
	return arena_grow(arena, list, old * element, *size * element);
}

struct rows store_rows(struct stmt *s, read_row *read, size_t size, struct arena *arena,
		       struct error *err)
{
	struct rows rows = { 0 };
	size_t room = 0;

	while ((rows.rc = db_step(s, err)) > 0) {
		rows.items = store_room(arena, rows.items, rows.n, &room, size);
		read(s, arena, (char *)rows.items + rows.n++ * size);
	}
	return rows;
}

static void read_id(struct stmt *s, struct arena *arena, void *ret)
{
	(void)arena;
	*(int64_t *)ret = db_get_int(s, 0);
}

int store_ids(struct stmt *s, struct arena *arena, const int64_t **ret, size_t *ret_n,
	      struct error *err)
{
	struct rows rows = store_rows(s, read_id, sizeof(int64_t), arena, err);

	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_row(struct stmt *s, read_row *read, struct arena *arena, void *ret, struct error *err)
{
	int rc = db_step(s, err);

	if (rc > 0)
		read(s, arena, ret);
	db_reset(s);
	return rc;
}

int store_one(struct stmt *s, int64_t *ret_n, struct error *err)
{
	int rc = db_step(s, err);

	if (rc > 0) {
		*ret_n = db_get_int(s, 0);
		db_reset(s);
	}
	return rc;
}

int store_any(struct stmt *s, struct error *err)
{
	int64_t one;

	return store_one(s, &one, err);
}

int store_text(struct stmt *s, struct arena *arena, const char **ret, struct error *err)
{
	int rc = db_step(s, err);

	if (rc > 0) {
		*ret = db_get_str(s, 0, arena);
		db_reset(s);
	}
	return rc;
}

int store_text_by_id(struct store *st, const char *sql, int64_t id, struct arena *arena,
		     const char **ret, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, id);
	return store_text(s, arena, ret, err);
}

int store_insert_id(struct stmt *s, int64_t *ret_id, struct error *err)
{
	return store_one(s, ret_id, err) < 0 ? -1 : 0;
}

void store_bind_amounts(struct stmt *s, int n, const struct amounts *a)
{
	for (int i = 0; i < AMOUNTS; i++)
		db_bind_int(s, n + i, a->n[i]);
}

void store_get_amounts(struct stmt *s, int column, struct amounts *ret)
{
	for (int i = 0; i < AMOUNTS; i++)
		ret->n[i] = db_get_int(s, column + i);
}

int store_version(struct store *st, int64_t *ret_version, struct error *err)
{
	struct stmt *s;

	if (st->tx != TX_NONE && st->version) {
		*ret_version = st->version;
		return 0;
	}
	s = prepare(st, READ_VERSION, err);
	switch (store_one(s, ret_version, err)) {
	case 1:
		st->version = *ret_version;
		return check_schema(st, st->version, err);
	case 0:
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger has lost its version counter");
	default:
		return -1;
	}
}

int store_changed(struct store *st, struct error *err)
{
	st->version = 0;
	return db_step(prepare(st, "UPDATE meta SET value = value + 1 WHERE name = 'version'", err),
		       err);
}

int store_meta(struct store *st, const char *name, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT value FROM meta WHERE name = ?1", err);

	db_bind_str(s, 1, name);
	return store_one(s, ret, err);
}

int store_meta_set(struct store *st, const char *name, int64_t value, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT "
				 "(name) DO UPDATE SET value = excluded.value",
				 err);

	db_bind_str(s, 1, name);
	db_bind_int(s, 2, value);
	return db_later(s, err);
}
