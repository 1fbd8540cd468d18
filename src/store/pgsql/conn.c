#include "store/pgsql/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "store/pgsql/fault.h"
#include "base/civil.h"
#include "base/banned.h"

enum {
	CHECK_MS = 50,     /* between two calls of a check */
	SESSION_MS = 5000, /* for the settings of a new session */
	PREPARED = 1000    /* commands kept prepared on a connection */
};

struct pg_conn {
	struct pg_place place;
	PGconn *pg;
	pg_heard *heard;
	bool prepares;
	bool spoilt;       /* see pg_conn_spoilt */
	int debt;          /* answers of posted commands that nobody has read */
	GHashTable *names; /* of prepared commands, by their text and types */
	GPtrArray *unsure; /* keys of names that no answer has confirmed */
};

static int fail_conn(struct pg_conn *c, const char *sql, struct error *err)
{
	return pg_fail("08006", PQerrorMessage(c->pg), sql, err);
}

/* ---- connections ---- */

static void ignore_notice(void *arg, const PGresult *r)
{
	(void)arg, (void)r;
}

/*
 * Settings of each session. A commit is durable whatever the database's default
 * says. The server ends the work for a client that is gone, or whose machine is.
 * Statements are planned once, without the values of their parameters: each is
 * written so that one plan is right for all values. A plan that is made while a
 * table is empty must be right when it is large: so no table is read from end to
 * end.
 */
static const char session[] =
	"SET standard_conforming_strings = on; SET client_min_messages = error;"
	"SET bytea_output = hex; SET datestyle = ISO; SET timezone = UTC;"
	"SET client_connection_check_interval = 1000; SET extra_float_digits = 0;"
	"SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;"
	"SET tcp_keepalives_count = 3;"
	"SET plan_cache_mode = force_generic_plan; SET jit = off;"
	"SET enable_seqscan = off;"
	/* Citus sends a statement where the values of its parameters say */
	"SELECT set_config('plan_cache_mode', 'auto', false) FROM pg_extension"
	" WHERE extname = 'citus';"
	"SELECT set_config('synchronous_commit', 'on', false)"
	" WHERE current_setting('synchronous_commit') IN ('off', 'local')";

static PGconn *open_session(const char *where)
{
	/*
	 * what stands behind the address overrules it; Kerberos makes calls
	 * that the server's sandbox forbids
	 */
	static const char *const names[] = { "gssencmode",
					     "connect_timeout",
					     "tcp_user_timeout",
					     "fallback_application_name",
					     "dbname",
					     "client_encoding",
					     NULL };
	const char *values[] = { "disable", "5", "30000", "usaged", where, "UTF8", NULL };
	PGconn *pg = PQconnectdbParams(names, values, 1);

	PQsetNoticeReceiver(pg, ignore_notice, NULL);
	PQsetnonblocking(pg, 1);
	return pg;
}

/* If the server wants a password, and libpq had none: says in which file it looks. */
static void add_password_file(PGconn *pg, struct error *err)
{
	PQconninfoOption *all = PQconnectionNeedsPassword(pg) ? PQconninfo(pg) : NULL;

	for (const PQconninfoOption *o = all; o && o->keyword; o++)
		if (strcmp(o->keyword, "passfile") == 0 && o->val)
			error_detail(err,
				     "the password file %s, which must have the mode 0600, has "
				     "no line for this server, database and role, or was "
				     "replaced since this program started",
				     o->val);
	PQconninfoFree(all);
}

void pg_conn_close(struct pg_conn *c)
{
	PQfinish(c->pg);
	g_hash_table_destroy(c->names);
	g_ptr_array_free(c->unsure, TRUE);
	g_free(c);
}

struct pg_conn *pg_conn_open(const char *where, bool prepares, pg_heard *heard,
			     const struct pg_place *place, struct error *err)
{
	static const struct pg_wait wait = { .most_ms = SESSION_MS };
	PGconn *pg = open_session(where);
	struct pg_conn *c;

	if (PQstatus(pg) != CONNECTION_OK) {
		pg_fail_unreachable(PQerrorMessage(pg), err);
		add_password_file(pg, err);
		PQfinish(pg);
		return NULL;
	}
	c = g_new0(struct pg_conn, 1);
	c->place = *place;
	c->pg = pg;
	c->heard = heard;
	c->prepares = prepares;
	c->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->unsure = g_ptr_array_new();
	/* without, the session may be another one in the next transaction */
	if (!prepares || pg_script(c, session, &wait, err) == 0)
		return c;
	pg_conn_close(c);
	return NULL;
}

struct pg_place *pg_conn_place(struct pg_conn *c)
{
	return &c->place;
}

