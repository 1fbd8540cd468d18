#include "store/sqlite/layout.h"

#include "store/sqlite/family_sums.h"

#include "base/banned.h"

const struct layout layout_sqlite = {
	.events_add = sqlite_events_add,
	.rollups_add = sqlite_rollups_add,
	.account_added = sqlite_account_added,
	.family_least = FAMILY_LEAST,
	.rollup_sum = sqlite_rollup_sum,
	.usage_days = sqlite_usage_days,
	.sums = sqlite_sums,
	.events_find = sqlite_events_find,
	.events_back = sqlite_events_back,
	.postings = sqlite_postings,
	.posting_hour = sqlite_posting_hour,
	.postings_refile = sqlite_postings_refile,
	.verify = sqlite_verify,
	.rebuild = sqlite_rebuild,
};
