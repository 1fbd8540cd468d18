#include "notify/deliver.h"

#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/certificate.h"
#include "base/civil.h"
#include "base/log.h"
#include "base/plausible.h"
#include "base/signature.h"
#include "notify/retry.h"
#include "notify/sender.h"
#include "store/account.h"
#include "store/outbox.h"
#include "usage/signing.h"
#include "base/banned.h"

enum {
	LOOK_US = 1000000,    /* the longest interval between looks at the outbox */
	FAILED_US = 10000000, /* the pause after a failure of the ledger */
	PRUNE_US = 600000000, /* the interval between prunings */
	PRUNE_NOTICES = 1000  /* the most that one pruning removes */
};

/* A request in work. */
struct in_work {
	int64_t notice, account, family;
	char sid[SID_TEXT];
	int64_t at_us;
	const char *unsent; /* why it could not be sent; or NULL */
	struct in_work *next;
};

/* What is known of the receiver of an account. */
enum hearing { HEARD_NOTHING, HEARD_ANSWER, HEARD_SILENCE };

struct deliver {
	const struct settings *settings;
	const unsigned char *secret;
	struct commit_thread *commits;
	struct networks allowed;
	struct sender *sender;
	pthread_t thread;
	void (*enter)(const struct settings *settings);
	sem_t begun; /* COMMITS is set, or the thread must end */
	atomic_bool stopping, woken;
	struct store *store; /* read-only; NULL: not open */
	struct in_work *first;
	/* by account: enum hearing of the last request; accounts without one are not in it */
	GHashTable *heard;
	char host[64 + SYS_NMLN];
	int64_t lease_us;          /* end of the lease; 0: another host has it */
	int64_t look_us, prune_us; /* times of the next look and pruning */
	int64_t account;           /* the account that was served last */
};

/* ---- the lease ---- */

struct lease_task {
	struct lease lease;
	int64_t now_us;
	bool taken;
};

