/*
 * ledger_tests.c - what storing a batch does.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "store/account.h"
#include "store/family_change.h"
#include "usage/catalogue.h"
#include "usage/event.h"
#include "usage/identity_order.h"
#include "usage/intern.h"
#include "usage/ledger.h"
#include "batch.h"
#include "true_ledger.h"
#include "ledger_fixture.h"
#include "rollup_sum.h"
#include "ledger_sql.h"
#include "suite.h"
#include "base/banned.h"

#define SUB_SID "AC00000000000000000000000000000003"

/* ---- ledger ---- */

/* One that was rejected before it came to the ledger. */
static void put_rejected_call(struct bench *b, const char *id)
{
	struct error reason = { .kind = ERR_PARAM };

	put_call(b, id, "1");
	event_reject(&b->batch.events[b->batch.n - 1], &reason, &b->batch.arena);
}

static struct amounts month_total(struct bench *b, int64_t account, const char *category)
{
	const struct catalogue *c;

	OK(catalogue_load(b->st, &arena, &c, &err));
	return rollup_sum(
		b->st,
		&(struct rollup_sum) {
			.account = account,
			.category = c->categories[catalogue_find(c, category, strlen(category))].id,
			.level = LEVEL_MONTH,
			.to = 99999 });
}

START_TEST(events_are_created_once)
{
	struct bench b = open_bench(path, &any_account);

	put_call(&b, "a", "1");
	put_call(&b, "b", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.n, 2);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	put_call(&b, "b", "2");
	put_call(&b, "a", "1.5");
	put_call(&b, "c", "4");
	commit(&b);
	ck_assert_int_eq(b.batch.n, 3);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_CREATED);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 3);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 7000000);
	close_bench(&b);
}
END_TEST

START_TEST(in_a_batch_the_first_sent_wins)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_call(&b, "z", "1");
	put_call(&b, "a", "5");
	put_call(&b, "z", "1");
	put_call(&b, "a", "6");
	put_call(&b, "z", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[3].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[4].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 6000000);
	close_bench(&b);
}
END_TEST

static void check_verdicts(const struct bench *b, const char *want)
{
	char got[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < b->batch.n; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%s", i ? " " : "",
				       verdict_names[b->batch.events[i].verdict]);
	ck_assert_str_eq(got, want);
}

START_TEST(a_whole_batch_is_stored_whole_or_not_at_all)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_call(&b, "a", "1");
	commit(&b);
	put_call(&b, "b", "2");
	put_call(&b, "a", "7");
	put_call(&b, "a", "1");
	put_call(&b, "c", "2");
	put_call(&b, "c", "3");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted conflict aborted aborted conflict");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 1000000);
	/*
	 * the next batch is an ordinary one again, and knows nothing of the one
	 * before
	 */
	put_call(&b, "b", "9");
	put_call(&b, "a", "7");
	commit(&b);
	check_verdicts(&b, "created conflict");
	put_call(&b, "c", "4");
	put_call(&b, "a", "1");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "created duplicate");
	put_call(&b, "d", "4");
	put_call(&b, "a", "2");
	put_rejected_call(&b, "e");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted conflict rejected");
	put_call(&b, "d", "4");
	put_rejected_call(&b, "e");
	b.batch.atomic = true;
	commit(&b);
	check_verdicts(&b, "aborted rejected");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage, 14000000);
	close_bench(&b);
}
END_TEST

