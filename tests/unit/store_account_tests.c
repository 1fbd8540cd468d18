/*
 * store_account_tests.c - rows of accounts and categories.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/account.h"
#include "store/category.h"
#include "store/internal.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(account_is_found_by_sid_name_and_id)
{
	struct store *st = create(":memory:");
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "Müller & Söhne",
			     .currency = "eur",
			     .created = 1700000000 };
	struct account found;

	OK(store_account_add(st, &a, &err));
	ck_assert_int_gt(a.id, 0);
	ck_assert_int_eq(store_account_by_sid(st, a.sid, &arena, &found, &err), 1);
	ck_assert_int_eq(found.id, a.id);
	ck_assert_str_eq(found.name, a.name);
	ck_assert_str_eq(found.currency, "eur");
	ck_assert_int_eq(found.created, 1700000000);
	ck_assert_int_eq(found.parent, 0);
	ck_assert_int_eq(store_account_by_name(st, a.name, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, a.sid);
	ck_assert_int_eq(store_account_by_id(st, a.id, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, a.sid);
	ck_assert_int_eq(store_account_by_sid(st, "AC00000000000000000000000000000002", &arena,
					      &found, &err),
			 0);
	ck_assert_int_eq(store_account_by_name(st, "nobody", &arena, &found, &err), 0);
	ck_assert_int_eq(store_account_by_id(st, 77, &arena, &found, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(taken_sid_or_name_is_named)
{
	struct store *st = create(":memory:");
	struct account same_sid = { .sid = "AC00000000000000000000000000000001",
				    .name = "other",
				    .currency = "usd" };
	struct account same_name = { .sid = "AC00000000000000000000000000000002",
				     .name = "first",
				     .currency = "usd" };

	add_account(st, 1, "first");
	FAILS_WITH(store_account_add(st, &same_sid, &err), ERR_CONFLICT, same_sid.sid);
	ck_assert_str_eq(err.param, "sid");
	FAILS_WITH(store_account_add(st, &same_name, &err), ERR_CONFLICT, "first");
	ck_assert_str_eq(err.param, "name");
	store_close(&st);
}
END_TEST

START_TEST(subaccounts_have_one_level)
{
	struct store *st = create(":memory:");
	int64_t main_id = add_account(st, 1, "main");
	struct account sub = { .sid = "AC00000000000000000000000000000003",
			       .name = "sub",
			       .parent = main_id,
			       .currency = "usd" };
	struct account deep = { .sid = "AC00000000000000000000000000000004",
				.name = "deep",
				.currency = "usd" };
	struct account *list;
	size_t n;

	OK(store_account_add(st, &sub, &err));
	deep.parent = sub.id;
	FAILS_WITH(store_account_add(st, &deep, &err), ERR_PARAM, "cannot have subaccounts");
	ck_assert_str_eq(err.param, "parent");
	deep.parent = 99;
	FAILS_WITH(store_account_add(st, &deep, &err), ERR_PARAM, "99");
	OK(store_accounts(st, main_id, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(list[0].name, "sub");
	ck_assert_int_eq(list[0].parent, main_id);
	store_close(&st);
}
END_TEST

START_TEST(accounts_come_in_the_order_of_their_sids)
{
	enum { N = 40 };
	struct store *st = create(":memory:");
	struct account *list;
	size_t n;

	for (int i = 0; i < N; i++) {
		char name[16];

		snprintf(name, sizeof(name), "account %d", i);
		add_account(st, N - i, name);
	}
	OK(store_accounts(st, 0, &arena, &list, &n, &err));
	ck_assert_int_eq(n, N);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_lt(strcmp(list[i - 1].sid, list[i].sid), 0);
	ck_assert_str_eq(list[0].name, "account 39");
	store_close(&st);
}
END_TEST

START_TEST(categories_come_in_the_order_they_were_added)
{
	struct store *st = create(":memory:");
	struct category dup = {
		.name = "calls", .description = "", .count_unit = "", .usage_unit = ""
	};
	struct category orphan = { .name = "orphan",
				   .parent = 55,
				   .description = "",
				   .count_unit = "",
				   .usage_unit = "" };
	struct category *list;
	size_t n;
	int64_t parent = add_category(st, "calls", 0);

	add_category(st, "calls-inbound", parent);
	FAILS_WITH(store_category_add(st, &dup, &err), ERR_CONFLICT, "calls");
	FAILS_WITH(store_category_add(st, &orphan, &err), ERR_PARAM, "55");
	OK(store_categories(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_str_eq(list[0].name, "calls");
	ck_assert_str_eq(list[1].name, "calls-inbound");
	ck_assert_int_eq(list[1].parent, parent);
	ck_assert_str_eq(list[1].description, "d");
	ck_assert_str_eq(list[1].count_unit, "calls");
	ck_assert_str_eq(list[1].usage_unit, "minutes");
	ck_assert(!list[1].metered);
	ck_assert(!list[1].used);
	OK(store_category_use(st, add_account(st, 1, "first"), list[1].id, &err));
	OK(store_categories(st, &arena, &list, &n, &err));
	ck_assert(!list[0].used && list[1].used && !list[1].metered);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store_account");
	TCase *tc = tcase_create("store_account");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, account_is_found_by_sid_name_and_id);
	tcase_add_test(tc, taken_sid_or_name_is_named);
	tcase_add_test(tc, subaccounts_have_one_level);
	tcase_add_test(tc, accounts_come_in_the_order_of_their_sids);
	tcase_add_test(tc, categories_come_in_the_order_they_were_added);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
