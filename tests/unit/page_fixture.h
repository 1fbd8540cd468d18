/*
 * page_fixture.h - a ledger for pages of reports and events, a worker that
 * answers requests about it in the same process, and the pages that tests and
 * the benchmark measure. Every run has the same events and the same clock.
 *
 * The user has the macro OK.
 */
#ifndef TESTS_UNIT_PAGE_FIXTURE_H
#define TESTS_UNIT_PAGE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/op.h"
#include "base/civil.h"
#include "base/log.h"
#include "base/secret.h"
#include "format/templates.h"
#include "http/body.h"
#include "http/handle.h"
#include "http/page.h"
#include "store/account.h"
#include "store/category.h"
#include "store/key.h"
#include "usage/ledger.h"
#include "batch.h"
#include "ledger_place.h"

static struct error err;
static struct arena arena;

#define PAGE_NOW_US  (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */
#define PAGE_SID     "AC00000000000000000000000000000001"
#define PAGE_SUBS    "AC1%031d"
#define PAGE_RECORDS "/2010-04-01/Accounts/" PAGE_SID "/Usage/Records"

enum {
	PAGE_CATEGORIES = 60,
	PAGE_DAYS = 90,
	PAGE_SUBACCOUNTS = 2,
	PAGE_SIMS = 60,
	PAGE_USED = 12 /* categories with an event on each day */
};

/* A page that is asked for. */
struct page_shape {
	const char *name, *uri;
	/* the most statements when caches are warm, with snapshot and sign-in */
	int statements;
	bool admin; /* asked for by an administrator, else by the account */
};

static const struct page_shape page_shapes[] = {
	{ .name = "Daily, 50 categories", .uri = PAGE_RECORDS "/Daily.json", .statements = 6 },
	{ .name = "Daily, 50 days of a category",
	  .uri = PAGE_RECORDS "/Daily.json?Category=cat-5",
	  .statements = 6 },
	{ .name = "Daily, 50 days of a parent",
	  .uri = PAGE_RECORDS "/Daily.json?Category=cat-4",
	  .statements = 6 },
	{ .name = "Daily, 50 days of totalprice",
	  .uri = PAGE_RECORDS "/Daily.json?Category=totalprice",
	  .statements = 6 },
	{ .name = "Daily, own account alone",
	  .uri = PAGE_RECORDS "/Daily.json?IncludeSubaccounts=false",
	  .statements = 6 },
	{ .name = "Daily, PageSize 1000",
	  .uri = PAGE_RECORDS "/Daily.json?PageSize=1000",
	  .statements = 6 },
	{ .name = "Daily in Asia/Kathmandu",
	  .uri = "/reports/usage.json?By=day&Category=cat-5&TimeZone=Asia/"
		 "Kathmandu&StartDate=2026-10-01"
		 "&EndDate=2026-11-20",
	  .statements = 12 },
	{ .name = "Daily as XML", .uri = PAGE_RECORDS "/Daily.xml", .statements = 6 },
	{ .name = "Daily as CSV", .uri = PAGE_RECORDS "/Daily.csv", .statements = 6 },
	{ .name = "Daily as HTML", .uri = PAGE_RECORDS "/Daily.html", .statements = 15 },
	{ .name = "Monthly", .uri = PAGE_RECORDS "/Monthly.json?Category=cat-5", .statements = 6 },
	{ .name = "AllTime", .uri = PAGE_RECORDS "/AllTime.json", .statements = 6 },
	{ .name = "ThisMonth", .uri = PAGE_RECORDS "/ThisMonth.json", .statements = 6 },
	{ .name = "Records over an odd range",
	  .uri = PAGE_RECORDS ".json?StartDate=2026-10-03&EndDate=2026-11-17",
	  .statements = 6 },
	{ .name = "/billing/usage",
	  .uri = "/billing/usage?AccountSid=" PAGE_SID "&StartDate=2026-11-01&EndDate=2026-11-20",
	  .admin = true,
	  .statements = 12 },
	{ .name = "/ai/usage",
	  .uri = "/ai/usage?StartDate=2026-11-01&EndDate=2026-11-20",
	  .admin = true,
	  .statements = 21 },
	{ .name = "Super SIM by day and SIM",
	  .uri = "/v1/UsageRecords?Granularity=day&Group=sim&StartTime=2026-11-01T00:00:00Z"
		 "&EndTime=2026-11-20T00:00:00Z",
	  .statements = 12 },
	{ .name = "Super SIM by hour",
	  .uri = "/v1/UsageRecords?Granularity=hour&StartTime=2026-11-18T00:00:00Z"
		 "&EndTime=2026-11-20T03:00:00Z",
	  .statements = 6 },
	{ .name = "Super SIM, all",
	  .uri = "/v1/UsageRecords?StartTime=2026-11-01T00:00:00Z&EndTime=2026-11-20T00:00:00Z",
	  .statements = 6 },
	{ .name = "GET /events of 50",
	  .uri = "/events.json?AccountSid=" PAGE_SID,
	  .statements = 6 },
};

