/*
 * move_check.c - compares two ledgers of which one was moved to the other.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/civil.h"
#include "base/int_order.h"
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

/* Names an account of either ledger in RET. */
static void name_account(struct move_check *c, int64_t id, char *ret, size_t size)
{
	struct account a;
	struct arena arena;

	arena_init(&arena);
	if (store_account_by_id(c->from, id, &arena, &a, NULL) > 0 ||
	    store_account_by_id(c->to, id, &arena, &a, NULL) > 0)
		snprintf(ret, size, "account %s", a.sid);
	else
		snprintf(ret, size, "the unknown account %" PRId64, id);
	arena_release(&arena);
}

static void report_month(struct move_check *c, const struct move_month *key,
			 const struct move_sum *from, const struct move_sum *to)
{
	int64_t year = floor_div(key->month, 12), month = key->month - year * 12 + 1;
	char account[64];

	if (from->n == to->n && from->hash == to->hash)
		return;
	name_account(c, key->account, account, sizeof(account));
	if (from->n != to->n)
		report(c,
		       "%s, %04" PRId64 "-%02" PRId64 ": %" PRId64 " events, and %" PRId64
		       " in the target",
		       account, year, month, from->n, to->n);
	else
		report(c, "%s, %04" PRId64 "-%02" PRId64 ": some of %" PRId64 " events differ",
		       account, year, month, from->n);
}

static gint compare_months(gconstpointer a, gconstpointer b)
{
	const struct move_month *x = *(const struct move_month *const *)a,
				*y = *(const struct move_month *const *)b;
	int order = int_order(&x->account, &y->account);

	return order ? order : int_order(&x->month, &y->month);
}

/* Adds the keys of MONTHS that are not in OTHERS, which may be NULL. */
static void add_keys(GPtrArray *keys, GHashTable *months, GHashTable *others)
{
	GHashTableIter all;
	void *key;

	g_hash_table_iter_init(&all, months);
	while (g_hash_table_iter_next(&all, &key, NULL))
		if (!others || !g_hash_table_contains(others, key))
			g_ptr_array_add(keys, key);
}

/* Reports in the order of accounts and months. */
static void check_months(struct move_check *c, GHashTable *from, GHashTable *to)
{
	static const struct move_month none;
	GPtrArray *keys = g_ptr_array_new();

	add_keys(keys, from, NULL);
	add_keys(keys, to, from);
	g_ptr_array_sort(keys, compare_months);
	for (guint i = 0; i < keys->len; i++) {
		const struct move_month *m = g_hash_table_lookup(from, keys->pdata[i]),
					*other = g_hash_table_lookup(to, keys->pdata[i]);

		report_month(c, keys->pdata[i], &(m ? m : &none)->sum,
			     &(other ? other : &none)->sum);
	}
	g_ptr_array_free(keys, TRUE);
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
