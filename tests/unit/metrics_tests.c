/*
 * metrics_tests.c - /metrics: who may read it, and what it says; the dashboard
 * and the alert rules name metrics that exist.
 */
#include <check.h>
#include <json-c/json.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "api/request_counts.h"
#include "meta/metrics.h"
#include "usage/commit_thread.h"
#include "usage/ledger_share.h"
#include "usage/event_counts.h"
#include "ledger_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

static struct settings *settings;
static struct commit_thread *commits;
static struct worker worker;
static struct strbuf out;

static void start(void)
{
	struct bench b;

	setup();
	clock_set_us(NOW_US);
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(path);
	b = open_bench(path, &any_account);
	close_bench(&b);
	OK(commit_thread_new(settings, &commits, &err));
	worker = (struct worker) { .settings = settings,
				   .table = ops,
				   .commits = commits,
				   .ledger = ledger_share_new(settings->database, 0, 1000),
				   .counts = request_counts_new(ops),
				   .started = NOW_US / USEC_PER_SEC };
	OK(store_open(ledger_place(path), 0, 1000, &worker.store, &err));
	strbuf_init(&out, DOCUMENT_MAX);
}

static void stop(void)
{
	strbuf_release(&out);
	store_close(&worker.store);
	ledger_share_free(&worker.ledger);
	request_counts_free(&worker.counts);
	commit_thread_free(&commits);
	settings_free(&settings);
	teardown();
}

static const char *text(void)
{
	struct request rq = { .worker = &worker, .arena = &arena, .store = worker.store };

	strbuf_clear(&out);
	OK(metrics_write(&rq, &out, &err));
	ck_assert(!out.failed);
	return out.text;
}

static void assert_line(const char *line)
{
	const char *all = text(), *at = strstr(all, line);

	ck_assert_msg(at && (at == all || at[-1] == '\n') && at[strlen(line)] == '\n',
		      "no line \"%s\" in:\n%s", line, all);
}

/* Stores an event of SOURCE with the identity ID. */
static void send(const char *source, const char *id)
{
	struct arena mine;
	struct raw_event raw = good_event();
	struct event ev;
	struct submission s = { .events = &ev, .n = 1, .arena = &mine, .author = "test" };

	arena_init(&mine);
	set_field(&raw, EV_SOURCE, source);
	set_field(&raw, EV_ID, id);
	ev = (struct event) { .raw = &raw };
	if (event_check(&ev, NOW_US, AHEAD_US, &err) < 0) {
		event_reject(&ev, &err, &mine);
		error_clear(&err);
	}
	OK(commit_thread_submit(commits, &s, NULL, &err));
	arena_release(&mine);
}

/* ---- the table ---- */

START_TEST(each_row_of_the_table_is_as_prometheus_wants_it)
{
	static const char total[] = "_total";

	for (const struct metric *m = metrics; m->name; m++) {
		size_t len = strlen(m->name), most = strlen(total);
		bool is_total = len > most && strcmp(m->name + len - most, total) == 0;

		ROW("%s", m->name);
		ck_assert(strncmp(m->name, "usaged_", 7) == 0);
		ck_assert_uint_eq(strspn(m->name, "abcdefghijklmnopqrstuvwxyz_"), len);
		ck_assert_int_eq(is_total, m->type == METRIC_COUNTER);
		ck_assert(m->help && *m->help && !strpbrk(m->help, "\n\\"));
		for (const struct metric *other = m + 1; other->name; other++)
			ck_assert_str_ne(m->name, other->name);
	}
}
END_TEST

/* ---- the numbers ---- */

START_TEST(requests_are_counted_by_operation_and_status)
{
	struct request_count *one = request_counts_join(worker.counts),
			     *two = request_counts_join(worker.counts);

	request_count_add(one, &op_GetHealth, 200, 900);
	request_count_add(two, &op_GetHealth, 200, 1100);
	request_count_add(two, &op_GetHealth, 418, 20000000);
	request_count_add(one, NULL, 404, 10);
	assert_line("usaged_requests_total{operation=\"GetHealth\",status=\"200\"} 2");
	assert_line("usaged_requests_total{operation=\"GetHealth\",status=\"other\"} 1");
	assert_line("usaged_requests_total{operation=\"none\",status=\"404\"} 1");
	assert_line("usaged_request_seconds_bucket{operation=\"GetHealth\",le=\"0.001000\"} 1");
	assert_line("usaged_request_seconds_bucket{operation=\"GetHealth\",le=\"0.002500\"} 2");
	assert_line("usaged_request_seconds_bucket{operation=\"GetHealth\",le=\"10.000000\"} 2");
	assert_line("usaged_request_seconds_bucket{operation=\"GetHealth\",le=\"+Inf\"} 3");
	assert_line("usaged_request_seconds_count{operation=\"GetHealth\"} 3");
	assert_line("usaged_request_seconds_sum{operation=\"GetHealth\"} 20.002000");
	ck_assert_ptr_null(strstr(text(), "operation=\"GetReady\""));
}
END_TEST

