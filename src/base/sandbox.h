/*
 * sandbox.h - a process gives up rights that it doesn't need, so that an
 * attacker who finds a fault in it can do little:
 *
 * - System calls (seccomp): only calls on a list are allowed. Calls that only
 *   an attacker would make, such as execve, end the process with SIGSYS; all
 *   others fail with EPERM. Memory can't become code. The process can't create
 *   sockets or processes, and can signal only itself.
 * - Files (Landlock): open files stay open. Only the listed paths can be
 *   opened, and only in the listed way. No program can be run, and no TCP
 *   socket bound or connected.
 *
 * A process or thread that connects to others can have a sandbox in which it may
 * also make sockets of some kinds, and connect them.
 *
 * If the kernel lacks seccomp or Landlock, the process continues without it,
 * and the text for the log says so.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_use {
	SANDBOX_READ,   /* a file, or a folder with all files below */
	SANDBOX_CHANGE, /* files of a folder: read, write, create, remove */
	SANDBOX_REMOVE  /* files of a folder: remove only */
};

struct sandbox_path {
	const char *path; /* skipped if it does not exist */
	enum sandbox_use use;
};

struct sandbox {
	bool calls, files; /* is seccomp in force, is Landlock? */
	/* a sentence on both for the log; says why if one is not in force */
	char words[200];
};

/* The sockets that may be made and connected. */
struct sandbox_network {
	bool local;       /* sockets in the file system; Landlock does not limit them */
	bool tcp;         /* TCP, and UDP for look-ups of names */
	const int *ports; /* of TCP, where Landlock can limit them */
	size_t n_ports;   /* 0: all ports */
};

/*
 * Enters the sandbox with the N PATHS. NETWORK NULL: no sockets. It holds for
 * this thread and the threads that it starts later, not for other threads.
 */
void sandbox_enter(const struct sandbox_path *paths, size_t n,
		   const struct sandbox_network *network, struct sandbox *ret);

/*
 * The two parts of sandbox_enter; call them only there. Return false with the
 * reason in *RET_WHY.
 */
bool sandbox_limit_files(const struct sandbox_path *paths, size_t n,
			 const struct sandbox_network *network, const char **ret_why);
bool sandbox_limit_calls(const struct sandbox_network *network, const char **ret_why);

/*
 * Was the program built with a sanitizer? A sanitizer's report needs more
 * system calls, and may read all files.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANDBOX_SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANDBOX_SANITIZED = 1 };
#else
enum { SANDBOX_SANITIZED = 0 };
#endif
#else
enum { SANDBOX_SANITIZED = 0 };
#endif

#endif