static int take_lease(struct store *st, void *arg, struct error *err)
{
	struct lease_task *task = arg;
	int rc = store_lease_take(st, &task->lease, task->now_us, err);

	task->taken = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int end_lease(struct store *st, void *arg, struct error *err)
{
	const struct lease_task *task = arg;

	return store_lease_end(st, &task->lease, err);
}

static struct lease lease_until(const struct deliver *d, int64_t until_us)
{
	return (struct lease) { "delivery", d->host, until_us };
}

/* Takes the lease, or extends it if a third of it is over. */
static bool have_lease(struct deliver *d, int64_t now_us)
{
	struct lease_task task = { lease_until(d, now_us + DELIVER_LEASE_US), now_us, false };
	struct error err = { 0 };

	if (d->lease_us - now_us > DELIVER_LEASE_US * 2 / 3 &&
	    d->lease_us <= now_us + DELIVER_LEASE_US)
		return true;
	if (commit_thread_run(d->commits, take_lease, &task, &err) < 0)
		log_warning("callbacks wait: %s%s%s", err.message, *err.detail ? ": " : "",
			    err.detail);
	d->lease_us = task.taken ? task.lease.until_us : 0;
	return task.taken;
}

/* ---- results ---- */

/* What the commit of a result needs, and gives for the log. */
struct delivery_result {
	struct sent sent;
	struct in_work *work;
	enum notice_state state;
	int64_t attempts;
};

static int note_result(struct store *st, struct delivery_result *r, int64_t now_us,
		       struct arena *arena, struct error *err)
{
	const struct outcome outcome = { r->sent.status, r->sent.forbidden };
	const struct delivery delivery = { .notice = r->work->notice,
					   .at_us = r->work->at_us,
					   .took_us = r->sent.took_us,
					   .status = r->sent.status,
					   .error = r->sent.error,
					   .answer = r->sent.answer };
	struct notice n;
	int rc = store_notice_find(st, r->work->sid, arena, &n, err);

	if (rc <= 0)
		return rc;
	/* it may have been cancelled meanwhile */
	if (n.state == NOTICE_WAITING)
		retry_note(&n, &outcome, now_us);
	r->state = n.state;
	r->attempts = n.attempts;
	return store_notice_set(st, &n, err) < 0 ? -1 : store_delivery_add(st, &delivery, err);
}

struct delivery_results {
	struct delivery_result *list;
	size_t n;
};

static int note_results(struct store *st, void *arg, struct error *err)
{
	const struct delivery_results *all = arg;
	int64_t now_us = clock_now_us();
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	for (size_t i = 0; i < all->n && rc == 0; i++)
		rc = note_result(st, &all->list[i], now_us, &arena, err);
	arena_release(&arena);
	return rc;
}

static enum hearing heard_of(const struct deliver *d, int64_t account)
{
	gint64 key = account;

	return (enum hearing)GPOINTER_TO_INT(g_hash_table_lookup(d->heard, &key));
}

static void note_hearing(struct deliver *d, const struct delivery_result *r)
{
	gint64 *key = g_new(gint64, 1);

	*key = r->work->account;
	g_hash_table_replace(d->heard, key,
			     GINT_TO_POINTER(r->sent.status ? HEARD_ANSWER : HEARD_SILENCE));
}

static void end_work(struct deliver *d, struct in_work *work)
{
	struct in_work **p = &d->first;

	while (*p != work)
		p = &(*p)->next;
	*p = work->next;
	free(work);
}

static void log_result(const struct delivery_result *r)
{
	if (r->state == NOTICE_FAILED)
		log_warning("callback %s was given up after %lld attempts: status %lld %s",
			    r->work->sid, (long long)r->attempts, (long long)r->sent.status,
			    r->sent.error);
}

/* Takes a notice that could not be sent. False: there is none. */
static bool take_unsent(struct deliver *d, struct delivery_result *ret)
{
	for (struct in_work *w = d->first; w; w = w->next) {
		if (!w->unsent)
			continue;
		*ret = (struct delivery_result) { .work = w };
		snprintf(ret->sent.error, sizeof(ret->sent.error), "%s", w->unsent);
		w->unsent = NULL;
		return true;
	}
	return false;
}

/* Stores the results of requests that have ended. */
static void collect(struct deliver *d)
{
	struct delivery_result *list = calloc(DELIVER_AT_ONCE, sizeof(*list));
	struct delivery_results all = { list, 0 };
	struct error err = { 0 };

	if (!list)
		abort();
	while (all.n < DELIVER_AT_ONCE && sender_take(d->sender, &list[all.n].sent)) {
		list[all.n].work = list[all.n].sent.arg;
		all.n++;
	}
	while (all.n < DELIVER_AT_ONCE && take_unsent(d, &list[all.n]))
		all.n++;
	if (all.n) {
		d->look_us = 0;
		if (commit_thread_run(d->commits, note_results, &all, &err) < 0) {
			log_warning("the results of callbacks were not stored, so they are sent "
				    "again: %s %s",
				    err.message, err.detail);
			d->look_us = clock_now_us() + FAILED_US;
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		if (!err.kind)
			log_result(&list[i]);
		note_hearing(d, &list[i]);
		end_work(d, list[i].work);
	}
	free(list);
}

/* ---- sending ---- */

static size_t left_of(size_t most, size_t used)
{
	return used < most ? most - used : 0;
}

/* The number of requests that may begin for an account of the family. */
static size_t room_for(const struct deliver *d, int64_t account, int64_t family)
{
	enum hearing heard = heard_of(d, account);
	size_t of_account = 0, of_family = 0, silent = 0, all = 0, ret;

	for (const struct in_work *w = d->first; w; w = w->next) {
		of_account += w->account == account;
		of_family += w->family == family;
		silent += heard_of(d, w->account) == HEARD_SILENCE;
		all++;
	}
	ret = left_of(heard == HEARD_ANSWER ? DELIVER_ACCOUNT : DELIVER_UNHEARD, of_account);
	ret = MIN(ret, left_of(DELIVER_FAMILY, of_family));
	if (heard == HEARD_SILENCE)
		ret = MIN(ret, left_of(DELIVER_SILENT, silent));
	return MIN(ret, left_of(DELIVER_AT_ONCE, all));
}

static bool is_in_work(const struct deliver *d, int64_t notice)
{
	for (const struct in_work *w = d->first; w; w = w->next)
		if (w->notice == notice)
			return true;
	return false;
}

static struct in_work *begin_work(struct deliver *d, const struct notice *n, int64_t family)
{
	struct in_work *work = calloc(1, sizeof(*work));

	if (!work)
		abort();
	*work = (struct in_work) {
		.notice = n->id,
		.account = n->account,
		.family = family,
		.at_us = clock_now_us(),
		.next = d->first,
	};
	memcpy(work->sid, n->sid, SID_TEXT);
	d->first = work;
	return work;
}

/*
 * Signs and sends the notice. A notice that cannot be signed or sent is tried
 * again later, like one without an answer, so that it does not hold up others.
 */
static void send_notice(struct deliver *d, const struct notice *n, int64_t family,
			struct arena *arena)
{
	struct sending sending = { .url = n->url, .method = n->method, .form = n->form };
	struct in_work *work = begin_work(d, n, family);
	const char *url = sender_url(arena, n->url, n->method, n->form);
	bool get = strcmp(n->method, "GET") == 0;
	char token[TOKEN_TEXT], signature[SIGNATURE_TEXT];

	if (signing_find(d->store, d->secret, n->account, token, NULL) <= 0) {
		work->unsent = "the account's signing secret cannot be read: make a new one";
		return;
	}
	signature_make(token, url, get ? NULL : n->form, signature);
	secret_wipe(token, sizeof(token));
	sending.signature = signature;
	sending.arg = work;
	if (sender_begin(d->sender, &sending, NULL) < 0)
		work->unsent = "the server has no memory for the request";
}

/* Sends due notices of an account. */
static int serve_account(struct deliver *d, int64_t account, int64_t now_us, struct error *err)
{
	struct account owner = { 0 };
	struct notices due = { .n = 0 };
	struct arena arena;
	int64_t family;
	size_t room;
	int rc;

	arena_init(&arena);
	rc = store_account_by_id(d->store, account, &arena, &owner, err);
	family = owner.parent ? owner.parent : account;
	room = rc < 0 ? 0 : room_for(d, account, family);
	/* those in work are due, too */
	if (room)
		rc = store_notices_due(
			d->store, &(struct notices_due) { account, now_us, room + DELIVER_ACCOUNT },
			&arena, &due, err);
	for (size_t i = 0; i < due.n && room; i++) {
		if (is_in_work(d, due.list[i].id))
			continue;
		send_notice(d, &due.list[i], family, &arena);
		room--;
	}
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

/* Serves the accounts in turn, once each. */
static int serve_accounts(struct deliver *d, int64_t now_us, struct error *err)
{
	int64_t begin = d->account, account;
	bool again = false;
	int rc = 0;

	while (rc == 0 && sender_active(d->sender) < DELIVER_AT_ONCE) {
		rc = store_notice_account(d->store, d->account, now_us, &account, err);
		if (rc < 0)
			return -1;
		if (rc == 0 && again)
			return 0;
		if (rc == 0) {
			again = true;
			d->account = 0;
			continue;
		}
		if (again && account > begin)
			return 0;
		d->account = account;
		rc = serve_account(d, account, now_us, err);
	}
	return rc;
}

/* ---- the thread ---- */

static int open_ledger(struct deliver *d, struct error *err)
{
	if (d->store && store_gone(d->store))
		store_close(&d->store);
	return d->store ? 0
			: store_open(d->settings->database, 0, d->settings->busy_timeout_ms,
				     &d->store, err);
}

/* Is a notice due? If not, sets the time of the next look. */
static int is_due(struct deliver *d, int64_t now_us, struct error *err)
{
	int64_t next_us;
	int rc;

	if (open_ledger(d, err) < 0 || store_begin_read(d->store, err) < 0)
		return -1;
	rc = store_notice_next(d->store, &next_us, err);
	store_end(d->store);
	if (rc <= 0 || next_us <= now_us)
		return rc;
	if (next_us < d->look_us)
		d->look_us = next_us;
	return 0;
}

static int look(struct deliver *d, int64_t now_us, struct error *err)
{
	int rc = is_due(d, now_us, err);

	if (rc <= 0 || !have_lease(d, now_us))
		return rc < 0 ? -1 : 0;
	if (store_begin_read(d->store, err) < 0)
		return -1;
	rc = serve_accounts(d, now_us, err);
	store_end(d->store);
	collect(d); /* those that could not be sent */
	return rc;
}

static int prune(struct store *st, void *arg, struct error *err)
{
	return store_notices_prune(st, *(int64_t *)arg, PRUNE_NOTICES, err);
}

static void prune_now(struct deliver *d, int64_t now_us)
{
	int64_t now = plausible_process_time(floor_div(now_us, USEC_PER_SEC));
	int64_t before_us = (now - d->settings->webhook_days * SEC_PER_DAY) * USEC_PER_SEC;
	int64_t oldest_us;

	d->prune_us = now_us + PRUNE_US;
	if (!d->store || store_begin_read(d->store, NULL) < 0)
		return;
	if (store_notice_oldest(d->store, &oldest_us, NULL) <= 0)
		oldest_us = INT64_MAX;
	store_end(d->store);
	if (oldest_us < before_us)
		commit_thread_run(d->commits, prune, &before_us, NULL);
}

/* What a commit makes due of notices that wait for a time after AFTER_US. */
struct hastening {
	int64_t after_us, now_us;
};

static int hasten(struct store *st, void *arg, struct error *err)
{
	const struct hastening *h = arg;

	return store_notices_hasten(st, h->after_us, h->now_us, err);
}

/* No pause is that long: the clock was set back after the attempt. */
static void hasten_now(struct deliver *d, int64_t now_us)
{
	struct hastening h = { now_us + RETRY_PAUSE_MAX_SEC * USEC_PER_SEC, now_us };
	bool any;

	if (!d->store || store_begin_read(d->store, NULL) < 0)
		return;
	any = store_notice_waits_after(d->store, h.after_us, NULL) > 0;
	store_end(d->store);
	if (any)
		commit_thread_run(d->commits, hasten, &h, NULL);
}

static void look_around(struct deliver *d)
{
	int64_t now_us = clock_now_us();
	struct error err = { 0 };

	if (atomic_exchange(&d->woken, false))
		d->look_us = 0;
	/* a clock that is set back must not delay the next look */
	if (now_us < d->look_us && d->look_us - now_us <= FAILED_US)
		return;
	d->look_us = now_us + LOOK_US;
	if (look(d, now_us, &err) < 0) {
		log_warning("callbacks wait: %s%s%s", err.message, *err.detail ? ": " : "",
			    err.detail);
		d->look_us = now_us + FAILED_US;
		store_close(&d->store);
	}
	/* also if the clock was set back */
	if (now_us >= d->prune_us || d->prune_us - now_us > PRUNE_US) {
		hasten_now(d, now_us);
		prune_now(d, now_us);
	}
}

static void *run(void *arg)
{
	struct deliver *d = arg;

	pthread_setname_np(pthread_self(), "usaged-deliver");
	d->enter(d->settings);
	while (sem_wait(&d->begun) < 0)
		; /* interrupted by a signal */
	while (!atomic_load(&d->stopping)) {
		int64_t wait_us = d->look_us - clock_now_us();

		if (wait_us > LOOK_US)
			wait_us = LOOK_US;
		sender_work(d->sender, wait_us > 0 ? (int)(wait_us / 1000) + 1 : 0);
		collect(d);
		look_around(d);
	}
	return NULL;
}

/* Called by the commit thread after a trigger has fired. */
static void wake(void *arg)
{
	struct deliver *d = arg;

	atomic_store(&d->woken, true);
	sender_wake(d->sender);
}

static void name_host(struct deliver *d)
{
	struct utsname name;

	if (uname(&name) < 0)
		snprintf(name.nodename, sizeof(name.nodename), "host");
	snprintf(d->host, sizeof(d->host), "%s %ld %lld", name.nodename, (long)getpid(),
		 (long long)clock_now_us());
}

int deliver_check(const struct settings *settings, struct error *err)
{
	const char *path = settings->webhook_ca_file;
	int64_t end;

	if (!settings->send_webhooks || !*path || certificate_file_end(path, &end, NULL) == 0)
		return 0;
	return error_set(err, ERR_PARAM, "webhooks.ca_file",
			 "%s has no certificate that can be read", path);
}

const char *deliver_ca_file(const struct settings *settings)
{
	return *settings->webhook_ca_file ? settings->webhook_ca_file : sender_system_ca_file();
}

int deliver_new(const struct settings *settings, const unsigned char *secret,
		void (*enter)(const struct settings *settings), struct deliver **ret,
		struct error *err)
{
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->settings = settings;
	d->secret = secret;
	d->enter = enter;
	networks_parse(settings->webhook_networks, &d->allowed);
	name_host(d);
	d->heard = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (sender_init(err) < 0 ||
	    sender_new(&d->allowed, settings->webhook_ca_file, &d->sender, err) < 0) {
		g_hash_table_destroy(d->heard);
		free(d);
		return -1;
	}
	sem_init(&d->begun, 0, 0);
	if (pthread_create(&d->thread, NULL, run, d) == 0) {
		*ret = d;
		return 0;
	}
	sem_destroy(&d->begun);
	sender_free(&d->sender);
	g_hash_table_destroy(d->heard);
	free(d);
	return error_set(err, ERR_INTERNAL, NULL, "cannot start the delivery thread");
}

void deliver_begin(struct deliver *d, struct commit_thread *commits)
{
	d->commits = commits;
	commit_thread_on_notice(commits, wake, d);
	sem_post(&d->begun);
}

/* Ends the thread, also if it has not begun. */
static void stop(struct deliver *d)
{
	if (d->commits)
		commit_thread_on_notice(d->commits, NULL, NULL);
	atomic_store(&d->stopping, true);
	sender_wake(d->sender);
	sem_post(&d->begun);
	pthread_join(d->thread, NULL);
}

void deliver_free(struct deliver **d)
{
	struct lease_task task;

	if (!*d)
		return;
	stop(*d);
	task.lease = lease_until(*d, 0);
	if ((*d)->commits && (*d)->lease_us)
		commit_thread_run((*d)->commits, end_lease, &task, NULL);
	while ((*d)->first)
		end_work(*d, (*d)->first);
	sender_free(&(*d)->sender);
	store_close(&(*d)->store);
	sem_destroy(&(*d)->begun);
	g_hash_table_destroy((*d)->heard);
	free(*d);
	*d = NULL;
}
