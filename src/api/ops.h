/*
 * ops.h - the table of operations. OPERATIONS lists their names. The row of
 * operation X is op_X, in the file of its subject. Each such file includes this
 * header, so the compiler checks the row's type.
 */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/op.h"

/*
 * The order is that of pages and manuals. For paths with {Name}s the first
 * match wins, so Authenticate comes after GetAuthStatus.
 */
#define OPERATIONS(OP)                                                                             \
	OP(Overview), OP(ReportUsage), OP(ReportBilling), OP(ReportAI), OP(ReportSim),             \
		OP(ListUsageRecordThisMonth), OP(ListUsageRecordLastMonth),                        \
		OP(ListUsageRecordToday), OP(ListUsageRecordYesterday), OP(ListUsageRecordDaily),  \
		OP(ListUsageRecordMonthly), OP(ListUsageRecordYearly), OP(ListUsageRecordAllTime), \
		OP(ListUsageRecord), OP(FetchUsage), OP(ListUsageTrigger), OP(FetchUsageTrigger),  \
		OP(CreateUsageTrigger), OP(UpdateUsageTrigger), OP(DeleteUsageTrigger),            \
		OP(ListUsageRecords), OP(GetAIUsage), OP(GetAuthStatus), OP(RequestAuthToken),     \
		OP(Authenticate), OP(ListSuperSimUsageRecord), OP(ListEvents), OP(GetEvent),       \
		OP(PostEvents), OP(PostFreeswitch), OP(PostTwilioCallback), OP(VoidEvent),         \
		OP(AmendEvent), OP(GetHealth), OP(VerifyLedger), OP(ListUsers), OP(CreateUser),    \
		OP(SetUser), OP(SetPassword), OP(RemoveUser), OP(GrantAccount), OP(GetProfile),    \
		OP(SetProfile), OP(SetOwnPassword), OP(ListKeys), OP(CreateKey), OP(RevokeKey),    \
		OP(ListAccounts), OP(GetAccount), OP(CreateAccount), OP(SetAccount),               \
		OP(SuspendAccount), OP(ReactivateAccount), OP(ListCategories), OP(CreateCategory), \
		OP(ListSims), OP(CreateSim), OP(RenameSim), OP(RemoveSim), OP(ListFleets),         \
		OP(CreateFleet), OP(RenameFleet), OP(RemoveFleet), OP(ListTriggers),               \
		OP(CreateTrigger), OP(SetTrigger), OP(RemoveTrigger), OP(ListDeliveries),          \
		OP(GetDelivery), OP(RepeatDelivery), OP(GetSigningSecret), OP(RenewSigningSecret), \
		OP(ListClosings), OP(CreateClosing), OP(CloseAllAccounts), OP(ReopenClosing),      \
		OP(ListClosingChanges), OP(ListRejections), OP(ListAudit), OP(GetAlive),           \
		OP(ListOperations), OP(GetReady)

#define OP_ROW(name) op_##name

extern const struct op OPERATIONS(OP_ROW);

/* All operations, ended by NULL. */
extern const struct op *const ops[];
/* ignores case; NULL: no such operation */
const struct op *op_find(const char *id);

/*
 * The dialect of a path, which need not be the path of an operation: the
 * dialect of the operation that shares the most leading segments with the path.
 * Of several such operations, the first in the table counts. If no operation
 * shares a segment, dialect_servicestack. Never NULL.
 */
const struct dialect *dialect_of_path(const char *path, size_t len);

/*
 * Checks the table at start: rows are complete; no two rows have the same path
 * and method; dialect_of_path finds the row's dialect for its path; defaults
 * are valid; {Name}s and PARAM_PATH parameters agree. 0, or -1: the error names
 * the row.
 */
int ops_check(struct error *err);

#endif
