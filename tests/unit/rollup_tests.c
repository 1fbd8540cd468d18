/*
 * rollup_tests.c - leaves of rollups, months that grow, and what of them can be
 * lost and made anew. The model is the plainest: all rollups in a list.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/civil.h"
#include "model/slot.h"
#include "store/account.h"
#include "store/category.h"
#include "store/event.h"
#include "store/rollup.h"
#include "store/sqlite/rollup_group.h"
#include "store/sqlite/rollup_rows.h"
#include "store/series.h"
#include "store/source.h"
#include "store/verify.h"
#include "fixture.h"
#include "intern_one.h"
#include "rollup_sum.h"
#include "ledger_sql.h"
#include "suite.h"
#include "base/banned.h"

#define DAY_FIRST 20454 /* 2026-01-01 */

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96];
static uint64_t seed;

static void setup(void)
{
	memset(&err, 0, sizeof(err));
	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	seed = 7;
}

static void teardown(void)
{
	arena_release(&arena);
	folder_remove(dir);
}

static int64_t any(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

/* ---- slots ---- */

START_TEST(slots_follow_the_calendar)
{
	ck_assert_int_eq(slot_of(LEVEL_QUARTER, 95), 95);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 95), 0);
	ck_assert_int_eq(slot_of(LEVEL_DAY, 96), 1);
	ck_assert_int_eq(slot_of(LEVEL_DAY, -1), -1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 0), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96 - 1), 1970 * 12);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 31 * 96), 1970 * 12 + 1);
	/* 2000-02-29 */
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11016 * 96 - 1), 2000 * 12 + 1);
	ck_assert_int_eq(slot_of(LEVEL_MONTH, 11017 * 96), 2000 * 12 + 2);
}
END_TEST

/* ---- leaves ---- */

static const wide amounts_tried[] = { 0,
				      1,
				      -1,
				      63,
				      64,
				      -64,
				      -65,
				      INT64_MAX,
				      INT64_MIN,
				      (wide)INT64_MAX + 1,
				      (wide)INT64_MIN * 3,
				      (wide)1 << 96,
				      -((wide)1 << 96) };

static struct rollup_entry any_entry(struct rollup_entry e)
{
	switch (any(4)) {
	case 0:
		e.category += 1 + any(300);
		e.series = any(3) * any(1 << 30);
		e.slot = any(3000);
		break;
	case 1:
		e.series += 1 + any(1000);
		e.slot = any(2) * any(3000);
		break;
	default:
		e.slot += 1 + any(3) * any(200);
	}
	for (int i = 0; i < AMOUNTS; i++)
		e.amounts.n[i] = amounts_tried[any(ARRAY_SIZE(amounts_tried))];
	if (amounts_wide_zero(&e.amounts))
		e.amounts.count = 1;
	return e;
}

START_TEST(entries_of_a_leaf_are_those_that_were_written)
{
	struct rollup_entry entries[200], last = { .slot = -1 };
	unsigned char leaf[LEAF_BYTES];
	size_t len, n = 1 + (size_t)_i * 20, done;
	struct leaf_reader r;

	seed = (uint64_t)_i;
	for (size_t i = 0; i < n; i++)
		last = entries[i] = any_entry(last);
	for (size_t at = 0; at < n; at += done) {
		done = leaf_write(LEAF_SUMS, entries + at, n - at, LEAF_BYTES, leaf, &len);
		ck_assert_uint_ge(done, 1);
		ck_assert_uint_le(len, LEAF_BYTES);
		ck_assert(leaf_open(&r, leaf, len));
		ck_assert_int_eq(r.form, LEAF_SUMS);
		for (size_t i = 0; i < done; i++) {
			ck_assert_msg(leaf_next(&r) == 1, "entry %zu", at + i);
			ck_assert_msg(rollup_entry_compare(&r.entry, &entries[at + i]) == 0 &&
					      memcmp(&r.entry.amounts, &entries[at + i].amounts,
						     sizeof(r.entry.amounts)) == 0,
				      "entry %zu", at + i);
		}
		ck_assert_int_eq(leaf_next(&r), 0);
		/* without its end, it is damaged or has fewer entries */
		for (size_t cut = 0; cut < len; cut++) {
			size_t read = 0;
			int rc = -1;

			if (leaf_open(&r, leaf, cut))
				while ((rc = leaf_next(&r)) > 0)
					read++;
			ck_assert_msg(rc < 0 || read < done, "cut after %zu", cut);
		}
	}
}
END_TEST

