#include "api/access.h"

#include <string.h>
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger_share.h"
#include "base/banned.h"

int access_operation(struct request *rq, struct error *err)
{
	unsigned allowed = rq->op->roles;

	rq->admitted = (allowed & ROLE_ANYONE) || (rq->who && (rq->who->role & allowed));
	if (rq->admitted)
		return 0;
	return rq->who ? error_set(err, ERR_FORBIDDEN, NULL, "Invalid Role")
		       : error_set(err, ERR_UNAUTHENTICATED, NULL, "Authenticate");
}

enum sight access_account(const struct request *rq, const char *sid, struct account *ret,
			  struct error *err)
{
	int rc = store_account_by_sid(rq->store, sid, rq->arena, ret, err);

	if (rc < 0)
		return SIGHT_FAILED;
	if (rc > 0 && principal_sees(rq->who, ret))
		return SIGHT_OK;
	return rq->who->role == ROLE_ADMIN ? SIGHT_NONE : SIGHT_FOREIGN;
}

int access_asked_account(const struct request *rq, struct account *ret, struct error *err)
{
	const char *sid = request_arg(rq, "AccountSid")->text;
	enum sight sight = access_account(rq, sid, ret, err);

	if (sight == SIGHT_FAILED)
		return -1;
	return sight == SIGHT_OK ? 0
				 : error_set(err, ERR_NOT_FOUND, "AccountSid",
					     "'%.40s' is not an account that you may see", sid);
}

int access_accounts_around(const struct request *rq, struct account **ret, size_t *ret_n,
			   struct error *err)
{
	const struct principal *who = rq->who;
	struct account_ids of = { who->grants, who->n_grants };

	if (who->role == ROLE_ADMIN || (who->role == ROLE_INGEST && !who->account))
		return store_accounts(rq->store, 0, rq->arena, ret, ret_n, err);
	if (who->account)
		of = (struct account_ids) { &who->account, 1 };
	return store_accounts_around(rq->store, &of, rq->arena, ret, ret_n, err);
}

int access_accounts(const struct request *rq, struct account **ret, size_t *ret_n,
		    struct error *err)
{
	size_t seen = 0, n;

	if (access_accounts_around(rq, ret, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (principal_sees(rq->who, &(*ret)[i]))
			(*ret)[seen++] = (*ret)[i];
	*ret_n = seen;
	return 0;
}

int access_categories(const struct request *rq, const bool **ret, struct error *err)
{
	const struct catalogue *c = rq->catalogue;
	bool *marks = arena_array(rq->arena, bool, c->n),
	     all = rq->who && rq->who->role == ROLE_ADMIN;
	struct account *accounts;
	const int64_t *used;
	int64_t *ids;
	size_t n = 0;

	memset(marks, 0, c->n * sizeof(*marks));
	for (size_t i = 0; i < c->n_listed; i++)
		marks[c->listed[i]] = all || c->categories[c->listed[i]].metered;
	*ret = marks;
	if (all || !rq->who)
		return 0;
	if (access_accounts(rq, &accounts, &n, err) < 0)
		return -1;
	ids = arena_array(rq->arena, int64_t, n);
	for (size_t i = 0; i < n; i++)
		ids[i] = accounts[i].id;
	if (store_categories_used(rq->store, ids, n, rq->arena, &used, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		marks[catalogue_index(c, used[i])] = true;
	return 0;
}

bool access_writes(const struct principal *who, const struct account *a)
{
	if (who->role != ROLE_INGEST)
		return principal_sees(who, a);
	return !who->account || a->id == who->account || a->parent == who->account;
}

int access_owner(const struct request *rq, owner_fn *owner, const char *sid, struct account *ret,
		 struct error *err)
{
	int64_t account = 0; /* no account has this id */

	if (owner(rq->store, sid, &account, err) < 0)
		return -1;
	int rc = store_account_by_id(rq->store, account, rq->arena, ret, err);
	return rc <= 0 ? rc : principal_sees(rq->who, ret);
}

int access_ingest(struct request *rq, const char *sid, int64_t *ret_id, struct error *err)
{
	struct account a;
	int rc = held_account(rq->worker->catalogue, sid, &a);

	if (!rc) {
		if (request_begin_read(rq, err) < 0)
			return -1;
		rc = store_account_by_sid(rq->store, sid, rq->arena, &a, err);
		if (rc > 0)
			held_account_keep(rq->worker->catalogue, &a);
	}
	if (rc <= 0 || !access_writes(rq->who, &a))
		return rc < 0 ? -1 : 0;
	*ret_id = a.id;
	return 1;
}

int access_correct(const struct principal *who, struct store *st, int64_t account,
		   struct error *err)
{
	struct account a;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = store_account_by_id(st, account, &arena, &a, err);
	arena_release(&arena);
	return rc <= 0 ? rc : access_writes(who, &a);
}

bool access_sees_events(const struct principal *who, const struct account *a)
{
	return principal_sees(who, a);
}

int access_events(const struct principal *who, struct store *st, int64_t account, struct error *err)
{
	struct account a;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = store_account_by_id(st, account, &arena, &a, err);
	if (rc > 0)
		rc = access_sees_events(who, &a);
	arena_release(&arena);
	return rc;
}
