#include "usage/postings.h"

#include <glib.h>
#include <stdlib.h>
#include "store/posting.h"
#include "base/banned.h"

struct account_refs {
	int64_t account;
	GArray *refs; /* struct posted */
};

struct postings {
	GHashTable *accounts;      /* a set of struct account_refs, by account */
	struct account_refs *last; /* that was added to; most often the next one, too */
};

static void account_refs_free(gpointer refs)
{
	g_array_free(((struct account_refs *)refs)->refs, TRUE);
	free(refs);
}

struct postings *postings_new(void)
{
	struct postings *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->accounts = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, account_refs_free);
	return p;
}

void postings_free(struct postings **p)
{
	if (!*p)
		return;
	g_hash_table_destroy((*p)->accounts);
	free(*p);
	*p = NULL;
}

void postings_clear(struct postings *p)
{
	g_hash_table_remove_all(p->accounts);
	p->last = NULL;
}

static struct account_refs *account_refs_of(struct postings *p, int64_t account)
{
	struct account_refs *b = g_hash_table_lookup(p->accounts, &account);

	if (b)
		return b;
	b = malloc(sizeof(*b));
	if (!b)
		abort();
	b->account = account;
	b->refs = g_array_new(FALSE, FALSE, sizeof(struct posted));
	g_hash_table_add(p->accounts, b);
	return b;
}

void postings_add(struct postings *p, int64_t account, const struct posted *ref)
{
	if (!p->last || p->last->account != account)
		p->last = account_refs_of(p, account);
	g_array_append_vals(p->last->refs, ref, 1);
}

static gint compare_accounts(gconstpointer a, gconstpointer b)
{
	const struct account_refs *x = *(const struct account_refs *const *)a;
	const struct account_refs *y = *(const struct account_refs *const *)b;

	return (x->account > y->account) - (x->account < y->account);
}

int postings_store(struct postings *p, struct store *st, struct error *err)
{
	GPtrArray *list = g_ptr_array_sized_new(g_hash_table_size(p->accounts));
	GHashTableIter it;
	gpointer key;
	int rc = 0;

	g_hash_table_iter_init(&it, p->accounts);
	while (g_hash_table_iter_next(&it, &key, NULL))
		g_ptr_array_add(list, key);
	g_ptr_array_sort(list, compare_accounts);
	for (guint i = 0; rc == 0 && i < list->len; i++) {
		const struct account_refs *b = g_ptr_array_index(list, i);

		rc = store_postings_add(st, b->account, (struct posted *)b->refs->data,
					b->refs->len, err);
	}
	g_ptr_array_free(list, TRUE);
	return rc;
}
