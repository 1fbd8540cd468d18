#include "api/shared_throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "store/tries.h"
#include "base/banned.h"

enum {
	ROUNDS = 4,         /* of a try that others keep getting ahead of */
	CROWDED_MS = 1000,  /* then it is to come again after that */
	PRUNE_MS = 3600000, /* between two prunings */
	KEPT_MS = 86400000  /* longer than any failure counts */
};

struct shared_throttle {
	const struct settings *settings;
	struct throttle *local;
	pthread_mutex_t lock;
	struct store *store; /* NULL: not open */
	int64_t pruned_ms;
};

struct throttled {
	const char *user, *address;
	int64_t now_ms;
};

struct shared_throttle *shared_throttle_new(const struct settings *settings,
					    const unsigned char *secret,
					    struct throttle **ret_local)
{
	static const char words[] = "the key of the throttle";
	struct shared_throttle *t = calloc(1, sizeof(*t));
	unsigned char key[TAG_BYTES];

	_Static_assert((int)TAG_BYTES == (int)THROTTLE_KEY, "a tag is a key");
	if (!t)
		abort();
	tag_make(secret, words, sizeof(words), key);
	t->settings = settings;
	t->local = *ret_local = throttle_new_shared(key);
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void shared_throttle_free(struct shared_throttle **t)
{
	if (!*t)
		return;
	store_close(&(*t)->store);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

/* ---- the table ---- */

static int use_store(struct shared_throttle *t, struct error *err)
{
	if (t->store && store_gone(t->store))
		store_close(&t->store);
	return t->store ? 0
			: store_open(t->settings->database, STORE_WRITE,
				     t->settings->busy_timeout_ms, &t->store, err);
}

/*
 * Copies records, but forgets those of a clock that was ahead: a wait is never
 * so long.
 */
static void copy_sane(const struct throttle_record from[static THROTTLE_SUBJECTS], int64_t now_ms,
		      struct throttle_record ret[static THROTTLE_SUBJECTS])
{
	for (int i = 0; i < THROTTLE_SUBJECTS; i++) {
		const int64_t last_ms = now_ms + THROTTLE_PAIR_MAX_MS;

		ret[i] = from[i];
		if (from[i].next > last_ms || from[i].heard > last_ms)
			ret[i] = (struct throttle_record) { .who = from[i].who,
							    .good = from[i].good };
	}
}

/* Reads what all hosts know of the pair into this host's throttle. */
static int load(struct shared_throttle *t, const struct throttled *p,
		struct throttle_record ret[static THROTTLE_SUBJECTS], struct error *err)
{
	struct throttle_record sane[THROTTLE_SUBJECTS];

	throttle_get(t->local, p->user, p->address, p->now_ms, ret);
	if (use_store(t, err) < 0 || store_tries_load(t->store, ret, err) < 0)
		return -1;
	copy_sane(ret, p->now_ms, sane);
	throttle_set(t->local, sane, p->now_ms);
	return 0;
}

/*
 * Writes what the throttle knows now. 1, or 0: another host was quicker, so
 * nothing was written; -1 failed.
 */
static int save(struct shared_throttle *t, const struct throttled *p,
		const struct throttle_record old[static THROTTLE_SUBJECTS], struct error *err)
{
	struct throttle_record new[THROTTLE_SUBJECTS];
	int rc;

	throttle_get(t->local, p->user, p->address, p->now_ms, new);
	rc = store_try_replace(t->store, &old[THROTTLE_PAIR], &new[THROTTLE_PAIR], err);
	for (int i = THROTTLE_USER; rc > 0 && i < THROTTLE_SUBJECTS; i++)
		if (store_try_add(t->store, &old[i], &new[i], err) < 0)
			rc = -1;
	return rc;
}

static void prune(struct shared_throttle *t, int64_t now_ms)
{
	if (now_ms - t->pruned_ms < PRUNE_MS)
		return;
	t->pruned_ms = now_ms;
	store_tries_prune(t->store, now_ms - KEPT_MS, NULL);
}

/* ---- a try ---- */

/* 1 with the wait in *RET_MS; 0: another host was quicker; -1 failed. */
static int try_once(struct shared_throttle *t, const struct throttled *p, int64_t *ret_ms,
		    struct error *err)
{
	struct throttle_record old[THROTTLE_SUBJECTS];

	if (load(t, p, old, err) < 0)
		return -1;
	*ret_ms = throttle_try(t->local, p->user, p->address, p->now_ms);
	if (*ret_ms && old[THROTTLE_PAIR].next == p->now_ms + *ret_ms)
		return 1; /* it was told so before */
	return save(t, p, old, err);
}

int64_t shared_throttle_try(struct shared_throttle *t, const char *user, const char *address,
			    int64_t now_ms)
{
	const struct throttled p = { user, address, now_ms };
	struct error err = { 0 };
	int64_t wait = CROWDED_MS;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < ROUNDS && rc == 0; i++)
		rc = try_once(t, &p, &wait, &err);
	if (rc < 0) {
		log_warning("wrong passwords are counted on this host alone: %s %s", err.message,
			    err.detail);
		wait = throttle_try(t->local, user, address, now_ms);
	}
	if (rc > 0)
		prune(t, now_ms);
	pthread_mutex_unlock(&t->lock);
	return rc == 0 ? CROWDED_MS : wait;
}

static int end_once(struct shared_throttle *t, const struct throttled *p, bool succeeded,
		    struct error *err)
{
	struct throttle_record old[THROTTLE_SUBJECTS];

	if (load(t, p, old, err) < 0)
		return -1;
	if (succeeded)
		throttle_succeeded(t->local, p->user, p->address, p->now_ms);
	else
		throttle_withdraw(t->local, p->user, p->address, p->now_ms);
	return save(t, p, old, err);
}

void shared_throttle_end(struct shared_throttle *t, const char *user, const char *address,
			 int64_t now_ms, bool succeeded)
{
	const struct throttled p = { user, address, now_ms };
	struct error err = { 0 };
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < ROUNDS && rc == 0; i++)
		rc = end_once(t, &p, succeeded, &err);
	pthread_mutex_unlock(&t->lock);
}
