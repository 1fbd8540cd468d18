/*
 * style_tests.c - how names are spelled.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "documents.h"
#include "suite.h"
#include "base/banned.h"

static const struct {
	enum spelling spelling;
	const char *name, *spelled;
} names[] = {
	{ SPELL_AS_IS, "account_sid", "account_sid" },
	{ SPELL_PASCAL, "account_sid", "AccountSid" },
	{ SPELL_PASCAL, "uri", "Uri" },
	{ SPELL_PASCAL, "AIMinutes", "AIMinutes" },
	{ SPELL_CAMEL, "AIMinutes", "aiMinutes" },
	{ SPELL_CAMEL, "AccountSid", "accountSid" },
	{ SPELL_CAMEL, "Uri", "uri" },
	{ SPELL_CAMEL, "URI", "uri" },
	{ SPELL_CAMEL, "A", "a" },
	{ SPELL_CAMEL, "alreadyCamelCASE", "alreadyCamelCASE" },
	{ SPELL_FLAT, "page_size", "pagesize" },
	{ SPELL_FLAT, "first_page_uri", "firstpageuri" },
};

START_TEST(a_name_is_spelled_as_its_style_wants)
{
	struct strbuf out;

	strbuf_init(&out, 100);
	style_spell(&out, names[_i].spelling, names[_i].name);
	ck_assert_str_eq(out.text, names[_i].spelled);
	strbuf_release(&out);
}
END_TEST

static const struct {
	const char *name, *words;
} human_names[] = {
	{ "account_sid", "Account SID" },
	{ "AIMinutes", "AI minutes" },
	{ "UsageRecordInfo", "Usage record info" },
	{ "iso_country", "ISO country" },
	{ "Uri", "URI" },
	{ "data_total_billed", "Data total billed" },
	{ "AccountId", "Account ID" },
};

START_TEST(a_name_becomes_words_for_people)
{
	struct strbuf out;

	strbuf_init(&out, 100);
	style_humanise(&out, human_names[_i].name);
	ck_assert_str_eq(out.text, human_names[_i].words);
	strbuf_release(&out);
}
END_TEST

START_TEST(a_speller_holds_more_names_than_it_has_slots)
{
	static char many[200][16];
	struct speller *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 200; i++) {
			char want[16];
			const struct spelled *got;

			snprintf(many[i], sizeof(many[i]), "field_%d", i);
			snprintf(want, sizeof(want), "Field%d", i);
			got = speller_spell(s, SPELL_PASCAL, many[i]);
			ck_assert_str_eq(got->text, want);
			ck_assert_uint_eq(got->len, strlen(want));
		}
	}
	free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("style");
	TCase *tc = tcase_create("style");

	tcase_add_loop_test(tc, a_name_is_spelled_as_its_style_wants, 0, COUNT_OF(names));
	tcase_add_loop_test(tc, a_name_becomes_words_for_people, 0, COUNT_OF(human_names));
	tcase_add_test(tc, a_speller_holds_more_names_than_it_has_slots);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
