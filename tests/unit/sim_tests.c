/*
 * Unique names of SIMs and fleets: store/sim.c, usage/sim.c,
 * usage/admin_sims.c, and what events say about them in usage/event_claims.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "base/strbuf.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/category.h"
#include "store/sim.h"
#include "store/event_read.h"
#include "store/source.h"
#include "usage/admin.h"
#include "usage/event_search.h"
#include "usage/ledger.h"
#include "usage/report.h"
#include "fixture.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/banned.h"

#define MAIN_SID   "AC00000000000000000000000000000001"
#define SUB_SID    "AC00000000000000000000000000000002"
#define OTHER_SID  "AC00000000000000000000000000000003"
#define NONE_SID   "AC0000000000000000000000000000000f"
#define SIM_FORM   "HS0123456789abcdef0123456789abcdef"
#define FLEET_FORM "HF0123456789abcdef0123456789abcdef"
#define TIME       "2026-11-21T10:00:00Z"
#define NOW_US     (INT64_C(1795258800) * USEC_PER_SEC) /* an hour later */

static struct error err;
static struct arena arena;
static struct store *st;
static struct ledger *ledger;
static struct admin admin;
static struct account main_account, sub, other;

static void add_account(struct account *a, const char *name, const char *sid, int64_t parent)
{
	*a = (struct account) { .name = name, .currency = "usd", .parent = parent };
	memcpy(a->sid, sid, SID_TEXT);
	OK(store_account_add(st, a, &err));
}

static void setup(void)
{
	struct category c = {
		.name = CATEGORY_SIM_DATA, .description = "", .count_unit = "", .usage_unit = ""
	};

	arena_init(&arena);
	error_clear(&err);
	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	add_account(&main_account, "main", MAIN_SID, 0);
	add_account(&sub, "sub", SUB_SID, main_account.id);
	add_account(&other, "other", OTHER_SID, 0);
	OK(store_category_add(st, &c, &err));
	ledger = ledger_new(st, &(struct ledger_options) { .accounts_by_name = true });
	admin = (struct admin) { .st = st, .arena = &arena, .author = "ada", .now_us = NOW_US };
}

static void teardown(void)
{
	ledger_free(&ledger);
	ck_assert_uint_eq(ledger_differences(st), 0);
	store_close(&st);
	arena_release(&arena);
}

static bool add_words(void *arg, const struct sim *sim)
{
	struct strbuf *sb = arg;

	strbuf_addf(sb, "%s%s:%s=%s", sb->len ? " " : "",
		    sim->family == main_account.id ? "main"
		    : sim->family == other.id      ? "other"
						   : "?",
		    sim->sid, sim->name);
	return true;
}

/* Those of the query, "main:HS1=truck other:..." */
static const char *sims_of(const struct sims_query *q)
{
	struct strbuf sb;
	const char *text;

	strbuf_init(&sb, 4096);
	OK(store_sims(st, q, add_words, &sb, &err));
	text = arena_str(&arena, sb.len ? sb.text : "");
	strbuf_release(&sb);
	return text;
}

/* All that are registered. */
static const char *registered(enum dimension kind)
{
	return sims_of(&(struct sims_query) { .kind = kind });
}

/* ---- the store ---- */

static struct sim add(int64_t family, enum dimension kind, const char *sid, const char *name)
{
	struct sim sim = { .family = family, .kind = kind, .sid = sid, .name = name };

	OK(store_sim_add(st, &sim, &err));
	ck_assert_int_ne(sim.id, 0);
	return sim;
}

static void refuse(int64_t family, enum dimension kind, const char *sid, const char *name,
		   const char *param, const char *words)
{
	struct sim sim = { .family = family, .kind = kind, .sid = sid, .name = name };

	FAILS(store_sim_add(st, &sim, &err), ERR_CONFLICT, param, words);
}

