#include "usage/series_quota.h"

#include <glib.h>
#include <stdlib.h>

#include "base/banned.h"

struct series_quota {
	int64_t most;
	int64_t day, made; /* MADE counts for DAY */
	int64_t taken;     /* counted in a write that is not settled yet */
};

struct series_quotas {
	int64_t most;
	GHashTable *by_sender;
};

struct series_quotas *series_quotas_new(int64_t most)
{
	struct series_quotas *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	q->most = most;
	q->by_sender = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return q;
}

void series_quotas_free(struct series_quotas **q)
{
	if (!*q)
		return;
	g_hash_table_destroy((*q)->by_sender);
	free(*q);
	*q = NULL;
}

struct series_quota *series_quota_of(struct series_quotas *q, const char *sender)
{
	struct series_quota *of = g_hash_table_lookup(q->by_sender, sender);

	if (!of) {
		of = g_new0(struct series_quota, 1);
		of->most = q->most;
		g_hash_table_insert(q->by_sender, g_strdup(sender), of);
	}
	return of;
}

bool series_quota_left(struct series_quota *q, int64_t day, int64_t *ret_most)
{
	if (q->day != day) {
		q->day = day;
		q->made = 0;
	}
	*ret_most = q->most;
	return q->made + q->taken < q->most;
}

void series_quota_take(struct series_quota *q)
{
	q->taken++;
}

void series_quota_settle(struct series_quota *q, bool undone)
{
	if (!undone)
		q->made += q->taken;
	q->taken = 0;
}
