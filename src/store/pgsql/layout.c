#include "store/pgsql/layout.h"

#include "base/banned.h"

const struct layout layout_pgsql = {
	.events_add = pgsql_events_add,
	.rollups_add = pgsql_rollups_add,
	.family_least = INT64_MAX,
	.all_bounded = true,
	.joins_texts = true,
	.rollup_sum = pgsql_rollup_sum,
	.usage_days = pgsql_usage_days,
	.sums = pgsql_sums,
	.events_find = pgsql_events_find,
	.events_back = pgsql_events_back,
	.postings = pgsql_postings,
	.posting_hour = pgsql_posting_hour,
	.postings_refile = pgsql_postings_refile,
	.bulk_begin = pgsql_bulk_begin,
	.bulk_end = pgsql_bulk_end,
	.ids_made = pgsql_ids_made,
	.may_pause = pgsql_may_pause,
	.verify = pgsql_verify,
	.rebuild = pgsql_rebuild,
};
