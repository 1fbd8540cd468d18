/* select.h - sorts one page of a long list, without sorting all of it. */
#ifndef BASE_SELECT_H
#define BASE_SELECT_H

#include <stddef.h>

/* As of qsort_r. */
typedef int select_compare(const void *a, const void *b, void *arg);

enum { SELECT_BYTES_MAX = 256 };

/*
 * Puts the elements that would be at FROM to TO - 1 if LIST, N elements of SIZE
 * bytes (at most SELECT_BYTES_MAX), were sorted there, in order; those before
 * them come before, those after them behind, in no order. TO may be more than
 * N. Costs a few comparisons an element, and as a sort of all of them at worst.
 */
void select_range(void *list, size_t n, size_t size, size_t from, size_t to,
		  select_compare *compare, void *arg);

#endif
