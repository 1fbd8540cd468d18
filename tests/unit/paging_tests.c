/*
 * paging_tests.c - pages of usage records: links and tokens.
 */
#include "operation_fixture.h"
#include "base/banned.h"

/* The text of the JSON string member NAME, or NULL for null. */
static const char *member(const char *json, const char *name)
{
	const char *at = strstr(json, arena_join(&arena, "\"", name, "\":", NULL));

	ck_assert_ptr_nonnull(at);
	at += strlen(name) + 3;
	return *at == '"' ? arena_strn(&arena, at + 1, strcspn(at + 1, "\"")) : NULL;
}

/* Follows a link of an answer. */
static int follow(const char *link, const char **ret, struct error *err)
{
	const char *query = strchr(link, '?');

	return run_as(&admin, "ListUsageRecordDaily",
		      arena_join(&arena, "AccountSid=" AC("1") "&", query + 1, NULL), ret, err);
}

START_TEST(links_lead_through_all_pages_and_back_though_midnight_passes)
{
	const char *page = run("ListUsageRecordDaily",
			       "AccountSid=" AC("1") "&PageSize=7&StartDate=2026-11-15"),
		   *first = page, *next;
	struct error err = { 0 };
	int pages = 1;

	clock_set_us((NOW + SEC_PER_DAY) * USEC_PER_SEC);
	while ((next = member(page, "next_page_uri"))) {
		must(follow(next, &page, &err), &err);
		pages++;
	}
	ck_assert_int_eq(pages, 5); /* 7 days of 5 categories */
	ck_assert(NULL != strstr(page, "\"start\":28,\"end\":34"));
	clock_set_us(NOW * USEC_PER_SEC);
	while ((next = member(page, "previous_page_uri")))
		must(follow(next, &page, &err), &err);
	ck_assert(strcmp(strstr(page, "\"uri\":\"/2010-04-01/Accounts/" AC(
					      "1") "/Usage/Records/Daily.json?Category"),
			 strstr(first, "\"uri\":\"/2010-04-01/Accounts/" AC(
					       "1") "/Usage/Records/Daily.json?Category")) == 0);
}
END_TEST

START_TEST(a_token_brings_a_range_that_could_not_be_asked_for_anymore)
{
	const char *page =
		run("ListUsageRecordDaily",
		    "AccountSid=" AC("1") "&PageSize=2&StartDate=-1days&EndDate=2026-11-20");
	struct error err = { 0 };

	clock_set_us((NOW + SEC_PER_DAY) * USEC_PER_SEC);
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	ck_assert(NULL != strstr(page, "\"start\":2,\"end\":3"));
	ck_assert_int_eq(follow(member(page, "first_page_uri"), &page, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(the_first_records_have_nothing_before_them_whatever_the_page_size)
{
	const char *page = run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=2"),
		   *filters;
	struct error err = { 0 };

	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	must(follow(member(page, "previous_page_uri"), &page, &err), &err);
	ck_assert_ptr_null(member(page, "previous_page_uri"));
	/* the third page of two, then seven at once from where it begins */
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	must(follow(member(page, "next_page_uri"), &page, &err), &err);
	filters = strstr(member(page, "uri"), "&Page=");
	must(run_as(&admin, "ListUsageRecordDaily",
		    arena_join(&arena, "AccountSid=" AC("1") "&PageSize=7", filters, NULL), &page,
		    &err),
	     &err);
	must(follow(member(page, "previous_page_uri"), &page, &err), &err);
	ck_assert_ptr_null(member(page, "previous_page_uri"));
	ck_assert(NULL != strstr(page, "\"start\":0,\"end\":6"));
}
END_TEST

START_TEST(a_token_that_was_changed_or_moved_to_another_question_is_refused)
{
	const char *page = run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=7");
	const char *token = strstr(member(page, "next_page_uri"), "PageToken=");
	struct error err = { 0 };
	const char *text;
	char *changed;

	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL), &text,
				&err),
			 0);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("2") "&", token, NULL), &text,
				&err),
			 -1);
	ck_assert_str_eq(err.param, "PageToken");
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordMonthly",
				arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL), &text,
				&err),
			 -1);
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily",
				arena_join(&arena, "AccountSid=" AC("1") "&Category=calls&", token,
					   NULL),
				&text, &err),
			 -1);
	changed = arena_join(&arena, "AccountSid=" AC("1") "&", token, NULL);
	changed[strlen(changed) - 30] ^= 1;
	error_clear(&err);
	ck_assert_int_eq(run_as(&admin, "ListUsageRecordDaily", changed, &text, &err), -1);
	ck_assert_str_eq(err.param, "PageToken");
}
END_TEST

