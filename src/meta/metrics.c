#include "meta/metrics.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "api/ledger_notes.h"
#include "api/request_counts.h"
#include "config.h"
#include "usage/commit_thread.h"
#include "usage/ledger_share.h"
#include "usage/maintenance.h"
#include "base/banned.h"

enum { UNKNOWN = -1 };

/* The metrics that are one number. UNKNOWN: left out. */
struct metric_facts {
	int64_t started;
	int64_t queued_requests, queued_events;
	int64_t failing, failed;
	int64_t ledger_bytes, wal_bytes, free_bytes;
	int64_t readable, committed;
	int64_t verified, whole, differences, verifying;
	int64_t backed_up, backup_failed, backing_up, backup_interval;
	int64_t waiting;
	int64_t open, lent, waited, lost; /* connections to the database server */
	int64_t server_connections, server_connections_max;
};

struct metric_sheet {
	const struct request *rq;
	struct strbuf *out;
	struct metric_facts facts;
};

/* ---- who may read them ---- */

/* The bytes of the address TEXT; 0: it is none. */
static size_t read_address(const char *text, size_t len, unsigned char ret[static 16])
{
	char word[INET6_ADDRSTRLEN];

	if (len >= sizeof(word))
		return 0;
	memcpy(word, text, len);
	word[len] = '\0';
	if (inet_pton(AF_INET, word, ret) == 1)
		return 4;
	return inet_pton(AF_INET6, word, ret) == 1 ? 16 : 0;
}

static bool is_listed(const char *list, const char *address)
{
	unsigned char caller[16], listed[16];
	size_t size = read_address(address, strlen(address), caller);

	while (size && *list) {
		size_t len = strcspn(list, " ");

		if (read_address(list, len, listed) == size && memcmp(listed, caller, size) == 0)
			return true;
		list += len + strspn(list + len, " ");
	}
	return false;
}

static bool has_role(const struct request *rq)
{
	const char *name = rq->worker->settings->metrics_role;
	const struct role_info *role = role_find(name);

	/* "none" is no role */
	return role && (rq->who->role == ROLE_ADMIN || rq->who->role == role->role);
}

int metrics_admit(struct request *rq, struct error *err)
{
	if (is_listed(rq->worker->settings->metrics_addresses, rq->remote))
		return 0;
	if (!rq->who)
		return error_set(err, ERR_UNAUTHENTICATED, NULL, "Authenticate");
	if (has_role(rq))
		return 0;
	return error_set(err, ERR_FORBIDDEN, NULL,
			 "Your role may not read the metrics; the settings metrics.role and "
			 "metrics.addresses say who may");
}

/* ---- the numbers ---- */

static int64_t file_bytes(const struct request *rq, const char *ending)
{
	const char *path = arena_join(rq->arena, rq->worker->settings->database, ending, NULL);
	struct stat s;

	return stat(path, &s) == 0 ? (int64_t)s.st_size : UNKNOWN;
}

static int64_t free_bytes(const struct request *rq)
{
	struct statvfs disk;

	return statvfs(rq->worker->settings->database, &disk) == 0
		       ? (int64_t)(disk.f_bavail * disk.f_frsize)
		       : UNKNOWN;
}

static void load_writer(const struct request *rq, struct metric_facts *f)
{
	struct commit_state state;
	struct commit_queue queue;

	commit_thread_state(rq->worker->commits, &state);
	commit_thread_queue(rq->worker->commits, &queue);
	f->failing = state.failing;
	if (state.failed)
		f->failed = state.failed;
	f->queued_requests = (int64_t)queue.requests;
	f->queued_events = (int64_t)queue.events;
}

static void load_notes(const struct request *rq, struct metric_facts *f)
{
	struct ledger_notes notes;

	if (ledger_notes_load(rq, &notes, NULL) < 0)
		return;
	if (notes.committed)
		f->committed = notes.committed;
	f->waiting = notes.waiting;
	if (notes.backed_up)
		f->backed_up = notes.backed_up;
	if (notes.backup_failed)
		f->backup_failed = notes.backup_failed;
	if (notes.verified) {
		f->verified = notes.verified;
		if (notes.whole)
			f->whole = notes.whole;
		f->differences = notes.differences;
	}
}

/* A ledger that is not a file. */
static void load_database(const struct request *rq, struct metric_facts *f)
{
	struct ledger_database database;

	if (!ledger_database_load(rq, &database)) {
		f->ledger_bytes = file_bytes(rq, "");
		f->wal_bytes = file_bytes(rq, "-wal");
		f->free_bytes = free_bytes(rq);
		return;
	}
	f->open = database.open;
	f->lent = database.lent;
	f->waited = database.waited;
	f->lost = database.lost;
	if (!database.known)
		return;
	f->ledger_bytes = database.bytes;
	f->server_connections = database.connections;
	f->server_connections_max = database.connections_max;
}

