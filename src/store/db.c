/*
 * db.c - calls the functions of the database's driver.
 */
#include "store/db_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/int_order.h"
#include "base/settings.h"
#include "store/schema.h"
#include "base/banned.h"

static const struct db_driver *driver_of(const char *where)
{
	return database_is_address(where) ? &db_pgsql : &db_sqlite;
}

bool db_is_file(const char *where)
{
	return driver_of(where) == &db_sqlite;
}

/* ---- connections ---- */

int db_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
	    struct error *err)
{
	return driver_of(where)->open(where, flags, busy_timeout_ms, ret, err);
}

void db_close(struct db **db)
{
	if (*db)
		(*db)->driver->close(*db);
	*db = NULL;
}

void db_wait_with(struct db *db, int (*wait)(void *arg, int times), void *arg)
{
	db->driver->wait_with(db, wait, arg);
}

void db_watch(struct db *db, int (*check)(void *arg, struct error *err), void *arg)
{
	db->driver->watch(db, check, arg);
}

int64_t db_waited_ms(struct db *db)
{
	return db->driver->waited_ms ? db->driver->waited_ms(db) : 0;
}

void db_cache(struct db *db, bool large)
{
	if (db->driver->cache)
		db->driver->cache(db, large);
}

const char *db_where(struct db *db)
{
	return db->driver->path ? db->driver->path(db) : "";
}

bool db_replaced_on_disk(struct db *db)
{
	return db->driver->replaced_on_disk && db->driver->replaced_on_disk(db);
}

bool db_gone(struct db *db)
{
	return db_replaced_on_disk(db) || (db->driver->restarted && db->driver->restarted(db));
}

int64_t db_data_version(struct db *db)
{
	return db->driver->data_version(db);
}

void db_tune(struct db *db)
{
	if (db->driver->tune)
		db->driver->tune(db);
}

int db_durable(struct db *db, struct error *err)
{
	return db->driver->durable ? db->driver->durable(db, err) : 0;
}

int db_address(const char *where, struct error *err)
{
	return driver_of(where)->address ? driver_of(where)->address(where, err) : 0;
}

void db_sizes(struct db *db, int64_t *ret_file, int64_t *ret_log)
{
	*ret_file = *ret_log = 0;
	if (db->driver->sizes)
		db->driver->sizes(db, ret_file, ret_log);
}

/* ---- the server ---- */

void db_connections(int64_t readers, bool prepared)
{
	if (db_pgsql.limit)
		db_pgsql.limit(readers, prepared);
}

int db_server(struct db *db, struct arena *arena, struct store_server *ret, struct error *err)
{
	return db->driver->server ? db->driver->server(db, arena, ret, err) : 0;
}

bool db_pool(const char *where, struct store_pool *ret)
{
	return driver_of(where)->pool && driver_of(where)->pool(where, ret);
}

bool db_reach(const char *where, struct arena *arena, struct store_reach *ret)
{
	return driver_of(where)->reach && driver_of(where)->reach(where, arena, ret);
}

/* ---- files ---- */

void db_remove(const char *where)
{
	if (driver_of(where)->remove)
		driver_of(where)->remove(where);
}

int db_copy(struct db *db, const char *where, db_progress *progress, void *arg, struct error *err)
{
	return db->driver->copy(db, where, progress, arg, err);
}

int db_check(struct db *db, db_progress *progress, void *arg, struct error *err)
{
	return db->driver->check ? db->driver->check(db, progress, arg, err) : 0;
}

int db_damage(struct db *db, void (*found)(void *arg, const char *words), void *arg,
	      struct error *err)
{
	return db->driver->damage ? db->driver->damage(db, found, arg, err) : 0;
}

/* ---- schema ---- */

bool db_distributed(const struct db *db)
{
	return db->distributed;
}

const struct layout *db_layout(struct db *db)
{
	return db->driver->layout;
}

const struct schema_step *db_schema(struct db *db, size_t *ret_n)
{
	*ret_n = *db->driver->n_schema;
	return db->driver->schema;
}

int db_schema_version(struct db *db, int64_t *ret, struct error *err)
{
	return db->driver->schema_version(db, ret, err);
}

int db_set_schema_version(struct db *db, int64_t version, struct error *err)
{
	return db->driver->set_schema_version(db, version, err);
}

int db_names_free(struct db *db, const char *sql, struct error *err)
{
	return db->driver->names_free ? db->driver->names_free(db, sql, err) : 0;
}

