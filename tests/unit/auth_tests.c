/*
 * auth_tests.c - credentials and sessions.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/throttle.h"
#include "http/auth.h"
#include "store/account.h"
#include "store/session.h"
#include "store/user.h"
#include "request_fixture.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

/* ---- credentials ---- */

static char *basic(const char *user_and_token)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(user_and_token), n = 0;
	char *out = arena_alloc(&arena, len * 2 + 16);
	char *text = out + snprintf(out, 8, "Basic ");

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)(unsigned char)user_and_token[i] << 16;

		v |= i + 1 < len ? (unsigned)(unsigned char)user_and_token[i + 1] << 8 : 0;
		v |= i + 2 < len ? (unsigned char)user_and_token[i + 2] : 0;
		text[n++] = digits[v >> 18];
		text[n++] = digits[v >> 12 & 63];
		text[n++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		text[n++] = i + 2 < len ? digits[v & 63] : '=';
	}
	return out;
}

static const struct {
	const char *credentials; /* user:token, or a whole header */
	const char *who;         /* NULL: refused */
} callers[] = {
	{ "ada:right password", "ada" },
	{ "admintoken:", "admin" },
	{ "accounttoken:", MAIN_SID },
	{ MAIN_SID ":accounttoken", MAIN_SID },
	{ "SK00000000000000000000000000000002:accounttoken", MAIN_SID },
	{ "SK00000000000000000000000000000001:admintoken", "admin" },
	{ "SK00000000000000000000000000000003:guesttoken", "guest" },
	{ "Bearer admintoken", "admin" },
	{ "bearer   accounttoken", MAIN_SID },
	{ "admin:accounttoken", NULL },
	{ "AC00000000000000000000000000000002:accounttoken", NULL },
	{ MAIN_SID ":admintoken", NULL },
	{ "admin:admintoken", NULL },
	{ "ada:wrong password", NULL },
	{ "Ada:right password", "ada" },
	{ " ADA :right password", "ada" },
	{ "former:right password", NULL },
	{ "ada:", NULL },
	{ "revokedtoken:", NULL },
	{ "Bearer right password", NULL },
	{ "admin:", NULL },
	{ "admin:wrong", NULL },
	{ "admin:admintoken:more", NULL },
	{ ":accounttoken", NULL },
	{ ":admintoken", NULL },
	{ "gone:revokedtoken", NULL },
	{ "Bearer revokedtoken", NULL },
	{ "Bearer ", NULL },
	{ "Bearer", NULL },
	{ "Basic", NULL },
	{ "Basic !!!", NULL },
	{ "Basic YWRtaW4=", NULL },                 /* "admin", without a colon */
	{ "Basic YWRtaW4AOmFkbWludG9rZW4=", NULL }, /* "admin\0:admintoken" */
	{ "Digest username=\"admin\"", NULL },
	{ "admintoken", NULL },
};

/* Whom the request is from, by the ledger as it is now. */
static int identify(struct request *rq, int64_t now, struct error *err)
{
	int rc;

	ck_assert_int_eq(store_open(ledger_place(database), 0, 1000, &rq->store, err), 0);
	rq->worker = &worker;
	rq->arena = &arena;
	rq->now = now;
	rc = auth_check(rq, err);
	store_close(&rq->store);
	return rc;
}

START_TEST(credentials_name_a_caller_or_are_refused_alike)
{
	const char *given = callers[_i].credentials;
	bool header = strncmp(given, "Bearer", 6) == 0 || strncmp(given, "Basic", 5) == 0 ||
		      strncmp(given, "Digest", 6) == 0;
	struct request rq = { .authorization = header || !strchr(given, ':') ? given : basic(given),
			      .cookie = "",
			      .ss_id = "",
			      .ss_pid = "",
			      .remote = "-" };

	/* twice: the second time from the cache */
	for (int i = 0; i < 2; i++) {
		struct error err = { 0 };
		int rc = identify(&rq, 1000, &err);

		ck_assert_int_eq(rc, callers[_i].who ? 0 : -1);
		if (callers[_i].who) {
			ck_assert_str_eq(rq.who->name, callers[_i].who);
			ck_assert_ptr_null(rq.session);
			continue;
		}
		ck_assert_ptr_null(rq.who);
		ck_assert_int_eq(err.kind, ERR_CREDENTIALS);
		ck_assert_str_eq(err.message, "Invalid Username or Password");
	}
}
END_TEST

