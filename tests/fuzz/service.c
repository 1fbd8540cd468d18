#include "service.h"

#include <errno.h>
#include <fastcgi.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/ops.h"
#include "http/fcgi.h"
#include "ledger.h"
#include "base/banned.h"

#define TRIES 100000 /* of a tenth of a millisecond, until the server answers on its socket */

static pthread_t thread;

static void *serve(void *arg)
{
	struct error err = { 0 };

	(void)arg;
	if (fcgi_serve(ledger_settings(), ledger_secret, ops, &err) < 0)
		fprintf(stderr, "fcgi_serve: %s %s\n", err.message, err.detail);
	must(err.kind == ERR_NONE);
	return NULL;
}

static int try_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", ledger_settings()->socket);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

void service_start(void)
{
	ledger_settings();
	ledger_reset();
	signal(SIGPIPE, SIG_IGN);
	must(pthread_create(&thread, NULL, serve, NULL) == 0);
}

void service_stop(void)
{
	pthread_kill(thread, SIGTERM);
	pthread_join(thread, NULL);
}

void service_connect(struct service_connection *c)
{
	*c = (struct service_connection) { .fd = -1 };
	for (int i = 0; i < TRIES && c->fd < 0; i++) {
		c->fd = try_connect();
		if (c->fd < 0)
			usleep(100);
	}
	must(c->fd >= 0);
	strbuf_init(&c->in, 64 << 20);
	strbuf_init(&c->answer, 64 << 20);
}

void service_disconnect(struct service_connection *c)
{
	close(c->fd);
	strbuf_release(&c->in);
	strbuf_release(&c->answer);
}

void service_send(struct service_connection *c, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

/* The first record that has come in as a whole, or NULL. */
static const unsigned char *first_record(const struct service_connection *c, size_t *ret_len)
{
	const unsigned char *h = (const unsigned char *)c->in.text;

	if (c->in.len < FCGI_HEADER_LEN)
		return NULL;
	must(h[0] == 1 && h[6] == 0);
	must(h[1] == FCGI_STDOUT || h[1] == FCGI_END_REQUEST || h[1] == FCGI_UNKNOWN_TYPE);
	*ret_len = (size_t)(h[4] << 8 | h[5]);
	return c->in.len >= FCGI_HEADER_LEN + *ret_len ? h : NULL;
}

/* Understands what has come in. True: it is the request's end. */
static bool take_records(struct service_connection *c)
{
	const unsigned char *h;
	bool ended = false;
	size_t len, all;

	while (!ended && (h = first_record(c, &len))) {
		all = FCGI_HEADER_LEN + len;
		if (h[1] == FCGI_STDOUT)
			strbuf_addn(&c->answer, (const char *)h + FCGI_HEADER_LEN, len);
		ended = h[1] == FCGI_END_REQUEST;
		memmove(c->in.text, c->in.text + all, c->in.len - all);
		c->in.len -= all;
	}
	return ended;
}

bool service_wait(struct service_connection *c)
{
	static char buf[1 << 16];
	ssize_t n;

	for (;;) {
		if (take_records(c))
			return true;
		n = read(c->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		strbuf_addn(&c->in, buf, (size_t)n);
	}
}