START_TEST(one_is_found_by_sid_and_by_name_in_its_family_and_kind_alone)
{
	static const char *const texts[] = { "HS1", "truck" };
	struct sim found;

	add(main_account.id, DIM_SIM, "HS1", "truck");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ROW("%s", texts[i]);
		ck_assert_msg(
			store_sim_find(st, &(struct sim_key) { main_account.id, DIM_SIM, texts[i] },
				       &arena, &found, &err) == 1,
			"%s", texts[i]);
		ck_assert_str_eq(found.sid, "HS1");
		ck_assert_str_eq(found.name, "truck");
		ck_assert_int_eq(found.family, main_account.id);
		ck_assert_int_eq(found.kind, DIM_SIM);
		ck_assert_int_eq(store_sim_find(st,
						&(struct sim_key) { other.id, DIM_SIM, texts[i] },
						&arena, &found, &err),
				 0);
		ck_assert_int_eq(store_sim_find(st,
						&(struct sim_key) { main_account.id, DIM_FLEET,
								    texts[i] },
						&arena, &found, &err),
				 0);
	}
	ck_assert_int_eq(store_sim_find(st, &(struct sim_key) { main_account.id, DIM_SIM, "Truck" },
					&arena, &found, &err),
			 0);
}
END_TEST

START_TEST(no_sid_and_no_name_is_anothers_sid_or_name)
{
	struct sim car;

	add(main_account.id, DIM_SIM, "HS1", "truck");
	refuse(main_account.id, DIM_SIM, "HS1", "lorry", "sid", "SID \"HS1\"");
	refuse(main_account.id, DIM_SIM, "HS2", "truck", "name", "name \"truck\"");
	refuse(main_account.id, DIM_SIM, "truck", "lorry", "sid", "name \"truck\"");
	refuse(main_account.id, DIM_SIM, "HS2", "HS1", "name", "SID \"HS1\"");
	add(other.id, DIM_SIM, "HS1", "truck");
	add(main_account.id, DIM_FLEET, "HS1", "truck");
	car = add(main_account.id, DIM_SIM, "HS2", "car");
	FAILS(store_sim_rename(st, &car, "truck", &err), ERR_CONFLICT, "name", "name \"truck\"");
	FAILS(store_sim_rename(st, &car, "HS1", &err), ERR_CONFLICT, "name", "SID \"HS1\"");
	OK(store_sim_rename(st, &car, "HS2", &err));
	OK(store_sim_rename(st, &car, "bus", &err));
	ck_assert_str_eq(registered(DIM_SIM), "main:HS2=bus main:HS1=truck other:HS1=truck");
	OK(store_sim_remove(st, &car, &err));
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=truck other:HS1=truck");
	ck_assert_str_eq(registered(DIM_FLEET), "main:HS1=truck");
}
END_TEST

/* ---- events ---- */

struct says {
	const char *id, *subject, *sim, *sim_name, *fleet, *fleet_name;
};

static struct batch sent;

static void put(const struct says *says)
{
	const char *const texts[EVENT_FIELDS] = {
		[EV_SOURCE] = "/t",
		[EV_ID] = says->id,
		[EV_SUBJECT] = says->subject ? says->subject : MAIN_SID,
		[EV_TIME] = TIME,
		[EV_CATEGORY] = CATEGORY_SIM_DATA,
		[EV_DOWNLOAD] = "1",
		[EV_SIM] = says->sim,
		[EV_SIM_NAME] = says->sim_name,
		[EV_FLEET] = says->fleet,
		[EV_FLEET_NAME] = says->fleet_name,
	};
	struct raw_event raw = { 0 };

	for (int f = 0; f < EVENT_FIELDS; f++) {
		raw.field[f].text = texts[f];
		raw.field[f].len = texts[f] ? strlen(texts[f]) : 0;
	}
	OK(batch_add(&sent, &raw, NOW_US, 0, &err));
}

static const struct event *commit(size_t want_n)
{
	OK(batch_store(&sent, ledger, &err));
	ck_assert_uint_eq(sent.n, want_n);
	return sent.events;
}

/* The verdict on one event in a commit of its own. */
static const struct event *send_one(const struct says *says)
{
	put(says);
	return commit(1);
}

#define SEND(...) send_one(&(struct says) { __VA_ARGS__ })

static void is(const struct event *r, enum verdict v)
{
	ck_assert_msg(r->verdict == v, "%s: %s", verdict_names[r->verdict],
		      r->reason ? r->reason->message : "");
}

static void is_rejected(const struct event *r, const char *field, const char *words)
{
	is(r, VERDICT_REJECTED);
	ck_assert_str_eq(r->reason->param, field);
	ck_assert_str_eq(event_reject_code(r->reason), "invalid");
	ck_assert_msg(strstr(r->reason->message, words) != NULL, "\"%s\" does not say \"%s\"",
		      r->reason->message, words);
}

