#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/civil.h"
#include "base/secret.h"
#include "base/zone.h"
#include "store/account.h"
#include "store/category.h"
#include "store/closing.h"
#include "store/correction.h"
#include "store/family_change.h"
#include "store/verify.h"
#include "usage/admin.h"
#include "usage/catalogue.h"
#include "usage/correct.h"
#include "usage/ledger.h"
#include "usage/query.h"
#include "batch.h"
#include "rollup_sum.h"
#include "ledger_sql.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/banned.h"

#define MAIN_SID  "AC00000000000000000000000000000001"
#define OTHER_SID "AC00000000000000000000000000000002"
#define NOW_US    (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */
#define HOUR_US   (3600 * USEC_PER_SEC)
#define DAY_US    (24 * HOUR_US)

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];
static struct store *st;
static struct ledger *ledger;
static int64_t main_id, other_id;
static enum late_events late;

static int64_t add_account(const char *sid, const char *name)
{
	struct account a = { .name = name, .currency = "usd" };

	snprintf(a.sid, sizeof(a.sid), "%s", sid);
	OK(store_account_add(st, &a, &err));
	return a.id;
}

static int64_t add_category(const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = "",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	OK(store_category_add(st, &c, &err));
	return c.id;
}

static void start_ledger(enum late_events how)
{
	struct ledger_options options = { .late = how };

	ledger_free(&ledger);
	late = how;
	ledger = ledger_new(st, &options);
}

