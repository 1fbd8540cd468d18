#include "usage/posting_batch.h"

#include <glib.h>
#include <stdlib.h>
#include "store/posting.h"
#include "base/banned.h"

struct account_postings {
	int64_t account;
	GArray *postings; /* struct posting */
};

struct posting_batch {
	GHashTable *accounts; /* a set of struct account_postings, by account */
	/*
	 * the account of the last posting; mostly the next posting has it, too
	 */
	struct account_postings *last;
};

static void account_postings_free(gpointer p)
{
	g_array_free(((struct account_postings *)p)->postings, TRUE);
	free(p);
}

struct posting_batch *posting_batch_new(void)
{
	struct posting_batch *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->accounts = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
					    account_postings_free);
	return b;
}

void posting_batch_free(struct posting_batch **b)
{
	if (!*b)
		return;
	g_hash_table_destroy((*b)->accounts);
	free(*b);
	*b = NULL;
}

void posting_batch_clear(struct posting_batch *b)
{
	g_hash_table_remove_all(b->accounts);
	b->last = NULL;
}

static struct account_postings *account_postings_of(struct posting_batch *b, int64_t account)
{
	struct account_postings *a = g_hash_table_lookup(b->accounts, &account);

	if (a)
		return a;
	a = malloc(sizeof(*a));
	if (!a)
		abort();
	a->account = account;
	a->postings = g_array_new(FALSE, FALSE, sizeof(struct posting));
	g_hash_table_add(b->accounts, a);
	return a;
}

void posting_batch_add(struct posting_batch *b, int64_t account, const struct posting *posting)
{
	if (!b->last || b->last->account != account)
		b->last = account_postings_of(b, account);
	g_array_append_vals(b->last->postings, posting, 1);
}

static gint compare_accounts(gconstpointer a, gconstpointer b)
{
	const struct account_postings *x = *(const struct account_postings *const *)a;
	const struct account_postings *y = *(const struct account_postings *const *)b;

	return (x->account > y->account) - (x->account < y->account);
}

int posting_batch_store(struct posting_batch *b, struct store *st, struct error *err)
{
	GPtrArray *list = g_ptr_array_sized_new(g_hash_table_size(b->accounts));
	GHashTableIter it;
	gpointer key;
	int rc = 0;

	g_hash_table_iter_init(&it, b->accounts);
	while (g_hash_table_iter_next(&it, &key, NULL))
		g_ptr_array_add(list, key);
	g_ptr_array_sort(list, compare_accounts);
	for (guint i = 0; rc == 0 && i < list->len; i++) {
		const struct account_postings *a = g_ptr_array_index(list, i);

		rc = store_postings_add(st, a->account, (struct posting *)a->postings->data,
					a->postings->len, err);
	}
	g_ptr_array_free(list, TRUE);
	return rc;
}