/* The text of dimension D that the event ID has; "" for none. */
static const char *text_of(const char *id, enum dimension d)
{
	struct found_event found;
	int64_t source;

	ck_assert_int_eq(store_source_find(st, main_account.id, "/t", 2, &source, &err), 1);
	ck_assert_int_eq(store_event_read(st, &(struct event_key) { source, id, strlen(id) },
					  &arena, &found, &err),
			 1);
	return found.dim[d] ? found.dim[d] : "";
}

START_TEST(an_event_registers_the_name_of_its_sim_and_its_fleet)
{
	is(SEND("1", .sim = "HS1", .sim_name = "truck", .fleet = "HF1", .fleet_name = "north"),
	   VERDICT_CREATED);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=truck");
	ck_assert_str_eq(registered(DIM_FLEET), "main:HF1=north");
	ck_assert_str_eq(text_of("1", DIM_SIM), "HS1");
	ck_assert_str_eq(text_of("1", DIM_FLEET), "HF1");
}
END_TEST

START_TEST(an_event_with_a_name_alone_is_of_the_sim_that_is_called_so)
{
	SEND("1", .sim = "HS1", .sim_name = "truck", .fleet = "HF1", .fleet_name = "north");
	is(SEND("2", .sim_name = "truck", .fleet_name = "north"), VERDICT_CREATED);
	ck_assert_str_eq(text_of("2", DIM_SIM), "HS1");
	ck_assert_str_eq(text_of("2", DIM_FLEET), "HF1");
	is(SEND("2", .sim = "HS1", .fleet = "HF1"), VERDICT_DUPLICATE);
	is(SEND("2", .sim_name = "truck", .fleet_name = "north"), VERDICT_DUPLICATE);
	is(SEND("2", .sim_name = "truck"), VERDICT_CONFLICT);
	is(SEND("3", .subject = SUB_SID, .sim_name = "truck"), VERDICT_CREATED);
	ck_assert_str_eq(text_of("3", DIM_SIM), "HS1");
}
END_TEST

START_TEST(a_later_event_gives_the_sim_another_name)
{
	SEND("1", .sim = "HS1", .sim_name = "truck");
	is(SEND("2", .sim = "HS1", .sim_name = "lorry"), VERDICT_CREATED);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry");
	is(SEND("3", .sim = "HS2", .sim_name = "truck"), VERDICT_CREATED);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry main:HS2=truck");
}
END_TEST

START_TEST(an_event_that_was_there_before_changes_no_name)
{
	SEND("1", .sim = "HS1", .sim_name = "truck");
	SEND("2", .sim = "HS1", .sim_name = "lorry");
	is(SEND("1", .sim = "HS1", .sim_name = "truck"), VERDICT_DUPLICATE);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry");
	is(SEND("1", .sim = "HS9", .sim_name = "nine"), VERDICT_CONFLICT);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry");
	/*
	 * by now the name is another one's; sent again, the event is still what
	 * it was
	 */
	SEND("3", .sim = "HS2", .sim_name = "truck");
	is(SEND("1", .sim = "HS1", .sim_name = "truck"), VERDICT_DUPLICATE);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry main:HS2=truck");
}
END_TEST

START_TEST(what_can_not_be_is_rejected_by_its_field_and_registers_nothing)
{
	static const struct {
		struct says says;
		const char *field, *words;
	} rows[] = {
		{ { "2", .sim = "HS2", .sim_name = "truck" }, "sim_name", "another SIM" },
		{ { "2", .sim_name = "car" }, "sim_name", "as sim" },
		{ { "2", .sim_name = "HS1" }, "sim_name", "as sim" },
		{ { "2", .sim = "truck", .sim_name = "car" }, "sim", "not a SID" },
		{ { "2", .sim = "HS2", .sim_name = "HS1" }, "sim_name", "SID of another SIM" },
		{ { "2", .fleet = "HF2", .fleet_name = "north" }, "fleet_name", "another fleet" },
		{ { "2", .fleet_name = "south" }, "fleet_name", "as fleet" },
		/* the SIM's name would do */
		{ { "2", .sim = "HS2", .sim_name = "car", .fleet_name = "south" },
		  "fleet_name",
		  "as fleet" },
		{ { "2", .subject = SUB_SID, .sim = "HS2", .sim_name = "truck" },
		  "sim_name",
		  "another SIM" },
		{ { "2", .subject = OTHER_SID, .sim_name = "truck" }, "sim_name", "as sim" },
	};

	SEND("1", .sim = "HS1", .sim_name = "truck", .fleet = "HF1", .fleet_name = "north");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s: %s", rows[i].field, rows[i].words);
		is_rejected(send_one(&rows[i].says), rows[i].field, rows[i].words);
		ck_assert_msg(strcmp(registered(DIM_SIM), "main:HS1=truck") == 0, "row %zu: %s", i,
			      registered(DIM_SIM));
		ck_assert_str_eq(registered(DIM_FLEET), "main:HF1=north");
	}
}
END_TEST

