/*
 * db.c - the driver for PostgreSQL. A transaction borrows a connection of the
 * database's pool. A statement runs when its first row is asked for, and holds
 * all its rows.
 */
#include "store/db_driver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "store/pgsql/conn.h"
#include "store/pgsql/state.h"
#include "store/pgsql/sql.h"
#include "store/pgsql/types.h"
#include "store/layout.h"
#include "store/schema.h"
#include "base/banned.h"

enum {
	PATIENCE_MS = 30000, /* longer than any statement of a request takes */
	STATUS_MS = 10000,   /* to ask for the outcome of a commit */
	STATUS_PAUSE_MS = 250
};

struct pgsql {
	struct db base;
	struct pg_pool *pool;
	struct pg_conn *conn; /* of the transaction; NULL: there is none */
	bool writes;          /* the transaction */
	const char *begin;    /* to send before the first statement; NULL: sent */
	char xid[24];         /* of a writing transaction */
	int64_t busy_ms;
	struct pg_wait wait;
	int (*retry)(void *arg, int times); /* db_wait_with */
	void *retry_arg;
	int64_t changes;
	int64_t transactions;
	GHashTable *stmts; /* struct pgsql_stmt by address of the SQL */
};

struct pgsql_stmt {
	struct stmt base;
	const char *sql;
	int n; /* parameters */
	struct pg_param params[PG_PARAMS];
	/* the SQL as it was translated for parameters of these kinds */
	GString *text, *kinds;
	PGresult *result; /* NULL: the statement has not run */
	int row;
};

static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

static int64_t now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000L }, NULL);
}

/* ---- connections ---- */

static void stmt_free(void *stmt)
{
	struct pgsql_stmt *s = stmt;

	PQclear(s->result);
	g_string_free(s->text, TRUE);
	g_string_free(s->kinds, TRUE);
	g_free(s);
}

static void pgsql_close(struct db *base)
{
	struct pgsql *db = (struct pgsql *)base;

	db->base.driver->rollback(base);
	g_hash_table_destroy(db->stmts);
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
	PQconninfoOption *all = PQconninfoParse(where, &message);
	bool secret = false;

	for (PQconninfoOption *o = all; o && o->keyword; o++)
		secret = secret || (o->val && (strcmp(o->keyword, "password") == 0 ||
					       strcmp(o->keyword, "sslpassword") == 0));
	if (!all)
		error_set(err, ERR_PARAM, "database", "this is not an address of PostgreSQL: %s",
			  message ? g_strchomp(message) : "out of memory");
	PQfreemem(message);
	PQconninfoFree(all);
	if (secret)
		return error_set(err, ERR_PARAM, "database",
				 "the address has a password in it: put it into a password file"
				 " (passfile=) or a service file (service=) instead");
	return all ? 0 : -1;
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
	db->wait.most_ms = PATIENCE_MS;
	db->stmts = g_hash_table_new_full(NULL, NULL, NULL, stmt_free);
	*ret = &db->base;
	if (db_schema_version(*ret, &version, err) == 0) {
		if (!(flags & DB_CREATE) || !version)
			return 0;
		error_set(err, ERR_CONFLICT, "database",
			  "the database has a ledger already; another host that shall use it "
			  "needs the secret file of the first one, not a new one");
	}
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

/* For commands that work long, in a process of their own. */
static void pgsql_cache(struct db *base, bool large)
{
	((struct pgsql *)base)->wait.most_ms = large ? 0 : PATIENCE_MS;
}

/* Nothing tells whether the database has changed: so each transaction differs. */
static int64_t pgsql_data_version(struct db *base)
{
	return ((struct pgsql *)base)->transactions;
}

static int no_copy(struct db *base, const char *where, db_progress *progress, void *arg,
		   struct error *err)
{
	(void)base, (void)where, (void)progress, (void)arg;
	return error_set(err, ERR_UNSUPPORTED, NULL,
			 "a ledger in PostgreSQL is backed up by PostgreSQL's own programs: see "
			 "usaged-postgresql(7)");
}

/* ---- statements ---- */

static struct stmt *pgsql_prepare(struct db *base, const char *sql, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	struct pgsql_stmt *s = g_hash_table_lookup(db->stmts, sql);

	if (!s) {
		s = g_new0(struct pgsql_stmt, 1);
		s->base.db = base;
		s->sql = sql;
		s->n = pg_count_params(sql);
		s->text = g_string_new(NULL);
		s->kinds = g_string_new(NULL);
		g_hash_table_insert(db->stmts, (void *)sql, s);
	}
	if (s->n > PG_PARAMS) {
		error_set(err, ERR_INTERNAL, NULL, "a statement has too many parameters");
		return NULL;
	}
	base->driver->reset(&s->base);
	memset(s->params, 0, sizeof(s->params));
	return &s->base;
}

static struct pg_param *param_of(struct stmt *base, int n)
{
	return &((struct pgsql_stmt *)base)->params[n - 1];
}

static void pgsql_bind_int(struct stmt *s, int n, int64_t value)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_NUMBER, .n = value };
}

