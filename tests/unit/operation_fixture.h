/*
 * operation_fixture.h - a ledger with accounts and events, and how an operation
 * is called without HTTP.
 */
#ifndef TESTS_UNIT_OPERATION_FIXTURE_H
#define TESTS_UNIT_OPERATION_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/access.h"
#include "api/request.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"

#define AC(n) "AC0000000000000000000000000000000" n
#define NOW   1795262400 /* 2026-11-21T12:00:00Z */

static struct store *st;
static struct arena arena;
static struct settings *settings;
static const struct catalogue *cats;
static const unsigned char secret[SECRET_BYTES] = "thirty-two bytes of a known key";
/* main, its subaccount, a foreign one, a Euro one */
static struct account accounts[4];

static inline void must(int rc, const struct error *err)
{
	ck_assert_msg(rc >= 0, "%s: %s (%s)", err->param, err->message, err->detail);
}

static inline void add_account(int i, const char *sid, const char *name, int64_t parent,
			       const char *currency)
{
	struct error err = { 0 };

	accounts[i] = (struct account) { .name = name,
					 .parent = parent,
					 .created = NOW - 400 * SEC_PER_DAY };
	memcpy(accounts[i].sid, sid, SID_TEXT);
	memcpy(accounts[i].currency, currency, 4);
	must(store_account_add(st, &accounts[i], &err), &err);
}

static inline int64_t add_category(const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = name,
			      .count_unit = "n",
			      .usage_unit = "u",
			      .metered = true };
	struct error err = { 0 };

	must(store_category_add(st, &c, &err), &err);
	return c.id;
}

static struct batch batch;

static inline void add_event(const char *sid, const char *id, const char *category,
			     const char *time, const char *usage, const char *price,
			     const char *customer)
{
	struct raw_event raw = { 0 };
	struct error err = { 0 };
	const struct {
		enum event_field f;
		const char *text;
	} set[] = {
		{ EV_SOURCE, "/t" },       { EV_ID, id },
		{ EV_SUBJECT, sid },       { EV_TIME, time },
		{ EV_CATEGORY, category }, { EV_USAGE, usage },
		{ EV_PRICE, price },       { EV_CUSTOMER, customer },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		raw.field[set[i].f].text = set[i].text;
		raw.field[set[i].f].len = set[i].text ? strlen(set[i].text) : 0;
	}
	must(batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err), &err);
}

static inline void setup(void)
{
	struct error err = { 0 };
	struct ledger *l;
	int64_t calls;

	clock_set_us(NOW * USEC_PER_SEC);
	arena_init(&arena);
	must(settings_load(NULL, &settings, &err), &err);
	must(store_open(ledger_place(":memory:"), STORE_WRITE | STORE_CREATE, 1000, &st, &err),
	     &err);
	must(store_begin_write(st, &err), &err);
	add_account(0, AC("1"), "Main", 0, "usd");
	add_account(1, AC("2"), "Sub", accounts[0].id, "usd");
	add_account(2, AC("3"), "Other", 0, "usd");
	add_account(3, AC("4"), "Euro", 0, "eur");
	calls = add_category("calls", 0);
	add_category("calls-inbound", calls);
	add_category("ai-minutes", 0);
	add_category("sim-data", 0);
	add_category("totalprice", 0);
	must(store_commit(st, &err), &err);
	l = ledger_new(st, &(struct ledger_options) { 0 });
	add_event(AC("1"), "1", "calls-inbound", "2026-11-21T10:00:00Z", "2.5", "0.017", NULL);
	add_event(AC("2"), "2", "calls-inbound", "2026-11-20T23:59:59.9Z", "4", "1.000000001",
		  NULL);
	add_event(AC("1"), "3", "ai-minutes", "2026-11-02T10:00:00Z", "0.4", "0", "anna");
	add_event(AC("1"), "4", "ai-minutes", "2026-11-03T10:00:00Z", "0.4", "0", "anna");
	add_event(AC("1"), "5", "ai-minutes", "2026-11-03T10:00:00Z", "0.4", "0", "ben");
	must(batch_store(&batch, l, &err), &err);
	ledger_free(&l);
	must(catalogue_load(st, &arena, &cats, &err), &err);
}

static inline void teardown(void)
{
	store_close(&st);
	settings_free(&settings);
	arena_release(&arena);
	clock_set_us(0);
}

static const struct principal admin = { .role = ROLE_ADMIN, .name = "admin" };

/*
 * Runs the operation ID with the parameters of QUERY ("A=1&B=2", not encoded);
 * the answer is in the test's arena.
 */
static inline int run_as(const struct principal *who, const char *id, const char *query,
			 const char **ret, struct error *err)
{
	const struct op *op = op_find(id);
	struct worker worker = { .settings = settings, .secret = secret, .table = ops };
	struct request rq = { .worker = &worker,
			      .arena = &arena,
			      .now = floor_div(clock_now_us(), USEC_PER_SEC),
			      .base_url = "https://ledger.test",
			      .op = op,
			      .suffix = ".json",
			      .who = who,
			      .args = request_args(&arena, op),
			      .store = st,
			      .catalogue = cats,
			      .reply.format = &format_json };
	struct writer_options options = { .style = op->dialect->style };
	struct error fault = { 0 };
	char *rest = arena_str(&arena, query), *pair;
	struct strbuf buf;
	struct sink sink = { .buf = &buf };
	struct writer *w;
	int rc;

	while ((pair = strsep(&rest, "&")) && *pair) {
		char *value = strchr(pair, '=');
		const struct param *p;

		*value++ = '\0';
		p = request_param(&rq, pair);
		if (p)
			request_give(&rq, p, value);
	}
	strbuf_init(&buf, 1 << 24);
	w = writer_new(&format_json, &options, &sink);
	must(store_begin_read(st, &fault), &fault);
	rc = access_operation(&rq, err) < 0 ? -1 : request_run(&rq, w, err);
	store_end(st);
	if (rc == 0)
		rc = writer_finish(w, err);
	writer_free(&w);
	*ret = arena_str(&arena, buf.text);
	strbuf_release(&buf);
	return rc;
}

static __attribute__((unused)) const char *run(const char *id, const char *query)
{
	struct error err = { 0 };
	const char *text;

	must(run_as(&admin, id, query, &text, &err), &err);
	return text;
}

static inline struct error refusal(const char *id, const char *query)
{
	struct error err = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&admin, id, query, &text, &err), -1);
	return err;
}

#endif