static void setup(void)
{
	int64_t calls;

	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
	OK(store_open(ledger_place(path), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	main_id = add_account(MAIN_SID, "main");
	other_id = add_account(OTHER_SID, "other");
	calls = add_category("calls", 0);
	add_category("calls-inbound", calls);
	add_category("calls-outbound", calls);
	add_category("sim-data", 0);
	add_category("totalprice", 0);
	start_ledger(LATE_ADJUST);
}

static void remove_ledger(void)
{
	ledger_free(&ledger);
	store_close(&st);
	arena_release(&arena);
	folder_remove(dir);
}

static void teardown(void)
{
	ck_assert_uint_eq(ledger_differences(st), 0);
	remove_ledger();
}

static void set_field(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = text ? strlen(text) : 0;
}

/* A call of 2 minutes for 0.5 in the category calls-inbound. */
static struct raw_event call(const char *id, const char *time)
{
	struct raw_event raw = { 0 };

	set_field(&raw, EV_SOURCE, "/pbx/1");
	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_SUBJECT, MAIN_SID);
	set_field(&raw, EV_TIME, time);
	set_field(&raw, EV_CATEGORY, "calls-inbound");
	set_field(&raw, EV_USAGE, "2");
	set_field(&raw, EV_PRICE, "0.5");
	return raw;
}

static struct event add(const struct raw_event *raw)
{
	static struct batch batch;

	OK(batch_add(&batch, raw, NOW_US, 0, &err));
	OK(batch_store(&batch, ledger, &err));
	return batch.events[0];
}

static void add_call(const char *id, const char *time)
{
	struct raw_event raw = call(id, time);

	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
}

static int correct(struct correct *c, struct correction *ret, bool *ret_done)
{
	int rc;

	c->author = c->author ? c->author : "ann";
	c->reason = c->reason ? c->reason : "wrong";
	c->now_us = NOW_US;
	c->late = late;
	OK(store_begin_write(st, &err));
	error_clear(&err);
	rc = correct_event(st, c, &arena, ret, ret_done, &err);
	if (rc == 0)
		OK(store_commit(st, &err));
	else
		store_end(st);
	return rc;
}

/* Void (no CHANGE) or amendment of an event that is there. */
static struct correction made(const char *id, const struct raw_event *change)
{
	struct correct c = { .event.id = id,
			     .kind = change ? CORRECTION_AMEND : CORRECTION_VOID,
			     .change = change };
	struct correction ret;
	bool done;

	OK(correct(&c, &ret, &done));
	ck_assert(!done);
	return ret;
}

static struct stored_event find(const char *source, const char *id)
{
	struct event_identity identity = { .source = source, .id = id };
	struct stored_event e;

	OK(event_find(st, &identity, NULL, &arena, &e, &err));
	return e;
}

static enum event_state state_of(const char *id)
{
	struct stored_event e = find(NULL, id);
	enum event_state state;

	OK(store_event_states(st, &(struct event_key) { e.source, e.id, e.id_len }, 1, &arena,
			      &state, &err));
	return state;
}

static void raw_sql(const char *sql)
{
	ledger_exec(path, sql);
}

static int64_t category_id(const char *name)
{
	const struct catalogue *c;

	OK(catalogue_load(st, &arena, &c, &err));
	return c->categories[catalogue_find(c, name, strlen(name))].id;
}

/*
 * What the rollups of LEVEL say of the main account's calls, from DAY on for
 * DAYS (0: for ever).
 */
static struct amounts total(const char *category, int64_t day, int64_t days)
{
	return rollup_sum(st, &(struct rollup_sum) { .account = main_id,
						     .category = category_id(category),
						     .level = LEVEL_DAY,
						     .from = day,
						     .to = days ? day + days : 99999 });
}

static int64_t day_of(const char *date)
{
	struct date d;

	ck_assert(date_parse(date, strlen(date), &d));
	return date_to_days(d);
}

static void close_through(const char *first_open)
{
	struct closing c = { .account = main_id,
			     .own_us = first_open ? day_of(first_open) * DAY_US : 0,
			     .author = "ann",
			     .made = 1 };

	OK(store_closing_set(st, &c, &err));
}

/* ---- corrections ---- */

START_TEST(void_takes_the_amounts_away_and_leaves_the_event)
{
	struct correction c;
	struct stored_event e;
	const int64_t *changed;
	size_t n_changed;
	char id[64];

	add_call("a", "2026-11-20T10:00:00Z");
	add_call("b", "2026-11-20T10:00:00Z");
	raw_sql("DELETE FROM family_change");
	c = made("a", NULL);
	/* for the next verification */
	OK(store_family_changes(st, 0, &arena, &changed, &n_changed, &err));
	ck_assert_int_eq(n_changed, 1);
	ck_assert_int_eq(changed[0], main_id);
	ck_assert_int_eq(c.kind, CORRECTION_VOID);
	ck_assert(sid_valid("CR", c.sid, strlen(c.sid)));
	ck_assert_str_eq(c.author, "ann");
	ck_assert_str_eq(c.reason, "wrong");
	ck_assert_int_eq(c.made, NOW_US / USEC_PER_SEC);
	ck_assert_int_eq(total("calls-inbound", 0, 0).count, 1);
	ck_assert_int_eq(total("calls-inbound", 0, 0).price, 500000000);
	ck_assert_int_eq(state_of("a"), EVENT_VOID);
	ck_assert_int_eq(state_of("b"), EVENT_CURRENT);
	ck_assert_int_eq(find(NULL, "a").amounts.count, 1);
	snprintf(id, sizeof(id), "%s.reversal", c.sid);
	e = find("usaged", id);
	ck_assert_int_eq(e.amounts.count, -1);
	ck_assert_int_eq(e.amounts.usage, -2000000);
	ck_assert_int_eq(e.effective_us, e.time_us);
	ck_assert_int_eq(e.correction, c.id);
	ck_assert_int_eq(state_of(id), EVENT_REVERSAL);
	e = find(NULL, "a");
	ck_assert_int_eq(event_counting(st, &e, &arena, &e, &err), 0);
}
END_TEST

START_TEST(amendment_puts_another_fact_in_the_place_of_the_event)
{
	struct raw_event change = { 0 };
	struct correction first, second, *all;
	struct stored_event e, now;
	size_t n;

	add_call("a", "2026-11-20T10:00:00Z");
	set_field(&change, EV_USAGE, "3.25");
	set_field(&change, EV_CUSTOMER, "cus1");
	first = made("a", &change);
	ck_assert_int_eq(total("calls-inbound", 0, 0).count, 1);
	ck_assert_int_eq(total("calls-inbound", 0, 0).usage, 3250000);
	ck_assert_int_eq(total("calls-inbound", 0, 0).price, 500000000);
	ck_assert_int_eq(state_of("a"), EVENT_AMENDED);
	change = (struct raw_event) { 0 };
	set_field(&change, EV_CATEGORY, "calls-outbound");
	set_field(&change, EV_TIME, "2026-11-19T10:00:00Z");
	second = made("a", &change);
	ck_assert_int_eq(total("calls-inbound", 0, 0).usage, 0);
	ck_assert_int_eq(total("calls-outbound", day_of("2026-11-19"), 1).usage, 3250000);
	e = find(NULL, "a");
	ck_assert_int_eq(event_counting(st, &e, &arena, &now, &err), 1);
	ck_assert_int_eq(now.correction, second.id);
	OK(store_corrections(st, &(struct event_key) { e.source, e.id, e.id_len }, &arena, &all, &n,
			     &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(all[0].sid, first.sid);
	ck_assert_str_eq(all[1].sid, second.sid);
	made("a", NULL);
	ck_assert_int_eq(total("calls-outbound", 0, 0).count, 0);
	ck_assert_int_eq(state_of("a"), EVENT_VOID);
}
END_TEST

START_TEST(what_was_done_before_is_not_done_again)
{
	struct correct c = { .event.id = "a", .kind = CORRECTION_AMEND };
	struct raw_event change = { 0 };
	struct correction first, again;
	bool done = false;

	add_call("a", "2026-11-20T10:00:00Z");
	set_field(&change, EV_PRICE, "0.50");
	c.change = &change;
	FAILS(correct(&c, &again, &done), ERR_PARAM, "", "changes nothing");
	set_field(&change, EV_PRICE, "0.75");
	first = made("a", &change);
	OK(correct(&c, &again, &done));
	ck_assert(done);
	ck_assert_str_eq(again.sid, first.sid);
	first = made("a", NULL);
	c = (struct correct) { .event.id = "a", .kind = CORRECTION_VOID, .reason = "again" };
	done = false;
	OK(correct(&c, &again, &done));
	ck_assert(done);
	ck_assert_str_eq(again.sid, first.sid);
	ck_assert_str_eq(again.reason, "wrong");
	c = (struct correct) { .event.id = "a", .kind = CORRECTION_AMEND, .change = &change };
	FAILS(correct(&c, &again, &done), ERR_CONFLICT, "", "void");
}
END_TEST

START_TEST(an_empty_text_takes_a_field_away)
{
	struct raw_event raw = call("a", "2026-11-20T10:00:00Z"), change = { 0 }, texts;
	struct stored_event e;
	const struct catalogue *c;

	set_field(&raw, EV_CUSTOMER, "cus1");
	set_field(&raw, EV_COUNT, "5");
	add(&raw);
	set_field(&change, EV_CUSTOMER, "");
	set_field(&change, EV_COUNT, "");
	made("a", &change);
	e = find(NULL, "a");
	ck_assert_int_eq(event_counting(st, &e, &arena, &e, &err), 1);
	OK(catalogue_load(st, &arena, &c, &err));
	OK(event_texts(st, c, &e, &arena, &texts, &err));
	ck_assert_ptr_null(texts.field[EV_CUSTOMER].text);
	ck_assert_str_eq(texts.field[EV_COUNT].text, "1");
	ck_assert_str_eq(texts.field[EV_USAGE].text, "2");
	ck_assert_str_eq(texts.field[EV_PRICE].text, "0.5");
	ck_assert_str_eq(texts.field[EV_SUBJECT].text, MAIN_SID);
	ck_assert_str_eq(texts.field[EV_TIME].text, "2026-11-20T10:00:00Z");
}
END_TEST

START_TEST(sim_data_is_amended_in_bytes)
{
	struct raw_event raw = call("a", "2026-11-20T10:00:00Z"), change = { 0 };

	set_field(&raw, EV_CATEGORY, "sim-data");
	set_field(&raw, EV_USAGE, NULL);
	set_field(&raw, EV_UPLOAD, "1000");
	set_field(&raw, EV_DOWNLOAD, "5000");
	set_field(&raw, EV_SIM, "HS1");
	add(&raw);
	set_field(&change, EV_UPLOAD, "2000");
	made("a", &change);
	ck_assert_int_eq(total("sim-data", 0, 0).usage, 7000);
	ck_assert_int_eq(total("sim-data", 0, 0).upload, 2000);
	change = (struct raw_event) { 0 };
	set_field(&change, EV_CATEGORY, "calls");
	made("a", &change);
	ck_assert_int_eq(total("sim-data", 0, 0).usage, 0);
	ck_assert_int_eq(total("calls", 0, 0).usage, 7000);
	ck_assert_int_eq(total("calls", 0, 0).upload, 0);
	set_field(&change, EV_CATEGORY, "sim-data");
	set_field(&change, EV_DOWNLOAD, "10");
	made("a", &change);
	ck_assert_int_eq(total("sim-data", 0, 0).usage, 10);
}
END_TEST

static const struct {
	const char *id, *source, *reason;
	enum event_field field;
	const char *text;
	enum error_kind kind;
	const char *param, *words;
} refusals[] = {
	{ "nobody", NULL, NULL, EV_PRICE, "1", ERR_NOT_FOUND, "", "no event \"nobody\"" },
	{ "a", "/pbx/9", NULL, EV_PRICE, "1", ERR_NOT_FOUND, "", "of this source" },
	{ "a", "/pbx/1", "", EV_PRICE, "1", ERR_PARAM, "reason", "1 to 500" },
	{ "a", "/pbx/1", "tab\t", EV_PRICE, "1", ERR_PARAM, "reason", "control characters" },
	{ "twice", NULL, NULL, EV_PRICE, "1", ERR_PARAM, "source", "give the source" },
	{ "a", NULL, NULL, EV_SUBJECT, OTHER_SID, ERR_PARAM, "subject", "can't change" },
	{ "a", NULL, NULL, EV_ID, "b", ERR_PARAM, "id", "can't change" },
	{ "a", NULL, NULL, EV_PRICE, "-1", ERR_PARAM, "price", "negative" },
	{ "a", NULL, NULL, EV_CATEGORY, "chess", ERR_PARAM, "category", "no category" },
	{ "a", NULL, NULL, EV_CATEGORY, "totalprice", ERR_PARAM, "category", "sum of all prices" },
	{ "a", NULL, NULL, EV_TIME, "2027-01-01T00:00:00Z", ERR_PARAM, "time", "future" },
	{ "a", NULL, NULL, EV_UPLOAD, "5", ERR_PARAM, "data_upload", "sim-data only" },
};

START_TEST(corrections_that_make_no_sense_are_refused)
{
	struct raw_event raw = call("twice", "2026-11-20T10:00:00Z"), change = { 0 };
	struct correct c = { .kind = CORRECTION_AMEND, .change = &change };
	struct correction ret;
	bool done;

	add_call("a", "2026-11-20T10:00:00Z");
	add(&raw);
	set_field(&raw, EV_SOURCE, "/pbx/2");
	add(&raw);
	c.event.id = refusals[_i].id;
	c.event.source = refusals[_i].source;
	c.reason = refusals[_i].reason;
	set_field(&change, refusals[_i].field, refusals[_i].text);
	FAILS(correct(&c, &ret, &done), refusals[_i].kind, refusals[_i].param, refusals[_i].words);
	ck_assert_int_eq(total("calls-inbound", 0, 0).count, 3);
}
END_TEST

START_TEST(facts_of_a_correction_are_not_corrected_themselves)
{
	struct correct c = { .kind = CORRECTION_VOID };
	struct correction ret;
	char id[64];
	bool done;

	add_call("a", "2026-11-20T10:00:00Z");
	snprintf(id, sizeof(id), "%s.reversal", made("a", NULL).sid);
	c.event.id = id;
	FAILS(correct(&c, &ret, &done), ERR_PARAM, "id",
	      "correct the event \"a\" of source \"/pbx/1\"");
}
END_TEST

static int may_other(void *arg, struct store *store, int64_t account, struct error *e)
{
	(void)arg;
	(void)store;
	(void)e;
	return account == other_id;
}

START_TEST(events_out_of_scope_do_not_exist)
{
	static const struct event_scope scope = { .may = may_other };
	struct correct c = { .event.id = "a", .kind = CORRECTION_VOID, .scope = &scope };
	struct raw_event raw = call("a", "2026-11-20T10:00:00Z");
	struct correction ret;
	bool done;

	add(&raw);
	FAILS(correct(&c, &ret, &done), ERR_NOT_FOUND, "", "no event");
	set_field(&raw, EV_SOURCE, "/pbx/2");
	set_field(&raw, EV_SUBJECT, OTHER_SID);
	add(&raw);
	OK(correct(&c, &ret, &done));
	ck_assert_int_eq(total("calls-inbound", 0, 0).count, 1);
	ck_assert_int_eq(ret.source, find("/pbx/2", "a").source);
}
END_TEST

START_TEST(own_source_is_not_for_events_from_outside)
{
	struct raw_event raw = call("a", "2026-11-20T10:00:00Z");
	struct event ev;

	set_field(&raw, EV_SOURCE, "usaged");
	ev = (struct event) { .raw = raw };
	FAILS(event_check(&ev, NOW_US, 0, &err), ERR_PARAM, "source", "own");
}
END_TEST

/*
 * What an operator's hand could do to them; and putting right what follows from
 * the events doesn't hide it.
 */
static const struct {
	const char *sql;
	const char *words;
} tamperings[] = {
	{ "UPDATE event SET price = price + 1 WHERE id LIKE '%.reversal'", "doesn't take away" },
	{ "DELETE FROM event WHERE id LIKE '%.replacement'", "lacks its entry" },
	{ "DELETE FROM event WHERE id LIKE '%.reversal'", "lacks its entry" },
	{ "DELETE FROM event WHERE id = 'a'", "isn't there" },
	{ "DELETE FROM correction", "a correction that doesn't exist" },
	{ "UPDATE correction SET sid = 'CR2' WHERE id = 1", "CR2" },
	{ "UPDATE event SET correction = NULL, count = 1, usage = 1, price = 1 WHERE id LIKE "
	  "'%.reversal'",
	  "no entry of any correction" },
	{ "UPDATE event SET correction = 1 WHERE id = 'b'", "of another source" },
	{ "UPDATE correction SET kind = 0", "no entry that the correction" },
};

static bool told;

static void find_words(void *arg, const char *words)
{
	told |= strstr(words, arg) != NULL;
}

START_TEST(tampered_corrections_are_found)
{
	struct raw_event change = { 0 };
	struct verify_calls calls = { .limit = 100,
				      .difference = difference_found,
				      .fault = find_words,
				      .arg = (void *)(uintptr_t)tamperings[_i].words };
	struct store *reader;
	size_t n;
	int64_t events;

	add_call("a", "2026-11-20T10:00:00Z");
	add_call("b", "2026-11-20T10:00:00Z");
	set_field(&change, EV_PRICE, "0.75");
	made("a", &change);
	raw_sql(tamperings[_i].sql);
	OK(store_open(ledger_place(path), 0, 50, &reader, &err));
	OK(store_rebuild(reader, st, &calls, &n, &events, &err));
	OK(store_verify(reader, NULL, &calls, &n, &events, &err));
	store_close(&reader);
	ck_assert_uint_ge(n, 1);
	ck_assert(told);
}
END_TEST

/* ---- closed time ---- */

START_TEST(a_late_event_takes_effect_at_the_closed_instant)
{
	struct raw_event raw = call("early", "2026-10-10T10:00:00Z");
	struct stored_event e;

	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	close_through("2026-11-01");
	add_call("late", "2026-10-31T23:59:59.999999Z");
	add_call("open", "2026-11-01T00:00:00Z");
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).count, 1);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, 2);
	e = find(NULL, "late");
	ck_assert_int_eq(e.time_us, day_of("2026-11-01") * DAY_US - 1);
	ck_assert_int_eq(e.effective_us, day_of("2026-11-01") * DAY_US);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	raw = call("late", "2026-10-31T23:59:59.999999Z");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	close_through(NULL);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	add_call("again", "2026-10-10T10:00:00Z");
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).count, 2);
}
END_TEST

