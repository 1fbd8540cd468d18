#include "usage/identity_order.h"

#include <string.h>
#include "usage/intern.h"
#include "base/banned.h"

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

static int compare_ids(const struct event *a, const struct event *b)
{
	int order = memcmp(a->id, b->id, a->id_len < b->id_len ? a->id_len : b->id_len);

	return order ? order : (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

static int compare_identities(const struct event *a, const struct event *b)
{
	if (a->source->id != b->source->id)
		return a->source->id < b->source->id ? -1 : 1;
	return compare_ids(a, b);
}

static gint compare_order(gconstpointer a, gconstpointer b, gpointer arg)
{
	(void)arg;
	return compare_ids(*(struct event *const *)a, *(struct event *const *)b);
}

/* The events of one source. */
struct bucket {
	struct intern_text *source;
	const struct event *last;
	guint n, at; /* number of events; place of the next event */
	bool unordered;
};

static gint compare_buckets(gconstpointer a, gconstpointer b)
{
	int64_t x = ((const struct bucket *)a)->source->id;
	int64_t y = ((const struct bucket *)b)->source->id;

	return (x > y) - (x < y);
}

static struct bucket *bucket_of(GArray *buckets, const struct event *ev)
{
	return &g_array_index(buckets, struct bucket, ev->source->bucket - 1);
}

/* Counts the events of each source, and numbers the sources. */
static void fill_buckets(const struct identity_order *o, GArray *buckets)
{
	for (guint i = 0; i < o->events->len; i++) {
		const struct event *ev = identity_order_at(o, i);
		struct bucket *b;

		if (!ev->source->bucket) {
			struct bucket new = { .source = ev->source };

			g_array_append_val(buckets, new);
			ev->source->bucket = buckets->len;
		}
		b = bucket_of(buckets, ev);
		b->unordered = b->unordered || (b->last && compare_ids(b->last, ev) > 0);
		b->last = ev;
		b->n++;
	}
}

/* Sets o->events to the events of all buckets, source by source. */
static void empty_buckets(struct identity_order *o, GArray *buckets)
{
	GPtrArray *swap = o->events;
	guint at = 0;

	g_array_sort(buckets, compare_buckets);
	for (guint i = 0; i < buckets->len; i++) {
		struct bucket *b = &g_array_index(buckets, struct bucket, i);

		b->source->bucket = i + 1;
		b->at = at;
		at += b->n;
	}
	g_ptr_array_set_size(o->partitioned, (gint)o->events->len);
	for (guint i = 0; i < o->events->len; i++) {
		struct event *ev = identity_order_at(o, i);

		o->partitioned->pdata[bucket_of(buckets, ev)->at++] = ev;
	}
	o->events = o->partitioned;
	o->partitioned = swap;
}

/*
 * Orders the events by source, and then those of each source. This is faster
 * than sorting them all: the events of one source mostly come in order, even if
 * sources are mixed.
 */
static void sort_by_source(struct identity_order *o)
{
	GArray *buckets = g_array_new(FALSE, FALSE, sizeof(struct bucket));

	fill_buckets(o, buckets);
	empty_buckets(o, buckets);
	for (guint i = 0; i < buckets->len; i++) {
		struct bucket *b = &g_array_index(buckets, struct bucket, i);

		b->source->bucket = 0;
		if (b->unordered)
			g_qsort_with_data(o->events->pdata + b->at - b->n, (gint)b->n,
					  sizeof(gpointer), compare_order, NULL);
	}
	g_array_free(buckets, TRUE);
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
	if (!ordered)
		sort_by_source(o);
}

bool identity_order_repeats(const struct identity_order *o, size_t i)
{
	return i > 0 &&
	       compare_identities(identity_order_at(o, i - 1), identity_order_at(o, i)) == 0;
}
