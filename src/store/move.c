/*
 * move.c - moves a ledger: the steps, and how far a move is.
 */
#include "store/move.h"

#include <glib.h>
#include <inttypes.h>
#include <time.h>
#include "store/account.h"
#include "store/layout.h"
#include "store/meta.h"
#include "store/move_event.h"
#include "store/verify.h"
#include "base/banned.h"

#define ROUND_S 60 /* a read of the source takes about as long at most */

/* in the table `moved` of the target */
#define UNFINISHED                                                               \
	"run \"usaged move --final\" to this database again, with the settings " \
	"of the old ledger"

struct move {
	struct store *from, *to;
	const char *where; /* to */
	const struct move_calls *calls;
	int64_t version; /* of the source; negative: it has moved */
	int64_t rebuild; /* META_REBUILD of the source, before its events were read */
	struct move_events events;
	/* db_data_version of the source when all of it was copied; -1: not all is */
	int64_t seen;
};

static int commit_or_end(struct store *st, int rc, struct error *err)
{
	if (rc == 0)
		return store_commit(st, err);
	store_end(st);
	return -1;
}

/* ---- whose ledger it is ---- */

static int read_number(struct store *st, const char *sql, int64_t *ret, struct error *err)
{
	return store_one(prepare(st, sql, err), ret, err) < 0 ? -1 : 0;
}

/*
 * A number that another ledger hardly has, and that stays the same; 0 as long as it
 * has no accounts.
 */
static int read_mark(struct store *st, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT sid, created FROM account ORDER BY id LIMIT 1", err);
	uint64_t hash = 1;
	int rc = db_step(s, err);
	size_t len;

	if (rc > 0) {
		const char *sid = db_get_text(s, 0, &len);

		hash = move_hash_number(move_hash_bytes(hash, sid, len), db_get_int(s, 1));
		db_reset(s);
	}
	*ret = (int64_t)(hash >> 2);
	return rc < 0 ? -1 : 0;
}

/* Has the database anything of a ledger but a catalogue? 1 yes, 0 no, -1 failed. */
static int is_used(struct store *st, struct error *err)
{
	return store_any(prepare(st,
				 "SELECT 1 FROM account UNION ALL SELECT 1 FROM key UNION ALL"
				 " SELECT 1 FROM \"user\" LIMIT 1",
				 err),
			 err);
}

/* Can a move begin in the target? In a write of it. */
static int check_unused(struct move *m, struct error *err)
{
	int used = is_used(m->to, err);

	if (m->version < 0)
		return error_set(err, ERR_CONFLICT, "from", "the ledger has moved already");
	if (used > 0)
		return error_set(err, ERR_CONFLICT, "to",
				 "there is a ledger already that is not a part of this "
				 "move: name an empty database");
	return used;
}

/* Sets META_MOVING_APART of the target, unless the move has begun. 1 it has, 0 not, -1 failed */
static int write_apart(struct move *m, int64_t apart, struct error *err)
{
	int64_t mark;
	int begun, rc;

	if (store_begin_write(m->to, err) < 0)
		return -1;
	rc = begun = store_meta(m->to, META_MOVING, &mark, err);
	if (rc == 0)
		rc = check_unused(m, err);
	if (rc == 0)
		rc = store_meta_set(m->to, META_MOVING_APART, apart, err);
	return commit_or_end(m->to, rc < 0 ? -1 : 0, err) < 0 ? -1 : begun;
}

