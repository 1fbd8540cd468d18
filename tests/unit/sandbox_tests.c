/*
 * sandbox_tests.c - what a process that has entered the sandbox can do, and
 * what it can't. Each test has a process of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/sandbox.h"

static char folder[] = "/tmp/usaged-sandbox.XXXXXX";
static char inside[64], readable[64], outside[64], removable[64];
static struct sandbox sandbox;

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "text", 4), 4);
	close(fd);
}

/*
 * Folders to change, to read, to leave alone, and to remove files from; in each
 * a file. In the parent of all tests.
 */
static void make_folders(void)
{
	char *const names[] = { inside, readable, outside, removable };
	static const char *const words[] = { "in", "read", "out", "run" };
	char path[80];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (int i = 0; i < 4; i++) {
		snprintf(names[i], 64, "%s/%s", folder, words[i]);
		ck_assert_int_eq(mkdir(names[i], 0700), 0);
		snprintf(path, sizeof(path), "%s/file", names[i]);
		write_file(path);
	}
	snprintf(path, sizeof(path), "%s/link", inside);
	ck_assert_int_eq(symlink("../out/file", path), 0);
}

static void remove_folders(void)
{
	pid_t pid = fork();

	if (pid == 0)
		execlp("rm", "rm", "-rf", folder, NULL);
	waitpid(pid, NULL, 0);
}

static void enter_with(const struct sandbox_network *network)
{
	const struct sandbox_path paths[] = { { inside, SANDBOX_CHANGE },
					      { readable, SANDBOX_READ },
					      { removable, SANDBOX_REMOVE },
					      { "/nowhere/at/all", SANDBOX_READ } };

	sandbox_enter(paths, sizeof(paths) / sizeof(paths[0]), network, &sandbox);
}

static void enter(void)
{
	enter_with(NULL);
}

/* In the sandbox: ends the process with these words. */
#define must(condition, ...)                 \
	do {                                 \
		if (!(condition)) {          \
			printf(__VA_ARGS__); \
			fflush(stdout);      \
			_exit(1);            \
		}                            \
	} while (0)

#define must_be(condition) must(condition, "%s", #condition)

/*
 * Where a part isn't in force, that is said, and the test has nothing to try.
 */
#define NEEDS(part)                                             \
	do {                                                    \
		if (!sandbox.part) {                            \
			printf("skipped: %s\n", sandbox.words); \
			fflush(stdout);                         \
			return;                                 \
		}                                               \
	} while (0)

/*
 * Does BODY in a child that has entered the sandbox; Check itself needs what is
 * refused there.
 */
static void in_sandbox(void (*body)(void))
{
	char words[400] = "";
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		enter();
		body();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], words, sizeof(words) - 1);
	close(fds[0]);
	waitpid(pid, &status, 0);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x: %.*s",
		      (unsigned)status, (int)n, words);
	printf("%s", words);
}

