/*
 * feeds_tests.c - bodies of other programs' records.
 */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include "api/feeds.h"
#include "cpu_cost.h"
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

/* ---- callbacks of Twilio ---- */

#define SID "AC0123456789abcdef0123456789abcdef"

/* 2026-12-01 01:40 */
enum { NOW = 1796089200 };

static char dir[FOLDER_TEXT];

/* Feeds with a file of tokens; the caller frees them. */
static int feeds_of(const char *tokens, mode_t mode, struct feeds **ret)
{
	char path[FOLDER_TEXT + 8];
	struct settings s = { .feeds_freeswitch = "",
			      .feeds_twilio = "",
			      .feeds_twilio_messages = "",
			      .feeds_twilio_tokens = path };
	FILE *f;
	int rc;

	folder_make(dir);
	snprintf(path, sizeof(path), "%s/tokens", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(tokens, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
	rc = feeds_new(&s, ret, &err);
	folder_remove(dir);
	return rc;
}

/* The vector of the contract (twilio B.3). */
START_TEST(a_signed_callback_becomes_json)
{
	static const char form[] =
		"AccountSid=ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&CurrentValue=60.52"
		"&Recurring=&TriggerBy=price";
	static const char url[] = "https://example.com/cb?x=1",
			  good_one[] = "JWmhKc3iWkloHveJVm/Y4tJfHic=";
	struct twilio_callback c;
	struct feeds *f;

	OK(feeds_of("# of Twilio\n\n ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\t12345 \n", 0600, &f));
	OK(feeds_twilio_callback(f, url, form, good_one, NOW, &arena, &c, &err));
	ck_assert_str_eq(c.account, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	ck_assert_str_eq(c.json, "{ \"AccountSid\":\"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
				 "\"CurrentValue\":\"60.52\",\"Recurring\":\"\","
				 "\"TriggerBy\":\"price\",\"Received\":\"2026-12-01T01:40:00Z\"}");
	ck_assert_int_eq(c.kind, FEED_TWILIO_CALL);
	OK(feeds_twilio_callback(f, "https://example.com:443/cb?x=1", form, good_one, NOW, &arena,
				 &c, &err));
	FAILS(feeds_twilio_callback(f, "https://example.com:444/cb?x=1", form, good_one, NOW,
				    &arena, &c, &err),
	      ERR_FORBIDDEN, "X-Twilio-Signature", "is not the signature");
	FAILS(feeds_twilio_callback(f, url, form, NULL, NOW, &arena, &c, &err), ERR_FORBIDDEN,
	      "X-Twilio-Signature", "is not the signature");
	feeds_free(&f);
}
END_TEST

/* The CPU time of a refusal of a long form by ACCOUNT, in seconds. */
static double refuse_long(struct feeds *f, const char *account)
{
	struct twilio_callback c;
	struct strbuf form;
	double took;

	strbuf_init(&form, 1 << 16);
	strbuf_addf(&form, "AccountSid=%s", account);
	for (int k = 0; k < 3000; k++)
		strbuf_addf(&form, "&a%d", k);
	took = cpu_now();
	FAILS(feeds_twilio_callback(f, "https://x/", form.text, "s", NOW, &arena, &c, &err),
	      ERR_FORBIDDEN, "X-Twilio-Signature", "is not the signature");
	took = cpu_now() - took;
	strbuf_release(&form);
	/* the next one gets the same memory: new pages cost more than the work */
	arena_reset(&arena);
	return took;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { REFUSALS = 41 };

/* The middle one of ratios of neighbours: a machine's speed changes, but seldom between two. */
START_TEST(the_time_of_a_refusal_tells_no_account)
{
	double ratios[REFUSALS];
	struct feeds *f;

	OK(feeds_of(SID " t\n", 0600, &f));
	for (int i = 0; i < REFUSALS; i++) {
		double there = refuse_long(f, SID);

		ratios[i] = refuse_long(f, "ACffffffffffffffffffffffffffffffff") / there;
	}
	qsort(ratios, REFUSALS, sizeof(ratios[0]), by_value);
	ck_assert_msg(ratios[REFUSALS / 2] > 0.7 && ratios[REFUSALS / 2] < 1 / 0.7,
		      "an unknown account takes %.2f times as long", ratios[REFUSALS / 2]);
	feeds_free(&f);
}
END_TEST

static const struct {
	const char *form, *param, *words;
} bad_forms[] = {
	{ "", "AccountSid", "is missing" },
	{ "CallSid=CA1", "AccountSid", "is missing" },
	{ "accountsid=" SID, "AccountSid", "is missing" },
	{ "AccountSid=" SID "&&AccountSid=x", "AccountSid", "must come once" },
	{ "AccountSid=" SID "&a=%", "", "must be a form" },
	{ "%4=1&AccountSid=" SID, "", "must be a form" },
};

START_TEST(other_forms_are_refused)
{
	struct twilio_callback c;
	struct feeds *f;

	OK(feeds_of(SID " t\n", 0600, &f));
	for (size_t i = 0; i < ARRAY_SIZE(bad_forms); i++) {
		ROW("%zu", i);
		FAILS(feeds_twilio_callback(f, "https://x/", bad_forms[i].form, "s", NOW, &arena,
					    &c, &err),
		      ERR_BODY, bad_forms[i].param, bad_forms[i].words);
	}
	feeds_free(&f);
}
END_TEST

START_TEST(a_file_of_tokens_is_checked)
{
	struct feeds *f;

	FAILS(feeds_of(SID " t\n", 0640, &f), ERR_PARAM, "feeds.twilio_tokens", "chmod 600");
	FAILS(feeds_of(SID " t\n" SID "\n", 0600, &f), ERR_PARAM, "", ":2: must be the SID");
	FAILS(feeds_of("SK0123456789abcdef0123456789abcdef t\n", 0600, &f), ERR_PARAM, "",
	      ":1: must be the SID");
}
END_TEST

static Suite *feeds_suite(void)
{
	Suite *s = suite_create("feeds");
	TCase *t = tcase_create("feeds");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_encoding_of_mod_json_cdr_is_read);
	tcase_add_test(t, other_bodies_are_refused);
	tcase_add_test(t, a_signed_callback_becomes_json);
	tcase_add_test(t, the_time_of_a_refusal_tells_no_account);
	tcase_add_test(t, other_forms_are_refused);
	tcase_add_test(t, a_file_of_tokens_is_checked);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(feeds_suite());
}
