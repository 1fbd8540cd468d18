#include "http/reception.h"

#include <errno.h>
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
	EVENTS = 64,        /* events taken at once */
	TICK_MS = 1000,     /* interval of checks for connections out of time */
	SHORT_TICK_MS = 20, /* interval while stopping or unable to accept */
	STALE_MS = 1000
};

struct reception {
	int listen_fd, epoll_fd, wake_fd;
	struct pool *pool;
	pthread_t thread;
	bool running;
	struct connections connections;
	bool listening;          /* LISTEN_FD is in the epoll set */
	int64_t accept_after_ms; /* set after accepting failed */
	int64_t looked_ms;       /* last check for connections out of time */
	struct intake intake;    /* the thread's own */
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

/* ---- connections that wait for the peer ---- */

/* Arms the connection's event, which fires once. */
static void watch(struct reception *r, struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c };

	if (epoll_ctl(r->epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e) < 0)
		log_error("a connection can't be watched: %s", strerror(errno));
	c->watched = true;
}

/*
 * Lists C and arms its event in one step. Afterwards only the reception's
 * thread may free C.
 */
static void wait_for_peer(struct reception *r, struct connection *c)
{
	bool begun = connection_has_begun(c);

	if (!begun || !c->begun)
		c->deadline_ms = monotonic_ms() + (begun ? GATHER_SECONDS : IDLE_SECONDS) * 1000;
	c->begun = begun;
	pthread_mutex_lock(&r->lock);
	c->before = r->last;
	c->behind = NULL;
	*(r->last ? &r->last->behind : &r->first) = c;
	r->last = c;
	watch(r, c);
	pthread_mutex_unlock(&r->lock);
}

/* Call with the lock held. */
static void unlist(struct reception *r, struct connection *c)
{
	*(c->before ? &c->before->behind : &r->first) = c->behind;
	*(c->behind ? &c->behind->before : &r->last) = c->before;
}

/*
 * Reads what has arrived on an unlisted connection. A complete request goes to
 * the pool.
 */
static void go_on(struct reception *r, struct connection *c, struct intake *in)
{
	switch (connection_receive(c, in)) {
	case CONNECTION_READY:
		pool_put(r->pool, c);
		break;
	case CONNECTION_WAITS:
		wait_for_peer(r, c);
		break;
	case CONNECTION_OVER:
		connection_free(&c);
		break;
	}
}

void reception_done(void *arg, struct connection *c)
{
	struct reception *r = arg;
	struct intake in;

	if (!connection_next(c)) {
		connection_free(&c);
	} else if (c->ahead.len) {
		/*
		 * continue at once, because no event fires for bytes that were
		 * read already
		 */
		intake_init(&in);
		go_on(r, c, &in);
		intake_release(&in);
	} else {
		wait_for_peer(r, c);
	}
}

/*
 * Takes a connection for which MATCHES is true off the list, or returns NULL.
 */
static struct connection *take_listed(struct reception *r,
				      bool (*matches)(const struct connection *c, int64_t now))
{
	int64_t now = monotonic_ms();
	struct connection *c;

	pthread_mutex_lock(&r->lock);
	for (c = r->first; c && !matches(c, now); c = c->behind)
		;
	if (c)
		unlist(r, c);
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

static void close_late(struct reception *r)
{
	struct connection *c;

	while ((c = take_listed(r, is_late)))
		connection_free(&c);
}

/*
 * Closes idle connections, after answering requests that have already arrived
 * on them.
 */
static void close_idle(struct reception *r)
{
	struct connection *c;

	while ((c = take_listed(r, is_idle))) {
		enum connection_state state = connection_receive(c, &r->intake);

		if (state == CONNECTION_READY)
			pool_put(r->pool, c);
		else if (state == CONNECTION_WAITS && connection_has_begun(c))
			wait_for_peer(r, c);
		else
			connection_free(&c);
	}
}

/* ---- new connections ---- */

static bool has_room(struct reception *r)
{
	return atomic_load(&r->connections.n) < r->connections.max;
}

/*
 * Makes room for a new connection. False: the limit is reached, and no
 * connection can be closed.
 */
static bool make_room(struct reception *r)
{
	struct connection *c;

	if (has_room(r))
		return true;
	c = take_listed(r, is_stale_and_idle);
	if (!c)
		c = take_listed(r, is_stale);
	if (c)
		connection_free(&c);
	return has_room(r);
}

static void set_listening(struct reception *r, bool listening)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };

	if (r->listening != listening &&
	    epoll_ctl(r->epoll_fd, listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, r->listen_fd, &e) ==
		    0)
		r->listening = listening;
}