START_TEST(names_of_another_family_are_neither_seen_nor_touched)
{
	SEND("1", .sim = "HS1", .sim_name = "truck");
	is(SEND("1", .subject = OTHER_SID, .sim = "HS7", .sim_name = "truck"), VERDICT_CREATED);
	is(SEND("2", .subject = OTHER_SID, .sim = "HS1", .sim_name = "mine"), VERDICT_CREATED);
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=truck other:HS1=mine other:HS7=truck");
}
END_TEST

START_TEST(they_are_read_by_family_by_name_and_by_the_accounts_that_used_them)
{
	const int64_t users[] = { sub.id };

	SEND("1", .subject = SUB_SID, .sim = "HS1", .sim_name = "truck");
	SEND("2", .sim = "HS2", .sim_name = "car");
	SEND("3", .subject = OTHER_SID, .sim = "HS2", .sim_name = "truck");
	ck_assert_str_eq(sims_of(&(struct sims_query) { .kind = DIM_SIM }),
			 "main:HS2=car main:HS1=truck other:HS2=truck");
	ck_assert_str_eq(sims_of(&(struct sims_query) { .kind = DIM_FLEET }), "");
	ck_assert_str_eq(sims_of(&(struct sims_query) { DIM_SIM, .family = main_account.id }),
			 "main:HS2=car main:HS1=truck");
	ck_assert_str_eq(sims_of(&(struct sims_query) { DIM_SIM, .family = main_account.id,
							.users = users, .n_users = 1 }),
			 "main:HS1=truck");
	ck_assert_str_eq(sims_of(&(struct sims_query) { DIM_SIM, .family = main_account.id,
							.users = users }),
			 "");
	ck_assert_str_eq(sims_of(&(struct sims_query) { DIM_SIM, .text = "truck" }),
			 "main:HS1=truck other:HS2=truck");
	ck_assert_str_eq(sims_of(&(struct sims_query) { DIM_SIM, .text = "HS1" }),
			 "main:HS1=truck");
}
END_TEST

START_TEST(in_a_batch_names_hold_from_the_event_on_that_says_them)
{
	static const struct says batch[] = {
		{ "1", .sim_name = "truck" }, /* nobody is called so yet */
		{ "2", .sim = "HS1", .sim_name = "truck" },
		{ "3", .sim_name = "truck" },
		{ "4", .sim = "HS2", .sim_name = "truck" },
		{ "5", .sim = "HS1", .sim_name = "lorry" },
		{ "6", .sim = "HS2", .sim_name = "truck" }, /* the name is free by now */
		{ "7", .sim_name = "truck" },
	};
	static const enum verdict want[] = { VERDICT_REJECTED, VERDICT_CREATED, VERDICT_CREATED,
					     VERDICT_REJECTED, VERDICT_CREATED, VERDICT_CREATED,
					     VERDICT_CREATED };
	const struct event *r;

	for (size_t i = 0; i < ARRAY_SIZE(batch); i++)
		put(&batch[i]);
	r = commit(ARRAY_SIZE(batch));
	for (size_t i = 0; i < ARRAY_SIZE(batch); i++)
		ck_assert_msg(r[i].verdict == want[i], "%s: %s", batch[i].id,
			      verdict_names[r[i].verdict]);
	ck_assert_str_eq(text_of("3", DIM_SIM), "HS1");
	ck_assert_str_eq(text_of("7", DIM_SIM), "HS2");
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=lorry main:HS2=truck");
}
END_TEST

