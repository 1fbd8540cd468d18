/*
 * health.c - the state of the ledger, for operators; liveness and readiness,
 * for monitoring.
 */
#include <stdio.h>
#include <string.h>

#include "api/administer.h"
#include "api/ledger_notes.h"
#include "config.h"
#include "store/server.h"
#include "usage/commit_thread.h"
#include "usage/maintenance.h"
#include "base/banned.h"

struct health_record {
	const char *status, *last_commit, *last_failed_write;
	const char *last_verify, *last_verify_of, *last_whole_verify;
	const char *last_backup, *last_failed_backup;
	struct decimal differences;
	bool verifying, failed, backing_up;
	struct decimal verified_percent;
	const char *ledger, *log, *database, *away;
	int64_t ledger_bytes, log_bytes, schema;
	const char *version, *now;
};

static const struct field health_fields[] = {
	FIELD(struct health_record, status,
	      "good; unverified: the ledger was never verified; differences: the last verification "
	      "found some; failing: the last write failed"),
	FIELD(struct health_record, last_commit, "When events were last stored, or null",
	      .format = "date-time", .label = "Last event stored"),
	FIELD(struct health_record, last_failed_write,
	      "When a write last failed since the server started (the log has the reason), or null",
	      .format = "date-time", .label = "Last failed write"),
	FIELD(struct health_record, last_verify, "When the ledger was last verified, or null",
	      .format = "date-time", .label = "Last verified"),
	FIELD(struct health_record, last_verify_of,
	      "What was verified then: everything; or changes: the main accounts whose usage had "
	      "changed since the verification before; or null",
	      .flags = FIELD_LABEL),
	FIELD(struct health_record, last_whole_verify,
	      "When the whole ledger was last verified, or null", .format = "date-time",
	      .label = "All verified"),
	FIELD(struct health_record, differences, "Differences found then, or null",
	      .flags = FIELD_WHOLE),
	FIELD(struct health_record, verifying, "Is the server verifying the ledger now?",
	      .label = "Verifying now"),
	FIELD(struct health_record, verified_percent,
	      "Progress of a running verification, in percent; else null", .flags = FIELD_WHOLE),
	FIELD(struct health_record, last_backup,
	      "When the server's last good backup began, or null", .format = "date-time",
	      .label = "Last backup"),
	FIELD(struct health_record, last_failed_backup,
	      "When the server's last backup that failed began (the log has the reason), or null",
	      .format = "date-time", .label = "Last failed backup"),
	FIELD(struct health_record, backing_up, "Is the server making a backup now?",
	      .label = "Backing up now"),
	FIELD(struct health_record, database,
	      "The database server of the ledger and its state, or null if the ledger is a file"),
	FIELD_AS(struct health_record, ledger, "ledger_size",
		 "Size of the ledger's file or database", .flags = FIELD_PAGE_ONLY),
	FIELD_AS(struct health_record, log, "ledger_log", "Size of the write-ahead log",
		 .flags = FIELD_PAGE_ONLY),
	FIELD(struct health_record, ledger_bytes, "Bytes of the ledger's file or database",
	      .flags = FIELD_MACHINE),
	FIELD(struct health_record, log_bytes, "Bytes of the write-ahead log",
	      .flags = FIELD_MACHINE),
	FIELD(struct health_record, schema, "Version of the ledger's tables",
	      .label = "Table version"),
	FIELD(struct health_record, version, "Version of this server"),
	FIELD_AS(struct health_record, now, "server_time", "Time of the server's clock",
		 .format = "date-time"),
	{ 0 }
};

static const struct shape health_shape = { .name = "Health",
					   .fields = health_fields,
					   .doc = "State of the ledger" };

