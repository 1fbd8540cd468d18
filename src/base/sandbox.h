/*
 * sandbox.h - a process gives up rights that it doesn't need, so that an
 * attacker who finds a fault in it can do little:
 *
 * - System calls (seccomp): only those on a list are allowed. Some that only an
 *   attacker would make, such as to run a program, end the process with SIGSYS;
 *   all others fail with EPERM. Memory can't become code. There are no new
 *   sockets and processes, and signals go to the process itself alone.
 * - Files (Landlock): open files stay open. Of all others, only the listed
 *   paths can be opened, and only in the listed way. Nothing can be run, and
 *   nothing is bound or connected by TCP.
 *
 * Where the system lacks one of them, the process goes on without it, and the
 * text for the log says so.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_use {
	SANDBOX_READ,   /* files, and all below folders */
	SANDBOX_CHANGE, /* files of a folder: read, write, make, remove */
	SANDBOX_REMOVE  /* files of a folder: remove, nothing else */
};

struct sandbox_path {
	const char *path; /* one that isn't there is skipped */
	enum sandbox_use use;
};

struct sandbox {
	bool calls, files; /* is the filter in force, is Landlock? */
	char words[200];   /* both in a sentence, with the reason where one isn't */
};

/*
 * Enters the sandbox: this thread, and all threads that it starts later, can
 * use only the N PATHS. Call it while the process has one thread.
 */
void sandbox_enter(const struct sandbox_path *paths, size_t n, struct sandbox *ret);

/* The two parts, for sandbox_enter alone. False: *RET_WHY is the reason. */
bool sandbox_limit_files(const struct sandbox_path *paths, size_t n, const char **ret_why);
bool sandbox_limit_calls(const char **ret_why);

/*
 * Was the program built with a sanitizer? Its reports need more calls, and may
 * read all files.
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
