/*
 * style_tests.c - how names are spelled.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
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

enum { MANY = 1200 };

static char many[MANY][16];

static void *spell_many(void *arg)
{
	(void)arg;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			const struct spelled *pascal = style_spelled(SPELL_PASCAL, many[i]),
					     *flat = style_spelled(SPELL_FLAT, many[i]);
			char want[16];

			snprintf(want, sizeof(want), "Field%d", i);
			ck_assert_str_eq(pascal->text, want);
			ck_assert_uint_eq(pascal->len, strlen(want));
			want[0] = 'f';
			ck_assert_str_eq(flat->text, want);
			ck_assert_ptr_eq(style_spelled(SPELL_FLAT, many[i]), flat);
		}
	}
	return NULL;
}

START_TEST(threads_spell_many_names_each_once)
{
	pthread_t other;

	for (int i = 0; i < MANY; i++)
		snprintf(many[i], sizeof(many[i]), "field_%d", i);
	ck_assert_int_eq(pthread_create(&other, NULL, spell_many, NULL), 0);
	spell_many(NULL);
	pthread_join(other, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("style");
	TCase *tc = tcase_create("style");

	tcase_add_loop_test(tc, a_name_is_spelled_as_its_style_wants, 0, COUNT_OF(names));
	tcase_add_loop_test(tc, a_name_becomes_words_for_people, 0, COUNT_OF(human_names));
	tcase_add_test(tc, threads_spell_many_names_each_once);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
