/*
 * relay_tests.c - a connection to PostgreSQL that is cut after the n-th message
 * to or from the server, for every n, while something is stored: what the call
 * says is true, the same call again succeeds, and the ledger stays sound. Only
 * with USAGED_TEST_STORE, and a server that has a socket on this machine.
 *
 * Corrections, moves and new ledgers have many messages: a run tests some of them, from a
 * random one on, and all with USAGED_TEST_RELAY=all or USAGED_LONG, in some
 * minutes.
 */
#include <check.h>
#include <glib.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include "store/internal.h"
#include "store/move.h"
#include "store/meta.h"
#include "usage/admin.h"
#include "usage/correct.h"
#include "usage/new_ledger.h"
#include "usage/secret_mark.h"
#include "ledger_fixture.h"
#include "ledger_sql.h"
#include "pg_relay.h"
#include "suite.h"
#include "base/banned.h"

enum { PORT = 5432, MESSAGES_MAX = 2000 };

static struct pg_relay *relay;
static struct bench direct; /* the ledger, past the relay */
static struct store *st;    /* through it */
static struct ledger *ledger;
static int round_n; /* counts all calls that may be cut */

/* ---- the relay ---- */

/* The server's socket; false: it has none here. */
static bool find_server(char *ret, size_t size)
{
	PQconninfoOption *all = PQconninfoParse(test_database(), NULL);
	const char *host = NULL, *port = NULL;

	for (PQconninfoOption *o = all; o && o->keyword; o++) {
		if (strcmp(o->keyword, "host") == 0)
			host = o->val;
		if (strcmp(o->keyword, "port") == 0)
			port = o->val;
	}
	snprintf(ret, size, "%s/.s.PGSQL.%s", host ? host : "/var/run/postgresql",
		 port ? port : "5432");
	PQconninfoFree(all);
	return access(ret, F_OK) == 0;
}

/* The address of a place, by way of the relay: a later host overrules. */
static const char *by_relay(const char *place)
{
	static char address[2 * PLACE_TEXT];

	snprintf(address, sizeof(address), "%s&host=%s&port=%d", place, dir, PORT);
	return address;
}

static struct store *open_at(const char *place, unsigned flags)
{
	struct store *ret = NULL;

	OK(store_open(place, flags, 5000, &ret, &err));
	return ret;
}

static void begin(void)
{
	char server[128];

	setup();
	ck_assert(find_server(server, sizeof(server)));
	relay = relay_start(dir, PORT, server);
	ck_assert_ptr_nonnull(relay);
	direct = open_bench(path, &any_account);
	st = open_at(by_relay(ledger_place(path)), STORE_WRITE);
	ledger = ledger_new(st, &any_account);
}

static void finish(void)
{
	ledger_free(&ledger);
	store_close(&st);
	close_bench(&direct);
	teardown();
}

/* ---- calls that are cut ---- */

/* What a call that succeeded said of its work. */
enum said { SAID_MADE, SAID_THERE };

struct work {
	const char *name;
	void (*prepare)(void);
	int (*call)(enum said *ret); /* 0, or -1 with ERR */
	int64_t (*stored)(void);     /* rows of this round, past the relay */
	int64_t all;                 /* of them, when the work is done */
	/* done in steps: a call that failed is not made again but by the next round */
	bool steps;
	int stride; /* unless each shall be tried */
};

struct outcomes {
	int cuts, made, failed, unknown;
};

/* Calls, checks the words, and calls again. True: the work is done. */
static bool check_call(const struct work *w, struct outcomes *o)
{
	enum said said = SAID_MADE;
	struct error told;
	int64_t stored;
	bool cut;
	int rc;

	error_clear(&err);
	rc = w->call(&said);
	told = err;
	cut = relay_disarm(relay);
	stored = w->stored();
	o->cuts += cut;
	ck_assert_msg(cut || rc == 0, "%s (%s)", told.message, told.detail);
	if (rc == 0) {
		ck_assert_int_eq(stored, w->all);
		ck_assert_int_eq(said, SAID_MADE);
		o->made += cut;
	} else {
		ck_assert_msg(told.kind == ERR_BUSY, "%d: %s (%s)", (int)told.kind, told.message,
			      told.detail);
		if (strstr(told.message, "may or may not"))
			o->unknown++;
		else
			ck_assert_msg(stored == 0, "%s (%s)", told.message, told.detail);
		o->failed++;
	}
	ck_assert_msg(stored == 0 || stored == w->all, "%" PRId64 " stored", stored);
	error_clear(&err);
	if (w->steps && !stored)
		return false;
	OK(w->call(&said));
	ck_assert_int_eq(said, stored ? SAID_THERE : SAID_MADE);
	ck_assert_int_eq(w->stored(), w->all);
	return true;
}