static void pgsql_bind_text(struct stmt *s, int n, const char *text, size_t len)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_TEXT, .bytes = text, .len = len };
}

static void pgsql_bind_blob(struct stmt *s, int n, const void *bytes, size_t len)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_BLOB, .bytes = bytes, .len = len };
}

static void pgsql_bind_list(struct stmt *s, int n, const struct db_list *list)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_LIST, .list = list };
}

enum { PG_VALUES = PG_PARAMS + 4 * DB_LIST_COLUMNS };

/* The parameters as PostgreSQL gets them. */
struct values {
	int n;
	Oid types[PG_VALUES];
	const char *values[PG_VALUES];
	int lengths[PG_VALUES], formats[PG_VALUES];
	unsigned char numbers[PG_PARAMS][8];
	GByteArray *arrays[PG_VALUES];
	int n_arrays;
};

static void add_value(struct values *v, Oid type, const void *bytes, size_t len)
{
	v->types[v->n] = type;
	v->values[v->n] = bytes;
	v->lengths[v->n] = (int)len;
	v->formats[v->n++] = 1;
}

static void add_list(struct values *v, const struct db_list *list)
{
	for (int c = 0; c < list->columns && v->n < PG_VALUES; c++) {
		GByteArray *array = g_byte_array_new();

		pg_append_array(list, c, array);
		v->arrays[v->n_arrays++] = array;
		/* the SQL has the type */
		add_value(v, 0, array->data, array->len);
	}
}

static void values_init(struct values *v, const struct pgsql_stmt *s)
{
	v->n = v->n_arrays = 0;
	for (int i = 0; i < s->n; i++) {
		const struct pg_param *p = &s->params[i];

		if (p->kind == PG_NUMBER)
			pg_put_number(v->numbers[i], p->n);
		if (p->kind == PG_NUMBER)
			add_value(v, PG_TYPE_INT8, v->numbers[i], sizeof(v->numbers[i]));
		else if (p->kind == PG_NULL || p->kind == PG_LIST)
			/* a list has arrays instead, but keeps its number */
			add_value(v, p->kind == PG_LIST ? PG_TYPE_INT8 : 0, NULL, 0);
		else
			add_value(v, p->kind == PG_TEXT ? PG_TYPE_TEXT : PG_TYPE_BYTEA,
				  p->bytes ? p->bytes : "", p->len);
	}
	for (int i = 0; i < s->n; i++)
		if (s->params[i].kind == PG_LIST)
			add_list(v, s->params[i].list);
}

static void values_release(struct values *v)
{
	for (int i = 0; i < v->n_arrays; i++)
		g_byte_array_free(v->arrays[i], TRUE);
}

static void append_kinds(const struct pgsql_stmt *s, GString *to)
{
	for (int i = 0; i < s->n; i++) {
		const struct pg_param *p = &s->params[i];

		g_string_append_c(to, (char)('0' + (int)p->kind));
		for (int c = 0; p->kind == PG_LIST && c < p->list->columns; c++)
			g_string_append_c(to, (char)('a' + (int)pg_column_kind(p->list, c)));
	}
}

