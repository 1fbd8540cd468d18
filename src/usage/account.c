#include "usage/account.h"

#include <string.h>
#include "base/secret.h"
#include "store/account.h"
#include "base/banned.h"

int account_find(struct store *st, const char *text, struct arena *arena, struct account *ret,
		 struct error *err)
{
	int rc;

	if (sid_valid("AC", text, strlen(text)))
		return store_account_by_sid(st, text, arena, ret, err);
	rc = store_account_by_name(st, text, arena, ret, err);
	return rc == 0 ? store_account_by_number(st, text, arena, ret, err) : rc;
}

int64_t account_suspended(const struct account *a, const struct account *parent)
{
	int64_t own = a->suspended, with = parent ? parent->suspended : 0;

	return own && with ? (own < with ? own : with) : own + with;
}

int account_load_suspended(struct store *st, const struct account *a, int64_t *ret_since,
			   struct error *err)
{
	struct account parent;
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	if (a->parent)
		rc = store_account_by_id(st, a->parent, &arena, &parent, err);
	*ret_since = account_suspended(a, rc > 0 ? &parent : NULL);
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}