START_TEST(credentials_of_a_suspended_account_are_refused_as_such)
{
	static const struct {
		const char *credentials;
		enum error_kind kind; /* ERR_NONE: they are good still */
	} rows[] = {
		{ MAIN_SID ":accounttoken", ERR_SUSPENDED },
		{ "belowkey:", ERR_SUSPENDED },
		{ "ingestkey:", ERR_NONE },
		{ "admintoken:", ERR_NONE },
		{ MAIN_SID ":wrong", ERR_CREDENTIALS },
		{ "ada:right password", ERR_NONE },
	};
	struct account a, below = { .sid = "AC00000000000000000000000000000002",
				    .name = "Below",
				    .currency = "usd",
				    .created = 1 };
	struct store *st = NULL;
	struct error err = { 0 };
	int64_t version;

	for (int suspended = 1; suspended >= 0; suspended--) {
		ck_assert_int_eq(store_open(ledger_place(database), STORE_WRITE, 1000, &st, &err),
				 0);
		ck_assert_int_eq(store_account_by_sid(st, MAIN_SID, &arena, &a, &err), 1);
		a.suspended = suspended ? 1795258800 : 0;
		ck_assert_int_eq(store_account_set(st, &a, &err), 1);
		if (suspended) {
			below.parent = a.id;
			ck_assert_int_eq(store_account_add(st, &below, &err), 0);
			add_key(st, 11, "Key", "", below.id, "belowkey");
			add_key(st, 12, "Ingest", "", a.id, "ingestkey");
		}
		ck_assert_int_eq(store_version(st, &version, &err), 0);
		auth_at_version(worker.auth, version);
		store_close(&st);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct request rq = { .authorization = basic(rows[i].credentials),
					      .cookie = "",
					      .ss_id = "",
					      .ss_pid = "",
					      .remote = "-" };
			bool good = rows[i].kind == ERR_NONE ||
				    (rows[i].kind == ERR_SUSPENDED && !suspended);

			error_clear(&err);
			ck_assert_msg(identify(&rq, 1000, &err) == (good ? 0 : -1), "%s: %s",
				      rows[i].credentials, err.message);
			ck_assert_msg(good || err.kind == rows[i].kind, "%s: %s",
				      rows[i].credentials, err.message);
		}
	}
}
END_TEST