START_TEST(late_event_is_rejected_where_the_setting_says_so)
{
	struct raw_event raw = call("early", "2026-10-10T10:00:00Z"), other;
	struct event result;

	add(&raw);
	close_through("2026-11-01");
	start_ledger(LATE_REJECT);
	ck_assert_int_eq(add(&raw).verdict, VERDICT_DUPLICATE);
	set_field(&raw, EV_PRICE, "7");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CONFLICT);
	set_field(&raw, EV_ID, "late");
	other = raw;
	result = add(&raw);
	ck_assert_int_eq(result.verdict, VERDICT_REJECTED);
	ck_assert_int_eq(result.reason->kind, ERR_CLOSED);
	ck_assert_str_eq(result.reason->param, "time");
	ck_assert_ptr_nonnull(strstr(result.reason->message, "until 2026-11-01T00:00:00Z"));
	set_field(&other, EV_SUBJECT, OTHER_SID);
	ck_assert_int_eq(add(&other).verdict, VERDICT_CREATED);
	close_through(NULL);
	set_field(&raw, EV_SOURCE, "/pbx/3");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
}
END_TEST

START_TEST(what_is_closed_is_corrected_in_the_open)
{
	struct raw_event change = { 0 };

	add_call("a", "2026-10-10T10:00:00Z");
	close_through("2026-11-01");
	set_field(&change, EV_PRICE, "0.75");
	made("a", &change);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-01"), 31).price, 500000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).price, 250000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, 0);
	made("a", NULL);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).price, -500000000);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).count, -1);
}
END_TEST

