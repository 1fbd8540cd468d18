#include "http/fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <fastcgi.h>
#include <fcgiapp.h>

#include "base/log.h"
#include "http/body.h"
#include "http/handle.h"
#include "http/page.h"
#include "ingest/batcher.h"
#include "ingest/verifier.h"
#include "base/banned.h"

extern char **environ;

enum {
	RECEIVE_SECONDS = 75,           /* a connection that says nothing for so long is closed; nginx keeps idle ones 60 s */
	SEND_SECONDS = 60,
	LEFTOVER_MAX = 64 << 20,        /* bytes of a body nobody wanted that are read away to keep the connection */
	RECORDS_MAX = 32                /* sent in one system call */
};

struct server {
	const struct settings *settings;
	struct batcher *batcher;        /* NULL: the ledger can't be written */
	struct template_shelf shelf;    /* the pages' templates */
	struct signin *signin;
	struct verifier *verifier;
	int listen_fd;
	bool own;                       /* the socket is ours to remove, not inherited */
	int n_workers;
	struct worker *workers;
	atomic_int waiting;             /* workers that wait for a connection */
	atomic_int connected;           /* workers that hold one */
	atomic_bool stopping;
};

struct worker {
	struct server *server;
	struct handler handler;
	pthread_t thread;
	bool running;
	atomic_int idle_fd;             /* the kept connection on which it waits for a request, or -1 */
};

/* One connection, and the request on it. */
struct connection {
	struct output out;              /* first: its write finds the connection */
	struct input in;
	FCGX_Request request;
	struct server *server;
	bool keep;                      /* after this request */
};

/* ---- bytes in ---- */

static size_t fcgi_read(struct input *in, char *buf, size_t size)
{
	struct connection *c = (struct connection *)((char *)in - offsetof(struct connection, in));
	size_t got = 0;

	while (got < size) {
		int want = size - got < 1 << 20 ? (int)(size - got) : 1 << 20;
		int n = FCGX_GetStr(buf + got, want, c->request.in);

		if (n <= 0)
			break;
		got += (size_t)n;
		if (n < want)
			break;
	}
	return got;
}

/* Reads to the end of the body. False: it has none, or one too far away. */
static bool read_leftover(struct connection *c)
{
	char trash[8192];

	for (size_t all = 0; all < LEFTOVER_MAX; all += sizeof(trash))
		if (fcgi_read(&c->in, trash, sizeof(trash)) < sizeof(trash))
			return FCGX_GetError(c->request.in) == 0;
	return false;
}

/* ---- bytes out ---- */