bool pg_conn_stale(struct pg_conn *c)
{
	struct pollfd p = { PQsocket(c->pg), POLLIN, 0 };

	if (PQstatus(c->pg) != CONNECTION_OK)
		return true;
	/* without debt, the server has nothing to say but that it ends */
	return !c->debt && poll(&p, 1, 0) != 0;
}

bool pg_conn_full(const struct pg_conn *c)
{
	return g_hash_table_size(c->names) >= PREPARED;
}

bool pg_conn_spoilt(const struct pg_conn *c)
{
	return c->spoilt;
}

int pg_conn_version(const struct pg_conn *c)
{
	return PQserverVersion(c->pg);
}

bool pg_conn_lost(const struct pg_conn *c)
{
	return PQstatus(c->pg) != CONNECTION_OK;
}

/* ---- round trips ---- */

/* Makes the connection unusable. The server then ends its work. */
static int give_up(struct pg_conn *c)
{
	int fd = PQsocket(c->pg);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	PQconsumeInput(c->pg);
	return -1;
}

/* Waits until there is something to read, or to send if SENDS. */
static int wait_socket(struct pg_conn *c, bool sends, int64_t since_ms, const struct pg_wait *wait,
		       struct error *err)
{
	struct pollfd p = { PQsocket(c->pg), (short)(POLLIN | (sends ? POLLOUT : 0)), 0 };

	while (poll(&p, 1, wait->check || wait->most_ms ? CHECK_MS : -1) <= 0) {
		if (wait->check && wait->check(wait->arg, err) < 0)
			return give_up(c);
		if (wait->most_ms && monotonic_ms() - since_ms > wait->most_ms) {
			pg_fail_silent(err);
			c->heard(c, false);
			return give_up(c);
		}
	}
	return 0;
}

static int send_all(struct pg_conn *c, const struct pg_wait *wait, struct error *err)
{
	int64_t since_ms = monotonic_ms();
	int rc;

	while ((rc = PQflush(c->pg)) > 0)
		if (wait_socket(c, true, since_ms, wait, err) < 0 || !PQconsumeInput(c->pg))
			return -1;
	return rc;
}

/* What the error R, if it is one, says of the session. */
static void note_session(struct pg_conn *c, const PGresult *r)
{
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED),
		   *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	/* the server ends the session, though the connection may seem to be open */
	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		give_up(c);
	else if (state && pg_fault_of_session(state))
		c->spoilt = true;
}

/* The next result, in *RET; NULL at the end of a command's results. */
static int next_result(struct pg_conn *c, const struct pg_wait *wait, PGresult **ret,
		       struct error *err)
{
	int64_t since_ms = monotonic_ms();

	while (!pg_conn_lost(c) && PQisBusy(c->pg))
		if (wait_socket(c, false, since_ms, wait, err) < 0 || !PQconsumeInput(c->pg))
			return -1;
	*ret = PQgetResult(c->pg);
	note_session(c, *ret);
	return 0;
}

/* Reads the results of posted commands, up to their sync. */
static int pay_debt(struct pg_conn *c, const struct pg_wait *wait, struct error *err)
{
	while (c->debt) {
		PGresult *r;

		if (next_result(c, wait, &r, err) < 0)
			return -1;
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC)
			c->debt--;
		PQclear(r);
		if (PQstatus(c->pg) != CONNECTION_OK)
			return -1;
	}
	return 0;
}

static void append_type(GString *key, Oid type)
{
	char text[] = "/aaaaaaaa";

	for (char *c = text + 1; *c; c++, type >>= 4)
		*c = (char)('a' + (type & 15));
	g_string_append_len(key, text, sizeof(text) - 1);
}

/*
 * A name that means the same command on every connection: behind a pooler, the
 * server's session may be one on which another client has prepared its own.
 */
static char *new_name(const struct pg_conn *c, const char *key)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const char *options = PQoptions(c->pg); /* may have a search_path */
	char *name;

	g_checksum_update(sum, (const guchar *)options, (gssize)strlen(options) + 1);
	g_checksum_update(sum, (const guchar *)key, -1);
	name = g_strdup_printf("usaged_%.32s", g_checksum_get_string(sum));
	g_checksum_free(sum);
	return name;
}

/* The name under which the command is prepared; NEW: not yet. */
static const char *name_of(struct pg_conn *c, const struct pg_command *cmd, bool *ret_new)
{
	GString *key = g_string_new(cmd->sql);
	char *name;

	for (int i = 0; i < cmd->n; i++)
		append_type(key, cmd->types[i]);
	name = g_hash_table_lookup(c->names, key->str);
	*ret_new = !name;
	if (name) {
		g_string_free(key, TRUE);
		return name;
	}
	name = new_name(c, key->str);
	g_ptr_array_add(c->unsure, key->str);
	g_hash_table_insert(c->names, g_string_free(key, FALSE), name);
	return name;
}

