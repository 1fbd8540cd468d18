/*
 * correct_tests.c - events are voided and amended.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "store/family_change.h"
#include "store/verify.h"
#include "correct_fixture.h"
#include "base/banned.h"

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
	ev = (struct event) { .raw = &raw };
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

int main(void)
{
	Suite *s = suite_create("correct");
	TCase *t = tcase_create("corrections");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup_ledger, teardown_ledger);
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
	tcase_add_checked_fixture(t, setup_ledger, remove_ledger);
	tcase_add_loop_test(t, tampered_corrections_are_found, 0, ARRAY_SIZE(tamperings));
	suite_add_tcase(s, t);
	return run_suite(s);
}