/* Translates the SQL, unless it was for such parameters. */
static void translate(struct pgsql_stmt *s)
{
	GString *kinds = g_string_new(NULL);

	append_kinds(s, kinds);
	if (!s->text->len || !g_string_equal(kinds, s->kinds)) {
		g_string_assign(s->kinds, kinds->str);
		g_string_truncate(s->text, 0);
		pg_translate(s->sql, s->params, s->n, s->text);
	}
	g_string_free(kinds, TRUE);
}

/* One round trip, after the transaction's begin if that is still to be sent. */
static int send(struct pgsql *db, struct pg_conn *conn, const struct pg_command *cmd,
		PGresult **ret, struct error *err)
{
	struct pg_command commands[2] = { { .sql = db->begin }, *cmd };
	PGresult *results[2];
	int skip = db->conn && db->begin ? 0 : 1;

	if (pg_round_trip(conn, commands + skip, 2 - skip, results, &db->wait, err) < 0)
		return -1;
	PQclear(skip ? NULL : results[0]);
	*ret = results[1 - skip];
	if (!skip)
		db->begin = NULL;
	return 0;
}

/*
 * A connection that was lost before the transaction has read anything is
 * replaced by another one, once.
 */
static int send_again(struct pgsql *db, const struct pg_command *cmd, PGresult **ret,
		      struct error *err)
{
	struct error first = { 0 };
	struct pg_conn *conn = db->conn;

	if (!conn)
		conn = pg_conn_take(db->pool, false, db->busy_ms, err);
	if (!conn)
		return -1;
	if (send(db, conn, cmd, ret, &first) == 0) {
		if (!db->conn)
			pg_conn_give(conn);
		return 0;
	}
	if (!pg_conn_lost(conn) || (db->conn && !db->begin) || first.kind != ERR_BUSY) {
		if (!db->conn)
			pg_conn_give(conn);
		if (err && err->kind == ERR_NONE)
			*err = first;
		return -1;
	}
	pg_conn_give(conn);
	conn = pg_conn_take(db->pool, false, db->busy_ms, err);
	if (db->conn)
		db->conn = conn;
	if (!conn)
		return -1;
	if (send(db, conn, cmd, ret, err) < 0) {
		if (!db->conn)
			pg_conn_give(conn);
		return -1;
	}
	if (!db->conn)
		pg_conn_give(conn);
	return 0;
}

static int run(struct pgsql_stmt *s, struct error *err)
{
	struct pgsql *db = (struct pgsql *)s->base.db;
	struct values v;
	struct pg_command cmd;
	int rc;

	/* a statement that is done at once never waits, and so is never checked */
	if (db->wait.check && db->wait.check(db->wait.arg, err) < 0)
		return -1;
	translate(s);
	values_init(&v, s);
	cmd = (struct pg_command) {
		s->text->str, v.n, v.types, v.values, v.lengths, v.formats, true
	};
	db->base.statements++;
	rc = send_again(db, &cmd, &s->result, err);
	values_release(&v);
	if (rc == 0)
		db->changes = strtoll(PQcmdTuples(s->result), NULL, 10);
	s->row = -1;
	return rc;
}

static void pgsql_reset(struct stmt *base)
{
	struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	PQclear(s->result);
	s->result = NULL;
}

static int pgsql_step(struct stmt *base, struct error *err)
{
	struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	if (!s->result && run(s, err) < 0)
		return -1;
	if (++s->row < PQntuples(s->result))
		return 1;
	pgsql_reset(base);
	return 0;
}

static int64_t pgsql_changes(struct db *base)
{
	return ((struct pgsql *)base)->changes;
}

/* ---- columns ---- */

static int64_t pgsql_get_int(struct stmt *base, int column)
{
	const struct pgsql_stmt *s = (struct pgsql_stmt *)base;
	const unsigned char *at = (const unsigned char *)PQgetvalue(s->result, s->row, column);
	int len = PQgetlength(s->result, s->row, column);
	uint64_t n = 0;

	if (PQgetisnull(s->result, s->row, column))
		return 0;
	if (PQftype(s->result, column) == PG_TYPE_TEXT)
		return strtoll((const char *)at, NULL, 10);
	/* extend the sign */
	if (len > 1 && at[0] & 0x80)
		n = UINT64_MAX;
	for (int i = 0; i < len; i++)
		n = n << 8 | at[i];
	return (int64_t)n;
}

