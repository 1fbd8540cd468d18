/*
 * db.c - the driver for PostgreSQL: addresses and transactions. A transaction
 * borrows a connection of the database's pool.
 */
#include "store/pgsql/stmt.h"

#include <stdlib.h>
#include "store/pgsql/conn_pool.h"
#include "store/pgsql/fault.h"
#include "store/pgsql/state.h"
#include "store/pgsql/values.h"
#include "store/layout.h"
#include "store/schema.h"
#include "base/civil.h"
#include "base/settings.h"
#include "base/banned.h"

enum {
	PATIENCE_MS = 30000 /* longer than any statement of a request takes */
};

static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/* ---- connections ---- */

static void pgsql_close(struct db *base)
{
	struct pgsql *db = (struct pgsql *)base;

	db->base.driver->rollback(base);
	pgsql_statements_release(db);
	pg_pool_release(db->pool);
	g_free(db);
}

/*
 * Passwords come from a password file, a service file or the environment: an
 * address is shown in messages, settings and lists of processes.
 */
static int check_address(const char *where, struct error *err)
{
	char *message = NULL;
	PQconninfoOption *all;
	bool good;

	if (database_has_password(where))
		return error_set(err, ERR_PARAM, "database",
				 "the address has a password in it: put it into a password file"
				 " (passfile=) or a service file (service=) instead");
	if (!database_is_url(where))
		return error_set(err, ERR_PARAM, "database",
				 "an address of PostgreSQL is written as "
				 "postgresql://HOST/NAME?PARAMETER=VALUE");
	all = PQconninfoParse(where, &message);
	good = all;
	if (!good)
		error_set(err, ERR_PARAM, "database", "this is not an address of PostgreSQL: %s",
			  message ? g_strchomp(message) : "out of memory");
	PQfreemem(message);
	PQconninfoFree(all);
	return good ? 0 : -1;
}

/* ---- the server's runs ---- */

/*
 * A server that takes over, or starts again, may have lost the last commits, which
 * this process has seen: their ids may belong to something else now.
 */
static bool pgsql_restarted(struct db *base)
{
	const struct pgsql *db = (struct pgsql *)base;

	return pg_pool_server(db->pool) != db->server;
}

int pgsql_note_server(struct pgsql *db, int64_t server, struct error *err)
{
	pg_pool_set_server(db->pool, server);
	return server == db->server ? 0 : pg_fail_restarted(err);
}

/* Before anything is read from it. */
static int read_server(struct pgsql *db, struct error *err)
{
	struct stmt *s = db_prepare(&db->base, "SELECT pg_postmaster_start_time()", err);

	if (db_step(s, err) < 0)
		return -1;
	db->server = db_get_int(s, 0);
	db_reset(s);
	pg_pool_set_server(db->pool, db->server);
	return 0;
}

static int pgsql_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
		      struct error *err)
{
	struct pgsql *db;
	int64_t version;

	if (check_address(where, err) < 0)
		return -1;
	db = g_new0(struct pgsql, 1);
	db->base.driver = &db_pgsql;
	db->pool = pg_pool_of(where);
	db->busy_ms = busy_timeout_ms;
	db->read_only = !(flags & DB_WRITE);
	db->wait.most_ms = PATIENCE_MS;
	pgsql_statements_init(db);
	*ret = &db->base;
	if (read_server(db, err) == 0 && db_schema_version(*ret, &version, err) == 0 &&
	    (!(flags & DB_CREATE) || pgsql_suits(*ret, err) == 0))
		return 0;
	db_close(ret);
	return -1;
}

static void pgsql_wait_with(struct db *base, int (*wait)(void *arg, int times), void *arg)
{
	struct pgsql *db = (struct pgsql *)base;

	db->retry = wait;
	db->retry_arg = arg;
}

static void pgsql_watch(struct db *base, int (*check)(void *arg, struct error *err), void *arg)
{
	struct pgsql *db = (struct pgsql *)base;

	db->wait.check = check;
	db->wait.arg = arg;
}

int64_t pgsql_waited_ms(struct db *base)
{
	const struct pgsql *db = (struct pgsql *)base;

	return db->waited_ms + (db->since_ms ? monotonic_ms() - db->since_ms : 0);
}

