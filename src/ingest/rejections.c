#include "ingest/rejections.h"

#include "base/civil.h"
#include "base/plausible.h"
#include "base/banned.h"

int rejections_prune(struct store *st, int64_t days, struct error *err)
{
	int64_t now = plausible_process_time(floor_div(clock_now_us(), USEC_PER_SEC));

	return store_rejections_prune(st, now - days * SEC_PER_DAY, REJECTIONS_KEPT, err);
}
