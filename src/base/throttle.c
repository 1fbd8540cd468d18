#include "base/throttle.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { WAYS = 8, SETS_BITS = 12, SETS = 1 << SETS_BITS };

/* One subject: a pair, a user or an address. All zero: unused. */
struct entry {
	uint64_t who;  /* hash of the subject's kind and name */
	int64_t heard; /* when it failed or was told to wait */
	int64_t next;  /* when it may try again */
	int32_t failures;
	bool good;  /* it has signed in */
	bool waits; /* it was told when it may try for the first time */
};

struct throttle {
	pthread_mutex_t lock;
	/* a random key, so that nobody can choose names that share a set */
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct entry table[SETS][WAYS];
};

/* Turns a number of failures into a waiting time. */
struct throttle_rule {
	int32_t free;
	int64_t max_ms;
};

static const struct throttle_rule of_pair = { THROTTLE_FREE, THROTTLE_PAIR_MAX_MS };
static const struct throttle_rule of_user = { THROTTLE_USER_FREE, THROTTLE_USER_MAX_MS };
static const struct throttle_rule of_address = { THROTTLE_ADDRESS_FREE, THROTTLE_ADDRESS_MAX_MS };

struct throttle *throttle_new(void)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	crypto_shorthash_keygen(t->key);
	return t;
}

struct throttle *throttle_new_shared(const unsigned char key[static THROTTLE_KEY])
{
	struct throttle *t = throttle_new();

	_Static_assert(THROTTLE_KEY == crypto_shorthash_KEYBYTES, "a key of libsodium");
	memcpy(t->key, key, THROTTLE_KEY);
	return t;
}

void throttle_free(struct throttle **t)
{
	if (!*t)
		return;
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

/* ---- subjects ---- */

static uint64_t hash(const struct throttle *t, const void *data, size_t len)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t n;

	crypto_shorthash(out, data, len, t->key);
	memcpy(&n, out, sizeof(n));
	return n;
}

static uint64_t hash_user(const struct throttle *t, const char *user)
{
	return hash(t, user, strlen(user));
}

/*
 * Hashes the /64 network of an IPv6 address, since its owner has all addresses
 * in it.
 */
static uint64_t hash_address(const struct throttle *t, const char *address)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, address, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a))
		return ~hash(t, address, strlen(address));
	return ~hash(t, &a, 8);
}

static uint64_t hash_pair(const struct throttle *t, uint64_t user, uint64_t address)
{
	uint64_t both[] = { user, address };

	return hash(t, both, sizeof(both));
}

/* ---- entries ---- */

/* Forgets a failure for each FORGIVE_MS that has passed. */
static void forgive(struct entry *e, int64_t now)
{
	int64_t n = (now - e->heard) / THROTTLE_FORGIVE_MS;

	if (n <= 0)
		return;
	e->failures = n < e->failures ? e->failures - (int32_t)n : 0;
	e->heard += n * THROTTLE_FORGIVE_MS;
}

/*
 * Finds or adds the entry of WHO. A new entry may replace the one that was used
 * longest ago.
 */
static struct entry *find(struct throttle *t, uint64_t who, int64_t now)
{
	struct entry *set = t->table[who & (SETS - 1)], *oldest = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].who == who) {
			forgive(&set[i], now);
			return &set[i];
		}
		if (oldest->who && (!set[i].who || set[i].heard < oldest->heard))
			oldest = &set[i];
	}
	*oldest = (struct entry) { .who = who, .heard = now };
	return oldest;
}

static int64_t delay(const struct entry *e, const struct throttle_rule *r)
{
	int32_t over = e->failures - r->free;
	int64_t ms;

	if (over <= 0)
		return 0;
	ms = over > 20 ? r->max_ms : (int64_t)1000 << (over - 1);
	return ms < r->max_ms ? ms : r->max_ms;
}

static void count(struct throttle *t, uint64_t who, int32_t n, int64_t now)
{
	struct entry *e = find(t, who, now);

	e->failures += n;
	if (e->failures < 0)
		e->failures = 0;
	if (n > 0)
		e->heard = now;
}

/* How long a pair that never signed in waits before its first try. */
static int64_t first_delay(struct throttle *t, uint64_t user, uint64_t address, int64_t now)
{
	int64_t a = delay(find(t, user, now), &of_user),
		b = delay(find(t, address, now), &of_address);

	return a > b ? a : b;
}

