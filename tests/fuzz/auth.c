/*
 * auth.c - who asks? Lines: Authorization, Cookie, X-ss-id, X-ss-pid and a
 * user's name. Nobody is let in without one of the ledger's secrets.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "http/auth.h"
#include "ledger.h"
#include "base/banned.h"

enum { LINES = 5 };

static struct store *store;

static void close_store(void)
{
	store_close(&store);
}

static void open_store(void)
{
	if (store)
		return;
	must(store_open(ledger_settings()->database, 0, 1000, &store, NULL) == 0 &&
	     store_begin_read(store, NULL) == 0);
	atexit(close_store);
}

static bool holds_secret(const char *text, size_t len)
{
	for (int i = 0; i < LEDGER_SECRETS; i++)
		if (memmem(text, len, ledger_secrets[i], strlen(ledger_secrets[i])))
			return true;
	return false;
}

/* Basic credentials are packed as base64. */
static bool is_unpacked_secret(const char *authorization)
{
	unsigned char bytes[2000];
	const char *text = strrchr(authorization, ' ');
	size_t len;

	return text && base64_decode(text + 1, strlen(text + 1), bytes, sizeof(bytes), &len) &&
	       holds_secret((const char *)bytes, len);
}

static void check_caller(struct request *rq)
{
	struct error err = { 0 };
	int rc = auth_check(rq, &err);

	must((rc < 0) == (err.kind != ERR_NONE) && (rc == 0 || err.message[0]));
	must(err.kind != ERR_INTERNAL && (rc == 0 || !rq->who));
	if (rq->who)
		must(is_unpacked_secret(rq->authorization ? rq->authorization : "") ||
		     holds_secret(rq->cookie, strlen(rq->cookie)) ||
		     holds_secret(rq->ss_id, strlen(rq->ss_id)) ||
		     holds_secret(rq->ss_pid, strlen(rq->ss_pid)) ||
		     (rq->authorization &&
		      holds_secret(rq->authorization, strlen(rq->authorization))));
	auth_note_use(rq);
}

static void check(struct request *rq, const char *name)
{
	const char *device;
	struct arena arena;

	rq->worker->auth = auth_new();
	auth_at_version(rq->worker->auth, 1);
	arena_init(&arena);
	rq->arena = &arena;
	rq->store = store;
	rq->now = clock_now_us() / USEC_PER_SEC;
	check_caller(rq);
	check_caller(rq); /* a key is cached now, a wrong password is throttled */
	auth_brings_password(rq->authorization);
	device = signin_device(rq, name);
	must(!device || strncmp(device, "device:", 7) == 0);
	arena_release(&arena);
	auth_free(&rq->worker->auth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup(size ? (const char *)data : "", size), *next = text;
	const char *line[LINES];
	struct worker worker = { .secret = ledger_secret };
	struct request rq = { .worker = &worker, .remote = "192.0.2.1" };

	must(text);
	open_store();
	worker.signin = signin_new();
	for (int i = 0; i < LINES; i++) {
		line[i] = next ? strsep(&next, "\n") : "";
		if (!line[i])
			line[i] = "";
	}
	rq.authorization = line[0];
	rq.cookie = line[1];
	rq.ss_id = line[2];
	rq.ss_pid = line[3];
	check(&rq, line[4]);
	signin_free(&worker.signin);
	free(text);
	return 0;
}