START_TEST(a_whole_batch_that_is_not_stored_registers_nothing)
{
	const struct event *r;

	put(&(struct says) { "1", .sim = "HS1", .sim_name = "truck" });
	put(&(struct says) { "2", .sim_name = "car" });
	sent.atomic = true;
	r = commit(2);
	is(&r[0], VERDICT_ABORTED);
	is_rejected(&r[1], "sim_name", "car");
	ck_assert_str_eq(registered(DIM_SIM), "");
	/* and what was undone is no longer remembered */
	is(SEND("1", .sim = "HS1", .sim_name = "truck"), VERDICT_CREATED);
	is(SEND("2", .sim_name = "truck"), VERDICT_CREATED);
	ck_assert_str_eq(text_of("2", DIM_SIM), "HS1");
}
END_TEST

START_TEST(an_event_that_its_account_does_not_take_registers_nothing)
{
	main_account.suspended = 1;
	OK(store_account_set(st, &main_account, &err));
	is(SEND("1", .sim = "HS1", .sim_name = "truck"), VERDICT_REJECTED);
	ck_assert_str_eq(registered(DIM_SIM), "");
}
END_TEST

/* ---- which one is meant ---- */

static void matches(const struct account *a, enum dimension d, const char *text, const char *sid,
		    bool used)
{
	struct sim_match m;
	int64_t id;

	ck_assert_msg(sim_match(st, &(struct dimension_value) { a->id, d, text, strlen(text) },
				&arena, &m, &err) == (sid != NULL),
		      "%s of %s", text, a->name);
	ck_assert_int_eq(sim_value_find(st, a->id, d, text, &id, &err), used);
	if (!sid)
		return;
	ck_assert_str_eq(m.sid, sid);
	ck_assert_msg((m.value != 0) == used, "%s of %s", text, a->name);
}

START_TEST(a_filter_is_a_sid_or_a_name_that_the_account_knows)
{
	SEND("1", .sim = "HS1", .sim_name = "truck", .fleet = "HF1", .fleet_name = "north");
	SEND("2", .subject = SUB_SID, .sim = "HS2", .sim_name = "car");
	SEND("3", .sim = "HS3");
	add(main_account.id, DIM_SIM, "HS4", "new");
	matches(&main_account, DIM_SIM, "HS1", "HS1", true);
	matches(&main_account, DIM_SIM, "truck", "HS1", true);
	matches(&main_account, DIM_FLEET, "north", "HF1", true);
	matches(&main_account, DIM_SIM, "HS3", "HS3", true);
	/* the main account knows what is registered in its family */
	matches(&main_account, DIM_SIM, "car", "HS2", false);
	matches(&main_account, DIM_SIM, "new", "HS4", false);
	matches(&main_account, DIM_SIM, "HS4", "HS4", false);
	matches(&main_account, DIM_SIM, "north", NULL, false);
	matches(&main_account, DIM_SIM, "HS9", NULL, false);
	/* a subaccount what it has used */
	matches(&sub, DIM_SIM, "car", "HS2", true);
	matches(&sub, DIM_SIM, "truck", NULL, false);
	matches(&sub, DIM_SIM, "new", NULL, false);
	/* another family nothing of it */
	matches(&other, DIM_SIM, "truck", NULL, false);
	matches(&other, DIM_SIM, "HS1", NULL, false);
	/* others have no names */
	matches(&main_account, DIM_CUSTOMER, "truck", NULL, false);
}
END_TEST

START_TEST(a_sid_goes_before_a_name)
{
	SEND("1", .sim = "truck");
	add(main_account.id, DIM_SIM, "HS1", "truck");
	SEND("2", .sim = "HS1");
	matches(&main_account, DIM_SIM, "truck", "truck", true);
	matches(&main_account, DIM_SIM, "HS1", "HS1", true);
}
END_TEST

/*
 * The bytes of the report of all accounts that is filtered by the SIM or fleet
 * TEXT.
 */