/*
 * Cuts after the n-th message, until there are no more. With a stride, a run
 * tests some n, and another one others. FRESH: on connections
 * that the call makes.
 */
static void cut_after_each(const struct work *w, bool fresh)
{
	const bool each = getenv("USAGED_TEST_RELAY") || getenv("USAGED_LONG");
	const int stride = each ? 1 : w->stride;
	const int first = (int)(g_random_int() % (unsigned)stride);

	for (int d = 0; d < RELAY_DIRECTIONS; d++) {
		struct outcomes o = { 0 };
		bool done = true;

		for (int n = 1 + first, cuts = -1; cuts < o.cuts; n += stride) {
			ROW("%s, %s connection, after message %d to the %s", w->name,
			    fresh ? "new" : "old", n, d == RELAY_TO_SERVER ? "server" : "client");
			ck_assert_int_lt(n, MESSAGES_MAX);
			round_n++;
			cuts = o.cuts;
			if (done)
				w->prepare();
			relay_arm(relay, (enum relay_direction)d, n, fresh);
			done = check_call(w, &o);
		}
		printf("%s, %s connection, to the %s: cut %d times, %d stored, %d not\n", w->name,
		       fresh ? "new" : "old", d == RELAY_TO_SERVER ? "server" : "client", o.cuts,
		       o.made, o.failed);
		ck_assert_int_gt(o.made, 0);
		ck_assert_int_gt(o.failed, 0);
		/* later connections pass, so that the server can be asked */
		ck_assert_int_eq(o.unknown, 0);
	}
}

/* The number that SQL finds for ID. */
static int64_t count(const char *sql, const char *id)
{
	char *all = g_strdup_printf("%s'%s'", sql, id);
	int64_t n = ledger_number(path, all);

	g_free(all);
	return n;
}

/* The id of the N-th event of the round; good until the next call. */
static const char *event_id(int n)
{
	static char id[32];

	snprintf(id, sizeof(id), "%06d-%04d", round_n, n);
	return id;
}

/* ---- events ---- */

static int events_n, events_known;

static void put_event(struct batch *b, int i)
{
	struct raw_event raw = good_event();
	char customer[32];

	set_field(&raw, EV_ID, event_id(i));
	set_field(&raw, EV_USAGE, "2");
	if (i % 2) {
		snprintf(customer, sizeof(customer), "cus-%d", round_n);
		set_field(&raw, EV_CUSTOMER, customer);
	}
	OK(batch_add(b, &raw, NOW_US, AHEAD_US, &err));
}

/* Stores the first N events of the round. Verdicts but of the first KNOWN are equal. */
static int store_events(int n, int known, enum said *ret)
{
	struct batch b = { 0 };
	int rc;

	for (int i = 0; i < n; i++)
		put_event(&b, i);
	rc = batch_store(&b, ledger, &err);
	for (int i = 0; rc == 0 && i < n; i++) {
		const enum verdict v = b.events[i].verdict;

		ck_assert_int_eq(v, i < known ? VERDICT_DUPLICATE : b.events[n - 1].verdict);
		ck_assert(v == VERDICT_CREATED || v == VERDICT_DUPLICATE);
		*ret = v == VERDICT_CREATED ? SAID_MADE : SAID_THERE;
	}
	arena_release(&b.arena);
	return rc;
}

static void prepare_events(void)
{
	enum said said;

	if (events_known)
		OK(store_events(events_known, 0, &said));
}

static int call_events(enum said *ret)
{
	return store_events(events_n, events_known, ret);
}

static int64_t stored_events(void)
{
	char ids[16];

	snprintf(ids, sizeof(ids), "%06d-%%", round_n);
	return count("SELECT count(*) FROM event WHERE id LIKE ", ids) - events_known;
}

static const struct {
	const char *name;
	int n, known;
} batches[] = { { "a batch", 6, 0 },
		{ "a batch with a known event", 6, 1 },
		{ "a large batch", 501, 0 },
		{ "a large batch with a known event", 501, 1 } };

START_TEST(batches_of_events)
{
	struct work w = { batches[_i].name,
			  prepare_events,
			  call_events,
			  stored_events,
			  batches[_i].n - batches[_i].known,
			  false,
			  1 };

	events_n = batches[_i].n;
	events_known = batches[_i].known;
	cut_after_each(&w, false);
	/* what a new connection does first is the same for all */
	if (_i == 0)
		cut_after_each(&w, true);
}
END_TEST

