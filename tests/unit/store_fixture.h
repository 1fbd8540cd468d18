/*
 * store_fixture.h - a store for each test, with an account, categories and
 * series.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/account.h"
#include "store/category.h"
#include "store/event.h"
#include "store/internal.h"
#include "store/rollup.h"
#include "store/series.h"
#include "store/source.h"
#include "fixture.h"
#include "intern_one.h"
#include "ledger_sql.h"
#include "suite.h"

#define TIMEOUT_MS 50

#define FAILS_WITH(call, of_kind, words)                                               \
	do {                                                                           \
		error_clear(&err);                                                     \
		ck_assert_int_eq((call), -1);                                          \
		ck_assert_int_eq(err.kind, (of_kind));                                 \
		ck_assert_msg(strstr(err.message, (words)) != NULL,                    \
			      "\"%s\" does not say \"%s\" (%s)", err.message, (words), \
			      err.detail);                                             \
	} while (0)

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];

static inline void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
}

static inline void teardown(void)
{
	arena_release(&arena);
	folder_remove(dir);
}

static inline struct store *create(const char *where)
{
	struct store *st = NULL;

	OK(store_open(ledger_place(where), STORE_WRITE | STORE_CREATE, TIMEOUT_MS, &st, &err));
	return st;
}

static inline struct store *reopen(unsigned flags)
{
	struct store *st = NULL;

	OK(store_open(ledger_place(path), flags, TIMEOUT_MS, &st, &err));
	return st;
}

/* Past the store: what an operator with the database's shell could do. */
static inline void raw(const char *sql)
{
	ledger_exec(path, sql);
}

static inline int64_t raw_number(const char *sql)
{
	return ledger_number(path, sql);
}

static inline int64_t add_account(struct store *st, int n, const char *name)
{
	struct account a = { .name = name, .currency = "usd", .created = 1700000000 };

	snprintf(a.sid, sizeof(a.sid), "AC%032d", n);
	OK(store_account_add(st, &a, &err));
	return a.id;
}

static inline int64_t add_category(struct store *st, const char *name, int64_t parent)
{
	struct category c = { .name = name,
			      .parent = parent,
			      .description = "d",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	OK(store_category_add(st, &c, &err));
	return c.id;
}

/* ---- several connections ---- */

/* Events enough that they can't stay in the pages there are. */
static inline int add_many_events(struct store *st)
{
	enum { N = 20000 };
	struct series series = { .account = 1, .category = 1 };
	struct stored_event *events = calloc(N, sizeof(*events));
	char(*ids)[16] = calloc(N, sizeof(*ids));
	int64_t source;
	int64_t series_id;
	int rc;

	ck_assert(events && ids);
	rc = store_begin_write(st, &err);
	if (rc == 0)
		rc = intern_one_source(st, 1, "/pbx", 4, &source, &err);
	if (rc == 0)
		rc = intern_one_series(st, &series, &series_id, &err) < 0 ? -1 : 0;
	for (int i = 0; rc == 0 && i < N; i++) {
		snprintf(ids[i], sizeof(ids[i]), "call-%06d", i);
		events[i] = (struct stored_event) { .account = 1,
						    .family = 1,
						    .source = source,
						    .id = ids[i],
						    .id_len = strlen(ids[i]),
						    .series = series_id,
						    .time_us = i,
						    .amounts = { .count = 1 } };
	}
	if (rc == 0)
		rc = store_events_add(st, events, N, &err);
	if (rc == 0)
		rc = store_commit(st, &err);
	store_end(st);
	free(events);
	free(ids);
	return rc;
}

/* ---- events and rollups ---- */

struct fixture {
	struct store *st;
	int64_t account, category, source;
	int64_t plain, dimensioned; /* series */
	int64_t customer;
};

/* In a new ledger, of which ST is open for writing. */
static inline struct fixture series_in(struct store *st)
{
	struct fixture f = { .st = st };
	struct series s = { 0 };

	f.account = add_account(f.st, 1, "first");
	f.category = add_category(f.st, "calls", 0);
	s.account = f.account;
	s.category = f.category;
	OK(store_begin_write(f.st, &err));
	OK(intern_one_source(f.st, f.account, "/pbx/1", 6, &f.source, &err));
	OK(intern_one_series(f.st, &s, &f.plain, &err));
	OK(intern_one_value(f.st, &(struct dimension_value) { f.account, DIM_CUSTOMER, "cus1", 4 },
			    &f.customer, &err));
	s.dim[DIM_CUSTOMER] = f.customer;
	OK(intern_one_series(f.st, &s, &f.dimensioned, &err));
	OK(store_commit(f.st, &err));
	return f;
}

static inline struct fixture with_series(const char *where)
{
	return series_in(create(where));
}

static inline void add_rollup(struct store *st, struct rollup r, int64_t count)
{
	r.amounts = (struct amounts) { .n = { count, 10 * count, 100 * count, 1000 * count } };
	OK(store_rollups_add(st, &r, 1, &err));
}

/* ---- verification ---- */

struct found {
	size_t missing, extra, different, faults;
	struct rollup want, have; /* of the last difference */
	char words[640];          /* of the last fault */
	int64_t done, all;
};

/* Events in both series over the end of a year, with the rollups they make. */
static inline void write_sound_ledger(void)
{
	struct fixture f = with_series(path);
	int64_t quarter = (20454LL * 96) - 1; /* the last of 2025 */

	OK(store_begin_write(f.st, &err));
	for (int i = 0; i < 8; i++) {
		char id[16];
		int64_t at = quarter + i / 4;
		struct stored_event e = { .account = f.account,
					  .family = f.account,
					  .source = f.source,
					  .id = id,
					  .series = i % 2 ? f.plain : f.dimensioned,
					  .time_us = at * 900000000 + i };

		snprintf(id, sizeof(id), "call-%d", i);
		e.id_len = strlen(id);
		e.amounts = (struct amounts) { .n = { 1, 10, 100, 1000 } };
		OK(store_events_add(f.st, &e, 1, &err));
		add_rollup(f.st,
			   (struct rollup) { .account = f.account,
					     .category = f.category,
					     .series = i % 2 ? 0 : f.dimensioned,
					     .slot = at },
			   1);
	}
	OK(store_commit(f.st, &err));
	store_close(&f.st);
}

#endif
