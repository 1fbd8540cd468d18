/*
 * db.c - the driver for PostgreSQL. A transaction borrows a connection of the
 * database's pool. A statement runs when its first row is asked for, and holds
 * all its rows.
 */
#include "store/db_driver.h"

#include <stdlib.h>
#include "store/pgsql/answers.h"
#include "store/pgsql/conn_pool.h"
#include "store/pgsql/fault.h"
#include "store/pgsql/state.h"
#include "store/pgsql/driver.h"
#include "store/pgsql/sql.h"
#include "store/pgsql/types.h"
#include "store/pgsql/values.h"
#include "store/pgsql/write.h"
#include "store/layout.h"
#include "store/schema.h"
#include "base/civil.h"
#include "base/settings.h"
#include "base/banned.h"

enum {
	PATIENCE_MS = 30000 /* longer than any statement of a request takes */
};

struct pgsql {
	struct db base;
	struct pg_pool *pool;
	struct pg_conn *conn;  /* of the transaction; NULL: there is none */
	bool writes;           /* the transaction */
	bool read_only;        /* was opened so */
	bool lost;             /* the connection, when the last write began */
	const char *begin;     /* to send before the first statement; NULL: sent */
	struct pg_write write; /* the last one */
	int64_t busy_ms;
	struct pg_wait wait;
	/* the read: waited for answers, and since when again; 0: it does not */
	int64_t waited_ms, since_ms;
	int (*retry)(void *arg, int times); /* db_wait_with */
	void *retry_arg;
	int64_t changes;
	int64_t server; /* pg_write.server when it was opened */
	/* transactions, without those whose snapshot was that of the one before */
	int64_t versions;
	GString *snapshot;          /* of the last reader; "": unknown */
	GHashTable *stmts;          /* struct pgsql_stmt by address of the SQL */
	GPtrArray *later;           /* struct pending: statements that are still to be sent */
	struct pg_answers *answers; /* to statements of db_guess */
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
	bool guess;    /* see db_guess */
	bool borrowed; /* the result is one of pgsql.answers */
};

/* A statement of db_later, or one whose answer was guessed. */
struct pending {
	struct pgsql_stmt *stmt;
	char *sql;
	struct pg_values values;
	pgsql_found *found;    /* or NULL */
	const PGresult *guess; /* or NULL */
};

static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/*
 * What the transaction sees, which equal texts say is the same; but a standby
 * does not say all, and the coordinator of a distributed ledger does not say
 * what other servers have committed since.
 */
#define SERVER           ", pg_postmaster_start_time()"
#define SNAPSHOT_UNKNOWN "SELECT ''" SERVER
#define SNAPSHOT                                            \
	"SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE" \
	" pg_current_snapshot()::text END" SERVER

/* ---- connections ---- */

static void pgsql_reset(struct stmt *base)
{
	struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	if (!s->borrowed)
		PQclear(s->result);
	s->borrowed = false;
	s->result = NULL;
}

static void stmt_free(void *stmt)
{
	struct pgsql_stmt *s = stmt;

	pgsql_reset(&s->base);
	g_string_free(s->text, TRUE);
	g_string_free(s->kinds, TRUE);
	g_free(s);
}

static void pending_free(void *pending)
{
	struct pending *p = pending;

	pg_values_release(&p->values);
	g_free(p->sql);
	g_free(p);
}

