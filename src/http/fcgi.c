#include "http/fcgi.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/notify.h"
#include "http/body.h"
#include "http/cgi.h"
#include "http/confine.h"
#include "http/listener.h"
#include "http/page.h"
#include "api/feeds.h"
#include "api/request_counts.h"
#include "api/signin.h"
#include "format/templates.h"
#include "http/pool.h"
#include "http/watchdog.h"
#include "notify/deliver.h"
#include "store/server.h"
#include "usage/commit_thread.h"
#include "usage/ledger_share.h"
#include "usage/maintenance.h"
#include "base/banned.h"

/*
 * The numbers of open files. A thread has libfcgi's file, and another one for a
 * long body; a reader has the ledger's file and WAL. The other files are those
 * of commit thread and maintenance, the socket, logs and templates. A callback
 * in work has its socket, and two while its host's name is resolved.
 */
enum { FILES_A_THREAD = 2, FILES_A_READER = 2, FILES_BESIDE = 50 + 4 * DELIVER_AT_ONCE };

enum {
	FILE_READERS = 16, /* the least number of connections for readers of a file */
	HEAPS_MIN = 4,     /* the least number of the allocator's heaps */
	/* from so many bytes on, memory is outside the heaps */
	OWN_PAGES_BYTES = 128 << 10,
	/* so many free bytes stay at the end of a heap, until a thread rests */
	HEAP_END_BYTES = 512 << 10
};

struct server {
	struct worker worker;      /* the initial worker of each thread */
	struct template_slot slot; /* the pages' templates */
	struct listener listener;
	struct reception *reception;
	struct pool *pool;
	struct notify notify; /* the service manager */
	struct watchdog watchdog;
	struct deliver *deliver; /* NULL: callbacks are not sent */
};

/*
 * The connections for readers. Reading a file needs a processor for each, and
 * some memory; reading from a server needs connections there.
 */
static int64_t readers_max(const struct settings *settings)
{
	int64_t most = 2 * sysconf(_SC_NPROCESSORS_ONLN);

	if (!store_is_file(settings->database))
		return settings->connections;
	if (most < FILE_READERS)
		most = FILE_READERS;
	return settings->connections > most ? settings->connections : most;
}

static int64_t files_of_threads(const struct settings *settings)
{
	return settings->threads * FILES_A_THREAD + readers_max(settings) * FILES_A_READER;
}

int64_t fcgi_files_needed(const struct settings *settings)
{
	return settings->threads + files_of_threads(settings) + FILES_BESIDE;
}

int64_t fcgi_files_wanted(const struct settings *settings)
{
	return fcgi_files_needed(settings) + 2 * settings->backlog;
}

/*
 * The limit of connections: one for each request in work (server.threads), one
 * for each request that may wait (server.backlog), and as many idle
 * connections.
 */