/*
 * TOKEN with its number NTH (behind the version) in place of the one that it
 * has, signed as ours for the daily records of the main account.
 */
static const char *forge(const char *token, size_t nth, int64_t number)
{
	unsigned char bytes[512];
	struct strbuf question;
	char *text = arena_alloc(&arena, 1024);
	size_t len;

	ck_assert(base64url_decode(token, strlen(token), bytes, sizeof(bytes), &len));
	len -= TAG_BYTES;
	for (size_t i = 0; i < 8; i++)
		bytes[1 + 8 * nth + i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
	strbuf_init(&question, 2048);
	strbuf_add(&question, "ListUsageRecordDaily\n/2010-04-01/Accounts/" AC(
				      "1") "/Usage/Records/Daily\n\n");
	strbuf_addn(&question, (const char *)bytes, len);
	tag_make(secret, question.text, question.len, bytes + len);
	strbuf_release(&question);
	base64url_encode(bytes, len + TAG_BYTES, text);
	return text;
}

START_TEST(a_token_that_is_signed_but_absurd_is_refused)
{
	enum { PAGE, START, FROM, TO, SLOT };
	static const struct {
		size_t nth;
		int64_t number;
		int rc;
	} rows[] = { { PAGE, 1, 0 },          { PAGE, INT64_MAX, -1 },
		     { PAGE, -1, -1 },        { START, INT64_MAX, -1 },
		     { START, -1, -1 },       { FROM, INT64_MIN, -1 },
		     { FROM, INT64_MAX, -1 }, { TO, INT64_MAX, -1 },
		     { TO, INT64_MIN, -1 },   { TO, 0, -1 },
		     { SLOT, 5, 0 },          { SLOT, INT64_MAX, -1 },
		     { SLOT, -1, -1 },        { SLOT, 1000000, -1 } };
	const char *token =
		strstr(member(run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=7"),
			      "next_page_uri"),
		       "PageToken=") +
		10;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *query = arena_join(&arena, "AccountSid=" AC("1") "&PageToken=",
					       forge(token, rows[i].nth, rows[i].number), NULL),
			   *text;
		struct error err = { 0 };

		ROW("%zu: %lld", rows[i].nth, (long long)rows[i].number);
		ck_assert_msg(run_as(&admin, "ListUsageRecordDaily", query, &text, &err) ==
				      rows[i].rc,
			      "row %zu: %s", i, err.message);
		ck_assert(rows[i].rc == 0 || strcmp(err.param, "PageToken") == 0);
	}
}
END_TEST

START_TEST(more_than_a_thousand_a_page_counts_as_a_thousand)
{
	ck_assert(NULL !=
		  strstr(run("ListUsageRecordDaily", "AccountSid=" AC("1") "&PageSize=5000"),
			 "\"page_size\":1000"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("paging");
	TCase *tc = tcase_create("paging");
	struct error err = { 0 };

	if (secret_init(&err) < 0)
		return 1;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, links_lead_through_all_pages_and_back_though_midnight_passes);
	tcase_add_test(tc, a_token_brings_a_range_that_could_not_be_asked_for_anymore);
	tcase_add_test(tc, the_first_records_have_nothing_before_them_whatever_the_page_size);
	tcase_add_test(tc, a_token_that_was_changed_or_moved_to_another_question_is_refused);
	tcase_add_test(tc, a_token_that_is_signed_but_absurd_is_refused);
	tcase_add_test(tc, more_than_a_thousand_a_page_counts_as_a_thousand);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