/* For commands that work long, in a process of their own. */
static void pgsql_cache(struct db *base, bool large)
{
	((struct pgsql *)base)->wait.most_ms = large ? 0 : PATIENCE_MS;
}

/* It differs if any transaction of the server was committed since. */
static int64_t pgsql_data_version(struct db *base)
{
	return ((struct pgsql *)base)->versions;
}

static int no_copy(struct db *base, const char *where, db_progress *progress, void *arg,
		   struct error *err)
{
	(void)base, (void)where, (void)progress, (void)arg;
	return error_set(err, ERR_UNSUPPORTED, NULL,
			 "a ledger in PostgreSQL is backed up by PostgreSQL's own programs: see "
			 "usaged-postgresql(7)");
}

/* ---- transactions ---- */

static int try_write(struct pgsql *db, PGresult **ret_rows, struct error *err)
{
	int rc;

	db->conn = pg_pool_take(db->pool, true, db->busy_ms, err);
	if (!db->conn)
		return -1;
	db->base.statements++;
	rc = pg_write_begin(&db->write, db->conn, db->busy_ms, &db->wait, ret_rows, err);
	db->lost = rc < 0 && pg_conn_lost(db->conn);
	if (rc == 0 && pgsql_note_server(db, db->write.server, err) < 0) {
		PQclear(*ret_rows);
		rc = -1;
	}
	if (rc < 0)
		db_rollback(&db->base);
	db->writes = rc == 0;
	return rc;
}

/* See pg_write_begin; PARTS and SQL as in db_begin_reading. */
static int begin_write(struct pgsql *db, const struct db_parts *parts, const char *sql,
		       PGresult **ret_rows, struct error *err)
{
	bool fresh = false;

	if (db->read_only)
		return pgsql_refuse_write(err);
	db->write = (struct pg_write) { .parts = parts, .sql = sql };
	for (int times = 0;; times++) {
		struct error own = { 0 };

		db->lost = false;
		if (try_write(db, ret_rows, &own) == 0)
			return 0;
		/* nothing was written, so a new connection can be tried, once */
		if (db->lost && own.kind == ERR_BUSY && !fresh) {
			pg_pool_drop_idle(db->pool);
			fresh = true;
			continue;
		}
		if (own.kind != ERR_BUSY || pgsql_restarted(&db->base) || !db->retry ||
		    !db->retry(db->retry_arg, times)) {
			if (err && err->kind == ERR_NONE)
				*err = own;
			return -1;
		}
	}
}

static int pgsql_begin(struct db *base, bool write, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	PGresult *none;

	db->versions++;
	if (write)
		return begin_write(db, NULL, NULL, &none, err);
	db->conn = pg_pool_take(db->pool, false, db->busy_ms, err);
	if (!db->conn)
		return -1;
	db->begin = begin_read;
	db->writes = false;
	db->waited_ms = 0;
	return 0;
}

static int pgsql_begin_reading(struct db *base, const struct db_parts *parts, const char *sql,
			       int64_t *ret, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	PGresult *rows;
	bool found;

	db->versions++;
	if (begin_write(db, parts, sql, &rows, err) < 0)
		return -1;
	found = PQntuples(rows) > 0;
	*ret = found ? pg_number_of(rows, 0, 0) : 0;
	PQclear(rows);
	if (db->write.marks && pgsql_later(pgsql_prepare(base, pg_write_mark, err), err) < 0)
		return -1;
	return found;
}

static void end(struct pgsql *db)
{
	pgsql_statements_end(db);
	pg_pool_give(db->conn);
	db->conn = NULL;
	db->begin = NULL;
}

static void pgsql_rollback(struct db *base)
{
	struct pgsql *db = (struct pgsql *)base;

	/* there is none if it was lost, and no other could be had */
	if (db->conn && !db->begin && !pg_conn_lost(db->conn))
		pg_post(db->conn, "ROLLBACK");
	end(db);
}

