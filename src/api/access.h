/* access.h - all decisions on what a caller may do. */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/request.h"

/*
 * Admits RQ if its operation is for anyone or lists the caller's role. 0, or
 * -1: ERR_UNAUTHENTICATED without credentials, else ERR_FORBIDDEN.
 */
int access_operation(struct request *rq, struct error *err);

/*
 * The result of looking up an account by SID. For a missing account, a caller
 * that sees all accounts gets SIGHT_NONE. Any other caller gets SIGHT_FOREIGN,
 * both for a missing account and for an account of others, and so cannot find
 * out which SIDs exist.
 */
enum sight { SIGHT_FAILED = -1, SIGHT_NONE, SIGHT_FOREIGN, SIGHT_OK };

enum sight access_account(const struct request *rq, const char *sid, struct account *ret,
			  struct error *err);

/*
 * Loads the account of the parameter AccountSid. 0, or -1: ERR_NOT_FOUND if the
 * caller may not see the account.
 */
int access_asked_account(const struct request *rq, struct account *ret, struct error *err);

/* Reads whose is what has this SID. 1 found, 0 none, -1 failed. */
typedef int owner_fn(struct store *st, const char *sid, int64_t *ret_account, struct error *err);

/*
 * Loads the account whose is what has this SID. Reads as much for what others
 * have as for what nobody has, so that the time of an answer does not tell them
 * apart. 1 the caller sees the account, 0 does not or nothing has the SID, -1
 * the ledger failed.
 */
int access_owner(const struct request *rq, owner_fn *owner, const char *sid, struct account *ret,
		 struct error *err);

/*
 * May WHO list and open single events of A? Yes if WHO sees A itself. Seeing
 * the main account of A is not enough: its reports include the usage of A, but
 * only in sums.
 */
bool access_sees_events(const struct principal *who, const struct account *a);
/*
 * As access_sees_events, for an account's id. 1 yes, 0 no, -1 if the ledger
 * fails.
 */
int access_events(const struct principal *who, struct store *st, int64_t account,
		  struct error *err);

/* May WHO send or correct events of A, or read A's rejected records? */
bool access_writes(const struct principal *who, const struct account *a);

/* May WHO correct events of an account? 1 yes, 0 no, -1 if the ledger fails. */
int access_correct(const struct principal *who, struct store *st, int64_t account,
		   struct error *err);

/*
 * May the caller send events for the account SID? 1 yes (*RET_ID is the
 * account's id), 0 no or no such account, -1 if the ledger fails.
 */
int access_ingest(struct request *rq, const char *sid, int64_t *ret_id, struct error *err);

/*
 * Sets *RET to one flag for each category of the catalogue, in the request's
 * arena: may the caller learn that the category is in use? True for metered
 * categories, and for categories that one of the caller's accounts has used.
 */
int access_categories(const struct request *rq, const bool **ret, struct error *err);

/*
 * Reads the accounts that the caller may have to do with, in the order of their
 * SIDs: at least those that it sees or writes to, and their main accounts. Other
 * tenants' accounts are read for a caller that sees or writes to all.
 */
int access_accounts_around(const struct request *rq, struct account **ret, size_t *ret_n,
			   struct error *err);

/* The accounts that the caller sees, in the order of their SIDs. */
int access_accounts(const struct request *rq, struct account **ret, size_t *ret_n,
		    struct error *err);

#endif
