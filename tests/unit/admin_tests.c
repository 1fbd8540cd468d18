#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "store/audit.h"
#include "store/category.h"
#include "store/closing.h"
#include "store/key.h"
#include "store/session.h"
#include "usage/admin.h"
#include "usage/closing.h"
#include "fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define MAIN_SID "AC00000000000000000000000000000001"
#define NONE_SID "AC0000000000000000000000000000000f"
#define NOW      INT64_C(1795258800) /* 2026-11-21T11:00:00Z */

static struct error err;
static struct arena arena;
static struct admin a;
static const unsigned char secret[SECRET_BYTES] = "thirty-two bytes for the hashes";
static const char *const main_account[] = { MAIN_SID };

static void setup(void)
{
	struct new_account first = { .name = "main", .currency = "usd", .sid = MAIN_SID };
	struct account made;

	arena_init(&arena);
	error_clear(&err);
	a = (struct admin) { .arena = &arena,
			     .by = &principal_console,
			     .author = "ada",
			     .now_us = NOW * USEC_PER_SEC };
	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &a.st, &err));
	OK(store_begin_write(a.st, &err));
	OK(admin_account_add(&a, &first, &made, &err));
}

static void teardown(void)
{
	store_close(&a.st);
	arena_release(&arena);
}

/*
 * The log's newest entries, LIST with spaces between their parts; the newest
 * first.
 */
static void check_log(const char *const *list, size_t n)
{
	struct audit *entries;
	size_t found;

	OK(store_audits(a.st, &(struct newest) { .before = 0, .limit = n }, &arena, &entries,
			&found, &err));
	ck_assert_uint_eq(found, n);
	for (size_t i = 0; i < n; i++) {
		const char *line = arena_join(&arena, entries[i].author, " ", entries[i].action,
					      " ", entries[i].subject, " ", entries[i].detail,
					      NULL);

		ck_assert_str_eq(line, list[i]);
		ck_assert_int_eq(entries[i].at, NOW);
	}
}

#define LOG(...)                                         \
	check_log((const char *const[]) { __VA_ARGS__ }, \
		  ARRAY_SIZE(((const char *const[]) { __VA_ARGS__ })))

static size_t count_log(void)
{
	struct audit *entries;
	size_t n;

	OK(store_audits(a.st, &(struct newest) { .before = 0, .limit = 1000 }, &arena, &entries, &n,
			&err));
	return n;
}

static struct new_user some_user(const char *name)
{
	return (struct new_user) { .name = name, .role = "Manager", .password = "hashed" };
}

START_TEST(a_user_is_added_with_what_is_left_out_filled)
{
	struct new_user n = some_user("bob");
	struct user u;

	n.grants = main_account;
	n.n_grants = 1;
	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_find(&a, "bob", &u, &err));
	ck_assert_str_eq(u.display, "bob");
	ck_assert_str_eq(u.email, "");
	ck_assert_str_eq(u.role, "Manager");
	ck_assert_str_eq(u.password, "hashed");
	ck_assert_int_eq(u.created, NOW);
	ck_assert_uint_eq(u.n_grants, 1);
	LOG("ada user.add bob Manager");
}
END_TEST

START_TEST(a_user_that_can_not_be_is_refused_by_its_part)
{
	static const char *const nowhere[] = { NONE_SID };
	struct new_user n = some_user("bob");
	size_t before = count_log();

	n.name = "b:b";
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "user", "colons");
	n.name = ACTOR_CONSOLE;
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "user", "console");
	n = some_user("bob");
	n.role = "Ingest";
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "role", "SystemAdministrator");
	n = some_user("bob");
	n.email = "nobody";
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "email", "address");
	n = some_user("bob");
	n.display = "two\nlines";
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "display", "control characters");
	n = some_user("bob");
	n.grants = nowhere;
	n.n_grants = 1;
	FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "grant", NONE_SID);
	ck_assert_uint_eq(count_log(), before);
}
END_TEST