enum { PAGE_SHAPES = sizeof(page_shapes) / sizeof(page_shapes[0]) };

/* ---- the ledger ---- */

static inline const char *page_category(int i)
{
	return i == 0   ? CATEGORY_AI_MINUTES
	       : i == 1 ? CATEGORY_SIM_DATA
	       : i == 2 ? CATEGORY_TOTALPRICE
			: arena_printf(&arena, "cat-%d", i);
}

/* A main account with subaccounts. */
static inline void page_add_accounts(struct store *st)
{
	struct account a = {
		.sid = PAGE_SID, .name = "Main account", .currency = "usd", .created = 1700000000
	};

	OK(store_account_add(st, &a, &err));
	a.parent = a.id;
	for (int i = 0; i < PAGE_SUBACCOUNTS; i++) {
		snprintf(a.sid, sizeof(a.sid), PAGE_SUBS, i);
		a.name = arena_printf(&arena, "Subaccount %d", i);
		OK(store_account_add(st, &a, &err));
	}
}

static inline void page_add_categories(struct store *st)
{
	int64_t parent = 0;

	for (int i = 0; i < PAGE_CATEGORIES; i++) {
		struct category c = { .name = page_category(i),
				      .parent = i > 3 && i % 4 ? parent : 0,
				      .description = page_category(i),
				      .count_unit = "calls",
				      .usage_unit = "minutes",
				      .metered = true };

		OK(store_category_add(st, &c, &err));
		if (i > 2 && i % 4 == 0)
			parent = c.id;
	}
}

static inline void page_add_keys(struct store *st, const unsigned char *secret)
{
	struct key k = { .sid = "SK00000000000000000000000000000001",
			 .name = "",
			 .role = "SystemAdministrator",
			 .created = 1 };

	token_hash(secret, "admintoken", strlen("admintoken"), k.hash);
	OK(store_key_add(st, &k, &err));
	k.sid[sizeof(k.sid) - 2] = '2';
	k.role = "Account";
	k.account = 1;
	token_hash(secret, "accounttoken", strlen("accounttoken"), k.hash);
	OK(store_key_add(st, &k, &err));
}

static inline void page_set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

/* An event of the account SID and a category in the hour HOUR of a day before now. */
static inline void page_add_event_of(struct batch *sent, const char *sid, int category,
				     int days_ago, int hour, int n)
{
	char id[24], time[INSTANT_TEXT], price[32];
	struct raw_event raw = { 0 };

	snprintf(id, sizeof(id), "e%d-%d-%d-%d", category, days_ago, hour, n);
	instant_format(time, PAGE_NOW_US - (days_ago * INT64_C(86400) + 36000 - hour * 3600 - n) *
						   USEC_PER_SEC);
	snprintf(price, sizeof(price), "0.%03d", (category * 31 + days_ago * 7 + n) % 1000);
	page_set(&raw, EV_SOURCE, "/pbx/1");
	page_set(&raw, EV_ID, id);
	page_set(&raw, EV_SUBJECT, sid);
	page_set(&raw, EV_TIME, time);
	page_set(&raw, EV_CATEGORY, page_category(category));
	page_set(&raw, EV_PRICE, price);
	if (category == 0)
		page_set(&raw, EV_CUSTOMER, arena_printf(&arena, "customer-%d", n % 7));
	if (category == 1) {
		page_set(&raw, EV_SIM, arena_printf(&arena, "HS%032d", n % PAGE_SIMS));
		page_set(&raw, EV_UPLOAD, "1234");
		page_set(&raw, EV_DOWNLOAD, "56789");
	} else {
		page_set(&raw, EV_USAGE, "2.5");
	}
	OK(batch_add(sent, &raw, PAGE_NOW_US, 0, &err));
}

