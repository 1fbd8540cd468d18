#include "base/sandbox.h"

#include <stdio.h>
#include <sys/prctl.h>

#include "base/banned.h"

void sandbox_enter(const struct sandbox_path *paths, size_t n,
		   const struct sandbox_network *network, struct sandbox *ret)
{
	const char *no_files = "", *no_calls = "";

	/*
	 * seccomp and Landlock require this flag; it also keeps set-user-ID
	 * programs from restoring rights
	 */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ret->files = sandbox_limit_files(paths, n, network, &no_files);
	ret->calls = sandbox_limit_calls(network, &no_calls);
	snprintf(ret->words, sizeof(ret->words), "system calls are %s%s, files are %s%s%s",
		 ret->calls ? "limited by seccomp" : "not limited: ", no_calls,
		 ret->files ? "limited by Landlock" : "not limited: ", no_files,
		 SANDBOX_SANITIZED ? " (wider, for the reports of a sanitizer)" : "");
}
