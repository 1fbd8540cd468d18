/*
 * pool_tests.c - the threads that handle requests, and the connections that wait
 * for them: when a thread ends and starts, which requests wait, and which
 * connections are closed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
#include "base/banned.h"

enum {
	PATIENCE_MS = 20000,
	KEPT = 2 /* threads of an idle pool that do not end */
};

static struct error err;
static char dir[FOLDER_TEXT];
static unsigned char secret[SECRET_BYTES];

/* ---- operations that hold their thread ---- */

static sem_t held, let_go;

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

/* ---- a pool with its reception ---- */

static struct settings *settings;
static struct signin *signin;
static struct reception *reception;
static struct pool *pool;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listener;

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	folder_make(dir);
	log_set_level(LOG_LEVEL_ERROR);
	sem_init(&held, 0, 0);
	sem_init(&let_go, 0, 0);
}

static void teardown(void)
{
	folder_remove(dir);
}

/* Starts so many threads, for so many connections. */
static void open_pool(int threads, int connections)
{
	struct worker worker = { .secret = secret, .table = table };
	struct store *st = NULL;
	char database[96];

	snprintf(database, sizeof(database), "%s/usage.db", dir);
	OK(store_open(ledger_place(database), STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	store_close(&st);
	OK(secret_init(&err));
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(database);
	settings->threads = threads;
	signin = signin_new();
	worker.settings = settings;
	worker.signin = signin;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 100), 0);
	reception = reception_new(listener, connections);
	OK(pool_new(&worker, reception, &pool, &err));
	OK(reception_start(reception, &err));
}

static void close_pool(void)
{
	reception_stop(reception, true);
	while (!reception_has_ended(reception))
		usleep(1000);
	pool_end(pool);
	while (pool_running(pool))
		usleep(1000);
	pool_free(&pool);
	reception_free(&reception);
	close(listener);
	signin_free(&signin);
	settings_free(&settings);
}

static int connect_peer(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_record(int fd, int type, const char *content, size_t len)
{
	const FCGI_Header header = fcgi_header(type, 1, len);

	ck_assert_int_eq(send(fd, &header, sizeof(header), 0), sizeof(header));
	if (len)
		ck_assert_int_eq(send(fd, content, len, 0), (ssize_t)len);
}

/* Asks for PATH; the connection is to be kept after it. */
static void ask(int fd, const char *path)
{
	char variables[200];

	snprintf(variables, sizeof(variables), "\016\003REQUEST_METHODGET\013%cREQUEST_URI%s",
		 (int)strlen(path), path);
	send_record(fd, FCGI_BEGIN_REQUEST, "\0\1\1\0\0\0\0", 8);
	send_record(fd, FCGI_PARAMS, variables, strlen(variables));
	send_record(fd, FCGI_PARAMS, "", 0);
	send_record(fd, FCGI_STDIN, "", 0);
}

/* Waits for bytes of an answer, or for the end; returns the number of bytes. */
static ssize_t hear(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char answer[8192];

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	return recv(fd, answer, sizeof(answer), 0);
}

/* Is PEER neither answered nor closed after a moment? */
static bool is_waiting(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 200) == 0;
}

/* Each of the N peers is answered; closes them. */
static void hear_all(const int *peers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(hear(peers[i]) > 0, "connection %zu", i);
		close(peers[i]);
	}
}

/* ---- threads ---- */

/* The threads of this process. */
static int count_tasks(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	ck_assert_ptr_nonnull(tasks);
	for (const struct dirent *d; (d = readdir(tasks));)
		n += d->d_name[0] != '.';
	closedir(tasks);
	return n;
}

/* Starts so many threads, and waits until all but KEPT have ended. */
static void open_rested_pool(int threads, int connections)
{
	int most;

	open_pool(threads, connections);
	most = count_tasks() - threads + KEPT;
	for (int i = 0; count_tasks() > most; i++) {
		ck_assert_msg(i < PATIENCE_MS, "%d threads, not %d", count_tasks(), most);
		usleep(1000);
	}
}

START_TEST(the_pool_is_seen_while_a_thread_is_free)
{
	int peers[2];
	int64_t seen;

	open_pool(2, 10);
	for (int i = 0; i < 2; i++)
		peers[i] = connect_peer();
	ask(peers[0], "/overview");
	sem_wait(&held);
	sleep(2);
	ck_assert_int_ge(pool_seen(pool), monotonic_us() / USEC_PER_SEC - 1);
	ask(peers[1], "/healthz");
	sem_wait(&held);
	seen = pool_seen(pool);
	sleep(2);
	ck_assert_int_eq(pool_seen(pool), seen);
	sem_post(&let_go);
	sem_post(&let_go);
	for (int i = 0; i < 2; i++)
		ck_assert_int_gt(hear(peers[i]), 0);
	for (int i = 0; i < PATIENCE_MS && pool_seen(pool) == seen; i++)
		usleep(1000);
	ck_assert_int_gt(pool_seen(pool), seen);
	for (int i = 0; i < 2; i++)
		close(peers[i]);
	close_pool();
}
END_TEST

