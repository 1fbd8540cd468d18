/*
 * ops.h - the table of operations. OPERATIONS lists their names. The row of X
 * is op_X, in the file of its subject; that file includes this header, so the
 * compiler checks the row's type.
 */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/op.h"

/*
 * In the order of pages and manuals. For paths with {Name}s the first match
 * wins: Authenticate comes after GetAuthStatus.
 */
#define OPERATIONS(OP)                                                                             \
	OP(Overview), OP(ReportUsage), OP(ReportBilling), OP(ReportAI), OP(ReportSim),             \
		OP(ListUsageRecordThisMonth), OP(ListUsageRecordLastMonth),                        \
		OP(ListUsageRecordToday), OP(ListUsageRecordYesterday), OP(ListUsageRecordDaily),  \
		OP(ListUsageRecordMonthly), OP(ListUsageRecordYearly), OP(ListUsageRecordAllTime), \
		OP(ListUsageRecord), OP(FetchUsage), OP(ListUsageRecords), OP(GetAIUsage),         \
		OP(GetAuthStatus), OP(RequestAuthToken), OP(Authenticate),                         \
		OP(ListSuperSimUsageRecord), OP(ListEvents), OP(GetEvent), OP(PostEvents),         \
		OP(VoidEvent), OP(AmendEvent), OP(GetHealth), OP(VerifyLedger), OP(ListUsers),     \
		OP(CreateUser), OP(SetUser), OP(SetPassword), OP(RemoveUser), OP(GrantAccount),    \
		OP(GetProfile), OP(SetProfile), OP(SetOwnPassword), OP(ListKeys), OP(CreateKey),   \
		OP(RevokeKey), OP(ListAccounts), OP(GetAccount), OP(CreateAccount),                \
		OP(SetAccount), OP(SuspendAccount), OP(ReactivateAccount), OP(ListCategories),     \
		OP(CreateCategory), OP(ListSims), OP(CreateSim), OP(RenameSim), OP(RemoveSim),     \
		OP(ListFleets), OP(CreateFleet), OP(RenameFleet), OP(RemoveFleet),                 \
		OP(ListClosings), OP(CreateClosing), OP(CloseAllAccounts), OP(ReopenClosing),      \
		OP(ListClosingChanges), OP(ListRejections), OP(ListAudit), OP(GetAlive),           \
		OP(ListOperations), OP(GetReady)

#define OP_ROW(name) op_##name

extern const struct op OPERATIONS(OP_ROW);

/* All operations, ended by NULL. */
extern const struct op *const ops[];
const struct op *op_find(const char *id); /* NULL if there is none; ignores case */

/*
 * The dialect of a path, whether an operation is there or not: the dialect of
 * the operation that shares the most leading segments with it. If several share
 * as many, the first in the table; if none shares any, dialect_servicestack.
 * Never NULL.
 */
const struct dialect *dialect_of_path(const char *path, size_t len);

/*
 * Checks the table at start: rows are complete; no path and method stand twice;
 * each path leads to its row's dialect; defaults pass their own checks; {Name}s
 * and PARAM_PATH parameters agree. 0, or -1 naming the row.
 */
int ops_check(struct error *err);

#endif
