#include "http/auth.h"

#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "usage/commit_thread.h"
#include "usage/account.h"
#include "usage/user.h"
#include "base/banned.h"

enum {
	/* of user name, ":" and secret */
	CREDENTIALS_MAX = USER_NAME_BYTES + 1 + PASSWORD_BYTES_MAX,
	LOADED_MAX = 1024, /* keys that the arena may hold before it starts anew */
	DAY_SECONDS = 86400
};

/* User and secret as the header has them; USER is NULL with a bearer token. */
struct credentials {
	char text[CREDENTIALS_MAX + 1];
	const char *user;
	const char *token;
	size_t token_len;
};

void auth_init(struct auth *a, const unsigned char *secret, struct signin *signin)
{
	*a = (struct auth) { .secret = secret, .signin = signin };
	arena_init(&a->arena);
}

void auth_release(struct auth *a)
{
	arena_release(&a->arena);
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

/* The text behind the scheme's name, or NULL if HEADER has another scheme. */
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
 * What ENTRY, of a key that reads an account, needs of it. 1 done, 0 no such
 * account, -1 failed.
 */
static int load_account(struct auth *a, struct store *st, int64_t id, struct auth_entry *entry,
			struct error *err)
{
	struct account account;
	int rc = store_account_by_id(st, id, &a->arena, &account, err);

	if (rc <= 0 || account_load_suspended(st, &account, &entry->suspended, err) < 0)
		return rc <= 0 ? rc : -1;
	if (entry->who.role == ROLE_ACCOUNT) {
		memcpy(entry->account_sid, account.sid, SID_TEXT);
		entry->who.name = entry->account_sid;
	}
	return 1;
}

/* The main account of what a key belongs to. */
static int load_family(struct auth *a, struct store *st, int64_t account, struct auth_entry *entry,
		       struct error *err)
{
	struct account found;
	int rc = store_account_by_id(st, account, &a->arena, &found, err);

	if (rc > 0)
		entry->who.family = found.parent ? found.parent : found.id;
	return rc;
}

/*
 * Makes an entry of the key with that hash. 1 done, 0 no good key, -1 failed.
 */
static int load(struct auth *a, struct store *st, const unsigned char *hash,
		struct auth_entry *entry, struct error *err)
{
	struct key key;
	int rc = store_key_by_hash(st, hash, &a->arena, &key, err);

	if (rc <= 0)
		return rc;
	*entry = (struct auth_entry) { .last_use = key.used };
	if (key.revoked || !signin_key_principal(&key, &entry->who))
		return 0;
	memcpy(entry->hash, hash, HASH_BYTES);
	entry->who.name = *key.name ? key.name : entry->who.key_sid;
	if (entry->who.role & (ROLE_ACCOUNT | ROLE_KEY)) {
		rc = load_account(a, st, key.account, entry, err);
		if (rc <= 0)
			return rc;
	}
	if (key.account && load_family(a, st, key.account, entry, err) < 0)
		return -1;
	entry->used = true;
	return 1;
}

static bool user_matches(const struct auth_entry *e, const char *user)
{
	return strcmp(user, e->account_sid) == 0 || strcmp(user, e->who.key_sid) == 0;
}

/* The key whose secret is TOKEN: 1, 0 none, -1 failed. */
static int find_key(struct auth *a, struct store *st, const char *token, size_t len,
		    struct auth_entry **ret, struct error *err)
{
	unsigned char hash[HASH_BYTES];
	struct auth_entry *entry;
	int rc = 1;

	token_hash(a->secret, token, len, hash);
	entry = &a->entries[hash[0] % AUTH_CACHE_SIZE];
	if (!entry->used || memcmp(entry->hash, hash, HASH_BYTES) != 0) {
		if (++a->n_loaded > LOADED_MAX) {
			forget(a);
			a->n_loaded = 1;
		}
		entry->used = false;
		rc = load(a, st, hash, entry, err);
	}
	*ret = entry;
	return rc;
}

static int take_key(struct auth *a, struct auth_entry *entry, int64_t now, struct identity *ret,
		    struct error *err)
{
	char since[INSTANT_TEXT];

	if (entry->suspended) {
		instant_format(since, entry->suspended * USEC_PER_SEC);
		return error_set(err, ERR_SUSPENDED, NULL,
				 "Account not active: it is suspended since %s", since);
	}
	ret->who = &entry->who;
	if (floor_div(now, DAY_SECONDS) > floor_div(entry->last_use, DAY_SECONDS))
		a->to_note = entry;
	return 0;
}

/* ---- users and sessions ---- */

/*
 * 0 and whom it signs in, or -1 as session_find; nobody: RET is left as it is.
 */
static int find_session(const struct auth *a, struct store *st, const char *token, size_t len,
			enum session_kind kind, int64_t now, struct arena *arena,
			struct identity *ret, struct error *err)
{
	struct session *session = arena_new(arena, struct session);
	struct user *user = arena_new(arena, struct user);
	struct principal *who = arena_new(arena, struct principal);
	int rc = session_find(st, a->secret, token, len, kind, now, arena, session, user, err);

	if (rc <= 0)
		return rc;
	if (signin_principal(user, who, err) < 0)
		return -1;
	rc = kind == SESSION_TOKEN ? signin_token_maker(st, session, who, arena, err) : 1;
	if (rc <= 0)
		return rc;
	ret->who = who;
	ret->session = session;
	return 0;
}

static int check_password(const struct auth *a, struct store *st, const struct credentials *c,
			  const char *remote, struct arena *arena, struct identity *ret,
			  struct error *err)
{
	struct user *user = arena_new(arena, struct user);
	struct principal *who = arena_new(arena, struct principal);

	if (!a->signin)
		return refuse(err);
	if (signin_password(a->signin, st, c->user, c->token, c->token_len, remote, arena, user,
			    err) < 0 ||
	    signin_principal(user, who, err) < 0)
		return -1;
	ret->who = who;
	return 0;
}

static bool is_sid(const char *text)
{
	size_t len = strlen(text);

	return sid_valid("AC", text, len) || sid_valid("SK", text, len);
}

static int check_basic(struct auth *a, struct store *st, const char *text, const struct request *rq,
		       int64_t now, struct arena *arena, struct identity *ret, struct error *err)
{
	struct auth_entry *entry;
	struct credentials c;
	bool alone;
	int rc;

	if (!read_basic(&c, text) || !*c.user)
		return refuse(err);
	alone = c.token_len == 0;
	ret->ambient = true;
	if (!alone && !is_sid(c.user))
		return check_password(a, st, &c, rq->remote, arena, ret, err);
	rc = alone ? find_key(a, st, c.user, strlen(c.user), &entry, err)
		   : find_key(a, st, c.token, c.token_len, &entry, err);
	if (rc < 0)
		return -1;
	return rc && (alone || user_matches(entry, c.user)) ? take_key(a, entry, now, ret, err)
							    : refuse(err);
}

bool auth_brings_password(const char *authorization)
{
	const char *text = after_scheme(authorization, "Basic");
	struct credentials c;

	return text && read_basic(&c, text) && *c.user && c.token_len && !is_sid(c.user);
}

static int check_bearer(struct auth *a, struct store *st, const char *text, int64_t now,
			struct arena *arena, struct identity *ret, struct error *err)
{
	struct auth_entry *entry;
	struct credentials c;
	int rc;

	if (!read_bearer(&c, text))
		return refuse(err);
	rc = find_key(a, st, c.token, c.token_len, &entry, err);
	if (rc > 0)
		return take_key(a, entry, now, ret, err);
	if (rc < 0 ||
	    find_session(a, st, c.token, c.token_len, SESSION_TOKEN, now, arena, ret, err) < 0)
		return -1;
	return ret->who ? 0 : refuse(err);
}

/* ---- cookies ---- */

const char *auth_device(const struct request *rq, struct arena *arena)
{
	size_t len = 0;
	const char *text = request_cookie(rq, DEVICE_COOKIE, &len);

	return text && len == DEVICE_TEXT - 1 ? arena_strn(arena, text, len) : NULL;
}

struct session_id {
	const char *text;
	size_t len;
	enum session_kind kind;
	bool cookie;
};

/*
 * Headers come before cookies; of both, "perm" in ss-opt chooses ss-pid. What
 * doesn't look like an id of ours isn't one.
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

int auth_check(struct auth *a, struct store *st, const struct request *rq, int64_t now,
	       struct arena *arena, struct identity *ret, struct error *err)
{
	const char *header = rq->authorization, *text;
	struct session_id id = { .text = NULL };

	*ret = (struct identity) { .who = NULL };
	a->to_note = NULL;
	if (header && *header) {
		text = after_scheme(header, "Basic");
		if (text)
			return check_basic(a, st, text, rq, now, arena, ret, err);
		text = after_scheme(header, "Bearer");
		return text ? check_bearer(a, st, text, now, arena, ret, err) : refuse(err);
	}
	if (!choose_session(rq, &id))
		return 0;
	ret->ambient = id.cookie;
	return find_session(a, st, id.text, id.len, id.kind, now, arena, ret, err);
}

/* ---- the last use ---- */

static int write_use(struct store *st, void *arg, struct error *err)
{
	const struct auth_entry *entry = arg;

	return store_key_used(st, entry->who.key_sid, entry->last_use, err);
}

void auth_note_use(struct auth *a, struct commit_thread *t, int64_t now)
{
	struct error ignored = { 0 };

	if (!a->to_note || !t)
		return;
	/* whatever becomes of it, the next request doesn't try again */
	a->to_note->last_use = floor_div(now, DAY_SECONDS) * DAY_SECONDS;
	commit_thread_run(t, write_use, a->to_note, &ignored);
	a->to_note = NULL;
}
