#include "api/signin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/name.h"
#include "base/strbuf.h"
#include "base/throttle.h"
#include "base/utf8.h"
#include "api/shared_throttle.h"
#include "store/key.h"
#include "store/server.h"
#include "store/session.h"
#include "store/user.h"
#include "usage/user_rules.h"
#include "base/banned.h"

enum { WAYS = 4, SETS = SIGNIN_REMEMBERED / WAYS, KEY_TEXT_MAX = 16384 };

/* A password that was verified. */
struct remembered {
	unsigned char key[HASH_BYTES];
	int64_t until; /* ms */
};

/*
 * A running check of a password. Other threads with the same password wait for
 * its result.
 */
struct check {
	unsigned char key[HASH_BYTES];
	bool done;
	int waiting;
	int rc;
	struct error err;
	struct check *next;
};

/* An attempt to sign in: a password and a user's data. */
struct attempt {
	const struct password *password;
	/* case-folded, so that the throttle counts all spellings together */
	const char *name;
	/* stored hash of the password; NULL: no such user */
	const char *stored;
};

struct signin {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/*
	 * random, made by this process; keys of remembered passwords depend on
	 * it
	 */
	unsigned char secret[SECRET_BYTES];
	struct remembered remembered[SETS][WAYS];
	struct check *checks;
	struct throttle *throttle;
	struct shared_throttle *shared; /* NULL: this process is alone */
};

struct signin *signin_new(void)
{
	struct signin *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	secret_random(s->secret);
	s->throttle = throttle_new();
	return s;
}

void signin_share(struct signin *s, const struct settings *settings, const unsigned char *secret)
{
	if (store_is_file(settings->database))
		return;
	throttle_free(&s->throttle);
	s->shared = shared_throttle_new(settings, secret, &s->throttle);
}