/* ---- corrections ---- */

static void prepare_correction(void)
{
	enum said said;

	OK(store_events(1, 0, &said));
}

static int call_correction(enum said *ret)
{
	struct raw_event change = { 0 };
	struct correct c = { .event.id = event_id(0),
			     .kind = CORRECTION_AMEND,
			     .change = &change,
			     .author = "ann",
			     .reason = "wrong",
			     .now_us = NOW_US };
	struct correction made;
	bool done = false;
	int rc;

	set_field(&change, EV_USAGE, "3");
	if (store_begin_write(st, &err) < 0)
		return -1;
	rc = correct_event(st, &c, &arena, &made, &done, &err);
	if (rc == 0)
		rc = store_commit(st, &err);
	else
		store_end(st);
	*ret = done ? SAID_THERE : SAID_MADE;
	return rc;
}

/* The reversal and the replacement. */
static int64_t stored_correction(void)
{
	return count("SELECT count(*) FROM correction c LEFT JOIN event e ON e.correction = c.id"
		     " WHERE c.event = ",
		     event_id(0));
}

static const struct work correction = {
	"a correction", prepare_correction, call_correction, stored_correction, 2, false, 3
};

START_TEST(corrections)
{
	cut_after_each(&correction, false);
}
END_TEST

/* ---- closings ---- */

static bool closed; /* before this call */

static void prepare_closing(void)
{
	closed = false;
}

/* The months of the rounds, from 1981 on. */
static const char *last_day(void)
{
	static char day[32];

	snprintf(day, sizeof(day), "%04d-%02d-28", 1981 + round_n / 12, 1 + round_n % 12);
	return day;
}

/* The closing and its entry in the log, once or twice. */
static int64_t stored_closing(void)
{
	char day[48];
	struct date through;
	int64_t open_us, entries;

	ck_assert(date_parse(last_day(), strlen(last_day()), &through));
	OK(closing_open_us(direct.st, direct.main_id, &open_us, &err));
	snprintf(day, sizeof(day), "through %s", last_day());
	entries = count("SELECT count(*) FROM audit WHERE detail = ", day);
	closed = entries > 0;
	return (open_us == (date_to_days(through) + 1) * 86400 * USEC_PER_SEC) + MIN(entries, 1);
}

static int call_closing(enum said *ret)
{
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	int rc;

	*ret = closed ? SAID_THERE : SAID_MADE;
	if (store_begin_write(st, &err) < 0)
		return -1;
	rc = admin_closing_close(&admin, MAIN_SID, last_day(), &err);
	if (rc == 0)
		return store_commit(st, &err);
	store_end(st);
	return rc;
}

static const struct work closing = {
	"a closing", prepare_closing, call_closing, stored_closing, 2, false, 1
};

START_TEST(closings)
{
	cut_after_each(&closing, false);
}
END_TEST

/* ---- openings ---- */

/* The error becomes an answer of the server, whose callers need not know where the ledger is. */
START_TEST(an_opening_that_is_cut_says_when_to_try_again_and_not_where)
{
	char *address = g_strdup(by_relay(ledger_place(path)));
	int refused = 0;
	bool cut = true;

	for (int n = 1; cut; n++) {
		struct store *opened = NULL;

		ROW("after message %d to the client", n);
		error_clear(&err);
		relay_arm(relay, RELAY_TO_CLIENT, n, true);
		if (store_open(address, 0, 5000, &opened, &err) < 0) {
			refused++;
			ck_assert_int_eq(err.kind, ERR_BUSY);
			ck_assert_int_gt(err.retry_after, 0);
			ck_assert_ptr_null(strstr(err.message, "postgresql:"));
		}
		store_close(&opened);
		cut = relay_disarm(relay);
	}
	ck_assert_int_gt(refused, 0);
	g_free(address);
}
END_TEST

/* ---- crashes ---- */

/*
 * Another transaction may have the number of this one after a crash: that it is
 * committed says nothing.
 */
START_TEST(a_commit_that_a_crash_may_have_taken_is_not_known)
{
	int unknown = 0;
	bool cut = true;

	for (int n = 1; cut; n++) {
		int rc;

		error_clear(&err);
		OK(store_begin_write(st, &err));
		OK(store_meta_set(st, "test", n, &err));
		ledger_exec(path, "UPDATE crash_mark SET mark = mark + 1");
		relay_arm(relay, RELAY_TO_CLIENT, n, false);
		rc = store_commit(st, &err);
		cut = relay_disarm(relay);
		unknown += rc < 0 && strstr(err.message, "may or may not");
		ck_assert(cut || rc == 0);
	}
	ck_assert_int_gt(unknown, 0);
}
END_TEST

