#include "usage/principal.h"

#include <string.h>

#include "base/name.h"
#include "base/banned.h"

const struct role_info roles[] = {
	{ ROLE_ADMIN, "SystemAdministrator", .has_name = true,
	  .doc = "Sees the usage of every account" },
	{ ROLE_MANAGER, "Manager", .has_grants = true, .has_name = true,
	  .doc = "Sees the usage of the accounts granted to it" },
	{ ROLE_ACCOUNT, "Account", .has_account = true,
	  .doc = "An account's own token: sees the account and its subaccounts" },
	{ ROLE_KEY, "Key", .has_account = true,
	  .doc = "An API key of an account: sees that account alone" },
	{ ROLE_USER, "User", .has_name = true, .doc = "Can sign in, and see nothing yet" },
	{ ROLE_INGEST, "Ingest", .has_account = true,
	  .doc = "Writes events and does nothing else; of one account, or without an account of "
		 "all" },
	{ 0 }
};

const struct role_info *role_find(const char *name)
{
	for (const struct role_info *r = roles; r->name; r++) {
		if (strcmp(r->name, name) == 0)
			return r;
	}
	return NULL;
}

static bool granted(const struct principal *p, int64_t account)
{
	for (size_t i = 0; i < p->n_grants; i++) {
		if (p->grants[i] == account)
			return true;
	}
	return false;
}

const struct principal principal_console = { .role = ROLE_ADMIN, .name = ACTOR_CONSOLE };

#define KEY      "key "
#define TOKEN_BY " (token by "

const char *principal_actor(const struct principal *p, struct arena *arena)
{
	bool labelled = p->label && *p->label;

	if (p->made_by)
		return arena_join(arena, p->name, TOKEN_BY, p->made_by, ")", NULL);
	if (p->user)
		return arena_str(arena, p->name);
	if (!labelled)
		return *p->key_sid ? arena_join(arena, KEY, p->key_sid, NULL) : ACTOR_CONSOLE;
	return arena_join(arena, *p->key_sid ? KEY : ACTOR_CONSOLE, p->key_sid, " (", p->label, ")",
			  NULL);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool actor_is_reserved(const char *name)
{
	struct arena arena;
	const char *folded;
	bool reserved;

	arena_init(&arena);
	folded = name_fold(&arena, name);
	reserved = strcmp(folded, ACTOR_CONSOLE) == 0 || strcmp(folded, ACTOR_LEDGER) == 0 ||
		   begins(folded, ACTOR_CONSOLE " (") || begins(folded, KEY "sk") ||
		   strstr(folded, TOKEN_BY) != NULL;
	arena_release(&arena);
	return reserved;
}

struct maker principal_maker(const struct principal *p)
{
	struct maker m = { .user = p->user };

	if (p->made_by)
		return p->maker;
	memcpy(m.key_sid, p->key_sid, SID_TEXT);
	return m;
}

bool principal_may_impersonate(const struct principal *p, const struct principal *u)
{
	if (p->role == ROLE_ADMIN || (p->user && p->user == u->user))
		return true;
	if (p->role != ROLE_MANAGER || (u->role != ROLE_MANAGER && u->role != ROLE_USER))
		return false;
	for (size_t i = 0; i < u->n_grants; i++)
		if (!granted(p, u->grants[i]))
			return false;
	return true;
}

bool principal_sees(const struct principal *p, const struct account *a)
{
	switch (p->role) {
	case ROLE_ADMIN:
		return true;
	case ROLE_MANAGER:
		return granted(p, a->id);
	case ROLE_ACCOUNT:
		return p->account && (a->id == p->account || a->parent == p->account);
	case ROLE_KEY:
		return p->account && a->id == p->account;
	case ROLE_USER:
	case ROLE_INGEST:
	case ROLE_ANYONE:
		break;
	}
	return false;
}
