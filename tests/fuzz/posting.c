/*
 * posting.c - references to events, as they are stored: the first byte says in
 * how many leaves, the others are their bytes. References of an hour that can be
 * read, written and read again are the same.
 */
#include "fuzz.h"
#include "ledger.h"
#include "mutate.h"

#include "base/arena.h"
#include "store/posting.h"
#include "store/sqlite/layout.h"
#include "store/internal.h"
#include "store/sqlite/posting_sums.h"
#include "store/sqlite/posting_table.h"
#include "base/banned.h"

#define ACCOUNT 1
#define HOUR    400000 /* before the ledger's own events */
#define ID_MAX  255

static struct store *store, *snapshot;

static void close_stores(void)
{
	store_close(&store);
	store_close(&snapshot);
}

static void open_stores(void)
{
	if (store)
		return;
	must(store_open(ledger_settings()->database, STORE_WRITE, 1000, &store, NULL) == 0 &&
	     store_begin_write(store, NULL) == 0);
	must(store_open(":memory:", STORE_CREATE | STORE_WRITE, 1000, &snapshot, NULL) == 0 &&
	     store_begin_write(snapshot, NULL) == 0);
	atexit(close_stores);
}

static void run(struct store *st, const char *sql, const struct posting_leaf *leaf)
{
	struct stmt *s = prepare(st, sql, NULL);

	must(s);
	if (leaf) {
		db_bind_int(s, 1, leaf->since_us);
		db_bind_int(s, 2, leaf->last_us);
		db_bind_blob(s, 3, leaf->len ? leaf->bytes : "", leaf->len);
	}
	must(db_step(s, NULL) == 0);
}

/* Reads a number of a leaf. */
static uint64_t take_number(const uint8_t **at, const uint8_t *end)
{
	uint64_t ret = 0;

	for (int shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return ret;
}

/* Passes the id of a posting. */
static const uint8_t *pass_id(const uint8_t *at, const uint8_t *end)
{
	uint64_t own = take_number(&at, end) ? take_number(&at, end) : 16;

	return own < (uint64_t)(end - at) ? at + own : end;
}

/* When the last posting of a leaf is, if the leaf is not damaged. */
static int64_t last_of(int64_t since_us, const uint8_t *at, size_t size)
{
	static const uint64_t units[] = { 1000000, 1000, 1 };
	const uint8_t *end = at + size;
	uint64_t ret = (uint64_t)since_us;

	for (at += size > 0; at < end; at = pass_id(at, end)) {
		uint64_t after = take_number(&at, end);

		ret += after / 3 * units[after % 3];
		take_number(&at, end);
		take_number(&at, end);
	}
	return (int64_t)ret;
}

/* Leaves that begin in the hour; they may overlap. */
static void put_leaves(const uint8_t *data, size_t size, size_t n)
{
	run(store, "DELETE FROM posting", NULL);
	for (size_t i = 0; i < n; i++) {
		size_t at = size * i / n, end = size * (i + 1) / n;
		int64_t since_us = HOUR * HOUR_US + (int64_t)i * HOUR_US / 4;
		struct posting_leaf leaf = { since_us, last_of(since_us, data + at, end - at),
					     data + at, end - at };

		run(store,
		    "INSERT INTO posting (account, since, part, last, events)"
		    " VALUES (1, ?1, 0, ?2, ?3)",
		    &leaf);
	}
}

/*
 * The sum of the hour's references by the reader of sums, which must have the
 * same opinion of the leaves.
 */
static struct posting_sum read_sum(struct posting *list, size_t n, bool damaged)
{
	struct posting_reader *reader = NULL;
	const struct posting_sum *sum;
	struct posting_sum hour = { 0 }, wanted = { 0 };
	int64_t before = INT64_MIN;

	must(posting_reader_new(store, NULL, &reader, NULL) == 0);
	for (;;) {
		must(posting_reader_peek(reader, &sum, NULL) == 0);
		if (!sum)
			break;
		must(sum->account == ACCOUNT && sum->hour > before);
		before = sum->hour;
		if (sum->hour == HOUR)
			hour = *sum;
		posting_reader_pass(reader);
	}
	posting_reader_free(&reader);
	must(hour.damaged == damaged);
	for (size_t i = 0; i < n; i++)
		posting_sum_add(&wanted, &list[i]);
	must(damaged || (hour.n == wanted.n && hour.hash == wanted.hash));
	return hour;
}

static bool can_be_written(const struct posting *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].id_len > ID_MAX)
			return false;
	return true;
}

static void read_again(struct posting *list, size_t n, struct arena *arena)
{
	struct posting_sum sum = read_sum(list, n, false), again;
	struct posting *second;
	size_t n2;

	if (!n || !can_be_written(list, n))
		return;
	must(store_postings_replace(store, store,
				    &(struct posting_hour) { ACCOUNT, HOUR, list, n / 2 },
				    NULL) == 0);
	must(store_postings_add(store, ACCOUNT, list + n / 2, n - n / 2, NULL) == 0);
	must(store_postings(store, &(struct account_hour) { ACCOUNT, HOUR }, arena, &second, &n2,
			    NULL) == 0 &&
	     n2 == n);
	again = read_sum(second, n2, false);
	must(again.hash == sum.hash);
	/* the snapshot has none of them: all of them came later, and stay */
	must(store_postings_replace(snapshot, store,
				    &(struct posting_hour) { ACCOUNT, HOUR, NULL, 0 }, NULL) == 0);
	again = read_sum(second, n2, false);
	must(again.hash == sum.hash);
}

/* Made from the ledger's own events. */
static void make_again(void)
{
	int64_t hour;

	run(store, "DELETE FROM posting", NULL);
	must(store_postings_make(store, NULL) == 0);
	must(store_posting_hour(store, ACCOUNT, 0, false, &hour, NULL) == 1 && hour > HOUR);
	must(store_posting_hour(store, ACCOUNT, INT64_MAX, true, &hour, NULL) == 1 && hour > HOUR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct error err = { 0 };
	struct posting *list = NULL;
	size_t n = 0;
	int64_t hour;

	if (size < 1)
		return 0;
	open_stores();
	put_leaves(data + 1, size - 1, 1 + data[0] % 3);
	arena_init(&arena);
	if (store_postings(store, &(struct account_hour) { ACCOUNT, HOUR }, &arena, &list, &n,
			   &err) < 0) {
		must(strstr(err.message, "damaged"));
		read_sum(NULL, 0, true);
	} else {
		for (size_t i = 0; i < n; i++)
			must(list[i].effective_us / HOUR_US == HOUR &&
			     (i == 0 || list[i].effective_us >= list[i - 1].effective_us));
		must(n > 0 && store_posting_hour(store, ACCOUNT, 0, false, &hour, NULL) == 1 &&
		     hour == HOUR);
		read_again(list, n, &arena);
		make_again();
	}
	arena_release(&arena);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_behind(mutate_numbers, data, size, max_size, seed);
}
