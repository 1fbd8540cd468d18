/*
 * leaf.c - a leaf of rollups, as it is stored: entries that can be read ascend,
 * and are the same when they are written and read again. A month that has the
 * leaf can be added to, or is reported as damaged.
 */
#include "fuzz.h"
#include "mutate.h"

#include <string.h>
#include "store/rollup.h"
#include "store/sqlite/rollup_rows.h"
#include "base/banned.h"

enum { ENTRIES_MAX = LEAF_BYTES };

static struct store *store;

static void open_store(void)
{
	if (store)
		return;
	must(store_open(":memory:", STORE_CREATE | STORE_WRITE, 1000, &store, NULL) == 0 &&
	     store_begin_write(store, NULL) == 0);
}

/* Reads all entries: how many, or -1. */
static int64_t read_leaf(const void *bytes, size_t len, struct rollup_entry *entries)
{
	struct leaf_reader r;
	int64_t n = 0;
	int rc;

	if (!leaf_open(&r, bytes, len))
		return -1;
	while ((rc = leaf_next(&r)) > 0) {
		must(n < ENTRIES_MAX && r.entry.slot >= 0 && r.entry.series >= 0);
		must(n == 0 || rollup_entry_compare(&entries[n - 1], &r.entry) < 0);
		entries[n++] = r.entry;
	}
	return rc < 0 ? -1 : n;
}

/*
 * Reading finds the same if entries are skipped, but for those of the slots 3
 * to 9.
 */
static void skip_some(const void *bytes, size_t len, const struct rollup_entry *entries, int64_t n)
{
	struct leaf_reader r;
	int64_t at = 0;

	must(leaf_open(&r, bytes, len));
	for (; leaf_next(&r) > 0; at++) {
		must(at < n && rollup_entry_compare(&r.entry, &entries[at]) == 0);
		for (int64_t i = leaf_skip(&r, 3, 10); i > 0; i--)
			must(++at < n && (entries[at].slot < 3 || entries[at].slot >= 10));
	}
	must(at == n);
}

static void write_again(const struct rollup_entry *entries, size_t n)
{
	static struct rollup_entry again[ENTRIES_MAX];
	unsigned char leaf[LEAF_BYTES];
	size_t len;

	for (size_t done = 0, fit; done < n; done += fit) {
		fit = leaf_write(LEAF_SUMS, entries + done, n - done, LEAF_BYTES, leaf, &len);
		must(fit > 0 && len <= LEAF_BYTES);
		must(read_leaf(leaf, len, again) == (int64_t)fit);
		for (size_t i = 0; i < fit; i++)
			must(rollup_entry_compare(&again[i], &entries[done + i]) == 0 &&
			     memcmp(&again[i].amounts, &entries[done + i].amounts,
				    sizeof(again[i].amounts)) == 0);
	}
}

/* Adds to a month whose only leaf this is. */
static void add_to_month(const uint8_t *data, size_t size, bool good)
{
	const struct rollup added = { .account = 1,
				      .category = 1,
				      .slot = 20454 * SLOTS_PER_DAY,
				      .amounts.n = { 1, 1, 1, 1 } };
	const struct rollup month = {
		.level = LEVEL_MONTH, .account = 1, .category = 1, .slot = 2026 * 12
	};
	struct amounts_wide total;
	struct error err = { 0 };
	struct stmt *s = prepare(store, "DELETE FROM rollup", NULL);

	must(db_step(s, NULL) == 0);
	s = prepare(store, "INSERT INTO rollup VALUES (0, 1, 2026 * 12, x'', ?1)", NULL);
	db_bind_blob(s, 1, data, size);
	must(db_step(s, NULL) == 0);
	if (store_rollups_add(store, &added, 1, &err) < 0)
		must(err.kind == ERR_OVERFLOW || (!good && strstr(err.message, "damaged")));
	else /* damage beyond the added entry is found by whoever reads it */
		must(store_rollup_sum(store, &month, &total, &err) == 0 || !good);
}

/* Ids have 48 bits in the key of a leaf, slots fewer. */
static bool has_keys(const struct rollup_entry *entries, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (entries[i].category >> 48 || entries[i].series >> 48 || entries[i].slot >> 12)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rollup_entry entries[ENTRIES_MAX];
	int64_t n;

	if (size > LEAF_BYTES)
		return 0;
	open_store();
	n = read_leaf(size ? (const void *)data : "", size, entries);
	if (n > 0) {
		skip_some(data, size, entries, n);
		write_again(entries, (size_t)n);
	}
	if (n < 0 || has_keys(entries, n))
		add_to_month(data, size, n >= 0);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_behind(mutate_numbers, data, size, max_size, seed);
}
