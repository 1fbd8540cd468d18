#include "http/connection.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/banned.h"

enum {
	/*
	 * unread bytes of a body that are read and dropped, to keep the
	 * connection
	 */
	LEFTOVER_MAX = 64 << 20,
	RECORDS_MAX = 32, /* records in one system call */
	/*
	 * enough for a head and the bytes that arrive with the end of the head
	 */
	FILE_BYTES = 256 << 10
};

/* ---- waiting for the peer ---- */

/* Waits for the peer. False: the peer has taken too long. */
static bool wait_for_peer(struct connection *c, short events)
{
	int64_t begun = monotonic_ms();
	int64_t patience = PEER_SECONDS * 1000 * (1 + (c->moved >> 20)) - c->waited_ms;
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

/* Should a failed system call be repeated? Waits for the peer if necessary. */
static bool is_to_be_tried_again(struct connection *c, short events)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return wait_for_peer(c, events);
	return errno == EINTR;
}

/* ---- libfcgi's input ---- */

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Makes a file in memory. -1: failed. */
static int open_file(void)
{
	int fd = memfd_create("request", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, FILE_BYTES) < 0) {
		log_error("no file in memory for a request: %s", strerror(errno));
		close_file(fd);
		return -1;
	}
	return fd;
}

/*
 * Appends the bytes that have passed the gate to the file, at libfcgi's
 * position.
 */
static bool fill_file(struct connection *c)
{
	off_t at = FILE_BYTES - (off_t)c->passed.len;
	ssize_t n;

	if (c->request.ipcFd < 0)
		c->request.ipcFd = open_file();
	n = pwrite(c->request.ipcFd, c->passed.text, c->passed.len, at);
	return n == (ssize_t)c->passed.len && lseek(c->request.ipcFd, at, SEEK_SET) == at;
}

/* The body's announced length, or 0. */
static int64_t content_length(char **envp)
{
	const char *text = FCGX_GetParam("CONTENT_LENGTH", envp);

	return text ? strtoll(text, NULL, 10) : 0;
}

/*
 * Lets libfcgi read the variables. Makes room for the body if it will be
 * gathered.
 */
static bool accept_request(struct connection *c)
{
	int64_t len;

	/*
	 * to libfcgi, the file is a kept connection, so that libfcgi accepts
	 * from no socket
	 */
	c->request.keepConnection = 1;
	if (FCGX_Accept_r(&c->request) != 0)
		return false;
	c->envp = c->request.envp;
	len = content_length(c->envp);
	c->long_body = len > CONNECTION_BODY_MAX;
	c->gather = len > 0 && !c->long_body ? (size_t)len : 0;
	return !c->gather || strbuf_grow(&c->body, c->gather);
}

/* Lets libfcgi read up to SIZE bytes of the body, without blocking. */
static size_t deliver(struct connection *c, char *buf, size_t size)
{
	size_t here = c->gate.body_bytes - c->delivered, n = here < size ? here : size, got = 0;

	if (n)
		got = (size_t)FCGX_GetStr(buf, (int)n, c->request.in);
	c->delivered += got;
	c->gate.broken = c->gate.broken || got < n;
	return got;
}