/* "12.3 MB", of a million bytes each. */
static const char *size_words(const struct request *rq, int64_t bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
	int64_t tenths = bytes * 10;
	size_t unit = 0;

	for (; tenths >= 10000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		tenths /= 1000;
	if (unit == 0)
		return arena_printf(rq->arena, "%lld bytes", (long long)bytes);
	return arena_printf(rq->arena, "%lld.%lld %s", (long long)(tenths / 10),
			    (long long)(tenths % 10), units[unit]);
}

/* A sentence on what the operator should do next. */
static const char *advice(const struct request *rq, const struct health_record *r)
{
	if (r->away)
		return arena_printf(rq->arena,
				    "These servers of the ledger do not answer: %s. Events of the "
				    "accounts that they keep are not stored until they are back; "
				    "see usaged-postgresql(7).",
				    r->away);
	if (r->verifying)
		return "The ledger is being verified. Load this page again to see the result.";
	if (r->failed)
		return "The last verification ended without a result. The server's log says why.";
	if (r->last_failed_backup &&
	    (!r->last_backup || strcmp(r->last_failed_backup, r->last_backup) > 0))
		return "The last backup failed. The server's log says why.";
	if (!r->last_verify)
		return "The ledger was never verified. Verification adds up all events again and "
		       "compares the sums.";
	if (r->differences.n)
		return "Run \"usaged verify\" to list the differences, and \"usaged rebuild\" to "
		       "repair them.";
	return "The last verification found no differences.";
}

static void fill_progress(const struct request *rq, struct health_record *r)
{
	struct maintenance_status status = { 0 };

	if (rq->worker->maintenance)
		maintenance_get_status(rq->worker->maintenance, &status);
	r->verifying = status.verifying;
	r->failed = status.verify_failed;
	r->backing_up = status.backing_up;
	r->verified_percent = DECIMAL_NULL;
	if (status.verifying)
		r->verified_percent = (struct decimal) { .n = status.percent };
}

/*
 * The servers of a ledger that is distributed over several. Nothing can be read
 * after this, if one hangs.
 */
static void fill_servers(const struct request *rq, struct health_record *r)
{
	const char *away = "";
	int rc = store_servers_away(rq->store, rq->arena, &away, NULL);

	if (rc < 0)
		away = "one or more; load this page again to see which";
	if (rc == 0 || !*away)
		return;
	r->away = away;
	r->database = arena_printf(rq->arena, "%s; these servers do not answer: %s",
				   r->database ? r->database : "PostgreSQL", away);
}

static void fill_sizes(const struct request *rq, const struct store_stats *facts,
		       struct health_record *r)
{
	struct ledger_database database;

	r->ledger_bytes = facts->file_bytes;
	r->log_bytes = facts->log_bytes;
	if (ledger_database_load(rq, &database)) {
		r->database = database.words;
		r->ledger_bytes = database.bytes;
		fill_servers(rq, r);
	} else {
		r->log = size_words(rq, facts->log_bytes);
	}
	r->ledger = size_words(rq, r->ledger_bytes);
}

static int get_health(struct request *rq, struct writer *w, struct error *err)
{
	struct ledger_notes notes;
	struct health_record r = { .version = PACKAGE_VERSION,
				   .now = instant_text(rq, rq->now),
				   .differences = { .places = -1 } };
	struct commit_state writes = { .failing = false };
	struct store_stats facts;

	if (rq->worker->commits)
		commit_thread_state(rq->worker->commits, &writes);
	if (store_stats(rq->store, &facts, err) < 0 || ledger_notes_load(rq, &notes, err) < 0)
		return -1;
	r.status = writes.failing      ? "failing"
		   : !notes.verified   ? "unverified"
		   : notes.differences ? "differences"
				       : "good";
	r.last_commit = instant_text(rq, notes.committed);
	r.last_failed_write = instant_text(rq, writes.failed);
	r.last_backup = instant_text(rq, notes.backed_up);
	r.last_failed_backup = instant_text(rq, notes.backup_failed);
	r.last_verify = instant_text(rq, notes.verified);
	r.last_whole_verify = instant_text(rq, notes.whole);
	if (notes.verified) {
		r.last_verify_of = notes.whole >= notes.verified ? "everything" : "changes";
		r.differences = (struct decimal) { .n = notes.differences };
	}
	fill_sizes(rq, &facts, &r);
	r.schema = facts.schema;
	fill_progress(rq, &r);
	writer_about(w, op_GetHealth.title, advice(rq, &r));
	writer_record(w, NULL, &health_shape, &r);
	return 0;
}

/* Starts a verification, and answers with the health. */
static int verify_ledger(struct request *rq, struct writer *w, struct error *err)
{
	if (!rq->worker->maintenance)
		return error_set(
			err, ERR_BUSY, NULL,
			"verifying from here needs a running server; \"usaged verify\" doesn't");
	if (maintenance_verify(rq->worker->maintenance, err) < 0 || get_health(rq, w, err) < 0)
		return -1;
	rq->reply.status = 202;
	return 0;
}

struct alive_record {
	const char *status;
};

static const struct field alive_fields[] = {
	FIELD(struct alive_record, status, "Always ok; otherwise the answer is an error"), { 0 }
};

static const struct shape alive_shape = { .name = "Alive",
					  .fields = alive_fields,
					  .doc = "The server answers" };

/* Nothing to check: a thread of the server runs this call. */
static int get_alive(struct request *rq, struct writer *w, struct error *err)
{
	struct alive_record r = { "ok" };

	(void)err;
	writer_about(w, rq->op->title, NULL);
	writer_record(w, NULL, &alive_shape, &r);
	return 0;
}

struct ready_record {
	const char *status;
};

static const struct field ready_fields[] = {
	FIELD(struct ready_record, status, "Always ready; otherwise the answer is an error"), { 0 }
};

static const struct shape ready_shape = { .name = "Ready",
					  .fields = ready_fields,
					  .doc = "The server can store events" };

/* A commit that lasts longer means that the server stores nothing. */
#define STUCK_US (10 * USEC_PER_SEC)

/*
 * The commit thread's checks end with a write, so a ledger that can be written
 * is also of this program's version.
 */
static int get_ready(struct request *rq, struct writer *w, struct error *err)
{
	struct ready_record r = { "ready" };

	if (rq->ledger_fault) {
		*err = *rq->ledger_fault;
		return -1;
	}
	if (!rq->worker->commits)
		return error_set(
			err, ERR_BUSY, NULL,
			"storing events needs a running server that may write to the ledger");
	if (commit_thread_probe(rq->worker->commits, STUCK_US, err) < 0) {
		err->kind = ERR_BUSY;
		return -1;
	}
	writer_about(w, rq->op->title, NULL);
	writer_record(w, NULL, &ready_shape, &r);
	return 0;
}

static const struct param no_params[] = { { 0 } };

const struct op op_GetHealth = {
	OPERATION(GetHealth, usaged, M_READ, "/health", ROLE_ADMIN),
	.params = no_params,
	.returns = &health_shape,
	.run = get_health,
	.title = "Ledger health",
	.nav = "Operator",
	.tab = "Health",
	.doc = "State and size of the ledger, its last event and its last verification",
};

const struct op op_VerifyLedger = {
	OPERATION(VerifyLedger, usaged, M_POST, "/health/verify", ROLE_ADMIN),
	.params = no_params,
	.returns = &health_shape,
	.run = verify_ledger,
	.title = "Verify the ledger",
	.form =
		&(const struct op_form) {
			.path = "/health/verify",
			.button = "Verify now",
			.list = &op_GetHealth,
			.done = "Verification has begun. Load this page again to see the result." },
	.doc = "Adds up all events again and compares the sums, in the background. Requests don't "
	       "wait for it",
};

const struct op op_GetAlive = {
	OPERATION(GetAlive, usaged, M_READ, "/healthz", ROLE_ANYONE),
	.light = true,
	.ledger = LEDGER_UNUSED,
	.params = no_params,
	.returns = &alive_shape,
	.run = get_alive,
	.title = "The server answers",
	.doc = "Answers ok while the server is alive, also without a ledger. Needs no credentials",
};

const struct op op_GetReady = {
	OPERATION(GetReady, usaged, M_READ, "/readyz", ROLE_ANYONE),
	.light = true,
	.ledger = LEDGER_OPTIONAL,
	.params = no_params,
	.returns = &ready_shape,
	.run = get_ready,
	.title = "The server can store events",
	.doc = "Answers ready if events can be stored: the ledger is open and of this version, the "
	       "commit thread takes work, the disk has room. Otherwise 503 with the reason. For "
	       "load balancers, without credentials",
};