/* Logs why accepting failed. */
static void explain(struct reception *r, int failure)
{
	if (failure == EAGAIN || failure == EWOULDBLOCK || failure == EINTR ||
	    failure == ECONNABORTED || atomic_load(&r->stopping))
		return;
	log_error("accept: %s", strerror(failure));
	r->accept_after_ms = monotonic_ms() + 100;
	set_listening(r, false);
	if (failure == EBADF || failure == EINVAL || failure == ENOTSOCK || failure == EOPNOTSUPP)
		kill(getpid(), SIGTERM);
}

static void accept_connections(struct reception *r)
{
	int fd;

	while (make_room(r)) {
		fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			explain(r, errno);
			return;
		}
		go_on(r, connection_new(fd, &r->connections), &r->intake);
	}
	set_listening(r, false);
}

/* ---- the thread ---- */

static void take_event(struct reception *r, struct connection *c)
{
	pthread_mutex_lock(&r->lock);
	unlist(r, c);
	pthread_mutex_unlock(&r->lock);
	go_on(r, c, &r->intake);
}

/*
 * Handles events; new connections last, because accepting may close a
 * connection that also has an event.
 */
static void take_events(struct reception *r, const struct epoll_event *events, int n)
{
	bool new_connections = false;
	uint64_t woken;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == r) {
			if (read(r->wake_fd, &woken, sizeof(woken)) < 0)
				log_error("eventfd: %s", strerror(errno));
		} else if (events[i].data.ptr) {
			take_event(r, events[i].data.ptr);
		} else {
			new_connections = true;
		}
	}
	if (new_connections)
		accept_connections(r);
}

/* The timeout of waiting for events. */
static int tick(struct reception *r)
{
	if (atomic_load(&r->stopping)) {
		set_listening(r, false);
		if (atomic_exchange(&r->accept_rest, false))
			accept_connections(r);
		close_idle(r);
		return SHORT_TICK_MS;
	}
	if (!r->listening && monotonic_ms() >= r->accept_after_ms && make_room(r))
		set_listening(r, true);
	return r->listening ? TICK_MS : SHORT_TICK_MS;
}

static void *run(void *arg)
{
	struct reception *r = arg;
	struct epoll_event events[EVENTS];

	pthread_setname_np(pthread_self(), "usaged-front");
	do {
		int n = epoll_wait(r->epoll_fd, events, EVENTS, tick(r));
		int64_t now = monotonic_ms();

		take_events(r, events, n);
		if (now - r->looked_ms >= TICK_MS) {
			close_late(r);
			r->looked_ms = now;
		}
		atomic_store(&r->seen, now / 1000);
	} while (!atomic_load(&r->stopping) || atomic_load(&r->accept_rest) ||
		 atomic_load(&r->connections.n));
	return NULL;
}

struct reception *reception_new(int listen_fd, int connections)
{
	struct reception *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	intake_init(&r->intake);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->epoll_fd < 0 || r->wake_fd < 0)
		abort();
	r->listen_fd = listen_fd;
	r->connections.max = connections;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

int reception_start(struct reception *r, struct pool *p, struct error *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = r };
	int rc = 0;

	if (FCGX_Init() != 0)
		return error_set(err, ERR_INTERNAL, NULL, "libfcgi could not be started");
	r->pool = p;
	atomic_store(&r->seen, monotonic_ms() / 1000);
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->wake_fd, &e) < 0)
		return error_system(err, "epoll", errno);
	rc = pthread_create(&r->thread, NULL, run, r);
	r->running = !rc;
	return rc ? error_system(err, "Can't start a thread", rc) : 0;
}

void reception_stop(struct reception *r, bool accepted)
{
	uint64_t one = 1;

	atomic_store(&r->connections.ending, true);
	atomic_store(&r->accept_rest, accepted);
	atomic_store(&r->stopping, true);
	if (write(r->wake_fd, &one, sizeof(one)) < 0)
		log_error("eventfd: %s", strerror(errno));
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
	close((*r)->wake_fd);
	intake_release(&(*r)->intake);
	free(*r);
	*r = NULL;
}