static bool send_reply(struct connection *c)
{
	size_t len = c->gate.reply_len;

	return send(c->fd, c->gate.reply, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/*
 * Passes DATA through the gate, at most to the end of the request. False: the
 * connection is over.
 */
static bool let_in(struct connection *c, struct fcgi_span *data)
{
	enum fcgi_event event;

	strbuf_grow(&c->passed, data->len + sizeof(FCGI_Header));
	while ((event = fcgi_gate_take(&c->gate, data, &c->passed)) == FCGI_HAS_REPLY)
		if (!send_reply(c))
			return false;
	if (event == FCGI_IS_BROKEN)
		return false;
	if (!c->gate.head_ended)
		return true;
	if (!fill_file(c) || (!c->envp && !accept_request(c)))
		return false;
	strbuf_clear(&c->passed);
	return true;
}

/* ---- bytes in ---- */

/* Reads more of the body; blocks. False: the body has ended. */
static bool read_on(struct connection *c)
{
	struct fcgi_span data;
	ssize_t n;

	strbuf_clear(&c->ahead);
	c->ahead_taken = 0;
	if (c->gate.broken || !strbuf_grow(&c->ahead, CONNECTION_READ_BYTES))
		return false;
	do
		n = read(c->fd, c->ahead.text, CONNECTION_READ_BYTES);
	while (n < 0 && is_to_be_tried_again(c, POLLIN));
	if (n <= 0)
		return false;
	c->ahead.len = (size_t)n;
	c->moved += n;
	data = (struct fcgi_span) { c->ahead.text, c->ahead.len };
	c->gate.broken = !let_in(c, &data);
	c->ahead_taken = c->ahead.len - data.len;
	return !c->gate.broken;
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

void connection_rewind(struct connection *c)
{
	c->body_read = 0;
}

static size_t read_body(struct input *in, char *buf, size_t size)
{
	struct connection *c = (struct connection *)((char *)in - offsetof(struct connection, in));
	size_t got = read_gathered(c, buf, size);

	do
		got += deliver(c, buf + got, size - got);
	while (got < size && !c->gate.body_ended && read_on(c));
	return got;
}

/*
 * Has the peer closed the connection? A Unix socket shows that both directions
 * are closed; TCP shows only the peer's direction.
 */
static bool is_gone(struct input *in)
{
	struct connection *c = (struct connection *)((char *)in - offsetof(struct connection, in));
	struct pollfd p = { .fd = c->fd, .events = c->local ? 0 : POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

/* Reads to the end of the body. False: the body has no end or is too long. */
static bool read_leftover(struct connection *c)
{
	char trash[8192];

	c->body_read = c->body.len;
	for (size_t all = 0; all < LEFTOVER_MAX && !c->gate.body_ended; all += sizeof(trash))
		if (read_body(&c->in, trash, sizeof(trash)) < sizeof(trash))
			break;
	return c->gate.body_ended && !c->gate.broken;
}

/* ---- bytes out ---- */

/* Writes everything. Changes IOV. */
static int write_all(struct connection *c, struct iovec *iov, int n)
{
	while (n > 0) {
		ssize_t done = writev(c->fd, iov, n);

		if (done < 0 && is_to_be_tried_again(c, POLLOUT))
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

/*
 * Records to write. libfcgi's own writer copies everything through 8 kB; struct
 * records writes an answer with one system call.
 */
struct records {
	struct connection *c;
	FCGI_Header headers[RECORDS_MAX];
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
	rs->headers[rs->n] = fcgi_header(type, rs->c->request.requestId, len);
	rs->iov[rs->n_iov++] = (struct iovec) { &rs->headers[rs->n++], sizeof(FCGI_Header) };
	if (len)
		rs->iov[rs->n_iov++] = (struct iovec) { content, len };
}

/*
 * Can the connection be kept? Reads the rest of the request in any case,
 * because a web server that is still sending would lose the answer when the
 * connection closes. Does not read requests that were refused for lack of
 * threads.
 */
static bool can_keep(struct connection *c)
{
	struct connections *all = c->all;

	if ((c->refuse && !c->gate.body_ended) || !read_leftover(c))
		return false;
	return c->request.keepConnection && !atomic_load(&all->ending) &&
	       2 * atomic_load(&all->n) <= all->max;
}

static void add_end(struct records *rs)
{
	static FCGI_EndRequestBody completed = { .protocolStatus = FCGI_REQUEST_COMPLETE };
	static FCGI_UnknownTypeBody goodbye;
	struct connection *c = rs->c;

	c->keep = can_keep(c);
	records_add(rs, FCGI_STDOUT, NULL, 0);
	records_add(rs, FCGI_END_REQUEST, &completed, sizeof(completed));
	/*
	 * unexpected bytes make nginx drop the connection, which it might
	 * otherwise reuse
	 */
	if (c->request.keepConnection && !c->keep)
		records_add(rs, FCGI_UNKNOWN_TYPE, &goodbye, sizeof(goodbye));
}

static int write_answer(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct records rs = { .c = (struct connection *)out };

	for (int i = 0; i < n; i++) {
		char *p = parts[i].iov_base;

		for (size_t left = parts[i].iov_len, len; left; p += len, left -= len) {
			len = left < FCGI_MAX_LENGTH ? left : FCGI_MAX_LENGTH;
			records_add(&rs, FCGI_STDOUT, p, len);
		}
	}
	if (last)
		add_end(&rs);
	records_send(&rs);
	return rs.failed ? -1 : 0;
}

/* ---- one connection ---- */

void intake_init(struct intake *in)
{
	in->file = -1;
}

void intake_release(struct intake *in)
{
	close_file(in->file);
}

static void begin(struct connection *c)
{
	fcgi_gate_init(&c->gate);
	FCGX_InitRequest(&c->request, -1, 0);
	c->envp = NULL;
	c->gather = c->delivered = c->body_read = 0;
	c->keep = c->long_body = c->light = c->refuse = c->begun = false;
	c->moved = c->waited_ms = 0;
}

/* Frees the request's memory. */
static void end(struct connection *c)
{
	FCGX_Free(&c->request, 0);
	close_file(c->request.ipcFd);
	strbuf_release(&c->passed);
	strbuf_release(&c->body);
}

static bool is_local(int fd)
{
	int domain = AF_UNIX;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_UNIX;
}

struct connection *connection_new(int fd, struct connections *all)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->out.write = write_answer;
	c->in.read = read_body;
	c->in.gone = is_gone;
	c->fd = fd;
	c->local = is_local(fd);
	c->all = all;
	atomic_fetch_add(&all->n, 1);
	strbuf_init(&c->passed, FILE_BYTES);
	strbuf_init(&c->body, CONNECTION_BODY_MAX + CONNECTION_READ_BYTES);
	strbuf_init(&c->ahead, CONNECTION_READ_BYTES);
	begin(c);
	return c;
}

void connection_free(struct connection **c)
{
	if (!*c)
		return;
	close((*c)->fd);
	atomic_fetch_sub(&(*c)->all->n, 1);
	end(*c);
	strbuf_release(&(*c)->ahead);
	free(*c);
	*c = NULL;
}

/*
 * Passes DATA through the gate, and lets libfcgi read it at once, because other
 * connections use the same file. False: the connection is over.
 */
static bool gather(struct connection *c, struct fcgi_span *data, struct intake *in)
{
	size_t n;

	c->request.ipcFd = in->file;
	c->gate.broken = !let_in(c, data);
	n = c->gate.body_bytes - c->delivered;
	if (!c->gate.broken && n && strbuf_grow(&c->body, n))
		c->body.len += deliver(c, c->body.text + c->body.len, n);
	in->file = c->request.ipcFd;
	c->request.ipcFd = -1;
	return !c->gate.broken && !c->body.failed;
}

/* Continues the request with DATA. */
static enum connection_state go_on(struct connection *c, struct fcgi_span *data, struct intake *in)
{
	if (!gather(c, data, in))
		return CONNECTION_OVER;
	if (c->envp)
		strbuf_release(&c->passed);
	if (c->gate.body_ended || c->long_body || c->body.len > c->gather)
		return CONNECTION_READY;
	return CONNECTION_WAITS;
}

enum connection_state connection_receive(struct connection *c, struct intake *in)
{
	struct fcgi_span data = { c->ahead.text + c->ahead_taken, c->ahead.len - c->ahead_taken };
	enum connection_state state = data.len ? go_on(c, &data, in) : CONNECTION_WAITS;
	ssize_t n;

	c->ahead_taken = c->ahead.len - data.len;
	if (state != CONNECTION_WAITS)
		return state;
	strbuf_release(&c->ahead);
	c->ahead_taken = 0;
	do
		n = read(c->fd, in->bytes, sizeof(in->bytes));
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return CONNECTION_WAITS;
	if (n <= 0)
		return CONNECTION_OVER;
	data = (struct fcgi_span) { in->bytes, (size_t)n };
	state = go_on(c, &data, in);
	strbuf_addn(&c->ahead, data.at, data.len);
	return state;
}

bool connection_has_begun(const struct connection *c)
{
	return c->gate.begun;
}

bool connection_is_short(const struct connection *c)
{
	return c->gate.body_ended && c->body.len <= CONNECTION_BODY_MAX;
}

bool connection_next(struct connection *c)
{
	if (!c->keep)
		return false;
	end(c);
	if (c->ahead_taken == c->ahead.len) {
		strbuf_release(&c->ahead);
		c->ahead_taken = 0;
	}
	begin(c);
	return true;
}