/* An import reuses the raw texts of a block when it has added the block. */
START_TEST(submissions_are_added_one_by_one_and_stored_together)
{
	static const struct ledger_options options = { .any_account = true, .rejected_days = 1 };
	static const char *const ids[2][2] = { { "b", "a" }, { "b", "c" } };
	struct bench b = open_bench(":memory:", &options);
	struct submission s[2];
	struct event events[2][2];
	size_t logged = 0;

	for (int i = 0; i < 2; i++) {
		struct raw_event raws[2] = { good_event(), good_event() };

		set_field(&raws[1], EV_SUBJECT,
			  i ? "AC0000000000000000000000000000000f" : MAIN_SID);
		for (int k = 0; k < 2; k++) {
			set_field(&raws[k], EV_ID, ids[i][k]);
			events[i][k] = (struct event) { .raw = &raws[k] };
			OK(event_check(&events[i][k], NOW_US, AHEAD_US, &err));
		}
		s[i] = (struct submission) {
			.events = events[i], .n = 2, .arena = &arena, .file_logged = &logged
		};
		OK(ledger_add(b.l, &s[i], &err));
		memset(raws, 0xff, sizeof(raws));
	}
	OK(ledger_store(b.l, NULL, &err));
	ck_assert_int_eq(events[0][0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(events[0][1].verdict, VERDICT_CREATED);
	ck_assert_int_eq(events[1][0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(events[1][1].verdict, VERDICT_REJECTED);
	ck_assert_str_eq(events[1][1].raw->field[EV_ID].text, "c");
	ck_assert_uint_eq(logged, 1);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 2);
	/* the next batch is empty */
	OK(ledger_store(b.l, NULL, &err));
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 2);
	close_bench(&b);
}
END_TEST

/*
 * Events of many sources, whose ids ascend in some of them only. Each identity is
 * there twice, and keeps the order in which it was sent.
 */
START_TEST(a_batch_is_ordered_by_identity)
{
	enum { SOURCES = 100, N = 12 * SOURCES };
	static struct intern_text sources[SOURCES];
	static struct event events[N];
	static const char *const ids[2][3] = { { "a", "b", "bb" }, { "bb", "a", "b" } };
	GPtrArray *sent = g_ptr_array_new();
	struct identity_order o;

	identity_order_init(&o);
	for (int i = 0; i < SOURCES; i++)
		sources[i].id = 1 + i * 37 % SOURCES;
	for (int i = 0; i < N; i++) {
		const char *id = ids[i % SOURCES % 2][i / SOURCES % 3];

		events[i] = (struct event) { .source = &sources[i % SOURCES],
					     .id = id,
					     .id_len = (uint32_t)strlen(id),
					     .line = i };
		g_ptr_array_add(sent, &events[i]);
	}
	for (int round = 0; round < 2; round++) {
		identity_order_set(&o, sent);
		ck_assert_uint_eq(o.events->len, N);
		for (guint i = 1; i < N; i++) {
			const struct event *x = identity_order_at(&o, i - 1);
			const struct event *y = identity_order_at(&o, i);
			int order = x->source == y->source ? strcmp(x->id, y->id) : -1;

			ck_assert_int_le(x->source->id, y->source->id);
			ck_assert_int_le(order, 0);
			if (order == 0)
				ck_assert_int_lt(x->line, y->line);
			ck_assert_int_eq(identity_order_repeats(&o, i), order == 0);
		}
	}
	identity_order_release(&o);
	g_ptr_array_free(sent, TRUE);
}
END_TEST

START_TEST(families_may_use_the_same_source_and_id)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct account sub = {
		.sid = SUB_SID, .name = "sub", .parent = b.main_id, .currency = "usd"
	};
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "created");
	set_field(&raw, EV_SUBJECT, OTHER_SID);
	set_field(&raw, EV_USAGE, "77");
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "created");
	set_field(&raw, EV_USAGE, "78");
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "conflict");
	OK(store_account_add(b.st, &sub, &err));
	set_field(&raw, EV_SUBJECT, SUB_SID);
	OK(put(&b, &raw));
	commit(&b);
	check_verdicts(&b, "conflict");
	close_bench(&b);
}
END_TEST

/* ---- finding ---- */

START_TEST(same_id_from_another_source_is_another_event)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	set_field(&raw, EV_SOURCE, "/pbx/2");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(same_event_with_another_customer_is_a_conflict)
{
	struct bench b = open_bench(":memory:", &any_account);
	struct raw_event raw = good_event();

	OK(put(&b, &raw));
	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_CONFLICT);
	close_bench(&b);
}
END_TEST

START_TEST(empty_batch_commits)
{
	struct bench b = open_bench(":memory:", &any_account);

	commit(&b);
	ck_assert_int_eq(b.batch.n, 0);
	close_bench(&b);
}
END_TEST