/* The errno of opening FOLDER/NAME, or 0. */
static int try_open(const char *where, const char *name, int flags)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", where, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void check_only_the_listed_folders_are_open(void)
{
	static const struct {
		const char *where, *name;
		int flags, result;
	} rows[] = {
		{ inside, "file", O_RDWR, 0 },
		{ inside, "file", O_WRONLY | O_TRUNC, 0 },
		{ inside, "new", O_RDWR | O_CREAT | O_EXCL, 0 },
		{ inside, "link", O_RDONLY, EACCES },
		{ inside, ".", O_RDONLY | O_DIRECTORY, 0 },
		{ inside, "../out/file", O_RDONLY, EACCES },
		{ readable, "file", O_RDONLY, 0 },
		{ readable, "file", O_RDWR, EACCES },
		{ readable, "file", O_RDONLY | O_TRUNC, EACCES },
		{ readable, "new", O_RDWR | O_CREAT, EACCES },
		{ readable, ".", O_RDONLY | O_DIRECTORY, 0 },
		{ outside, "file", O_RDONLY, EACCES },
		{ outside, "new", O_RDWR | O_CREAT, EACCES },
		{ outside, ".", O_RDONLY | O_DIRECTORY, EACCES },
		{ removable, "file", O_RDONLY, EACCES },
		{ removable, "new", O_RDWR | O_CREAT, EACCES },
		{ "/etc", "passwd", O_RDONLY, EACCES },
		{ "/etc", "passwd", O_RDWR, EACCES },
		{ "/proc/self", "mem", O_RDWR, EACCES },
		{ "/tmp", "usaged-not-made", O_RDWR | O_CREAT, EACCES },
		{ "/dev", "null", O_WRONLY, EACCES },
	};

	NEEDS(files);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool reads = (rows[i].flags & (O_ACCMODE | O_TRUNC | O_CREAT)) == O_RDONLY;
		int result = try_open(rows[i].where, rows[i].name, rows[i].flags),
		    wanted = SANDBOX_SANITIZED && reads ? 0 : rows[i].result;

		must(result == wanted, "%s/%s with %o: %s", rows[i].where, rows[i].name,
		     (unsigned)rows[i].flags, strerror(result));
	}
}

START_TEST(only_the_listed_folders_are_open)
{
	in_sandbox(check_only_the_listed_folders_are_open);
}
END_TEST

static void check_files_are_removed_where_they_may_be(void)
{
	static const struct {
		const char *where;
		int result;
	} rows[] = { { inside, 0 }, { removable, 0 }, { readable, EACCES }, { outside, EACCES } };
	char path[100];

	NEEDS(files);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "%s/file", rows[i].where);
		must((unlink(path) < 0 ? errno : 0) == rows[i].result, "%s", path);
	}
	snprintf(path, sizeof(path), "%s/folder", inside);
	must(mkdir(path, 0700) < 0, "only files are made");
}

START_TEST(files_are_removed_where_they_may_be)
{
	in_sandbox(check_files_are_removed_where_they_may_be);
}
END_TEST

static void *do_nothing(void *arg)
{
	prctl(PR_SET_NAME, "named");
	setpriority(PRIO_PROCESS, 0, 1);
	return arg;
}

static void check_threads_memory_and_open_files_go_on(void)
{
	pthread_t thread;
	void *result = NULL, *memory;

	must_be(pthread_create(&thread, NULL, do_nothing, folder) == 0);
	must_be(pthread_join(thread, &result) == 0);
	must_be(result == folder);
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must_be(memory != MAP_FAILED);
	must_be(mprotect(memory, 1 << 20, PROT_READ) == 0);
	must_be(munmap(memory, 1 << 20) == 0);
	must_be(write(STDOUT_FILENO, "", 0) >= 0);
	must_be(kill(getpid(), 0) == 0);
}

START_TEST(threads_memory_and_open_files_go_on)
{
	in_sandbox(check_threads_memory_and_open_files_go_on);
}
END_TEST

static void check_code_can_not_be_made_or_loaded(void)
{
	void *memory;

	NEEDS(calls);
	if (SANDBOX_SANITIZED)
		return;
	must_be(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0) == MAP_FAILED);
	must_be(errno == EPERM);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must_be(mprotect(memory, 4096, PROT_READ | PROT_EXEC) == -1);
	must_be(errno == EPERM);
}

START_TEST(code_can_not_be_made_or_loaded)
{
	in_sandbox(check_code_can_not_be_made_or_loaded);
}
END_TEST

