/*
 * feeds_tests.c - bodies of other programs' records.
 */
#include <check.h>
#include <string.h>
#include "api/feeds.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

static struct error err;
static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_release(&arena);
}

/* As switch_url_encode and switch_b64_encode make them. */
static const struct {
	const char *type, *body, *json;
} good[] = {
	{ "application/json", "{\"a\":1}", "{\"a\":1}" },
	{ "Application/JSON; charset=utf-8", "{}", "{}" },
	{ "application/x-www-form-urlencoded", "cdr=%7B%22a%22%3A%221%2B2%20%25%22%7d",
	  "{\"a\":\"1+2 %\"}" },
	{ "application/x-www-form-urlencoded", "cdr=a+b", "a b" },
	{ "application/x-www-form-urlencoded", "cdr=", "" },
	{ "application/x-www-form-base64-encoded", "cdr=eyJhIjoxfQ==", "{\"a\":1}" },
	{ "application/x-www-form-base64-encoded", "cdr=eyJh\nIjox\r\nfQ==\n", "{\"a\":1}" },
};

START_TEST(each_encoding_of_mod_json_cdr_is_read)
{
	const char *json;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ROW("%zu", i);
		OK(feeds_cdr_json(good[i].type, good[i].body, strlen(good[i].body), &arena, &json,
				  &len, &err));
		ck_assert_uint_eq(len, strlen(good[i].json));
		ck_assert(memcmp(json, good[i].json, len) == 0);
	}
}
END_TEST

static const struct {
	const char *type, *body;
	enum error_kind kind;
	const char *param;
} bad[] = {
	{ "", "{}", ERR_MEDIA_TYPE, "Content-Type" },
	{ "text/plain", "{}", ERR_MEDIA_TYPE, "Content-Type" },
	{ "application/jso", "{}", ERR_MEDIA_TYPE, "Content-Type" },
	{ "application/x-www-form-urlencoded", "", ERR_BODY, "cdr" },
	{ "application/x-www-form-urlencoded", "cdr", ERR_BODY, "cdr" },
	{ "application/x-www-form-urlencoded", "xml=%7B%7D", ERR_BODY, "cdr" },
	{ "application/x-www-form-urlencoded", "cdr=%7", ERR_BODY, "cdr" },
	{ "application/x-www-form-urlencoded", "cdr=%", ERR_BODY, "cdr" },
	{ "application/x-www-form-urlencoded", "cdr=%zz", ERR_BODY, "cdr" },
	{ "application/x-www-form-base64-encoded", "cdr=eyJhIjox!Q==", ERR_BODY, "cdr" },
	{ "application/x-www-form-base64-encoded", "eyJhIjoxfQ==", ERR_BODY, "cdr" },
};

START_TEST(other_bodies_are_refused)
{
	const char *json;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ROW("%zu", i);
		FAILS(feeds_cdr_json(bad[i].type, bad[i].body, strlen(bad[i].body), &arena, &json,
				     &len, &err),
		      bad[i].kind, bad[i].param, "must be");
	}
}
END_TEST

static Suite *feeds_suite(void)
{
	Suite *s = suite_create("feeds");
	TCase *t = tcase_create("feeds");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_encoding_of_mod_json_cdr_is_read);
	tcase_add_test(t, other_bodies_are_refused);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(feeds_suite());
}
