/*
 * move_check.c - compares two ledgers of which one was moved to the other.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/civil.h"
#include "store/account.h"
#include "store/move.h"
#include "store/move_event.h"
#include "base/banned.h"

struct move_check {
	struct store *from, *to;
	const struct move_calls *calls;
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void report(struct move_check *c, const char *fmt, ...)
{
	char words[320];
	va_list ap;

	c->n++;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	c->calls->difference(c->calls->arg, words);
}

static int check_tables(struct move_check *c, struct error *err)
{
	for (size_t i = 0; i < move_n_tables; i++) {
		struct move_sum from, to;

		if (move_table_sum(c->from, &move_tables[i], &from, err) < 0 ||
		    move_table_sum(c->to, &move_tables[i], &to, err) < 0)
			return -1;
		if (from.n != to.n)
			report(c, "table %s: %" PRId64 " rows, and %" PRId64 " in the target",
			       move_tables[i].name, from.n, to.n);
		else if (from.hash != to.hash)
			report(c, "table %s: some of its %" PRId64 " rows differ",
			       move_tables[i].name, from.n);
	}
	return 0;
}

static void report_month(struct move_check *c, const struct move_month *key,
			 const struct move_sum *from, const struct move_sum *to)
{
	int64_t year = floor_div(key->month, 12), month = key->month - year * 12 + 1;

	if (from->n != to->n)
		report(c,
		       "account %" PRId64 ", %04" PRId64 "-%02" PRId64 ": %" PRId64
		       " events, and %" PRId64 " in the target",
		       key->account, year, month, from->n, to->n);
	else if (from->hash != to->hash)
		report(c,
		       "account %" PRId64 ", %04" PRId64 "-%02" PRId64 ": some of %" PRId64
		       " events differ",
		       key->account, year, month, from->n);
}

static void check_months(struct move_check *c, GHashTable *from, GHashTable *to)
{
	static const struct move_sum none;
	GHashTableIter all;
	void *key;

	g_hash_table_iter_init(&all, from);
	while (g_hash_table_iter_next(&all, &key, NULL)) {
		const struct move_month *m = key, *other = g_hash_table_lookup(to, m);

		report_month(c, m, &m->sum, other ? &other->sum : &none);
	}
	g_hash_table_iter_init(&all, to);
	while (g_hash_table_iter_next(&all, &key, NULL)) {
		const struct move_month *m = key;

		if (!g_hash_table_contains(from, m))
			report_month(c, m, &none, &m->sum);
	}
}

static int check_events(struct move_check *c, int64_t *ret_events, struct error *err)
{
	GHashTable *from = move_events_sum(c->from, c->calls, ret_events, err), *to = NULL;

	if (from)
		to = move_events_sum(c->to, c->calls, ret_events, err);
	if (to)
		check_months(c, from, to);
	if (from)
		g_hash_table_destroy(from);
	if (!to)
		return -1;
	g_hash_table_destroy(to);
	return 0;
}

int store_move_check(struct store *from, struct store *to, const struct move_calls *calls,
		     size_t *ret_n, int64_t *ret_events, struct error *err)
{
	struct move_check c = { .from = from, .to = to, .calls = calls };
	int rc;

	if (store_begin_read(from, err) < 0)
		return -1;
	rc = store_begin_read(to, err);
	if (rc == 0)
		rc = check_tables(&c, err);
	if (rc == 0)
		rc = check_events(&c, ret_events, err);
	store_end(to);
	store_end(from);
	*ret_n = c.n;
	return rc;
}
