/*
 * access.h - may this caller do this? The one place that decides.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/request.h"

/*
 * Is the operation for anyone, or the caller's role among those of the
 * operation? Then RQ is admitted. -1: ERR_UNAUTHENTICATED (the caller is
 * nobody) or ERR_FORBIDDEN.
 */
int access_operation(struct request *rq, struct error *err);

/*
 * What came of looking for an account. Only a caller that sees all accounts is
 * told that one doesn't exist (SIGHT_NONE); to others it is one that they may
 * not see (SIGHT_FOREIGN), so that nobody learns which SIDs exist.
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
 * May WHO list and open the single events of A? The one rule for it: only those
 * of accounts that it sees itself. A main account's reports add up its whole
 * family, but that shows sums alone.
 */
bool access_sees_events(const struct principal *who, const struct account *a);
/* The same of the account with that id: 1, 0, -1. */
int access_events(const struct principal *who, struct store *st, int64_t account,
		  struct error *err);

/*
 * May WHO, with a role that writes or reads, have to do with what is sent for
 * A?
 */
bool access_writes(const struct principal *who, const struct account *a);

/* May WHO correct the events of an account? 1, 0, -1. */
int access_correct(const struct principal *who, struct store *st, int64_t account,
		   struct error *err);

/*
 * May the caller bring events for the account SID? 1 and its *RET_ID, 0 (also
 * if there is none), -1 failed.
 */
int access_ingest(const struct request *rq, const char *sid, int64_t *ret_id, struct error *err);

/*
 * One flag for each category of the catalogue, in the request's arena: may the
 * caller be told that it is in use? Those that are metered, and those that one
 * of the caller's accounts used.
 */
int access_categories(const struct request *rq, const bool **ret, struct error *err);

/* The accounts the caller sees, in the order of their SIDs. */
int access_accounts(const struct request *rq, struct account **ret, size_t *ret_n,
		    struct error *err);

#endif
