/*
 * user_tests.c - users, sessions, the audit log.
 */
#include <check.h>
#include <string.h>
#include "store/account.h"
#include "store/audit.h"
#include "store/internal.h"
#include "store/session.h"
#include "store/user.h"
#include "fixture.h"
#include "store_fixture.h"
#include "suite.h"
#include "base/banned.h"

static struct user add_named_user(struct store *st, const char *name, const char *email,
				  const int64_t *grants, size_t n)
{
	struct user u = { .name = name,
			  .display = "Ada",
			  .email = email,
			  .role = "Manager",
			  .password = "$argon2id$",
			  .created = 5,
			  .grants = grants,
			  .n_grants = n };

	OK(store_user_add(st, &u, &err));
	return u;
}

static struct session make_session(int64_t user, enum session_kind kind, unsigned char mark,
				   int64_t created)
{
	struct session s = {
		.user = user, .kind = kind, .created = created, .expires = created + 100
	};

	memset(s.hash, mark, sizeof(s.hash));
	memcpy(s.hash, &created, sizeof(created));
	return s;
}

START_TEST(user_is_found_by_name_id_and_address_with_their_grants)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "a",
			     .currency = "usd" };
	struct user u, got = { 0 };

	OK(store_account_add(st, &a, &err));
	u = add_named_user(st, "ada", "Ada@example.org", &a.id, 1);
	ck_assert_int_eq(store_user_by_name(st, "ada", &arena, &got, &err), 1);
	ck_assert_int_eq(got.id, u.id);
	ck_assert_str_eq(got.display, "Ada");
	ck_assert_str_eq(got.role, "Manager");
	ck_assert_int_eq(got.n_grants, 1);
	ck_assert_int_eq(got.grants[0], a.id);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_str_eq(got.name, "ada");
	ck_assert_int_eq(store_user_by_email(st, "ada@EXAMPLE.org", &arena, &got, &err), 1);
	ck_assert_str_eq(got.name, "ada");
	ck_assert_int_eq(store_user_by_name(st, " Ada", &arena, &got, &err), 1);
	ck_assert_int_eq(got.id, u.id);
	ck_assert_int_eq(store_user_by_name(st, "adah", &arena, &got, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(name_of_a_removed_user_stays_taken_but_not_the_address)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "ada@example.org", NULL, 0), again = u;

	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada");
	again.name = "eve";
	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada@example.org");
	ck_assert_int_eq(store_user_remove(st, u.id, 9, &err), 1);
	ck_assert_int_eq(store_user_remove(st, u.id, 10, &err), 0);
	ck_assert_int_eq(store_user_password(st, u.id, "x", NULL, &err), 0);
	ck_assert_int_eq(store_user_by_name(st, "ada", &arena, &again, &err), 1);
	ck_assert_int_eq(again.removed, 9);
	ck_assert_int_eq(store_user_by_email(st, "ada@example.org", &arena, &again, &err), 0);
	again = u;
	FAILS_WITH(store_user_add(st, &again, &err), ERR_CONFLICT, "ada");
	error_clear(&err);
	add_named_user(st, "eve", "ada@example.org", NULL, 0);
	store_close(&st);
}
END_TEST

START_TEST(grants_are_given_and_taken_and_count_as_changes)
{
	struct store *st = create(path);
	struct account a = { .sid = "AC00000000000000000000000000000001",
			     .name = "a",
			     .currency = "usd" };
	struct user u, got = { 0 };
	int64_t before, after;

	OK(store_account_add(st, &a, &err));
	u = add_named_user(st, "ada", "", NULL, 0);
	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, true, &err), 1);
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, true, &err), 1);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_int_eq(got.n_grants, 1);
	OK(store_version(st, &after, &err));
	ck_assert(after > before);
	ck_assert_int_eq(store_user_grant(st, u.id, a.id, false, &err), 1);
	ck_assert_int_eq(store_user_by_id(st, u.id, &arena, &got, &err), 1);
	ck_assert_int_eq(got.n_grants, 0);
	ck_assert_int_eq(store_user_grant(st, 99, a.id, true, &err), 0);
	FAILS_WITH(store_user_grant(st, u.id, 99, true, &err), ERR_PARAM, "99");
	store_close(&st);
}
END_TEST