/* The same, of the main account or a subaccount, by N. */
static inline void page_add_event(struct batch *sent, int category, int days_ago, int hour, int n)
{
	char sid[SID_TEXT];

	snprintf(sid, sizeof(sid), PAGE_SUBS, n % PAGE_SUBACCOUNTS);
	page_add_event_of(sent, n % 3 ? sid : PAGE_SID, category, days_ago, hour, n);
}

static inline void page_add_events(struct store *st)
{
	struct ledger *l = ledger_new(st, &(struct ledger_options) { 0 });
	struct batch sent = { 0 };

	for (int day = 0; day < PAGE_DAYS; day++) {
		for (int c = 3; c < 3 + PAGE_USED; c++)
			for (int n = 0; n < 3; n++)
				page_add_event(&sent, c, day, c % 10, n);
		for (int n = 0; day < 20 && n < PAGE_SIMS; n++)
			page_add_event(&sent, 1, day, n % 9, n);
		for (int n = 0; n < 3; n++)
			page_add_event(&sent, 0, day, 1, n);
	}
	OK(batch_store(&sent, l, &err));
	arena_release(&sent.arena);
	ledger_free(&l);
}

/* ---- the worker ---- */

struct page_bench {
	char path[128], templates[512];
	unsigned char secret[SECRET_BYTES];
	struct settings *settings;
	struct template_slot slot;
	struct worker worker;
};

/* Makes the ledger in the folder DIR. SRCDIR: the sources, for the templates. */
static inline void page_bench_init(struct page_bench *b, const char *dir, const char *srcdir)
{
	struct templates *templates = NULL;
	struct store *st;

	*b = (struct page_bench) { .settings = NULL };
	snprintf(b->path, sizeof(b->path), "%s/usage.db", dir);
	snprintf(b->templates, sizeof(b->templates), "%s/templates", srcdir);
	OK(secret_init(&err));
	OK(settings_load(NULL, &b->settings, &err));
	b->settings->database = ledger_place(b->path);
	b->settings->templates = b->templates;
	clock_set_us(PAGE_NOW_US);
	log_set_level(LOG_LEVEL_ERROR);
	body_init();
	OK(store_open(ledger_place(b->path), STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	OK(store_begin_write(st, &err));
	page_add_accounts(st);
	page_add_categories(st);
	page_add_keys(st, b->secret);
	OK(store_commit(st, &err));
	page_add_events(st);
	store_close(&st);
	OK(page_templates(b->settings, &templates, &err));
	template_slot_init(&b->slot, templates);
	b->worker = (struct worker) {
		.settings = b->settings, .secret = b->secret, .table = ops, .slot = &b->slot
	};
	worker_init(&b->worker);
}

static inline void page_bench_release(struct page_bench *b)
{
	worker_release(&b->worker);
	template_slot_release(&b->slot);
	settings_free(&b->settings);
}

/* ---- asking ---- */

struct page_answer {
	struct output out;
	int status;
	size_t bytes; /* with headers */
};

static inline int page_write(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct page_answer *a = (struct page_answer *)out;

	(void)last;
	if (!a->bytes && n && strncmp(parts[0].iov_base, "Status: ", 8) == 0)
		a->status = (int)strtol((const char *)parts[0].iov_base + 8, NULL, 10);
	for (int i = 0; i < n; i++)
		a->bytes += parts[i].iov_len;
	return 0;
}

static inline size_t page_no_body(struct input *in, char *buf, size_t size)
{
	(void)in;
	(void)buf;
	(void)size;
	return 0;
}

/* Returns handle's result. */
static inline int page_ask_worker(struct worker *w, const struct page_shape *shape,
				  struct output *out)
{
	struct input in = { page_no_body, NULL };
	char line[1024];
	char *env[] = { (char[]) { "REQUEST_METHOD=GET" },
			line,
			(char[]) { "REMOTE_ADDR=192.0.2.1" },
			(char[]) { "HTTP_HOST=localhost" },
			shape->admin ? (char[]) { "HTTP_AUTHORIZATION=Bearer admintoken" }
				     : (char[]) { "HTTP_AUTHORIZATION=Bearer accounttoken" },
			NULL };

	snprintf(line, sizeof(line), "REQUEST_URI=%s", shape->uri);
	return handle(w, env, &in, out);
}

static inline struct page_answer page_ask(struct page_bench *b, const struct page_shape *shape)
{
	struct page_answer a = { .out = { page_write } };

	page_ask_worker(&b->worker, shape, &a.out);
	return a;
}

#endif