static struct metric_facts load(const struct request *rq)
{
	struct maintenance_status status;
	struct metric_facts f;

	for (size_t i = 0; i < sizeof(f) / sizeof(int64_t); i++)
		((int64_t *)&f)[i] = UNKNOWN;
	if (rq->worker->started)
		f.started = rq->worker->started;
	load_database(rq, &f);
	f.readable = rq->store != NULL;
	if (*rq->worker->settings->backup_folder)
		f.backup_interval = rq->worker->settings->backup_hours * 3600;
	if (rq->worker->commits)
		load_writer(rq, &f);
	if (rq->store)
		load_notes(rq, &f);
	if (rq->worker->maintenance) {
		maintenance_get_status(rq->worker->maintenance, &status);
		f.verifying = status.verifying;
		f.backing_up = status.backing_up;
	}
	return f;
}

/* ---- lines ---- */

/* Appends TEXT as a label's value, without the quotes. */
static void add_value(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			strbuf_add(out, "\\n");
			continue;
		}
		if (*text == '"' || *text == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
}

/* "name{label="value",label="value"} n"; the second label may be NULL. */
static void add_line(struct metric_sheet *s, const struct metric *m, const char *const labels[2],
		     const char *const values[2], int64_t n)
{
	strbuf_addf(s->out, "%s{%s=\"", m->name, labels[0]);
	add_value(s->out, values[0]);
	if (labels[1]) {
		strbuf_addf(s->out, "\",%s=\"", labels[1]);
		add_value(s->out, values[1]);
	}
	strbuf_addf(s->out, "\"} %lld\n", (long long)n);
}

static void add_seconds(struct strbuf *out, int64_t us)
{
	strbuf_addf(out, "%lld.%06d", (long long)(us / USEC_PER_SEC), (int)(us % USEC_PER_SEC));
}

/* The lines of a histogram. LABEL: "operation=\"x\"," or "". */
static void add_histogram(struct metric_sheet *s, const struct metric *m, const char *label,
			  const struct histogram_sum *h)
{
	size_t len = strlen(label);
	int64_t n = 0;

	for (int i = 0; i < HISTOGRAM_LIMITS; i++) {
		n += h->buckets[i];
		strbuf_addf(s->out, "%s_bucket{%sle=\"", m->name, label);
		add_seconds(s->out, histogram_limits_us[i]);
		strbuf_addf(s->out, "\"} %lld\n", (long long)n);
	}
	strbuf_addf(s->out, "%s_bucket{%sle=\"+Inf\"} %lld\n", m->name, label, (long long)h->n);
	for (int i = 0; i < 2; i++) {
		strbuf_addf(s->out, "%s_%s", m->name, i ? "count" : "sum");
		if (len)
			strbuf_addf(s->out, "{%.*s}", (int)len - 1, label);
		strbuf_addc(s->out, ' ');
		if (i)
			strbuf_addi(s->out, h->n);
		else
			add_seconds(s->out, h->sum_us);
		strbuf_addc(s->out, '\n');
	}
}

/* ---- metrics of more than one line ---- */

static void write_build(struct metric_sheet *s, const struct metric *m)
{
	add_line(s, m, (const char *const[]) { "version", NULL },
		 (const char *const[]) { PACKAGE_VERSION, NULL }, 1);
}

static void write_cpu(struct metric_sheet *s, const struct metric *m)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	strbuf_addf(s->out, "%s ", m->name);
	add_seconds(s->out, (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * USEC_PER_SEC +
				    use.ru_utime.tv_usec + use.ru_stime.tv_usec);
	strbuf_addc(s->out, '\n');
}

static const char *operation_name(const struct request_sums *sums)
{
	return sums->op ? sums->op->id : "none";
}

static const char *status_name(const struct metric_sheet *s, int status)
{
	return status ? arena_printf(s->rq->arena, "%d", status) : "other";
}

static void write_requests(struct metric_sheet *s, const struct metric *m)
{
	static const char *const labels[] = { "operation", "status" };
	struct request_sums sums;

	if (!s->rq->worker->counts)
		return;
	for (size_t i = 0; request_counts_read(s->rq->worker->counts, i, &sums); i++)
		for (size_t j = 0; j < COUNTED_STATUSES; j++)
			if (sums.by_status[j])
				add_line(s, m, labels,
					 (const char *const[]) {
						 operation_name(&sums),
						 status_name(s, counted_statuses[j]) },
					 sums.by_status[j]);
}

