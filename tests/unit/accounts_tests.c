/*
 * Accounts being looked after: usage/admin_accounts.c, usage/account.c,
 * usage/account_calendar.c, base/name.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "base/name.h"
#include "store/account.h"
#include "store/audit.h"
#include "usage/account.h"
#include "usage/account_calendar.h"
#include "usage/admin.h"
#include "usage/ledger.h"
#include "fixture.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "base/banned.h"

#define MAIN_SID  "AC00000000000000000000000000000001"
#define SUB_SID   "AC00000000000000000000000000000002"
#define OTHER_SID "AC00000000000000000000000000000003"
#define NONE_SID  "AC0000000000000000000000000000000f"
#define NOW       INT64_C(1795258800) /* 2026-11-21T11:00:00Z */

static struct error err;
static struct arena arena;
static struct admin a;
static struct account made;

static void add(const char *name, const char *sid, const char *parent)
{
	struct new_account n = { .name = name, .currency = "usd", .sid = sid, .parent = parent };

	OK(admin_account_add(&a, &n, &made, &err));
}

static void setup(void)
{
	arena_init(&arena);
	error_clear(&err);
	a = (struct admin) { .arena = &arena, .author = "ada", .now_us = NOW * USEC_PER_SEC };
	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &a.st, &err));
	OK(store_begin_write(a.st, &err));
	add("main", MAIN_SID, NULL);
	add("sub", SUB_SID, MAIN_SID);
	add("other", OTHER_SID, NULL);
}

static void teardown(void)
{
	store_close(&a.st);
	arena_release(&arena);
}

static struct account read_account(const char *sid)
{
	struct account found;

	ck_assert_int_eq(store_account_by_sid(a.st, sid, &arena, &found, &err), 1);
	return found;
}

