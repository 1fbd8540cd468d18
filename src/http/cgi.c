#include "http/cgi.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/signin.h"
#include "format/templates.h"
#include "usage/commit_thread.h"
#include "base/banned.h"

extern char **environ;

static int write_part(const char *at, size_t left)
{
	while (left) {
		ssize_t n = write(STDOUT_FILENO, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

static int cgi_write(struct output *out, const struct iovec *parts, int n, bool last)
{
	(void)out;
	(void)last;
	for (int i = 0; i < n; i++)
		if (write_part(parts[i].iov_base, parts[i].iov_len) < 0)
			return -1;
	return 0;
}

static size_t cgi_read(struct input *in, char *buf, size_t size)
{
	size_t got = 0;

	(void)in;
	while (got < size) {
		ssize_t n = read(STDIN_FILENO, buf + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

int cgi_serve(struct worker *w, struct templates *templates, struct error *err)
{
	struct input in = { .read = cgi_read };
	struct output out = { .write = cgi_write };
	int rc;

	w->signin = signin_new();
	/*
	 * only POST may write; without a commit thread, an operation that
	 * writes fails with an error
	 */
	if (strcmp(getenv("REQUEST_METHOD"), "POST") == 0)
		commit_thread_new(w->settings, &w->commits, NULL);
	signal(SIGPIPE, SIG_IGN);
	template_slot_init(w->slot, templates);
	worker_init(w);
	rc = handle(w, environ, &in, &out);
	worker_release(w);
	template_slot_release(w->slot);
	signin_free(&w->signin);
	commit_thread_free(&w->commits);
	return rc < 0 ? error_set(err, ERR_INTERNAL, NULL, "The answer was cut off") : 0;
}