/* ---- moves ---- */

enum { MOVED_EVENTS = 24, MOVED_PAGE = 10, MOVE_STRIDE = 16 };

static char source_path[96], target_path[96];
static bool to_server;     /* or from it */
static struct store *kept; /* keeps a connection past the relay */

static void remove_sqlite(const char *file)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char *name = g_strconcat(file, ends[i], NULL);

		unlink(name);
		g_free(name);
	}
}

/* Empties the schema of the address. */
static void clear_schema(const char *address)
{
	struct db *db;

	OK(db_open(address, DB_WRITE, 1000, &db, &err));
	OK(db_exec(db,
		   "DO $$ BEGIN EXECUTE format('DROP SCHEMA %1$I CASCADE; CREATE SCHEMA %1$I',"
		   " current_schema()); END $$",
		   &err));
	db_close(&db);
}

/* The places of the source and the target, past the relay. */
static const char *source(void)
{
	return to_server ? source_path : ledger_place(source_path);
}

static const char *target(void)
{
	return to_server ? ledger_place(target_path) : target_path;
}

/* Makes the source. */
static void begin_move(void)
{
	begin();
	snprintf(source_path, sizeof(source_path), "%s/source.db", dir);
	snprintf(target_path, sizeof(target_path), "%s/target.db", dir);
}

static void fill_source(void)
{
	struct store *own = open_at(source(), STORE_WRITE | STORE_CREATE), *other = st;
	struct ledger *others = ledger;
	enum said said;

	add_account(own, MAIN_SID, "main");
	add_category(own, "calls-inbound", 0);
	st = own;
	ledger = ledger_new(own, &any_account);
	OK(store_events(MOVED_EVENTS, 0, &said));
	ledger_free(&ledger);
	store_close(&own);
	st = other;
	ledger = others;
}

/* The source has not moved, the target is new. */
static void prepare_move(void)
{
	struct store *own = open_at(source(), STORE_WRITE);
	struct error none = { 0 };

	if (db_exec(own->db, "DROP TABLE moved", &none) == 0)
		OK(db_exec(own->db, "UPDATE meta SET value = -value WHERE name = 'version'", &err));
	store_close(&own);
	if (to_server)
		clear_schema(target());
	else
		remove_sqlite(target_path);
	own = open_at(target(), STORE_WRITE | STORE_CREATE);
	store_close(&own);
}

static int call_move(enum said *ret)
{
	const struct move_calls calls = { .page = MOVED_PAGE };
	struct store *from = NULL, *to = NULL;
	int64_t events;
	int rc = store_open(to_server ? source() : by_relay(source()), STORE_WRITE, 5000, &from,
			    &err);

	if (rc == 0)
		rc = store_open(to_server ? by_relay(target()) : target(), STORE_WRITE, 5000, &to,
				&err);
	if (rc == 0)
		rc = store_move(from, to, &(struct move_goal) { "there", true }, &calls, &events,
				&err);
	*ret = SAID_MADE;
	/* the move before, of which nobody heard the end, was done */
	if (rc < 0 && err.kind == ERR_CONFLICT && strstr(err.message, "moved already")) {
		*ret = SAID_THERE;
		rc = 0;
	}
	store_close(&from);
	store_close(&to);
	return rc;
}

/*
 * Does the target have events and take writes? Then it must be whole, and the
 * source must refuse them.
 */
static int64_t stored_move(void)
{
	struct store *from = open_at(source(), STORE_WRITE), *to = open_at(target(), STORE_WRITE);
	bool done = store_begin_write(to, &err) == 0;
	int64_t events = 0;
	size_t n;

	if (done) {
		store_end(to);
		OK(store_verify(to, NULL, &true_ledger_calls, &n, &events, &err));
		ck_assert_uint_eq(n, 0);
	}
	if (events)
		FAILS(store_begin_write(from, &err), ERR_BUSY, "", "the ledger has moved");
	error_clear(&err);
	store_close(&from);
	store_close(&to);
	return events;
}

static const struct work moves[] = {
	{ "a move from the server", prepare_move, call_move, stored_move, MOVED_EVENTS, true,
	  MOVE_STRIDE },
	{ "a move to the server", prepare_move, call_move, stored_move, MOVED_EVENTS, true,
	  MOVE_STRIDE },
};

