/*
 * int_order.h - the ascending order of numbers, for qsort and bsearch.
 */
#ifndef BASE_INT_ORDER_H
#define BASE_INT_ORDER_H

#include <stdint.h>

/* A and B point to an int64_t each. */
static inline int int_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

#endif