/* Counts 10,000 requests in a part of its own. */
static void *count_many(void *arg)
{
	struct request_count *part = request_counts_join(arg);

	for (int i = 0; i < 10000; i++)
		request_count_add(part, &op_PostEvents, 201, 10);
	return NULL;
}

START_TEST(threads_that_count_at_once_lose_nothing)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, worker.counts), 0);
	text(); /* reading beside them is no fault */
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_line("usaged_requests_total{operation=\"PostEvents\",status=\"201\"} 40000");
}
END_TEST

START_TEST(events_are_counted_by_source_and_verdict)
{
	send("/pbx/1", "a");
	send("/pbx/1", "a");
	send("/pbx/1", "b");
	send("a\\b\"c", "a");
	send("", "a");
	assert_line("usaged_events_total{source=\"/pbx/1\",verdict=\"created\"} 2");
	assert_line("usaged_events_total{source=\"/pbx/1\",verdict=\"duplicate\"} 1");
	assert_line("usaged_events_total{source=\"a\\\\b\\\"c\",verdict=\"created\"} 1");
	assert_line("usaged_events_total{source=\"other\",verdict=\"rejected\"} 1");
	assert_line("usaged_commits_total{work=\"events\",result=\"done\"} 5");
	assert_line("usaged_commits_total{work=\"other\",result=\"failed\"} 0");
	assert_line("usaged_commit_seconds_count 5");
	assert_line("usaged_callbacks_waiting 0");
	assert_line("usaged_last_event_timestamp_seconds 1795258800");
}
END_TEST

static int refuse(struct store *st, void *arg, struct error *e)
{
	(void)st, (void)arg;
	return error_set(e, ERR_CONFLICT, NULL, "no");
}

START_TEST(failed_work_is_counted_apart)
{
	ck_assert_int_lt(commit_thread_run(commits, refuse, NULL, &err), 0);
	assert_line("usaged_commits_total{work=\"other\",result=\"failed\"} 1");
	assert_line("usaged_write_failing 0");
}
END_TEST