START_TEST(no_header_is_nobody)
{
	struct request rq = {
		.worker = &worker, .arena = &arena, .cookie = "", .ss_id = "", .ss_pid = ""
	};
	struct error err = { 0 };

	ck_assert_int_eq(auth_check(&rq, &err), 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

/* ---- sessions ---- */

#define TEMPORARY "tttttttttttttttttttttttttttttttttttttttttTT"
#define PERMANENT "ppppppppppppppppppppppppppppppppppppppppppP"
#define A_TOKEN   "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkK"
#define OVER      "ooooooooooooooooooooooooooooooooooooooooooO"

static void add_session(struct store *st, const char *token, enum session_kind kind,
			int64_t expires)
{
	struct session s = {
		.user = 1, .kind = kind, .created = 1, .expires = expires, .maker.user = 1
	};
	struct error err = { 0 };

	token_hash(secret, token, strlen(token), s.hash);
	ck_assert_int_eq(store_session_add(st, &s, &err), 0);
}

static void add_sessions(void)
{
	struct error err = { 0 };
	struct store *st = NULL;

	ck_assert_int_eq(store_open(ledger_place(database), STORE_WRITE, 1000, &st, &err), 0);
	add_session(st, TEMPORARY, SESSION_TEMPORARY, 2000);
	add_session(st, PERMANENT, SESSION_PERMANENT, 2000);
	add_session(st, A_TOKEN, SESSION_TOKEN, 2000);
	add_session(st, OVER, SESSION_TEMPORARY, 1000);
	store_close(&st);
}

enum { NOBODY = -1, REFUSED = -2 };

static const struct {
	const char *cookie, *ss_id, *ss_pid, *authorization;
	int kind; /* of the session that signs in */
} sessions[] = {
	{ "ss-id=" TEMPORARY, "", "", NULL, SESSION_TEMPORARY },
	{ "ss-pid=" PERMANENT, "", "", NULL, SESSION_PERMANENT },
	{ "ss-opt=perm; ss-id=" TEMPORARY "; ss-pid=" PERMANENT, "", "", NULL, SESSION_PERMANENT },
	{ "ss-opt=temp; ss-id=" TEMPORARY "; ss-pid=" PERMANENT, "", "", NULL, SESSION_TEMPORARY },
	{ "ss-opt=perm; 21 Nov 2044 23:00:00 GMT=null; ss-id=; ss-pid=" PERMANENT, "", "", NULL,
	  SESSION_PERMANENT },
	{ "; ;;=;junk;=x; ss-id = x;ss-id=" TEMPORARY " ; x", "", "", NULL, SESSION_TEMPORARY },
	{ "xss-id=" TEMPORARY "; ss-idx=" TEMPORARY, "", "", NULL, NOBODY },
	{ "ss-id=" PERMANENT, "", "", NULL, NOBODY },
	{ "ss-pid=" TEMPORARY, "", "", NULL, NOBODY },
	{ "ss-id=" A_TOKEN, "", "", NULL, NOBODY },
	{ "ss-id=" OVER, "", "", NULL, NOBODY },
	{ "ss-id=" TEMPORARY "x", "", "", NULL, NOBODY },
	{ "SS-ID=" TEMPORARY, "", "", NULL, NOBODY },
	{ "", TEMPORARY, "", NULL, SESSION_TEMPORARY },
	{ "", "", PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-id=" TEMPORARY, "", PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-opt=perm", TEMPORARY, PERMANENT, NULL, SESSION_PERMANENT },
	{ "ss-pid=" PERMANENT, TEMPORARY, "", NULL, SESSION_TEMPORARY },
	{ "ss-id=" TEMPORARY, "nonsense", "", NULL, NOBODY },
	{ "", "", "", "Bearer " A_TOKEN, SESSION_TOKEN },
	{ "ss-id=" TEMPORARY, "", "", "Bearer " A_TOKEN, SESSION_TOKEN },
	{ "ss-id=" TEMPORARY, "", "", "Bearer wrong", REFUSED },
	{ "", "", "", "Bearer " TEMPORARY, REFUSED },
	{ "", "", "", "Bearer " OVER, REFUSED },
};

START_TEST(a_session_is_found_by_header_and_cookie)
{
	struct request rq = { .authorization = sessions[_i].authorization,
			      .cookie = sessions[_i].cookie,
			      .ss_id = sessions[_i].ss_id,
			      .ss_pid = sessions[_i].ss_pid,
			      .remote = "-" };
	struct error err = { 0 };
	int rc;

	add_sessions();
	rc = identify(&rq, 1000, &err);
	ck_assert_int_eq(rc, sessions[_i].kind == REFUSED ? -1 : 0);
	if (sessions[_i].kind < 0) {
		ck_assert_ptr_null(rq.who);
		return;
	}
	ck_assert_str_eq(rq.who->name, "ada");
	ck_assert_str_eq(rq.who->display, "Ada Lovelace");
	ck_assert_int_eq((int)rq.session->kind, sessions[_i].kind);
	/* only cookies come by themselves */
	ck_assert_int_eq(rq.ambient, !sessions[_i].authorization && !*rq.ss_id && !*rq.ss_pid);
	ck_assert_int_eq(identify(&rq, 2000, &err), sessions[_i].authorization ? -1 : 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

START_TEST(sessions_of_a_removed_user_are_nobodys)
{
	struct request rq = {
		.cookie = "ss-id=" TEMPORARY, .ss_id = "", .ss_pid = "", .remote = "-"
	};
	struct error err = { 0 };
	struct store *st = NULL;

	add_sessions();
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	ck_assert_ptr_nonnull(rq.who);
	ck_assert_int_eq(store_open(ledger_place(database), STORE_WRITE, 1000, &st, &err), 0);
	ck_assert_int_eq(store_user_remove(st, 1, 5, &err), 1);
	store_close(&st);
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	ck_assert_ptr_null(rq.who);
}
END_TEST

START_TEST(wrong_passwords_make_who_guesses_wait)
{
	struct request rq = { .authorization = basic("ada:wrong guess"),
			      .cookie = "",
			      .ss_id = "",
			      .ss_pid = "",
			      .remote = "192.0.2.1" };
	struct error err = { 0 };

	for (int i = 0; i < THROTTLE_FREE + 1; i++) {
		error_clear(&err);
		ck_assert_int_eq(identify(&rq, 1000, &err), -1);
		ck_assert_int_eq(err.kind, ERR_CREDENTIALS);
	}
	error_clear(&err);
	ck_assert_int_eq(identify(&rq, 1000, &err), -1);
	ck_assert_int_eq(err.kind, ERR_TOO_MANY);
	ck_assert_int_eq(err.retry_after, 1);
	/* from elsewhere, the right one is let through, and then also here */
	error_clear(&err);
	rq.authorization = basic("ada:right password");
	rq.remote = "192.0.2.2";
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
	rq.remote = "192.0.2.1";
	ck_assert_int_eq(identify(&rq, 1000, &err), 0);
}
END_TEST

/* Is the account NAME in the snapshot of the current read? */
static bool is_there(struct store *st, const char *name)
{
	struct account found;
	struct error err = { 0 };
	int rc = store_account_by_name(st, name, &arena, &found, &err);

	ck_assert_int_ge(rc, 0);
	return rc;
}

START_TEST(no_read_is_open_while_a_password_is_checked)
{
	struct account later = { .sid = "AC00000000000000000000000000000077",
				 .name = "later",
				 .currency = "usd",
				 .created = 1700000000 };
	const struct password ada = { "ada", "right password", 14, "192.0.2.1" };
	struct worker mine = { .secret = secret, .signin = signin };
	struct request rq = { .worker = &mine, .arena = &arena };
	struct store *writer = NULL;
	struct error err = { 0 };
	struct user u;

	ck_assert_int_eq(store_open(ledger_place(database), STORE_WRITE, 1000, &writer, &err), 0);
	ck_assert_int_eq(store_open(ledger_place(database), 0, 1000, &rq.store, &err), 0);
	ck_assert_int_eq(store_begin_read(rq.store, &err), 0);
	ck_assert(!is_there(rq.store, "later"));
	ck_assert_int_eq(store_account_add(writer, &later, &err), 0);
	ck_assert(!is_there(rq.store, "later"));
	ck_assert_int_eq(signin_password(&rq, &ada, &u, &err), 0);
	ck_assert(is_there(rq.store, "later"));
	store_close(&rq.store);
	store_close(&writer);
}
END_TEST

/*
 * Many at once: the right password again and again, and wrong ones from the
 * side.
 */
static void *sign_in_often(void *arg)
{
	const struct password ada = { "ada", "right password", 14, arg },
			      eve = { "eve", "right password", 14, arg };
	struct worker mine = { .secret = secret, .signin = signin };
	struct request rq = { .worker = &mine, .arena = &mine.arena };
	intptr_t good = 0;

	arena_init(&mine.arena);
	if (store_open(ledger_place(database), 0, 1000, &rq.store, NULL) < 0)
		return NULL;
	for (int i = 0; i < 30; i++) {
		struct error err = { 0 };
		struct user u;

		good += signin_password(&rq, &ada, &u, &err) == 0;
		signin_password(&rq, &eve, &u, &err);
	}
	store_close(&rq.store);
	arena_release(&mine.arena);
	return (void *)good;
}

START_TEST(many_threads_sign_in_at_once)
{
	static char addresses[8][16];
	pthread_t threads[8];

	for (int i = 0; i < 8; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "192.0.2.%d", i % 3);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_in_often, addresses[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		void *good;

		pthread_join(threads[i], &good);
		ck_assert_int_eq((intptr_t)good, 30);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("auth");
	TCase *tc = tcase_create("auth");

	tcase_add_checked_fixture(tc, setup_ledger, teardown_ledger);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, credentials_name_a_caller_or_are_refused_alike, 0,
			    ARRAY_SIZE(callers));
	tcase_add_test(tc, credentials_of_a_suspended_account_are_refused_as_such);
	tcase_add_test(tc, no_header_is_nobody);
	tcase_add_loop_test(tc, a_session_is_found_by_header_and_cookie, 0, ARRAY_SIZE(sessions));
	tcase_add_test(tc, sessions_of_a_removed_user_are_nobodys);
	tcase_add_test(tc, wrong_passwords_make_who_guesses_wait);
	tcase_add_test(tc, no_read_is_open_while_a_password_is_checked);
	tcase_add_test(tc, many_threads_sign_in_at_once);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