/* Ascending entries of few series, most with slots close to each other. */
static struct rollup_entry close_entry(struct rollup_entry e)
{
	if (any(20) == 0) {
		e.category += 1;
		e.series = any(2);
		e.slot = any(10);
	} else if (any(20) == 0) {
		e.series += 1;
		e.slot = any(10);
	} else {
		e.slot += 1 + any(3) * any(2) * any(200);
	}
	for (int i = 0; i < AMOUNTS; i++)
		e.amounts.n[i] = any(4) ? any(100000)
					: amounts_tried[any(ARRAY_SIZE(amounts_tried))];
	if (amounts_wide_zero(&e.amounts))
		e.amounts.count = 1;
	return e;
}

START_TEST(skipping_passes_only_other_slots_of_the_series)
{
	struct rollup_entry entries[LEAF_BYTES], last = close_entry((struct rollup_entry) { 0 });
	unsigned char leaf[LEAF_BYTES];
	size_t len, n, skipped = 0;
	struct leaf_reader r;

	seed = (uint64_t)_i;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i] = last = close_entry(last);
	n = leaf_write(LEAF_SUMS, entries, ARRAY_SIZE(entries), LEAF_BYTES, leaf, &len);
	ck_assert(leaf_open(&r, leaf, len));
	for (size_t i = 0; i < n; i++) {
		int64_t from = any(60), to = from + any(20), passed;

		ck_assert_int_eq(leaf_next_key(&r), 1);
		ck_assert_int_eq(rollup_entry_compare(&r.entry, &entries[i]), 0);
		ck_assert(leaf_pass(&r));
		for (passed = leaf_skip(&r, from, to); passed > 0; passed--, skipped++) {
			const struct rollup_entry *e = &entries[++i];

			ck_assert_uint_lt(i, n);
			ck_assert_int_eq(e->category, entries[i - 1].category);
			ck_assert_int_eq(e->series, entries[i - 1].series);
			ck_assert(e->slot < from || e->slot >= to);
		}
	}
	ck_assert_int_eq(leaf_next_key(&r), 0);
	ck_assert_uint_gt(skipped, n / 4);
}
END_TEST

/* What may follow an entry with a usage, and is no entry. */
static const struct {
	const char *bytes;
	size_t len;
} damaged_entries[] = {
	{ "\x31\x02\x02", 3 },     /* two counts */
	{ "\x02\x00\x02", 3 },     /* the slot before again */
	{ "\x02\xff\xff\x04", 4 }, /* a slot of more than 16 bits */
	/* an amount of 15 bytes */
	{ "\x22\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 16 },
};

START_TEST(skipping_leaves_what_is_damaged)
{
	static const unsigned char good[] = { LEAF_DETAIL, 0x82, 5, 1, 5, 2 };
	unsigned char leaf[64];
	struct leaf_reader r;

	memset(leaf, 1, sizeof(leaf));
	memcpy(leaf, good, sizeof(good));
	memcpy(leaf + sizeof(good), damaged_entries[_i].bytes, damaged_entries[_i].len);
	ck_assert(leaf_open(&r, leaf, sizeof(leaf)));
	ck_assert_int_eq(leaf_next(&r), 1);
	ck_assert_int_eq(leaf_skip(&r, 0, 0), 0);
	ck_assert_int_eq(leaf_next(&r), -1);
}
END_TEST

/* N ascending entries; some take away what FROM, if there is one, has. */
static size_t any_entries(struct rollup_entry *ret, size_t n, const GArray *from)
{
	struct rollup_entry last = { .slot = -1 };
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct rollup_entry *e;

		if (!from || any(3) == 0) {
			last = any_entry(last);
			if (done && rollup_entry_compare(&ret[done - 1], &last) >= 0)
				continue;
			ret[done++] = last;
			continue;
		}
		e = &g_array_index(from, struct rollup_entry, any(from->len));
		if (done && rollup_entry_compare(&ret[done - 1], e) >= 0)
			continue;
		last = ret[done++] = *e;
		for (int k = 0; k < AMOUNTS; k++)
			ret[done - 1].amounts.n[k] = any(2) ? -e->amounts.n[k] : any(5) - 2;
		if (any(2))
			for (int k = 0; k < AMOUNTS; k++)
				ret[done - 1].amounts.n[k] = -e->amounts.n[k];
	}
	return done;
}