START_TEST(sources_beyond_the_limit_share_a_name)
{
	static struct event_counts c;
	char name[200];
	struct raw_event raw = good_event();
	struct event ev = { .verdict = VERDICT_CREATED, .raw = &raw };

	for (int i = 0; i < SOURCES_COUNTED + 20; i++) {
		snprintf(name, sizeof(name), "/s/%d", i);
		set_field(&raw, EV_SOURCE, name);
		event_counts_add(&c, &ev);
		event_counts_add(&c, &ev);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	event_counts_add(&c, &ev);
	ck_assert_int_eq(counter_read(&c.n), SOURCES_COUNTED);
	ck_assert_str_eq(c.sources[SOURCES_COUNTED - 1].name, "/s/49");
	ck_assert_int_eq(counter_read(&c.sources[SOURCES_COUNTED - 1].verdicts[0]), 2);
	ck_assert_int_eq(counter_read(&c.other.verdicts[VERDICT_CREATED]), 41);
}
END_TEST

START_TEST(a_rejected_event_makes_no_source)
{
	static struct event_counts c;
	struct raw_event raw = good_event();
	struct event ev = { .verdict = VERDICT_REJECTED, .raw = &raw };

	event_counts_add(&c, &ev);
	ck_assert_int_eq(counter_read(&c.n), 0);
	ev.verdict = VERDICT_CREATED;
	set_field(&raw, EV_SOURCE, EVENT_SOURCE_OTHER);
	event_counts_add(&c, &ev);
	ck_assert_int_eq(counter_read(&c.n), 0);
	ck_assert_int_eq(counter_read(&c.other.verdicts[VERDICT_CREATED]), 1);
	ck_assert_int_eq(counter_read(&c.other.verdicts[VERDICT_REJECTED]), 1);
}
END_TEST

START_TEST(without_ledger_and_writer_their_metrics_are_left_out)
{
	struct worker alone = { .settings = settings, .table = ops, .ledger = worker.ledger };
	struct request rq = { .worker = &alone, .arena = &arena };

	OK(metrics_write(&rq, &out, &err));
	ck_assert_ptr_nonnull(strstr(out.text, "\nusaged_ledger_readable 0\n"));
	/* a server says how large its database is, a file does without it */
	ck_assert_int_eq(strstr(out.text, "\nusaged_ledger_bytes ") != NULL, !test_database());
	ck_assert_ptr_null(strstr(out.text, "usaged_last_verify"));
	ck_assert_ptr_null(strstr(out.text, "usaged_writer"));
	ck_assert_ptr_null(strstr(out.text, "usaged_requests"));
}
END_TEST

START_TEST(the_interval_of_backups_is_there_if_the_server_makes_them)
{
	ck_assert_ptr_null(strstr(text(), "usaged_backup_interval_seconds"));
	settings->backup_folder = "/backups";
	settings->backup_hours = 168;
	assert_line("usaged_backup_interval_seconds 604800");
}
END_TEST

/* ---- who may read them ---- */

#define ADMITTED ERR_NONE
#define NOBODY   ((enum role)0)

static const struct {
	const char *role, *addresses, *remote;
	enum role who; /* 0: no credentials */
	enum error_kind want;
} readers[] = {
	{ "SystemAdministrator", "", "192.0.2.1", NOBODY, ERR_UNAUTHENTICATED },
	{ "SystemAdministrator", "", "192.0.2.1", ROLE_ADMIN, ADMITTED },
	{ "SystemAdministrator", "", "192.0.2.1", ROLE_MANAGER, ERR_FORBIDDEN },
	{ "SystemAdministrator", "", "192.0.2.1", ROLE_INGEST, ERR_FORBIDDEN },
	{ "Manager", "", "192.0.2.1", ROLE_MANAGER, ADMITTED },
	{ "Manager", "", "192.0.2.1", ROLE_ADMIN, ADMITTED },
	{ "Manager", "", "192.0.2.1", ROLE_USER, ERR_FORBIDDEN },
	{ "User", "", "192.0.2.1", ROLE_USER, ADMITTED },
	{ "User", "", "192.0.2.1", ROLE_ACCOUNT, ERR_FORBIDDEN },
	{ "none", "", "192.0.2.1", ROLE_ADMIN, ERR_FORBIDDEN },
	{ "none", "192.0.2.1", "192.0.2.1", NOBODY, ADMITTED },
	{ "none", "198.51.100.7 192.0.2.1", "192.0.2.1", NOBODY, ADMITTED },
	{ "none", "192.0.2.10", "192.0.2.1", NOBODY, ERR_UNAUTHENTICATED },
	{ "none", "192.0.2.1", "192.0.2.10", NOBODY, ERR_UNAUTHENTICATED },
	{ "none", "2001:db8::7", "2001:db8:0:0:0:0:0:7", NOBODY, ADMITTED },
	{ "none", "::c000:201", "192.0.2.1", NOBODY, ERR_UNAUTHENTICATED },
	{ "none", "192.0.2.1", "-", NOBODY, ERR_UNAUTHENTICATED },
};

START_TEST(only_listed_addresses_and_the_roles_of_the_setting_read_them)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct principal who = { .role = readers[i].who };
		struct request rq = { .worker = &worker,
				      .arena = &arena,
				      .remote = readers[i].remote,
				      .who = readers[i].who ? &who : NULL };

		ROW("%zu", i);
		settings->metrics_role = readers[i].role;
		settings->metrics_addresses = readers[i].addresses;
		error_clear(&err);
		ck_assert_int_eq(metrics_admit(&rq, &err), readers[i].want ? -1 : 0);
		ck_assert_int_eq(err.kind, readers[i].want);
	}
	error_clear(&err);
}
END_TEST

/* ---- promtool, the rules and the dashboard ---- */

/* Runs promtool with ARGUMENTS and FILE, unless it is not installed. */
static void run_promtool(const char *arguments, const char *file)
{
	char command[600], said[2000] = "";
	FILE *p;
	size_t n;

	if (system("command -v promtool >/dev/null") != 0) {
		puts("skipped: promtool is not installed (Debian package prometheus)");
		return;
	}
	snprintf(command, sizeof(command), "promtool %s '%s' 2>&1", arguments, file);
	p = popen(command, "r");
	ck_assert_ptr_nonnull(p);
	n = fread(said, 1, sizeof(said) - 1, p);
	said[n] = '\0';
	ck_assert_msg(pclose(p) == 0, "%s: %s", command, said);
}

static const char *in_source(const char *name)
{
	const char *srcdir = getenv("srcdir");

	return arena_printf(&arena, "%s/%s", srcdir ? srcdir : ".", name);
}

START_TEST(promtool_accepts_the_text)
{
	const char *file = arena_printf(&arena, "%s/metrics", dir);
	struct request_count *part = request_counts_join(worker.counts);
	FILE *f;

	send("/pbx/1", "a");
	send("odd \\ \"name\"", "b");
	request_count_add(part, &op_GetHealth, 200, 900);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text(), f);
	ck_assert_int_eq(fclose(f), 0);
	run_promtool("check metrics <", file);
}
END_TEST

