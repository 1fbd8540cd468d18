#include "http/reception.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/banned.h"

enum {
	TICK_MS = 1000,     /* interval of checks for connections out of time */
	SHORT_TICK_MS = 20, /* interval while stopping or unable to accept */
	STALE_MS = 1000
};

struct reception {
	int listen_fd;
	int epoll_fd; /* of the connections, and of END_FD */
	int end_fd;   /* readable after reception_end_waits */
	int wake_fd;  /* wakes the reception's thread */
	pthread_t thread;
	bool running;
	struct connections connections;
	bool listening;          /* the thread waits for new connections */
	int64_t accept_after_ms; /* set after accepting failed */
	int64_t failed_us;       /* log_due: accepting failed */
	int64_t looked_ms;       /* last check for connections out of time */
	atomic_bool crowded;     /* the thread waits until a connection is freed */
	atomic_int closing;      /* connections that were shut down and are not freed yet */
	atomic_bool stopping;
	atomic_bool accept_rest; /* accept the connections made before the stop */
	_Atomic int64_t seen;
	/*
	 * protects the list of connections that wait for the peer, longest
	 * first
	 */
	pthread_mutex_t lock;
	struct connection *first, *last;
};

static void notify_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		log_error("eventfd: %s", strerror(errno));
}

/* ---- connections that wait for the peer ---- */

/*
 * A connection belongs to the thread that got its event. To close a connection
 * that waits, another thread shuts its socket down, so that its event comes.
 */

static void free_connection(struct reception *r, struct connection *c)
{
	bool closed = c->closed;

	connection_free(&c);
	if (closed)
		atomic_fetch_sub(&r->closing, 1);
	if (atomic_exchange(&r->crowded, false))
		notify_fd(r->wake_fd);
}

/*
 * Arms the connection's event, which fires once: at once, if bytes of the next
 * request have been read already.
 */
static bool watch(struct reception *r, struct connection *c)
{
	const uint32_t at_once = c->ahead.len ? EPOLLOUT : 0;
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT | at_once,
				 .data.ptr = c };

	if (epoll_ctl(r->epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e) < 0) {
		log_error("a connection can't be watched: %s", strerror(errno));
		return false;
	}
	c->watched = true;
	return true;
}

/* Call with the lock held. */
static void list(struct reception *r, struct connection *c)
{
	c->before = r->last;
	c->behind = NULL;
	*(r->last ? &r->last->behind : &r->first) = c;
	r->last = c;
	c->listed = true;
}

/* Call with the lock held. */
static void unlist(struct reception *r, struct connection *c)
{
	*(c->before ? &c->before->behind : &r->first) = c->behind;
	*(c->behind ? &c->behind->before : &r->last) = c->before;
	c->listed = false;
}

/*
 * Lists C and arms its event in one step. Afterwards C belongs to the thread
 * that gets the event.
 */
static void wait_for_peer(struct reception *r, struct connection *c)
{
	bool begun = connection_has_begun(c), watched;

	if (!begun || !c->begun)
		c->deadline_ms = monotonic_ms() + (begun ? GATHER_SECONDS : IDLE_SECONDS) * 1000;
	c->begun = begun;
	pthread_mutex_lock(&r->lock);
	list(r, c);
	watched = watch(r, c);
	if (!watched)
		unlist(r, c);
	pthread_mutex_unlock(&r->lock);
	if (!watched)
		free_connection(r, c);
}

/* Reads what has arrived on C, whose event came. False: no complete request. */
static bool take_event(struct reception *r, struct connection *c, struct intake *in)
{
	pthread_mutex_lock(&r->lock);
	if (c->listed)
		unlist(r, c);
	pthread_mutex_unlock(&r->lock);
	switch (connection_receive(c, in)) {
	case CONNECTION_READY:
		return true;
	case CONNECTION_WAITS:
		wait_for_peer(r, c);
		return false;
	case CONNECTION_OVER:
		break;
	}
	free_connection(r, c);
	return false;
}

struct connection *reception_wait(struct reception *r, struct intake *in, int ms)
{
	struct epoll_event e;

	while (epoll_wait(r->epoll_fd, &e, 1, ms) > 0 && e.data.ptr)
		if (take_event(r, e.data.ptr, in))
			return e.data.ptr;
	return NULL;
}

void reception_done(struct reception *r, struct connection *c)
{
	if (connection_next(c))
		wait_for_peer(r, c);
	else
		free_connection(r, c);
}

void reception_end_waits(struct reception *r)
{
	notify_fd(r->end_fd);
}

/*
 * Has something arrived on C that nobody has read yet? Then its event has come, and
 * a thread takes it as soon as one is free.
 */
static bool has_unread(const struct connection *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return c->ahead.len || poll(&p, 1, 0) != 0;
}

/*
 * Shuts the first listed connection down for which MATCHES is true, and on which
 * nothing unread is. HOW is as of shutdown. False: there is none.
 */
static bool shut_listed(struct reception *r,
			bool (*matches)(const struct connection *c, int64_t now), int how)
{
	int64_t now = monotonic_ms();
	struct connection *c;

	pthread_mutex_lock(&r->lock);
	for (c = r->first; c && (c->closed || !matches(c, now) || has_unread(c)); c = c->behind)
		;
	if (c) {
		unlist(r, c);
		c->closed = true;
		atomic_fetch_add(&r->closing, 1);
		shutdown(c->fd, how);
	}
	pthread_mutex_unlock(&r->lock);
	return c;
}

static bool is_late(const struct connection *c, int64_t now)
{
	return c->deadline_ms <= now;
}

static bool is_idle(const struct connection *c, int64_t now)
{
	(void)now;
	return !c->begun;
}