/* The newest entry of the log says ACTION, of SUBJECT, DETAIL. */
static void check_log(const char *action, const char *subject, const char *detail)
{
	struct audit *entries;
	size_t n;

	OK(store_audits(a.st, &(struct newest) { .before = 0, .limit = 1 }, &arena, &entries, &n,
			&err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(entries[0].action, action);
	ck_assert_str_eq(entries[0].subject, subject);
	ck_assert_str_eq(entries[0].detail, detail);
}

static size_t count_log(void)
{
	struct audit *entries;
	size_t n;

	OK(store_audits(a.st, &(struct newest) { .before = 0, .limit = 1000 }, &arena, &entries, &n,
			&err));
	return n;
}

static void set(const char *sid, struct account_change c)
{
	OK(admin_account_set(&a, sid, &c, &made, &err));
}

/* ---- parts ---- */

START_TEST(a_new_account_has_number_zone_and_cycle_day)
{
	struct new_account n = { .name = " \xC2\xA0trimmed ",
				 .currency = "EUR",
				 .number = " K-17 ",
				 .time_zone = "Europe/Vienna",
				 .cycle_day = "28" };

	OK(admin_account_add(&a, &n, &made, &err));
	made = read_account(made.sid);
	ck_assert_str_eq(made.name, "trimmed");
	ck_assert_str_eq(made.number, "K-17");
	ck_assert_str_eq(made.time_zone, "Europe/Vienna");
	ck_assert_int_eq(made.cycle_day, 28);
	ck_assert_str_eq(made.currency, "eur");
}
END_TEST

START_TEST(each_part_is_changed_and_the_log_says_from_what_to_what)
{
	set(MAIN_SID, (struct account_change) { .name = "Acme ",
						.number = "17",
						.time_zone = "America/New_York",
						.cycle_day = "15",
						.currency = "EUR" });
	check_log("account.set", MAIN_SID,
		  "name from \"main\" to \"Acme\", number from \"\" to \"17\", time_zone from \"\" "
		  "to \"America/New_York\", "
		  "cycle_day from \"\" to \"15\", currency from \"usd\" to \"eur\"");
	made = read_account(MAIN_SID);
	ck_assert_str_eq(made.name, "Acme");
	ck_assert_str_eq(made.number, "17");
	ck_assert_str_eq(made.time_zone, "America/New_York");
	ck_assert_int_eq(made.cycle_day, 15);
	ck_assert_str_eq(made.currency, "eur");
	set(MAIN_SID, (struct account_change) { .cycle_day = "", .number = "" });
	check_log("account.set", MAIN_SID,
		  "number from \"17\" to \"\", cycle_day from \"15\" to \"\"");
	made = read_account(MAIN_SID);
	ck_assert_str_eq(made.name, "Acme");
	ck_assert_str_eq(made.number, "");
	ck_assert_int_eq(made.cycle_day, 0);
	ck_assert_str_eq(made.time_zone, "America/New_York");
}
END_TEST

START_TEST(a_change_to_what_there_is_leaves_no_entry)
{
	size_t before = count_log();

	set(MAIN_SID, (struct account_change) { .name = "main",
						.currency = "usd",
						.number = "",
						.time_zone = "",
						.cycle_day = "" });
	set(MAIN_SID, (struct account_change) { .name = NULL });
	ck_assert_uint_eq(count_log(), before);
}
END_TEST

START_TEST(parts_that_can_not_be_are_refused_by_name)
{
	static char long_number[ACCOUNT_NUMBER_BYTES + 2];
	static const struct {
		struct account_change change;
		enum error_kind kind;
		const char *param, *words;
	} rows[] = {
		{ { .name = "" }, ERR_PARAM, "name", "1 to 100" },
		{ { .name = "  " }, ERR_PARAM, "name", "1 to 100" },
		{ { .name = "a\nb" }, ERR_PARAM, "name", "control" },
		{ { .name = "other" }, ERR_CONFLICT, "name", "\"other\" already" },
		{ { .name = " other " }, ERR_CONFLICT, "name", "\"other\" already" },
		{ { .name = "K-3" }, ERR_CONFLICT, "name", "number \"K-3\"" },
		{ { .number = "K-3" }, ERR_CONFLICT, "number", "number \"K-3\"" },
		{ { .number = "other" }, ERR_CONFLICT, "number", "name \"other\"" },
		{ { .number = long_number }, ERR_PARAM, "number", "64" },
		{ { .time_zone = "Mars/Olympus" }, ERR_PARAM, "time_zone", "IANA" },
		{ { .time_zone = "../etc/passwd" }, ERR_PARAM, "time_zone", "IANA" },
		{ { .cycle_day = "0" }, ERR_PARAM, "cycle_day", "1 to 28" },
		{ { .cycle_day = "29" }, ERR_PARAM, "cycle_day", "1 to 28" },
		{ { .cycle_day = "-1" }, ERR_PARAM, "cycle_day", "1 to 28" },
		{ { .cycle_day = "1st" }, ERR_PARAM, "cycle_day", "1 to 28" },
		{ { .cycle_day = "99999999999999999999" }, ERR_PARAM, "cycle_day", "1 to 28" },
		{ { .currency = "dollar" }, ERR_PARAM, "currency", "three letters" },
		{ { .currency = "" }, ERR_PARAM, "currency", "three letters" },
	};
	size_t before;

	memset(long_number, 'x', sizeof(long_number) - 1);
	set(OTHER_SID, (struct account_change) { .number = "K-3" });
	before = count_log();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		FAILS(admin_account_set(&a, MAIN_SID, &rows[i].change, &made, &err), rows[i].kind,
		      rows[i].param, rows[i].words);
	FAILS(admin_account_set(&a, NONE_SID, &rows[0].change, &made, &err), ERR_NOT_FOUND,
	      "AccountSid", NONE_SID);
	ck_assert_uint_eq(count_log(), before);
	ck_assert_str_eq(read_account(MAIN_SID).name, "main");
}
END_TEST

START_TEST(an_account_may_have_its_own_name_as_number)
{
	set(MAIN_SID, (struct account_change) { .number = "main" });
	ck_assert_str_eq(read_account(MAIN_SID).number, "main");
}
END_TEST

START_TEST(an_account_is_found_by_sid_name_and_number)
{
	static const char *const texts[] = { MAIN_SID, "main", "K-1" };
	struct account found;

	set(MAIN_SID, (struct account_change) { .number = "K-1" });
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ROW("%s", texts[i]);
		ck_assert_msg(account_find(a.st, texts[i], &arena, &found, &err) == 1, "%s",
			      texts[i]);
		ck_assert_str_eq(found.sid, MAIN_SID);
	}
	ck_assert_int_eq(account_find(a.st, "", &arena, &found, &err), 0);
	ck_assert_int_eq(account_find(a.st, "K-2", &arena, &found, &err), 0);
}
END_TEST

START_TEST(a_subaccount_takes_its_parents_calendar_where_it_has_none)
{
	struct account_calendar c;

	set(MAIN_SID, (struct account_change) { .time_zone = "Asia/Kathmandu", .cycle_day = "7" });
	made = read_account(SUB_SID);
	OK(account_calendar(a.st, &made, &c, &err));
	ck_assert_str_eq(zone_name(c.zone), "Asia/Kathmandu");
	ck_assert_int_eq(c.cycle_day, 7);
	set(SUB_SID, (struct account_change) { .cycle_day = "3" });
	OK(account_calendar(a.st, &made, &c, &err));
	ck_assert_str_eq(zone_name(c.zone), "Asia/Kathmandu");
	ck_assert_int_eq(c.cycle_day, 3);
	made = read_account(OTHER_SID);
	OK(account_calendar(a.st, &made, &c, &err));
	ck_assert_str_eq(zone_name(c.zone), "UTC");
	ck_assert_int_eq(c.cycle_day, 1);
}
END_TEST

/* ---- events ---- */

static void add_category(void)
{
	struct new_category n = {
		.name = "calls", .description = "", .count_unit = "", .usage_unit = ""
	};

	OK(admin_category_add(&a, &n, &err));
}

static struct raw_event raw_event(const char *id, const char *subject, const char *time)
{
	struct raw_event raw = { 0 };
	const char *const texts[EVENT_FIELDS] = { [EV_SOURCE] = "/t",
						  [EV_ID] = id,
						  [EV_SUBJECT] = subject,
						  [EV_TIME] = time,
						  [EV_CATEGORY] = "calls" };

	for (int f = 0; f < EVENT_FIELDS; f++) {
		raw.field[f].text = texts[f];
		raw.field[f].len = texts[f] ? strlen(texts[f]) : 0;
	}
	return raw;
}

/*
 * The verdict on one event, outside of a write; REASON gets why it was
 * rejected.
 */
static enum verdict send_with(struct ledger *l, const char *id, const char *subject,
			      const char *time, struct error *reason)
{
	struct raw_event raw = raw_event(id, subject, time);
	static struct batch batch;

	error_clear(reason);
	OK(batch_add(&batch, &raw, NOW * USEC_PER_SEC, INT64_C(86400) * USEC_PER_SEC, &err));
	OK(batch_store(&batch, l, &err));
	if (batch.events[0].reason)
		*reason = *batch.events[0].reason;
	return batch.events[0].verdict;
}

static struct ledger *new_ledger(void)
{
	return ledger_new(a.st, &(struct ledger_options) { .accounts_by_name = true });
}

static enum verdict send_one(const char *id, const char *subject, const char *time,
			     struct error *reason)
{
	struct ledger *l;
	enum verdict v;

	OK(store_commit(a.st, &err));
	l = new_ledger();
	v = send_with(l, id, subject, time, reason);
	ledger_free(&l);
	OK(store_begin_write(a.st, &err));
	return v;
}

START_TEST(the_currency_stays_once_there_are_events)
{
	struct account_change euro = { .currency = "eur" };
	struct error reason = { 0 };

	add_category();
	ck_assert_int_eq(send_one("1", SUB_SID, "2026-11-01T00:00:00Z", &reason), VERDICT_CREATED);
	FAILS(admin_account_set(&a, SUB_SID, &euro, &made, &err), ERR_CONFLICT, "currency",
	      "has events");
	FAILS(admin_account_set(&a, MAIN_SID, &euro, &made, &err), ERR_CONFLICT, "currency",
	      "subaccount");
	set(OTHER_SID, euro);
	add("new", NONE_SID, MAIN_SID);
	set(NONE_SID, euro);
	set(MAIN_SID,
	    (struct account_change) { .currency = "USD", .name = "same currency, other name" });
}
END_TEST

START_TEST(a_suspended_account_takes_events_of_earlier_times_alone)
{
	static const struct {
		const char *id, *subject, *time;
		enum verdict verdict;
	} rows[] = {
		{ "1", MAIN_SID, "2026-11-21T10:59:59.999999Z", VERDICT_CREATED },
		{ "2", MAIN_SID, "2026-11-21T11:00:00Z", VERDICT_REJECTED },
		{ "3", SUB_SID, "2026-11-21T10:59:59Z", VERDICT_CREATED },
		{ "4", SUB_SID, "2026-11-21T12:00:00Z", VERDICT_REJECTED },
		{ "5", OTHER_SID, "2026-11-21T12:00:00Z", VERDICT_CREATED },
		{ "0", MAIN_SID, "2026-11-21T11:30:00Z", VERDICT_DUPLICATE },
	};
	struct error reason;

	add_category();
	ck_assert_int_eq(send_one("0", MAIN_SID, "2026-11-21T11:30:00Z", &reason), VERDICT_CREATED);
	OK(admin_account_suspend(&a, MAIN_SID, "unpaid", &made, &err));
	check_log("account.suspend", MAIN_SID, "unpaid");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum verdict v = send_one(rows[i].id, rows[i].subject, rows[i].time, &reason);

		ROW("%s of %s", rows[i].id, rows[i].subject);
		ck_assert_msg(v == rows[i].verdict, "row %zu: %s, %s", i, verdict_names[v],
			      reason.message);
		if (v != VERDICT_REJECTED)
			continue;
		ck_assert_str_eq(event_reject_code(&reason), "suspended");
		ck_assert_str_eq(reason.param, "time");
		ck_assert_ptr_nonnull(strstr(reason.message, "since 2026-11-21T11:00:00Z"));
	}
	OK(admin_account_reactivate(&a, MAIN_SID, &made, &err));
	check_log("account.reactivate", MAIN_SID, "suspended since 2026-11-21T11:00:00Z");
	ck_assert_int_eq(send_one("2", MAIN_SID, "2026-11-21T11:00:00Z", &reason), VERDICT_CREATED);
	ck_assert_int_eq(send_one("4", SUB_SID, "2026-11-21T12:00:00Z", &reason), VERDICT_CREATED);
}
END_TEST

