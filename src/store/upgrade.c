#include "store/upgrade.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/internal.h"
#include "store/schema.h"
#include "base/banned.h"

struct upgrading {
	const char *where;
	struct db *db;
	const struct store_upgrade *u;
	int64_t from;
	char work[64]; /* what is being done, for the progress */
};

static bool show(struct upgrading *g, int64_t done, int64_t all)
{
	return !g->u->progress || g->u->progress(g->u->arg, g->work, done, all);
}

static bool show_copy(void *arg, int64_t done, int64_t all)
{
	return show(arg, done, all);
}

static bool show_step(void *arg, int64_t version, int64_t done, int64_t all)
{
	struct upgrading *g = arg;

	snprintf(g->work, sizeof(g->work), "upgrading the ledger to schema %" PRId64, version);
	return show(g, done, all);
}

const char *store_upgrade_copy(const char *where, int64_t from, struct arena *arena)
{
	return arena_printf(arena, "%s.schema-%" PRId64, where, from);
}

/*
 * Copies through a connection of its own, because the other one is in a write,
 * which keeps all others from writing.
 */
static int make_copy(struct upgrading *g, struct error *err)
{
	struct arena arena;
	struct db *db;
	int rc;

	if (db_open(g->where, 0, 0, &db, err) < 0)
		return -1;
	arena_init(&arena);
	snprintf(g->work, sizeof(g->work), "copying the ledger before its upgrade");
	rc = store_copy_db(db, store_upgrade_copy(g->where, g->from, &arena), true, show_copy, g,
			   err);
	arena_release(&arena);
	db_close(&db);
	return rc;
}

/* A program that serves the ledger meanwhile looks at the schema when this changes. */
static const char tell_programs[] =
	"UPDATE meta SET value = value + 1 WHERE name = 'version' AND value > 0";

static int begin(void *arg, int64_t version, struct error *err)
{
	struct upgrading *g = arg;

	g->from = version;
	if (g->u->copy && db_is_file(g->where) && make_copy(g, err) < 0)
		return -1;
	return db_exec(g->db, tell_programs, err);
}

int store_upgrade(const char *where, int64_t busy_timeout_ms, const struct store_upgrade *u,
		  int64_t *ret_from, struct error *err)
{
	struct upgrading g = { .where = where, .u = u };
	const struct schema_watch watch = { .begin = begin, .step = show_step, .arg = &g };
	int rc;

	if (db_open(where, DB_WRITE, busy_timeout_ms, &g.db, err) < 0)
		return -1;
	rc = schema_bring_newest(g.db, DB_WRITE, &watch, err);
	*ret_from = g.from;
	db_close(&g.db);
	return rc;
}
