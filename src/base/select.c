#include "base/select.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum {
	FEW = 16, /* ranges up to this size are sorted at once */
	PATIENCE =
		/*
		 * comparisons allowed per element before sorting; two or three
		 * are usual
		 */
	6
};

struct selection {
	char *list;
	size_t size;
	select_compare *compare;
	void *arg;
};

static char *at(const struct selection *s, size_t i)
{
	return s->list + i * s->size;
}

static void swap(const struct selection *s, size_t i, size_t j)
{
	char element[SELECT_BYTES_MAX];

	memcpy(element, at(s, i), s->size);
	memcpy(at(s, i), at(s, j), s->size);
	memcpy(at(s, j), element, s->size);
}

static bool before(const struct selection *s, size_t i, size_t j)
{
	return s->compare(at(s, i), at(s, j), s->arg) < 0;
}

/* A pseudo-random place of [FROM, TO), since lists are often partly sorted. */
static size_t any_place(size_t from, size_t to, uint64_t salt)
{
	return from +
	       (size_t)(((from ^ to << 20 ^ salt << 40) * 0x9e3779b97f4a7c15u >> 16) % (to - from));
}

/* Puts the median of three elements at FROM. */
static void choose_pivot(const struct selection *s, size_t from, size_t to)
{
	size_t a = any_place(from, to, 1), b = any_place(from, to, 2), c = any_place(from, to, 3),
	       t;

	if (before(s, b, a))
		t = a, a = b, b = t;
	if (before(s, c, b))
		b = before(s, c, a) ? a : c;
	swap(s, from, b);
}

/*
 * Partitions [FROM, TO) around the pivot at FROM and returns the pivot's new
 * place.
 */
static size_t divide(const struct selection *s, size_t from, size_t to)
{
	size_t low = from + 1, high = to - 1;

	choose_pivot(s, from, to);
	for (;;) {
		while (low <= high && before(s, low, from))
			low++;
		while (low <= high && before(s, from, high))
			high--;
		if (low >= high)
			break;
		swap(s, low++, high--);
	}
	swap(s, from, high);
	return high;
}

/*
 * Moves the element that belongs at K of the sorted range [FROM, TO) to K.
 * Smaller elements are then before K, larger ones after K.
 */
static void place(const struct selection *s, size_t from, size_t to, size_t k)
{
	size_t patience = PATIENCE * (to - from);

	while (to - from > FEW) {
		size_t pivot;

		/* too many bad pivots: sort the rest */
		if (patience < to - from)
			break;
		patience -= to - from;
		pivot = divide(s, from, to);
		if (pivot == k)
			return;
		if (pivot < k)
			from = pivot + 1;
		else
			to = pivot;
	}
	qsort_r(at(s, from), to - from, s->size, s->compare, s->arg);
}

void select_range(void *list, size_t n, size_t size, size_t from, size_t to,
		  select_compare *compare, void *arg)
{
	struct selection s = { list, size, compare, arg };

	assert(size <= SELECT_BYTES_MAX);
	if (to > n)
		to = n;
	if (from >= to)
		return;
	if (from > 0)
		place(&s, 0, n, from);
	if (to < n)
		place(&s, from, n, to);
	qsort_r(at(&s, from), to - from, size, compare, arg);
}