/* The first FIT entries of LIST as a leaf. */
static struct leaf write_leaf(const GArray *list, size_t *ret_fit)
{
	struct leaf ret = { .len = 1, .bytes = { LEAF_SUMS } };

	*ret_fit = list->len ? leaf_write(LEAF_SUMS, (const struct rollup_entry *)list->data,
					  list->len, LEAF_BYTES, ret.bytes, &ret.len)
			     : 0;
	return ret;
}

static void check_sums(const GArray *merged, const struct leaf_addition *a)
{
	for (size_t i = 0, k = 0; i < a->taken; i++) {
		const struct rollup_entry *e = (const struct rollup_entry *)merged->data;

		while (k < merged->len && rollup_entry_compare(&e[k], &a->entries[i]) < 0)
			k++;
		if (k < merged->len && rollup_entry_compare(&e[k], &a->entries[i]) == 0)
			ck_assert_msg(memcmp(&e[k].amounts, &a->sums[i], sizeof(a->sums[i])) == 0,
				      "sum %zu", i);
		else
			ck_assert_msg(amounts_wide_zero(&a->sums[i]), "sum %zu", i);
	}
}

START_TEST(adding_to_a_leaf_is_merging_its_entries)
{
	GArray *have = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	GArray *merged = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	struct rollup_entry entries[100];
	struct amounts_wide sums[100];
	struct leaf leaf, sum, want;
	size_t fit;

	seed = (uint64_t)_i;
	g_array_append_vals(have, entries, (guint)any_entries(entries, (size_t)any(100), NULL));
	leaf = write_leaf(have, &fit);
	g_array_set_size(have, (guint)fit);
	for (int inside = 0; inside < 2; inside++) {
		struct leaf_addition a = { .entries = entries, .sums = sums, .inside = inside };
		enum leaf_added rc;

		a.n = any_entries(entries, 1 + (size_t)any(20), have->len ? have : NULL);
		rc = leaf_add(&leaf, &a, &sum);
		if (rc == LEAF_ADDED && !inside)
			ck_assert_uint_eq(a.taken, a.n);
		g_array_set_size(merged, 0);
		rollup_entries_merge((const struct rollup_entry *)have->data, have->len, entries,
				     rc == LEAF_ADDED ? a.taken : a.n, merged);
		want = write_leaf(merged, &fit);
		if (rc == LEAF_FULL) {
			ck_assert_uint_lt(fit, merged->len);
			continue;
		}
		ck_assert_int_eq(rc, LEAF_ADDED);
		ck_assert_uint_eq(fit, merged->len);
		ck_assert_uint_eq(sum.len, want.len);
		ck_assert_mem_eq(sum.bytes, want.bytes, want.len);
		check_sums(merged, &a);
		/* an entry that is left is beyond the leaf */
		if (a.taken < a.n && have->len)
			ck_assert_int_gt(rollup_entry_compare(&entries[a.taken],
							      &g_array_index(have,
									     struct rollup_entry,
									     have->len - 1)),
					 0);
	}
	g_array_free(merged, TRUE);
	g_array_free(have, TRUE);
}
END_TEST

