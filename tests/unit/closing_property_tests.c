/*
 * closing_property_tests.c - what closings promise, on random histories:
 * families of accounts in random zones with events in and out of order, late,
 * sent again, voided and amended, with closings, reopenings and changes of
 * zones. After each step every report whose accounts were all closed at its end
 * must say what it said, until one of them is reopened; late events are listed;
 * the ledger is true.
 *
 * USAGED_HISTORIES is how many there are (USAGED_LONG stands for many),
 * USAGED_SEED where the random numbers begin.
 */
#include <check.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "store/series.h"
#include "usage/admin.h"
#include "usage/closing_changes.h"
#include "usage/ledger.h"
#include "usage/report.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "true_ledger.h"
#include "base/banned.h"

#define NOW_US  (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */
#define DAY_SEC INT64_C(86400)
#define FIRST   (NOW_US / USEC_PER_SEC / DAY_SEC - 110) /* the first day of events */

enum {
	HISTORIES = 300,
	LONG_HISTORIES = 10000,
	LEDGER_HISTORIES = 10,
	STEPS = 24,
	MEMBERS = 4,
	EVENTS = 64,
	FROZEN = 12
};

static const char *const zones[] = {
	"",
	"UTC",
	"America/New_York",
	"Asia/Kathmandu",
	"Australia/Lord_Howe",
	"Pacific/Kiritimati",
	"Pacific/Pago_Pago",
	"Europe/Vienna",
};
static const char *const categories[] = { "calls", "calls-inbound", "ai-minutes", "sim-data" };
static const char *const customers[] = { NULL, "cus1", "cus2" };

/* Any question that an API asks. */
struct question {
	int64_t ids[MEMBERS];
	size_t n;
	struct usage_query query;
	bool report; /* by report_load instead */
	enum group_by by;
	bool by_customer; /* only of customer "cus1" */
};

struct frozen {
	struct question question;
	char *answer; /* NULL: none */
};

struct sent {
	char id[32], time[INSTANT_TEXT];
	int member, category, customer;
	int64_t usage;
};

struct family {
	struct account members[MEMBERS]; /* the first is the main account */
	int n;
	struct sent events[EVENTS];
	int n_events;
	struct frozen frozen[FROZEN];
	int next_frozen;
	GHashTable *late; /* "source\tid" of what must be listed */
};

static struct error err;
static struct arena arena;
static struct store *st;
static struct ledger *ledgers[2]; /* by enum late_events */
static const struct catalogue *catalogue;
static uint64_t state;
static int64_t n_accounts, n_ids;
static long checked, late_seen, reopened, rejected;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int64_t below(int64_t n)
{
	return (int64_t)(next() % (uint64_t)n);
}

#define ONE_OF(list) ((list)[below((int64_t)ARRAY_SIZE(list))])

/* ---- the ledger ---- */

static void add_category(const char *name, const char *parent)
{
	struct category c = { .name = name, .description = "", .count_unit = "", .usage_unit = "" };
	struct category *list;
	size_t n;

	OK(store_categories(st, &arena, &list, &n, &err));
	for (size_t i = 0; parent && i < n; i++)
		if (strcmp(list[i].name, parent) == 0)
			c.parent = list[i].id;
	OK(store_category_add(st, &c, &err));
}

static void open_ledger(void)
{
	OK(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 50, &st, &err));
	add_category("calls", NULL);
	add_category("calls-inbound", "calls");
	add_category("ai-minutes", NULL);
	add_category("sim-data", NULL);
	add_category("totalprice", NULL);
	for (int late = LATE_ADJUST; late <= LATE_REJECT; late++)
		ledgers[late] =
			ledger_new(st, &(struct ledger_options) { .late = (enum late_events)late });
}

static void close_ledger(void)
{
	ck_assert_uint_eq(ledger_differences(st), 0);
	for (int late = LATE_ADJUST; late <= LATE_REJECT; late++)
		ledger_free(&ledgers[late]);
	store_close(&st);
}

static void add_member(struct family *f)
{
	struct account *a = &f->members[f->n];
	char name[32];

	if (f->n == MEMBERS)
		return;
	snprintf(name, sizeof(name), "account %" PRId64, ++n_accounts);
	*a = (struct account) { .name = name,
				.currency = "usd",
				.parent = f->n ? f->members[0].id : 0,
				.time_zone = ONE_OF(zones),
				.cycle_day = (int)below(29) };
	snprintf(a->sid, sizeof(a->sid), "AC%032" PRIx64, (uint64_t)n_accounts);
	OK(store_account_add(st, a, &err));
	f->n++;
}