static void put_rejected(struct bench *b, enum event_field f, const char *text, const char *words)
{
	struct raw_event raw = good_event();
	const struct event *ev;

	set_field(&raw, f, text);
	OK(put(b, &raw));
	commit(b);
	ev = b->batch.events;
	ck_assert_int_eq(ev->verdict, VERDICT_REJECTED);
	ck_assert_int_eq(ev->reason->kind, ERR_PARAM);
	ck_assert_str_eq(ev->reason->param, event_fields[f].name);
	ck_assert_msg(strstr(ev->reason->message, words), "%s", ev->reason->message);
}

START_TEST(unknown_account_is_refused_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_rejected(&b, EV_SUBJECT, "AC00000000000000000000000000000009",
		     "AC00000000000000000000000000000009");
	put_rejected(&b, EV_SUBJECT, "main", "must be the SID");
	close_bench(&b);
}
END_TEST

START_TEST(unknown_category_is_refused_by_name)
{
	struct bench b = open_bench(":memory:", &any_account);

	put_rejected(&b, EV_CATEGORY, "calls-sideways", "calls-sideways");
	put_rejected(&b, EV_CATEGORY, "totalprice", "totalprice");
	close_bench(&b);
}
END_TEST

START_TEST(account_is_found_by_name_when_asked_so)
{
	struct ledger_options o = { .accounts_by_name = true };
	struct bench b = open_bench(":memory:", &o);
	struct raw_event raw = good_event();

	set_field(&raw, EV_SUBJECT, "main");
	OK(put(&b, &raw));
	set_field(&raw, EV_SUBJECT, MAIN_SID);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_DUPLICATE);
	put_rejected(&b, EV_SUBJECT, "nobody", "nobody");
	close_bench(&b);
}
END_TEST

START_TEST(account_is_found_by_its_number_too)
{
	struct ledger_options o = { .accounts_by_name = true };
	struct bench b = open_bench(":memory:", &o);
	struct account third = { .sid = "AC00000000000000000000000000000003",
				 .name = "third",
				 .currency = "usd",
				 .number = "4711" };
	static const char *const texts[] = { "4711", "AC00000000000000000000000000000003",
					     "third" };
	struct raw_event raw = good_event();

	OK(store_account_add(b.st, &third, &err));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		set_field(&raw, EV_SUBJECT, texts[i]);
		OK(put(&b, &raw));
	}
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_DUPLICATE);
	put_rejected(&b, EV_SUBJECT, "4712", "there is no account \"4712\"");
	close_bench(&b);
}
END_TEST

START_TEST(what_another_process_adds_is_known_at_once)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	struct store *second;

	put_rejected(&b, EV_SUBJECT, "AC00000000000000000000000000000003", "no account");
	put_rejected(&b, EV_CATEGORY, "faxes", "faxes");
	OK(store_open(ledger_place(path), STORE_WRITE, 50, &second, &err));
	add_account(second, "AC00000000000000000000000000000003", "third");
	add_category(second, "faxes", 0);
	store_close(&second);
	set_field(&raw, EV_SUBJECT, "AC00000000000000000000000000000003");
	set_field(&raw, EV_CATEGORY, "faxes");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(used_categories_and_those_above_them_are_listed)
{
	struct bench b = open_bench(":memory:", &any_account);
	const struct catalogue *c;

	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 0);
	put_call(&b, "a", "1");
	commit(&b);
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 2);
	ck_assert_str_eq(c->categories[c->listed[0]].name, "calls");
	ck_assert_str_eq(c->categories[c->listed[1]].name, "calls-inbound");
	close_bench(&b);
}
END_TEST

/* 10^12 minutes each: nine fit a rollup, ten do not. */
START_TEST(event_that_overflows_is_rejected_alone)
{
	struct bench b = open_bench(path, &any_account);
	char id[16];

	for (int i = 0; i < 12; i++) {
		snprintf(id, sizeof(id), "call-%02d", i);
		put_call(&b, id, i == 5 ? "3" : "1000000000000");
	}
	commit(&b);
	ck_assert_int_eq(b.batch.n, 12);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(b.batch.events[i].verdict,
				 i < 10 ? VERDICT_CREATED : VERDICT_REJECTED);
	ck_assert_ptr_null(b.batch.events[0].reason);
	ck_assert_int_eq(b.batch.events[10].reason->kind, ERR_OVERFLOW);
	ck_assert_str_eq(b.batch.events[10].reason->param, "usage");
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 10);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage,
			 INT64_C(9000000000003000000));
	close_bench(&b);
}
END_TEST