/* Queues the command. Returns how many answers it will have, or -1. */
static int queue(struct pg_conn *c, const struct pg_command *cmd)
{
	const char *name;
	bool new;

	if (!cmd->prepare || !c->prepares)
		return PQsendQueryParams(c->pg, cmd->sql, cmd->n, cmd->types, cmd->values,
					 cmd->lengths, cmd->formats, 1)
			       ? 1
			       : -1;
	name = name_of(c, cmd, &new);
	if (new && !PQsendPrepare(c->pg, name, cmd->sql, cmd->n, cmd->types))
		return -1;
	if (!PQsendQueryPrepared(c->pg, name, cmd->n, cmd->values, cmd->lengths, cmd->formats, 1))
		return -1;
	return new ? 2 : 1;
}

static int fail_command(const PGresult *r, const struct pg_command *cmd, struct error *err)
{
	struct error own = { 0 };

	pg_fail_result(r, cmd->sql, &own);
	if (cmd->late && own.kind == ERR_CONFLICT) {
		own.kind = ERR_BUSY;
		g_strlcpy(own.message, "another writer was in the way: try again",
			  sizeof(own.message));
	}
	if (err && err->kind == ERR_NONE)
		*err = own;
	return -1;
}

/* The commands of a round trip, as of pg_round_trip. */
struct trip {
	const struct pg_command *commands;
	int n;
	PGresult **results;
	const struct pg_wait *wait;
	int *answers; /* of each command */
};

/*
 * Reads the answers of all commands up to the sync. The first bad one is the
 * error of the round trip.
 */
static int read_answers(struct pg_conn *c, const struct trip *t, struct error *err)
{
	int rc = 0;

	for (int i = 0, left = t->n ? t->answers[0] : 0; i < t->n;) {
		PGresult *r, *end;
		ExecStatusType status;

		if (next_result(c, t->wait, &r, err) < 0)
			return -1;
		status = PQresultStatus(r);
		if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
			rc = rc < 0 ? rc : fail_command(r, &t->commands[i], err);
			PQclear(r);
			r = NULL;
		}
		if (PQstatus(c->pg) != CONNECTION_OK) {
			PQclear(r);
			return -1;
		}
		if (next_result(c, t->wait, &end, err) < 0) {
			PQclear(r);
			return -1;
		}
		PQclear(end); /* NULL, usually */
		if (--left > 0) {
			if (r) /* the command is prepared */
				g_ptr_array_remove_index(c->unsure, 0);
			PQclear(r);
			continue;
		}
		t->results[i++] = r;
		left = i < t->n ? t->answers[i] : 0;
	}
	return rc;
}

void pg_clear(PGresult **results, int n)
{
	for (int i = 0; i < n; i++) {
		PQclear(results[i]);
		results[i] = NULL;
	}
}

static int run(struct pg_conn *c, struct trip *t, struct error *err)
{
	int rc = pay_debt(c, t->wait, err);

	t->answers = g_new(int, t->n);
	g_ptr_array_set_size(c->unsure, 0);
	if (rc == 0)
		PQenterPipelineMode(c->pg);
	for (int i = 0; i < t->n && rc == 0; i++) {
		t->answers[i] = queue(c, &t->commands[i]);
		rc = t->answers[i] < 0 ? -1 : 0;
	}
	if (rc == 0 && (!PQpipelineSync(c->pg) || send_all(c, t->wait, err) < 0))
		rc = -1;
	if (rc == 0) {
		rc = read_answers(c, t, err);
		if (rc == 0 || PQstatus(c->pg) == CONNECTION_OK) {
			c->debt = 1;
			rc = pay_debt(c, t->wait, err) < 0 ? -1 : rc;
		}
	}
	g_free(t->answers);
	return rc;
}

/* The round trip has failed: what the server has not prepared by now, it will not. */
static void forget_names(struct pg_conn *c)
{
	for (guint i = 0; i < c->unsure->len; i++)
		g_hash_table_remove(c->names, g_ptr_array_index(c->unsure, i));
	g_ptr_array_set_size(c->unsure, 0);
}

int pg_round_trip(struct pg_conn *c, const struct pg_command *commands, int n, PGresult **results,
		  const struct pg_wait *wait, struct error *err)
{
	struct trip trip = { .commands = commands, .n = n, .results = results, .wait = wait };
	struct error own = { 0 };
	int rc;

	memset(results, 0, (size_t)n * sizeof(*results));
	rc = run(c, &trip, &own);
	if (rc == 0) {
		c->heard(c, true);
		return 0;
	}
	forget_names(c);
	if (own.kind == ERR_NONE)
		fail_conn(c, n ? commands[0].sql : "", &own);
	if (err && err->kind == ERR_NONE)
		*err = own;
	return -1;
}

