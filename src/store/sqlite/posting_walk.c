#include "store/sqlite/posting_walk.h"

#include "store/lists.h"
#include "store/sqlite/posting_codec.h"
#include "base/banned.h"

/*
 * A queue of accounts, by the next place (hour or instant) at which each has
 * postings. SQLite takes the first account from the queue, and puts it back with
 * its place after that. ?1 is the list of accounts, ?2 the place to begin at.
 * Without a LIMIT, SQLite would drop the order of a query inside a join.
 */
#define NEXT(table, place, first, from, beyond, order)                                     \
	"WITH RECURSIVE next(account, place) AS ("                                         \
	"SELECT l.a, (SELECT " first "(" place ") FROM " table " account = l.a AND " place \
	" " from " ?2) FROM list(?1) l"                                                    \
	" UNION ALL SELECT n.account, (SELECT " first "(" place ") FROM " table            \
	" account = n.account AND " place " " beyond " n.place) FROM next n"               \
	" WHERE n.place IS NOT NULL ORDER BY 2 " order " LIMIT -1)"

#define POSTINGS(...)                                                           \
	NEXT("posting WHERE", "hour", __VA_ARGS__)                              \
	" SELECT n.account, n.place, p.events FROM next n CROSS JOIN posting p" \
	" WHERE p.account = n.account AND p.hour = n.place"

#define LATE(...)                                                                  \
	NEXT("closing_change WHERE kind = 1 AND", "effective_us", __VA_ARGS__)     \
	" SELECT n.account, n.place, e.series, c.source, c.event"                  \
	" FROM next n CROSS JOIN closing_change c CROSS JOIN event e"              \
	" WHERE c.kind = 1 AND c.account = n.account AND c.effective_us = n.place" \
	" AND e.source = c.source AND e.id = c.event"

static const char *const walks[2][2] = {
	{ POSTINGS("max", "<=", "<", "DESC"), POSTINGS("min", ">=", ">", "") },
	{ LATE("max", "<=", "<", "DESC"), LATE("min", ">=", ">", "") },
};

/* The length of a place. */
static int64_t place_us(const struct posting_walk *w)
{
	return w->range.late ? 1 : HOUR_US;
}

/* Reads the next row of the statement; at the end of the range, ends it. */
static int next_row(struct posting_walk *w, struct error *err)
{
	int rc = db_step(w->s, err);
	int64_t place;

	if (rc <= 0) {
		w->s = NULL;
		return rc;
	}
	place = db_get_int(w->s, 1);
	if (w->range.forwards ? place > floor_div(w->range.to_us - 1, place_us(w))
			      : place < floor_div(w->range.from_us, place_us(w)))
		posting_walk_end(w);
	return 0;
}

int posting_walk_begin(struct store *st, const struct posting_range *range, struct arena *arena,
		       struct posting_walk *ret, struct error *err)
{
	*ret = (struct posting_walk) { .range = *range };
	if (range->from_us >= range->to_us)
		return 0;
	ret->s = prepare(st, walks[range->late][range->forwards], err);
	bind_ids(ret->s, 1, arena, range->accounts, range->n_accounts);
	db_bind_int(ret->s, 2,
		    floor_div(range->forwards ? range->from_us : range->to_us - 1, place_us(ret)));
	return next_row(ret, err);
}

static void append(struct posting_walk *w, struct arena *arena, const struct posting *p)
{
	w->list = store_room(arena, w->list, w->n, &w->size, sizeof(*w->list));
	w->list[w->n++] = (struct account_posting) { db_get_int(w->s, 0), *p };
}

/* Appends the postings of the current row. */
static int take_row(struct posting_walk *w, struct arena *arena, int64_t place, struct error *err)
{
	struct posting_list list = { .arena = arena };
	size_t len;
	const void *bytes;

	if (w->range.late) {
		struct posting p = { .effective_us = place,
				     .series = db_get_int(w->s, 2),
				     .source = db_get_int(w->s, 3) };
		const char *id = db_get_text(w->s, 4, &p.id_len);

		p.id = arena_strn(arena, id, p.id_len);
		append(w, arena, &p);
		return 0;
	}
	bytes = db_get_blob(w->s, 2, &len);
	if (!posting_unpack(bytes, len, place, &list))
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger's references to events are damaged: run "
				 "\"usaged rebuild\"");
	for (size_t i = 0; i < list.n; i++)
		append(w, arena, &list.list[i]);
	return 0;
}

int posting_walk_step(struct posting_walk *w, struct arena *arena, struct error *err)
{
	int64_t place;

	w->list = NULL;
	w->n = w->size = 0;
	if (!w->s)
		return 0;
	place = db_get_int(w->s, 1);
	w->edge_us = w->range.forwards ? (place + 1) * place_us(w) - 1 : place * place_us(w);
	while (w->s && db_get_int(w->s, 1) == place)
		if (take_row(w, arena, place, err) < 0 || next_row(w, err) < 0) {
			posting_walk_end(w);
			return -1;
		}
	return 1;
}

void posting_walk_end(struct posting_walk *w)
{
	db_reset(w->s);
	w->s = NULL;
}
