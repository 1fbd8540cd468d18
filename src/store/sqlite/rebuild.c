/*
 * rebuild.c - repairs rollups and postings while others write to the ledger.
 */
#include "store/sqlite/walk.h"

#include "store/closing.h"
#include "store/posting.h"
#include "store/repair.h"
#include "store/rollup.h"
#include "store/sqlite/rollup_group.h"
#include "store/verify.h"
#include "store/sqlite/layout.h"
#include "base/banned.h"

/* ---- postings ---- */

/*
 * The length of the hour's PART in the snapshot, in bytes; 0 if there was none.
 */
static int bytes_before(struct store *from, const struct posting_hour *hour, int64_t part,
			int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(
		from,
		"SELECT length(events) FROM posting WHERE account = ?1 AND hour = ?2 AND part = ?3",
		err);

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	db_bind_int(s, 3, part);
	*ret = 0;
	return store_one(s, ret, err);
}

/* Runs that were added after the snapshot, as bytes. */
struct new_runs {
	const char *bytes;
	size_t len;
	struct new_runs *next;
};

/*
 * Collects the runs that TO has and FROM does not, in order. Parts only grow at
 * their ends.
 */
static int collect_new_runs(struct store *from, struct store *to, const struct posting_hour *hour,
			    struct arena *arena, struct new_runs **ret, struct error *err)
{
	struct stmt *s = prepare(
		to,
		"SELECT part, events FROM posting WHERE account = ?1 AND hour = ?2 ORDER BY part",
		err);
	int rc;

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	while ((rc = db_step(s, err)) > 0) {
		size_t len;
		const char *bytes = db_get_blob(s, 1, &len);
		int64_t before;

		if (bytes_before(from, hour, db_get_int(s, 0), &before, err) < 0) {
			db_reset(s);
			return -1;
		}
		if ((size_t)before >= len)
			continue;
		*ret = arena_new(arena, struct new_runs);
		(*ret)->len = len - (size_t)before;
		(*ret)->bytes = arena_strn(arena, bytes + before, (*ret)->len);
		ret = &(*ret)->next;
	}
	return rc;
}

static int remove_parts(struct store *st, const struct posting_hour *hour, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM posting WHERE account = ?1 AND hour = ?2", err);

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour);
	return db_step(s, err);
}

int store_postings_replace(struct store *from, struct store *to, const struct posting_hour *want,
			   struct error *err)
{
	struct new_runs *runs = NULL;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = collect_new_runs(from, to, want, &arena, &runs, err);
	if (rc == 0)
		rc = remove_parts(to, want, err);
	if (rc == 0)
		rc = store_postings_add(to, want->account, want->list, want->n, err);
	for (; runs && rc == 0; runs = runs->next)
		rc = store_posting_append(to, want->account, want->hour, runs->bytes, runs->len,
					  err);
	arena_release(&arena);
	return rc;
}

/* ---- writes ---- */

/* What a walk repairs. */
struct repairs {
	struct repair repair;
	GArray *changes; /* struct rollup_entry: of the rows that are compared */
};

static int repair_entry(void *arg, const struct rollup_rows *rows, bool detail,
			const struct rollup_entry *want, const struct rollup_entry *have,
			struct error *err)
{
	struct walk *w = arg;
	struct repairs *r = w->arg;
	struct rollup_entry change = *want;

	w->n++;
	if (!detail && rows->place == PLACE_MONTH && store_rollup_check(&want->amounts, err) < 0)
		return -1;
	amounts_wide_add(&change.amounts, &have->amounts, -1);
	g_array_append_val(r->changes, change);
	return 0;
}

static int change_rows(struct repairs *r, const struct rollup_rows *rows, bool detail, bool damaged,
		       struct error *err)
{
	const struct rollup_entry *changes = (const struct rollup_entry *)r->changes->data;

	if (repair_open(&r->repair, err) < 0 ||
	    (damaged && rollup_rows_drop_damaged(r->repair.to, rows, err) < 0))
		return -1;
	if (detail && r->changes->len)
		return rollup_add_detail(r->repair.to, rows, changes, r->changes->len, true, err);
	return rollup_rows_add(
		r->repair.to, rows,
		&(struct rollup_addition) { .entries = changes, .n = r->changes->len }, err);
}

static int repair_rows(void *arg, const struct rollup_rows *rows, bool detail, bool damaged,
		       struct error *err)
{
	struct walk *w = arg;
	struct repairs *r = w->arg;
	int rc = 0;

	if (damaged && !r->changes->len)
		w->n++;
	if (damaged || r->changes->len)
		rc = change_rows(r, rows, detail, damaged, err);
	g_array_set_size(r->changes, 0);
	return rc < 0 ? -1 : repair_pause(&r->repair, false, err);
}

static int repair_hour(struct walk *w, const struct posting_sum *want,
		       const struct posting_sum *have, struct error *err)
{
	const struct posting_sum *which = want ? want : have;
	struct posting_hour hour = { which->account, which->hour,
				     (struct posting *)w->hour.refs->data,
				     want ? w->hour.refs->len : 0 };
	struct repairs *r = w->arg;

	w->n++;
	if (repair_open(&r->repair, err) < 0 ||
	    store_postings_replace(r->repair.from, r->repair.to, &hour, err) < 0)
		return -1;
	return repair_pause(&r->repair, false, err);
}

static int repair_unlisted(struct walk *w, int64_t account, const struct posting *p,
			   struct error *err)
{
	struct closing_change c = {
		.account = account,
		.kind = CLOSING_LATE,
		.effective_us = p->effective_us,
		.source = p->source,
		.event = p->id,
		.event_len = p->id_len,
	};
	struct repairs *r = w->arg;

	w->n++;
	return repair_open(&r->repair, err) < 0 ? -1
						: store_closing_change_add(r->repair.to, &c, err);
}

/* Events cannot be repaired. */
static void ignore_bad_event(struct walk *w, const struct posting *p, const char *words)
{
	(void)w, (void)p, (void)words;
}

static int pause_repair(struct walk *w, struct error *err)
{
	struct repairs *r = w->arg;

	return repair_pause(&r->repair, false, err);
}

static const struct walk_calls repairing = { .entry = repair_entry,
					     .rows = repair_rows,
					     .hour = repair_hour,
					     .unlisted = repair_unlisted,
					     .bad_event = ignore_bad_event,
					     .pause = pause_repair,
					     .keep_postings = true };

static int rebuild(struct walk *w, int64_t *ret_events, struct error *err)
{
	struct repairs *r = w->arg;
	int rc;

	if (store_begin_read(w->st, err) < 0)
		return -1;
	walk_init(w);
	rc = walk_events(w, ret_events, err);
	if (rc == 0)
		rc = repair_series(&r->repair, &w->n, err);
	if (rc == 0 && w->observer->progress)
		w->observer->progress(w->observer->arg, *ret_events, *ret_events);
	walk_release(w);
	store_end(w->st);
	return rc;
}

int sqlite_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		   size_t *ret_n, int64_t *ret_events, struct error *err)
{
	struct repairs r = { .repair = { .from = st, .to = writer },
			     .changes = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry)) };
	struct walk w = { .st = st, .calls = &repairing, .observer = calls, .arg = &r };
	int rc = repair_begin(&r.repair, err);

	if (rc == 0)
		rc = repair_end(&r.repair, rebuild(&w, ret_events, err), err);
	g_array_free(r.changes, TRUE);
	*ret_n = w.n;
	return rc;
}