START_TEST(overflow_with_what_is_stored_is_rejected_alone)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	char id[16];

	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "call-%02d", i);
		put_call(&b, id, "1000000000000");
	}
	commit(&b);
	put_call(&b, "call-00", "1000000000000");
	put_call(&b, "new", "1000000000000");
	put_call(&b, "new", "1000000000000");
	put_call(&b, "new", "7");
	put_call(&b, "new", "8");
	set_field(&raw, EV_ID, "elsewhere");
	set_field(&raw, EV_CUSTOMER, "somebody new");
	set_field(&raw, EV_CATEGORY, "calls-outbound");
	set_field(&raw, EV_USAGE, "1000000000000");
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	ck_assert_int_eq(b.batch.events[1].verdict, VERDICT_REJECTED);
	ck_assert_int_eq(b.batch.events[2].verdict, VERDICT_REJECTED);
	ck_assert_int_eq(b.batch.events[3].verdict, VERDICT_CREATED);
	ck_assert_int_eq(b.batch.events[4].verdict, VERDICT_CONFLICT);
	ck_assert_int_eq(b.batch.events[5].verdict, VERDICT_CREATED);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").usage,
			 INT64_C(9000000000007000000));
	close_bench(&b);
}
END_TEST

START_TEST(locked_ledger_stores_nothing_and_can_be_tried_again)
{
	struct bench b = open_bench(path, &any_account);
	struct store *second;
	struct raw_event raw = good_event();

	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(store_open(ledger_place(path), STORE_WRITE, 50, &second, &err));
	OK(store_begin_write(second, &err));
	OK(put(&b, &raw));
	FAILS(batch_store(&b.batch, b.l, &err), ERR_BUSY, "", "locked");
	store_end(second);
	store_close(&second);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

/* Past the store, as the sqlite3 shell would. */
static void raw_sql(const char *sql)
{
	ledger_exec(path, sql);
}

/* Sums can't be stored until unbreak_sums(). */
static void break_sums(void)
{
	raw_sql(sql_of("CREATE TRIGGER fault BEFORE INSERT ON rollup"
		       " BEGIN SELECT RAISE(ABORT, 'fault'); END",
		       "ALTER TABLE total_quarter RENAME COLUMN usage TO away"));
}

static void unbreak_sums(void)
{
	raw_sql(sql_of("DROP TRIGGER fault",
		       "ALTER TABLE total_quarter RENAME COLUMN away TO usage"));
}

/* A value and a series of account 2, with a further column. */
#define OTHER_VALUE(column, value)                                     \
	"INSERT INTO dimension_value (account, dimension, text" column \
	") VALUES (2, 0, 'not cus1'" value ")"
#define OTHER_SERIES(column, value)                                                            \
	"INSERT INTO series (account, category, customer, sim, fleet, network, country" column \
	") VALUES (2, 1, 1, 0, 0, 0, 0" value ")"

START_TEST(ids_made_in_a_failed_write_are_forgotten)
{
	struct bench b = open_bench(path, &any_account);
	struct raw_event raw = good_event();
	const struct catalogue *c;

	/*
	 * The write fails at its end, after sources, values and series were
	 * made.
	 */
	break_sums();
	set_field(&raw, EV_CUSTOMER, "cus1");
	OK(put(&b, &raw));
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "");
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 0);
	/* Something else takes the ids that were given out then. */
	unbreak_sums();
	raw_sql("INSERT INTO source (family, text) VALUES (9, '/other')");
	raw_sql(sql_of(OTHER_VALUE("", ""), OTHER_VALUE(", root", ", 2")));
	raw_sql(sql_of(OTHER_SERIES("", ""), OTHER_SERIES(", root", ", 2")));
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	OK(catalogue_load(b.st, &arena, &c, &err));
	ck_assert_int_eq(c->n_listed, 2);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 1);
	ledger_free(&b.l);
	b.l = ledger_new(b.st, &any_account);
	OK(put(&b, &raw));
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_DUPLICATE);
	close_bench(&b);
}
END_TEST

