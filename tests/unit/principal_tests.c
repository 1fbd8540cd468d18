/*
 * principal_tests.c - who sees which accounts.
 */
#include <check.h>
#include "usage/principal.h"
#include "true_ledger.h"
#include "suite.h"
#include "base/banned.h"

START_TEST(each_role_sees_its_accounts)
{
	struct account main_account = { .id = 1 };
	struct account sub = { .id = 2, .parent = 1 };
	struct account other = { .id = 3 };
	int64_t grants[] = { 1, 3 };
	static const struct {
		enum role role;
		int64_t account;
		size_t n_grants;
		bool sees[3];
	} cases[] = {
		{ ROLE_ADMIN, 0, 0, { true, true, true } },
		{ ROLE_MANAGER, 0, 2, { true, false, true } },
		{ ROLE_MANAGER, 0, 0, { false, false, false } },
		{ ROLE_ACCOUNT, 1, 0, { true, true, false } },
		{ ROLE_ACCOUNT, 2, 0, { false, true, false } },
		{ ROLE_ACCOUNT, 0, 0, { false, false, false } },
		{ ROLE_KEY, 1, 0, { true, false, false } },
		{ ROLE_USER, 1, 2, { false, false, false } },
		{ ROLE_INGEST, 1, 2, { false, false, false } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct principal p = { .role = cases[i].role,
				       .account = cases[i].account,
				       .grants = grants,
				       .n_grants = cases[i].n_grants };

		ck_assert_msg(principal_sees(&p, &main_account) == cases[i].sees[0],
			      "case %zu, main account", i);
		ck_assert_msg(principal_sees(&p, &sub) == cases[i].sees[1], "case %zu, subaccount",
			      i);
		ck_assert_msg(principal_sees(&p, &other) == cases[i].sees[2],
			      "case %zu, another account", i);
	}
}
END_TEST

START_TEST(roles_are_found_by_name)
{
	unsigned all = 0;

	for (const struct role_info *r = roles; r->name; r++) {
		ck_assert_ptr_eq(role_find(r->name), r);
		ck_assert_uint_eq(all & r->role, 0);
		ck_assert_str_ne(r->doc, "");
		all |= r->role;
	}
	ck_assert_uint_eq(all, ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_KEY | ROLE_USER |
				       ROLE_INGEST);
	ck_assert_ptr_null(role_find("Root"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("principal");
	TCase *tc = tcase_create("principal");

	tcase_add_test(tc, each_role_sees_its_accounts);
	tcase_add_test(tc, roles_are_found_by_name);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