START_TEST(leaf_has_these_bytes)
{
	static const struct rollup_entry entries[] = {
		{ 1, 0, 0, { .n = { 1, 0, 0, 0 } } },     { 1, 0, 1, { .n = { 1, 90, 0, 0 } } },
		{ 1, 7, 5, { .n = { 2, 0, -1, 0 } } },    { 3, 200, 6, { .n = { 0, 0, 0, 64 } } },
		{ 3, 200, 300, { .n = { 1, 1, 1, 1 } } },
	};
	static const unsigned char want[] = { 1,                         /* the form */
					      0xb0, 1,    0,             /* 1, 0, 0 */
					      0x32, 0xb4, 1,             /* the next slot */
					      0x45, 7,    5,    4, 1,    /* series 7 */
					      0xa8, 2,    0xc8, 1, 0x80, /* category 3 */
					      1,    0x1e, 0xa6, 2, 2,    2, 2 };
	unsigned char leaf[LEAF_BYTES];
	size_t len;

	ck_assert_uint_eq(leaf_write(LEAF_DETAIL, entries, ARRAY_SIZE(entries), LEAF_BYTES, leaf,
				     &len),
			  ARRAY_SIZE(entries));
	ck_assert_uint_eq(len, sizeof(want));
	ck_assert_mem_eq(leaf, want, len);
}
END_TEST

START_TEST(bytes_that_are_no_leaf_are_damage)
{
	static const char *const rows[] = {
		"",                                                         /* no form */
		"\x03",                                                     /* an unknown one */
		"\x01\xa0",                                                 /* no category */
		"\x01\xa0\x01",                                             /* no series */
		"\x01\xa2\x01\x01",                                         /* no usage */
		"\x01\xa2\x01\x01\x80",                                     /* half of it */
		"\x01\xb1\x01\x01\x02",                                     /* the count twice */
		"\x01\x90\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01\x01", /* 64 bits */
		("\x01\xa2\x01\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
		 "\x01"), /* 99 bits */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct leaf_reader r;
		int rc = -1;

		if (leaf_open(&r, rows[i], strlen(rows[i])))
			rc = leaf_next(&r);
		ck_assert_msg(rc < 0, "row %zu", i);
	}
}
END_TEST

/* ---- months that grow ---- */

enum { SERIES = 40, CATEGORIES = 3, DAYS = 70, MODEL_MAX = 9000 };

static struct {
	struct store *st;
	int64_t account, other, categories[CATEGORIES], series[SERIES], customers[SERIES];
	struct rollup list[MODEL_MAX];
	size_t n;
} model;

static void start_model(void)
{
	struct account a = { .name = "first", .currency = "usd", .number = "", .sid = "AC1" };
	struct account b = { .name = "second", .currency = "usd", .number = "", .sid = "AC2" };

	memset(&model, 0, sizeof(model));
	OK(store_open(ledger_place(path), STORE_WRITE | STORE_CREATE, 50, &model.st, &err));
	OK(store_account_add(model.st, &a, &err));
	OK(store_account_add(model.st, &b, &err));
	model.account = a.id;
	model.other = b.id;
	for (int i = 0; i < CATEGORIES; i++) {
		struct category c = { .name = (const char *[]) { "a", "b", "c" }[i],
				      .description = "",
				      .count_unit = "",
				      .usage_unit = "" };

		OK(store_category_add(model.st, &c, &err));
		model.categories[i] = c.id;
	}
	OK(store_begin_write(model.st, &err));
	for (int i = 1; i < SERIES; i++) {
		struct series s = { .account = model.account,
				    .category = model.categories[i % CATEGORIES] };
		char text[16];

		snprintf(text, sizeof(text), "cus%d", i / CATEGORIES);
		OK(intern_one_value(model.st,
				    &(struct dimension_value) { model.account, DIM_CUSTOMER, text,
								strlen(text) },
				    &s.dim[DIM_CUSTOMER], &err));
		OK(intern_one_series(model.st, &s, &model.series[i], &err));
		model.customers[i] = s.dim[DIM_CUSTOMER];
	}
	OK(store_commit(model.st, &err));
}

