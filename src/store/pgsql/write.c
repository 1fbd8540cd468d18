#include "store/pgsql/write.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "store/pgsql/conn_pool.h"
#include "store/pgsql/values.h"
#include "base/civil.h"
#include "base/banned.h"

enum {
	STATUS_MS = 10000,    /* to ask for the outcome of a commit */
	STATUS_PAUSE_MS = 250 /* between two questions, at most */
};

/*
 * The lock of a ledger is the number of the table `meta`, which each ledger has,
 * or, when a ledger is being made, that of its schema.
 */
#define LEDGER_KEY                                   \
	"COALESCE(to_regclass('meta')::oid::bigint," \
	" -quote_ident(current_schema())::regnamespace::oid::bigint)"
#define LOCK        "SELECT pg_advisory_xact_lock(" LEDGER_KEY ")"
#define LOCK_SHARED "SELECT pg_advisory_xact_lock_shared(" LEDGER_KEY ")"
#define LOCK_PARTS                                                            \
	"SELECT pg_advisory_xact_lock(to_regclass('meta')::oid::int, k) FROM" \
	" (SELECT DISTINCT (u & 2147483647)::int AS k FROM unnest($1::bigint[]) u ORDER BY k) p"
/*
 * Nobody else waits for rows long then, so that a lock of the server's own may
 * take as long as it takes, which is longer than a test's patience. A writer that
 * has stopped must not keep its locks for ever.
 */
#define LOCK_XID                                                         \
	"SELECT pg_current_xact_id()::text, pg_postmaster_start_time()," \
	" set_config('lock_timeout', '30s', true),"                      \
	" set_config('idle_in_transaction_session_timeout', '60s', true)"
#define CRASH_MARK    "(SELECT mark::text FROM crash_mark WHERE id = 1)"
#define LOCK_XID_MARK LOCK_XID ", " CRASH_MARK
const char pg_write_mark[] =
	"INSERT INTO crash_mark (id, mark) VALUES (1, (random() * 9e18)::bigint) ON CONFLICT"
	" DO NOTHING";

/*
 * The settings of a session do not hold behind a pooler, so each write makes
 * sure that its commit is durable.
 */
#define DURABLE                                                    \
	"SELECT set_config('synchronous_commit', 'on', true)"      \
	" WHERE current_setting('synchronous_commit') IN ('off', " \
	"'local')"

/* What it reads behind its locks must be what the writer before it has left. */
static const char begin[] = "BEGIN ISOLATION LEVEL READ COMMITTED";

enum { BEGIN_COMMANDS = 7 };

/* The commands that begin a write. Returns how many; *RET_XID: which one has LOCK_XID's row. */
static int begin_commands(const struct pg_write *w, const struct pg_values *parts,
			  struct pg_command commands[BEGIN_COMMANDS], int *ret_xid)
{
	int n = 2;

	commands[n++] = (struct pg_command) { .sql = parts ? LOCK_SHARED : LOCK, .prepare = true };
	if (parts)
		commands[n++] = pg_values_command(parts, LOCK_PARTS);
	*ret_xid = n;
	/* a ledger that is being made has no crash mark */
	commands[n++] = (struct pg_command) { .sql = w->sql ? LOCK_XID_MARK : LOCK_XID,
					      .prepare = true };
	if (w->sql)
		commands[n++] = (struct pg_command) { .sql = w->sql, .prepare = true };
	if (!pg_pool_prepares())
		commands[n++] = (struct pg_command) { .sql = DURABLE };
	return n;
}

static void take_identity(struct pg_write *w, const PGresult *r)
{
	enum { XID, SERVER, MARK = 4 }; /* columns of LOCK_XID_MARK */
	const char *mark = PQnfields(r) > MARK ? PQgetvalue(r, 0, MARK) : "";

	g_strlcpy(w->xid, PQgetvalue(r, 0, XID), sizeof(w->xid));
	w->server = pg_number_of(r, 0, SERVER);
	g_strlcpy(w->mark, mark, sizeof(w->mark));
	w->marks = PQnfields(r) > MARK && !*mark;
}

int pg_write_begin(struct pg_write *w, struct pg_conn *conn, int64_t lock_ms,
		   const struct pg_wait *wait, PGresult **ret_rows, struct error *err)
{
	char timeout[64];
	struct pg_command commands[BEGIN_COMMANDS] = { { .sql = begin, .prepare = true },
						       { .sql = timeout } };
	PGresult *results[BEGIN_COMMANDS];
	struct pg_values parts = { 0 };
	int n, xid, rc;

	/* 0 would be for ever */
	g_snprintf(timeout, sizeof(timeout), "SET LOCAL lock_timeout = %" PRId64, MAX(lock_ms, 1));
	if (w->parts)
		pg_values_init_array(&parts, w->parts->list, w->parts->n);
	n = begin_commands(w, w->parts ? &parts : NULL, commands, &xid);
	rc = pg_round_trip(conn, commands, n, results, wait, err);
	*ret_rows = NULL;
	if (rc == 0) {
		take_identity(w, results[xid]);
		if (w->sql) {
			*ret_rows = results[xid + 1];
			results[xid + 1] = NULL;
		}
	}
	pg_values_release(&parts);
	pg_clear(results, n);
	return rc;
}

/* ---- the outcome ---- */

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec) { ms / 1000, ms % 1000 * 1000000L }, NULL);
}

/* What became of a transaction whose commit has had no answer. */
enum outcome { OUTCOME_ABORTED, OUTCOME_COMMITTED, OUTCOME_UNKNOWN, OUTCOME_OPEN /* so far */ };

static bool text_is(struct stmt *s, int column, const char *text)
{
	size_t len;
	const char *have = db_get_text(s, column, &len);

	return have && strcmp(have, text) == 0;
}

/*
 * That it was aborted is true whoever the number belongs to: if it belongs to
 * another transaction now, this one was not committed.
 */
static enum outcome look_at_outcome(const struct pg_write *w, struct db *db)
{
	/* a ledger that was being made may not be there, and has no mark then */
	struct stmt *s = db_prepare(db,
				    *w->mark ? "SELECT pg_xact_status(?1::xid8), " CRASH_MARK
					     : "SELECT pg_xact_status(?1::xid8), ''",
				    NULL);
	enum outcome ret = OUTCOME_OPEN;

	db_bind_str(s, 1, w->xid);
	if (db_step(s, NULL) <= 0)
		return ret;
	if (text_is(s, 0, "aborted"))
		ret = OUTCOME_ABORTED;
	else if (text_is(s, 0, "committed"))
		ret = *w->mark && text_is(s, 1, w->mark) ? OUTCOME_COMMITTED : OUTCOME_UNKNOWN;
	db_reset(s);
	return ret;
}

int pg_write_outcome(const struct pg_write *w, struct db *db, struct error *err)
{
	const int64_t until_ms = monotonic_ms() + STATUS_MS;
	enum outcome outcome = OUTCOME_OPEN;

	/* the server soon sees that the client is gone, unless it is away itself */
	for (int pause = 5; outcome == OUTCOME_OPEN && monotonic_ms() < until_ms;
	     pause = MIN(2 * pause, STATUS_PAUSE_MS)) {
		outcome = look_at_outcome(w, db);
		if (outcome == OUTCOME_OPEN)
			pause_ms(pause);
	}
	return outcome > OUTCOME_COMMITTED
		       ? error_set(err, ERR_BUSY, NULL,
				   "the database went away while it stored this: it may or may not "
				   "be stored; send it again")
		       : outcome == OUTCOME_COMMITTED;
}
