/*
 * connection.c - a whole connection of a web server: the first byte says how
 * many bytes come at a time (0: all of them). Requests are answered in the
 * order they come, in whole records.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handler.h"
#include "http/connection.h"
#include "http/handle.h"
#include "mutate.h"
#include "base/banned.h"

/* Nobody waits here: what isn't there, doesn't come. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	static const struct timespec none = { 0 };

	(void)timeout;
	return ppoll(fds, n, &none, NULL);
}

static struct connections connections = { .max = 10 };
static struct strbuf received, answer;

static void receive(int fd)
{
	static char buf[1 << 16];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_addn(&received, buf, (size_t)n);
}

/*
 * What has been received are whole records, unless the answer was CUT off.
 * Checks the answers in them.
 */
static void check_received(bool cut)
{
	const unsigned char *at = (const unsigned char *)received.text, *end = at + received.len;
	const char *body;

	strbuf_clear(&answer);
	for (size_t len; at < end; at += len) {
		must(cut || end - at >= FCGI_HEADER_LEN);
		len = mutate_record_len(at, (size_t)(end - at));
		must(at[0] == 1 && (cut || len == (size_t)FCGI_HEADER_LEN +
							   (size_t)(at[4] << 8 | at[5]) + at[6]));
		if (at[1] == FCGI_STDOUT && len > FCGI_HEADER_LEN)
			strbuf_addn(&answer, (const char *)at + FCGI_HEADER_LEN,
				    len - FCGI_HEADER_LEN);
		if (at[1] == FCGI_END_REQUEST && answer.len) {
			/*
			 * whether it was HEAD is not known here, so its text
			 * isn't read
			 */
			server_check_answer(&answer, true, &body);
			strbuf_clear(&answer);
		}
	}
}

/* The one of all inputs. */
static struct intake *intake(void)
{
	static struct intake in;
	static bool begun;

	if (!begun) {
		intake_init(&in);
		must(FCGX_Init() == 0);
	}
	begun = true;
	return &in;
}

/* Takes what has been sent. False: the connection is over. */
static bool serve(struct connection *c, int peer, bool *ret_cut)
{
	enum connection_state state;

	while ((state = connection_receive(c, intake())) == CONNECTION_READY) {
		int rc;

		must(!c->in.gone(&c->in)); /* the peer is there */
		must(connection_has_begun(c));
		connection_is_short(c);
		rc = handle(server_worker(), c->envp, &c->in, &c->out);

		must(rc == 0 || rc == -1);
		*ret_cut = rc < 0;
		receive(peer);
		if (rc < 0 || !connection_next(c))
			return false;
	}
	receive(peer);
	return state == CONNECTION_WAITS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size && data[0] ? data[0] : SIZE_MAX;
	bool open = true, cut = false;
	struct connection *c;
	int fds[2];

	if (!size)
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	received.limit = answer.limit = 64 << 20;
	strbuf_clear(&received);
	must(strbuf_grow(&received, 1));
	c = connection_new(fds[0], &connections);
	for (size_t at = 1; open && at < size;) {
		size_t n = step < size - at ? step : size - at;

		must(write(fds[1], data + at, n) == (ssize_t)n);
		at += n;
		open = serve(c, fds[1], &cut);
	}
	if (open && shutdown(fds[1], SHUT_WR) == 0)
		must(!serve(c, fds[1], &cut));
	check_received(cut);
	connection_free(&c);
	must(atomic_load(&connections.n) == 0);
	close(fds[1]);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_behind(mutate_records, data, size, max_size, seed);
}
