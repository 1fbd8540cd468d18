/* System calls of the sandbox: a seccomp filter, made with libseccomp. */
#include "base/sandbox.h"
#include "config.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

/* Names, since not every processor has all of these calls; ended by NULL. */
static const char *const allowed[] = {
	/* memory */
	"brk", "madvise", "mremap", "munmap",
	/* files: the ledger, templates, zones */
	"access", "faccessat", "faccessat2", "open", "openat", "close", "stat", "lstat", "fstat",
	"newfstatat", "fstatat64", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "read",
	"pread64", "readv", "preadv", "write", "pwrite64", "writev", "pwritev", "lseek", "_llseek",
	/* backups; files outside the folders are refused by Landlock */
	"rename", "renameat", "renameat2", "flock", "ftruncate", "ftruncate64", "fallocate",
	"fsync", "fdatasync", "fchmod", "fchown", "unlink", "unlinkat", "fcntl", "fcntl64",
	"getdents", "getdents64", "getcwd", "readlink", "readlinkat", "umask",
	/* connections */
	"accept", "accept4", "shutdown", "getsockopt", "getsockname", "sendto", "send", "sendmsg",
	"recvfrom", "recv", "recvmsg",
	/* waiting */
	"poll", "ppoll", "ppoll_time64", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"epoll_pwait2", "eventfd2", "futex", "futex_time64", "nanosleep", "clock_nanosleep",
	"clock_nanosleep_time64", "sched_yield", "restart_syscall",
	/* threads and signals */
	"set_robust_list", "get_robust_list", "rseq", "membarrier", "gettid", "sched_getaffinity",
	"exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaltstack", "set_tid_address",
	/* clocks, identity, resources */
	"clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time", "times",
	"getrusage", "getrandom", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid",
	"uname", "sysinfo", "getrlimit", "ugetrlimit", NULL
};

/* Calls that only injected code would make. */
static const char *const fatal[] = { "execve",
				     "execveat",
				     "fork",
				     "vfork",
				     "ptrace",
				     "process_vm_readv",
				     "process_vm_writev",
				     "mount",
				     "umount2",
				     "pivot_root",
				     "chroot",
				     "setns",
				     "unshare",
				     "init_module",
				     "finit_module",
				     "delete_module",
				     "kexec_load",
				     "kexec_file_load",
				     "bpf",
				     "perf_event_open",
				     "userfaultfd",
				     "add_key",
				     "keyctl",
				     "request_key",
				     "reboot",
				     "swapon",
				     "swapoff",
				     "setuid",
				     "setgid",
				     "setreuid",
				     "setregid",
				     "setresuid",
				     "setresgid",
				     "setgroups",
				     "setfsuid",
				     "setfsgid",
				     "capset",
				     "open_by_handle_at",
				     "io_uring_setup",
				     "personality",
				     NULL };

/* Calls that a sanitizer makes for its report at the end of the process. */
static const char *const of_sanitizers[] = { "clone",  "mmap",   "mprotect", "prctl",
					     "ptrace", "wait4",  "waitid",   "process_vm_readv",
					     "kill",   "tgkill", "tkill",    "pipe",
					     "pipe2",  "dup2",   "dup3",     NULL };

static bool in_list(const char *const *list, const char *name)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list;
}

static int add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned n,
	       const struct scmp_arg_cmp *args)
{
	int call = seccomp_syscall_resolve_name(name);

	return call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(ctx, action, call, n, args);
}