START_TEST(a_taken_name_is_a_conflict)
{
	struct new_user n = some_user("bob");

	OK(admin_user_add(&a, &n, &err));
	FAILS(admin_user_add(&a, &n, &err), ERR_CONFLICT, "user", "taken");
}
END_TEST

/* Is there no file at PATH any more? */
static bool is_forgotten(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f)
		fclose(f);
	return !f;
}

static void write_first_password(const char *path)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs("secret\n", f);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(the_first_password_is_forgotten_when_it_changes)
{
	struct new_user admin = some_user("admin"), bob = some_user("bob");
	struct principal self = { .name = "admin" };
	char dir[FOLDER_TEXT], path[FOLDER_TEXT + 32], ledger[FOLDER_TEXT + 32];
	struct user u;

	folder_make(dir);
	snprintf(ledger, sizeof(ledger), "%s/usage.db", dir);
	snprintf(path, sizeof(path), "%s/first-password", dir);
	store_close(&a.st);
	OK(store_open(ledger_place(ledger), STORE_WRITE | STORE_CREATE, 50, &a.st, &err));
	OK(store_begin_write(a.st, &err));
	write_first_password(path);
	admin.n_grants = bob.n_grants = 0;
	OK(admin_user_add(&a, &admin, &err));
	OK(admin_user_add(&a, &bob, &err));
	OK(admin_user_password(&a, "bob", "other", &err));
	ck_assert(!is_forgotten(path));
	OK(admin_user_password(&a, " Admin", "other", &err));
	ck_assert(is_forgotten(path));
	write_first_password(path);
	OK(admin_user_find(&a, "admin", &u, &err));
	self.user = u.id;
	a.by = &self;
	OK(admin_own_password(&a, "another", NULL, &err));
	ck_assert(is_forgotten(path));
	a.by = &principal_console;
	write_first_password(path);
	OK(admin_user_remove(&a, "admin", &err));
	ck_assert(is_forgotten(path));
	store_end(a.st);
	folder_remove(dir);
}
END_TEST

START_TEST(a_user_gets_another_password_grants_and_an_end)
{
	struct new_user n = some_user("bob");
	struct user u;

	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_password(&a, "bob", "other", &err));
	OK(admin_user_grant(&a, "bob", MAIN_SID, true, &err));
	OK(admin_user_find(&a, "bob", &u, &err));
	ck_assert_str_eq(u.password, "other");
	ck_assert_uint_eq(u.n_grants, 1);
	OK(admin_user_grant(&a, "bob", MAIN_SID, false, &err));
	OK(admin_user_remove(&a, "bob", &err));
	LOG("ada user.remove bob ", "ada user.ungrant bob " MAIN_SID,
	    "ada user.grant bob " MAIN_SID, "ada user.password bob ");
	FAILS(admin_user_find(&a, "bob", &u, &err), ERR_NOT_FOUND, "user", "bob");
	FAILS(admin_user_remove(&a, "bob", &err), ERR_NOT_FOUND, "user", "bob");
	FAILS(admin_user_password(&a, "bob", "x", &err), ERR_NOT_FOUND, "user", "bob");
	FAILS(admin_user_grant(&a, "bob", MAIN_SID, true, &err), ERR_NOT_FOUND, "user", "bob");
}
END_TEST

START_TEST(only_managers_have_grants_but_anybodys_can_be_taken_away)
{
	struct new_user n = some_user("carl");

	n.role = "User";
	OK(admin_user_add(&a, &n, &err));
	FAILS(admin_user_grant(&a, "carl", MAIN_SID, true, &err), ERR_PARAM, "account", "User");
	OK(admin_user_grant(&a, "carl", MAIN_SID, false, &err));
}
END_TEST

