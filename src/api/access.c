#include "api/access.h"

#include "base/banned.h"

int access_operation(const struct principal *who, const struct op *op, struct error *err)
{
	if (!who)
		return error_set(err, ERR_UNAUTHENTICATED, NULL, "Authenticate");
	if (!(who->role & op->roles))
		return error_set(err, ERR_FORBIDDEN, NULL, "Invalid Role");
	return 0;
}

enum sight access_account(const struct call *call, const char *sid, struct account *ret, struct error *err)
{
	int rc = store_account_by_sid(call->store, sid, call->arena, ret, err);

	if (rc <= 0)
		return rc < 0 ? SIGHT_FAILED : SIGHT_NONE;
	return principal_sees(call->who, ret) ? SIGHT_OK : SIGHT_FOREIGN;
}

int access_accounts(const struct call *call, struct account **ret, size_t *ret_n, struct error *err)
{
	size_t seen = 0, n;

	if (store_accounts(call->store, 0, call->arena, ret, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (principal_sees(call->who, &(*ret)[i]))
			(*ret)[seen++] = (*ret)[i];
	*ret_n = seen;
	return 0;
}

int access_ingest(const struct call *call, const char *sid, struct error *err)
{
	int64_t own = call->who->account;
	struct account a;
	int rc = store_account_by_sid(call->store, sid, call->arena, &a, err);

	return rc <= 0 ? rc : !own || a.id == own || a.parent == own;
}
