#include "http/auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "store/account.h"
#include "store/key.h"
#include "usage/commit_thread.h"
#include "usage/account.h"
#include "usage/user_rules.h"
#include "base/banned.h"

enum {
	/* user name, ":" and secret */
	CREDENTIALS_MAX = USER_NAME_BYTES + 1 + PASSWORD_BYTES_MAX,
	AUTH_CACHE_SIZE = 64,
	LOADED_MAX = 1024, /* keys in the arena before it is reset */
	DAY_SECONDS = 86400
};

/*
 * User and secret of the header Authorization; USER is NULL for a bearer token.
 */
struct credentials {
	char text[CREDENTIALS_MAX + 1];
	const char *user;
	const char *token;
	size_t token_len;
};

struct auth_entry {
	bool used;
	/*
	 * the time at which the account or its main account was suspended; 0:
	 * active
	 */
	int64_t suspended;
	unsigned char hash[HASH_BYTES];
	char account_sid[SID_TEXT]; /* of an account's own token, else "" */
	int64_t last_use;           /* as stored */
	struct principal who;
};

struct auth {
	int64_t version;
	struct arena arena; /* of the entries */
	size_t n_loaded;    /* since the arena was reset */
	struct auth_entry entries[AUTH_CACHE_SIZE];
	/* entry whose last use is not in the ledger yet; or NULL */
	struct auth_entry *to_note;
};

struct auth *auth_new(void)
{
	struct auth *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	arena_init(&a->arena);
	return a;
}

void auth_free(struct auth **a)
{
	if (!*a)
		return;
	arena_release(&(*a)->arena);
	free(*a);
	*a = NULL;
}

static void forget(struct auth *a)
{
	for (size_t i = 0; i < AUTH_CACHE_SIZE; i++)
		a->entries[i].used = false;
	arena_reset(&a->arena);
	a->n_loaded = 0;
	a->to_note = NULL;
}

void auth_at_version(struct auth *a, int64_t version)
{
	if (a->version == version)
		return;
	forget(a);
	a->version = version;
}

static int refuse(struct error *err)
{
	return error_set(err, ERR_CREDENTIALS, NULL, "Invalid Username or Password");
}

/* The text behind SCHEME in HEADER; NULL if HEADER has another scheme. */
static const char *after_scheme(const char *header, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(header, scheme, len) != 0 || header[len] != ' ')
		return NULL;
	return header + len + strspn(header + len, " ");
}