START_TEST(users_do_not_remove_themselves_however_they_are_signed_in)
{
	struct new_user n = some_user("ada");
	struct principal by = { .role = ROLE_ADMIN, .name = "ada", .made_by = "eve" };
	struct user u;

	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_find(&a, "ada", &u, &err));
	by.user = u.id;
	a.by = &by;
	FAILS(admin_user_remove(&a, "ada", &err), ERR_CONFLICT, "user", "themselves");
	FAILS(admin_user_remove(&a, " ADA ", &err), ERR_CONFLICT, "user", "themselves");
	a.by = &principal_console;
	OK(admin_user_remove(&a, "ada", &err));
}
END_TEST

/* ---- names that look alike ---- */

START_TEST(names_that_look_like_one_that_is_taken_are_a_conflict)
{
	static const char *const alike[] = { "Zo\xC3\xAB",
					     "zo\xC3\x8B",
					     " zo\xC3\xAB ",
					     "zoe\xCC\x88",
					     "\xC2\xA0ZO\xC3\x8B\xE3\x80\x80",
					     "\xEF\xBD\x9Ao\xC3\xAB" };
	struct new_user n = some_user("zo\xC3\xAB");
	struct user u;

	OK(admin_user_add(&a, &n, &err));
	for (size_t i = 0; i < ARRAY_SIZE(alike); i++) {
		n.name = alike[i];
		ck_assert_msg(admin_user_add(&a, &n, &err) == -1 && err.kind == ERR_CONFLICT,
			      "row %zu: %s", i, err.message);
		error_clear(&err);
		ck_assert_msg(admin_user_find(&a, alike[i], &u, &err) == 0 &&
				      strcmp(u.name, "zo\xC3\xAB") == 0,
			      "row %zu: %s", i, err.message);
	}
	n.name = " zoe  ";
	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_find(&a, "zoe", &u, &err));
	ck_assert_str_eq(u.name, "zoe");
}
END_TEST

START_TEST(a_user_name_hides_no_character)
{
	static const char *const names[] = {
		"ad\xE2\x80\x8Bmin",     /* zero-width space */
		"ad\xC2\xADmin",         /* soft hyphen */
		"admin\xE2\x81\xA0",     /* word joiner */
		"ad\xE2\x80\xAEmin",     /* from right to left */
		"admin\xEF\xBB\xBF",     /* byte order mark */
		"admin\xE3\x85\xA4",     /* Hangul filler */
		"admin\xEF\xB8\x8F",     /* variation selector */
		"admin\xF3\xA0\x80\xA1", /* tag */
		"admin\xCD\x8F",         /* combining grapheme joiner */
	};
	struct new_user n = some_user("admin");

	OK(admin_user_add(&a, &n, &err));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		n.name = names[i];
		FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "user", "invisible characters");
	}
	n.name = "zo\xC3\xAB \xE0\xA4\xB9\xE0\xA4\xBF";
	OK(admin_user_add(&a, &n, &err));
}
END_TEST

START_TEST(no_user_is_called_what_the_log_calls_others)
{
	static const char *const names[] = { "console",
					     "Console ",
					     "CONSOLE",
					     "console (ada)",
					     "key SK00000000000000000000000000000001",
					     "Key sk00000000000000000000000000000001 (ada)",
					     "ada (token by eve)",
					     "ada (Token By eve)" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct new_user n = some_user(names[i]);

		FAILS(admin_user_add(&a, &n, &err), ERR_PARAM, "user", "audit log");
	}
}
END_TEST

/* ---- what ends with a user ---- */

static void add_key_by(const struct principal *by, const char *name, char ret_sid[SID_TEXT])
{
	struct new_key n = {
		.role = "Manager", .name = name, .grants = main_account, .n_grants = 1
	};
	const struct principal *before = a.by;
	char token[TOKEN_TEXT];

	a.by = by;
	OK(admin_key_add(&a, &n, secret, ret_sid, token, &err));
	a.by = before;
}

static bool is_good(const char *sid)
{
	struct key k;

	OK(admin_key_find(&a, sid, &k, &err));
	return !k.revoked;
}

