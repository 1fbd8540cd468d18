/*
 * watchdog_tests.c - what the service manager is told, and when: only while all
 * threads that must move do.
 */
#include <errno.h>
#include <semaphore.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ledger_place.h"
#include "suite.h"

#include "base/civil.h"
#include "base/log.h"
#include "fixture.h"
#include "http/watchdog.h"
#include "usage/commit_thread.h"
#include "base/banned.h"

static struct error err;
static char dir[FOLDER_TEXT];
static int manager = -1;

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	folder_make(dir);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	log_set_level(LOG_LEVEL_ERROR);
}

static void teardown(void)
{
	if (manager >= 0)
		close(manager);
	folder_remove(dir);
}

/* ---- what is told ---- */

/*
 * A service manager that listens at NAME; a leading @ is a name that is in no
 * file system.
 */
static void listen_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, name, strlen(name));
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next thing that was told, or "". */
static const char *told(void)
{
	static char text[100];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

START_TEST(what_is_told_reaches_the_manager)
{
	char names[2][80];
	struct notify n;

	snprintf(names[0], sizeof(names[0]), "%s/notify", dir);
	snprintf(names[1], sizeof(names[1]), "@usaged-%d", (int)getpid());
	for (int i = 0; i < 2; i++) {
		listen_at(names[i]);
		OK(notify_open(&n, &err));
		ck_assert_int_eq(n.watchdog_us, 0);
		notify_tell(&n, "READY=1");
		ck_assert_str_eq(told(), "READY=1");
		ck_assert_str_eq(told(), "");
		notify_close(&n);
		close(manager);
	}
	manager = -1;
}
END_TEST

START_TEST(without_a_manager_nothing_is_told)
{
	struct notify n;

	setenv("WATCHDOG_USEC", "1000000", 1);
	OK(notify_open(&n, &err));
	ck_assert_int_eq(n.fd, -1);
	ck_assert_int_eq(n.watchdog_us, 0);
	notify_tell(&n, "READY=1");
	notify_close(&n);
}
END_TEST

START_TEST(a_socket_that_cannot_be_is_refused)
{
	static char longest[200];
	struct notify n;

	memset(longest, '/', sizeof(longest) - 1);
	setenv("NOTIFY_SOCKET", "relative", 1);
	FAILS(notify_open(&n, &err), ERR_PARAM, "NOTIFY_SOCKET", "absolute path");
	setenv("NOTIFY_SOCKET", longest, 1);
	FAILS(notify_open(&n, &err), ERR_PARAM, "NOTIFY_SOCKET", "fewer than");
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	error_clear(&err);
	ck_assert_int_eq(notify_open(&n, &err), -1);
	ck_assert_int_eq(n.fd, -1);
}
END_TEST

static const struct {
	const char *usec, *pid; /* NULL: not set; "" = ours */
	int64_t watchdog_us;
} environments[] = {
	{ "60000000", NULL, 60000000 }, { "60000000", "", 60000000 },
	{ "60000000", "1", 0 },         { NULL, "", 0 },
	{ "often", NULL, 0 },           { "-5", NULL, 0 },
};

START_TEST(the_watchdog_is_for_one_process)
{
	char name[80], pid[20];

	snprintf(name, sizeof(name), "%s/notify", dir);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	listen_at(name);
	for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
		struct notify n;

		unsetenv("WATCHDOG_USEC");
		unsetenv("WATCHDOG_PID");
		if (environments[i].usec)
			setenv("WATCHDOG_USEC", environments[i].usec, 1);
		if (environments[i].pid)
			setenv("WATCHDOG_PID", *environments[i].pid ? environments[i].pid : pid, 1);
		OK(notify_open(&n, &err));
		ck_assert_msg(n.watchdog_us == environments[i].watchdog_us, "row %zu: %lld", i,
			      (long long)n.watchdog_us);
		notify_close(&n);
	}
}
END_TEST

/* ---- when ---- */