/* One database can have two addresses: what is written to the target is not in the source. */
static int check_apart(struct move *m, struct error *err)
{
	const int64_t apart = 1 + (int64_t)g_random_int();
	int64_t seen = 0;
	int rc = write_apart(m, apart, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (store_begin_read(m->from, err) < 0)
		return -1;
	rc = store_meta(m->from, META_MOVING_APART, &seen, err);
	store_end(m->from);
	return rc < 0 || seen != apart ? MIN(rc, 0)
				       : error_set(err, ERR_CONFLICT, "to",
						   "it is the ledger itself, by another address");
}

static int begin_target(struct move *m, struct error *err)
{
	static const char *const steps[] = {
		"DELETE FROM category",
		"DELETE FROM meta WHERE name = '" META_SECRET "'",
		"CREATE TABLE moved (words text NOT NULL)",
		"INSERT INTO moved (words) VALUES ('" UNFINISHED "')",
		"UPDATE meta SET value = -1 WHERE name = 'version'",
	};

	if (check_unused(m, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (db_exec(m->to->db, steps[i], err) < 0)
			return -1;
	if (move_ranges_make(m->to, err) < 0 ||
	    store_meta_set(m->to, META_MOVING, m->events.mark, err) < 0 ||
	    store_meta_set(m->to, META_MOVING_REBUILD, m->rebuild, err) < 0)
		return -1;
	return m->to->layout->bulk_begin ? m->to->layout->bulk_begin(m->to, err) : 0;
}

/* The target is that of a move from the ledger with MARK. Is it this one? */
static int go_on(struct move *m, int64_t mark, struct error *err)
{
	if (mark == m->events.mark)
		return 0;
	/* the ledger had no accounts, and so nothing that another one lacks */
	if (mark == 0)
		return store_meta_set(m->to, META_MOVING, m->events.mark, err);
	return error_set(err, ERR_CONFLICT, "to", "another ledger is being moved there");
}

/* How far the move is. In a write of the target. */
static int read_progress(struct move *m, struct error *err)
{
	int64_t sums = 0, refiled = 0;

	if (store_meta(m->to, META_MOVING_SUMS, &sums, err) < 0 ||
	    store_meta(m->to, META_MOVING_REFILED, &refiled, err) < 0 ||
	    store_meta(m->to, META_MOVING_REBUILD, &m->rebuild, err) < 0)
		return -1;
	m->events.refiled = refiled;
	m->events.adds_up = sums || !m->to->layout->bulk_end;
	return read_number(m->to, "SELECT CAST(COALESCE(sum(n), 0) AS bigint) FROM move",
			   &m->events.done, err);
}

/* Begins the move, or goes on with it. */
static int open_target(struct move *m, struct error *err)
{
	int64_t mark = 0;
	int rc;

	if (check_apart(m, err) < 0 || store_begin_write(m->to, err) < 0)
		return -1;
	rc = store_meta(m->to, META_MOVING, &mark, err);
	if (rc >= 0)
		rc = rc ? go_on(m, mark, err) : begin_target(m, err);
	if (rc == 0)
		rc = read_progress(m, err);
	return commit_or_end(m->to, rc, err);
}

/* ---- copying ---- */

static int copy_tables(struct move *m, struct error *err)
{
	if (move_target_begin(m->to, m->events.mark, err) < 0)
		return -1;
	return commit_or_end(m->to, move_tables_copy(m->from, m->to, err), err);
}

/*
 * Copies again the ranges that have got more events. If events were changed,
 * too, it reads all of them. In a transaction of the source.
 */
static int copy_again(struct move *m, struct error *err)
{
	int64_t rebuild = 0;
	bool whole;

	if (store_meta(m->from, META_REBUILD, &rebuild, err) < 0)
		return -1;
	whole = rebuild != m->rebuild;
	m->rebuild = rebuild;
	return move_events_again(&m->events, whole, err);
}

/*
 * Copies tables and events in one read of the source. 1 there may be more, 0 no
 * more, -1 failed.
 */
static int copy_round(struct move *m, bool again, struct error *err)
{
	int rc;

	if (store_begin_read(m->from, err) < 0)
		return -1;
	m->events.until = time(NULL) + ROUND_S;
	rc = read_number(m->from, "SELECT count(*) FROM event", &m->events.all, err);
	m->seen = db_data_version(m->from->db);
	if (rc == 0)
		rc = copy_tables(m, err);
	if (rc == 0 && again)
		rc = copy_again(m, err);
	if (rc == 0)
		rc = move_events_copy(&m->events, err);
	if (rc || !again)
		m->seen = -1;
	store_end(m->from);
	return rc;
}

/* Makes what is made from all events at once. */
static int finish_bulk(struct move *m, struct error *err)
{
	int rc;

	if (m->events.adds_up)
		return 0;
	if (move_target_begin(m->to, m->events.mark, err) < 0)
		return -1;
	rc = m->to->layout->bulk_end(m->to, err);
	if (rc == 0)
		rc = store_meta_set(m->to, META_MOVING_SUMS, 1, err);
	m->events.adds_up = rc == 0;
	return commit_or_end(m->to, rc, err);
}

static int copy(struct move *m, struct error *err)
{
	int rc;

	do
		rc = copy_round(m, false, err);
	while (rc > 0);
	return rc < 0 ? -1 : finish_bulk(m, err);
}

/* ---- the end ---- */

/* Events that are of another series count in other sums. */
static int rebuild(struct move *m, struct error *err)
{
	const struct verify_calls none = { 0 };
	struct store *reader = NULL;
	int64_t events;
	size_t n;
	int rc;

	if (!m->events.refiled)
		return 0;
	if (store_open(m->where, 0, 0, &reader, err) < 0)
		return -1;
	rc = store_rebuild(reader, m->to, &none, &n, &events, err);
	store_close(&reader);
	return rc;
}

static int last_changes(struct move *m, struct error *err)
{
	int rc;

	/* nobody has written since the last round: it has copied and counted all */
	if (m->seen == db_data_version(m->from->db))
		return rebuild(m, err);
	m->events.until = INT64_MAX;
	if (copy_tables(m, err) < 0 || copy_again(m, err) < 0)
		return -1;
	rc = move_events_copy(&m->events, err);
	return rc < 0 ? -1 : rebuild(m, err);
}

/* From now on, nobody writes to the source. In its write. */
static int mark_moved(struct move *m, struct error *err)
{
	g_autofree char *words = g_strdup_printf("set ledger.database to %s", m->where);
	struct stmt *s;

	if (db_exec(m->from->db, "CREATE TABLE moved (words text NOT NULL)", err) < 0)
		return -1;
	s = prepare(m->from, "INSERT INTO moved (words) VALUES (?1)", err);
	db_bind_str(s, 1, words);
	if (db_step(s, err) < 0)
		return -1;
	return db_step(prepare(m->from, "UPDATE meta SET value = -value WHERE name = 'version'",
			       err),
		       err);
}

/* From now on, the target is the ledger. */
static int finish_target(struct move *m, struct error *err)
{
	static const char *const steps[] = {
		"DROP TABLE move",
		"DROP TABLE moved",
		"DELETE FROM meta WHERE name IN ('" META_MOVING "', '" META_MOVING_SUMS
		"', '" META_MOVING_REBUILD "', '" META_MOVING_REFILED "', '" META_MOVING_APART "')",
	};
	int rc;

	if (move_target_begin(m->to, m->events.mark, err) < 0)
		return -1;
	rc = store_meta_set(m->to, "version", -m->version, err);
	for (size_t i = 0; i < ARRAY_SIZE(steps) && rc == 0; i++)
		rc = db_exec(m->to->db, steps[i], err);
	if (rc == 0 && m->to->layout->ids_made)
		rc = m->to->layout->ids_made(m->to, err);
	return commit_or_end(m->to, rc, err);
}

static int finish(struct move *m, struct error *err)
{
	int rc;

	if (copy_round(m, true, err) < 0 || store_begin_write(m->from, err) < 0)
		return -1;
	rc = m->from->layout->may_pause ? m->from->layout->may_pause(m->from, err) : 0;
	if (rc == 0)
		rc = last_changes(m, err);
	if (rc == 0)
		rc = mark_moved(m, err);
	if (rc == 0)
		rc = read_number(m->from, "SELECT value FROM meta WHERE name = 'version'",
				 &m->version, err);
	return commit_or_end(m->from, rc, err) < 0 ? -1 : finish_target(m, err);
}

static int start(struct move *m, struct error *err)
{
	int rc;

	if (store_begin_read(m->from, err) < 0)
		return -1;
	rc = store_version(m->from, &m->version, err);
	if (rc == 0)
		rc = read_mark(m->from, &m->events.mark, err);
	if (rc == 0 && store_meta(m->from, META_REBUILD, &m->rebuild, err) < 0)
		rc = -1;
	store_end(m->from);
	return rc < 0 ? -1 : open_target(m, err);
}

int store_move(struct store *from, struct store *to, const struct move_goal *goal,
	       const struct move_calls *calls, int64_t *ret_events, struct error *err)
{
	struct move m = { .from = from,
			  .to = to,
			  .where = goal->where,
			  .calls = calls,
			  .events = { .from = from, .to = to, .calls = calls } };
	int rc;

	from->moves = to->moves = true;
	store_large_cache(from);
	store_large_cache(to);
	rc = start(&m, err);
	/* interrupted between its two ends */
	if (rc == 0 && m.version < 0)
		rc = goal->final ? finish_target(&m, err)
				 : error_set(err, ERR_CONFLICT, "from",
					     "the ledger has moved: finish that with --final");
	else if (rc == 0)
		rc = copy(&m, err) < 0 ? -1 : goal->final ? finish(&m, err) : 0;
	*ret_events = m.events.done;
	return rc;
}
