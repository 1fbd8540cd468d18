#include "http/auth.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

enum {
	CREDENTIALS_MAX = 1024,      /* bytes of user name, ":" and secret */
	LOADED_MAX = 1024            /* keys that the arena may hold before it starts anew */
};

/* User and secret as the header has them; USER is NULL with a bearer token. */
struct credentials {
	char text[CREDENTIALS_MAX + 1];
	const char *user;
	const char *token;
	size_t token_len;
};

void auth_init(struct auth *a, const unsigned char *secret)
{
	*a = (struct auth){ .secret = secret };
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

	if (!base64_decode(text, strlen(text), (unsigned char *)c->text, CREDENTIALS_MAX, &len) || memchr(c->text, 0, len))
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

static bool read_credentials(struct credentials *c, const char *header)
{
	const char *basic = after_scheme(header, "Basic"), *bearer = after_scheme(header, "Bearer");

	c->user = NULL;
	if (basic)
		return read_basic(c, basic) && c->token_len > 0;
	if (!bearer)
		return false;
	c->token = bearer;
	c->token_len = strlen(bearer);
	return c->token_len > 0 && c->token_len <= CREDENTIALS_MAX;
}

/* Makes an entry of the key with that hash. 1 done, 0 no good key, -1 failed. */
static int load(struct auth *a, struct store *st, const unsigned char *hash, struct auth_entry *entry, struct error *err)
{
	const struct role_info *info;
	struct account account;
	struct key key;
	int rc = store_key_by_hash(st, hash, &a->arena, &key, err);

	if (rc <= 0)
		return rc;
	info = role_find(key.role);
	if (key.revoked || !info)
		return 0;
	*entry = (struct auth_entry){ .user = key.name, .who = {
		.role = info->role, .account = key.account, .grants = key.grants, .n_grants = key.n_grants } };
	memcpy(entry->hash, hash, HASH_BYTES);
	memcpy(entry->who.key_sid, key.sid, SID_TEXT);
	entry->who.name = *key.name ? key.name : entry->who.key_sid;
	if (info->role == ROLE_ACCOUNT) {
		rc = store_account_by_id(st, key.account, &a->arena, &account, err);
		if (rc <= 0)
			return rc;
		memcpy(entry->account_sid, account.sid, SID_TEXT);
		entry->who.name = entry->account_sid;
	}
	entry->used = true;
	return 1;
}

static bool user_matches(const struct auth_entry *e, const char *user)
{
	if (!*user)
		return false;
	return strcmp(user, e->user) == 0 || strcmp(user, e->account_sid) == 0 || strcmp(user, e->who.key_sid) == 0;
}

int auth_check(struct auth *a, struct store *st, const char *header, const struct principal **ret, struct error *err)
{
	unsigned char hash[HASH_BYTES];
	struct auth_entry *entry;
	struct credentials c;

	*ret = NULL;
	if (!header || !*header)
		return 0;
	if (!read_credentials(&c, header))
		return refuse(err);
	token_hash(a->secret, c.token, c.token_len, hash);
	entry = &a->entries[hash[0] % AUTH_CACHE_SIZE];
	if (!entry->used || memcmp(entry->hash, hash, HASH_BYTES) != 0) {
		int rc;

		if (++a->n_loaded > LOADED_MAX) {
			forget(a);
			a->n_loaded = 1;
		}
		entry->used = false;
		rc = load(a, st, hash, entry, err);
		if (rc <= 0)
			return rc < 0 ? -1 : refuse(err);
	}
	if (c.user && !user_matches(entry, c.user))
		return refuse(err);
	*ret = &entry->who;
	return 0;
}