static void write_request_times(struct metric_sheet *s, const struct metric *m)
{
	struct request_sums sums;

	if (!s->rq->worker->counts)
		return;
	for (size_t i = 0; request_counts_read(s->rq->worker->counts, i, &sums); i++)
		if (sums.times.n)
			add_histogram(s, m,
				      arena_printf(s->rq->arena, "operation=\"%s\",",
						   operation_name(&sums)),
				      &sums.times);
}

static const struct commit_counts *commit_counts(const struct metric_sheet *s)
{
	return s->rq->worker->commits ? commit_thread_counts(s->rq->worker->commits) : NULL;
}

static void write_commits(struct metric_sheet *s, const struct metric *m)
{
	static const char *const labels[] = { "work", "result" };
	static const char *const work[] = { "events", "other" }, *const results[] = { "done",
										      "failed" };
	const struct commit_counts *c = commit_counts(s);

	for (int i = 0; c && i < 2; i++)
		for (int j = 0; j < 2; j++)
			add_line(s, m, labels, (const char *const[]) { work[i], results[j] },
				 counter_read(&c->commits[i][j]));
}

static void write_connections(struct metric_sheet *s, const struct metric *m)
{
	static const char *const labels[] = { "state", NULL }, *const states[] = { "idle", "busy" };
	struct readers_count count;

	readers_count(ledger_share_readers(s->rq->worker->ledger), &count);
	for (int i = 0; i < 2; i++)
		add_line(s, m, labels, (const char *const[]) { states[i], NULL },
			 i ? count.lent : count.open - count.lent);
}

static void write_connection_waits(struct metric_sheet *s, const struct metric *m)
{
	struct readers_count count;

	readers_count(ledger_share_readers(s->rq->worker->ledger), &count);
	strbuf_addf(s->out, "%s %lld\n", m->name, (long long)count.waited);
}

static void write_commit_times(struct metric_sheet *s, const struct metric *m)
{
	const struct commit_counts *c = commit_counts(s);
	struct histogram_sum sum = { 0 };

	if (!c)
		return;
	histogram_read(&c->times, &sum);
	add_histogram(s, m, "", &sum);
}

static void write_source(struct metric_sheet *s, const struct metric *m, const char *name,
			 const counter *verdicts)
{
	static const char *const labels[] = { "source", "verdict" };

	for (int v = 0; v < VERDICTS_ALL; v++)
		if (counter_read(&verdicts[v]))
			add_line(s, m, labels, (const char *const[]) { name, verdict_names[v] },
				 counter_read(&verdicts[v]));
}

static void write_events(struct metric_sheet *s, const struct metric *m)
{
	const struct commit_counts *c = commit_counts(s);
	int64_t n;

	if (!c)
		return;
	n = atomic_load_explicit(&c->events.n, memory_order_acquire);
	for (int64_t i = 0; i < n; i++)
		write_source(s, m, c->events.sources[i].name, c->events.sources[i].verdicts);
	write_source(s, m, EVENT_SOURCE_OTHER, c->events.other.verdicts);
}

/* ---- the table ---- */

#define NUMBER(member) .at = offsetof(struct metric_facts, member)