START_TEST(failed_rollup_stores_no_event)
{
	struct bench b = open_bench(path, &any_account);

	break_sums();
	put_call(&b, "a", "1");
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "");
	unbreak_sums();
	put_call(&b, "a", "2");
	commit(&b);
	ck_assert_int_eq(b.batch.events[0].verdict, VERDICT_CREATED);
	close_bench(&b);
}
END_TEST

START_TEST(overflow_that_no_event_causes_is_blamed_on_the_ledger)
{
	struct bench b = open_bench(path, &any_account);

	put_call(&b, "a", "1");
	commit(&b);
	/*
	 * SQLite: a usage of 2^64 (2^63 - 1), of the category and the first quarter hour of
	 * each month; PostgreSQL: a number that is too large with the second event
	 */
	raw_sql(sql_of("CREATE TRIGGER fault AFTER INSERT ON event BEGIN UPDATE rollup SET leaf = "
		       "x'018202000080808080808080808004'; END",
		       "ALTER TABLE total_month ADD COLUMN fault bigint GENERATED ALWAYS AS"
		       " ((count - 1) * 9223372036854775807 * 2) STORED"));
	put_call(&b, "b", "1");
	FAILS(batch_store(&b.batch, b.l, &err), ERR_INTERNAL, "", "verify");
	close_bench(&b);
}
END_TEST

/* ---- two writers ---- */

enum { WRITER_BATCHES = 20, WRITER_EVENTS = 40, WRITER_SHARED = 20 };

/* A process of its own would do the same. */
struct writer {
	pthread_t thread;
	const char *where;
	int number;
	int verdicts[VERDICTS];
	struct error err;
};

/* Half of the events are those of the other writer, in the opposite order. */
static int fill_batch(struct writer *w, struct batch *batch, int n)
{
	char id[40], customer[24];

	snprintf(customer, sizeof(customer), "customer %d", n);
	for (int i = 0; i < WRITER_EVENTS; i++) {
		int at = w->number ? WRITER_EVENTS - 1 - i : i;
		struct raw_event raw = good_event();

		snprintf(id, sizeof(id), "%s-%d-%d",
			 at < WRITER_SHARED ? "both"
			 : w->number        ? "b"
					    : "a",
			 n, at);
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_USAGE, "1");
		set_field(&raw, EV_SUBJECT, at % 2 ? MAIN_SID : OTHER_SID);
		set_field(&raw, EV_CUSTOMER, customer);
		if (batch_add(batch, &raw, NOW_US, AHEAD_US, &w->err) < 0)
			return -1;
	}
	return 0;
}

static void *write_often(void *arg)
{
	struct writer *w = arg;
	struct batch batch = { 0 };
	struct store *st;
	struct ledger *l;

	if (store_open(w->where, STORE_WRITE, 30000, &st, &w->err) < 0)
		return NULL;
	l = ledger_new(st, &any_account);
	for (int n = 0; n < WRITER_BATCHES && w->err.kind == ERR_NONE; n++) {
		if (fill_batch(w, &batch, n) < 0 || batch_store(&batch, l, &w->err) < 0)
			break;
		for (size_t i = 0; i < batch.n; i++)
			w->verdicts[batch.events[i].verdict]++;
	}
	ledger_free(&l);
	store_close(&st);
	arena_release(&batch.arena);
	return w;
}

START_TEST(two_writers_store_each_event_once)
{
	struct bench b = open_bench(path, &any_account);
	const int both = WRITER_BATCHES * WRITER_SHARED, all = WRITER_BATCHES * WRITER_EVENTS;
	struct writer w[2] = { { .number = 0 }, { .number = 1 } };

	for (int i = 0; i < 2; i++) {
		w[i].where = ledger_place(path);
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, write_often, &w[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(w[i].thread, NULL);
		ck_assert_msg(w[i].err.kind == ERR_NONE, "%s: %s", w[i].err.message,
			      w[i].err.detail);
	}
	ck_assert_int_eq(w[0].verdicts[VERDICT_CREATED] + w[1].verdicts[VERDICT_CREATED],
			 2 * all - both);
	ck_assert_int_eq(w[0].verdicts[VERDICT_DUPLICATE] + w[1].verdicts[VERDICT_DUPLICATE], both);
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count +
				 month_total(&b, b.other_id, "calls-inbound").count,
			 2 * all - both);
	close_bench(&b);
}
END_TEST