static const struct {
	const char *name;
	long call, args[3];
} refused[] = {
	{ "an internet socket", SYS_socket, { AF_INET, SOCK_STREAM } },
	{ "a socket of the machine", SYS_socket, { AF_UNIX, SOCK_STREAM } },
	{ "a pair of sockets", SYS_socketpair, { AF_UNIX, SOCK_STREAM } },
	{ "to connect", SYS_connect, { 0, 0, 0 } },
	{ "to bind", SYS_bind, { 0, 0, 0 } },
	{ "to listen", SYS_listen, { 0, 5 } },
	{ "a limit", SYS_prlimit64, { 0, RLIMIT_NOFILE, (long)folder } },
	{ "another's priority", SYS_setpriority, { PRIO_PROCESS, 1, 5 } },
	{ "a signal to another", SYS_kill, { 1, 0 } },
	{ "a signal to all", SYS_kill, { -1, 0 } },
	{ "the clock", SYS_clock_settime, { 0, 0 } },
	{ "a link", SYS_symlinkat, { 0, AT_FDCWD, 0 } },
	{ "a folder", SYS_mkdirat, { AT_FDCWD, 0, 0700 } },
	{ "a mode by name", SYS_fchmodat, { AT_FDCWD, 0, 0777 } },
	{ "a queue", SYS_inotify_init1, { 0 } },
	{ "a file in memory to hand on", SYS_memfd_create, { (long)"x", 0 } },
	{ "to be watched", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "a new process", SYS_clone, { SIGCHLD, 0 } },
};

static void check_other_calls_fail_with_EPERM(void)
{
	NEEDS(calls);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		long rc;

		if (SANDBOX_SANITIZED &&
		    (refused[i].call == SYS_kill || refused[i].call == SYS_prctl ||
		     refused[i].call == SYS_clone))
			continue;
		errno = 0;
		rc = syscall(refused[i].call, refused[i].args[0], refused[i].args[1],
			     refused[i].args[2], 0, 0, 0);
		must(rc == -1 && errno == EPERM, "%s: %ld, %s", refused[i].name, rc,
		     strerror(errno));
	}
}

START_TEST(other_calls_fail_with_EPERM)
{
	in_sandbox(check_other_calls_fail_with_EPERM);
}
END_TEST

static const long deadly[] = { SYS_execve,
			       SYS_execveat,
			       SYS_mount,
			       SYS_unshare,
			       SYS_setns,
			       SYS_bpf,
			       SYS_init_module,
			       SYS_keyctl,
			       SYS_setuid,
			       SYS_perf_event_open,
			       SYS_chroot,
			       SYS_personality,
			       425 /* io_uring_setup */,
			       SYS_ptrace,
			       SYS_process_vm_readv };

START_TEST(what_only_an_attacker_does_ends_the_process)
{
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		bool of_reports = deadly[i] == SYS_ptrace || deadly[i] == SYS_process_vm_readv;
		int status;
		pid_t pid = fork();

		ROW("call %ld", deadly[i]);
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			enter();
			if (sandbox.calls && !(SANDBOX_SANITIZED && of_reports))
				syscall(deadly[i], 0, 0, 0, 0, 0);
			_exit(sandbox.calls && !(SANDBOX_SANITIZED && of_reports) ? 1 : 77);
		}
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			continue;
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			      "call %ld: status %x", deadly[i], (unsigned)status);
	}
}
END_TEST

static void check_the_log_says_what_is_in_force(void)
{
	must(strstr(sandbox.words, "seccomp") ||
		     strstr(sandbox.words, "system calls are not limited: "),
	     "%s", sandbox.words);
	must(strstr(sandbox.words, "Landlock"), "%s", sandbox.words);
}

START_TEST(the_log_says_what_is_in_force)
{
	in_sandbox(check_the_log_says_what_is_in_force);
}
END_TEST