static const char *pgsql_get_text(struct stmt *base, int column, size_t *ret_len)
{
	const struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	*ret_len = (size_t)PQgetlength(s->result, s->row, column);
	return PQgetisnull(s->result, s->row, column) ? NULL
						      : PQgetvalue(s->result, s->row, column);
}

static const void *pgsql_get_blob(struct stmt *base, int column, size_t *ret_len)
{
	const char *bytes = pgsql_get_text(base, column, ret_len);

	return bytes ? bytes : "";
}

/* ---- transactions ---- */

/*
 * All writers of a ledger take this lock, so that only one of them writes. It
 * is the number of the table `meta`, which each ledger has.
 */
#define LOCK                                                                       \
	"SELECT pg_advisory_xact_lock(COALESCE(to_regclass('meta')::oid::bigint, " \
	"0))"
#define LOCK_XID "SELECT pg_current_xact_id()::text"

/*
 * The settings of a session do not hold behind a pooler, so each write makes
 * sure that its commit is durable.
 */
#define DURABLE                                                    \
	"SELECT set_config('synchronous_commit', 'on', true)"      \
	" WHERE current_setting('synchronous_commit') IN ('off', " \
	"'local')"

static int try_write(struct pgsql *db, struct error *err)
{
	char timeout[64];
	struct pg_command commands[] = {
		{ .sql = "BEGIN" },
		{ .sql = timeout },
		{ .sql = LOCK, .prepare = true },
		{ .sql = LOCK_XID, .prepare = true },
		{ .sql = DURABLE },
	};
	const int n = pg_pool_prepares() ? 4 : 5;
	PGresult *results[5];

	g_snprintf(timeout, sizeof(timeout), "SET LOCAL lock_timeout = %" PRId64, db->busy_ms);
	db->conn = pg_conn_take(db->pool, true, db->busy_ms, err);
	if (!db->conn)
		return -1;
	if (pg_round_trip(db->conn, commands, n, results, &db->wait, err) < 0) {
		db_rollback(&db->base);
		return -1;
	}
	g_strlcpy(db->xid, PQgetvalue(results[3], 0, 0), sizeof(db->xid));
	for (int i = 0; i < n; i++)
		PQclear(results[i]);
	db->writes = true;
	return 0;
}

static int begin_write(struct pgsql *db, struct error *err)
{
	for (int times = 0;; times++) {
		struct error own = { 0 };

		if (try_write(db, &own) == 0)
			return 0;
		if (own.kind != ERR_BUSY || !db->retry || !db->retry(db->retry_arg, times)) {
			if (err && err->kind == ERR_NONE)
				*err = own;
			return -1;
		}
	}
}

static int pgsql_begin(struct db *base, bool write, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;

	db->transactions++;
	if (write)
		return begin_write(db, err);
	db->conn = pg_conn_take(db->pool, false, db->busy_ms, err);
	if (!db->conn)
		return -1;
	db->begin = begin_read;
	db->writes = false;
	return 0;
}

static void end(struct pgsql *db)
{
	GHashTableIter all;
	void *s;

	g_hash_table_iter_init(&all, db->stmts);
	while (g_hash_table_iter_next(&all, NULL, &s))
		pgsql_reset(s);
	pg_conn_give(db->conn);
	db->conn = NULL;
	db->begin = NULL;
}

static void pgsql_rollback(struct db *base)
{
	struct pgsql *db = (struct pgsql *)base;

	if (!db->conn)
		return;
	if (!db->begin && !pg_conn_lost(db->conn))
		pg_post(db->conn, "ROLLBACK");
	end(db);
}

/*
 * The outcome of a commit whose answer was lost. 1 committed, 0 not, -1 nobody
 * knows.
 */