static int64_t open_us(const struct account *a)
{
	int64_t us;

	OK(closing_open_us(st, a->id, &us, &err));
	return us;
}

/* ---- questions ---- */

/*
 * The seconds at which a day begins in some zone, or that or a later quarter
 * hour.
 */
static int64_t some_instant(const struct zone *zone)
{
	return zone_day_start(zone, date_from_days(FIRST + below(110))) +
	       (below(4) ? 0 : below(96) * 900);
}

/*
 * One over accounts of F whose closed instants lie at its end or after it.
 * False: none is closed.
 */
static bool ask(const struct family *f, struct question *q)
{
	const struct zone *zone = zone_find(ONE_OF(zones));
	int64_t end = INT64_MAX;
	int only = below(2) ? (int)below(f->n) : -1;

	*q = (struct question) { .n = 0 };
	if (!zone)
		zone = zone_find(NULL);
	for (int i = 0; i < f->n; i++) {
		if (only >= 0 && i != only)
			continue;
		q->ids[q->n++] = f->members[i].id;
		if (open_us(&f->members[i]) / USEC_PER_SEC < end)
			end = open_us(&f->members[i]) / USEC_PER_SEC;
	}
	if (end <= FIRST * DAY_SEC)
		return false;
	q->query = (struct usage_query) { .n_accounts = q->n,
					  .zone = zone,
					  .period = (enum period)below(PERIOD_YEAR + 1),
					  .from = some_instant(zone),
					  .to = below(2) ? end : some_instant(zone),
					  .category = CATALOGUE_NONE,
					  .group = GROUP_CATEGORY };
	if (q->query.to > end)
		q->query.to = end;
	if (q->query.from >= q->query.to)
		q->query.from = q->query.to - 30 * DAY_SEC;
	q->report = below(3) == 0;
	q->by = (enum group_by)below(GROUP_NONE + 1);
	if (below(3) == 0 || q->by == GROUP_DIMENSION) {
		q->query.category = (size_t)below((int64_t)catalogue->n - 1);
		q->query.group = q->n == 1 && below(2) ? GROUP_DIMENSION : GROUP_NONE;
		q->query.dimension = DIM_CUSTOMER;
		q->by_customer = below(3) == 0;
	}
	return true;
}

static void add_totals(GString *out, const char *key, int64_t from, const struct amounts_wide *t)
{
	if (t->count || t->usage || t->price || t->upload)
		g_string_append_printf(out, "%" PRId64 " %s %" PRId64 " %" PRId64 " %" PRId64 "\n",
				       from, key, (int64_t)t->count, (int64_t)t->usage,
				       (int64_t)t->price);
}

static void answer_query(const struct question *asked, GString *out)
{
	struct usage_query q = asked->query;
	struct usage_cursor *cur;
	struct usage_row row;
	int rc = 1;

	q.accounts = asked->ids;
	if (asked->by_customer && asked->n == 1) {
		rc = store_dimension_find(
			st, &(struct dimension_value) { asked->ids[0], DIM_CUSTOMER, "cus1", 4 },
			&q.dim[DIM_CUSTOMER], &err);
		OK(rc);
		if (rc == 0)
			q.dim[DIM_CUSTOMER] = -1;
	}
	OK(usage_open(st, catalogue, &q, (struct usage_position) { 0 }, &cur, &err));
	while ((rc = usage_next(cur, &row, &err)) > 0)
		add_totals(out,
			   row.member ? row.member_text
			   : row.category != CATALOGUE_NONE
				   ? catalogue->categories[row.category].name
				   : "",
			   row.from, &row.totals);
	OK(rc);
	usage_close(&cur);
}

static int by_key(const void *a, const void *b)
{
	const struct report_line *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	return order || !(*x)->account ? order : strcmp((*x)->account->sid, (*y)->account->sid);
}