START_TEST(a_correction_in_closed_time_is_refused_where_the_setting_says_so)
{
	struct correct c = { .event.id = "a", .kind = CORRECTION_VOID };
	struct raw_event change = { 0 };
	struct correction ret;
	bool done;

	add_call("a", "2026-10-10T10:00:00Z");
	add_call("b", "2026-11-10T10:00:00Z");
	close_through("2026-11-01");
	start_ledger(LATE_REJECT);
	FAILS(correct(&c, &ret, &done), ERR_CLOSED, "time", "2026-11-01");
	set_field(&change, EV_TIME, "2026-10-11T00:00:00Z");
	c = (struct correct) { .event.id = "b", .kind = CORRECTION_AMEND, .change = &change };
	FAILS(correct(&c, &ret, &done), ERR_CLOSED, "time", "2026-11-01");
	made("b", NULL);
}
END_TEST

/*
 * A part may be larger than the total that it is in, when others are negative.
 */
/*
 * The lines of the main account's October without a category, as "calls 1,
 * calls-inbound 1, ".
 */
static const char *october(void)
{
	const struct zone *zone = zone_find(NULL);
	struct usage_query q = { .accounts = &main_id,
				 .n_accounts = 1,
				 .zone = zone,
				 .period = PERIOD_ALL,
				 .category = CATALOGUE_NONE,
				 .from = day_of("2026-10-01") * SEC_PER_DAY,
				 .to = day_of("2026-11-01") * SEC_PER_DAY,
				 .group = GROUP_CATEGORY,
				 .zeros = true };
	const char *lines = "";
	const struct catalogue *c;
	struct usage_cursor *cur;
	struct usage_row row;

	OK(catalogue_load(st, &arena, &c, &err));
	OK(store_begin_read(st, &err));
	OK(usage_open(st, c, &q, (struct usage_position) { 0 }, &cur, &err));
	while (usage_next(cur, &row, &err) > 0)
		lines = arena_printf(&arena, "%s%s %lld, ", lines, c->categories[row.category].name,
				     (long long)row.totals.count);
	usage_close(&cur);
	store_end(st);
	return lines;
}