START_TEST(a_removed_users_keys_end_whoever_made_them_and_whatever_they_made)
{
	struct new_user n = some_user("bob");
	struct principal bob = { .role = ROLE_ADMIN, .name = "bob" }, key = { .role = ROLE_ADMIN },
			 eve = { .role = ROLE_ADMIN, .name = "eve", .user = 77 },
			 as_eve = {
				 .role = ROLE_ADMIN, .name = "eve", .user = 77, .made_by = "bob"
			 };
	char named[SID_TEXT], made[SID_TEXT], with_key[SID_TEXT], by_token[SID_TEXT],
		others[SID_TEXT], told[SID_TEXT];
	struct user u;
	struct key *keys;
	size_t count;

	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_find(&a, "bob", &u, &err));
	bob.user = as_eve.maker.user = u.id;
	add_key_by(&eve, " BOB", named);
	add_key_by(&bob, "pbx", made);
	memcpy(key.key_sid, made, SID_TEXT);
	add_key_by(&key, "pbx 2", with_key);
	add_key_by(&as_eve, "pbx 3", by_token);
	add_key_by(&eve, "bobby", others);
	add_key_by(&bob, "revoked before", told);
	OK(admin_key_revoke(&a, told, &err));
	OK(admin_user_keys(&a, &u, &keys, &count, &err));
	ck_assert_uint_eq(count, 4);
	OK(admin_user_remove(&a, "Bob", &err));
	ck_assert(!is_good(named) && !is_good(made) && !is_good(with_key) && !is_good(by_token));
	ck_assert(is_good(others));
	LOG("ada user.remove bob with 4 of the user's keys",
	    arena_join(&arena, "ada key.revoke ", by_token, " with the user bob", NULL),
	    arena_join(&arena, "ada key.revoke ", with_key, " with the user bob", NULL),
	    arena_join(&arena, "ada key.revoke ", made, " with the user bob", NULL),
	    arena_join(&arena, "ada key.revoke ", named, " with the user bob", NULL));
}
END_TEST

START_TEST(a_right_that_is_taken_away_is_taken_from_the_users_keys)
{
	struct new_user n = some_user("bob");
	char named[SID_TEXT], others[SID_TEXT];
	struct key k;

	n.grants = main_account;
	n.n_grants = 1;
	OK(admin_user_add(&a, &n, &err));
	add_key_by(&principal_console, "Bob", named);
	add_key_by(&principal_console, "rob", others);
	OK(admin_user_grant(&a, "bob", MAIN_SID, false, &err));
	OK(admin_key_find(&a, named, &k, &err));
	ck_assert_uint_eq(k.n_grants, 0);
	OK(admin_key_find(&a, others, &k, &err));
	ck_assert_uint_eq(k.n_grants, 1);
	LOG("ada user.ungrant bob " MAIN_SID,
	    arena_join(&arena, "ada key.ungrant ", named, " " MAIN_SID " with the user bob", NULL));
}
END_TEST

START_TEST(a_users_display_name_and_address_are_changed)
{
	struct new_user n = some_user("bob"), other = some_user("eve");
	struct user u;

	other.email = "eve@example.org";
	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_add(&a, &other, &err));
	OK(admin_user_set(&a, "bob", " Bob B. ", "bob@example.org", &err));
	LOG("ada user.set bob display from \"bob\" to \"Bob B.\", email from \"\" to "
	    "\"bob@example.org\"");
	OK(admin_user_set(&a, "bob", NULL, "", &err));
	LOG("ada user.set bob email from \"bob@example.org\" to \"\"");
	OK(admin_user_set(&a, "bob", "Bob B.", NULL, &err));
	OK(admin_user_find(&a, "bob", &u, &err));
	ck_assert_str_eq(u.display, "Bob B.");
	ck_assert_str_eq(u.email, "");
	LOG("ada user.set bob email from \"bob@example.org\" to \"\"");
	FAILS(admin_user_set(&a, "bob", "", NULL, &err), ERR_PARAM, "display", "1 to");
	FAILS(admin_user_set(&a, "bob", NULL, "EVE@example.org", &err), ERR_CONFLICT, "email",
	      "taken");
	FAILS(admin_user_set(&a, "bobby", "x", NULL, &err), ERR_NOT_FOUND, "user", "bobby");
}
END_TEST

