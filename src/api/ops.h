/*
 * ops.h - the table of operations. OPERATIONS lists their names; the row of X
 * is op_X, in the file of its subject. Every file with a row includes this
 * list, so the compiler checks the row against it.
 */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/op.h"

/*
 * In the order in which pages name them. A path with {Name}s stands behind the
 * paths that it would match too: Authenticate behind GetAuthStatus.
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
const struct op *op_find(const char *id); /* or NULL; ignores case */

/*
 * The dialect of a path, known or not: that of the operation whose path begins
 * with the most of its segments, in doubt of the first in the table. If no
 * path begins so, dialect_servicestack. Never NULL.
 */
const struct dialect *dialect_of_path(const char *path, size_t len);

/*
 * Checks the table at start: every row is complete, no path and method stand
 * twice, every path leads to the dialect of its row, defaults pass their own
 * checks, and every {Name} is a PARAM_PATH and the other way round. 0, or -1
 * with the row's name.
 */
int ops_check(struct error *err);

#endif
