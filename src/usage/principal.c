#include "usage/principal.h"

#include <string.h>
#include "base/banned.h"

const struct role_info roles[] = {
	{ ROLE_ADMIN, "SystemAdministrator", .has_name = true, .doc = "Sees the usage of every account" },
	{ ROLE_MANAGER, "Manager", .has_grants = true, .has_name = true, .doc = "Sees the usage of the accounts granted to it" },
	{ ROLE_ACCOUNT, "Account", .has_account = true, .doc = "An account's own token: sees the account and its subaccounts" },
	{ ROLE_KEY, "Key", .has_account = true, .doc = "An API key of an account: sees that account alone" },
	{ ROLE_USER, "User", .has_name = true, .doc = "Can sign in, and see nothing yet" },
	{ ROLE_INGEST, "Ingest", .has_account = true, .doc = "Writes events and does nothing else; of one account, or without an account of all" },
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

const char *principal_author(const struct principal *p)
{
	return *p->key_sid ? p->key_sid : p->name;
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