START_TEST(a_user_keeps_the_session_that_changes_the_password)
{
	struct new_user n = some_user("bob");
	struct principal bob = { .role = ROLE_MANAGER, .name = "bob" },
			 key = { .role = ROLE_MANAGER,
				 .key_sid = "SK00000000000000000000000000000001" };
	struct session one = { .hash = "one",
			       .kind = SESSION_TEMPORARY,
			       .created = 1,
			       .expires = NOW },
		       two = one, found;
	struct user u;

	OK(admin_user_add(&a, &n, &err));
	OK(admin_user_find(&a, "bob", &u, &err));
	bob.user = one.user = two.user = u.id;
	two.hash[0] = '2';
	OK(store_session_add(a.st, &one, &err));
	OK(store_session_add(a.st, &two, &err));
	a.by = &key;
	FAILS(admin_own_password(&a, "hash", NULL, &err), ERR_FORBIDDEN, "", "users");
	a.by = &bob;
	OK(admin_own_password(&a, "new hash", &one, &err));
	ck_assert_int_eq(store_session_find(a.st, one.hash, &found, &err), 1);
	ck_assert_int_eq(store_session_find(a.st, two.hash, &found, &err), 0);
	OK(admin_own_password(&a, "newer hash", NULL, &err));
	ck_assert_int_eq(store_session_find(a.st, one.hash, &found, &err), 0);
	LOG("ada user.password bob by the user", "ada user.password bob by the user");
}
END_TEST

/* ---- actors ---- */