START_TEST(threads_that_have_ended_start_again_for_the_next_requests)
{
	int peers[8];

	open_rested_pool(8, 20);
	for (int i = 0; i < 8; i++) {
		peers[i] = connect_peer();
		ask(peers[i], "/healthz");
	}
	for (int i = 0; i < 8; i++)
		sem_wait(&held);
	for (int i = 0; i < 8; i++)
		sem_post(&let_go);
	hear_all(peers, 8);
	close_pool();
}
END_TEST

/* From now on, the system has no thread for this process. */
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
	ck_assert_int_eq(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				 &filter),
			 0);
}

/* What has been logged to FILE since it was made, as one text. */
static void read_log(FILE *file, char *text, size_t size)
{
	ssize_t n = pread(fileno(file), text, size - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
}

/* Two of the threads are left; then the system has no more. */
START_TEST(a_pool_whose_threads_cannot_start_again_says_so_once)
{
	static const char *const paths[] = { "/healthz", "/healthz", "/overview", "/overview" };
	static const char words[] = "requests wait for 2 running threads";
	FILE *file = tmpfile();
	char logged[4096], *found;
	int peers[ARRAY_SIZE(paths)];

	open_rested_pool(4, 20);
	log_set_level(LOG_LEVEL_WARNING);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	refuse_threads();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		peers[i] = connect_peer();
		ask(peers[i], paths[i]);
	}
	/* no thread is free: a request that ends sooner would free one for the next */
	for (int i = 0; i < KEPT; i++)
		sem_wait(&held);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		sem_post(&let_go);
	hear_all(peers, ARRAY_SIZE(paths));
	close_pool();
	read_log(file, logged, sizeof(logged));
	found = strstr(logged, words);
	ck_assert_msg(found, "logged: %s", logged);
	ck_assert_msg(!strstr(found + 1, words), "logged: %s", logged);
	fclose(file);
	/* at a usual exit, the leak sanitizer would need a thread */
	teardown();
	_exit(EXIT_SUCCESS);
}
END_TEST

/* Two of the threads are left, of which one is for light requests. */
START_TEST(general_requests_leave_a_thread_free_if_the_system_refuses_more)
{
	int general[3], light;

	open_rested_pool(8, 20);
	log_set_level(LOG_LEVEL_ERROR);
	refuse_threads();
	for (int i = 0; i < 3; i++) {
		general[i] = connect_peer();
		ask(general[i], "/overview");
		if (i == 0)
			sem_wait(&held);
		else
			ck_assert_msg(is_waiting(general[i]), "request %d", i);
	}
	ck_assert_int_eq(sem_trywait(&held), -1);
	light = connect_peer();
	ask(light, "/healthz");
	sem_wait(&held);
	for (int i = 0; i < 4; i++)
		sem_post(&let_go);
	hear_all(general, 3);
	ck_assert_int_gt(hear(light), 0);
	close(light);
	close_pool();
	teardown();
	_exit(EXIT_SUCCESS);
}
END_TEST

/* ---- turns ---- */

START_TEST(half_of_the_threads_work_on_general_requests_and_further_ones_wait)
{
	int general[3], light;

	open_pool(2, 20);
	for (int i = 0; i < 3; i++) {
		general[i] = connect_peer();
		ask(general[i], "/overview");
		if (i == 0)
			sem_wait(&held);
		else
			ck_assert_msg(is_waiting(general[i]), "request %d", i);
	}
	light = connect_peer();
	ask(light, "/healthz");
	sem_wait(&held);
	ck_assert_int_eq(sem_trywait(&held), -1);
	for (int i = 0; i < 4; i++)
		sem_post(&let_go);
	hear_all(general, 3);
	ck_assert_int_gt(hear(light), 0);
	close(light);
	close_pool();
}
END_TEST

START_TEST(requests_that_come_together_on_one_connection_are_answered_one_by_one)
{
	int peer;

	open_pool(4, 20);
	peer = connect_peer();
	for (int i = 0; i < 3; i++)
		ask(peer, "/healthz");
	for (int i = 0; i < 3; i++) {
		sem_wait(&held);
		usleep(20000);
		ck_assert_int_eq(sem_trywait(&held), -1);
		sem_post(&let_go);
		ck_assert_int_gt(hear(peer), 0);
	}
	close(peer);
	close_pool();
}
END_TEST

