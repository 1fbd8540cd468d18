#include "store/schema.h"

#include <inttypes.h>
#include "store/internal.h"
#include "base/banned.h"

int schema_progress(struct store *st, int64_t done, int64_t all, struct error *err)
{
	const struct schema_watch *w = st->upgrade.watch;

	return !w || !w->step || w->step(w->arg, st->upgrade.version, done, all)
		       ? 0
		       : error_set(err, ERR_BUSY, NULL, "interrupted; nothing was changed");
}

/*
 * Runs one step; its functions get a store of which only the database and its layout are set.
 */
static int run_step(struct store *st, const struct schema_step *s, struct error *err)
{
	if (schema_progress(st, 0, 0, err) < 0 || db_exec(st->db, s->sql, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(s->then) && s->then[i]; i++)
		if (s->then[i](st, err) < 0)
			return -1;
	return 0;
}

static int fail_made(struct error *err)
{
	return error_set(err, ERR_CONFLICT, "database",
			 "the database has a ledger already; another host that shall use it needs "
			 "the secret file of the first one, not a new one");
}

static int run_steps(struct db *db, unsigned flags, const struct schema_step *steps, size_t n_steps,
		     const struct schema_watch *watch, struct error *err)
{
	struct store st = {
		.db = db, .layout = db_layout(db), .tx = TX_WRITE, .upgrade = { .watch = watch }
	};
	int64_t version;

	/*
	 * Read the version again: another process may have made or upgraded the
	 * ledger meanwhile.
	 */
	if (db_schema_version(db, &version, err) < 0)
		return -1;
	if (version && flags & DB_CREATE)
		return fail_made(err);
	if (!version && db_names_free(db, steps[0].sql, err) < 0)
		return -1;
	if (watch && watch->begin && version < (int64_t)n_steps &&
	    watch->begin(watch->arg, version, err) < 0)
		return -1;
	for (; version < (int64_t)n_steps; version++) {
		st.upgrade.version = version + 1;
		if (run_step(&st, &steps[version], err) < 0)
			return -1;
	}
	if (db_set_schema_version(db, version, err) < 0)
		return -1;
	return watch && watch->end ? watch->end(watch->arg, &st, err) : 0;
}

static int check_references(struct db *db, struct error *err)
{
	int rc = db_references_broken(db, err);

	return rc <= 0 ? rc
		       : error_set(err, ERR_INTERNAL, NULL,
				   "the ledger is damaged: a row refers to another that does not "
				   "exist; "
				   "the upgrade of its schema was undone");
}

static int bring_forward(struct db *db, unsigned flags, const struct schema_step *steps,
			 size_t n_steps, const struct schema_watch *watch, struct error *err)
{
	int rc = -1;

	/*
	 * A step may replace a table to which other tables refer, so foreign
	 * keys are checked at the end.
	 */
	if (db_references(db, false, err) < 0)
		return -1;
	db_cache(db, true);
	if (db_begin(db, true, err) == 0) {
		rc = run_steps(db, flags, steps, n_steps, watch, err) < 0 ||
				     check_references(db, err) < 0
			     ? -1
			     : db_commit(db, err);
		if (rc < 0)
			db_rollback(db);
	}
	db_cache(db, false);
	return db_references(db, true, err) < 0 ? -1 : rc;
}

int schema_bring(struct db *db, unsigned flags, const struct schema_step *steps, size_t n_steps,
		 const struct schema_watch *watch, struct error *err)
{
	int64_t version;

	if (db_schema_version(db, &version, err) < 0)
		return -1;
	if (version && flags & DB_CREATE)
		return fail_made(err);
	if (version == (int64_t)n_steps)
		return 0;
	if (version > (int64_t)n_steps)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger has schema version %" PRId64
				 ", this program knows versions up to %zu:"
				 " use the newer program that wrote it",
				 version, n_steps);
	if (version == 0 && !(flags & (DB_CREATE | DB_EMPTY)))
		return error_set(err, ERR_INTERNAL, NULL,
				 "this is empty, not a ledger: make one with \"usaged init\"");
	if (!(flags & DB_WRITE))
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger has schema version %" PRId64
				 ", this program uses version %zu:"
				 " upgrade it with \"usaged upgrade\"",
				 version, n_steps);
	return bring_forward(db, flags, steps, n_steps, watch, err);
}

int schema_bring_newest(struct db *db, unsigned flags, const struct schema_watch *watch,
			struct error *err)
{
	size_t n;
	const struct schema_step *steps = db_schema(db, &n);

	return schema_bring(db, flags, steps, n, watch, err);
}