static int ask_outcome(struct pgsql *db, struct error *err)
{
	struct pgsql_stmt *s;
	const char *status;
	const int64_t until_ms = now_ms() + STATUS_MS;
	size_t len;
	int rc = -1;

	while (rc < 0 && now_ms() < until_ms) {
		s = (struct pgsql_stmt *)pgsql_prepare(&db->base, "SELECT pg_xact_status(?1::xid8)",
						       NULL);
		pgsql_bind_text(&s->base, 1, db->xid, strlen(db->xid));
		if (pgsql_step(&s->base, NULL) > 0 &&
		    (status = pgsql_get_text(&s->base, 0, &len)) != NULL &&
		    strcmp(status, "in progress") != 0)
			rc = strcmp(status, "committed") == 0;
		pgsql_reset(&s->base);
		if (rc < 0)
			pause_ms(STATUS_PAUSE_MS);
	}
	return rc < 0 ? error_set(err, ERR_BUSY, NULL,
				  "the database went away while it stored this: it may or may not "
				  "be stored; send it again")
		      : rc;
}

static int pgsql_commit(struct db *base, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;
	struct error own = { 0 };
	PGresult *r;
	bool lost;
	int rc;

	if (db->begin) {
		end(db);
		return 0;
	}
	rc = pg_round_trip(db->conn, &(struct pg_command) { .sql = "COMMIT" }, 1, &r, &db->wait,
			   &own);
	lost = pg_conn_lost(db->conn);
	/* a transaction that failed ends with ROLLBACK, which is no error */
	if (rc == 0 && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		rc = error_set(&own, ERR_INTERNAL, NULL,
			       "the write was undone, because a statement in it had failed");
	PQclear(r);
	end(db);
	if (rc < 0 && lost && db->writes) {
		rc = ask_outcome(db, err);
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

	if (conn && db->begin) {
		if (pg_script(conn, db->begin, &db->wait, err) < 0)
			return -1;
		db->begin = NULL;
	}
	if (!conn)
		conn = pg_conn_take(db->pool, false, db->busy_ms, err);
	if (!conn)
		return -1;
	rc = pg_script(conn, sql, &db->wait, err);
	if (!db->conn)
		pg_conn_give(conn);
	return rc;
}

/* ---- schema ---- */

static int pgsql_schema_version(struct db *base, int64_t *ret, struct error *err)
{
	struct stmt *s = pgsql_prepare(base, "SELECT to_regclass('meta') IS NOT NULL", err);
	int rc = pgsql_step(s, err);
	bool any = rc > 0 && pgsql_get_int(s, 0);

	pgsql_reset(s);
	*ret = 0;
	if (rc < 0 || !any)
		return rc < 0 ? -1 : 0;
	s = pgsql_prepare(base, "SELECT value FROM meta WHERE name = 'schema'", err);
	rc = pgsql_step(s, err);
	if (rc > 0)
		*ret = pgsql_get_int(s, 0);
	pgsql_reset(s);
	return rc < 0 ? -1 : 0;
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
	.cache = pgsql_cache,
	.data_version = pgsql_data_version,
	.durable = pgsql_durable,
	.server = pgsql_server,
	.limit = pg_pool_limit,
	.pool = pg_pool_state,
	.reach = pgsql_reach,
	.copy = no_copy,
	.schema_version = pgsql_schema_version,
	.set_schema_version = pgsql_set_schema_version,
	.layout = &layout_pgsql,
	.schema = schema_pgsql,
	.n_schema = &schema_n_pgsql,
	.begin = pgsql_begin,
	.commit = pgsql_commit,
	.rollback = pgsql_rollback,
	.exec = pgsql_exec,
	.prepare = pgsql_prepare,
	.bind_int = pgsql_bind_int,
	.bind_text = pgsql_bind_text,
	.bind_blob = pgsql_bind_blob,
	.bind_list = pgsql_bind_list,
	.step = pgsql_step,
	.reset = pgsql_reset,
	.changes = pgsql_changes,
	.get_int = pgsql_get_int,
	.get_text = pgsql_get_text,
	.get_blob = pgsql_get_blob,
};
