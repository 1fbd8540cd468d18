/*
 * watchdog_tests.c - what the service manager is told, and when: only while all
 * threads that must move do.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "ledger_place.h"
#include "suite.h"

#include "api/signin.h"
#include "base/civil.h"
#include "base/log.h"
#include "base/secret.h"
#include "fixture.h"
#include "http/pool.h"
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
					offsetof(struct watchdog_signs, light_threads),
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
static unsigned char secret[SECRET_BYTES];

static void make_ledger(void)
{
	struct store *st = NULL;

	snprintf(database, sizeof(database), "%s/usage.db", dir);
	OK(store_open(ledger_place(database), STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	store_close(&st);
	OK(secret_init(&err));
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

static int hold_thread(struct request *rq, struct writer *w, struct error *e)
{
	(void)w, (void)e;
	sem_post(&held);
	sem_wait(&let_go);
	rq->reply.status = 204;
	return 0;
}

static const struct field no_fields[] = { { 0 } };
static const struct shape no_shape = { .name = "Nothing", .fields = no_fields, .doc = "Nothing" };
static const struct param no_params[] = { { 0 } };

static const struct op hold_light = { .id = "HoldLight",
				      .methods = M_GET,
				      .path = "/healthz",
				      .dialect = &dialect_usaged,
				      .roles = ROLE_ANYONE,
				      .light = true,
				      .params = no_params,
				      .returns = &no_shape,
				      .run = hold_thread,
				      .doc = "Holds a thread" };
static const struct op hold_general = { .id = "HoldGeneral",
					.methods = M_GET,
					.path = "/overview",
					.dialect = &dialect_usaged,
					.roles = ROLE_ANYONE,
					.params = no_params,
					.returns = &no_shape,
					.run = hold_thread,
					.doc = "Holds a thread" };
static const struct op *const table[] = { &hold_light, &hold_general, NULL };

static void done(void *arg, struct connection *c)
{
	(void)arg;
	connection_free(&c);
}

static void send_record(int fd, int type, const char *content, size_t len)
{
	const FCGI_Header header = fcgi_header(type, 1, len);

	ck_assert_int_eq(send(fd, &header, sizeof(header), 0), sizeof(header));
	ck_assert_int_eq(send(fd, content, len, 0), (ssize_t)len);
}

/* A connection on which PATH is asked for; *RET_PEER is its other end. */
static struct connection *ask(const char *path, struct connections *all, int *ret_peer)
{
	static struct intake intake;
	struct connection *c;
	char variables[200];
	int fds[2];

	snprintf(variables, sizeof(variables), "\016\003REQUEST_METHODGET\013%cREQUEST_URI%s",
		 (int)strlen(path), path);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	send_record(fds[0], FCGI_BEGIN_REQUEST, "\0\1\0\0\0\0\0", 8);
	send_record(fds[0], FCGI_PARAMS, variables, strlen(variables));
	send_record(fds[0], FCGI_PARAMS, "", 0);
	send_record(fds[0], FCGI_STDIN, "", 0);
	*ret_peer = fds[0];
	ck_assert_int_eq(FCGX_Init(), 0);
	intake_init(&intake);
	c = connection_new(fds[1], all);
	ck_assert_int_eq(connection_receive(c, &intake), CONNECTION_READY);
	intake_release(&intake);
	return c;
}

enum { SOON_MS = 200, PATIENCE_MS = 20000 };

/* Asks at NOW until it is answered; false: it isn't for so many ms. */
static bool is_answered(struct pool *p, int64_t now, int ms)
{
	for (int i = 0; i < ms; i++) {
		if (pool_answered(p, now) == now)
			return true;
		usleep(1000);
	}
	return false;
}

