/*
 * rebuild.c - repairs rollups and postings while others write to the ledger.
 */
#include "store/sqlite/walk.h"

#include <string.h>
#include "store/closing.h"
#include "store/repair.h"
#include "store/rollup.h"
#include "store/sqlite/posting_sums.h"
#include "store/sqlite/posting_table.h"
#include "store/sqlite/family_sums.h"
#include "store/sqlite/rollup_group.h"
#include "store/verify.h"
#include "store/sqlite/layout.h"
#include "base/banned.h"

/* ---- postings ---- */

static bool is_same(const struct posting *a, const struct posting *b)
{
	return a->effective_us == b->effective_us && a->series == b->series &&
	       a->source == b->source && a->id_len == b->id_len &&
	       memcmp(a->id, b->id, a->id_len) == 0;
}

static guint hash_posting(gconstpointer p)
{
	struct posting_sum sum = { 0 };

	posting_sum_add(&sum, p);
	return (guint)sum.hash;
}

static gboolean equal_postings(gconstpointer a, gconstpointer b)
{
	return is_same(a, b);
}

/* Appends the postings of NOW that are not in BEFORE. */
static void add_new(struct posting_list *to, const struct posting_list *now,
		    const struct posting_list *before)
{
	GHashTable *old = g_hash_table_new(hash_posting, equal_postings);

	for (size_t i = 0; i < before->n; i++)
		g_hash_table_add(old, &before->list[i]);
	for (size_t i = 0; i < now->n; i++) {
		if (g_hash_table_contains(old, &now->list[i]))
			continue;
		to->list = store_room(to->arena, to->list, to->n, &to->size, sizeof(*to->list));
		to->list[to->n++] = now->list[i];
	}
	g_hash_table_destroy(old);
}

int store_postings_replace(struct store *from, struct store *to, const struct posting_hour *want,
			   struct error *err)
{
	const struct account_hour hour = { want->account, want->hour };
	struct posting_list before, now, others;
	struct arena arena;
	bool damaged;
	int rc;

	arena_init(&arena);
	before = now = others = (struct posting_list) { .arena = &arena };
	rc = posting_hour_read(from, &hour, &before, NULL, &damaged, err);
	if (rc == 0)
		rc = posting_hour_read(to, &hour, &now, &others, &damaged, err);
	if (rc == 0)
		rc = posting_hour_remove(to, &hour, err);
	if (rc == 0) {
		add_new(&others, &now, &before);
		rc = store_postings_add(to, want->account, others.list, others.n, err);
	}
	if (rc == 0)
		rc = store_postings_add(to, want->account, want->list, want->n, err);
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
	if (!detail && rows->place == PLACE_MONTH && !is_family_number(rows->account) &&
	    store_rollup_check(&want->amounts, err) < 0)
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

/* The sums of families, after those of their subaccounts have been repaired. */
static int rebuild_families(struct walk *w, struct error *err)
{
	int rc = store_begin_read(w->st, err);

	if (rc == 0)
		rc = walk_families(w, err);
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

	if (rc == 0) {
		rc = rebuild(&w, ret_events, err);
		if (rc == 0)
			rc = repair_pause(&r.repair, true, err);
		if (rc == 0)
			rc = rebuild_families(&w, err);
		rc = repair_end(&r.repair, rc, err);
	}
	g_array_free(r.changes, TRUE);
	*ret_n = w.n;
	return rc;
}