START_TEST(what_another_family_uses_first_adds_no_line_to_a_closed_report)
{
	struct raw_event raw = call("a", "2026-10-10T10:00:00Z");

	add(&raw);
	close_through("2026-11-01");
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, ");
	set_field(&raw, EV_SUBJECT, OTHER_SID);
	set_field(&raw, EV_CATEGORY, "calls-outbound");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, ");
	set_field(&raw, EV_SUBJECT, MAIN_SID);
	set_field(&raw, EV_ID, "b");
	ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	ck_assert_str_eq(october(), "calls 1, calls-inbound 1, calls-outbound 0, ");
}
END_TEST

/* Changes the main account's zone and cycle day. */
static void move_to(const char *zone, const char *cycle_day)
{
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	struct account_change change = { .time_zone = zone, .cycle_day = cycle_day };
	struct account moved;

	OK(store_begin_write(st, &err));
	OK(admin_account_set(&admin, MAIN_SID, &change, &moved, &err));
	OK(store_commit(st, &err));
	ck_assert_str_eq(moved.time_zone, zone);
}

static const char *const moves[] = { "Pacific/Kiritimati", "America/New_York", "" };

START_TEST(what_is_closed_stays_when_the_account_gets_another_zone)
{
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	/* winter time in Vienna */
	int64_t closed_us = (day_of("2026-10-31") * 24 + 23) * HOUR_US;
	int64_t open_us;

	move_to("Europe/Vienna", "5");
	add_call("a", "2026-10-31T22:30:00Z");
	add_call("b", "2026-10-31T23:30:00Z");
	OK(store_begin_write(st, &err));
	OK(admin_closing_close(&admin, MAIN_SID, "2026-10-31", &err));
	OK(store_commit(st, &err));
	move_to(moves[_i], "28");
	OK(closing_open_us(st, main_id, &open_us, &err));
	ck_assert_int_eq(open_us, closed_us);
	add_call("late", "2026-10-31T22:45:00Z");
	add_call("open", "2026-10-31T23:00:00Z");
	ck_assert_int_eq(find(NULL, "late").effective_us, closed_us);
	ck_assert_int_eq(find(NULL, "open").effective_us, closed_us);
	ck_assert_int_eq(find(NULL, "open").time_us, closed_us);
	ck_assert_int_eq(find(NULL, "b").effective_us, closed_us + HOUR_US / 2);
	made("a", NULL);
	ck_assert_int_eq(total("calls-inbound", day_of("2026-10-31"), 1).count, 3);
}
END_TEST