/* ---- round trips ---- */

/* N calls of ids that begin with WORD. */
static void put_calls(struct bench *b, const char *word, int n)
{
	char id[32];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s-%05d", word, i);
		put_call(b, id, "1");
	}
}

static void check_verdict_counts(const struct bench *b, const int want[VERDICTS])
{
	int have[VERDICTS] = { 0 };

	for (size_t i = 0; i < b->batch.n; i++)
		have[b->batch.events[i].verdict]++;
	for (int i = 0; i < VERDICTS; i++)
		ck_assert_msg(have[i] == want[i], "%d %s", have[i], verdict_names[i]);
}

/* Every STEP-th call, from the number FROM up to TO, excluded. */
static void put_each(struct bench *b, int from, int to, int step)
{
	char id[32];

	for (int i = from; i < to; i += step) {
		snprintf(id, sizeof(id), "each-%05d", i);
		put_call(b, id, "1");
	}
}

/* They lie together, or between others, from the first on or later. */
START_TEST(what_is_sent_again_is_found_however_it_lies)
{
	struct bench b = open_bench(path, &any_account);

	put_each(&b, 0, 4000, 1);
	commit(&b);
	for (int step = 1; step <= 5; step++) {
		ROW("each %d. call", step);
		put_each(&b, 0, 4000, step);
		commit(&b);
		check_verdict_counts(&b, (const int[VERDICTS]) { 0, (3999 / step) + 1, 0, 0 });
	}
	ROW("more and more seldom, with others before, between and behind");
	put_call(&b, "before", "1");
	put_each(&b, 0, 400, 1);
	put_call(&b, "each-00399-1", "1");
	put_call(&b, "each-01000", "2");
	put_each(&b, 1001, 4000, 5);
	put_call(&b, "each-03996-1", "1");
	put_call(&b, "z", "1");
	commit(&b);
	check_verdict_counts(&b, (const int[VERDICTS]) { 4, 1000, 1, 0 });
	ROW("an end that has not been stored");
	put_each(&b, 3000, 4600, 1);
	commit(&b);
	check_verdict_counts(&b, (const int[VERDICTS]) { 600, 1000, 0, 0 });
	ck_assert_int_eq(month_total(&b, b.main_id, "calls-inbound").count, 4604);
	close_bench(&b);
}
END_TEST

/* How many statements, or round trips, it takes to store the batch. */
static int64_t trips(struct bench *b)
{
	int64_t before = store_statements(b->st);

	commit(b);
	return store_statements(b->st) - before;
}

/* Whatever a batch holds, if its series are known. */
START_TEST(a_batch_takes_few_round_trips)
{
	static const struct ledger_options logged = { .rejected_days = 30 };
	struct bench b = open_bench(path, &logged);

	put_calls(&b, "first", 3);
	commit(&b);
	/* it was the first with its categories, which changes the ledger */
	put_call(&b, "zero", "1");
	commit(&b);
	put_call(&b, "one", "1");
	ck_assert_int_le(trips(&b), test_database() ? 1 + 2 * test_places() : 99);
	put_calls(&b, "second", 300);
	put_calls(&b, "first", 3);
	put_call(&b, "first-00000", "2");
	for (int i = 0; i < 40; i++)
		put_rejected_call(&b, "bad");
	ck_assert_int_le(trips(&b), test_database() ? 1 + 2 * test_places() : 9999);
	check_verdict_counts(&b, (const int[VERDICTS]) { 300, 3, 1, 40 });
	put_calls(&b, "third", 2000);
	ck_assert_int_le(trips(&b), test_database() ? 2 + 2 * test_places() : 9999);
	put_calls(&b, "third", 2000);
	ck_assert_int_le(trips(&b), test_database() ? 3 + 2 * test_places() : 9999);
	check_verdict_counts(&b, (const int[VERDICTS]) { 0, 2000, 0, 0 });
	/* new ones between those that are stored */
	put_calls(&b, "third", 2010);
	put_calls(&b, "second-x", 700);
	ck_assert_int_le(trips(&b), test_database() ? 5 + 2 * test_places() : 9999);
	check_verdict_counts(&b, (const int[VERDICTS]) { 710, 2000, 0, 0 });
	close_bench(&b);
}
END_TEST

