/*
 * administer.h - helpers of the admin operations, which change the ledger with
 * usage/admin.h, in the commit thread and in the caller's name.
 */
#ifndef API_ADMINISTER_H
#define API_ADMINISTER_H

#include "api/request.h"
#include "usage/admin.h"

/*
 * The caller's struct admin for functions of usage/admin.h that need no write.
 */
struct admin request_admin(const struct request *rq);

/*
 * Runs WORK in the commit thread, as request_change runs a job. If WORK's error
 * names a parameter, the error gets the operation's name for this parameter.
 */
typedef int (*admin_work)(const struct admin *a, void *arg, struct error *err);
int administer(struct request *rq, admin_work work, void *arg, struct error *err);

/* Accounts, for look-ups by id. */
struct account_names {
	const struct account *list; /* in the order of their SIDs */
	size_t n;
	const struct account **by_id; /* in the order of their ids */
};

/* The N accounts of LIST, which is borrowed. */
struct account_names account_names_of(const struct request *rq, const struct account *list,
				      size_t n);
/* The accounts of access_accounts_around. */
int account_names_load(const struct request *rq, struct account_names *ret, struct error *err);
/* NULL: no account has the id */
const struct account *account_names_find(const struct account_names *names, int64_t id);

/* The ids of those accounts that the caller sees, in the request's arena. */
int64_t *account_ids_seen(const struct request *rq, const struct account_names *names,
			  size_t *ret_n);

/*
 * The SIDs of the accounts; their names separated by commas, or NULL if N is 0.
 * In the request's arena.
 */
const char *const *account_sids(const struct request *rq, const struct account_names *names,
				const int64_t *ids, size_t n);
const char *account_words(const struct request *rq, const struct account_names *names,
			  const int64_t *ids, size_t n);

/* The items of "SID,SID". TEXT may be NULL: no items. */
const char *const *split_list(const struct request *rq, const char *text, size_t *ret_n);

/* The instant (instant_text) or its day (day_text) in ISO 8601. NULL for 0. */
const char *instant_text(const struct request *rq, int64_t seconds);
const char *day_text(const struct request *rq, int64_t seconds);

#endif