static bool read_basic(struct credentials *c, const char *text)
{
	size_t len = 0;
	char *colon;

	if (!base64_decode(text, strlen(text), (unsigned char *)c->text, CREDENTIALS_MAX, &len) ||
	    memchr(c->text, 0, len))
		return false;
	c->text[len] = '\0';
	colon = strchr(c->text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	c->user = c->text;
	c->token = colon + 1;
	c->token_len = len - (size_t)(colon + 1 - c->text);
	return true;
}

static bool read_bearer(struct credentials *c, const char *text)
{
	c->user = NULL;
	c->token = text;
	c->token_len = strlen(text);
	return c->token_len > 0 && c->token_len <= CREDENTIALS_MAX;
}

/* ---- keys ---- */

/*
 * Adds the account of the key to ENTRY. 1 done, 0 no such account, -1 failed.
 */
static int load_account(const struct request *rq, int64_t id, struct auth_entry *entry,
			struct error *err)
{
	struct account account;
	int rc = store_account_by_id(rq->store, id, &rq->worker->auth->arena, &account, err);

	if (rc <= 0 || account_load_suspended(rq->store, &account, &entry->suspended, err) < 0)
		return rc <= 0 ? rc : -1;
	if (entry->who.role == ROLE_ACCOUNT) {
		memcpy(entry->account_sid, account.sid, SID_TEXT);
		entry->who.name = entry->account_sid;
	}
	return 1;
}

/* Sets the main account of the key's account. */
static int load_family(const struct request *rq, int64_t account, struct auth_entry *entry,
		       struct error *err)
{
	struct account found;
	int rc = store_account_by_id(rq->store, account, &rq->worker->auth->arena, &found, err);

	if (rc > 0)
		entry->who.family = found.parent ? found.parent : found.id;
	return rc;
}

/*
 * Makes the entry of the key with this hash. 1 done, 0 no valid key, -1 failed.
 */
static int load(const struct request *rq, const unsigned char *hash, struct auth_entry *entry,
		struct error *err)
{
	struct key key;
	int rc = store_key_by_hash(rq->store, hash, &rq->worker->auth->arena, &key, err);

	if (rc <= 0)
		return rc;
	*entry = (struct auth_entry) { .last_use = key.used };
	if (key.revoked || !signin_key_principal(&key, &entry->who))
		return 0;
	memcpy(entry->hash, hash, HASH_BYTES);
	entry->who.name = *key.name ? key.name : entry->who.key_sid;
	if (entry->who.role & (ROLE_ACCOUNT | ROLE_KEY)) {
		rc = load_account(rq, key.account, entry, err);
		if (rc <= 0)
			return rc;
	}
	if (key.account && load_family(rq, key.account, entry, err) < 0)
		return -1;
	entry->used = true;
	return 1;
}

static bool user_matches(const struct auth_entry *e, const char *user)
{
	return strcmp(user, e->account_sid) == 0 || strcmp(user, e->who.key_sid) == 0;
}

/*
 * The place in the cache for the key with the secret TOKEN; HASH is the secret's.
 * True: the place has the key.
 */
static bool find_kept(const struct request *rq, const char *token, size_t len,
		      unsigned char hash[HASH_BYTES], struct auth_entry **ret)
{
	token_hash(rq->worker->secret, token, len, hash);
	*ret = &rq->worker->auth->entries[hash[0] % AUTH_CACHE_SIZE];
	return (*ret)->used && memcmp((*ret)->hash, hash, HASH_BYTES) == 0;
}

/* Finds the key with the secret TOKEN. 1 found, 0 none, -1 failed. */
static int find_key(const struct request *rq, const char *token, size_t len,
		    struct auth_entry **ret, struct error *err)
{
	struct auth *a = rq->worker->auth;
	unsigned char hash[HASH_BYTES];
	struct auth_entry *entry;
	int rc = 1;

	if (!find_kept(rq, token, len, hash, &entry)) {
		if (++a->n_loaded > LOADED_MAX) {
			forget(a);
			a->n_loaded = 1;
		}
		entry->used = false;
		rc = load(rq, hash, entry, err);
	}
	*ret = entry;
	return rc;
}

static int take_key(struct request *rq, struct auth_entry *entry, struct error *err)
{
	char since[INSTANT_TEXT];

	if (entry->suspended) {
		instant_format(since, entry->suspended * USEC_PER_SEC);
		return error_set(err, ERR_SUSPENDED, NULL,
				 "Account not active: it has been suspended since %s", since);
	}
	rq->who = &entry->who;
	if (floor_div(rq->now, DAY_SECONDS) > floor_div(entry->last_use, DAY_SECONDS))
		rq->worker->auth->to_note = entry;
	return 0;
}

/* ---- credentials ---- */

static int check_password(struct request *rq, const struct credentials *c, struct error *err)
{
	struct user *user = arena_new(rq->arena, struct user);
	struct principal *who = arena_new(rq->arena, struct principal);
	struct password password = { c->user, c->token, c->token_len, rq->remote };

	if (!rq->worker->signin)
		return refuse(err);
	if (signin_password(rq, &password, user, err) < 0 || signin_principal(user, who, err) < 0)
		return -1;
	rq->who = who;
	return 0;
}

static bool is_sid(const char *text)
{
	size_t len = strlen(text);

	return sid_valid("AC", text, len) || sid_valid("SK", text, len);
}

static int check_basic(struct request *rq, const char *text, struct error *err)
{
	struct auth_entry *entry;
	struct credentials c;
	bool alone;
	int rc;

	if (!read_basic(&c, text) || !*c.user)
		return refuse(err);
	alone = c.token_len == 0;
	rq->ambient = true;
	if (!alone && !is_sid(c.user))
		return check_password(rq, &c, err);
	rc = alone ? find_key(rq, c.user, strlen(c.user), &entry, err)
		   : find_key(rq, c.token, c.token_len, &entry, err);
	if (rc < 0)
		return -1;
	return rc && (alone || user_matches(entry, c.user)) ? take_key(rq, entry, err)
							    : refuse(err);
}

bool auth_brings_password(const char *authorization)
{
	const char *text = after_scheme(authorization, "Basic");
	struct credentials c;

	return text && read_basic(&c, text) && *c.user && c.token_len && !is_sid(c.user);
}

static int check_bearer(struct request *rq, const char *text, struct error *err)
{
	struct auth_entry *entry;
	struct credentials c;
	int rc;

	if (!read_bearer(&c, text))
		return refuse(err);
	rc = find_key(rq, c.token, c.token_len, &entry, err);
	if (rc > 0)
		return take_key(rq, entry, err);
	if (rc < 0 || signin_session(rq, c.token, c.token_len, SESSION_TOKEN, err) < 0)
		return -1;
	return rq->who ? 0 : refuse(err);
}

/* ---- sessions ---- */

struct session_id {
	const char *text;
	size_t len;
	enum session_kind kind;
	bool cookie;
};

/*
 * Chooses the session's id: from headers, else from cookies. In both, "perm" in
 * ss-opt chooses ss-pid. Skips texts that cannot be an id of this server.
 */
static bool choose_session(const struct request *rq, struct session_id *ret)
{
	size_t pid_len = 0, id_len = 0, opt_len = 0;
	const char *pid = request_cookie(rq, "ss-pid", &pid_len),
		   *id = request_cookie(rq, "ss-id", &id_len);
	const char *opt = request_cookie(rq, "ss-opt", &opt_len);
	bool permanent = opt && opt_len == 4 && memcmp(opt, "perm", 4) == 0;

	if (*rq->ss_pid || *rq->ss_id) {
		permanent = *rq->ss_pid && (permanent || !*rq->ss_id);
		ret->text = permanent ? rq->ss_pid : rq->ss_id;
		ret->len = strlen(ret->text);
	} else {
		permanent = pid_len && (permanent || !id_len);
		ret->text = permanent ? pid : id;
		ret->len = permanent ? pid_len : id_len;
		ret->cookie = true;
	}
	ret->kind = permanent ? SESSION_PERMANENT : SESSION_TEMPORARY;
	return ret->len == TOKEN_TEXT - 1;
}

int auth_check(struct request *rq, struct error *err)
{
	const char *header = rq->authorization, *text;
	struct session_id id = { .text = NULL };

	rq->who = NULL;
	rq->session = NULL;
	rq->ambient = false;
	rq->worker->auth->to_note = NULL;
	if (header && *header) {
		text = after_scheme(header, "Basic");
		if (text)
			return check_basic(rq, text, err);
		text = after_scheme(header, "Bearer");
		return text ? check_bearer(rq, text, err) : refuse(err);
	}
	if (!choose_session(rq, &id))
		return 0;
	rq->ambient = id.cookie;
	return signin_session(rq, id.text, id.len, id.kind, err);
}

bool auth_kept(struct request *rq)
{
	const char *header = rq->authorization ? rq->authorization : "";
	const char *basic = after_scheme(header, "Basic"), *bearer = after_scheme(header, "Bearer");
	unsigned char hash[HASH_BYTES];
	struct auth_entry *entry;
	struct credentials c;
	struct error ignored = { 0 };

	rq->who = NULL;
	rq->session = NULL;
	rq->ambient = basic != NULL;
	rq->worker->auth->to_note = NULL;
	if (!(basic && read_basic(&c, basic) && c.token_len) &&
	    !(bearer && read_bearer(&c, bearer)))
		return false;
	return find_kept(rq, c.token, c.token_len, hash, &entry) &&
	       (!c.user || user_matches(entry, c.user)) && take_key(rq, entry, &ignored) == 0;
}

/* ---- the last use ---- */

static int write_use(struct store *st, void *arg, struct error *err)
{
	const struct auth_entry *entry = arg;

	return store_key_used(st, entry->who.key_sid, entry->last_use, err);
}

void auth_note_use(const struct request *rq)
{
	struct auth *a = rq->worker->auth;
	struct error ignored = { 0 };

	if (!a->to_note || !rq->worker->commits)
		return;
	/* set also on failure, so that the next request doesn't try again */
	a->to_note->last_use = floor_div(rq->now, DAY_SECONDS) * DAY_SECONDS;
	commit_thread_run(rq->worker->commits, write_use, a->to_note, &ignored);
	a->to_note = NULL;
}
