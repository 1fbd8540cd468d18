/*
 * uuid_tests.c - UUIDs as bytes, and other texts that look like them.
 */
#include <check.h>
#include <string.h>
#include "base/uuid.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

static const struct {
	const char *text;
	bool canonical;
} texts[] = {
	{ "00000000-0000-0000-0000-000000000000", true },
	{ "ffffffff-ffff-ffff-ffff-ffffffffffff", true },
	{ "01234567-89ab-cdef-0f1e-2d3c4b5a6978", true },
	{ "01234567-89AB-cdef-0f1e-2d3c4b5a6978", false },
	{ "01234567-89ab-cdef-0f1e-2d3c4b5a697g", false },
	{ "01234567-89ab-cdef-0f1e-2d3c4b5a697", false },
	{ "01234567-89ab-cdef-0f1e-2d3c4b5a69780", false },
	{ "0123456789-ab-cdef-0f1e-2d3c4b5a6978", false },
	{ "01234567_89ab_cdef_0f1e_2d3c4b5a6978", false },
	{ "{1234567-89ab-cdef-0f1e-2d3c4b5a697}", false },
	{ "", false },
};

START_TEST(only_canonical_uuids_become_bytes_and_come_back)
{
	unsigned char bytes[UUID_BYTES];
	char text[UUID_TEXT];
	size_t len = strlen(texts[_i].text);

	ROW("%s", texts[_i].text);
	ck_assert_int_eq(uuid_pack(texts[_i].text, len, bytes), texts[_i].canonical);
	if (!texts[_i].canonical)
		return;
	uuid_unpack(bytes, text);
	ck_assert_mem_eq(text, texts[_i].text, UUID_TEXT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("uuid");
	TCase *tc = tcase_create("uuid");

	tcase_add_loop_test(tc, only_canonical_uuids_become_bytes_and_come_back, 0,
			    (int)(sizeof(texts) / sizeof(texts[0])));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