static int pgsql_commit(struct db *base, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	struct error own = { 0 };
	PGresult *r = NULL;
	bool lost;
	int rc;

	if (db->begin) {
		end(db);
		return 0;
	}
	rc = pgsql_send(db, db->conn, &(struct pg_command) { .sql = "COMMIT", .prepare = true }, &r,
			&own);
	lost = pg_conn_lost(db->conn);
	/* a statement before it may have failed, so that COMMIT did not run */
	if (rc < 0 && !lost)
		pg_post(db->conn, "ROLLBACK");
	/* a transaction that failed ends with ROLLBACK, which is no error */
	if (rc == 0 && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		rc = error_set(&own, ERR_INTERNAL, NULL,
			       "the write was undone, because a statement in it had failed");
	PQclear(r);
	end(db);
	if (rc < 0 && lost && db->writes) {
		rc = pg_write_outcome(&db->write, base, err);
		if (rc)
			return rc < 0 ? -1 : 0;
		rc = -1;
	}
	if (rc < 0 && err && err->kind == ERR_NONE)
		*err = own;
	return rc;
}

static int pgsql_exec(struct db *base, const char *sql, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	struct pg_conn *conn = db->conn;
	int rc;

	if (conn && pgsql_flush(base, err) < 0)
		return -1;
	if (conn && db->begin) {
		if (pg_script(conn, db->begin, &db->wait, err) < 0)
			return -1;
		db->begin = NULL;
	}
	if (!conn)
		conn = pg_pool_take(db->pool, false, db->busy_ms, err);
	if (!conn)
		return -1;
	rc = pg_script(conn, sql, &db->wait, err);
	if (!db->conn)
		pg_pool_give(conn);
	return rc;
}

/* ---- schema ---- */

static int pgsql_schema_version(struct db *base, int64_t *ret, struct error *err)
{
	struct stmt *s;
	int rc = pgsql_find_meta(base, err);

	*ret = 0;
	if (rc <= 0)
		return rc;
	s = pgsql_prepare(base,
			  "SELECT value, to_regproc('family_place') IS NOT NULL FROM meta"
			  " WHERE name = 'schema'",
			  err);
	rc = pgsql_step(s, err);
	if (rc > 0) {
		*ret = pgsql_get_int(s, 0);
		base->distributed = pgsql_get_int(s, 1);
	}
	pgsql_reset(s);
	return rc < 0 ? -1 : 0;
}

void pgsql_set_distributed(struct db *db)
{
	db->distributed = true;
}

static int pgsql_set_schema_version(struct db *base, int64_t version, struct error *err)
{
	struct stmt *s = pgsql_prepare(base,
				       "INSERT INTO meta (name, value) VALUES ('schema', ?1) ON "
				       "CONFLICT (name) DO UPDATE SET value = excluded.value",
				       err);

	pgsql_bind_int(s, 1, version);
	return pgsql_step(s, err);
}

const struct db_driver db_pgsql = {
	.open = pgsql_open,
	.close = pgsql_close,
	.wait_with = pgsql_wait_with,
	.watch = pgsql_watch,
	.waited_ms = pgsql_waited_ms,
	.cache = pgsql_cache,
	.data_version = pgsql_data_version,
	.restarted = pgsql_restarted,
	.durable = pgsql_durable,
	.address = check_address,
	.server = pgsql_server,
	.limit = pg_pool_limit,
	.pool = pg_pool_state,
	.reach = pgsql_reach,
	.copy = no_copy,
	.schema_version = pgsql_schema_version,
	.set_schema_version = pgsql_set_schema_version,
	.names_free = pgsql_names_free,
	.layout = &layout_pgsql,
	.schema = schema_pgsql,
	.n_schema = &schema_n_pgsql,
	.begin = pgsql_begin,
	.begin_reading = pgsql_begin_reading,
	.commit = pgsql_commit,
	.rollback = pgsql_rollback,
	.exec = pgsql_exec,
	.prepare = pgsql_prepare,
	.guess = pgsql_guess,
	.bind_int = pgsql_bind_int,
	.bind_text = pgsql_bind_text,
	.bind_blob = pgsql_bind_blob,
	.bind_list = pgsql_bind_list,
	.step = pgsql_step,
	.later = pgsql_later,
	.flush = pgsql_flush,
	.reset = pgsql_reset,
	.changes = pgsql_changes,
	.get_int = pgsql_get_int,
	.get_text = pgsql_get_text,
	.get_blob = pgsql_get_blob,
};