static struct rollup any_rollup(void)
{
	int i = (int)any(SERIES);
	struct rollup r = { .account = any(5) ? model.account : model.other,
			    .category = model.categories[i % CATEGORIES],
			    .slot = (DAY_FIRST + any(DAYS)) * SLOTS_PER_DAY + any(SLOTS_PER_DAY) };

	if (r.account == model.account && any(3))
		r.series = model.series[i];
	r.amounts = (struct amounts) { .n = { any(3), any(1000000), any(1000), any(2) * any(99) } };
	/* some of what is there is taken away */
	if (model.n && any(8) == 0) {
		r = model.list[any((int64_t)model.n)];
		r.amounts = amounts_negated(&r.amounts);
	}
	return r;
}

static void add_any(size_t n)
{
	size_t first = model.n;

	for (size_t i = 0; i < n && model.n < MODEL_MAX; i++)
		model.list[model.n++] = any_rollup();
	OK(store_begin_write(model.st, &err));
	OK(store_rollups_add(model.st, model.list + first, model.n - first, &err));
	OK(store_commit(model.st, &err));
}

static bool is_part(const struct rollup *r, const struct rollup_sum *s, int64_t from, int64_t to)
{
	if (r->account != s->account || r->category != s->category || r->slot < from ||
	    r->slot >= to || (s->by_series && !r->series))
		return false;
	for (int i = 1; s->dim[DIM_CUSTOMER] && i < SERIES; i++)
		if (model.series[i] == r->series)
			return model.customers[i] == s->dim[DIM_CUSTOMER];
	return !s->dim[DIM_CUSTOMER];
}

static void check_sum(const struct rollup_sum *s)
{
	int64_t from = slot_begin(s->level, s->from), to = slot_begin(s->level, s->to);
	struct amounts want = { 0 }, have = rollup_sum(model.st, s);

	for (size_t i = 0; i < model.n; i++)
		if (is_part(&model.list[i], s, from, to))
			amounts_add(&want, &model.list[i].amounts);
	ck_assert_msg(amounts_equal(&want, &have),
		      "level %d, account %d, category %d, %lld to %lld, by series %d, customer %d: "
		      "usage %lld instead of %lld, count %lld instead of %lld",
		      s->level, (int)s->account, (int)s->category, (long long)s->from,
		      (long long)s->to, s->by_series, (int)s->dim[DIM_CUSTOMER],
		      (long long)have.usage, (long long)want.usage, (long long)have.count,
		      (long long)want.count);
}

/* Questions of any account, category, series and range. */
static void check_any(int n)
{
	for (int i = 0; i < n; i++) {
		struct rollup_sum s = { .account = any(4) ? model.account : model.other,
					.category = model.categories[any(CATEGORIES)],
					.level = (enum level)any(LEVELS),
					.by_series = any(2) };

		if (s.by_series && any(2))
			s.dim[DIM_CUSTOMER] = model.customers[1 + any(SERIES - 1)];
		if (s.level == LEVEL_MONTH)
			s.from = 2026 * 12 + any(3);
		else
			s.from = (DAY_FIRST + any(DAYS)) * (s.level == LEVEL_DAY ? 1 : 96) + any(9);
		s.to = s.from + 1 + any(s.level == LEVEL_MONTH ? 3 : 60) * any(3);
		check_sum(&s);
	}
}

static int64_t number(const char *sql)
{
	struct stmt *s = prepare(model.st, sql, &err);
	int64_t ret = 0;

	OK(store_one(s, &ret, &err));
	return ret;
}

/* Batches of one size each, from single rollups to thousands. */
static const size_t batches[] = { 1, 7, 100, 3000 };