/* Writes all of it. Changes IOV. */
static int write_all(int fd, struct iovec *iov, int n)
{
	while (n > 0) {
		ssize_t done = writev(fd, iov, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
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
 * Records on their way out. libfcgi's own writer copies everything through a buffer of 8 kB and
 * writes that often; an answer goes out in one call here.
 */
struct records {
	int fd, request_id;
	FCGI_Header headers[RECORDS_MAX];
	struct iovec iov[2 * RECORDS_MAX];
	int n, n_iov;
	bool failed;
};

static void records_send(struct records *rs)
{
	if (!rs->failed && rs->n_iov)
		rs->failed = write_all(rs->fd, rs->iov, rs->n_iov) < 0;
	rs->n = rs->n_iov = 0;
}

static void records_add(struct records *rs, unsigned char type, void *content, size_t len)
{
	FCGI_Header *h;

	if (rs->n == RECORDS_MAX)
		records_send(rs);
	h = &rs->headers[rs->n++];
	*h = (FCGI_Header){
		.version = FCGI_VERSION_1, .type = type,
		.requestIdB1 = (unsigned char)(rs->request_id >> 8), .requestIdB0 = (unsigned char)rs->request_id,
		.contentLengthB1 = (unsigned char)(len >> 8), .contentLengthB0 = (unsigned char)len
	};
	rs->iov[rs->n_iov++] = (struct iovec){ h, sizeof(*h) };
	if (len)
		rs->iov[rs->n_iov++] = (struct iovec){ content, len };
}

/*
 * Is the connection to be kept? Not if the server doesn't, and not if every worker holds one: else idle connections would
 * starve those that wait to be accepted. Reads the request to its end first, before the other side may send the
 * next one: libfcgi reads ahead, and would take that along.
 */
static bool can_keep(struct connection *c)
{
	struct server *s = c->server;

	return read_leftover(c) && c->request.keepConnection && !atomic_load(&s->stopping) &&
	       atomic_load(&s->connected) < s->n_workers;
}

static void add_end(struct connection *c, struct records *rs)
{
	static FCGI_EndRequestBody end = { .protocolStatus = FCGI_REQUEST_COMPLETE };
	static FCGI_UnknownTypeBody goodbye;

	c->keep = can_keep(c);
	records_add(rs, FCGI_STDOUT, NULL, 0);
	records_add(rs, FCGI_END_REQUEST, &end, sizeof(end));
	/* nginx doesn't keep a connection on which something follows; it could send a request before it sees that we closed it */
	if (c->request.keepConnection && !c->keep)
		records_add(rs, FCGI_UNKNOWN_TYPE, &goodbye, sizeof(goodbye));
}

static int fcgi_write(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct connection *c = (struct connection *)out;
	struct records rs = { .fd = c->request.ipcFd, .request_id = c->request.requestId };

	for (int i = 0; i < n; i++) {
		char *p = parts[i].iov_base;

		for (size_t left = parts[i].iov_len, len; left; p += len, left -= len) {
			len = left < FCGI_MAX_LENGTH ? left : FCGI_MAX_LENGTH;
			records_add(&rs, FCGI_STDOUT, p, len);
		}
	}
	if (last)
		add_end(c, &rs);
	records_send(&rs);
	return rs.failed ? -1 : 0;
}

/* ---- one connection ---- */

static void finish_request(struct connection *c, bool complete)
{
	FCGX_Free(&c->request, 0);
	if (complete && c->keep)
		return;
	/* libfcgi would not close it at once, but wait for the other side to */
	close(c->request.ipcFd);
	c->request.ipcFd = -1;
}

/* Waits for the next request on a kept connection, in a way that stop_workers can end. */
static int next_request(struct worker *w, struct connection *c)
{
	int rc;

	atomic_store(&w->idle_fd, c->request.ipcFd);
	if (atomic_load(&w->server->stopping))
		shutdown(c->request.ipcFd, SHUT_RD);
	rc = FCGX_Accept_r(&c->request);
	atomic_store(&w->idle_fd, -1);
	return rc;
}

static void serve_connection(struct worker *w, int fd)
{
	struct server *s = w->server;
	struct connection c = { .out.write = fcgi_write, .in.read = fcgi_read, .server = s };
	struct timeval receive = { .tv_sec = RECEIVE_SECONDS }, send = { .tv_sec = SEND_SECONDS };
	int rc;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
	atomic_fetch_add(&s->connected, 1);
	/* libfcgi gets the connection as if it had kept it, and no socket to accept another one from */
	FCGX_InitRequest(&c.request, -1, 0);
	c.request.ipcFd = fd;
	c.request.keepConnection = 1;
	for (rc = FCGX_Accept_r(&c.request); rc == 0; rc = next_request(w, &c)) {
		finish_request(&c, handle(&w->handler, c.request.envp, &c.in, &c.out) == 0);
		if (c.request.ipcFd < 0)
			break;
	}
	atomic_fetch_sub(&s->connected, 1);
}

/* ---- workers ---- */

/* The next connection, or -1 when there are no more. */
static int accept_connection(struct server *s)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };

	for (;;) {
		int fd, failure;

		/* what has connected to our own socket before it was shut down is still served */
		if (!s->own && atomic_load(&s->stopping))
			return -1;
		atomic_fetch_add(&s->waiting, 1);
		fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		failure = errno;
		atomic_fetch_sub(&s->waiting, 1);
		if (fd >= 0)
			return fd;
		if (failure == EINTR || failure == ECONNABORTED)
			continue;
		if (atomic_load(&s->stopping))
			return -1;
		log_error("accept: %s", strerror(failure));
		if (failure == EBADF || failure == EINVAL || failure == ENOTSOCK || failure == EOPNOTSUPP) {
			kill(getpid(), SIGTERM);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	int fd;

	while ((fd = accept_connection(w->server)) >= 0)
		serve_connection(w, fd);
	return NULL;
}

static void init_workers(struct server *s, const unsigned char *secret, const struct op *const *table)
{
	s->n_workers = (int)s->settings->threads;
	s->workers = calloc((size_t)s->n_workers, sizeof(*s->workers));
	if (!s->workers)
		abort();
	for (int i = 0; i < s->n_workers; i++) {
		struct worker *w = &s->workers[i];

		w->server = s;
		atomic_init(&w->idle_fd, -1);
		handler_init(&w->handler, s->settings, secret, table, s->batcher, s->signin, &s->shelf);
		w->handler.verifier = s->verifier;
	}
}

static int start_workers(struct server *s, struct error *err)
{
	pthread_attr_t attr;
	int rc = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, FCGI_STACK_BYTES);
	for (int i = 0; i < s->n_workers; i++) {
		rc = pthread_create(&s->workers[i].thread, &attr, worker_main, &s->workers[i]);
		if (rc)
			break;
		s->workers[i].running = true;
	}
	pthread_attr_destroy(&attr);
	return rc ? error_system(err, "Can't start a thread", rc) : 0;
}

static void free_workers(struct server *s)
{
	for (int i = 0; i < s->n_workers; i++)
		handler_release(&s->workers[i].handler);
	free(s->workers);
}

/* Wakes those who wait; those at work finish first. */
static void stop_workers(struct server *s)
{
	atomic_store(&s->stopping, true);
	if (s->own)
		shutdown(s->listen_fd, SHUT_RDWR);
	for (int i = 0; i < s->n_workers; i++) {
		int fd = atomic_load(&s->workers[i].idle_fd);

		/* what has been sent on it already is still read and answered */
		if (fd >= 0)
			shutdown(fd, SHUT_RD);
	}
}

/* An inherited socket isn't ours to shut down: who waits on it is woken by a connection that says nothing. */
static void wake_waiting(struct server *s)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (s->own || getsockname(s->listen_fd, (struct sockaddr *)&addr, &len) < 0)
		return;
	for (int n = atomic_load(&s->waiting); n > 0; n--) {
		int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			return;
		if (connect(fd, (struct sockaddr *)&addr, len) < 0)
			n = 0;     /* too many wait already, and wake them as well */
		close(fd);
	}
}

static int join_finished(struct server *s)
{
	int running = 0;

	for (int i = 0; i < s->n_workers; i++) {
		struct worker *w = &s->workers[i];

		if (w->running && pthread_tryjoin_np(w->thread, NULL) == 0)
			w->running = false;
		running += w->running;
	}
	return running;
}

/* ---- signals ---- */

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/*
 * A thread that is woken waits its turn instead of interrupting the one that woke it. With a thread a connection, and a writer that
 * answers many at once, that saves a fourth of the processor's time (make bench-post). What the system refuses is done without.
 */
static void be_woken_politely(void)
{
	sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
}

/* All of them anew, or the old ones stay. */
static void read_templates_again(struct server *s)
{
	struct templates *t = NULL;
	struct error err = { 0 };

	if (page_templates(s->settings, &t, &err) < 0) {
		log_error("the templates stay as they were: %s", err.message);
		return;
	}
	log_info("read %zu templates", templates_count(t));
	template_shelf_put(&s->shelf, t);
}

/* Waits until the server is told to stop. SIGHUP is for the templates alone: log and ledger are always as they are on disk. */
static void wait_for_stop(struct server *s, const sigset_t *set)
{
	int signo;

	do {
		signo = sigwaitinfo(set, NULL);
		if (signo == SIGHUP)
			read_templates_again(s);
	} while (signo == SIGHUP || (signo < 0 && errno == EINTR));
}

/* True when all workers are done; false when time is up, or a second signal has no patience. */
static bool drain(struct server *s, const sigset_t *set)
{
	static const struct timespec tick = { .tv_nsec = 10000000 };
	int64_t ticks = s->settings->drain_seconds * 100;
	int running;

	while ((running = join_finished(s)) > 0) {
		int signo;

		wake_waiting(s);
		signo = sigtimedwait(set, NULL, &tick);
		if (signo == SIGTERM || signo == SIGINT || ticks-- <= 0) {
			log_warning("stopped with requests in work (%d threads)", running);
			return false;
		}
	}
	return true;
}

/* ---- the socket ---- */

/* Removes a socket that nobody serves any more. -1: somebody does, or it is no socket. */
static int remove_stale(const char *path, const struct sockaddr_un *addr, struct error *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_system(err, path, errno);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERR_PARAM, "server.socket", "%s exists and is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(err, "Can't make a socket", errno);
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	close(fd);
	if (rc == 0)
		return error_set(err, ERR_CONFLICT, "server.socket", "Another server answers on %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_system(err, path, errno);
	return 0;
}

static int open_socket(const struct settings *settings, int *ret_fd, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = settings->socket;
	mode_t mode = (mode_t)strtol(settings->socket_mode, NULL, 8), old;
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_PARAM, "server.socket", "must have fewer than %zu bytes", sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (remove_stale(path, &addr, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(err, "Can't make a socket", errno);
	old = umask(0777 & ~mode);
	rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(old);
	if (rc < 0 || listen(fd, (int)settings->backlog) < 0) {
		error_system(err, path, errno);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

static int write_pid(const char *path, struct error *err)
{
	FILE *f = *path ? fopen(path, "we") : NULL;

	if (!*path)
		return 0;
	if (!f)
		return error_system(err, path, errno);
	fprintf(f, "%ld\n", (long)getpid());
	return fclose(f) == 0 ? 0 : error_system(err, path, errno);
}

static int open_listener(struct server *s, struct error *err)
{
	if (FCGX_Init() != 0)
		return error_set(err, ERR_INTERNAL, NULL, "libfcgi could not be started");
	s->own = s->settings->socket[0] != '\0';
	if (s->own)
		return open_socket(s->settings, &s->listen_fd, err);
	if (FCGX_IsCGI())
		return error_set(err, ERR_PARAM, "server.socket", "is empty, but standard input is no listening socket");
	s->listen_fd = FCGI_LISTENSOCK_FILENO;
	return fcntl(s->listen_fd, F_SETFL, fcntl(s->listen_fd, F_GETFL) & ~O_NONBLOCK) < 0
		? error_system(err, "Can't use the inherited socket", errno) : 0;
}

/* From now on another server may take our place. */
static void remove_files(const struct server *s)
{
	if (s->own)
		unlink(s->settings->socket);
	if (*s->settings->pid_file)
		unlink(s->settings->pid_file);
}

/* ---- plain CGI ---- */

static int cgi_write(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct iovec iov[4];

	(void)out;
	(void)last;
	memcpy(iov, parts, sizeof(*iov) * (size_t)n);
	return write_all(STDOUT_FILENO, iov, n);
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

static int serve_cgi(const struct settings *settings, const unsigned char *secret, const struct op *const *table,
		     struct templates *templates, struct error *err)
{
	struct template_shelf shelf;
	struct input in = { .read = cgi_read };
	struct output out = { .write = cgi_write };
	struct signin *signin = signin_new();
	struct batcher *batcher = NULL;
	struct handler h;
	int rc;

	/* only these can bring something to write; without a batcher the operation says that it can't */
	if (strcmp(getenv("REQUEST_METHOD"), "POST") == 0)
		batcher_new(settings, &batcher, NULL);
	signal(SIGPIPE, SIG_IGN);
	template_shelf_init(&shelf, templates);
	handler_init(&h, settings, secret, table, batcher, signin, &shelf);
	rc = handle(&h, environ, &in, &out);
	handler_release(&h);
	template_shelf_release(&shelf);
	signin_free(&signin);
	batcher_free(&batcher);
	return rc < 0 ? error_set(err, ERR_INTERNAL, NULL, "The answer was cut off") : 0;
}

/* ---- */

/* Serves on the open socket until told to stop. */
static int serve_socket(struct server *s, const sigset_t *set, struct error *err)
{
	if (write_pid(s->settings->pid_file, err) < 0 || start_workers(s, err) < 0)
		stop_workers(s);
	else {
		log_info("serving on %s with %d threads", s->own ? s->settings->socket : "standard input", s->n_workers);
		wait_for_stop(s, set);
		log_info("stopping");
	}
	remove_files(s);
	stop_workers(s);
	if (!drain(s, set))
		_exit(0);     /* the workers that are left may still use all there is */
	return err->kind ? -1 : 0;
}

int fcgi_serve(const struct settings *settings, const unsigned char *secret, const struct op *const *table, struct error *err)
{
	struct server s = { .settings = settings };
	struct error failure = { 0 };
	struct templates *templates = NULL;
	sigset_t set;
	int rc;

	body_init();
	if (page_templates(settings, &templates, err) < 0)
		return -1;
	if (getenv("REQUEST_METHOD"))
		return serve_cgi(settings, secret, table, templates, err);
	/* before any thread is started: they inherit what is blocked, and how they are woken */
	block_signals(&set);
	be_woken_politely();
	template_shelf_init(&s.shelf, templates);
	if (open_listener(&s, err) < 0) {
		template_shelf_release(&s.shelf);
		return -1;
	}
	if (batcher_new(settings, &s.batcher, &failure) < 0)
		log_warning("no events can be written: %s %s", failure.message, failure.detail);
	s.signin = signin_new();
	s.verifier = s.batcher ? verifier_new(settings, s.batcher) : NULL;
	init_workers(&s, secret, table);
	rc = serve_socket(&s, &set, err);
	free_workers(&s);
	signin_free(&s.signin);
	verifier_free(&s.verifier);
	batcher_free(&s.batcher);
	template_shelf_release(&s.shelf);
	close(s.listen_fd);
	return rc;
}