/* Stores a new call at the time NOW, alone or with one that is rejected. */
static void store_at(struct bench *b, int64_t now, const char *id, bool aborted)
{
	clock_set_us(now * USEC_PER_SEC);
	put_call(b, id, "1");
	if (aborted)
		put_rejected_call(b, "rejected");
	b->batch.atomic = aborted;
	commit(b);
}

/* The time at which the main account's family was noted; -1: it is not. */
static int64_t noted(struct bench *b)
{
	static const int64_t times[] = { 0, 1000, 2000, 4599, 4600, 9000 };
	int64_t ret = -1;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const int64_t *list;
		size_t n;

		OK(store_family_changes(b->st, times[i], &arena, &list, &n, &err));
		if (n)
			ret = times[i];
	}
	return ret;
}

START_TEST(a_changed_family_is_noted_once_an_hour)
{
	struct bench b = open_bench(path, &any_account);

	ck_assert_int_eq(noted(&b), -1);
	/* an aborted write is no change, and its note is written later */
	store_at(&b, 1000, "a", true);
	ck_assert_int_eq(noted(&b), -1);
	store_at(&b, 1000, "a", false);
	ck_assert_int_eq(noted(&b), 1000);
	store_at(&b, 2000, "b", false);
	store_at(&b, 4599, "c", false);
	ck_assert_int_eq(noted(&b), 1000);
	/* a duplicate changes nothing */
	store_at(&b, 4600, "c", false);
	ck_assert_int_eq(noted(&b), 1000);
	store_at(&b, 4600, "d", false);
	ck_assert_int_eq(noted(&b), 4600);
	/* the clock was set back */
	store_at(&b, 2000, "e", false);
	ck_assert_int_eq(noted(&b), 2000);
	close_bench(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ledger");
	TCase *tc = tcase_create("ledger");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, events_are_created_once);
	tcase_add_test(tc, in_a_batch_the_first_sent_wins);
	tcase_add_test(tc, a_whole_batch_is_stored_whole_or_not_at_all);
	tcase_add_test(tc, submissions_are_added_one_by_one_and_stored_together);
	tcase_add_test(tc, a_batch_is_ordered_by_identity);
	tcase_add_test(tc, families_may_use_the_same_source_and_id);
	tcase_add_test(tc, same_id_from_another_source_is_another_event);
	tcase_add_test(tc, same_event_with_another_customer_is_a_conflict);
	tcase_add_test(tc, empty_batch_commits);
	tcase_add_test(tc, unknown_account_is_refused_by_name);
	tcase_add_test(tc, unknown_category_is_refused_by_name);
	tcase_add_test(tc, account_is_found_by_name_when_asked_so);
	tcase_add_test(tc, account_is_found_by_its_number_too);
	tcase_add_test(tc, what_another_process_adds_is_known_at_once);
	tcase_add_test(tc, used_categories_and_those_above_them_are_listed);
	tcase_add_test(tc, event_that_overflows_is_rejected_alone);
	tcase_add_test(tc, overflow_with_what_is_stored_is_rejected_alone);
	tcase_add_test(tc, locked_ledger_stores_nothing_and_can_be_tried_again);
	tcase_add_test(tc, ids_made_in_a_failed_write_are_forgotten);
	tcase_add_test(tc, failed_rollup_stores_no_event);
	tcase_add_test(tc, two_writers_store_each_event_once);
	tcase_add_test(tc, what_is_sent_again_is_found_however_it_lies);
	tcase_add_test(tc, a_batch_takes_few_round_trips);
	tcase_add_test(tc, overflow_that_no_event_causes_is_blamed_on_the_ledger);
	tcase_add_test(tc, a_changed_family_is_noted_once_an_hour);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