static const char RULES[] = "conf/monitoring/usaged-alerts.yml",
		  DASHBOARD[] = "conf/monitoring/usaged-dashboard.json";

START_TEST(promtool_accepts_the_rules)
{
	run_promtool("check rules", in_source(RULES));
}
END_TEST

static const char *read_source(const char *name)
{
	static char buffer[200000];
	FILE *f = fopen(in_source(name), "r");
	size_t n;

	ck_assert_msg(f != NULL, "%s", name);
	n = fread(buffer, 1, sizeof(buffer) - 1, f);
	ck_assert_uint_lt(n, sizeof(buffer) - 1);
	buffer[n] = '\0';
	fclose(f);
	return buffer;
}

/* Is NAME, of LEN bytes, a metric, or a series of a histogram? */
static bool is_metric(const char *name, size_t len)
{
	static const char *const series[] = { "_bucket", "_sum", "_count" };

	for (const struct metric *m = metrics; m->name; m++) {
		size_t own = strlen(m->name);

		if (own > len || memcmp(m->name, name, own) != 0)
			continue;
		if (m->type != METRIC_HISTOGRAM && own == len)
			return true;
		for (size_t i = 0; m->type == METRIC_HISTOGRAM && i < ARRAY_SIZE(series); i++)
			if (strlen(series[i]) == len - own &&
			    memcmp(series[i], name + own, len - own) == 0)
				return true;
	}
	return false;
}

/* Checks the metrics that the query TEXT names; returns their number. */
static int check_query(const char *query)
{
	int n = 0;

	for (const char *at = query; (at = strstr(at, "usaged_")); n++) {
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

		ck_assert_msg(is_metric(at, len), "%.*s is no metric, in: %s", (int)len, at, query);
		at += len;
	}
	return n;
}

START_TEST(each_query_of_the_dashboard_names_metrics_that_exist)
{
	struct json_object *root = json_tokener_parse(read_source(DASHBOARD)), *panels, *targets,
			   *expr;

	ck_assert_ptr_nonnull(root);
	ck_assert(json_object_object_get_ex(root, "panels", &panels));
	ck_assert_uint_gt(json_object_array_length(panels), 10);
	for (size_t i = 0; i < json_object_array_length(panels); i++) {
		struct json_object *panel = json_object_array_get_idx(panels, i);

		ck_assert(json_object_object_get_ex(panel, "targets", &targets));
		for (size_t j = 0; j < json_object_array_length(targets); j++) {
			ck_assert(json_object_object_get_ex(json_object_array_get_idx(targets, j),
							    "expr", &expr));
			ck_assert_int_gt(check_query(json_object_get_string(expr)), 0);
		}
	}
	json_object_put(root);
}
END_TEST

START_TEST(each_rule_names_metrics_that_exist)
{
	const char *rules = read_source(RULES), *at = rules;
	int n = 0;

	for (; (at = strstr(at, "expr: ")); n++) {
		char query[400];
		size_t len = strcspn(at, "\n");

		snprintf(query, sizeof(query), "%.*s", (int)len, at);
		ck_assert_msg(check_query(query) > 0 || strstr(query, "up{"), "%s", query);
		at += len;
	}
	ck_assert_int_gt(n, 5);
	ck_assert(!is_metric("usaged_events", 13));
	ck_assert(!is_metric("usaged_commit_seconds", 21));
	ck_assert(is_metric("usaged_commit_seconds_sum", 25));
}
END_TEST

static Suite *metrics_suite(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_checked_fixture(t, start, stop);
	tcase_add_test(t, each_row_of_the_table_is_as_prometheus_wants_it);
	tcase_add_test(t, requests_are_counted_by_operation_and_status);
	tcase_add_test(t, threads_that_count_at_once_lose_nothing);
	tcase_add_test(t, events_are_counted_by_source_and_verdict);
	tcase_add_test(t, failed_work_is_counted_apart);
	tcase_add_test(t, sources_beyond_the_limit_share_a_name);
	tcase_add_test(t, a_rejected_event_makes_no_source);
	tcase_add_test(t, without_ledger_and_writer_their_metrics_are_left_out);
	tcase_add_test(t, the_interval_of_backups_is_there_if_the_server_makes_them);
	tcase_add_test(t, only_listed_addresses_and_the_roles_of_the_setting_read_them);
	tcase_add_test(t, promtool_accepts_the_text);
	tcase_add_test(t, promtool_accepts_the_rules);
	tcase_add_test(t, each_query_of_the_dashboard_names_metrics_that_exist);
	tcase_add_test(t, each_rule_names_metrics_that_exist);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(metrics_suite());
}