START_TEST(an_actor_is_named_so_that_nobody_is_taken_for_another)
{
	static const struct {
		struct principal p;
		const char *actor;
	} rows[] = {
		{ { .name = "ada", .user = 7 }, "ada" },
		{ { .name = "ada", .label = "ada", .key_sid = "SK1" }, "key SK1 (ada)" },
		{ { .name = "SK1", .label = "", .key_sid = "SK1" }, "key SK1" },
		{ { .name = "AC1", .key_sid = "SK1" }, "key SK1" },
		{ { .name = "ada", .user = 7, .made_by = "bob" }, "ada (token by bob)" },
		{ { .name = "ada", .user = 7, .made_by = "key SK1 (bob)" },
		  "ada (token by key SK1 (bob))" },
		{ { .name = "console" }, "console" },
		{ { .name = "console", .label = "ada" }, "console (ada)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i].actor);
		ck_assert_str_eq(principal_actor(&rows[i].p, &arena), rows[i].actor);
	}
	ck_assert_str_eq(principal_actor(&principal_console, &arena), ACTOR_CONSOLE);
}
END_TEST

START_TEST(a_key_is_found_by_the_hash_of_its_secret_alone)
{
	struct new_key n = {
		.role = "Manager", .name = "billing", .grants = main_account, .n_grants = 1
	};
	char sid[SID_TEXT], token[TOKEN_TEXT];
	unsigned char hash[HASH_BYTES];
	struct key k;

	OK(admin_key_add(&a, &n, secret, sid, token, &err));
	ck_assert(sid_valid("SK", sid, strlen(sid)));
	token_hash(secret, token, strlen(token), hash);
	ck_assert_int_eq(store_key_by_hash(a.st, hash, &arena, &k, &err), 1);
	ck_assert_str_eq(k.sid, sid);
	OK(admin_key_find(&a, sid, &k, &err));
	ck_assert_mem_eq(k.hash, hash, sizeof(hash));
	ck_assert_str_eq(k.name, "billing");
	ck_assert_uint_eq(k.n_grants, 1);
	ck_assert_int_eq(k.created, NOW);
	LOG(arena_join(&arena, "ada key.add ", sid, " Manager, billing", NULL));
}
END_TEST

START_TEST(a_key_whose_parts_do_not_go_together_is_refused)
{
	struct new_key n = { .role = "Key" };
	char sid[SID_TEXT], token[TOKEN_TEXT];
	size_t before = count_log();

	FAILS(admin_key_add(&a, &n, secret, sid, token, &err), ERR_PARAM, "account", "is required");
	n.account = NONE_SID;
	FAILS(admin_key_add(&a, &n, secret, sid, token, &err), ERR_PARAM, "account", NONE_SID);
	n = (struct new_key) { .role = "Ingest", .grants = main_account, .n_grants = 1 };
	FAILS(admin_key_add(&a, &n, secret, sid, token, &err), ERR_PARAM, "grant", "Ingest");
	n = (struct new_key) { .role = NULL };
	FAILS(admin_key_add(&a, &n, secret, sid, token, &err), ERR_PARAM, "role", "must be one of");
	ck_assert_uint_eq(count_log(), before);
}
END_TEST

START_TEST(a_key_is_revoked_once)
{
	struct new_key n = { .role = "Ingest" };
	char sid[SID_TEXT], token[TOKEN_TEXT];
	size_t logged;
	struct key k;

	OK(admin_key_add(&a, &n, secret, sid, token, &err));
	OK(admin_key_revoke(&a, sid, &err));
	logged = count_log();
	a.now_us += 1000 * USEC_PER_SEC;
	OK(admin_key_revoke(&a, sid, &err));
	OK(admin_key_find(&a, sid, &k, &err));
	ck_assert_int_eq(k.revoked, NOW);
	ck_assert_uint_eq(count_log(), logged);
	FAILS(admin_key_revoke(&a, "SK0", &err), ERR_NOT_FOUND, "key", "SK0");
}
END_TEST

START_TEST(an_account_has_its_parts_checked)
{
	struct new_account n = {
		.name = "sub", .parent = MAIN_SID, .currency = "EUR", .created = "2026-01-02"
	};
	struct account made, below;

	OK(admin_account_add(&a, &n, &made, &err));
	ck_assert(sid_valid("AC", made.sid, strlen(made.sid)));
	ck_assert_str_eq(made.currency, "eur");
	ck_assert_int_eq(made.created, date_to_days((struct date) { 2026, 1, 2 }) * SEC_PER_DAY);
	ck_assert_int_ne(made.parent, 0);
	LOG(arena_join(&arena, "ada account.add ", made.sid, " sub", NULL));
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_CONFLICT, "name", "sub");
	n.name = "";
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "name", "1 to 100");
	n.name = "x";
	n.currency = "euro";
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "currency", "three letters");
	n.currency = "eur";
	n.created = "2026-02-30";
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "created", "date");
	n.created = NULL;
	n.sid = "AC1";
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "sid", "32");
	n.sid = NULL;
	n.parent = NONE_SID;
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "parent", NONE_SID);
	n.parent = made.sid;
	FAILS(admin_account_add(&a, &n, &below, &err), ERR_PARAM, "parent", "subaccount");
}
END_TEST