START_TEST(sums_are_those_of_all_that_was_added_however_much_that_is)
{
	size_t batch = batches[_i], most = batch == 1 ? 1500 : MODEL_MAX;

	start_model();
	while (model.n + batch <= most) {
		add_any(batch);
		if (model.n < 10 || model.n % 500 < batch)
			check_any(40);
	}
	check_any(300);
	/* small ones and large ones are there, and no row leaves its page */
	if (!test_database()) {
		ck_assert_int_gt(number("SELECT count(*) FROM rollup WHERE place = 4"), 0);
		ck_assert_int_le(number("SELECT max(length(leaf)) FROM rollup"), LEAF_BYTES);
	}
	store_close(&model.st);
}
END_TEST

START_TEST(what_is_taken_away_leaves_nothing)
{
	start_model();
	add_any(4000);
	for (size_t i = 0; i < model.n; i++)
		model.list[i].amounts = amounts_negated(&model.list[i].amounts);
	OK(store_begin_write(model.st, &err));
	OK(store_rollups_add(model.st, model.list, model.n, &err));
	OK(store_commit(model.st, &err));
	model.n = 0;
	check_any(50);
	ck_assert_int_eq(number(sql_of("SELECT count(*) FROM rollup WHERE length(leaf) > 1",
				       "SELECT count(*) FROM total_quarter WHERE (count, usage, "
				       "price, upload) <> (0, 0, 0, 0)")),
			 0);
	/* a large month stays one */
	add_any(1);
	check_any(50);
	store_close(&model.st);
}
END_TEST

/* Adds the rollup, and waits for the outcome. */
static int add_one(const struct rollup *r)
{
	return store_rollups_add(model.st, r, 1, &err) < 0 ? -1 : store_flush(model.st, &err);
}

START_TEST(total_of_a_month_beyond_64_bits_is_refused_in_small_and_large_months)
{
	struct rollup r = { .slot = DAY_FIRST * SLOTS_PER_DAY };

	start_model();
	if (_i)
		add_any(4000);
	r.account = model.account;
	r.category = model.categories[0];
	OK(store_begin_write(model.st, &err));
	/* the total is at its limit, in two quarter hours */
	for (int k = 0; k < 2; k++) {
		const struct rollup month = { .level = LEVEL_MONTH,
					      .account = r.account,
					      .category = r.category,
					      .slot = 2026 * 12 };
		struct amounts_wide have;

		OK(store_rollup_sum(model.st, &month, &have, &err));
		r.amounts.price = k == 0 ? INT64_MAX / 2 : INT64_MAX - (int64_t)have.price;
		r.slot += k;
		OK(store_rollups_add(model.st, &r, 1, &err));
	}
	r.slot += 20 * SLOTS_PER_DAY;
	r.amounts.price = 1;
	FAILS(add_one(&r), ERR_OVERFLOW, "price", "64 bits");
	store_end(model.st);
	store_close(&model.st);
}
END_TEST

/* ---- what is lost and made anew ---- */

/*
 * A ledger of events in one small and one large month; its rollups are true.
 */
static void write_events(void)
{
	int64_t source;
	char id[24];

	start_model();
	OK(store_begin_write(model.st, &err));
	OK(intern_one_source(model.st, model.account, "/pbx", 4, &source, &err));
	for (int i = 0; i < 1500; i++) {
		int n = 1 + (int)any(SERIES - 1);
		int64_t day = DAY_FIRST + (i < 60 ? any(31) : 31 + any(28));
		struct stored_event e = { .account = model.account,
					  .family = model.account,
					  .source = source,
					  .id = id,
					  .series = model.series[n],
					  .time_us = (day * 86400 + any(86400)) * USEC_PER_SEC,
					  .amounts.n = { 1, any(100000), any(100), 0 } };
		struct rollup r = { .account = model.account,
				    .category = model.categories[n % CATEGORIES],
				    .series = model.series[n],
				    .amounts = e.amounts };

		snprintf(id, sizeof(id), "e%d", i);
		e.id_len = strlen(id);
		OK(store_events_add(model.st, &e, 1, &err));
		r.slot = slot_of_instant(e.time_us);
		OK(store_rollups_add(model.st, &r, 1, &err));
	}
	OK(store_commit(model.st, &err));
}