START_TEST(a_subaccount_is_suspended_since_the_earlier_of_its_own_and_its_parents)
{
	struct suspension *list;
	int64_t since;
	size_t n;

	OK(admin_account_suspend(&a, SUB_SID, NULL, &made, &err));
	a.now_us += 10 * USEC_PER_SEC;
	OK(admin_account_suspend(&a, MAIN_SID, NULL, &made, &err));
	OK(store_suspensions(a.st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[0].since, NOW + 10);
	ck_assert_int_eq(list[1].since, NOW);
	OK(admin_account_reactivate(&a, SUB_SID, &made, &err));
	made = read_account(SUB_SID);
	OK(account_load_suspended(a.st, &made, &since, &err));
	ck_assert_int_eq(since, NOW + 10);
	FAILS(admin_account_reactivate(&a, SUB_SID, &made, &err), ERR_CONFLICT, "AccountSid",
	      "main account");
	OK(admin_account_reactivate(&a, MAIN_SID, &made, &err));
	OK(store_suspensions(a.st, &arena, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	FAILS(admin_account_reactivate(&a, MAIN_SID, &made, &err), ERR_CONFLICT, "AccountSid",
	      "not suspended");
	OK(admin_account_suspend(&a, MAIN_SID, NULL, &made, &err));
	FAILS(admin_account_suspend(&a, MAIN_SID, NULL, &made, &err), ERR_CONFLICT, "AccountSid",
	      "already");
}
END_TEST

START_TEST(a_name_or_number_in_a_file_is_the_accounts_that_has_it_by_then)
{
	struct error reason;
	struct ledger *l;

	add_category();
	set(MAIN_SID, (struct account_change) { .number = "K-1" });
	OK(store_commit(a.st, &err));
	l = new_ledger();
	ck_assert_int_eq(send_with(l, "3", "K-2", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_REJECTED);
	ck_assert_int_eq(send_with(l, "1", "main", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_CREATED);
	ck_assert_int_eq(send_with(l, "2", "K-1", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_CREATED);
	OK(store_begin_write(a.st, &err));
	set(MAIN_SID, (struct account_change) { .name = "was main", .number = "" });
	set(OTHER_SID, (struct account_change) { .name = "main" });
	OK(store_commit(a.st, &err));
	ck_assert_int_eq(send_with(l, "4", "K-1", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_REJECTED);
	/*
	 * another family by now: a duplicate would be the account that was
	 * called so
	 */
	ck_assert_int_eq(send_with(l, "1", "main", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_CREATED);
	ck_assert_int_eq(send_with(l, "2", "was main", "2026-11-01T00:00:00Z", &reason),
			 VERDICT_DUPLICATE);
	ledger_free(&l);
	OK(store_begin_write(a.st, &err));
}
END_TEST

static Suite *accounts_suite(void)
{
	Suite *s = suite_create("accounts");
	TCase *t = tcase_create("accounts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_new_account_has_number_zone_and_cycle_day);
	tcase_add_test(t, each_part_is_changed_and_the_log_says_from_what_to_what);
	tcase_add_test(t, a_change_to_what_there_is_leaves_no_entry);
	tcase_add_test(t, parts_that_can_not_be_are_refused_by_name);
	tcase_add_test(t, an_account_may_have_its_own_name_as_number);
	tcase_add_test(t, an_account_is_found_by_sid_name_and_number);
	tcase_add_test(t, a_subaccount_takes_its_parents_calendar_where_it_has_none);
	tcase_add_test(t, the_currency_stays_once_there_are_events);
	tcase_add_test(t, a_suspended_account_takes_events_of_earlier_times_alone);
	tcase_add_test(t, a_subaccount_is_suspended_since_the_earlier_of_its_own_and_its_parents);
	tcase_add_test(t, a_name_or_number_in_a_file_is_the_accounts_that_has_it_by_then);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(accounts_suite());
}