/* ---- connections ---- */

START_TEST(a_new_connection_replaces_the_one_that_has_been_idle_longest)
{
	int peers[5];

	open_pool(2, 4);
	for (int i = 0; i < 4; i++)
		peers[i] = connect_peer();
	usleep(1500000);
	sem_post(&let_go);
	peers[4] = connect_peer();
	ask(peers[4], "/healthz");
	ck_assert_int_gt(hear(peers[4]), 0);
	ck_assert_int_eq(hear(peers[0]), 0);
	for (int i = 1; i < 4; i++)
		ck_assert_msg(is_waiting(peers[i]), "connection %d", i);
	for (int i = 0; i < 5; i++)
		close(peers[i]);
	close_pool();
}
END_TEST

/* The system allows no further open file for a second. */
START_TEST(connections_that_cannot_be_accepted_wait_and_the_log_says_so_once)
{
	static const char words[] = "raise the limit on open files";
	FILE *file = tmpfile();
	struct rlimit limit, none;
	char logged[4096], *found;
	int peer;

	open_pool(2, 4);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)dup(peer); /* the lowest number that is free */
	close((int)none.rlim_cur);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
	ask(peer, "/healthz");
	usleep(1000000);
	ck_assert(is_waiting(peer));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	sem_post(&let_go);
	ck_assert_int_gt(hear(peer), 0);
	close(peer);
	close_pool();
	read_log(file, logged, sizeof(logged));
	found = strstr(logged, words);
	ck_assert_msg(found && !strstr(found + 1, words), "logged: %s", logged);
	fclose(file);
}
END_TEST

START_TEST(a_request_that_waits_for_a_thread_is_not_closed_for_a_new_connection)
{
	static const char *const paths[] = { "/overview", "/healthz", "/healthz", "/healthz" };
	int peers[ARRAY_SIZE(paths)], new;

	open_pool(2, ARRAY_SIZE(paths));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		peers[i] = connect_peer();
		ask(peers[i], paths[i]);
		if (i < 2)
			sem_wait(&held);
	}
	usleep(1500000);
	new = connect_peer();
	ask(new, "/healthz");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ck_assert_msg(is_waiting(peers[i]), "connection %zu", i);
	for (size_t i = 0; i <= ARRAY_SIZE(paths); i++)
		sem_post(&let_go);
	hear_all(peers, ARRAY_SIZE(paths));
	ck_assert_int_gt(hear(new), 0);
	close(new);
	close_pool();
}
END_TEST

START_TEST(a_stop_answers_the_connections_that_wait_at_the_limit)
{
	int idle[2], waiting[3];

	open_pool(2, ARRAY_SIZE(idle));
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		idle[i] = connect_peer();
	usleep(100000);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		waiting[i] = connect_peer();
		ask(waiting[i], "/healthz");
		sem_post(&let_go);
	}
	reception_stop(reception, true);
	hear_all(waiting, ARRAY_SIZE(waiting));
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		close(idle[i]);
	close_pool();
}
END_TEST

START_TEST(a_stop_closes_idle_connections_and_answers_what_has_begun)
{
	int idle, busy;

	open_pool(2, 10);
	idle = connect_peer();
	busy = connect_peer();
	ask(busy, "/overview");
	sem_wait(&held);
	reception_stop(reception, true);
	ck_assert_int_eq(hear(idle), 0);
	ck_assert(!reception_has_ended(reception));
	sem_post(&let_go);
	ck_assert_int_gt(hear(busy), 0);
	ck_assert_int_eq(hear(busy), 0);
	close(idle);
	close(busy);
	close_pool();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_pool_is_seen_while_a_thread_is_free);
	tcase_add_test(t, threads_that_have_ended_start_again_for_the_next_requests);
	tcase_add_test(t, a_pool_whose_threads_cannot_start_again_says_so_once);
	tcase_add_test(t, general_requests_leave_a_thread_free_if_the_system_refuses_more);
	tcase_add_test(t, half_of_the_threads_work_on_general_requests_and_further_ones_wait);
	tcase_add_test(t, requests_that_come_together_on_one_connection_are_answered_one_by_one);
	tcase_add_test(t, a_new_connection_replaces_the_one_that_has_been_idle_longest);
	tcase_add_test(t, connections_that_cannot_be_accepted_wait_and_the_log_says_so_once);
	tcase_add_test(t, a_request_that_waits_for_a_thread_is_not_closed_for_a_new_connection);
	tcase_add_test(t, a_stop_answers_the_connections_that_wait_at_the_limit);
	tcase_add_test(t, a_stop_closes_idle_connections_and_answers_what_has_begun);
	suite_add_tcase(s, t);
	return run_suite_in_forks(s);
}