START_TEST(sums_that_corrections_made_negative_are_counted_before_an_overflow)
{
	/* in SQLite the second day may have more than 64 bits, not the month */
	const int fits = test_database() ? 9 : 18;
	struct raw_event raw = call("a", "2026-10-10T10:00:00Z");
	struct correct c = { .event.id = "old", .kind = CORRECTION_VOID };
	struct correction ret;
	struct event result;
	char id[16];
	bool done;

	set_field(&raw, EV_CUSTOMER, "cus1");
	set_field(&raw, EV_USAGE, "1000000000000");
	set_field(&raw, EV_ID, "old");
	set_field(&raw, EV_TIME, "2026-09-10T10:00:00Z");
	add(&raw);
	set_field(&raw, EV_TIME, "2026-10-10T10:00:00Z");
	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "big-%d", i);
		set_field(&raw, EV_ID, id);
		ck_assert_int_eq(add(&raw).verdict, VERDICT_CREATED);
	}
	close_through("2026-11-01");
	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "big-%d", i);
		made(id, NULL);
	}
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 1).usage,
			 -INT64_C(9000000000000000000));
	FAILS(correct(&c, &ret, &done), ERR_OVERFLOW, "usage", "month");
	set_field(&raw, EV_TIME, "2026-11-02T00:00:00Z");
	for (int i = 0; i <= fits; i++) {
		snprintf(id, sizeof(id), "more-%d", i);
		set_field(&raw, EV_ID, id);
		result = add(&raw);
		ck_assert_msg(result.verdict == (i < fits ? VERDICT_CREATED : VERDICT_REJECTED),
			      "event %d", i);
	}
	ck_assert_int_eq(total("calls-inbound", day_of("2026-11-01"), 2).usage,
			 (fits - 9) * INT64_C(1000000000000000000));
	ck_assert_int_eq(result.reason->kind, ERR_OVERFLOW);
	ck_assert_str_eq(result.reason->param, "usage");
	ck_assert_ptr_nonnull(strstr(result.reason->message, fits == 9 ? "day" : "month"));
}
END_TEST

/* ---- anything, in any order, against the plainest model ---- */

#define MODEL_EVENTS 24
#define MODEL_DAYS   40
#define MODEL_STEPS  250
#define MODEL_FIRST  20728 /* 2026-10-02, in days */

/* One event that may be there: what was sent, what counts, and where. */
struct model_event {
	bool there, is_void, amended;
	int64_t sent_day, sent_usage;
	/* what counts: its own day, its usage, the day it counts on */
	int64_t day, usage, effective;
};

