/*
 * access.h - decides whether a caller may do something. All decisions are here.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/request.h"

/*
 * Is the operation for anyone, or does it list the caller's role? If so, admits
 * RQ. 0, or -1: ERR_UNAUTHENTICATED if nobody has signed in, else
 * ERR_FORBIDDEN.
 */
int access_operation(struct request *rq, struct error *err);

/*
 * The result of looking up an account by SID. A caller that sees all accounts
 * learns that an account doesn't exist (SIGHT_NONE). Others get SIGHT_FOREIGN
 * for a missing account and for one that they may not see, so that nobody
 * learns which SIDs exist.
 */
enum sight { SIGHT_FAILED = -1, SIGHT_NONE, SIGHT_FOREIGN, SIGHT_OK };

enum sight access_account(const struct request *rq, const char *sid, struct account *ret,
			  struct error *err);

/*
 * The account of the parameter AccountSid. 0, or -1: ERR_NOT_FOUND if the
 * caller may not see it.
 */
int access_asked_account(const struct request *rq, struct account *ret, struct error *err);

/*
 * May WHO list and open the single events of A? Only if WHO sees A itself. A
 * main account's reports add up its whole family, but they show sums only.
 */
bool access_sees_events(const struct principal *who, const struct account *a);
/* The same for the account with this id: 1, 0, or -1 if the ledger fails. */
int access_events(const struct principal *who, struct store *st, int64_t account,
		  struct error *err);

/* May WHO send or correct events of A, or read A's rejected records? */
bool access_writes(const struct principal *who, const struct account *a);

/* May WHO correct the events of an account? 1, 0, or -1 if the ledger fails. */
int access_correct(const struct principal *who, struct store *st, int64_t account,
		   struct error *err);

/*
 * May the caller send events for the account SID? 1 with its *RET_ID; 0 if not,
 * or if there is no such account; -1 if the ledger fails.
 */
int access_ingest(const struct request *rq, const char *sid, int64_t *ret_id, struct error *err);

/*
 * One flag for each category of the catalogue, in the request's arena: may the
 * caller learn that the category is in use? True for metered categories, and
 * for categories that one of the caller's accounts has used.
 */
int access_categories(const struct request *rq, const bool **ret, struct error *err);

/* The accounts that the caller sees, in the order of their SIDs. */
int access_accounts(const struct request *rq, struct account **ret, size_t *ret_n,
		    struct error *err);

#endif
