#include "store/sqlite/posting_sums.h"

#include <stdlib.h>
#include "store/sqlite/posting_table.h"
#include "base/banned.h"

static uint64_t mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

void posting_sum_add(struct posting_sum *sum, const struct posting *p)
{
	uint64_t hash = mix(mix(mix(0, (uint64_t)p->effective_us), (uint64_t)p->series),
			    (uint64_t)p->source);

	for (size_t i = 0; i < p->id_len; i++)
		hash = mix(hash, (unsigned char)p->id[i]);
	sum->hash += mix(hash, p->id_len);
	sum->n++;
}

struct posting_reader {
	struct store *st;
	struct stmt *s; /* at the first leaf not read yet; NULL at the end */
	struct arena arena;
	/*
	 * The current leaf. In a damaged ledger, leaves may overlap: then all
	 * that do, by time. A damaged leaf is a posting without an id.
	 */
	int64_t account;
	struct posting_list list;
	size_t at; /* the first posting that is in no sum yet */
	struct posting_sum sum;
	bool ready; /* `sum` holds an hour */
};

static int next_row(struct posting_reader *r, struct error *err)
{
	int rc = db_step(r->s, err);

	if (rc <= 0)
		r->s = NULL;
	return rc < 0 ? -1 : 0;
}

static void append_damage(struct posting_list *list, int64_t since_us)
{
	list->list = store_room(list->arena, list->list, list->n, &list->size, sizeof(*list->list));
	list->list[list->n++] = (struct posting) { .effective_us = since_us };
}

/* Appends the leaf in the current row. */
static int take_leaf(struct posting_reader *r, struct error *err)
{
	struct posting_leaf leaf = { .since_us = db_get_int(r->s, 1),
				     .last_us = db_get_int(r->s, 2) };

	leaf.bytes = db_get_blob(r->s, 3, &leaf.len);
	if (!posting_unpack(&leaf, &r->list))
		append_damage(&r->list, leaf.since_us);
	return next_row(r, err);
}

/* Does the next leaf begin before the end of the current ones? */
static bool overlaps(const struct posting_reader *r)
{
	return r->s && db_get_int(r->s, 0) == r->account &&
	       db_get_int(r->s, 1) < r->list.list[r->list.n - 1].effective_us;
}

static int next_leaf(struct posting_reader *r, struct error *err)
{
	arena_reset(&r->arena);
	r->list = (struct posting_list) { .arena = &r->arena };
	r->at = 0;
	if (!r->s)
		return 0;
	r->account = db_get_int(r->s, 0);
	if (take_leaf(r, err) < 0)
		return -1;
	while (overlaps(r)) {
		if (take_leaf(r, err) < 0)
			return -1;
		qsort(r->list.list, r->list.n, sizeof(*r->list.list), posting_compare_times);
	}
	return 0;
}

int posting_reader_new(struct store *st, const struct db_list *accounts,
		       struct posting_reader **ret, struct error *err)
{
	struct posting_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return error_set(err, ERR_INTERNAL, NULL, "out of memory");
	r->st = st;
	arena_init(&r->arena);
	r->s = prepare(st,
		       accounts ? "SELECT account, since, last, events FROM posting WHERE account"
				  " IN (SELECT a FROM list(?1)) ORDER BY account, since, part"
				: "SELECT account, since, last, events FROM posting"
				  " ORDER BY account, since, part",
		       err);
	if (accounts)
		db_bind_list(r->s, 1, accounts);
	if (!r->s || next_row(r, err) < 0 || next_leaf(r, err) < 0) {
		posting_reader_free(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

void posting_reader_free(struct posting_reader **r)
{
	if (!*r)
		return;
	db_reset((*r)->s);
	arena_release(&(*r)->arena);
	free(*r);
	*r = NULL;
}

/* The hour of what comes next in the current leaf. */
static int64_t current_hour(const struct posting_reader *r)
{
	return floor_div(r->list.list[r->at].effective_us, HOUR_US);
}

/* Adds what the current leaf has of the hour of the sum. */
static void sum_leaf(struct posting_reader *r)
{
	for (; r->at < r->list.n && current_hour(r) == r->sum.hour; r->at++) {
		const struct posting *p = &r->list.list[r->at];

		if (p->id)
			posting_sum_add(&r->sum, p);
		else
			r->sum.damaged = true;
	}
}

int posting_reader_peek(struct posting_reader *r, const struct posting_sum **ret, struct error *err)
{
	if (!r->ready && r->list.n) {
		r->sum = (struct posting_sum) { .account = r->account, .hour = current_hour(r) };
		while (r->list.n && r->account == r->sum.account &&
		       current_hour(r) == r->sum.hour) {
			sum_leaf(r);
			if (r->at < r->list.n)
				break;
			if (next_leaf(r, err) < 0)
				return -1;
		}
		r->ready = true;
	}
	*ret = r->ready ? &r->sum : NULL;
	return 0;
}

void posting_reader_pass(struct posting_reader *r)
{
	r->ready = false;
}