static int64_t reported(enum dimension d, const char *text)
{
	const struct account accounts[] = { main_account, sub, other };
	const struct catalogue *c;
	struct report_query q = { .accounts = accounts,
				  .n_accounts = 3,
				  .zone = zone_find(NULL),
				  .period = PERIOD_ALL,
				  .from = 1795132800,
				  .to = 1795392000,
				  .by = GROUP_NONE };
	struct report r;

	OK(store_begin_read(st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	q.category = catalogue_find(c, CATEGORY_SIM_DATA, strlen(CATEGORY_SIM_DATA));
	q.dim[d] = text;
	OK(report_load(st, c, &q, &arena, &r, &err));
	store_end(st);
	return (int64_t)r.all.usage;
}

static size_t found(enum dimension d, const char *text)
{
	const int64_t accounts[] = { main_account.id, sub.id, other.id };
	struct event_query q = { .accounts = accounts,
				 .n_accounts = 3,
				 .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = -1 };
	const struct catalogue *c;
	struct found_events events;

	OK(store_begin_read(st, &err));
	OK(catalogue_load(st, &arena, &c, &err));
	q.dim[d] = text;
	OK(event_search(st, &q, &(struct event_page) { c, { .limit = 100 } }, &arena, &events,
			&err));
	store_end(st);
	return events.n;
}

START_TEST(reports_and_lists_of_events_are_filtered_by_names_too)
{
	SEND("1", .sim = "HS1", .sim_name = "truck", .fleet = "HF1", .fleet_name = "north");
	SEND("2", .sim = "HS1");
	SEND("3", .sim = "HS2");
	/* each family's own */
	SEND("1", .subject = OTHER_SID, .sim = "HS7", .sim_name = "truck");
	ck_assert_int_eq(reported(DIM_SIM, "HS1"), 2);
	ck_assert_int_eq(reported(DIM_SIM, "truck"), 3);
	ck_assert_int_eq(reported(DIM_FLEET, "north"), 1);
	ck_assert_int_eq(reported(DIM_SIM, "north"), 0);
	ck_assert_uint_eq(found(DIM_SIM, "HS1"), 2);
	ck_assert_uint_eq(found(DIM_SIM, "truck"), 3);
	ck_assert_uint_eq(found(DIM_FLEET, "north"), 1);
	ck_assert_uint_eq(found(DIM_SIM, "nobody"), 0);
}
END_TEST

/* ---- administration ---- */

static struct sim made;

static int register_sim(const char *account, const char *sid, const char *name)
{
	return admin_sim_add(&admin, &(struct new_sim) { &sim_kinds[0], account, sid, name }, &made,
			     &err);
}

static int rename_to(const char *account, const char *which, const char *name)
{
	return admin_sim_rename(&admin, &(struct sim_identity) { &sim_kinds[0], account, which },
				name, &made, &err);
}

static void check_log(const char *action, const char *subject, const char *detail)
{
	struct audit *entries;
	size_t n;

	OK(store_audits(st, &(struct newest) { .before = 0, .limit = 1 }, &arena, &entries, &n,
			&err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(entries[0].action, action);
	ck_assert_str_eq(entries[0].subject, subject);
	ck_assert_str_eq(entries[0].detail, detail);
	ck_assert_str_eq(entries[0].author, "ada");
}

START_TEST(names_are_added_changed_and_removed_and_the_log_says_so)
{
	OK(register_sim(SUB_SID, "HS1", " truck "));
	check_log("sim.add", "HS1", "name \"truck\"");
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=truck");
	OK(rename_to(NULL, "truck", "lorry"));
	check_log("sim.rename", "HS1", "name from \"truck\" to \"lorry\"");
	OK(rename_to(MAIN_SID, "HS1", "bus"));
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=bus");
	OK(admin_sim_remove(&admin, &(struct sim_identity) { &sim_kinds[0], SUB_SID, "bus" }, &made,
			    &err));
	check_log("sim.remove", "HS1", "name \"bus\"");
	ck_assert_str_eq(registered(DIM_SIM), "");
	OK(admin_sim_add(&admin, &(struct new_sim) { &sim_kinds[1], MAIN_SID, "HF1", "north" },
			 &made, &err));
	check_log("fleet.add", "HF1", "name \"north\"");
}
END_TEST

START_TEST(what_administrators_can_not_have_is_refused_by_name)
{
	char longest[SIM_NAME_BYTES + 2];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	OK(register_sim(MAIN_SID, "HS1", "truck"));
	FAILS(register_sim(NONE_SID, "HS2", "car"), ERR_PARAM, "account", NONE_SID);
	FAILS(register_sim(MAIN_SID, "", "car"), ERR_PARAM, "sid", "1 to 64");
	FAILS(register_sim(MAIN_SID, longest, "car"), ERR_PARAM, "sid", "1 to 64");
	FAILS(register_sim(MAIN_SID, "HS2", " "), ERR_PARAM, "name", "1 to 64");
	FAILS(register_sim(MAIN_SID, "HS2", longest), ERR_PARAM, "name", "1 to 64");
	FAILS(register_sim(MAIN_SID, "HS2", "a\nb"), ERR_PARAM, "name", "control");
	FAILS(register_sim(MAIN_SID, "HS2", SIM_FORM), ERR_PARAM, "name", "form of a SID");
	FAILS(register_sim(MAIN_SID, "HS2", "truck"), ERR_CONFLICT, "name", "truck");
	FAILS(register_sim(SUB_SID, "HS1", "car"), ERR_CONFLICT, "sid", "HS1");
	OK(register_sim(OTHER_SID, "HS7", "truck"));
	FAILS(rename_to(NULL, "truck", "lorry"), ERR_PARAM, "account", "several main accounts");
	FAILS(rename_to(NULL, "nobody", "lorry"), ERR_NOT_FOUND, "sim", "nobody");
	FAILS(rename_to(OTHER_SID, "HS1", "lorry"), ERR_NOT_FOUND, "sim", "HS1");
	FAILS(rename_to(NONE_SID, "HS1", "lorry"), ERR_PARAM, "account", NONE_SID);
	FAILS(rename_to(MAIN_SID, "HS1", SIM_FORM), ERR_PARAM, "name", "form of a SID");
	ck_assert_str_eq(registered(DIM_SIM), "main:HS1=truck other:HS7=truck");
}
END_TEST

START_TEST(names_of_events_have_no_form_of_a_sid_and_a_largest_length)
{
	static const struct {
		enum event_field field;
		const char *text, *words;
	} rows[] = {
		{ EV_SIM_NAME, SIM_FORM, "as sim" },
		{ EV_FLEET_NAME, FLEET_FORM, "as fleet" },
		{ EV_SIM_NAME, "a\tb", "control" },
		{ EV_FLEET_NAME,
		  "12345678901234567890123456789012345678901234567890123456789012345",
		  "longer than 64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct raw_event raw = { 0 };
		struct event ev = { .raw = &raw, .line = 1 };
		const char *const texts[EVENT_FIELDS] = { [EV_SOURCE] = "/t",
							  [EV_ID] = "1",
							  [EV_SUBJECT] = MAIN_SID,
							  [EV_TIME] = TIME,
							  [EV_CATEGORY] = "calls" };

		for (int f = 0; f < EVENT_FIELDS; f++) {
			raw.field[f].text = f == (int)rows[i].field ? rows[i].text : texts[f];
			raw.field[f].len = raw.field[f].text ? strlen(raw.field[f].text) : 0;
		}
		FAILS(event_check(&ev, NOW_US, 0, &err), ERR_PARAM,
		      event_fields[rows[i].field].name, rows[i].words);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim");
	TCase *t = tcase_create("sim");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_is_found_by_sid_and_by_name_in_its_family_and_kind_alone);
	tcase_add_test(t, no_sid_and_no_name_is_anothers_sid_or_name);
	tcase_add_test(t, an_event_registers_the_name_of_its_sim_and_its_fleet);
	tcase_add_test(t, an_event_with_a_name_alone_is_of_the_sim_that_is_called_so);
	tcase_add_test(t, a_later_event_gives_the_sim_another_name);
	tcase_add_test(t, an_event_that_was_there_before_changes_no_name);
	tcase_add_test(t, what_can_not_be_is_rejected_by_its_field_and_registers_nothing);
	tcase_add_test(t, names_of_another_family_are_neither_seen_nor_touched);
	tcase_add_test(t, they_are_read_by_family_by_name_and_by_the_accounts_that_used_them);
	tcase_add_test(t, in_a_batch_names_hold_from_the_event_on_that_says_them);
	tcase_add_test(t, a_whole_batch_that_is_not_stored_registers_nothing);
	tcase_add_test(t, an_event_that_its_account_does_not_take_registers_nothing);
	tcase_add_test(t, a_filter_is_a_sid_or_a_name_that_the_account_knows);
	tcase_add_test(t, a_sid_goes_before_a_name);
	tcase_add_test(t, reports_and_lists_of_events_are_filtered_by_names_too);
	tcase_add_test(t, names_are_added_changed_and_removed_and_the_log_says_so);
	tcase_add_test(t, what_administrators_can_not_have_is_refused_by_name);
	tcase_add_test(t, names_of_events_have_no_form_of_a_sid_and_a_largest_length);
	suite_add_tcase(s, t);
	return run_suite(s);
}