START_TEST(sessions_end_by_name_by_time_and_with_their_user)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "", NULL, 0),
		    v = add_named_user(st, "eve", "", NULL, 0);
	struct session s[4], got = { 0 };
	int64_t before, after;

	for (int i = 0; i < 4; i++) {
		s[i] = make_session(i < 3 ? u.id : v.id, SESSION_PERMANENT, (unsigned char)i,
				    10 * i);
		OK(store_session_add(st, &s[i], &err));
	}
	OK(store_version(st, &before, &err));
	ck_assert_int_eq(store_session_find(st, s[1].hash, &got, &err), 1);
	ck_assert_int_eq(got.user, u.id);
	ck_assert_int_eq(got.kind, SESSION_PERMANENT);
	ck_assert_int_eq(got.expires, 110);
	ck_assert_int_eq(store_session_end(st, s[1].hash, &err), 1);
	ck_assert_int_eq(store_session_end(st, s[1].hash, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[1].hash, &got, &err), 0);
	OK(store_sessions_expire(st, 100, &err));
	ck_assert_int_eq(store_session_find(st, s[0].hash, &got, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[2].hash, &got, &err), 1);
	OK(store_version(st, &after, &err));
	ck_assert_int_eq(before, after);
	ck_assert_int_eq(store_user_password(st, u.id, "new", NULL, &err), 1);
	ck_assert_int_eq(store_session_find(st, s[2].hash, &got, &err), 0);
	ck_assert_int_eq(store_session_find(st, s[3].hash, &got, &err), 1);
	ck_assert_int_eq(store_user_remove(st, v.id, 3, &err), 1);
	ck_assert_int_eq(store_session_find(st, s[3].hash, &got, &err), 0);
	store_close(&st);
}
END_TEST

START_TEST(the_oldest_session_makes_room_for_a_new_one)
{
	struct store *st = create(path);
	struct user u = add_named_user(st, "ada", "", NULL, 0);
	struct session token = make_session(u.id, SESSION_TOKEN, 7, -1),
		       one = make_session(u.id, SESSION_TEMPORARY, 1, 1000000), got = { 0 };

	ck_assert_int_eq(u.id, 1);
	OK(store_session_add(st, &token, &err));
	OK(store_begin_write(st, &err));
	for (int i = 1; i <= USER_SESSIONS_MAX; i++) {
		struct session old = make_session(u.id, SESSION_TEMPORARY, 2, 2000000);

		old.created = i;
		memcpy(old.hash, &i, sizeof(i));
		OK(store_session_add(st, &old, &err));
	}
	OK(store_commit(st, &err));
	OK(store_session_add(st, &one, &err));
	ck_assert_int_eq(store_session_find(st, one.hash, &got, &err), 1);
	ck_assert_int_eq(store_session_find(st, token.hash, &got, &err), 1);
	store_close(&st);
	ck_assert_int_eq(raw_number("SELECT count(*) FROM session WHERE kind = 0"),
			 USER_SESSIONS_MAX);
	ck_assert_int_eq(raw_number("SELECT min(created) FROM session WHERE kind = 0"), 2);
}
END_TEST

START_TEST(audit_log_is_read_backwards_page_by_page)
{
	struct store *st = create(path);
	struct audit *list;
	size_t n;

	for (int i = 1; i <= 5; i++) {
		struct audit a = { .at = i,
				   .author = "console",
				   .action = "key.add",
				   .subject = "SK",
				   .detail = i == 5 ? "last" : "" };

		OK(store_audit_add(st, &a, &err));
	}
	OK(store_audits(st, &(struct newest) { .before = 0, .limit = 2 }, &arena, &list, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(list[0].at, 5);
	ck_assert_str_eq(list[0].detail, "last");
	ck_assert_str_eq(list[0].author, "console");
	OK(store_audits(st, &(struct newest) { .before = list[1].id, .limit = 10 }, &arena, &list,
			&n, &err));
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(list[0].at, 3);
	store_close(&st);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("user");
	TCase *tc = tcase_create("user");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, user_is_found_by_name_id_and_address_with_their_grants);
	tcase_add_test(tc, name_of_a_removed_user_stays_taken_but_not_the_address);
	tcase_add_test(tc, grants_are_given_and_taken_and_count_as_changes);
	tcase_add_test(tc, sessions_end_by_name_by_time_and_with_their_user);
	tcase_add_test(tc, the_oldest_session_makes_room_for_a_new_one);
	tcase_add_test(tc, audit_log_is_read_backwards_page_by_page);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
