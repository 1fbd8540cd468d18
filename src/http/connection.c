#include "http/connection.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/banned.h"

enum {
	LEFTOVER_MAX = 64 << 20,         /* bytes of a body nobody wanted that are read away to keep the connection */
	RECORDS_MAX = 32                 /* sent in one system call */
};

/* ---- waiting for the peer ---- */

/* False: it takes too long. */
static bool wait_for_peer(struct connection *c, short events)
{
	int64_t begun = monotonic_ms(), patience = PEER_SECONDS * 1000 * (1 + (c->moved >> 20)) - c->waited_ms;
	struct pollfd p = { .fd = c->fd, .events = events };
	int rc = 0;

	while (patience > 0) {
		int64_t left = patience - (monotonic_ms() - begun);

		rc = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (rc >= 0 || errno != EINTR)
			break;
	}
	c->waited_ms += monotonic_ms() - begun;
	return rc > 0;
}

/* ---- bytes in ---- */

/* As fcgi_reader_take; a reply is sent. */
static enum fcgi_event take(struct connection *c, struct fcgi_span *data, struct fcgi_span *body)
{
	enum fcgi_event event = fcgi_reader_take(&c->reader, data, body);

	if (event != FCGI_HAS_REPLY)
		return event;
	if (send(c->fd, c->reader.reply, c->reader.reply_len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)c->reader.reply_len)
		return FCGI_IS_BROKEN;
	return FCGI_HAS_REPLY;
}

/* Reads what comes next, waiting for it. False: nothing comes. */
static bool fill(struct connection *c)
{
	ssize_t n;

	strbuf_clear(&c->ahead);
	c->ahead_taken = 0;
	if (!strbuf_grow(&c->ahead, CONNECTION_READ_BYTES))
		return false;
	do
		n = read(c->fd, c->ahead.text, CONNECTION_READ_BYTES);
	while (n < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_for_peer(c, POLLIN))));
	if (n <= 0)
		return false;
	c->ahead.len = (size_t)n;
	c->moved += n;
	return true;
}

static size_t read_gathered(struct connection *c, char *buf, size_t size)
{
	size_t n = c->body.len - c->body_read;

	if (n > size)
		n = size;
	if (n)
		memcpy(buf, c->body.text + c->body_read, n);
	c->body_read += n;
	return n;
}

static size_t read_body(struct input *in, char *buf, size_t size)
{
	struct connection *c = (struct connection *)((char *)in - offsetof(struct connection, in));
	size_t got = read_gathered(c, buf, size);
	struct fcgi_span body = { buf + got, size - got };

	while (body.len && !c->reader.body_ended) {
		struct fcgi_span data;
		enum fcgi_event event;

		if (c->ahead_taken == c->ahead.len && !fill(c))
			break;
		data = (struct fcgi_span){ c->ahead.text + c->ahead_taken, c->ahead.len - c->ahead_taken };
		event = take(c, &data, &body);
		c->ahead_taken = c->ahead.len - data.len;
		if (event == FCGI_IS_BROKEN)
			break;
	}
	return size - body.len;
}

/* Are both ways closed? TCP doesn't tell: there the peer's has to do. */
static bool is_gone(struct input *in)
{
	struct connection *c = (struct connection *)((char *)in - offsetof(struct connection, in));
	struct pollfd p = { .fd = c->fd };
	socklen_t len = sizeof(int);
	int domain = AF_UNIX;

	getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain != AF_UNIX)
		p.events = POLLRDHUP;
	return poll(&p, 1, 0) > 0;
}

/* Reads to the end of the body. False: it has none, or one too far away. */
static bool read_leftover(struct connection *c)
{
	char trash[8192];

	c->body_read = c->body.len;
	for (size_t all = 0; all < LEFTOVER_MAX && !c->reader.body_ended; all += sizeof(trash))
		if (read_body(&c->in, trash, sizeof(trash)) < sizeof(trash))
			break;
	return c->reader.body_ended;
}

/* ---- bytes out ---- */

/* Writes all of it. Changes IOV. */
static int write_all(struct connection *c, struct iovec *iov, int n)
{
	while (n > 0) {
		ssize_t done = writev(c->fd, iov, n);

		if (done < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_for_peer(c, POLLOUT))))
			continue;
		if (done < 0)
			return -1;
		c->moved += done;
		for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* Records on their way out: an answer goes out in one system call. */
struct records {
	struct connection *c;
	unsigned char headers[RECORDS_MAX][FCGI_HEADER_BYTES];
	struct iovec iov[2 * RECORDS_MAX];
	int n, n_iov;
	bool failed;
};

static void records_send(struct records *rs)
{
	if (!rs->failed && rs->n_iov)
		rs->failed = write_all(rs->c, rs->iov, rs->n_iov) < 0;
	rs->n = rs->n_iov = 0;
}

static void records_add(struct records *rs, int type, void *content, size_t len)
{
	if (rs->n == RECORDS_MAX)
		records_send(rs);
	fcgi_header(rs->headers[rs->n], type, rs->c->reader.request_id, len);
	rs->iov[rs->n_iov++] = (struct iovec){ rs->headers[rs->n++], FCGI_HEADER_BYTES };
	if (len)
		rs->iov[rs->n_iov++] = (struct iovec){ content, len };
}

