/*
 * repair.c - the writes of store_rebuild.
 */
#include "store/repair.h"

#include "store/meta.h"
#include "base/civil.h"
#include "base/banned.h"

#define REPAIR_MS 200 /* commit after this time, so that others can write */

int repair_begin(struct repair *r, struct error *err)
{
	if (store_begin_write(r->to, err) < 0)
		return -1;
	if (store_meta(r->to, META_REBUILD, &r->generation, err) < 0 ||
	    store_meta_set(r->to, META_REBUILD, ++r->generation, err) < 0) {
		store_end(r->to);
		return -1;
	}
	return store_commit(r->to, err);
}

int repair_open(struct repair *r, struct error *err)
{
	int64_t generation = 0;

	if (r->writing)
		return 0;
	if (store_begin_write(r->to, err) < 0)
		return -1;
	r->writing = true;
	r->since_ms = monotonic_ms();
	if (store_meta(r->to, META_REBUILD, &generation, err) < 0)
		return -1;
	if (generation != r->generation)
		return error_set(
			err, ERR_BUSY, NULL,
			"another rebuild or a backfill has begun: run it again afterwards");
	return 0;
}

int repair_pause(struct repair *r, bool end, struct error *err)
{
	if (!r->writing || (!end && monotonic_ms() - r->since_ms < REPAIR_MS))
		return 0;
	r->writing = false;
	return store_commit(r->to, err);
}

int repair_end(struct repair *r, int rc, struct error *err)
{
	if (rc == 0 && repair_pause(r, true, err) == 0)
		return 0;
	store_end(r->to);
	return -1;
}

static void count_series(void *arg, int64_t series, const char *words)
{
	(void)series, (void)words;
	++*(size_t *)arg;
}

int repair_series(struct repair *r, size_t *n, struct error *err)
{
	size_t bad = 0;

	if (store_series_check(r->from, NULL, count_series, &bad, err) < 0)
		return -1;
	*n += bad;
	if (!bad)
		return 0;
	return repair_open(r, err) < 0 || store_series_repair(r->to, err) < 0
		       ? -1
		       : repair_pause(r, false, err);
}
