#include "usage/identity_order.h"

#include <string.h>
#include "usage/intern.h"
#include "base/banned.h"

/* The number of sources up to which a batch is partitioned by source. */
#define BUCKETS_MAX 64

void identity_order_init(struct identity_order *o)
{
	o->events = g_ptr_array_new();
	o->partitioned = g_ptr_array_new();
}

void identity_order_release(struct identity_order *o)
{
	g_ptr_array_free(o->events, TRUE);
	g_ptr_array_free(o->partitioned, TRUE);
}

static int compare_identities(const struct event *a, const struct event *b)
{
	size_t a_len = a->id_len, b_len = b->id_len;
	int order;

	if (a->source->id != b->source->id)
		return a->source->id < b->source->id ? -1 : 1;
	order = memcmp(a->id, b->id, a_len < b_len ? a_len : b_len);
	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static gint compare_order(gconstpointer a, gconstpointer b)
{
	return compare_identities(*(struct event *const *)a, *(struct event *const *)b);
}

/* The events of one source. */
struct bucket {
	int64_t source;
	const struct event *last;
	guint n, at; /* number of events; place of the next event */
};

static gint compare_buckets(gconstpointer a, gconstpointer b)
{
	int64_t x = ((const struct bucket *)a)->source, y = ((const struct bucket *)b)->source;

	return x < y ? -1 : x > y;
}

static struct bucket *find_bucket(GArray *buckets, int64_t source)
{
	for (guint i = 0; i < buckets->len; i++)
		if (g_array_index(buckets, struct bucket, i).source == source)
			return &g_array_index(buckets, struct bucket, i);
	return NULL;
}

/*
 * Counts the events of each source. False: there are too many sources, or the
 * events of one source are not in order.
 */
static bool fill_buckets(const struct identity_order *o, GArray *buckets)
{
	for (guint i = 0; i < o->events->len; i++) {
		const struct event *ev = identity_order_at(o, i);
		struct bucket *b = find_bucket(buckets, ev->source->id);

		if (!b) {
			if (buckets->len == BUCKETS_MAX)
				return false;
			g_array_set_size(buckets, buckets->len + 1);
			b = &g_array_index(buckets, struct bucket, buckets->len - 1);
			*b = (struct bucket) { .source = ev->source->id };
		}
		if (b->last && compare_identities(b->last, ev) > 0)
			return false;
		b->last = ev;
		b->n++;
	}
	return true;
}

/* Sets o->events to the events of all buckets, source by source. */
static void empty_buckets(struct identity_order *o, GArray *buckets)
{
	GPtrArray *swap = o->events;
	guint at = 0;

	g_array_sort(buckets, compare_buckets);
	for (guint i = 0; i < buckets->len; i++) {
		struct bucket *b = &g_array_index(buckets, struct bucket, i);

		b->at = at;
		at += b->n;
	}
	g_ptr_array_set_size(o->partitioned, (gint)o->events->len);
	for (guint i = 0; i < o->events->len; i++) {
		struct event *ev = identity_order_at(o, i);

		o->partitioned->pdata[find_bucket(buckets, ev->source->id)->at++] = ev;
	}
	o->events = o->partitioned;
	o->partitioned = swap;
}

/*
 * Orders the events by source. This is faster than sorting: the events of one
 * source mostly come in order, even if sources are mixed. False: fill_buckets
 * failed.
 */
static bool partition_by_source(struct identity_order *o)
{
	GArray *buckets = g_array_sized_new(FALSE, FALSE, sizeof(struct bucket), BUCKETS_MAX);
	bool ordered = fill_buckets(o, buckets);

	if (ordered)
		empty_buckets(o, buckets);
	g_array_free(buckets, TRUE);
	return ordered;
}

/* Most batches are in this order already. */
void identity_order_set(struct identity_order *o, const GPtrArray *sent)
{
	bool ordered = true;

	g_ptr_array_set_size(o->events, 0);
	for (guint i = 0; i < sent->len; i++) {
		struct event *ev = g_ptr_array_index(sent, i);

		if (ev->verdict == VERDICT_REJECTED)
			continue;
		if (ordered && o->events->len)
			ordered = compare_identities(identity_order_at(o, o->events->len - 1),
						     ev) <= 0;
		g_ptr_array_add(o->events, ev);
	}
	if (!ordered && !partition_by_source(o))
		g_ptr_array_sort(o->events, compare_order);
}

bool identity_order_repeats(const struct identity_order *o, size_t i)
{
	return i > 0 &&
	       compare_identities(identity_order_at(o, i - 1), identity_order_at(o, i)) == 0;
}
