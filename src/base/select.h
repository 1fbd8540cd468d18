/* select.h - sorts one page of a long list, without sorting all of it. */
#ifndef BASE_SELECT_H
#define BASE_SELECT_H

#include <stddef.h>

/* Compares two elements, as for qsort_r. */
typedef int select_compare(const void *a, const void *b, void *arg);

enum { SELECT_BYTES_MAX = 256 };

/*
 * Sorts one part of LIST, which has N elements of SIZE bytes (at most
 * SELECT_BYTES_MAX): places FROM to TO - 1 get the elements that sorting the
 * whole list would put there. The elements before and after this part are on
 * the right side, but unsorted. TO may be more than N. Costs a few comparisons
 * an element, at worst as many as sorting the whole list.
 */
void select_range(void *list, size_t n, size_t size, size_t from, size_t to,
		  select_compare *compare, void *arg);

#endif
