/*
 * key_tests.c - rows of keys.
 */
#include <check.h>
#include <string.h>
#include "store/category.h"
#include "store/internal.h"
#include "store/key.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- accounts, categories, keys ---- */

START_TEST(key_is_found_by_its_hash_with_its_grants)
{
	struct store *st = create(":memory:");
	int64_t grants[2] = { add_account(st, 1, "first"), add_account(st, 2, "second") };
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "ann",
			 .role = "Manager",
			 .created = 5,
			 .grants = grants,
			 .n_grants = 2 };
	struct key found;
	struct key *list;
	size_t n;

	memset(k.hash, 0x11, sizeof(k.hash));
	OK(store_key_add(st, &k, &err));
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &found, &err), 1);
	ck_assert_str_eq(found.sid, k.sid);
	ck_assert_str_eq(found.name, "ann");
	ck_assert_str_eq(found.role, "Manager");
	ck_assert_int_eq(found.account, 0);
	ck_assert_int_eq(found.created, 5);
	ck_assert_int_eq(found.revoked, 0);
	ck_assert_mem_eq(found.hash, k.hash, sizeof(k.hash));
	ck_assert_int_eq(found.n_grants, 2);
	ck_assert_mem_eq(found.grants, grants, sizeof(grants));
	k.hash[0] = 0;
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &found, &err), 0);
	ck_assert_int_eq(store_key_revoke(st, k.sid, 77, &err), 1);
	ck_assert_int_eq(store_key_revoke(st, "SKnone", 77, &err), 0);
	OK(store_keys(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(list[0].revoked, 77);
	ck_assert_int_eq(list[0].n_grants, 2);
	store_close(&st);
}
END_TEST

START_TEST(key_of_an_unknown_account_is_refused_whole)
{
	struct store *st = create(":memory:");
	int64_t grants[2] = { add_account(st, 1, "first"), 42 };
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "ann",
			 .role = "Manager",
			 .grants = grants,
			 .n_grants = 2 };
	struct key *list;
	size_t n;

	FAILS_WITH(store_key_add(st, &k, &err), ERR_PARAM, "42");
	ck_assert_str_eq(err.param, "grants");
	k.n_grants = 0;
	k.account = 43;
	FAILS_WITH(store_key_add(st, &k, &err), ERR_PARAM, "43");
	ck_assert_str_eq(err.param, "account");
	OK(store_keys(st, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 0);
	store_close(&st);
}
END_TEST

START_TEST(version_grows_with_accounts_categories_and_keys)
{
	struct store *st = create(path);
	struct store *reader = reopen(0);
	struct key k = { .sid = "SK00000000000000000000000000000001", .name = "", .role = "Key" };
	int64_t before;
	int64_t now;
	int64_t category;

#define GROWS(call)                                       \
	do {                                              \
		OK(store_version(reader, &before, &err)); \
		OK(call);                                 \
		OK(store_version(reader, &now, &err));    \
		ck_assert_int_gt(now, before);            \
	} while (0)
	GROWS(add_account(st, 1, "first"));
	GROWS(category = add_category(st, "calls", 0));
	GROWS(store_category_use(st, 1, category, &err));
	k.account = 1;
	GROWS(store_key_add(st, &k, &err));
	GROWS(store_key_revoke(st, k.sid, 5, &err));
#undef GROWS
	OK(store_category_use(st, 1, category, &err));
	OK(store_version(reader, &before, &err));
	ck_assert_int_eq(before, now);
	store_close(&reader);
	store_close(&st);
}
END_TEST

/* ---- users, sessions, the audit log ---- */

START_TEST(use_of_a_key_is_noted_and_is_no_change)
{
	struct store *st = create(path);
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "",
			 .role = "Ingest" },
		   got = { 0 };
	int64_t before, after;

	OK(store_key_add(st, &k, &err));
	OK(store_version(st, &before, &err));
	OK(store_key_used(st, k.sid, 86400, &err));
	OK(store_key_used(st, k.sid, 0, &err));
	ck_assert_int_eq(store_key_by_hash(st, k.hash, &arena, &got, &err), 1);
	ck_assert_int_eq(got.used, 86400);
	OK(store_version(st, &after, &err));
	ck_assert_int_eq(before, after);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("key");
	TCase *tc = tcase_create("key");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, key_is_found_by_its_hash_with_its_grants);
	tcase_add_test(tc, key_of_an_unknown_account_is_refused_whole);
	tcase_add_test(tc, version_grows_with_accounts_categories_and_keys);
	tcase_add_test(tc, use_of_a_key_is_noted_and_is_no_change);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