static int connections_max(const struct settings *settings)
{
	int64_t most = settings->threads + 2 * settings->backlog, room = INT64_MAX;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		room = (int64_t)limit.rlim_cur - files_of_threads(settings) - FILES_BESIDE;
	return (int)(most < room ? most : room > settings->threads ? room : settings->threads);
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

/* Replaces all templates. If any template fails, keeps all old templates. */
static void read_templates_again(struct server *s)
{
	struct templates *t = NULL;
	struct error err = { 0 };
	size_t n;

	if (page_templates(s->worker.settings, &t, &err) < 0) {
		log_error("the templates were not reloaded: %s", err.message);
		return;
	}
	n = templates_count(t);
	template_slot_put(&s->slot, t);
	log_info("read %zu templates", n);
}

/* Checks the threads, and tells the service manager if all is well. */
static void look_around(struct server *s)
{
	int64_t now_us = monotonic_us(), now = now_us / USEC_PER_SEC;
	struct watchdog_signs signs = { .reception = reception_seen(s->reception),
					.requests = pool_seen(s->pool),
					.writer = s->worker.commits
							  ? commit_thread_seen(s->worker.commits)
							  : now };

	watchdog_look(&s->watchdog, &signs, now_us);
}

/*
 * Waits for a signal, or until the next check of the threads. There are four
 * checks in each period of the watchdog.
 */
static int wait_for_signal(struct server *s, const sigset_t *set)
{
	int64_t us = s->notify.watchdog_us / 4;
	struct timespec pause = { .tv_sec = us / USEC_PER_SEC,
				  .tv_nsec = us % USEC_PER_SEC * 1000 };

	if (!us)
		return sigwaitinfo(set, NULL);
	look_around(s);
	return sigtimedwait(set, NULL, &pause);
}

/*
 * Waits for the signal to stop. SIGHUP reloads the templates. Log and ledger
 * are reopened without a signal.
 */
static void wait_for_stop(struct server *s, const sigset_t *set)
{
	int signo;

	do {
		signo = wait_for_signal(s, set);
		if (signo == SIGHUP)
			read_templates_again(s);
	} while (signo == SIGHUP || (signo < 0 && (errno == EINTR || errno == EAGAIN)));
}

/*
 * Waits for the requests in work. False: the time is up, or a second signal
 * forces an immediate stop.
 */
static bool drain(struct server *s, const sigset_t *set)
{
	static const struct timespec tick = { .tv_nsec = 10000000 };
	int64_t ticks = s->worker.settings->drain_seconds * 100;
	int running;

	while (!reception_has_ended(s->reception) ||
	       (pool_end(s->pool), running = pool_running(s->pool)) > 0) {
		int signo = sigtimedwait(set, NULL, &tick);

		if (signo == SIGTERM || signo == SIGINT || ticks-- <= 0) {
			log_warning("stopped with requests in work");
			return false;
		}
	}
	return true;
}

/* ---- */

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

static int start(struct server *s, struct error *err)
{
	if (pool_new(&s->worker, s->reception, &s->pool, err) < 0)
		return -1;
	return reception_start(s->reception, err);
}

/* Ends the socket, so that another server can start. */
static void stop(struct server *s)
{
	if (*s->worker.settings->pid_file)
		unlink(s->worker.settings->pid_file);
	listener_end(&s->listener, s->worker.settings);
	reception_stop(s->reception, s->listener.own);
}

/* Serves on the open socket until a signal to stop. */
static int serve_socket(struct server *s, const sigset_t *set, struct error *err)
{
	int rc = start(s, err);

	if (rc == 0) {
		log_info("serving on %s with %lld threads",
			 s->listener.own ? s->worker.settings->socket : "standard input",
			 (long long)s->worker.settings->threads);
		notify_tell(&s->notify, "READY=1");
		watchdog_init(&s->watchdog, s->worker.settings, &s->notify, monotonic_us());
		wait_for_stop(s, set);
		log_info("stopping");
		notify_tell(&s->notify, "STOPPING=1");
	}
	stop(s);
	if (s->pool && !drain(s, set))
		/* free nothing: the remaining threads may still use it */
		_exit(0);
	return rc;
}

/*
 * The number of the allocator's heaps: few, so that what one thread has freed
 * serves the next one, but enough that threads do not wait for each other.
 */
static int heaps(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < HEAPS_MIN / 2 ? HEAPS_MIN : (int)(2 * processors);
}

static void set_allocator(void)
{
	mallopt(M_ARENA_MAX, heaps());
	/*
	 * else freed large blocks raise this limit, and later ones lie in the
	 * heaps among small ones, which keep their pages resident
	 */
	mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
	/* else each larger answer gives its pages back, and the next one gets new ones */
	mallopt(M_TRIM_THRESHOLD, HEAP_END_BYTES);
}

/*
 * Opens everything that the server needs, then enters the sandbox, then starts
 * the first thread.
 */
static int open_server(struct server *s, struct error *err)
{
	struct error failure = { 0 };

	set_allocator();
	if (notify_open(&s->notify, &failure) < 0)
		log_warning("can't reach the service manager: %s %s", failure.message,
			    failure.detail);
	if (listener_open(s->worker.settings, &s->listener, err) < 0) {
		notify_close(&s->notify);
		return -1;
	}
	/* in the sandbox, its folder may be one in which no file can be made */
	if (write_pid(s->worker.settings->pid_file, err) < 0) {
		listener_end(&s->listener, s->worker.settings);
		listener_close(&s->listener);
		notify_close(&s->notify);
		return -1;
	}
	error_clear(&failure);
	if (s->worker.settings->send_webhooks &&
	    deliver_new(s->worker.settings, s->worker.secret, confine_sender, &s->deliver,
			&failure) < 0)
		log_warning("callbacks are not sent: %s %s", failure.message, failure.detail);
	confine(s->worker.settings);
	error_clear(&failure);
	if (commit_thread_new(s->worker.settings, &s->worker.commits, &failure) < 0)
		log_warning("events can't be stored: %s %s", failure.message, failure.detail);
	if (s->deliver && s->worker.commits)
		deliver_begin(s->deliver, s->worker.commits);
	s->worker.signin = signin_new();
	signin_share(s->worker.signin, s->worker.settings, s->worker.secret);
	s->worker.counts = request_counts_new(s->worker.table);
	s->worker.ledger = ledger_share_new(s->worker.settings->database,
					    readers_max(s->worker.settings),
					    s->worker.settings->busy_timeout_ms);
	s->worker.started = floor_div(clock_now_us(), USEC_PER_SEC);
	/* leave threads free of requests that wait for a password check */
	password_set_waiting(pool_general_threads(s->worker.settings->threads) / 4);
	error_clear(&failure);
	if (s->worker.commits)
		s->worker.maintenance = maintenance_new(s->worker.settings, s->worker.commits,
							&maintenance_usual_pace, &failure);
	if (failure.kind)
		log_warning("the ledger is neither verified nor backed up: %s", failure.message);
	s->reception = reception_new(s->listener.fd, connections_max(s->worker.settings));
	return 0;
}

static void close_server(struct server *s)
{
	pool_free(&s->pool);
	reception_free(&s->reception);
	request_counts_free(&s->worker.counts);
	ledger_share_free(&s->worker.ledger);
	signin_free(&s->worker.signin);
	maintenance_free(&s->worker.maintenance);
	deliver_free(&s->deliver);
	commit_thread_free(&s->worker.commits);
	listener_close(&s->listener);
	notify_close(&s->notify);
}

int fcgi_serve(const struct settings *settings, const unsigned char *secret,
	       const struct op *const *table, struct error *err)
{
	struct server s = { .worker = { .settings = settings,
					.secret = secret,
					.table = table,
					.slot = &s.slot } };
	struct templates *templates = NULL;
	sigset_t set;
	int rc;

	body_init();
	/* files outside the sandbox are read before it is entered */
	if (page_templates(settings, &templates, err) < 0)
		return -1;
	if (deliver_check(settings, err) < 0 || feeds_new(settings, &s.worker.feeds, err) < 0) {
		templates_unref(&templates);
		return -1;
	}
	if (getenv("REQUEST_METHOD")) {
		confine(settings);
		rc = cgi_serve(&s.worker, templates, err);
		feeds_free(&s.worker.feeds);
		return rc;
	}
	/*
	 * block signals before starting threads, which inherit the blocked
	 * signals
	 */
	block_signals(&set);
	template_slot_init(&s.slot, templates);
	rc = open_server(&s, err);
	if (rc == 0) {
		rc = serve_socket(&s, &set, err);
		close_server(&s);
	}
	feeds_free(&s.worker.feeds);
	template_slot_release(&s.slot);
	return rc;
}