/* Allows calls only with certain arguments. */
static int add_conditional(scmp_filter_ctx ctx)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	const struct {
		const char *name;
		/* SCMP_CMP_EQ ignores the second value, so it is 0 */
		struct scmp_arg_cmp arg;
	} rows[] = {
		{ "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ "mmap2", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		/* libfcgi reads from a memory file */
		{ "memfd_create", SCMP_A1(SCMP_CMP_EQ, MFD_CLOEXEC, 0) },
		{ "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0) },
		{ "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0, 0) }, /* to read a limit */
		/* priority of the calling thread */
		{ "setpriority", SCMP_A1(SCMP_CMP_EQ, 0, 0) },
		{ "kill", SCMP_A0(SCMP_CMP_EQ, self, 0) },
		{ "tgkill", SCMP_A0(SCMP_CMP_EQ, self, 0) },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++)
		if (!SANDBOX_SANITIZED || !in_list(of_sanitizers, rows[i].name))
			rc = add(ctx, SCMP_ACT_ALLOW, rows[i].name, 1, &rows[i].arg);
	/*
	 * a filter can't check the flags of clone3, so ENOSYS makes the C
	 * library use clone
	 */
	return rc ? rc : add(ctx, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

static int add_lists(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (const char *const *name = allowed; *name && rc == 0; name++)
		rc = add(ctx, SCMP_ACT_ALLOW, *name, 0, NULL);
	for (const char *const *name = fatal; *name && rc == 0; name++)
		if (!SANDBOX_SANITIZED || !in_list(of_sanitizers, *name))
			rc = add(ctx, SCMP_ACT_KILL_PROCESS, *name, 0, NULL);
	for (const char *const *name = of_sanitizers; SANDBOX_SANITIZED && *name && rc == 0; name++)
		rc = add(ctx, SCMP_ACT_ALLOW, *name, 0, NULL);
	return rc ? rc : add_conditional(ctx);
}

#define SOCKET_KIND ((scmp_datum_t)0xffffffff & ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK))

static int add_connecting(scmp_filter_ctx ctx)
{
	static const char *const calls[] = { "connect", "setsockopt", "getpeername", NULL };
	int rc = 0;

	for (const char *const *name = calls; *name && rc == 0; name++)
		rc = add(ctx, SCMP_ACT_ALLOW, *name, 0, NULL);
	return rc;
}

static int add_local(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp args[] = { SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
					     SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_KIND,
						     SOCK_STREAM) };

	return add(ctx, SCMP_ACT_ALLOW, "socket", 2, args);
}

/*
 * Allows sockets of TCP and UDP, and what the C library's resolver and libcurl
 * do with them.
 */
static int add_tcp(scmp_filter_ctx ctx)
{
	static const scmp_datum_t families[] = { AF_INET, AF_INET6 },
				  types[] = { SOCK_STREAM, SOCK_DGRAM };
	const struct scmp_arg_cmp readable = SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0),
				  local = SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0);
	int rc = add(ctx, SCMP_ACT_ALLOW, "sendmmsg", 0, NULL);

	for (int i = 0; i < 4 && rc == 0; i++) {
		const struct scmp_arg_cmp args[] = { SCMP_A0(SCMP_CMP_EQ, families[i / 2], 0),
						     SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_KIND,
							     types[i % 2]) };

		rc = add(ctx, SCMP_ACT_ALLOW, "socket", 2, args);
	}
	if (rc == 0)
		rc = add(ctx, SCMP_ACT_ALLOW, "ioctl", 1, &readable);
	return rc ? rc : add(ctx, SCMP_ACT_ALLOW, "socketpair", 1, &local);
}

static int add_network(scmp_filter_ctx ctx, const struct sandbox_network *network)
{
	int rc;

	if (!network || (!network->local && !network->tcp))
		return 0;
	rc = add_connecting(ctx);
	if (rc == 0 && network->local)
		rc = add_local(ctx);
	return rc == 0 && network->tcp ? add_tcp(ctx) : rc;
}

bool sandbox_limit_calls(const struct sandbox_network *network, const char **ret_why)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool done;

	*ret_why = "no memory for the filter";
	if (!ctx)
		return false;
	/* use a tree instead of a list, and keep the processor's fast mode */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);
	done = add_lists(ctx) == 0 && add_network(ctx, network) == 0;
	*ret_why = "the filter could not be made";
	if (done) {
		done = seccomp_load(ctx) == 0;
		*ret_why = done ? "" : "the kernel takes no filter";
	}
	seccomp_release(ctx);
	return done;
}

#else

#include "base/banned.h"

bool sandbox_limit_calls(const struct sandbox_network *network, const char **ret_why)
{
	(void)network;
	*ret_why = "built without libseccomp";
	return false;
}

#endif