static void pgsql_close(struct db *base)
{
	struct pgsql *db = (struct pgsql *)base;

	db->base.driver->rollback(base);
	g_hash_table_destroy(db->stmts);
	g_string_free(db->snapshot, TRUE);
	g_ptr_array_free(db->later, TRUE);
	pg_answers_free(db->answers);
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

/* SERVER: of a transaction that begins. -1: it is not that of the ones before. */
static int note_server(struct pgsql *db, int64_t server, struct error *err)
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
	db->snapshot = g_string_new(NULL);
	db->stmts = g_hash_table_new_full(NULL, NULL, NULL, stmt_free);
	db->later = g_ptr_array_new_with_free_func(pending_free);
	db->answers = pg_answers_new();
	*ret = &db->base;
	if (read_server(db, err) == 0 && db_schema_version(*ret, &version, err) == 0) {
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

static int64_t pgsql_waited_ms(struct db *base)
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

/* ---- statements ---- */

/* Connections are shared with writers, so that the server can't say it. */
static int refuse_write(struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL, "the ledger was opened read-only");
}

static bool is_read(const char *sql)
{
	static const char *const words[] = { "SELECT ", "WITH ", "DECLARE ", "FETCH ", "CLOSE " };

	sql += strspn(sql, "(");
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strncmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

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
	if (db->read_only && !is_read(sql)) {
		refuse_write(err);
		return NULL;
	}
	if (s->n > PG_PARAMS) {
		error_set(err, ERR_INTERNAL, NULL, "a statement has too many parameters");
		return NULL;
	}
	base->driver->reset(&s->base);
	s->guess = false;
	memset(s->params, 0, sizeof(s->params));
	return &s->base;
}

static struct pg_param *param_of(struct stmt *base, int n)
{
	return &((struct pgsql_stmt *)base)->params[n - 1];
}

static void pgsql_guess(struct stmt *s)
{
	((struct pgsql_stmt *)s)->guess = true;
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

static void append_kinds(const struct pgsql_stmt *s, GString *to)
{
	for (int i = 0; i < s->n; i++) {
		const struct pg_param *p = &s->params[i];

		g_string_append_c(to, (char)('0' + (int)p->kind));
		for (int c = 0; p->kind == PG_LIST && c < p->list->columns; c++)
			g_string_append_c(to, (char)('a' + (int)pg_column_kind(p->list, c)));
		/* of none and of one, at() differs */
		if (p->kind == PG_LIST && p->list->n < 2)
			g_string_append_c(to, p->list->n ? 'x' : 'y');
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

static int fail_misled(struct error *err)
{
	return error_set(err, ERR_BUSY, NULL, "the ledger has changed meanwhile: try again");
}

/*
 * Compares the answer R with what was guessed. Keeps R and sets it to NULL if it
 * differs. R is NULL: there is no answer, so that the guess may be wrong.
 */
static void check_guess(struct pgsql *db, const struct pending *p, PGresult **r)
{
	struct pg_command question = pg_values_command(&p->values, p->sql);

	if (*r && pg_answers_equal(*r, p->guess))
		return;
	if (*r)
		pg_answers_keep(db->answers, &question, *r);
	*r = NULL;
	db->base.misled = true;
}

/* Looks at the answers of statements that should have no rows, or were guessed. */
static int check_later(struct pgsql *db, PGresult **results, struct error *err)
{
	int rc = 0;

	for (guint i = 0; i < db->later->len; i++) {
		const struct pending *p = g_ptr_array_index(db->later, i);

		if (p->guess)
			check_guess(db, p, &results[i]);
		if (rc < 0 || !p->found || !results[i] || !PQntuples(results[i]))
			continue;
		pgsql_reset(&p->stmt->base);
		p->stmt->result = results[i];
		p->stmt->row = 0;
		rc = p->found(&p->stmt->base, err);
		pgsql_reset(&p->stmt->base);
		results[i] = NULL;
	}
	return rc;
}

/* A reader sees what the reader before it saw: then the version is that one's. */
static void note_snapshot(struct pgsql *db, const PGresult *r)
{
	const char *text = PQgetvalue(r, 0, 0);

	if (*text && strcmp(text, db->snapshot->str) == 0)
		db->versions--;
	g_string_assign(db->snapshot, text);
}

/* The next reader's version is new, whatever it sees: guesses may have been kept. */
static void forget_snapshot(struct pgsql *db)
{
	g_string_truncate(db->snapshot, 0);
}

/*
 * One round trip: the transaction's begin if that is still to be sent, for a
 * reader its snapshot, the statements of db_later, and CMD.
 */
static int send(struct pgsql *db, struct pg_conn *conn, const struct pg_command *cmd,
		PGresult **ret, struct error *err)
{
	int n = 0, first, last = (int)db->later->len + 2;
	struct pg_command *commands = g_new(struct pg_command, last + 1);
	PGresult **results = g_new0(PGresult *, last + 1);
	struct error own = { 0 };
	bool begins = db->conn && db->begin;
	int rc;

	db->base.statements++;
	if (begins)
		commands[n++] = (struct pg_command) { .sql = db->begin, .prepare = true };
	if (begins && !db->writes)
		commands[n++] = (struct pg_command) { .sql = db->base.distributed ? SNAPSHOT_UNKNOWN
										  : SNAPSHOT,
						      .prepare = true };
	first = n;
	for (guint i = 0; db->conn && i < db->later->len; i++) {
		const struct pending *p = g_ptr_array_index(db->later, i);

		commands[n] = pg_values_command(&p->values, p->sql);
		commands[n++].late = true;
	}
	if (cmd)
		commands[n++] = *cmd;
	db->since_ms = monotonic_ms();
	rc = n ? pg_round_trip(conn, commands, n, results, &db->wait, &own) : 0;
	db->waited_ms = pgsql_waited_ms(&db->base);
	db->since_ms = 0;
	if (db->conn && check_later(db, results + first, err) < 0)
		rc = -1;
	else if (rc < 0 && err && err->kind == ERR_NONE)
		*err = own;
	if (rc == 0 && db->base.misled)
		rc = fail_misled(err);
	if (rc == 0 && begins && !db->writes)
		rc = note_server(db, pg_number_of(results[1], 0, 1), err);
	if (rc == 0 && begins && !db->writes)
		note_snapshot(db, results[1]);
	if (rc < 0)
		forget_snapshot(db);
	if (rc == 0 && cmd) {
		*ret = results[n - 1];
		results[n - 1] = NULL;
	}
	/* also if a statement behind it has failed, so that it will be ended */
	if (db->conn && !pg_conn_lost(conn))
		db->begin = NULL;
	if (db->conn && !(begins && pg_conn_lost(conn)))
		g_ptr_array_set_size(db->later, 0);
	pg_clear(results, n);
	g_free(results);
	g_free(commands);
	return rc;
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
		conn = pg_pool_take(db->pool, false, db->busy_ms, err);
	if (!conn)
		return -1;
	if (send(db, conn, cmd, ret, &first) == 0) {
		if (!db->conn)
			pg_pool_give(conn);
		return 0;
	}
	if (!pg_conn_lost(conn) || (db->conn && !db->begin) || first.kind != ERR_BUSY) {
		if (!db->conn)
			pg_pool_give(conn);
		if (err && err->kind == ERR_NONE)
			*err = first;
		return -1;
	}
	pg_pool_give(conn);
	pg_pool_drop_idle(db->pool);
	conn = pg_pool_take(db->pool, false, db->busy_ms, err);
	if (db->conn)
		db->conn = conn;
	if (!conn)
		return -1;
	if (send(db, conn, cmd, ret, err) < 0) {
		if (!db->conn)
			pg_pool_give(conn);
		return -1;
	}
	if (!db->conn)
		pg_pool_give(conn);
	return 0;
}

static void add_pending(struct pgsql_stmt *s, pgsql_found *found, const PGresult *guess)
{
	struct pgsql *db = (struct pgsql *)s->base.db;
	struct pending *p = g_new0(struct pending, 1);

	translate(s);
	pg_values_init(&p->values, s->params, s->n);
	pg_values_keep(&p->values, s->params, s->n);
	p->stmt = s;
	p->sql = g_strdup(s->text->str);
	p->found = found;
	p->guess = guess;
	g_ptr_array_add(db->later, p);
}

/* Gives S the answer of an earlier read, if there is one. */
static bool guess(struct pgsql_stmt *s, const struct pg_command *cmd)
{
	struct pgsql *db = (struct pgsql *)s->base.db;
	const PGresult *known = pg_answers_find(db->answers, cmd);

	if (!known)
		return false;
	s->result = (PGresult *)known;
	s->borrowed = true;
	add_pending(s, NULL, known);
	return true;
}

static int run(struct pgsql_stmt *s, struct error *err)
{
	struct pgsql *db = (struct pgsql *)s->base.db;
	struct pg_values v;
	struct pg_command cmd;
	bool may_guess = s->guess && db->base.guesses && db->conn && !db->writes;
	int rc = 0;

	if (db->base.misled)
		return fail_misled(err);

	/* a statement that is done at once never waits, and so is never checked */
	if (db->wait.check && db->wait.check(db->wait.arg, err) < 0)
		return -1;
	translate(s);
	pg_values_init(&v, s->params, s->n);
	cmd = pg_values_command(&v, s->text->str);
	if (!may_guess || !guess(s, &cmd)) {
		rc = send_again(db, &cmd, &s->result, err);
		if (rc == 0 && may_guess)
			pg_answers_keep(db->answers, &cmd,
					PQcopyResult(s->result,
						     PG_COPYRES_ATTRS | PG_COPYRES_TUPLES));
	}
	pg_values_release(&v);
	if (rc == 0)
		db->changes = strtoll(PQcmdTuples(s->result), NULL, 10);
	s->row = -1;
	return rc;
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

/* ---- statements that are sent later ---- */

int pgsql_expect_none(struct stmt *base, pgsql_found *found, struct error *err)
{
	struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	if (!s)
		return -1;
	if (!((struct pgsql *)base->db)->conn) { /* outside a write */
		int rc = pgsql_step(base, err);

		if (rc > 0 && found)
			rc = found(base, err);
		pgsql_reset(base);
		return rc < 0 ? -1 : 0;
	}
	add_pending(s, found, NULL);
	return 0;
}

static int pgsql_later(struct stmt *s, struct error *err)
{
	return pgsql_expect_none(s, NULL, err);
}

static int pgsql_flush(struct db *base, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;

	if (db->base.misled)
		return fail_misled(err);
	return db->conn && db->later->len ? send(db, db->conn, NULL, NULL, err) : 0;
}

int pgsql_copy_begin(struct db *base, const char *sql, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;

	if (pgsql_flush(base, err) < 0)
		return -1;
	db->base.statements++;
	return pg_copy_start(db->conn, sql, &db->wait, err);
}

int pgsql_copy_end(struct db *base, const GByteArray *bytes, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;

	db->base.statements++;
	return pg_copy_finish(db->conn, bytes, &db->wait, err);
}

static int64_t pgsql_changes(struct db *base)
{
	return ((struct pgsql *)base)->changes;
}

/* ---- columns ---- */

static int64_t pgsql_get_int(struct stmt *base, int column)
{
	const struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	return pg_number_of(s->result, s->row, column);
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

static int try_write(struct pgsql *db, PGresult **ret_rows, struct error *err)
{
	int rc;

	db->conn = pg_pool_take(db->pool, true, db->busy_ms, err);
	if (!db->conn)
		return -1;
	db->base.statements++;
	rc = pg_write_begin(&db->write, db->conn, db->busy_ms, &db->wait, ret_rows, err);
	db->lost = rc < 0 && pg_conn_lost(db->conn);
	if (rc == 0 && note_server(db, db->write.server, err) < 0) {
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
		return refuse_write(err);
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
	GHashTableIter all;
	void *s;

	g_hash_table_iter_init(&all, db->stmts);
	while (g_hash_table_iter_next(&all, NULL, &s))
		pgsql_reset(s);
	if (db->later->len)
		forget_snapshot(db);
	g_ptr_array_set_size(db->later, 0);
	pg_answers_trim(db->answers);
	pg_pool_give(db->conn);
	db->conn = NULL;
	db->begin = NULL;
	db->base.misled = false;
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
	rc = send(db, db->conn, &(struct pg_command) { .sql = "COMMIT", .prepare = true }, &r,
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
	struct stmt *s = pgsql_prepare(base, "SELECT to_regclass('meta') IS NOT NULL", err);
	int rc = pgsql_step(s, err);
	bool any = rc > 0 && pgsql_get_int(s, 0);

	pgsql_reset(s);
	*ret = 0;
	if (rc < 0 || !any)
		return rc < 0 ? -1 : 0;
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