START_TEST(a_move)
{
	to_server = _i;
	fill_source();
	kept = open_at(to_server ? ledger_place(target_path) : source(),
		       STORE_WRITE | (to_server ? STORE_CREATE : 0));
	cut_after_each(&moves[_i], false);
	store_close(&kept);
}
END_TEST

/* ---- a new ledger ---- */

#define NEW_LEDGER "new.db"

enum { NEW_STRIDE = 7 };

static const char *place_of_new(void)
{
	return ledger_place(NEW_LEDGER);
}

static bool is_going(void)
{
	return true;
}

/* Makes the ledger through the relay, with FILE as its secret file. */
static int make_new(const char *file)
{
	static const char catalogue[] =
		"category,parent,description,count_unit,usage_unit,metered\n"
		"calls,,Calls,calls,minutes,yes\n";
	g_autofree char *categories = g_strconcat(dir, "/categories.csv", NULL);
	const struct new_ledger new = { .where = by_relay(place_of_new()),
					.secret_file = file,
					.categories = categories,
					.busy_timeout_ms = 5000,
					.going = is_going };
	size_t n;

	ck_assert(g_file_set_contents(categories, catalogue, -1, NULL));
	error_clear(&err);
	return new_ledger_make(&new, &n, &err);
}

/* Is there a ledger, with the secret in FILE as its own? */
static bool is_made(const char *file)
{
	unsigned char secret[SECRET_BYTES];
	struct store *own = NULL;
	bool made = store_open(place_of_new(), 0, 5000, &own, NULL) == 0;

	if (made) {
		OK(secret_load(file, secret, &err));
		ck_assert_int_eq(secret_mark_compare(own, secret, &err), 1);
	}
	store_close(&own);
	return made;
}

START_TEST(a_new_ledger)
{
	g_autofree char *file = g_strconcat(dir, "/secret", NULL);
	const int stride = getenv("USAGED_TEST_RELAY") || getenv("USAGED_LONG") ? 1 : NEW_STRIDE;
	const int first = (int)(g_random_int() % (unsigned)stride);
	int cuts = 0, unknown = 0;

	for (int d = 0; d < RELAY_DIRECTIONS; d++) {
		bool cut = true;

		for (int n = 1 + first; cut; n += stride) {
			int rc;

			ROW("after message %d to the %s", n,
			    d == RELAY_TO_SERVER ? "server" : "client");
			ck_assert_int_lt(n, MESSAGES_MAX);
			clear_schema(place_of_new());
			unlink(file);
			relay_arm(relay, (enum relay_direction)d, n, false);
			rc = make_new(file);
			cut = relay_disarm(relay);
			cuts += cut;
			if (rc == 0) {
				ck_assert(is_made(file));
				continue;
			}
			ck_assert_msg(cut && err.kind == ERR_BUSY, "%s (%s)", err.message,
				      err.detail);
			if (strstr(err.message, "keep the secret file")) {
				unknown++;
				ck_assert_int_eq(access(file, F_OK), 0);
				is_made(file);
				continue;
			}
			ck_assert_int_ne(access(file, F_OK), 0);
			ck_assert(!is_made(file));
			OK(make_new(file));
		}
	}
	printf("a new ledger: cut %d times, %d unknown\n", cuts, unknown);
	ck_assert_int_gt(cuts, unknown);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("relay");
	TCase *tc = tcase_create("relay");
	char server[128];

	if (!test_database() || !find_server(server, sizeof(server))) {
		printf("%s: nothing is cut\n",
		       test_database() ? "the server has no socket here" : "without PostgreSQL");
		suite_add_tcase(s, tc);
		return run_suite(s);
	}
	tcase_set_timeout(tc, 600);
	tcase_add_checked_fixture(tc, begin, finish);
	tcase_add_loop_test(tc, batches_of_events, 0, (int)ARRAY_SIZE(batches));
	tcase_add_test(tc, corrections);
	tcase_add_test(tc, a_commit_that_a_crash_may_have_taken_is_not_known);
	tcase_add_test(tc, closings);
	tcase_add_test(tc, an_opening_that_is_cut_says_when_to_try_again_and_not_where);
	suite_add_tcase(s, tc);
	tc = tcase_create("new ledger");
	tcase_set_timeout(tc, 600);
	tcase_add_checked_fixture(tc, begin, finish);
	tcase_add_test(tc, a_new_ledger);
	suite_add_tcase(s, tc);
	tc = tcase_create("move");
	tcase_set_timeout(tc, 600);
	tcase_add_checked_fixture(tc, begin_move, finish);
	tcase_add_loop_test(tc, a_move, 0, (int)ARRAY_SIZE(moves));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