int pg_script(struct pg_conn *c, const char *sql, const struct pg_wait *wait, struct error *err)
{
	struct error own = { 0 };
	PGresult *r = NULL;
	int rc = 0;

	if (pay_debt(c, wait, &own) < 0 || !PQexitPipelineMode(c->pg) || !PQsendQuery(c->pg, sql) ||
	    send_all(c, wait, &own) < 0)
		rc = -1;
	while (rc == 0 && (rc = next_result(c, wait, &r, &own)) == 0 && r) {
		const ExecStatusType status = PQresultStatus(r);

		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		    status != PGRES_EMPTY_QUERY)
			pg_fail_result(r, sql, &own);
		PQclear(r);
	}
	if (rc < 0 && own.kind == ERR_NONE)
		fail_conn(c, sql, &own);
	if (own.kind == ERR_NONE)
		return 0;
	if (err && err->kind == ERR_NONE)
		*err = own;
	return -1;
}

/* ---- copying ---- */

enum { COPY_BYTES = 1 << 18 /* handed to libpq together */ };

static int put_copy(struct pg_conn *c, const GByteArray *bytes, const struct pg_wait *wait,
		    struct error *err)
{
	int64_t since_ms = monotonic_ms();
	guint n;
	int rc;

	for (guint at = 0; at < bytes->len; at += n) {
		n = MIN(bytes->len - at, (guint)COPY_BYTES);
		while ((rc = PQputCopyData(c->pg, (const char *)bytes->data + at, (int)n)) == 0)
			if (wait_socket(c, true, since_ms, wait, err) < 0 || !PQconsumeInput(c->pg))
				return -1;
		if (rc < 0 || send_all(c, wait, err) < 0)
			return -1;
	}
	return PQputCopyEnd(c->pg, NULL) == 1 ? send_all(c, wait, err) : -1;
}

static const struct pg_command copying = { .sql = "COPY", .late = true };

/*
 * Reads results up to their end, or to the one that wants the rows. *RET: the
 * status of the last one, *RET_FOUND: a statement has found rows.
 */
static int read_copy(struct pg_conn *c, const struct pg_wait *wait, ExecStatusType *ret,
		     bool *ret_found, struct error *err)
{
	PGresult *r = NULL;
	int rc = 0;

	*ret = PGRES_EMPTY_QUERY;
	while (*ret != PGRES_COPY_IN) {
		if (next_result(c, wait, &r, err) < 0)
			return -1;
		if (!r)
			break;
		*ret = PQresultStatus(r);
		*ret_found = *ret_found || PQntuples(r) > 0;
		if (*ret != PGRES_COPY_IN && *ret != PGRES_COMMAND_OK && *ret != PGRES_TUPLES_OK)
			rc = fail_command(r, &copying, err);
		PQclear(r);
		if (PQstatus(c->pg) != CONNECTION_OK)
			return -1;
	}
	return err->kind == ERR_NONE ? rc : -1;
}

static int fail_copy(struct pg_conn *c, const char *sql, struct error *own, struct error *err)
{
	if (own->kind == ERR_NONE)
		fail_conn(c, sql, own);
	if (err && err->kind == ERR_NONE)
		*err = *own;
	return -1;
}

int pg_copy_start(struct pg_conn *c, const char *sql, const struct pg_wait *wait, struct error *err)
{
	struct error own = { 0 };
	ExecStatusType status = PGRES_EMPTY_QUERY;
	bool found = false;

	if (pay_debt(c, wait, &own) < 0 || !PQexitPipelineMode(c->pg) || !PQsendQuery(c->pg, sql) ||
	    send_all(c, wait, &own) < 0 || read_copy(c, wait, &status, &found, &own) < 0 ||
	    status != PGRES_COPY_IN)
		return fail_copy(c, sql, &own, err);
	return found;
}

int pg_copy_finish(struct pg_conn *c, const GByteArray *bytes, const struct pg_wait *wait,
		   struct error *err)
{
	struct error own = { 0 };
	ExecStatusType status;
	bool found = false;

	if (put_copy(c, bytes, wait, &own) < 0 || read_copy(c, wait, &status, &found, &own) < 0)
		return fail_copy(c, copying.sql, &own, err);
	return 0;
}

void pg_post(struct pg_conn *c, const char *sql)
{
	PQenterPipelineMode(c->pg);
	if (queue(c, &(struct pg_command) { .sql = sql }) > 0 && PQpipelineSync(c->pg)) {
		c->debt++;
		PQflush(c->pg);
	}
}