static const struct {
	const char *name;
	long call, args[3];
	int result;
} of_sender[] = {
	{ "a TCP socket", SYS_socket, { AF_INET, SOCK_STREAM | SOCK_CLOEXEC }, 0 },
	{ "a TCP socket of IPv6", SYS_socket, { AF_INET6, SOCK_STREAM | SOCK_NONBLOCK }, 0 },
	{ "a UDP socket", SYS_socket, { AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK }, 0 },
	{ "a raw socket", SYS_socket, { AF_INET, SOCK_RAW, 1 }, EPERM },
	{ "a packet socket", SYS_socket, { AF_PACKET, SOCK_DGRAM }, EPERM },
	{ "a socket of the machine", SYS_socket, { AF_UNIX, SOCK_STREAM }, EPERM },
	{ "a socket of the kernel", SYS_socket, { AF_NETLINK, SOCK_DGRAM }, EPERM },
	{ "to listen", SYS_listen, { 0, 5 }, EPERM },
	{ "to bind", SYS_bind, { 0, 0, 0 }, EPERM },
	{ "another control of a file", SYS_ioctl, { 0, 0x5412 /* TIOCSTI */, 0 }, EPERM },
};

/* In the child's only thread: the sandbox of the other threads does not apply. */
static void *send_in_sandbox(void *arg)
{
	(void)arg;
	enter_with(&(struct sandbox_network) { .tcp = true });
	if (!sandbox.calls)
		return NULL;
	for (size_t i = 0; i < sizeof(of_sender) / sizeof(of_sender[0]); i++) {
		long rc;

		errno = 0;
		rc = syscall(of_sender[i].call, of_sender[i].args[0], of_sender[i].args[1],
			     of_sender[i].args[2], 0, 0, 0);
		must((rc == -1 ? errno : 0) == of_sender[i].result, "%s: %ld, %s",
		     of_sender[i].name, rc, strerror(errno));
	}
	return NULL;
}

START_TEST(thread_that_sends_may_connect_and_the_others_may_not)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pthread_t thread;

		must_be(pthread_create(&thread, NULL, send_in_sandbox, NULL) == 0);
		must_be(pthread_join(thread, NULL) == 0);
		enter();
		must_be(!sandbox.calls ||
			(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
END_TEST

/* Runs CHECK in a process of its own, which fails if CHECK does. */
static void in_process(void (*check)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		check();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}

static void check_local(void)
{
	enter_with(&(struct sandbox_network) { .local = true });
	if (!sandbox.calls)
		return;
	must_be(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	must_be(socket(AF_UNIX, SOCK_DGRAM, 0) == -1 && errno == EPERM);
	must_be(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
}

START_TEST(a_database_on_this_machine_needs_only_local_sockets)
{
	in_process(check_local);
}
END_TEST

/* Connects to the port of this machine where nobody listens. */
static int connect_to(uint16_t port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must_be(fd >= 0);
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 ? 0 : errno;
}

static void check_ports(void)
{
	static const int ports[] = { 1, 3 };
	const int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	enter_with(&(struct sandbox_network) { .tcp = true, .ports = ports, .n_ports = 2 });
	if (!sandbox.files || version < 4)
		return;
	must_be(connect_to(1) == ECONNREFUSED);
	must_be(connect_to(3) == ECONNREFUSED);
	must_be(connect_to(2) == EACCES);
}

START_TEST(only_the_ports_of_the_database_can_be_reached)
{
	in_process(check_ports);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_unchecked_fixture(t, make_folders, remove_folders);
	tcase_add_test(t, only_the_listed_folders_are_open);
	tcase_add_test(t, files_are_removed_where_they_may_be);
	tcase_add_test(t, threads_memory_and_open_files_go_on);
	tcase_add_test(t, code_can_not_be_made_or_loaded);
	tcase_add_test(t, other_calls_fail_with_EPERM);
	tcase_add_test(t, what_only_an_attacker_does_ends_the_process);
	tcase_add_test(t, the_log_says_what_is_in_force);
	tcase_add_test(t, thread_that_sends_may_connect_and_the_others_may_not);
	tcase_add_test(t, a_database_on_this_machine_needs_only_local_sockets);
	tcase_add_test(t, only_the_ports_of_the_database_can_be_reached);
	suite_add_tcase(s, t);
	return run_suite(s);
}