static void answer_report(const struct question *asked, GString *out)
{
	const struct usage_query *u = &asked->query;
	struct report_query q = { .n_accounts = asked->n,
				  .zone = u->zone,
				  .period = u->period < PERIOD_DAY ? PERIOD_ALL : u->period,
				  .from = u->from,
				  .to = u->to,
				  .category = u->category,
				  .by = asked->by };
	struct account *accounts = arena_array(&arena, struct account, asked->n);
	struct report r;

	for (size_t i = 0; i < asked->n; i++)
		OK(store_account_by_id(st, asked->ids[i], &arena, &accounts[i], &err));
	q.accounts = accounts;
	if (asked->by_customer)
		q.dim[DIM_CUSTOMER] = "cus1";
	OK(report_load(st, catalogue, &q, &arena, &r, &err));
	OK(report_load_buckets(st, catalogue, &q, &arena, &r, r.n_lines, &err));
	if (r.n_lines)
		qsort(r.lines, r.n_lines, sizeof(*r.lines), by_key);
	for (size_t i = 0; i < r.n_lines; i++) {
		add_totals(out, r.lines[i]->account ? r.lines[i]->account->sid : "", -1,
			   &r.lines[i]->all);
		for (size_t s = 0; s < r.n_buckets; s++)
			add_totals(out, r.lines[i]->key, r.starts[s], &r.lines[i]->buckets[s]);
	}
	add_totals(out, "all", -1, &r.all);
}

/* In a read of its own, with the catalogue as it is by now. g_free it. */
static char *answer(const struct question *q)
{
	GString *out = g_string_new(NULL);

	OK(store_begin_read(st, &err));
	OK(catalogue_load(st, &arena, &catalogue, &err));
	if (q->report)
		answer_report(q, out);
	else
		answer_query(q, out);
	store_end(st);
	return g_string_free(out, FALSE);
}

/* ---- what was closed stays ---- */

static bool still_closed(const struct family *f, const struct question *q)
{
	for (size_t i = 0; i < q->n; i++)
		for (int m = 0; m < f->n; m++)
			if (f->members[m].id == q->ids[i] &&
			    open_us(&f->members[m]) / USEC_PER_SEC < q->query.to)
				return false;
	return true;
}

static void check_frozen(struct family *f, const char *step)
{
	for (int i = 0; i < FROZEN; i++) {
		struct frozen *z = &f->frozen[i];
		char *now;

		if (!z->answer)
			continue;
		if (!still_closed(f, &z->question)) {
			g_free(z->answer);
			z->answer = NULL;
			continue;
		}
		now = answer(&z->question);
		ck_assert_msg(strcmp(now, z->answer) == 0,
			      "after %s a closed report became\n%s, it was\n%s", step, now,
			      z->answer);
		g_free(now);
		checked++;
	}
}

static void freeze(struct family *f)
{
	struct frozen *z = &f->frozen[f->next_frozen];
	struct question q;

	OK(catalogue_load(st, &arena, &catalogue, &err));
	if (!ask(f, &q))
		return;
	g_free(z->answer);
	z->question = q;
	z->answer = answer(&q);
	f->next_frozen = (f->next_frozen + 1) % FROZEN;
}

/* A subaccount is never less closed than its main account. */
static void check_family(const struct family *f)
{
	for (int i = 1; i < f->n; i++)
		ck_assert_int_ge(open_us(&f->members[i]), open_us(&f->members[0]));
}

/* ---- steps ---- */

static void must_be_listed(struct family *f, const char *source, const char *id)
{
	struct event_identity identity = { .source = source, .id = id };
	struct stored_event e;
	int rc;

	error_clear(&err);
	rc = event_find(st, &identity, NULL, &arena, &e, &err);
	if (rc < 0)
		ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	else if (e.effective_us > e.time_us)
		g_hash_table_add(f->late, g_strdup_printf("%s\t%s", source, id));
}

static void set_field(struct raw_event *raw, enum event_field field, const char *text)
{
	raw->field[field].text = text;
	raw->field[field].len = text ? strlen(text) : 0;
}

static void fill_event(const struct family *f, const struct sent *s, char usage[32],
		       struct raw_event *ret)
{
	*ret = (struct raw_event) { 0 };
	snprintf(usage, 32, "%" PRId64, s->usage);
	set_field(ret, EV_SOURCE, "/pbx");
	set_field(ret, EV_ID, s->id);
	set_field(ret, EV_SUBJECT, f->members[s->member].sid);
	set_field(ret, EV_TIME, s->time);
	set_field(ret, EV_CATEGORY, categories[s->category]);
	set_field(ret, EV_CUSTOMER, customers[s->customer]);
	set_field(ret, EV_PRICE, usage);
	if (strcmp(categories[s->category], CATEGORY_SIM_DATA) != 0) {
		set_field(ret, EV_USAGE, usage);
		return;
	}
	set_field(ret, EV_UPLOAD, usage);
	set_field(ret, EV_DOWNLOAD, "1000");
}

static void some_time(char text[static INSTANT_TEXT])
{
	instant_format(text, (FIRST * DAY_SEC + below(109 * 96) * 900) * USEC_PER_SEC +
				     ONE_OF(((const int64_t[]) { 0, 1, -1, 899999999 })));
}