static size_t differences(void)
{
	struct verify_calls calls = { .limit = 0 };
	size_t n;
	int64_t events;

	OK(store_verify(model.st, NULL, &calls, &n, &events, &err));
	return n;
}

/* LEAF of each place: without its last byte; its bytes turned; gone; twice. */
static const char *const losses[] = {
	"DELETE FROM rollup WHERE place = ?1",
	"DELETE FROM rollup WHERE place = ?1 AND first <> x''",
	"DELETE FROM rollup WHERE place = ?1 AND first = x''",
	"UPDATE rollup SET leaf = substr(leaf, 1, length(leaf) - 1) WHERE place = ?1",
	"UPDATE rollup SET leaf = CAST(substr(leaf, 1, 9) || x'80' AS BLOB) WHERE place = ?1",
	"UPDATE rollup SET leaf = x'' WHERE place = ?1 AND first = x''",
	"UPDATE rollup SET leaf = x'02' WHERE place = ?1",
	"UPDATE rollup SET account = account + 1 WHERE place = ?1",
	/* in another order, and twice */
	"UPDATE rollup SET first = CAST('~' || first AS BLOB) WHERE place = ?1 AND first <> x''",
	"INSERT INTO rollup SELECT place, account, period, CAST('~' || first AS BLOB), leaf FROM "
	"rollup"
	" WHERE place = ?1",
	"UPDATE rollup SET leaf = (SELECT max(leaf) FROM rollup) WHERE place = ?1",
	/* 2^90 millionths on a late day, and nothing else */
	"UPDATE rollup SET leaf = x'01820100800f8080808080808080808080808001' WHERE place = ?1",
};

START_TEST(each_loss_at_each_place_is_found_and_put_right)
{
	struct verify_calls calls = { 0 };
	struct store *reader;
	struct stmt *s;
	size_t n;
	int64_t events;

	write_events();
	ck_assert_uint_eq(differences(), 0);
	for (int place = 0; place < PLACES; place++) {
		ck_assert_int_gt(number("SELECT count(*) FROM rollup WHERE place = 4"), 0);
		s = prepare(model.st, losses[_i], &err);
		db_bind_int(s, 1, place);
		OK(db_step(s, &err));
		/* rows may be as they were if there is one leaf */
		ck_assert_msg(differences() > 0 || _i == 1 || _i == 8, "place %d: %s", place,
			      losses[_i]);
		OK(store_open(ledger_place(path), 0, 50, &reader, &err));
		OK(store_rebuild(reader, model.st, &calls, &n, &events, &err));
		store_close(&reader);
		ck_assert_msg(differences() == 0, "place %d: %s", place, losses[_i]);
	}
	store_close(&model.st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rollups");
	TCase *t = tcase_create("slots");
	bool leaves = on_sqlite("leaves, and what of them can be lost");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, slots_follow_the_calendar);
	suite_add_tcase(s, t);
	t = tcase_create("leaves");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, entries_of_a_leaf_are_those_that_were_written, 0, 10);
	tcase_add_loop_test(t, skipping_passes_only_other_slots_of_the_series, 0, 50);
	tcase_add_loop_test(t, skipping_leaves_what_is_damaged, 0, ARRAY_SIZE(damaged_entries));
	tcase_add_loop_test(t, adding_to_a_leaf_is_merging_its_entries, 0, 500);
	tcase_add_test(t, leaf_has_these_bytes);
	tcase_add_test(t, bytes_that_are_no_leaf_are_damage);
	if (leaves)
		suite_add_tcase(s, t);

	t = tcase_create("months");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, sums_are_those_of_all_that_was_added_however_much_that_is, 0,
			    ARRAY_SIZE(batches));
	tcase_add_test(t, what_is_taken_away_leaves_nothing);
	tcase_add_loop_test(t, total_of_a_month_beyond_64_bits_is_refused_in_small_and_large_months,
			    0, 2);
	if (leaves)
		tcase_add_loop_test(t, each_loss_at_each_place_is_found_and_put_right, 0,
				    ARRAY_SIZE(losses));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