int db_references(struct db *db, bool on, struct error *err)
{
	return db->driver->references ? db->driver->references(db, on, err) : 0;
}

int db_references_broken(struct db *db, struct error *err)
{
	const char *sql = db->driver->references_broken;
	struct stmt *s = sql ? db_prepare(db, sql, err) : NULL;
	int rc = sql ? db_step(s, err) : 0;

	db_reset(s);
	return rc;
}

/* ---- transactions ---- */

int db_begin(struct db *db, bool write, struct error *err)
{
	return db->driver->begin(db, write, err);
}

int db_begin_reading(struct db *db, const struct db_parts *parts, const char *sql, int64_t *ret,
		     struct error *err)
{
	return db->driver->begin_reading ? db->driver->begin_reading(db, parts, sql, ret, err)
					 : db->driver->begin(db, true, err);
}

int db_commit(struct db *db, struct error *err)
{
	return db->driver->commit(db, err);
}

void db_rollback(struct db *db)
{
	db->driver->rollback(db);
}

/* ---- statements ---- */

int db_exec(struct db *db, const char *sql, struct error *err)
{
	return db->driver->exec(db, sql, err);
}

struct stmt *db_prepare(struct db *db, const char *sql, struct error *err)
{
	return db->driver->prepare(db, sql, err);
}

void db_guesses(struct db *db, bool yes)
{
	db->guesses = yes;
}

void db_guess(struct stmt *s)
{
	if (s && s->db->driver->guess)
		s->db->driver->guess(s);
}

bool db_misled(const struct db *db)
{
	return db->misled;
}

void db_bind_int(struct stmt *s, int n, int64_t value)
{
	if (s)
		s->db->driver->bind_int(s, n, value);
}

void db_bind_text(struct stmt *s, int n, const char *text, size_t len)
{
	if (s)
		s->db->driver->bind_text(s, n, text, len);
}

void db_bind_blob(struct stmt *s, int n, const void *bytes, size_t len)
{
	if (s)
		s->db->driver->bind_blob(s, n, bytes, len);
}

void db_bind_list(struct stmt *s, int n, const struct db_list *list)
{
	if (s)
		s->db->driver->bind_list(s, n, list);
}

int db_step(struct stmt *s, struct error *err)
{
	return s ? s->db->driver->step(s, err) : -1;
}

int db_insert(struct stmt *s, int64_t *ids, size_t n, struct error *err)
{
	size_t returned = 0;
	int64_t last;
	int rc;

	while ((rc = db_step(s, err)) > 0 && returned < n)
		ids[returned++] = db_get_int(s, 0);
	if (rc < 0)
		return -1;
	if (!s->db->driver->last_id) {
		/* rows get ascending ids, but may be returned in any order */
		qsort(ids, returned, sizeof(*ids), int_order);
		return 0;
	}
	last = s->db->driver->last_id(s->db);
	for (size_t i = 0; i < n; i++)
		ids[i] = last - (int64_t)(n - 1 - i);
	return 0;
}

int db_later(struct stmt *s, struct error *err)
{
	int rc;

	if (!s)
		return -1;
	if (s->db->driver->later)
		return s->db->driver->later(s, err);
	rc = s->db->driver->step(s, err);
	if (rc > 0)
		s->db->driver->reset(s);
	return rc < 0 ? -1 : 0;
}

int db_flush(struct db *db, struct error *err)
{
	return db->driver->flush ? db->driver->flush(db, err) : 0;
}

int64_t db_statements(const struct db *db)
{
	return db->statements;
}

void db_reset(struct stmt *s)
{
	if (s)
		s->db->driver->reset(s);
}

int64_t db_changes(struct db *db)
{
	return db->driver->changes(db);
}

int64_t db_get_int(struct stmt *s, int column)
{
	return s->db->driver->get_int(s, column);
}

const char *db_get_text(struct stmt *s, int column, size_t *ret_len)
{
	return s->db->driver->get_text(s, column, ret_len);
}

const void *db_get_blob(struct stmt *s, int column, size_t *ret_len)
{
	return s->db->driver->get_blob(s, column, ret_len);
}

void db_get_chars(struct stmt *s, int column, char *ret, size_t size)
{
	size_t len;
	const char *text = db_get_text(s, column, &len);

	snprintf(ret, size, "%s", text ? text : "");
}