/* From now on, the system has no thread for the calling one. */
static void refuse_threads(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { ARRAY_SIZE(code), code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* What has been logged to FILE since it was made, as one text. */
static void read_log(FILE *file, char *text, size_t size)
{
	ssize_t n = pread(fileno(file), text, size - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
}

/*
 * Two threads of each kind, of which the idle ones end; then the system has no
 * more. Each kind has two requests, which the thread that is left handles one
 * after the other.
 */
START_TEST(a_pool_whose_threads_cannot_start_again_says_so_once)
{
	static const char *const paths[] = { "/healthz", "/healthz", "/overview", "/overview" };
	static const char words[] = "requests wait for the 2 running threads";
	struct settings *settings = NULL;
	struct connections all = { .max = 10 };
	struct signin *signin = signin_new();
	struct pool *p = NULL;
	FILE *file = tmpfile();
	char logged[4096], *found;
	int peers[ARRAY_SIZE(paths)];

	make_ledger();
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(database);
	settings->threads = 4;
	OK(pool_new(&(struct pool_setup) { .worker = { .settings = settings,
						       .secret = secret,
						       .table = table,
						       .signin = signin },
					   .done = done,
					   .now = 1 },
		    &p, &err));
	usleep(2500000);
	log_set_level(LOG_LEVEL_WARNING);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	refuse_threads();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		pool_put(p, ask(paths[i], &all, &peers[i]));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		sem_wait(&held);
		sem_post(&let_go);
	}
	pool_end(p);
	while (pool_running(p))
		usleep(1000);
	pool_free(&p);
	ck_assert_int_eq(atomic_load(&all.n), 0);
	read_log(file, logged, sizeof(logged));
	found = strstr(logged, words);
	ck_assert_msg(found, "logged: %s", logged);
	ck_assert_msg(!strstr(found + 1, words), "logged: %s", logged);
	fclose(file);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		close(peers[i]);
	signin_free(&signin);
	settings_free(&settings);
	/* at a usual exit, the leak sanitizer would need a thread */
	teardown();
	_exit(EXIT_SUCCESS);
}
END_TEST

/* Two threads of each kind, of which the idle ones end. */
START_TEST(a_pool_answers_while_a_light_thread_can_start)
{
	struct settings *settings = NULL;
	struct connections all = { .max = 10 };
	struct signin *signin = signin_new();
	struct pool *p = NULL;
	int peer;

	make_ledger();
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(database);
	settings->threads = 4;
	OK(pool_new(&(struct pool_setup) { .worker = { .settings = settings,
						       .secret = secret,
						       .table = table,
						       .signin = signin },
					   .done = done,
					   .now = 1 },
		    &p, &err));
	usleep(2500000);
	pool_put(p, ask("/healthz", &all, &peer));
	sem_wait(&held);
	ck_assert_msg(is_answered(p, 2, PATIENCE_MS), "the thread that has ended can start again");
	sem_post(&let_go);
	pool_end(p);
	while (pool_running(p))
		usleep(1000);
	pool_free(&p);
	ck_assert_int_eq(atomic_load(&all.n), 0);
	close(peer);
	signin_free(&signin);
	settings_free(&settings);
}
END_TEST

/* One light and one general thread. */
START_TEST(a_pool_answers_while_a_light_thread_is_free)
{
	struct settings *settings = NULL;
	struct connections all = { .max = 10 };
	struct signin *signin = signin_new();
	struct pool *p = NULL;
	int peers[3];

	make_ledger();
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(database);
	settings->threads = 2;
	OK(pool_new(&(struct pool_setup) { .worker = { .settings = settings,
						       .secret = secret,
						       .table = table,
						       .signin = signin },
					   .done = done,
					   .now = 1 },
		    &p, &err));
	ck_assert(is_answered(p, 2, PATIENCE_MS));
	pool_put(p, ask("/overview", &all, &peers[0]));
	sem_wait(&held);
	ck_assert_msg(is_answered(p, 3, PATIENCE_MS), "a general thread is no reason");
	pool_put(p, ask("/healthz", &all, &peers[1]));
	sem_wait(&held);
	ck_assert(!is_answered(p, 4, SOON_MS));
	sem_post(&let_go);
	sem_post(&let_go);
	while (pool_answered(p, 5) < 4)
		usleep(1000);
	pool_end(p);
	while (pool_running(p))
		usleep(1000);
	pool_free(&p);
	ck_assert_int_eq(atomic_load(&all.n), 0);
	close(peers[0]);
	close(peers[1]);
	signin_free(&signin);
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
	tcase_add_test(t, a_pool_answers_while_a_light_thread_is_free);
	tcase_add_test(t, a_pool_answers_while_a_light_thread_can_start);
	tcase_add_test(t, a_pool_whose_threads_cannot_start_again_says_so_once);
	suite_add_tcase(s, t);
	return run_suite_in_forks(s);
}