/*
 * Sends an event, or one of those that were sent again (1 in 4), which then
 * sometimes isn't the same.
 */
static void send(struct family *f)
{
	struct ledger *l = ledgers[below(5) == 0 ? LATE_REJECT : LATE_ADJUST];
	bool again = f->n_events == EVENTS || (f->n_events && below(4) == 0);
	struct sent *s = &f->events[again ? below(f->n_events) : f->n_events++], other;
	static struct batch batch;
	struct raw_event raw;
	char usage[32];

	if (!again) {
		*s = (struct sent) { .member = (int)below(f->n),
				     .category = (int)below(ARRAY_SIZE(categories)),
				     .customer = (int)below(ARRAY_SIZE(customers)),
				     .usage = 1 + below(1000) };
		snprintf(s->id, sizeof(s->id), "e%" PRId64, ++n_ids);
		some_time(s->time);
	}
	other = *s;
	if (again && below(3) == 0)
		other.usage++;
	fill_event(f, &other, usage, &raw);
	OK(batch_add(&batch, &raw, NOW_US, 0, &err));
	OK(batch_store(&batch, l, &err));
	rejected += batch.events[0].verdict == VERDICT_REJECTED;
	must_be_listed(f, "/pbx", s->id);
}

static void change_fields(struct raw_event *change, char time[static INSTANT_TEXT])
{
	*change = (struct raw_event) { 0 };
	some_time(time);
	set_field(change, EV_PRICE, ONE_OF(((const char *const[]) { "7", "0.25" })));
	if (below(2))
		set_field(change, EV_TIME, time);
	if (below(2))
		set_field(change, EV_CUSTOMER,
			  ONE_OF(((const char *const[]) { "", "cus1", "cus2" })));
}

static void correct(struct family *f)
{
	const struct sent *s = &f->events[below(f->n_events + !f->n_events)];
	struct raw_event change;
	char time[INSTANT_TEXT], id[64];
	struct correct c = {
		.event = { .source = "/pbx", .id = s->id },
		.kind = below(2) ? CORRECTION_VOID : CORRECTION_AMEND,
		.change = &change,
		.author = "ann",
		.reason = "wrong",
		.now_us = NOW_US,
		.late = below(5) ? LATE_ADJUST : LATE_REJECT,
	};
	struct correction made;
	bool before;

	if (!f->n_events)
		return;
	change_fields(&change, time);
	OK(store_begin_write(st, &err));
	error_clear(&err);
	if (correct_event(st, &c, &arena, &made, &before, &err) < 0) {
		ck_assert_msg(err.kind != ERR_INTERNAL, "%s", err.message);
		store_end(st);
		return;
	}
	OK(store_commit(st, &err));
	snprintf(id, sizeof(id), "%s" CORRECTION_REVERSAL, made.sid);
	must_be_listed(f, EVENT_SOURCE_OWN, id);
	snprintf(id, sizeof(id), "%s" CORRECTION_REPLACEMENT, made.sid);
	must_be_listed(f, EVENT_SOURCE_OWN, id);
}

/*
 * Ends the write of an attempt that may be refused, but not for a fault of our
 * own.
 */
static void end_attempt(int rc)
{
	if (rc == 0) {
		OK(store_commit(st, &err));
		return;
	}
	ck_assert_msg(err.kind != ERR_INTERNAL, "%s", err.message);
	store_end(st);
}

static void close_or_reopen(struct family *f, bool reopen)
{
	const struct account *a = &f->members[below(2) ? 0 : below(f->n)];
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	char day[DATE_TEXT];
	size_t closed;
	int rc;

	date_format(day, date_from_days(FIRST + below(110)));
	OK(store_begin_write(st, &err));
	error_clear(&err);
	if (reopen)
		rc = admin_closing_reopen(&admin, a->sid, below(4) ? day : NULL, "again", &err);
	else if (below(8) == 0)
		rc = admin_closing_close_all(&admin, day, &closed, &err);
	else
		rc = admin_closing_close(&admin, a->sid, day, &err);
	reopened += reopen && rc == 0;
	end_attempt(rc);
}

/* Another zone and cycle day, also of what is closed. */
static void move(struct family *f)
{
	struct account *a = &f->members[below(f->n)];
	struct admin admin = { .st = st, .arena = &arena, .author = "ann", .now_us = NOW_US };
	const char *day = arena_printf(&arena, "%d", 1 + (int)below(28));
	struct account_change change = { .time_zone = ONE_OF(zones),
					 .cycle_day = below(2) ? day : "" };
	struct account moved;

	OK(store_begin_write(st, &err));
	OK(admin_account_set(&admin, a->sid, &change, &moved, &err));
	OK(store_commit(st, &err));
}

