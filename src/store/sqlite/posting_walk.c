/*
 * posting_walk.c - the statement gives rows (leaves, or single late events) in
 * the order of their places: the first instant of a row, or backwards its last
 * one. All postings beyond the next row's place have been read then, so they are
 * a step. The others wait.
 */
#include "store/sqlite/posting_walk.h"

#include "store/lists.h"
#include "store/sqlite/posting_codec.h"
#include "store/sqlite/posting_table.h"
#include "base/banned.h"

/*
 * A queue of accounts, by the place of the next leaf of each. SQLite takes the
 * first account from the queue, and puts it back with its leaf after that. ?1 is
 * the list of accounts, ?2 the instant to begin at. Without a LIMIT, SQLite would
 * drop the order of a query inside a join. Without a +, it would look for the next
 * leaf by `since` alone, and so pass all leaves of the same instant each time.
 */
#define LEAVES(place, first_since, first_part, beyond, order)                                   \
	"WITH RECURSIVE next(account, place, since, part) AS ("                                 \
	"SELECT l.a, p." place ", p.since, p.part FROM list(?1) l CROSS JOIN posting p"         \
	" WHERE p.account = l.a AND p.since = " first_since " AND p.part = (SELECT " first_part \
	" FROM posting"                                                                         \
	" WHERE account = l.a AND since = p.since)"                                             \
	" UNION ALL SELECT p.account, p." place ", p.since, p.part"                             \
	" FROM next n CROSS JOIN posting p WHERE p.account = n.account"                         \
	" AND (p.since, p.part) = (SELECT since, part FROM posting"                             \
	" WHERE account = n.account AND (since, part) " beyond " (+n.since, +n.part)"           \
	" ORDER BY since " order ", part " order " LIMIT 1)"                                    \
	" ORDER BY 2 " order " LIMIT -1)"                                                       \
	" SELECT n.account, n.place, p.since, p.last, p.events FROM next n"                     \
	" CROSS JOIN posting p WHERE p.account = n.account AND p.since = n.since"               \
	" AND p.part = n.part"

/* The last leaf that begins before ?2; forwards also the first one of all. */
#define BEFORE "(SELECT max(since) FROM posting WHERE account = l.a AND since < ?2)"
#define FROM   "COALESCE(" BEFORE ", (SELECT min(since) FROM posting WHERE account = l.a))"
/* The last leaf of an instant before ?2, and the first one of another instant. */
#define FROM_PART "CASE WHEN p.since < ?2 THEN max(part) ELSE min(part) END"

#define LATE(first, from, beyond, order)                                            \
	"WITH RECURSIVE next(account, place) AS ("                                  \
	"SELECT l.a, (SELECT " first "(effective_us) FROM closing_change"           \
	" WHERE kind = 1 AND account = l.a AND effective_us " from " ?2)"           \
	" FROM list(?1) l UNION ALL SELECT n.account, (SELECT " first               \
	"(effective_us) FROM closing_change WHERE kind = 1 AND account = n.account" \
	" AND effective_us " beyond " n.place) FROM next n"                         \
	" WHERE n.place IS NOT NULL ORDER BY 2 " order " LIMIT -1)"                 \
	" SELECT n.account, n.place, e.series, c.source, c.event"                   \
	" FROM next n CROSS JOIN closing_change c CROSS JOIN event e"               \
	" WHERE c.kind = 1 AND c.account = n.account AND c.effective_us = n.place"  \
	" AND e.source = c.source AND e.id = c.event"

static const char *const walks[2][2] = {
	{ LEAVES("last", BEFORE, "max(part)", "<", "DESC"),
	  LEAVES("since", FROM, FROM_PART, ">", "") },
	{ LATE("max", "<", "<", "DESC"), LATE("min", ">=", ">", "") },
};

static int64_t place_of(const struct posting_walk *w)
{
	return db_get_int(w->s, 1);
}

static void end_rows(struct posting_walk *w)
{
	db_reset(w->s);
	w->s = NULL;
}

/* Reads the next row of the statement; at the end of the range, ends it. */
static int next_row(struct posting_walk *w, struct error *err)
{
	int rc = db_step(w->s, err);

	if (rc <= 0)
		w->s = NULL;
	else if (w->range.forwards ? place_of(w) >= w->range.to_us : place_of(w) < w->range.from_us)
		end_rows(w);
	return rc < 0 ? -1 : 0;
}

int posting_walk_begin(struct store *st, const struct posting_range *range, struct arena *arena,
		       struct posting_walk *ret, struct error *err)
{
	*ret = (struct posting_walk) { .range = *range };
	ret->later = g_array_new(FALSE, FALSE, sizeof(struct account_posting));
	for (int i = 0; i < 2; i++)
		arena_init(&ret->ids[i]);
	if (range->from_us >= range->to_us)
		return 0;
	ret->s = prepare(st, walks[range->late][range->forwards], err);
	bind_ids(ret->s, 1, arena, range->accounts, range->n_accounts);
	db_bind_int(ret->s, 2, range->forwards ? range->from_us : range->to_us);
	return next_row(ret, err);
}