void signin_free(struct signin **s)
{
	if (!*s)
		return;
	shared_throttle_free(&(*s)->shared);
	throttle_free(&(*s)->throttle);
	pthread_cond_destroy(&(*s)->changed);
	pthread_mutex_destroy(&(*s)->lock);
	secret_wipe(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

/* ---- remembered passwords ---- */

/*
 * Hashes the name, the stored hash and the password to a key. The stored hash
 * of a new password has a new salt, so entries of the old password are never
 * found again.
 */
static void make_key(const struct signin *s, const struct attempt *a,
		     unsigned char ret[static HASH_BYTES])
{
	const char *stored = a->stored ? a->stored : "";
	struct strbuf all;

	strbuf_init(&all, KEY_TEXT_MAX);
	strbuf_addn(&all, a->name, strlen(a->name) + 1);
	strbuf_addn(&all, stored, strlen(stored) + 1);
	strbuf_addn(&all, a->password->text, a->password->len);
	token_hash(s->secret, all.text, all.len, ret);
	if (all.size)
		secret_wipe(all.text, all.size);
	strbuf_release(&all);
}

static struct remembered *set_of(struct signin *s, const unsigned char *key)
{
	return s->remembered[(key[0] | key[1] << 8) % SETS];
}

static bool is_remembered(struct signin *s, const unsigned char *key, int64_t now)
{
	const struct remembered *set = set_of(s, key);

	for (int i = 0; i < WAYS; i++)
		if (set[i].until > now && memcmp(set[i].key, key, HASH_BYTES) == 0)
			return true;
	return false;
}

static void remember(struct signin *s, const unsigned char *key, int64_t now)
{
	struct remembered *set = set_of(s, key), *oldest = set;

	for (int i = 1; i < WAYS; i++)
		if (set[i].until < oldest->until)
			oldest = &set[i];
	memcpy(oldest->key, key, HASH_BYTES);
	oldest->until = now + SIGNIN_REMEMBER_MS;
}

/* ---- checking one ---- */

/* The clock of the throttle: that of all hosts, if they share it. */
static int64_t throttle_ms(const struct signin *s)
{
	return s->shared ? clock_now_us() / 1000 : monotonic_ms();
}

static int64_t begin_try(struct signin *s, const struct attempt *a)
{
	const char *address = a->password->address;

	return s->shared ? shared_throttle_try(s->shared, a->name, address, throttle_ms(s))
			 : throttle_try(s->throttle, a->name, address, throttle_ms(s));
}

/* The password was right (SUCCEEDED), or it could not be checked. */
static void end_try(struct signin *s, const struct attempt *a, bool succeeded)
{
	const char *address = a->password->address;

	if (s->shared)
		shared_throttle_end(s->shared, a->name, address, throttle_ms(s), succeeded);
	else if (succeeded)
		throttle_succeeded(s->throttle, a->name, address, throttle_ms(s));
	else
		throttle_withdraw(s->throttle, a->name, address, throttle_ms(s));
}

static int check_slowly(struct signin *s, const struct attempt *a, struct error *err)
{
	const struct password *p = a->password;
	int64_t wait = begin_try(s, a);
	bool known = throttle_knows(s->throttle, a->name, p->address, throttle_ms(s));
	int rc;

	if (wait) {
		err->retry_after = (int)((wait + 999) / 1000);
		return error_set(err, ERR_TOO_MANY, NULL,
				 "Too many wrong passwords; try again in %d seconds",
				 err->retry_after);
	}
	rc = password_verify_as(known ? PASSWORD_KNOWN : PASSWORD_STRANGER,
				throttle_network(s->throttle, p->address), a->stored, p->text,
				p->len, err);
	if (rc > 0)
		end_try(s, a, true);
	if (rc < 0) {
		/*
		 * count the attempt of an unknown device even if no thread was
		 * free; otherwise it could be repeated at once, without limit
		 */
		if (known || err->kind != ERR_BUSY)
			end_try(s, a, false);
		err->retry_after = 1;
	}
	return rc;
}

/*
 * Waits until the waiting threads have taken the result of C, and removes C.
 * Call with the lock held.
 */
static void end_check(struct signin *s, struct check *c)
{
	struct check **link = &s->checks;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->done = true;
	pthread_cond_broadcast(&s->changed);
	while (c->waiting)
		pthread_cond_wait(&s->changed, &s->lock);
}

/* Waits for the result of another thread's check. Call with the lock held. */
static int join_check(struct signin *s, struct check *c, struct error *err)
{
	int rc;

	c->waiting++;
	while (!c->done)
		pthread_cond_wait(&s->changed, &s->lock);
	rc = c->rc;
	if (rc < 0)
		*err = c->err;
	if (--c->waiting == 0)
		pthread_cond_broadcast(&s->changed);
	return rc;
}

/* Checks the password. 1 right, 0 wrong, -1 not checked. */
static int check(struct signin *s, const struct attempt *a, struct error *err)
{
	struct check own = { .done = false }, *other;
	int rc;

	make_key(s, a, own.key);
	pthread_mutex_lock(&s->lock);
	for (other = s->checks; other && memcmp(other->key, own.key, HASH_BYTES) != 0;
	     other = other->next)
		;
	if (is_remembered(s, own.key, monotonic_ms())) {
		rc = 1;
	} else if (other) {
		rc = join_check(s, other, err);
	} else {
		own.next = s->checks;
		/* cppcheck-suppress autoVariables ; end_check() removes it */
		s->checks = &own;
		pthread_mutex_unlock(&s->lock);
		rc = own.rc = check_slowly(s, a, &own.err);
		pthread_mutex_lock(&s->lock);
		if (rc > 0)
			remember(s, own.key, monotonic_ms());
		end_check(s, &own);
		if (rc < 0)
			*err = own.err;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- devices ---- */

/* The signed text: the user's name and the device's id. */
static const char *signed_text(struct arena *arena, const char *name, const char *id)
{
	return arena_printf(arena, "device:%.*s:%s", DEVICE_ID_TEXT, id, name);
}

void device_new(const struct request *rq, const char *name, char ret[static DEVICE_TEXT])
{
	unsigned char tag[TAG_BYTES];
	char token[TOKEN_TEXT];
	const char *text;

	_Static_assert(TOKEN_TEXT - 1 >= DEVICE_ID_TEXT,
		       "a device's id is the beginning of a token");
	token_new(token);
	memcpy(ret, token, DEVICE_ID_TEXT);
	text = signed_text(rq->arena, name, ret);
	tag_make(rq->worker->secret, text, strlen(text), tag);
	ret[DEVICE_ID_TEXT] = '.';
	base64url_encode(tag, TAG_BYTES, ret + DEVICE_ID_TEXT + 1);
}

const char *signin_device(const struct request *rq, const char *name)
{
	unsigned char tag[TAG_BYTES];
	const char *subject, *all, *text;
	size_t len = 0;

	text = request_cookie(rq, DEVICE_COOKIE, &len);
	if (!text || len != DEVICE_TEXT - 1 || text[DEVICE_ID_TEXT] != '.' ||
	    !base64url_decode(text + DEVICE_ID_TEXT + 1, DEVICE_TEXT - DEVICE_ID_TEXT - 2, tag,
			      sizeof(tag), &len) ||
	    len != TAG_BYTES)
		return NULL;
	all = signed_text(rq->arena, name, text);
	if (!tag_check(rq->worker->secret, all, strlen(all), tag))
		return NULL;
	subject = arena_printf(rq->arena, "device:%.*s", DEVICE_ID_TEXT, text);
	throttle_know(rq->worker->signin->throttle, name, subject, throttle_ms(rq->worker->signin));
	return subject;
}

uint64_t signin_network(struct signin *s, const char *address)
{
	return throttle_network(s->throttle, address);
}

static int refuse(struct error *err)
{
	return error_set(err, ERR_CREDENTIALS, NULL, "Invalid Username or Password");
}

/*
 * Checks the password outside the request's read, and begins the read again. A
 * check can take a second, and the ledger's log cannot restart during a read.
 */
static int check_outside_read(const struct request *rq, const struct attempt *a, struct error *err)
{
	struct error failure = { 0 };
	int rc;

	store_end(rq->store);
	rc = check(rq->worker->signin, a, err);
	if (store_begin_read(rq->store, &failure) == 0)
		return rc;
	if (rc >= 0)
		*err = failure;
	return -1;
}

/* Does the user still have the password that was checked? */
static int find_again(const struct request *rq, const struct attempt *a, struct user *ret,
		      struct error *err)
{
	int found = store_user_by_name(rq->store, a->password->name, rq->arena, ret, err);

	return found <= 0 ? found : !ret->removed && strcmp(ret->password, a->stored) == 0;
}

int signin_password(const struct request *rq, const struct password *p, struct user *ret,
		    struct error *err)
{
	struct attempt a = { .password = p, .name = name_fold(rq->arena, p->name) };
	int found, rc;

	if (p->len > PASSWORD_BYTES_MAX)
		return refuse(err); /* too long for any user's password */
	/* no user has a name of other bytes, with which PostgreSQL would fail */
	found = utf8_valid(p->name, strlen(p->name))
			? store_user_by_name(rq->store, p->name, rq->arena, ret, err)
			: 0;
	if (found < 0)
		return -1;
	if (found && !ret->removed)
		a.stored = ret->password;
	rc = check_outside_read(rq, &a, err);
	if (rc > 0)
		rc = a.stored ? find_again(rq, &a, ret, err) : 0;
	if (rc < 0)
		return -1;
	return rc ? 0 : refuse(err);
}

int signin_principal(const struct user *u, struct principal *ret, struct error *err)
{
	const struct role_info *info = role_find(u->role);

	if (!info)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the user %s has the unknown role %s; use the version of usaged "
				 "that made the user",
				 u->name, u->role);
	*ret = (struct principal) { .role = info->role,
				    .name = u->name,
				    .user = u->id,
				    .display = u->display,
				    .email = u->email,
				    .grants = u->grants,
				    .n_grants = u->n_grants };
	return 0;
}

bool signin_key_principal(const struct key *k, struct principal *ret)
{
	const struct role_info *info = role_find(k->role);

	if (!info)
		return false;
	*ret = (struct principal) { .role = info->role,
				    .label = k->name,
				    .account = k->account,
				    .grants = k->grants,
				    .n_grants = k->n_grants };
	memcpy(ret->key_sid, k->sid, SID_TEXT);
	return true;
}

/* ---- tokens ---- */

/*
 * Loads the user or key that requested a token. 1 loaded, 0 removed or revoked,
 * -1 failed.
 */
static int load_maker(const struct request *rq, const struct maker *m, struct principal *ret,
		      struct error *err)
{
	struct user *user = arena_new(rq->arena, struct user);
	struct key *key = arena_new(rq->arena, struct key);
	int rc;

	if (m->user) {
		rc = store_user_by_id(rq->store, m->user, rq->arena, user, err);
		if (rc <= 0 || user->removed)
			return rc < 0 ? -1 : 0;
		return signin_principal(user, ret, err) < 0 ? -1 : 1;
	}
	rc = *m->key_sid ? store_key_by_sid(rq->store, m->key_sid, rq->arena, key, err) : 0;
	if (rc <= 0 || key->revoked)
		return rc < 0 ? -1 : 0;
	return signin_key_principal(key, ret);
}

/*
 * Checks whether the token that signs in WHO is still valid, and sets WHO's
 * made_by and maker. 1 valid, 0 not, -1 failed.
 */
static int check_maker(const struct request *rq, const struct session *token, struct principal *who,
		       struct error *err)
{
	struct principal maker;
	int rc = token->maker.user == who->user ? 1 : load_maker(rq, &token->maker, &maker, err);

	if (rc <= 0 || token->maker.user == who->user)
		return rc;
	if (!principal_may_impersonate(&maker, who))
		return 0;
	who->made_by = principal_actor(&maker, rq->arena);
	who->maker = token->maker;
	return 1;
}

/* ---- sessions ---- */

struct session session_new(const struct request *rq, int64_t user, enum session_kind kind,
			   int64_t seconds, char ret_token[static TOKEN_TEXT])
{
	struct session s = {
		.user = user, .kind = kind, .created = rq->now, .expires = rq->now + seconds
	};

	token_new(ret_token);
	token_hash(rq->worker->secret, ret_token, strlen(ret_token), s.hash);
	return s;
}

/*
 * Is the session valid now? A session with a future time was made while the
 * clock was wrong, and is not valid before this time.
 */
static bool is_good(const struct session *s, enum session_kind kind, int64_t now)
{
	return s->kind == kind && s->expires > now && s->created <= now + SESSION_AHEAD_SECONDS;
}

int signin_session(struct request *rq, const char *token, size_t len, enum session_kind kind,
		   struct error *err)
{
	struct session *session = arena_new(rq->arena, struct session);
	struct principal *who = arena_new(rq->arena, struct principal);
	struct user *user = arena_new(rq->arena, struct user);
	unsigned char hash[HASH_BYTES];
	int rc;

	token_hash(rq->worker->secret, token, len, hash);
	rc = store_session_find(rq->store, hash, session, err);
	if (rc <= 0 || !is_good(session, kind, rq->now))
		return rc < 0 ? -1 : 0;
	rc = store_user_by_id(rq->store, session->user, rq->arena, user, err);
	if (rc <= 0 || user->removed)
		return rc < 0 ? -1 : 0;
	if (signin_principal(user, who, err) < 0)
		return -1;
	rc = kind == SESSION_TOKEN ? check_maker(rq, session, who, err) : 1;
	if (rc <= 0)
		return rc;
	rq->who = who;
	rq->session = session;
	return 0;
}