static const char *step(struct family *f)
{
	int64_t what = below(100);

	if (what < 55)
		return send(f), "an event";
	if (what < 70)
		return correct(f), "a correction";
	if (what < 90)
		return close_or_reopen(f, false), "a closing";
	if (what < 95)
		return close_or_reopen(f, true), "a reopening";
	if (what < 98)
		return move(f), "another zone";
	return add_member(f), "a new subaccount";
}

/* ---- lists ---- */

/* Each late event once, by State=late, and by what changed since closing. */
static void check_lists(const struct family *f)
{
	struct event_query q = { .to_us = INT64_MAX,
				 .category = CATALOGUE_NONE,
				 .state = EVENT_LATE,
				 .oldest_first = below(2) };
	struct event_position at = { 0 };
	struct found_events found = { .more = true };
	struct closed_changes changes;
	int64_t ids[MEMBERS];
	size_t n = 0, listed = 0;

	for (int i = 0; i < f->n; i++)
		ids[q.n_accounts++] = f->members[i].id;
	q.accounts = ids;
	OK(store_begin_read(st, &err));
	for (OK(catalogue_load(st, &arena, &catalogue, &err)); found.more; at = found.next) {
		OK(event_search(st, &q, &(struct event_page) { catalogue, { at, 3 } }, &arena,
				&found, &err));
		for (size_t i = 0; i < found.n; i++, n++)
			ck_assert(g_hash_table_contains(
				f->late, arena_join(&arena, found.list[i].source, "\t",
						    found.list[i].event.id, NULL)));
	}
	ck_assert_uint_eq(n, g_hash_table_size(f->late));
	OK(closing_changes_load(st, &f->members[0], &(struct newest) { .limit = 10000 }, &arena,
				&changes, &err));
	for (size_t i = 0; i < changes.n; i++)
		listed += changes.list[i].change.kind == CLOSING_LATE;
	ck_assert_uint_eq(listed, g_hash_table_size(f->late));
	store_end(st);
	late_seen += (long)listed;
}

/* ---- histories ---- */

static void run_history(struct family *f)
{
	*f = (struct family) { .late = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							     NULL) };
	for (int64_t n = 1 + below(3); n > 0; n--)
		add_member(f);
	for (int i = 0; i < STEPS; i++) {
		const char *what;

		if (i % 3 == 0)
			freeze(f);
		what = step(f);
		check_frozen(f, what);
		check_family(f);
		arena_reset(&arena);
	}
	check_lists(f);
}

/*
 * Those of one ledger; what the later ones do must not change what the earlier
 * ones closed.
 */
static void run_ledger(int n)
{
	static struct family families[LEDGER_HISTORIES];

	open_ledger();
	for (int i = 0; i < n; i++)
		run_history(&families[i]);
	for (int i = 0; i < n; i++) {
		check_frozen(&families[i], "all histories");
		for (int z = 0; z < FROZEN; z++)
			g_free(families[i].frozen[z].answer);
		g_hash_table_destroy(families[i].late);
	}
	close_ledger();
}

static long setting(const char *name, long usual)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 10) : usual;
}

START_TEST(what_was_closed_stays_in_any_history)
{
	long histories = setting("USAGED_HISTORIES",
				 getenv("USAGED_LONG") ? LONG_HISTORIES : HISTORIES),
	     seed = setting("USAGED_SEED", 1);

	OK(secret_init(&err));
	arena_init(&arena);
	for (long i = 0; i < histories; i += LEDGER_HISTORIES) {
		state = (uint64_t)(seed + i);
		run_ledger(histories - i < LEDGER_HISTORIES ? (int)(histories - i)
							    : LEDGER_HISTORIES);
		arena_reset(&arena);
	}
	arena_release(&arena);
	printf("%ld histories from seed %ld: %ld closed reports asked again, %ld late events, %ld "
	       "rejected, %ld reopenings\n",
	       histories, seed, checked, late_seen, rejected, reopened);
	ck_assert_int_gt(checked, histories);
	ck_assert_int_gt(late_seen, histories / 2);
}
END_TEST

static Suite *closing_suite(void)
{
	Suite *s = suite_create("closing properties");
	TCase *t = tcase_create("histories");

	tcase_set_timeout(t, 3600);
	tcase_add_test(t, what_was_closed_stays_in_any_history);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(closing_suite());
}
