#include "api/request_counts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

const int counted_statuses[COUNTED_STATUSES] = { 200, 201, 202, 204, 206, 207, 302, 303, 304,
						 400, 401, 403, 404, 405, 406, 408, 409, 411,
						 413, 415, 422, 429, 500, 502, 503, 504, 0 };

/* The requests of one operation that one thread has answered. */
struct operation_count {
	counter by_status[COUNTED_STATUSES];
	struct histogram times;
};

struct request_count {
	const struct request_counts *of;
	struct request_count *next;
	/* one for each operation, and one for requests without an operation */
	struct operation_count operations[];
};

struct request_counts {
	const struct op *const *table;
	size_t n;             /* operations in the table */
	pthread_mutex_t lock; /* protects FIRST */
	struct request_count *first;
};

struct request_counts *request_counts_new(const struct op *const *table)
{
	struct request_counts *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->table = table;
	while (table[c->n])
		c->n++;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void request_counts_free(struct request_counts **c)
{
	if (!*c)
		return;
	for (struct request_count *part = (*c)->first, *next; part; part = next) {
		next = part->next;
		free(part);
	}
	pthread_mutex_destroy(&(*c)->lock);
	free(*c);
	*c = NULL;
}

struct request_count *request_counts_join(struct request_counts *c)
{
	struct request_count *part = calloc(1, sizeof(*part) +
						       (c->n + 1) * sizeof(part->operations[0]));

	if (!part)
		abort();
	part->of = c;
	pthread_mutex_lock(&c->lock);
	part->next = c->first;
	c->first = part;
	pthread_mutex_unlock(&c->lock);
	return part;
}

static size_t number_of(const struct request_counts *c, const struct op *op)
{
	size_t i = 0;

	while (i < c->n && c->table[i] != op)
		i++;
	return i;
}

void request_count_add(struct request_count *c, const struct op *op, int status, int64_t us)
{
	struct operation_count *o = &c->operations[number_of(c->of, op)];
	size_t s = 0;

	while (s < COUNTED_STATUSES - 1 && counted_statuses[s] != status)
		s++;
	counter_add(&o->by_status[s], 1);
	histogram_add(&o->times, us);
}

bool request_counts_read(struct request_counts *c, size_t i, struct request_sums *ret)
{
	if (i > c->n)
		return false;
	*ret = (struct request_sums) { .op = c->table[i] };
	pthread_mutex_lock(&c->lock);
	for (const struct request_count *part = c->first; part; part = part->next) {
		const struct operation_count *o = &part->operations[i];

		for (size_t s = 0; s < COUNTED_STATUSES; s++)
			ret->by_status[s] += counter_read(&o->by_status[s]);
		histogram_read(&o->times, &ret->times);
	}
	pthread_mutex_unlock(&c->lock);
	return true;
}