START_TEST(a_category_has_its_parts_checked)
{
	struct new_category n = { .name = "calls",
				  .description = "Calls",
				  .count_unit = "calls",
				  .usage_unit = "minutes",
				  .metered = true };
	struct category *list;
	size_t count;

	OK(admin_category_add(&a, &n, &err));
	n.parent = "calls";
	n.name = "calls-moon";
	OK(admin_category_add(&a, &n, &err));
	OK(store_categories(a.st, &arena, &list, &count, &err));
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(list[1].parent, list[0].id);
	ck_assert(list[1].metered);
	LOG("ada category.add calls-moon calls", "ada category.add calls ");
	FAILS(admin_category_add(&a, &n, &err), ERR_CONFLICT, "name", "calls-moon");
	n.name = "Moon!";
	FAILS(admin_category_add(&a, &n, &err), ERR_PARAM, "name", "a-z");
	n.name = "moon";
	n.parent = "mars";
	FAILS(admin_category_add(&a, &n, &err), ERR_PARAM, "parent", "mars");
	n.parent = NULL;
	n.usage_unit = "one\ntwo";
	FAILS(admin_category_add(&a, &n, &err), ERR_PARAM, "usage_unit", "control characters");
}
END_TEST

START_TEST(accounts_are_closed_and_reopened_in_the_authors_name)
{
	struct closing *list;
	size_t n;

	OK(admin_closing_close(&a, MAIN_SID, "2026-10-31", &err));
	OK(store_closings(a.st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(list[0].author, "ada");
	OK(admin_closing_reopen(&a, MAIN_SID, "2026-10-01", "a bill was wrong", &err));
	OK(admin_closing_reopen(&a, MAIN_SID, NULL, "start again", &err));
	LOG("ada closing.reopen " MAIN_SID " everything: start again",
	    "ada closing.reopen " MAIN_SID " from 2026-10-01: a bill was wrong",
	    "ada closing.close " MAIN_SID " through 2026-10-31");
	FAILS(admin_closing_close(&a, MAIN_SID, "yesterday", &err), ERR_PARAM, "through", "date");
	FAILS(admin_closing_close(&a, MAIN_SID, "2026-11-21", &err), ERR_PARAM, "through", "over");
	FAILS(admin_closing_close(&a, NONE_SID, "2026-10-31", &err), ERR_PARAM, "account",
	      NONE_SID);
	FAILS(admin_closing_reopen(&a, MAIN_SID, NULL, "start again", &err), ERR_CONFLICT, "from",
	      "not closed");
}
END_TEST

static Suite *admin_suite(void)
{
	Suite *s = suite_create("admin");
	TCase *t = tcase_create("changes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_user_is_added_with_what_is_left_out_filled);
	tcase_add_test(t, a_user_that_can_not_be_is_refused_by_its_part);
	tcase_add_test(t, a_taken_name_is_a_conflict);
	if (on_sqlite("the first password is in a file beside the ledger"))
		tcase_add_test(t, the_first_password_is_forgotten_when_it_changes);
	tcase_add_test(t, a_user_gets_another_password_grants_and_an_end);
	tcase_add_test(t, only_managers_have_grants_but_anybodys_can_be_taken_away);
	tcase_add_test(t, users_do_not_remove_themselves_however_they_are_signed_in);
	tcase_add_test(t, names_that_look_like_one_that_is_taken_are_a_conflict);
	tcase_add_test(t, a_user_name_hides_no_character);
	tcase_add_test(t, no_user_is_called_what_the_log_calls_others);
	tcase_add_test(t, a_removed_users_keys_end_whoever_made_them_and_whatever_they_made);
	tcase_add_test(t, a_right_that_is_taken_away_is_taken_from_the_users_keys);
	tcase_add_test(t, a_users_display_name_and_address_are_changed);
	tcase_add_test(t, a_user_keeps_the_session_that_changes_the_password);
	tcase_add_test(t, an_actor_is_named_so_that_nobody_is_taken_for_another);
	tcase_add_test(t, a_key_is_found_by_the_hash_of_its_secret_alone);
	tcase_add_test(t, a_key_whose_parts_do_not_go_together_is_refused);
	tcase_add_test(t, a_key_is_revoked_once);
	tcase_add_test(t, an_account_has_its_parts_checked);
	tcase_add_test(t, a_category_has_its_parts_checked);
	tcase_add_test(t, accounts_are_closed_and_reopened_in_the_authors_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(admin_suite());
}