/* Lets N postings of the current row's account wait. */
static void wait_with(struct posting_walk *w, const struct posting *list, size_t n)
{
	int64_t account = db_get_int(w->s, 0);
	guint first = w->later->len;
	struct account_posting *to;

	g_array_set_size(w->later, first + (guint)n);
	to = &g_array_index(w->later, struct account_posting, first);
	for (size_t i = 0; i < n; i++)
		to[i] = (struct account_posting) { account, list[i] };
	w->n_read += n;
}

/* Reads the postings of the current row; their ids are in ARENA. */
static int take_row(struct posting_walk *w, struct arena *arena, struct error *err)
{
	struct posting_list list = { .arena = arena };
	struct posting_leaf leaf;

	if (w->range.late) {
		struct posting p = { .effective_us = place_of(w),
				     .series = db_get_int(w->s, 2),
				     .source = db_get_int(w->s, 3) };
		const char *id = db_get_text(w->s, 4, &p.id_len);

		p.id = arena_strn(arena, id, p.id_len);
		wait_with(w, &p, 1);
		return 0;
	}
	leaf = (struct posting_leaf) { .since_us = db_get_int(w->s, 2),
				       .last_us = db_get_int(w->s, 3) };
	leaf.bytes = db_get_blob(w->s, 4, &leaf.len);
	if (!posting_unpack(&leaf, &list))
		return posting_damage(err);
	wait_with(w, list.list, list.n);
	return 0;
}

enum { READ_MAX = 16384 };

/*
 * Reads rows until at least one posting is beyond the next row's place, and as
 * many are read as are waiting: so the work of a step is in proportion to what
 * it reads. With very many accounts or postings of one instant, READ_MAX are
 * enough, to bound memory.
 */
static int read_rows(struct posting_walk *w, struct arena *arena, struct error *err)
{
	guint waiting = w->later->len;

	w->n_read = 0;
	w->partial = false;
	while (w->s && !w->partial) {
		int64_t place = place_of(w);

		if (take_row(w, arena, err) < 0 || next_row(w, err) < 0)
			return -1;
		if (w->s && place_of(w) != place && w->n_read >= MIN(waiting, READ_MAX))
			break;
		w->partial = w->s && place_of(w) == place && w->n_read >= READ_MAX;
	}
	return 0;
}

/* Is the posting in the stretch of the step? */
static bool is_complete(const struct posting_walk *w, const struct posting *p)
{
	if (!w->s)
		return true;
	return w->range.forwards ? p->effective_us <= w->edge_us : p->effective_us >= w->edge_us;
}

/*
 * Gives the step what is complete, and keeps the rest. The first WAITED postings
 * were kept before; the ids of the others are in ARENA.
 */
static void divide(struct posting_walk *w, guint waited, struct arena *arena)
{
	struct account_posting *all = (struct account_posting *)(void *)w->later->data;
	struct arena *rest = &w->ids[!w->used];
	guint left = 0;

	w->list = arena_array(arena, struct account_posting, w->later->len);
	for (guint i = 0; i < w->later->len; i++) {
		bool complete = is_complete(w, &all[i].posting);
		struct account_posting p = all[i];

		if (!complete || i < waited)
			p.posting.id = arena_strn(complete ? arena : rest, p.posting.id,
						  p.posting.id_len);
		if (complete)
			w->list[w->n++] = p;
		else
			all[left++] = p;
	}
	g_array_set_size(w->later, left);
	arena_reset(&w->ids[w->used]);
	w->used = !w->used;
}

int posting_walk_step(struct posting_walk *w, struct arena *arena, struct error *err)
{
	guint waited = w->later ? w->later->len : 0;

	w->list = NULL;
	w->n = 0;
	if (!w->s && !waited)
		return 0;
	if (read_rows(w, arena, err) < 0)
		return -1;
	if (!w->s)
		w->edge_us = w->range.forwards ? w->range.to_us - 1 : w->range.from_us;
	else if (w->partial)
		w->edge_us = place_of(w);
	else
		w->edge_us = w->range.forwards ? place_of(w) - 1 : place_of(w) + 1;
	divide(w, waited, arena);
	return 1;
}

void posting_walk_end(struct posting_walk *w)
{
	if (w->s)
		end_rows(w);
	if (w->later)
		g_array_free(w->later, TRUE);
	w->later = NULL;
	for (int i = 0; i < 2; i++)
		arena_release(&w->ids[i]);
}