static struct {
	struct model_event events[MODEL_EVENTS];
	int64_t usage[MODEL_DAYS], count[MODEL_DAYS]; /* by the day that they count on */
	int64_t open;                                 /* the first open day; 0 = all */
	uint64_t seed;
} model;

static int64_t any(int64_t n)
{
	model.seed = model.seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((model.seed >> 33) % (uint64_t)n);
}

static void model_count(int64_t day, int64_t usage, int sign)
{
	model.usage[day] += sign * usage;
	model.count[day] += sign;
}

/* The day that it counts on, or -1: rejected. */
static int64_t model_day(int64_t day)
{
	return day >= model.open ? day : late == LATE_ADJUST ? model.open : -1;
}

static char *day_text(int64_t day, int64_t hour)
{
	char text[INSTANT_TEXT];

	instant_format(text, (MODEL_FIRST + day) * DAY_US + hour * HOUR_US + 1);
	return arena_str(&arena, text);
}

static void step_add(int i)
{
	struct model_event *e = &model.events[i];
	struct raw_event raw = call(arena_printf(&arena, "e%d", i), NULL);
	int64_t day = e->there && any(3) ? e->sent_day : any(MODEL_DAYS);
	int64_t usage = e->there && any(3) ? e->sent_usage : any(5);
	int64_t effective = model_day(day);
	bool same = e->there && e->sent_day == day && e->sent_usage == usage;
	enum verdict want = same            ? VERDICT_DUPLICATE
			    : e->there      ? VERDICT_CONFLICT
			    : effective < 0 ? VERDICT_REJECTED
					    : VERDICT_CREATED;

	set_field(&raw, EV_TIME, day_text(day, i));
	set_field(&raw, EV_USAGE, arena_printf(&arena, "%" PRId64, usage));
	if (i % 3)
		set_field(&raw, EV_CUSTOMER, arena_printf(&arena, "cus%d", i % 3));
	ck_assert_int_eq(add(&raw).verdict, want);
	if (want != VERDICT_CREATED)
		return;
	*e = (struct model_event) { .there = true,
				    .sent_day = day,
				    .sent_usage = usage,
				    .day = day,
				    .usage = usage,
				    .effective = effective };
	model_count(effective, usage, 1);
}

static void step_void(int i)
{
	struct model_event *e = &model.events[i];
	struct correct c = { .event.id = arena_printf(&arena, "e%d", i), .kind = CORRECTION_VOID };
	int64_t effective = model_day(e->effective);
	struct correction ret;
	bool done = false;
	int rc = correct(&c, &ret, &done);

	if (!e->there || (!e->is_void && effective < 0)) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(err.kind, e->there ? ERR_CLOSED : ERR_NOT_FOUND);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(done, e->is_void);
	if (!e->is_void)
		model_count(effective, e->usage, -1);
	e->is_void = true;
}

/* What an amendment ought to come to. */
static enum error_kind amend_fails(const struct model_event *e, int64_t day, int64_t usage)
{
	if (!e->there)
		return ERR_NOT_FOUND;
	if (e->is_void)
		return ERR_CONFLICT;
	if (day == e->day && usage == e->usage)
		return e->amended ? ERR_NONE : ERR_PARAM;
	return model_day(e->effective) < 0 || model_day(day) < 0 ? ERR_CLOSED : ERR_NONE;
}

static void step_amend(int i)
{
	struct model_event *e = &model.events[i];
	struct raw_event change = { 0 };
	struct correct c = { .event.id = arena_printf(&arena, "e%d", i),
			     .kind = CORRECTION_AMEND,
			     .change = &change };
	int64_t day = any(2) ? e->day : any(MODEL_DAYS), usage = any(2) ? e->usage : any(5);
	enum error_kind fails = amend_fails(e, day, usage);
	struct correction ret;
	bool done = false;
	int rc;

	set_field(&change, EV_TIME, day_text(day, i));
	set_field(&change, EV_USAGE, arena_printf(&arena, "%" PRId64, usage));
	rc = correct(&c, &ret, &done);
	ck_assert_int_eq(err.kind, fails);
	ck_assert_int_eq(rc, fails ? -1 : 0);
	if (fails)
		return;
	ck_assert_int_eq(done, day == e->day && usage == e->usage);
	if (done)
		return;
	model_count(model_day(e->effective), e->usage, -1);
	e->amended = true;
	e->day = day;
	e->usage = usage;
	e->effective = model_day(day);
	model_count(e->effective, usage, 1);
}

static void step_close(void)
{
	struct closing c = { .account = main_id, .author = "ann" };

	model.open = any(4) ? any(MODEL_DAYS / 2) : 0;
	c.own_us = model.open ? (MODEL_FIRST + model.open) * DAY_US : 0;
	OK(store_closing_set(st, &c, &err));
}

