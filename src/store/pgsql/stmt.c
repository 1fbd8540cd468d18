/*
 * stmt.c - the statements of a session with PostgreSQL: parameters, round trips,
 * statements that are sent later, guesses and columns. A statement runs when its
 * first row is asked for, and holds all its rows.
 */
#include "store/pgsql/stmt.h"

#include <stdlib.h>
#include "store/pgsql/conn_pool.h"
#include "store/pgsql/types.h"
#include "store/pgsql/values.h"
#include "base/civil.h"
#include "base/banned.h"

/* A statement of db_later, or one whose answer was guessed. */
struct pending {
	struct pgsql_stmt *stmt;
	char *sql;
	struct pg_values values;
	pgsql_found *found;    /* or NULL */
	const PGresult *guess; /* or NULL */
};

/*
 * What the transaction sees, which equal texts say is the same; but a standby
 * does not say all, and the coordinator of a distributed ledger does not say
 * what other servers have committed since. A read waits only for a lock of a
 * whole table, such as that of an upgrade: not for long, so that it is told why.
 */
#define BEGUN            ", pg_postmaster_start_time(), set_config('lock_timeout', '10s', true)"
#define SNAPSHOT_UNKNOWN "SELECT ''" BEGUN
#define SNAPSHOT                                            \
	"SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE" \
	" pg_current_snapshot()::text END" BEGUN

/* ---- statements ---- */

void pgsql_reset(struct stmt *base)
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

void pgsql_statements_init(struct pgsql *db)
{
	db->snapshot = g_string_new(NULL);
	db->stmts = g_hash_table_new_full(NULL, NULL, NULL, stmt_free);
	db->later = g_ptr_array_new_with_free_func(pending_free);
	db->answers = pg_answers_new();
}

void pgsql_statements_release(struct pgsql *db)
{
	g_hash_table_destroy(db->stmts);
	g_string_free(db->snapshot, TRUE);
	g_ptr_array_free(db->later, TRUE);
	pg_answers_free(db->answers);
}

/* Connections are shared with writers, so that the server can't say it. */
int pgsql_refuse_write(struct error *err)
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

struct stmt *pgsql_prepare(struct db *base, const char *sql, struct error *err)
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
		pgsql_refuse_write(err);
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

void pgsql_guess(struct stmt *s)
{
	((struct pgsql_stmt *)s)->guess = true;
}

void pgsql_bind_int(struct stmt *s, int n, int64_t value)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_NUMBER, .n = value };
}

void pgsql_bind_text(struct stmt *s, int n, const char *text, size_t len)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_TEXT, .bytes = text, .len = len };
}

void pgsql_bind_blob(struct stmt *s, int n, const void *bytes, size_t len)
{
	*param_of(s, n) = (struct pg_param) { .kind = PG_BLOB, .bytes = bytes, .len = len };
}

void pgsql_bind_list(struct stmt *s, int n, const struct db_list *list)
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

/*
 * R: the server, and what the reader that begins sees. If that is what the reader
 * before it saw, the version is that one's.
 */
static int note_begin(struct pgsql *db, const PGresult *r, struct error *err)
{
	const char *text = PQgetvalue(r, 0, 0);

	if (pgsql_note_server(db, pg_number_of(r, 0, 1), err) < 0)
		return -1;
	if (*text && strcmp(text, db->snapshot->str) == 0)
		db->versions--;
	g_string_assign(db->snapshot, text);
	return 0;
}

/* The next reader's version is new, whatever it sees: guesses may have been kept. */
static void forget_snapshot(struct pgsql *db)
{
	g_string_truncate(db->snapshot, 0);
}

int pgsql_send(struct pgsql *db, struct pg_conn *conn, const struct pg_command *cmd, PGresult **ret,
	       struct error *err)
{
	int n = 0, first, last = (int)db->later->len + 2;
	struct pg_command *commands = g_new(struct pg_command, last + 1);
	PGresult **results = g_new0(PGresult *, last + 1);
	struct error own = { 0 };
	bool begins = db->conn && db->begin, reads = begins && !db->writes;
	int rc;

	db->base.statements++;
	if (begins)
		commands[n++] = (struct pg_command) { .sql = db->begin, .prepare = true };
	if (reads)
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
	if (rc == 0 && reads)
		rc = note_begin(db, results[1], err);
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
	if (pgsql_send(db, conn, cmd, ret, &first) == 0) {
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
	if (pgsql_send(db, conn, cmd, ret, err) < 0) {
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

int pgsql_step(struct stmt *base, struct error *err)
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

int pgsql_later(struct stmt *s, struct error *err)
{
	return pgsql_expect_none(s, NULL, err);
}

int pgsql_flush(struct db *base, struct error *err)
{
	struct pgsql *db = (struct pgsql *)base;

	if (db->base.misled)
		return fail_misled(err);
	return db->conn && db->later->len ? pgsql_send(db, db->conn, NULL, NULL, err) : 0;
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

int64_t pgsql_changes(struct db *base)
{
	return ((struct pgsql *)base)->changes;
}

void pgsql_statements_end(struct pgsql *db)
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
	db->base.misled = false;
}

/* ---- columns ---- */

int64_t pgsql_get_int(struct stmt *base, int column)
{
	const struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	return pg_number_of(s->result, s->row, column);
}

const char *pgsql_get_text(struct stmt *base, int column, size_t *ret_len)
{
	const struct pgsql_stmt *s = (struct pgsql_stmt *)base;

	*ret_len = (size_t)PQgetlength(s->result, s->row, column);
	return PQgetisnull(s->result, s->row, column) ? NULL
						      : PQgetvalue(s->result, s->row, column);
}

const void *pgsql_get_blob(struct stmt *base, int column, size_t *ret_len)
{
	const char *bytes = pgsql_get_text(base, column, ret_len);

	return bytes ? bytes : "";
}