/*
 * Is the connection to be kept? Reads the request to its end first, whether it is or not: a web server that still sends would
 * lose the answer when the connection is closed. Who is refused for want of room gets no thread for that.
 */
static bool can_keep(struct connection *c)
{
	struct connections *all = c->all;

	if ((c->refuse && !c->reader.body_ended) || !read_leftover(c))
		return false;
	return c->reader.keep && !atomic_load(&all->ending) && 2 * atomic_load(&all->n) <= all->max;
}

static void add_end(struct records *rs)
{
	static unsigned char completed[8], goodbye[8];
	struct connection *c = rs->c;

	c->keep = can_keep(c);
	records_add(rs, FCGI_STDOUT, NULL, 0);
	records_add(rs, FCGI_END_REQUEST, completed, sizeof(completed));
	/* nginx doesn't keep a connection on which something follows; it could send a request before it sees that we closed it */
	if (c->reader.keep && !c->keep)
		records_add(rs, FCGI_UNKNOWN_TYPE, goodbye, sizeof(goodbye));
}

static int write_answer(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct records rs = { .c = (struct connection *)out };

	for (int i = 0; i < n; i++) {
		char *p = parts[i].iov_base;

		for (size_t left = parts[i].iov_len, len; left; p += len, left -= len) {
			len = left < FCGI_CONTENT_MAX ? left : FCGI_CONTENT_MAX;
			records_add(&rs, FCGI_STDOUT, p, len);
		}
	}
	if (last)
		add_end(&rs);
	records_send(&rs);
	return rs.failed ? -1 : 0;
}

/* ---- one connection ---- */

struct connection *connection_new(int fd, struct connections *all)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->out.write = write_answer;
	c->in.read = read_body;
	c->in.gone = is_gone;
	c->fd = fd;
	c->all = all;
	atomic_fetch_add(&all->n, 1);
	fcgi_reader_init(&c->reader);
	strbuf_init(&c->body, CONNECTION_BODY_MAX);
	strbuf_init(&c->ahead, CONNECTION_READ_BYTES);
	return c;
}

void connection_free(struct connection **c)
{
	if (!*c)
		return;
	close((*c)->fd);
	atomic_fetch_sub(&(*c)->all->n, 1);
	fcgi_reader_release(&(*c)->reader);
	strbuf_release(&(*c)->body);
	strbuf_release(&(*c)->ahead);
	free(*c);
	*c = NULL;
}

/* The announced length of the body, or 0. */
static int64_t content_length(char *const *envp)
{
	static const char name[] = "CONTENT_LENGTH=";

	for (; *envp; envp++)
		if (strncmp(*envp, name, sizeof(name) - 1) == 0)
			return strtoll(*envp + sizeof(name) - 1, NULL, 10);
	return 0;
}

/* The variables are here: makes room for a body that is to be gathered. */
static bool take_variables(struct connection *c)
{
	int64_t len;

	c->envp = fcgi_reader_variables(&c->reader);
	if (!c->envp)
		return false;
	len = content_length(c->envp);
	c->long_body = len > CONNECTION_BODY_MAX;
	c->gather = len > 0 && !c->long_body ? (size_t)len : 0;
	return strbuf_grow(&c->body, c->gather);
}

/* Goes on with DATA: variables first, then the body as far as it is gathered. */
static enum connection_state gather(struct connection *c, struct fcgi_span *data)
{
	enum fcgi_event event;

	do {
		size_t room = c->gather - c->body.len;
		struct fcgi_span body = { c->body.text + c->body.len, room };

		event = take(c, data, &body);
		c->body.len += room - body.len;
		if (event == FCGI_HAS_VARIABLES && !take_variables(c))
			return CONNECTION_OVER;
	} while (event == FCGI_HAS_REPLY || (event == FCGI_HAS_VARIABLES && !c->long_body));
	if (event == FCGI_NEEDS_DATA)
		return CONNECTION_WAITS;
	return event == FCGI_IS_BROKEN ? CONNECTION_OVER : CONNECTION_READY;
}

enum connection_state connection_receive(struct connection *c, char *scratch)
{
	struct fcgi_span data = { c->ahead.text + c->ahead_taken, c->ahead.len - c->ahead_taken };
	enum connection_state state = data.len ? gather(c, &data) : CONNECTION_WAITS;
	ssize_t n;

	c->ahead_taken = c->ahead.len - data.len;
	if (state != CONNECTION_WAITS)
		return state;
	strbuf_release(&c->ahead);
	c->ahead_taken = 0;
	do
		n = read(c->fd, scratch, CONNECTION_READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? CONNECTION_WAITS : CONNECTION_OVER;
	data = (struct fcgi_span){ scratch, (size_t)n };
	state = gather(c, &data);
	strbuf_addn(&c->ahead, data.at, data.len);
	return state;
}

bool connection_has_begun(const struct connection *c)
{
	return c->reader.request_id || c->reader.n_header;
}

bool connection_next(struct connection *c)
{
	if (!c->keep)
		return false;
	fcgi_reader_clear(&c->reader);
	strbuf_release(&c->body);
	if (c->ahead_taken == c->ahead.len) {
		strbuf_release(&c->ahead);
		c->ahead_taken = 0;
	}
	c->envp = NULL;
	c->gather = c->body_read = 0;
	c->keep = c->light = c->refuse = c->begun = false;
	c->moved = c->waited_ms = 0;
	return true;
}