/* Loses some of what follows from the events, and makes it anew. */
static void step_rebuild(void)
{
	static const char *const losses_sqlite[] = {
		"DELETE FROM posting WHERE hour % 2 = 0",
		"DELETE FROM rollup WHERE period % 2 = 0",
		"UPDATE rollup SET leaf = substr(leaf, 1, length(leaf) - 1)",
		"DELETE FROM rollup",
		"UPDATE posting SET part = part + 1000 WHERE hour % 5 = 0",
		"UPDATE rollup SET leaf = CAST(x'01' || substr(leaf, 2) AS BLOB)"
	};
	static const char *const losses_postgresql[] = {
		"DELETE FROM total_quarter WHERE slot % 2 = 0",
		"DELETE FROM part_day WHERE slot % 2 = 0",
		"UPDATE total_month SET usage = usage + 1",
		"DELETE FROM total_day; DELETE FROM part_day",
		"UPDATE part_day SET upload = upload + 7 WHERE slot % 5 = 0",
		"UPDATE part_quarter SET count = -count"
	};
	struct verify_calls calls = { 0 };
	struct store *reader;
	size_t i, n;
	int64_t events;

	i = (size_t)any((int64_t)ARRAY_SIZE(losses_sqlite));
	raw_sql(sql_of(losses_sqlite[i], losses_postgresql[i]));
	OK(store_open(ledger_place(path), 0, 50, &reader, &err));
	OK(store_rebuild(reader, st, &calls, &n, &events, &err));
	store_close(&reader);
}

static void check_model(void)
{
	for (int64_t day = 0; day < MODEL_DAYS; day++) {
		struct amounts sum = total("calls-inbound", MODEL_FIRST + day, 1);

		ck_assert_int_eq(sum.count, model.count[day]);
		ck_assert_int_eq(sum.usage, model.usage[day] * 1000000);
	}
	for (int i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *e = &model.events[i];

		if (e->there)
			ck_assert_int_eq(state_of(arena_printf(&arena, "e%d", i)),
					 e->is_void   ? EVENT_VOID
					 : e->amended ? EVENT_AMENDED
						      : EVENT_CURRENT);
	}
	ck_assert_uint_eq(ledger_differences(st), 0);
}

START_TEST(any_order_of_changes_adds_up)
{
	memset(&model, 0, sizeof(model));
	model.seed = 4711 + (uint64_t)_i;
	for (int i = 0; i < MODEL_STEPS; i++) {
		int64_t kind = any(20);

		if (kind < 8)
			step_add((int)any(MODEL_EVENTS));
		else if (kind < 11)
			step_void((int)any(MODEL_EVENTS));
		else if (kind < 17)
			step_amend((int)any(MODEL_EVENTS));
		else if (kind < 18)
			step_close();
		else if (kind < 19)
			step_rebuild();
		else
			start_ledger(any(2) ? LATE_ADJUST : LATE_REJECT);
		check_model();
		arena_reset(&arena);
	}
}
END_TEST

static Suite *correct_suite(void)
{
	Suite *s = suite_create("correct");
	TCase *t = tcase_create("corrections");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, void_takes_the_amounts_away_and_leaves_the_event);
	tcase_add_test(t, amendment_puts_another_fact_in_the_place_of_the_event);
	tcase_add_test(t, what_was_done_before_is_not_done_again);
	tcase_add_test(t, an_empty_text_takes_a_field_away);
	tcase_add_test(t, sim_data_is_amended_in_bytes);
	tcase_add_loop_test(t, corrections_that_make_no_sense_are_refused, 0, ARRAY_SIZE(refusals));
	tcase_add_test(t, facts_of_a_correction_are_not_corrected_themselves);
	tcase_add_test(t, events_out_of_scope_do_not_exist);
	tcase_add_test(t, own_source_is_not_for_events_from_outside);
	suite_add_tcase(s, t);

	t = tcase_create("tampering");
	tcase_add_checked_fixture(t, setup, remove_ledger);
	tcase_add_loop_test(t, tampered_corrections_are_found, 0, ARRAY_SIZE(tamperings));
	suite_add_tcase(s, t);

	t = tcase_create("closed time");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_late_event_takes_effect_at_the_closed_instant);
	tcase_add_test(t, late_event_is_rejected_where_the_setting_says_so);
	tcase_add_test(t, what_is_closed_is_corrected_in_the_open);
	tcase_add_test(t, a_correction_in_closed_time_is_refused_where_the_setting_says_so);
	tcase_add_test(t, what_another_family_uses_first_adds_no_line_to_a_closed_report);
	tcase_add_loop_test(t, what_is_closed_stays_when_the_account_gets_another_zone, 0,
			    ARRAY_SIZE(moves));
	tcase_add_test(t, sums_that_corrections_made_negative_are_counted_before_an_overflow);
	suite_add_tcase(s, t);

	t = tcase_create("model");
	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, any_order_of_changes_adds_up, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(correct_suite());
}