START_TEST(the_manager_is_told_only_while_every_thread_moves)
{
	const struct settings settings = { .busy_timeout_ms = 10000 };
	static int64_t struct_of[3] = { offsetof(struct watchdog_signs, reception),
					offsetof(struct watchdog_signs, requests),
					offsetof(struct watchdog_signs, writer) };
	const int64_t limit = WATCHDOG_SECONDS + 20;
	struct watchdog w;
	struct notify n;
	char name[80];

	snprintf(name, sizeof(name), "%s/notify", dir);
	listen_at(name);
	setenv("WATCHDOG_USEC", "3000000", 1);
	OK(notify_open(&n, &err));
	for (size_t i = 0; i < ARRAY_SIZE(struct_of); i++) {
		struct watchdog_signs signs = { 1000, 1000, 1000 };
		int64_t *sign = (int64_t *)((char *)&signs + struct_of[i]);

		ROW("sign %zu", i);
		watchdog_init(&w, &settings, &n, 1000 * USEC_PER_SEC);
		watchdog_look(&w, &signs, 1000 * USEC_PER_SEC + 999999);
		ck_assert_str_eq(told(), "");
		watchdog_look(&w, &signs, 1001 * USEC_PER_SEC);
		ck_assert_str_eq(told(), "WATCHDOG=1");
		signs = (struct watchdog_signs) { 1000 + limit, 1000 + limit, 1000 + limit };
		*sign = 1000;
		watchdog_look(&w, &signs, (1000 + limit) * USEC_PER_SEC);
		ck_assert_str_eq(told(), "WATCHDOG=1");
		log_set_level((enum log_level) - 1);
		watchdog_look(&w, &signs, (1001 + limit) * USEC_PER_SEC);
		ck_assert_msg(*told() == '\0', "thread %zu is stuck", i);
		*sign = 1001 + limit;
		watchdog_look(&w, &signs, (1002 + limit) * USEC_PER_SEC);
		ck_assert_str_eq(told(), "WATCHDOG=1");
	}
	notify_close(&n);
}
END_TEST

/* ---- who moves ---- */

static sem_t held, let_go;
static char database[96];

static void make_ledger(void)
{
	struct store *st = NULL;

	snprintf(database, sizeof(database), "%s/usage.db", dir);
	OK(store_open(ledger_place(database), STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	store_close(&st);
	sem_init(&held, 0, 0);
	sem_init(&let_go, 0, 0);
}

static int hold_writer(struct store *st, void *arg, struct error *e)
{
	(void)st, (void)arg, (void)e;
	sem_post(&held);
	sem_wait(&let_go);
	return 0;
}

static void *submit(void *arg)
{
	struct error ignored = { 0 };

	commit_thread_run(arg, hold_writer, NULL, &ignored);
	return NULL;
}

/* Until the clock shows another second. */
static void wait_a_second(void)
{
	int64_t now = monotonic_us() / USEC_PER_SEC;

	while (monotonic_us() / USEC_PER_SEC == now)
		usleep(10000);
}

START_TEST(a_writer_that_stays_with_a_commit_is_not_seen)
{
	struct settings *settings = NULL;
	struct commit_thread *commits;
	pthread_t thread;
	int64_t seen;

	make_ledger();
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(database);
	OK(commit_thread_new(settings, &commits, &err));
	ck_assert_int_eq(pthread_create(&thread, NULL, submit, commits), 0);
	sem_wait(&held);
	seen = commit_thread_seen(commits);
	wait_a_second();
	ck_assert_int_eq(commit_thread_seen(commits), seen);
	sem_post(&let_go);
	pthread_join(thread, NULL);
	while (commit_thread_seen(commits) == seen)
		usleep(1000);
	commit_thread_free(&commits);
	settings_free(&settings);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watchdog");
	TCase *t = tcase_create("watchdog");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_told_reaches_the_manager);
	tcase_add_test(t, without_a_manager_nothing_is_told);
	tcase_add_test(t, a_socket_that_cannot_be_is_refused);
	tcase_add_test(t, the_watchdog_is_for_one_process);
	tcase_add_test(t, the_manager_is_told_only_while_every_thread_moves);
	tcase_add_test(t, a_writer_that_stays_with_a_commit_is_not_seen);
	suite_add_tcase(s, t);
	return run_suite_in_forks(s);
}