static int64_t try(struct throttle *t, uint64_t user, uint64_t address, int64_t now)
{
	struct entry *pair = find(t, hash_pair(t, user, address), now);
	int64_t first = pair->good || pair->waits || pair->failures
				? 0
				: first_delay(t, user, address, now);

	/*
	 * find the pair again: looking up the user and the address may have
	 * evicted it
	 */
	pair = find(t, hash_pair(t, user, address), now);
	if (first) {
		pair->waits = true;
		pair->heard = now;
		pair->next = now + first;
	}
	if (pair->next > now)
		return pair->next - now;
	count(t, user, 1, now);
	count(t, address, 1, now);
	pair = find(t, hash_pair(t, user, address), now);
	pair->waits = false;
	pair->failures++;
	pair->heard = now;
	pair->next = now + delay(pair, &of_pair);
	return 0;
}

int64_t throttle_try(struct throttle *t, const char *user, const char *address, int64_t now_ms)
{
	int64_t wait;

	pthread_mutex_lock(&t->lock);
	wait = try(t, hash_user(t, user), hash_address(t, address), now_ms);
	pthread_mutex_unlock(&t->lock);
	return wait;
}

/* Takes back the failures that throttle_try counted. */
static struct entry *take_back(struct throttle *t, const char *user, const char *address,
			       int64_t now)
{
	uint64_t u = hash_user(t, user), a = hash_address(t, address);
	struct entry *pair;

	count(t, u, -1, now);
	count(t, a, -1, now);
	pair = find(t, hash_pair(t, u, a), now);
	pair->failures -= pair->failures > 0;
	pair->next = now;
	return pair;
}

void throttle_succeeded(struct throttle *t, const char *user, const char *address, int64_t now_ms)
{
	struct entry *pair;

	pthread_mutex_lock(&t->lock);
	pair = take_back(t, user, address, now_ms);
	pair->failures = 0;
	pair->good = true;
	pair->heard = now_ms;
	pthread_mutex_unlock(&t->lock);
}

void throttle_withdraw(struct throttle *t, const char *user, const char *address, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	take_back(t, user, address, now_ms);
	pthread_mutex_unlock(&t->lock);
}

void throttle_know(struct throttle *t, const char *user, const char *address, int64_t now_ms)
{
	struct entry *pair;

	pthread_mutex_lock(&t->lock);
	pair = find(t, hash_pair(t, hash_user(t, user), hash_address(t, address)), now_ms);
	pair->good = true;
	pthread_mutex_unlock(&t->lock);
}

uint64_t throttle_network(const struct throttle *t, const char *address)
{
	return hash_address(t, address);
}

bool throttle_knows(struct throttle *t, const char *user, const char *address, int64_t now_ms)
{
	bool good;

	pthread_mutex_lock(&t->lock);
	good = find(t, hash_pair(t, hash_user(t, user), hash_address(t, address)), now_ms)->good;
	pthread_mutex_unlock(&t->lock);
	return good;
}

/* ---- sharing ---- */

void throttle_get(struct throttle *t, const char *user, const char *address, int64_t now_ms,
		  struct throttle_record ret[static THROTTLE_SUBJECTS])
{
	uint64_t who[THROTTLE_SUBJECTS];

	pthread_mutex_lock(&t->lock);
	who[THROTTLE_USER] = hash_user(t, user);
	who[THROTTLE_ADDRESS] = hash_address(t, address);
	who[THROTTLE_PAIR] = hash_pair(t, who[THROTTLE_USER], who[THROTTLE_ADDRESS]);
	for (int i = 0; i < THROTTLE_SUBJECTS; i++) {
		const struct entry *e = find(t, who[i], now_ms);

		ret[i] = (struct throttle_record) { e->who,      e->heard, e->next,
						    e->failures, e->good,  e->waits };
	}
	pthread_mutex_unlock(&t->lock);
}

void throttle_set(struct throttle *t,
		  const struct throttle_record records[static THROTTLE_SUBJECTS], int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < THROTTLE_SUBJECTS; i++) {
		const struct throttle_record *r = &records[i];
		struct entry *e = find(t, r->who, now_ms);

		e->heard = r->heard ? r->heard : now_ms;
		e->next = r->next;
		e->failures = (int32_t)r->failures;
		e->good = e->good || r->good;
		e->waits = r->waits;
		forgive(e, now_ms);
	}
	pthread_mutex_unlock(&t->lock);
}
