/*
 * arena_tests.c - memory that is released at once.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

static bool all_are(const unsigned char *bytes, size_t len, unsigned char value)
{
	while (len > 0 && bytes[len - 1] == value)
		len--;
	return len == 0;
}

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
	struct arena a;
	unsigned char *pieces[2000];

	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
			ROW("piece %zu", i);
			pieces[i] = arena_alloc(&a, i);
			ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
			ck_assert(all_are(pieces[i], i, 0));
			memset(pieces[i], (int)(i % 255 + 1), i);
		}
		for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
			ck_assert(all_are(pieces[i], i, (unsigned char)(i % 255 + 1)));
		arena_reset(&a);
	}
	arena_release(&a);
}
END_TEST

START_TEST(a_piece_larger_than_any_block_fits)
{
	struct arena a;
	char *large, *small;

	arena_init(&a);
	large = arena_alloc(&a, 5000000);
	small = arena_str(&a, "small");
	large[4999999] = 'x';
	ck_assert_str_eq(small, "small");
	arena_reset(&a);
	ck_assert_str_eq(arena_str(&a, "again"), "again");
	arena_release(&a);
	arena_release(&a);
	ck_assert_str_eq(arena_str(&a, "usable"), "usable");
	arena_release(&a);
}
END_TEST

START_TEST(a_grown_piece_keeps_its_bytes_and_zeroes_the_rest)
{
	struct arena a;
	unsigned char *list = NULL;

	arena_init(&a);
	/* In place, and with another piece behind it that has to stay. */
	for (size_t size = 0; size < 2100; size += 7) {
		char *behind = size % 3 == 0 ? arena_str(&a, "behind") : NULL;

		list = arena_grow(&a, list, size, size + 7);
		ck_assert(all_are(list, size, 'x'));
		ck_assert(all_are(list + size, 7, 0));
		memset(list + size, 'x', 7);
		if (behind)
			ck_assert_str_eq(behind, "behind");
	}
	arena_release(&a);
}
END_TEST

START_TEST(texts_of_an_arena_are_copies)
{
	struct arena a;
	char source[] = "source";
	const char *copy, *part;

	arena_init(&a);
	copy = arena_str(&a, source);
	part = arena_strn(&a, source, 3);
	source[0] = 'S';
	ck_assert_str_eq(copy, "source");
	ck_assert_str_eq(part, "sou");
	ck_assert_ptr_null(arena_str(&a, NULL));
	ck_assert_str_eq(arena_strn(&a, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&a, "%s-%03d", copy, 7), "source-007");
	ck_assert_uint_eq(strlen(arena_printf(&a, "%0100000d", 1)), 100000);
	arena_release(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, pieces_are_zeroed_aligned_and_apart);
	tcase_add_test(tc, a_piece_larger_than_any_block_fits);
	tcase_add_test(tc, a_grown_piece_keeps_its_bytes_and_zeroes_the_rest);
	tcase_add_test(tc, texts_of_an_arena_are_copies);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