const struct metric metrics[] = {
	{ "usaged_build_info", METRIC_GAUGE, "1, with the version of the server",
	  .write = write_build },
	{ "usaged_start_time_seconds", METRIC_GAUGE,
	  "When the server started, in seconds since 1970", NUMBER(started) },
	{ "usaged_cpu_seconds_total", METRIC_COUNTER, "Processor time of the server",
	  .write = write_cpu },
	{ "usaged_requests_total", METRIC_COUNTER,
	  "Answered requests by operation and HTTP status; none: no operation, but a document or "
	  "an unknown path",
	  .write = write_requests },
	{ "usaged_request_seconds", METRIC_HISTOGRAM,
	  "Time from a request's handling to the end of its answer, by operation",
	  .write = write_request_times },
	{ "usaged_writer_queued_requests", METRIC_GAUGE, "Requests that wait for the commit thread",
	  NUMBER(queued_requests) },
	{ "usaged_writer_queued_events", METRIC_GAUGE,
	  "Events of the requests that wait for the commit thread", NUMBER(queued_events) },
	{ "usaged_commits_total", METRIC_COUNTER,
	  "Commits of events and of other work, done or failed", .write = write_commits },
	{ "usaged_commit_seconds", METRIC_HISTOGRAM, "Time of a commit, from its begin to the disk",
	  .write = write_commit_times },
	{ "usaged_events_total", METRIC_COUNTER,
	  "Events that requests brought, by source and verdict; other: all sources beyond the "
	  "first 50",
	  .write = write_events },
	{ "usaged_write_failing", METRIC_GAUGE, "1 if the last write to the ledger failed, else 0",
	  NUMBER(failing) },
	{ "usaged_last_failed_write_timestamp_seconds", METRIC_GAUGE,
	  "When a write last failed since the server started", NUMBER(failed) },
	{ "usaged_last_event_timestamp_seconds", METRIC_GAUGE, "When events were last stored",
	  NUMBER(committed) },
	{ "usaged_ledger_readable", METRIC_GAUGE, "1 if the ledger can be read, else 0",
	  NUMBER(readable) },
	{ "usaged_ledger_connections", METRIC_GAUGE,
	  "Connections of the request threads to the ledger, by state",
	  .write = write_connections },
	{ "usaged_ledger_waits_total", METRIC_COUNTER,
	  "Requests that had to wait for a connection to the ledger",
	  .write = write_connection_waits },
	{ "usaged_ledger_bytes", METRIC_GAUGE, "Size of the ledger's file or database",
	  NUMBER(ledger_bytes) },
	{ "usaged_ledger_wal_bytes", METRIC_GAUGE, "Size of the ledger's write-ahead log",
	  NUMBER(wal_bytes) },
	{ "usaged_disk_free_bytes", METRIC_GAUGE, "Free bytes of the ledger's disk",
	  NUMBER(free_bytes) },
	{ "usaged_last_verify_timestamp_seconds", METRIC_GAUGE,
	  "When the ledger, or what had changed in it, was last verified", NUMBER(verified) },
	{ "usaged_last_whole_verify_timestamp_seconds", METRIC_GAUGE,
	  "When the whole ledger was last verified", NUMBER(whole) },
	{ "usaged_verify_differences", METRIC_GAUGE, "Differences that the last verification found",
	  NUMBER(differences) },
	{ "usaged_verify_running", METRIC_GAUGE, "1 while the server verifies the ledger, else 0",
	  NUMBER(verifying) },
	{ "usaged_last_backup_timestamp_seconds", METRIC_GAUGE,
	  "When the server's last good backup began", NUMBER(backed_up) },
	{ "usaged_last_failed_backup_timestamp_seconds", METRIC_GAUGE,
	  "When the server's last backup that failed began", NUMBER(backup_failed) },
	{ "usaged_backup_interval_seconds", METRIC_GAUGE,
	  "Time from one backup of the server to the next one, if it makes backups",
	  NUMBER(backup_interval) },
	{ "usaged_callbacks_waiting", METRIC_GAUGE,
	  "Callbacks of triggers that wait to be sent, for the first time or again",
	  NUMBER(waiting) },
	{ "usaged_backup_running", METRIC_GAUGE, "1 while the server makes a backup, else 0",
	  NUMBER(backing_up) },
	{ "usaged_database_connections_open", METRIC_GAUGE,
	  "Connections of this server to the ledger's PostgreSQL", NUMBER(open) },
	{ "usaged_database_connections_lent", METRIC_GAUGE,
	  "Open connections that a request or a commit uses now", NUMBER(lent) },
	{ "usaged_database_waits_total", METRIC_COUNTER,
	  "Times that a request or a commit had to wait for a free connection", NUMBER(waited) },
	{ "usaged_database_connections_lost_total", METRIC_COUNTER,
	  "Connections that PostgreSQL or the network ended", NUMBER(lost) },
	{ "usaged_database_server_connections", METRIC_GAUGE,
	  "Connections of all programs to PostgreSQL", NUMBER(server_connections) },
	{ "usaged_database_server_connections_max", METRIC_GAUGE,
	  "The most connections that PostgreSQL allows to all programs",
	  NUMBER(server_connections_max) },
	{ 0 }
};

static void write_metric(struct metric_sheet *s, const struct metric *m)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	size_t before = s->out->len, begun;

	strbuf_addf(s->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
		    types[m->type]);
	begun = s->out->len;
	if (m->write) {
		m->write(s, m);
	} else {
		int64_t n = *(const int64_t *)((const char *)&s->facts + m->at);

		if (n != UNKNOWN)
			strbuf_addf(s->out, "%s %lld\n", m->name, (long long)n);
	}
	/* a metric without a line is left out */
	if (s->out->len == begun && !s->out->failed) {
		s->out->len = before;
		s->out->text[before] = '\0';
	}
}

int metrics_write(struct request *rq, struct strbuf *out, struct error *err)
{
	struct metric_sheet s = { .rq = rq, .out = out, .facts = load(rq) };

	(void)err;
	for (const struct metric *m = metrics; m->name; m++)
		write_metric(&s, m);
	return 0;
}
