/*
 * select_tests.c - some of many elements in their order.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/select.h"
#include "suite.h"
#include "base/banned.h"

enum { MOST = 5000 };

struct element {
	int key, number;
	char fill[24];
};

static struct element list[MOST], sorted[MOST];
static size_t compared;
static unsigned seed = 7;

static int by_key(const void *a, const void *b, void *arg)
{
	const struct element *x = a, *y = b;

	(void)arg;
	compared++;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static int pick(int n)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 8) % n;
}

static int key_of(int kind, int i, int n)
{
	switch (kind) {
	case 0:
		return pick(n);
	case 1:
		return i;
	case 2:
		return n - i;
	case 3:
		return 0;
	case 4:
		return i < n / 2 ? i : n - i; /* up and down again */
	case 5:
		return i % 2 ? i : n - i;
	case 6:
		return pick(3);
	default:
		return i == n / 2 ? -1 : i;
	}
}

static void fill(int kind, int n)
{
	for (int i = 0; i < n; i++) {
		list[i] = (struct element) { .key = key_of(kind, i, n), .number = i };
		memset(list[i].fill, i % 100, sizeof(list[i].fill));
	}
	memcpy(sorted, list, sizeof(list));
	qsort_r(sorted, (size_t)n, sizeof(*sorted), by_key, NULL);
}

START_TEST(the_chosen_ones_are_those_of_a_sorted_list)
{
	static const int sizes[] = { 0, 1, 2, 3, 17, 100, 1000, MOST };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		int n = sizes[s];

		ROW("%d elements", sizes[s]);
		for (int round = 0; round < 12; round++) {
			size_t from = (size_t)pick(n + 2),
			       to = from + (size_t)pick(round < 6 ? 60 : n + 2);

			fill(_i, n);
			select_range(list, (size_t)n, sizeof(*list), from, to, by_key, NULL);
			for (size_t i = 0; i < (size_t)n; i++) {
				if (i >= from && i < to)
					ck_assert_int_eq(
						memcmp(&list[i], &sorted[i], sizeof(*list)), 0);
				else if (i < from && from < (size_t)n && to > from)
					ck_assert(by_key(&list[i], &sorted[from], NULL) < 0);
				else if (i >= to && to > from)
					ck_assert(by_key(&list[i], &sorted[to - 1], NULL) > 0);
			}
		}
	}
}
END_TEST

START_TEST(a_page_costs_some_comparisons_an_element)
{
	fill(_i, MOST);
	compared = 0;
	select_range(list, MOST, sizeof(*list), MOST / 2, MOST / 2 + 50, by_key, NULL);
	/* to sort all of them costs about 12 for each at most */
	ck_assert_msg(compared < 9 * (size_t)MOST, "%zu comparisons of %d elements", compared,
		      MOST);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("select");
	TCase *tc = tcase_create("select");

	tcase_add_loop_test(tc, the_chosen_ones_are_those_of_a_sorted_list, 0, 8);
	tcase_add_loop_test(tc, a_page_costs_some_comparisons_an_element, 0, 8);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