/*
 * May the connection be closed to make room? A new connection may not, because
 * its request is about to arrive.
 */
static bool is_stale(const struct connection *c, int64_t now)
{
	return c->deadline_ms - now < (c->begun ? GATHER_SECONDS : IDLE_SECONDS) * 1000 - STALE_MS;
}

static bool is_stale_and_idle(const struct connection *c, int64_t now)
{
	return !c->begun && is_stale(c, now);
}

/* ---- new connections ---- */

/* Is there room for a new connection? If not, the thread is woken when there is. */
static bool has_room(struct reception *r)
{
	bool room;

	atomic_store(&r->crowded, true);
	room = atomic_load(&r->connections.n) < r->connections.max;
	if (room)
		atomic_store(&r->crowded, false);
	return room;
}

/* Closes a connection if it can, unless one is being closed. */
static void make_room(struct reception *r)
{
	if (atomic_load(&r->connections.n) - atomic_load(&r->closing) == r->connections.max &&
	    !shut_listed(r, is_stale_and_idle, SHUT_RDWR))
		shut_listed(r, is_stale, SHUT_RDWR);
}

/* Logs why accepting failed, and tries again in a moment. */
static void explain(struct reception *r, int failure)
{
	if (failure == EAGAIN || failure == EWOULDBLOCK || failure == EINTR ||
	    failure == ECONNABORTED || atomic_load(&r->stopping))
		return;
	if (log_due(&r->failed_us))
		log_error("requests wait, because no connection can be accepted: %s%s",
			  strerror(failure),
			  failure == EMFILE ? "; raise the limit on open files (LimitNOFILE in the "
					      "unit, or ulimit -n)"
					    : "");
	r->accept_after_ms = monotonic_ms() + 100;
	r->listening = false;
	if (failure == EBADF || failure == EINVAL || failure == ENOTSOCK || failure == EOPNOTSUPP)
		kill(getpid(), SIGTERM);
}

/* Accepts all that wait. False: there is no room for more. */
static bool accept_connections(struct reception *r)
{
	int fd;

	while (has_room(r)) {
		fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			explain(r, errno);
			return true;
		}
		wait_for_peer(r, connection_new(fd, &r->connections));
	}
	return false;
}

/* ---- the thread ---- */

/* Prepares the next turn; returns how long to wait for an event. */
static int tick(struct reception *r)
{
	if (atomic_load(&r->stopping)) {
		while (shut_listed(r, is_idle, SHUT_RD))
			;
		if (atomic_load(&r->accept_rest) && accept_connections(r))
			atomic_store(&r->accept_rest, false);
		r->listening = false;
		return SHORT_TICK_MS;
	}
	if (!r->listening && monotonic_ms() >= r->accept_after_ms) {
		r->listening = has_room(r);
		if (!r->listening)
			make_room(r);
	}
	return r->listening ? TICK_MS : SHORT_TICK_MS;
}

static void take_turn(struct reception *r)
{
	int ms = tick(r);
	struct pollfd fds[2] = { { .fd = r->wake_fd, .events = POLLIN },
				 { .fd = r->listening ? r->listen_fd : -1, .events = POLLIN } };
	uint64_t woken;
	int64_t now;

	poll(fds, 2, ms);
	if (fds[0].revents && read(r->wake_fd, &woken, sizeof(woken)) < 0)
		log_error("eventfd: %s", strerror(errno));
	if (fds[1].revents) {
		r->listening = has_room(r);
		accept_connections(r);
	}
	now = monotonic_ms();
	if (now - r->looked_ms >= TICK_MS) {
		while (shut_listed(r, is_late, SHUT_RDWR))
			;
		r->looked_ms = now;
	}
	atomic_store(&r->seen, now / 1000);
}

static void *run(void *arg)
{
	struct reception *r = arg;

	pthread_setname_np(pthread_self(), "usaged-front");
	do
		take_turn(r);
	while (!atomic_load(&r->stopping) || atomic_load(&r->accept_rest) ||
	       atomic_load(&r->connections.n));
	return NULL;
}

struct reception *reception_new(int listen_fd, int connections)
{
	struct reception *r = calloc(1, sizeof(*r));
	struct epoll_event e = { .events = EPOLLIN };

	if (!r)
		abort();
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->wake_fd < 0 || epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->end_fd, &e) < 0)
		abort();
	r->listen_fd = listen_fd;
	r->connections.max = connections;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

int reception_start(struct reception *r, struct error *err)
{
	int rc;

	if (FCGX_Init() != 0)
		return error_set(err, ERR_INTERNAL, NULL, "libfcgi could not be started");
	atomic_store(&r->seen, monotonic_ms() / 1000);
	rc = pthread_create(&r->thread, NULL, run, r);
	r->running = !rc;
	return rc ? error_system(err, "Can't start a thread", rc) : 0;
}

void reception_stop(struct reception *r, bool accepted)
{
	atomic_store(&r->connections.ending, true);
	atomic_store(&r->accept_rest, accepted);
	atomic_store(&r->stopping, true);
	notify_fd(r->wake_fd);
}

bool reception_has_ended(struct reception *r)
{
	if (r->running && pthread_tryjoin_np(r->thread, NULL) == 0)
		r->running = false;
	return !r->running;
}

int64_t reception_seen(struct reception *r)
{
	return atomic_load(&r->seen);
}

void reception_free(struct reception **r)
{
	if (!*r)
		return;
	pthread_mutex_destroy(&(*r)->lock);
	close((*r)->epoll_fd);
	close((*r)->end_fd);
	close((*r)->wake_fd);
	free(*r);
	*r = NULL;
}
