#include "store/pgsql/fault.h"

#include <glib.h>
#include <string.h>
#include "base/banned.h"

/* retry the request after so many seconds when the database is away */
#define AWAY_RETRY_SECONDS 5

#define NAME_TAKEN                                                                             \
	"the schema has something of this name already: give the ledger a schema of its own, " \
	"the first of the search_path"
#define FOREIGN_TABLE                                                                           \
	"a table or function in the database is not as usaged made it: see the search_path of " \
	"the database's user"
/* behind a pooler whose server sessions change from transaction to transaction */
#define POOLED                                                                            \
	"a pooler gives each transaction another session: set ledger.prepared to no, or " \
	"the pooler to session mode"

enum {
	AWAY = 1 << 0,   /* it takes some seconds until a try is worth it */
	SESSION = 1 << 1 /* see pg_fault_of_session */
};

static const struct fault {
	const char *state; /* an SQLSTATE, or its class */
	enum error_kind kind;
	const char *message;
	unsigned flags;
} faults[] = {
	{ "23505", ERR_CONFLICT, "it exists already", 0 },
	{ "23514", ERR_OVERFLOW, "a number does not fit", 0 },
	{ "22003", ERR_OVERFLOW, "a number does not fit", 0 },
	{ "55P03", ERR_BUSY, "the ledger is locked by another writer: try again", AWAY },
	{ "40001", ERR_BUSY, "another writer was in the way: try again", 0 },
	{ "40P01", ERR_BUSY, "another writer was in the way: try again", 0 },
	/* a session keeps the statement_timeout with which it began */
	{ "57014", ERR_BUSY, "the database stopped the work: try again", AWAY | SESSION },
	{ "57P", ERR_BUSY, "the database is being stopped or started: try again", AWAY | SESSION },
	{ "53", ERR_BUSY, "the database has no room or no connections left: try again later",
	  AWAY },
	{ "08", ERR_BUSY, "the connection to the database is lost: try again", AWAY },
	{ "25006", ERR_BUSY,
	  "the database cannot be written to: it is a standby, or its "
	  "default_transaction_read_only is on",
	  AWAY | SESSION },
	{ "25P03", ERR_BUSY, "the database ended a transaction that waited: try again",
	  AWAY | SESSION },
	{ "25P04", ERR_BUSY, "the database ended a transaction that took long: try again",
	  AWAY | SESSION },
	{ "26000", ERR_BUSY, POOLED, AWAY | SESSION },
	{ "42P05", ERR_BUSY, POOLED, AWAY | SESSION },
	{ "42501", ERR_INTERNAL,
	  "the database's user has no right to do this: make it the owner of the database and "
	  "of the ledger's tables",
	  0 },
	{ "42P07", ERR_CONFLICT, NAME_TAKEN, 0 }, /* of a table or index */
	{ "42710", ERR_CONFLICT, NAME_TAKEN, 0 }, /* of a type */
	{ "42723", ERR_CONFLICT, NAME_TAKEN, 0 }, /* of a function */
	{ "42703", ERR_INTERNAL, FOREIGN_TABLE, 0 },
	{ "42804", ERR_INTERNAL, FOREIGN_TABLE, 0 },
	{ "42883", ERR_INTERNAL, FOREIGN_TABLE, 0 },
	/* a session keeps the search_path with which it began */
	{ "3F000", ERR_INTERNAL, "the database's user has no schema: see its search_path",
	  SESSION },
	{ "42P01", ERR_INTERNAL, "the database has no ledger: make one with \"usaged init\"",
	  SESSION },
	{ "23", ERR_INTERNAL, "the ledger refuses a row that breaks its rules", 0 },
	/* among others, Citus has lost a server, or PostgreSQL met a row that was just changed */
	{ "XX000", ERR_BUSY, "the database failed: try again", 0 },
};

const char *pg_one_line(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++)
		if (!g_ascii_isspace(*text))
			ret[n++] = *text;
		else if (n && ret[n - 1] != ' ')
			ret[n++] = ' ';
	n -= n && ret[n - 1] == ' ';
	ret[n] = '\0';
	return ret;
}

#define LOST "08006"

/* A connection that Citus has lost has the state of a broken disk. */
static bool is_lost(const char *state, const char *text)
{
	return strcmp(state, "58030") == 0 && strstr(text, "failed to COPY to shard");
}

static const struct fault *find_fault(const char *state)
{
	static const struct fault other = { .message = "the ledger's database failed",
					    .kind = ERR_INTERNAL };

	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		if (strncmp(state, faults[i].state, strlen(faults[i].state)) == 0)
			return &faults[i];
	return &other;
}

bool pg_fault_of_session(const char *state)
{
	return find_fault(state)->flags & SESSION;
}

int pg_fail(const char *state, const char *text, const char *sql, struct error *err)
{
	const struct fault *fault;
	char line[320], statement[160];

	if (is_lost(state, text))
		state = LOST;
	fault = find_fault(state);
	error_set(err, fault->kind, NULL, "%s", fault->message);
	if (err && fault->flags & AWAY)
		err->retry_after = AWAY_RETRY_SECONDS;
	return error_detail(err, "PostgreSQL %s: %s in: %s", state,
			    pg_one_line(text, line, sizeof(line)),
			    pg_one_line(sql, statement, sizeof(statement)));
}

int pg_fail_result(const PGresult *r, const char *sql, struct error *err)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return pg_fail(state ? state : LOST, PQresultErrorMessage(r), sql, err);
}

static int fail_away(const char *message, struct error *err)
{
	error_set(err, ERR_BUSY, NULL, "%s", message);
	if (err)
		err->retry_after = AWAY_RETRY_SECONDS;
	return -1;
}

int pg_fail_silent(struct error *err)
{
	return fail_away("the database does not answer: try again later", err);
}

int pg_fail_restarted(struct error *err)
{
	return fail_away("the database has started again: try again", err);
}

int pg_fail_unreachable(const char *text, struct error *err)
{
	char line[400];

	fail_away("the database cannot be reached", err);
	return error_detail(err, "%s", pg_one_line(text, line, sizeof(line)));
}
