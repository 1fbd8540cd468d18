/*
 * access.h - may this caller do this? The one place that decides.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/op.h"

/* Is the caller's role among those of the operation? -1: ERR_UNAUTHENTICATED (WHO is NULL) or ERR_FORBIDDEN. */
int access_operation(const struct principal *who, const struct op *op, struct error *err);

/*
 * Finds the account SID and checks that the caller sees it. 1 found; 0 none, or one the caller may not see (the same
 * answer, so that nobody learns which SIDs exist); -1 failed.
 */
int access_account(const struct call *call, const char *sid, struct account *ret, struct error *err);

/* The accounts the caller sees, in the order of their SIDs. */
int access_accounts(const struct call *call, struct account **ret, size_t *ret_n, struct error *err);

#endif
