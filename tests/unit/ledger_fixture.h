/*
 * ledger_fixture.h - a ledger for each test, and events for it.
 */
#ifndef TESTS_UNIT_LEDGER_FIXTURE_H
#define TESTS_UNIT_LEDGER_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include "base/civil.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "usage/event.h"
#include "usage/ledger.h"
#include "batch.h"
#include "true_ledger.h"
#include "ledger_place.h"
#include "suite.h"

#define MAIN_SID  "AC00000000000000000000000000000001"
#define OTHER_SID "AC00000000000000000000000000000002"
#define NOW_US    (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */
#define AHEAD_US  (300 * USEC_PER_SEC)
static __attribute__((unused)) struct error err;
static __attribute__((unused)) struct arena arena;
static __attribute__((unused)) char dir[FOLDER_TEXT];
static __attribute__((unused)) char path[96];

static inline void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	OK(secret_init(&err));
}

static inline void teardown(void)
{
	arena_release(&arena);
	folder_remove(dir);
}

/* ---- events ---- */

static const char *const good[EVENT_FIELDS] = {
	[EV_SOURCE] = "/pbx/1",          [EV_ID] = "call-1",
	[EV_SUBJECT] = MAIN_SID,         [EV_TIME] = "2026-11-21T10:00:00Z",
	[EV_CATEGORY] = "calls-inbound",
};

static inline void set_field(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = text ? strlen(text) : 0;
}

static inline struct raw_event good_event(void)
{
	struct raw_event raw = { 0 };

	for (int f = 0; f < EVENT_FIELDS; f++)
		set_field(&raw, (enum event_field)f, good[f]);
	return raw;
}

/* ---- ledger ---- */

struct bench {
	struct store *st;
	struct ledger *l;
	struct batch batch;
	int64_t main_id, other_id;
};

static inline int64_t add_category(struct store *st, const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = "",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	OK(store_category_add(st, &c, &err));
	return c.id;
}

static inline int64_t add_account(struct store *st, const char *sid, const char *name)
{
	struct account a = { .name = name, .currency = "usd" };

	snprintf(a.sid, sizeof(a.sid), "%s", sid);
	OK(store_account_add(st, &a, &err));
	return a.id;
}

static inline struct bench open_bench(const char *where, const struct ledger_options *o)
{
	struct bench b = { 0 };
	int64_t calls;

	OK(store_open(ledger_place(where), STORE_WRITE | STORE_CREATE, 50, &b.st, &err));
	b.main_id = add_account(b.st, MAIN_SID, "main");
	b.other_id = add_account(b.st, OTHER_SID, "other");
	calls = add_category(b.st, "calls", 0);
	add_category(b.st, "calls-inbound", calls);
	add_category(b.st, "calls-outbound", calls);
	add_category(b.st, "sim-data", 0);
	add_category(b.st, "totalprice", 0);
	b.l = ledger_new(b.st, o);
	return b;
}

static const struct ledger_options any_account;

static inline void close_bench(struct bench *b)
{
	ck_assert_uint_eq(ledger_differences(b->st), 0);
	ledger_free(&b->l);
	ck_assert_ptr_null(b->l);
	ledger_free(&b->l);
	arena_release(&b->batch.arena);
	store_close(&b->st);
}

static inline int put(struct bench *b, const struct raw_event *raw)
{
	error_clear(&err);
	return batch_add(&b->batch, raw, NOW_US, AHEAD_US, &err);
}

static inline void put_call(struct bench *b, const char *id, const char *usage)
{
	struct raw_event raw = good_event();

	set_field(&raw, EV_ID, id);
	set_field(&raw, EV_USAGE, usage);
	OK(put(b, &raw));
}

static inline void commit(struct bench *b)
{
	OK(batch_store(&b->batch, b->l, &err));
}

#endif
