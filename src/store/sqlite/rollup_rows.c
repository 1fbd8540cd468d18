#include "store/sqlite/rollup_rows.h"

#include <string.h>
#include "base/banned.h"

/* A leaf that is cut in two leaves room for more in each. */
#define LEAF_FILLED (LEAF_BYTES * 3 / 4)

void rollup_key(int64_t category, int64_t series, int64_t slot,
		unsigned char ret[static ROLLUP_KEY_BYTES])
{
	for (int i = 0; i < 6; i++) {
		ret[i] = (unsigned char)(category >> (40 - 8 * i));
		ret[6 + i] = (unsigned char)(series >> (40 - 8 * i));
	}
	ret[12] = (unsigned char)(slot >> 8);
	ret[13] = (unsigned char)slot;
}

int rollup_damaged(struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL,
			 "the ledger's rollups are damaged: run \"usaged rebuild\"");
}

/* ---- statements ---- */

#define OF_ROWS " WHERE place = ?1 AND account = ?2 AND period = ?3"

static struct stmt *prepare_rows(struct store *st, const char *sql, const struct rollup_rows *rows,
				 struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, rows->place);
	db_bind_int(s, 2, rows->account);
	db_bind_int(s, 3, rows->period);
	return s;
}

/* A leaf's key; the first leaf of a period has an empty one. */
struct leaf_key {
	unsigned char bytes[ROLLUP_KEY_BYTES];
	size_t len;
};

static struct leaf_key key_of(const struct rollup_entry *e)
{
	struct leaf_key ret = { .len = ROLLUP_KEY_BYTES };

	rollup_key(e->category, e->series, e->slot, ret.bytes);
	return ret;
}

static struct leaf_key get_key(struct stmt *s, int column)
{
	struct leaf_key ret = { .len = 0 };
	const void *bytes = db_get_blob(s, column, &ret.len);

	if (ret.len > ROLLUP_KEY_BYTES)
		ret.len = ROLLUP_KEY_BYTES;
	memcpy(ret.bytes, bytes, ret.len);
	return ret;
}

/* False: it is longer than a leaf. */
static bool get_leaf(struct stmt *s, int column, struct leaf *ret)
{
	const void *bytes = db_get_blob(s, column, &ret->len);

	if (ret->len < 1 || ret->len > LEAF_BYTES)
		return false;
	memcpy(ret->bytes, bytes, ret->len);
	return true;
}

static int put_leaf(struct store *st, const struct rollup_rows *rows, const struct leaf_key *first,
		    const unsigned char *leaf, size_t len, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      /* one look-up in the tree, other than with ON CONFLICT */
				      "REPLACE INTO rollup (place, account, period, first, leaf)"
				      " VALUES (?1, ?2, ?3, ?4, ?5)",
				      rows, err);

	db_bind_blob(s, 4, first->bytes, first->len);
	db_bind_blob(s, 5, leaf, len);
	return db_step(s, err);
}

static int drop_leaf(struct store *st, const struct rollup_rows *rows, const struct leaf_key *first,
		     struct error *err)
{
	struct stmt *s = prepare_rows(st, "DELETE FROM rollup" OF_ROWS " AND first = ?4", rows,
				      err);

	db_bind_blob(s, 4, first->bytes, first->len);
	return db_step(s, err);
}

static int drop_leaves_after(struct store *st, const struct rollup_rows *rows,
			     const struct leaf_key *last, struct error *err)
{
	struct stmt *s = prepare_rows(st, "DELETE FROM rollup" OF_ROWS " AND first > ?4", rows,
				      err);

	db_bind_blob(s, 4, last->bytes, last->len);
	return db_step(s, err);
}

/* The key of the next leaf after KEY: 1, 0 none, -1. */
static int next_key(struct store *st, const struct rollup_rows *rows, const struct leaf_key *key,
		    struct leaf_key *ret, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      "SELECT first FROM rollup" OF_ROWS
				      " AND first > ?4 ORDER BY first LIMIT 1",
				      rows, err);
	int rc;

	db_bind_blob(s, 4, key->bytes, key->len);
	rc = db_step(s, err);
	if (rc > 0) {
		*ret = get_key(s, 0);
		db_reset(s);
	}
	return rc;
}

/* ---- entries ---- */

void rollup_entries_merge(const struct rollup_entry *a, size_t n_a, const struct rollup_entry *b,
			  size_t n_b, GArray *ret)
{
	struct rollup_entry *out;
	guint n = ret->len;

	g_array_set_size(ret, (guint)(n + n_a + n_b));
	out = (struct rollup_entry *)ret->data;
	for (size_t i = 0, k = 0; i < n_a || k < n_b;) {
		int order = i == n_a ? 1 : k == n_b ? -1 : rollup_entry_compare(&a[i], &b[k]);

		out[n] = order <= 0 ? a[i++] : b[k++];
		if (order == 0)
			amounts_wide_add(&out[n].amounts, &b[k++].amounts, 1);
		n += !amounts_wide_zero(&out[n].amounts);
	}
	g_array_set_size(ret, n);
}

/* Appends the entries of a leaf; false: damaged. */
static bool take_entries(const void *bytes, size_t len, GArray *list, enum leaf_form *ret_form)
{
	struct leaf_reader r;
	guint before = list->len;
	int rc;

	if (!leaf_open(&r, bytes, len))
		return false;
	while ((rc = leaf_next(&r)) > 0)
		g_array_append_val(list, r.entry);
	if (rc == 0)
		*ret_form = r.form;
	else
		g_array_set_size(list, before);
	return rc == 0;
}

/*
 * Likewise, of a row with its key in column 0 and its leaf in column 1. Also
 * false: the leaf's entries are not after those of LIST, or not from its key on.
 */
static bool take_next_leaf(struct stmt *s, GArray *list, enum leaf_form *ret_form)
{
	struct leaf_key key = get_key(s, 0), first;
	const struct rollup_entry *added;
	guint before = list->len;
	size_t len;
	const void *bytes = db_get_blob(s, 1, &len);

	if (!take_entries(bytes, len, list, ret_form))
		return false;
	if (list->len == before)
		return true;
	added = &g_array_index(list, struct rollup_entry, before);
	first = key_of(added);
	if ((key.len == 0 || memcmp(key.bytes, first.bytes, key.len) <= 0) &&
	    (before == 0 || rollup_entry_compare(added - 1, added) < 0))
		return true;
	g_array_set_size(list, before);
	return false;
}

int rollup_rows_read(struct store *st, const struct rollup_rows *rows, GArray *list,
		     enum leaf_form *ret_form, bool *ret_damaged, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      "SELECT first, leaf FROM rollup" OF_ROWS " ORDER BY first",
				      rows, err);
	int rc, found = 0;

	while ((rc = db_step(s, err)) > 0) {
		found = get_key(s, 0).len ? 2 : 1;
		if (take_next_leaf(s, list, ret_form))
			continue;
		if (ret_damaged) {
			*ret_damaged = true;
			continue;
		}
		db_reset(s);
		return rollup_damaged(err);
	}
	return rc < 0 ? -1 : found;
}

bool rollup_first_entries(const struct rollup_first *first, GArray *list, enum leaf_form *ret_form)
{
	return take_entries(first->leaf.bytes, first->leaf.len, list, ret_form);
}

/* The key and leaf of the current row; false: it is longer than a leaf. */
static bool take_first(struct stmt *s, struct rollup_first *ret)
{
	struct leaf_key key = get_key(s, 0);

	if (!get_leaf(s, 1, &ret->leaf))
		return false;
	ret->several = key.len > 0;
	if (key.len) { /* the first leaf was damaged, and is removed */
		memcpy(ret->next, key.bytes, ROLLUP_KEY_BYTES);
		ret->leaf.len = 1;
	}
	return true;
}

int rollup_rows_first(struct store *st, const struct rollup_rows *rows, struct rollup_first *ret,
		      struct error *err)
{
	struct stmt *s = prepare_rows(
		st, "SELECT first, leaf FROM rollup" OF_ROWS " ORDER BY first LIMIT 2", rows, err);
	int rc = db_step(s, err);

	if (rc <= 0)
		return rc;
	if (!take_first(s, ret)) {
		db_reset(s);
		return rollup_damaged(err);
	}
	if (ret->several) {
		db_reset(s);
		return 1;
	}
	rc = db_step(s, err);
	ret->several = rc > 0;
	if (rc > 0) {
		memcpy(ret->next, get_key(s, 0).bytes, ROLLUP_KEY_BYTES);
		db_reset(s);
	}
	return rc < 0 ? -1 : 1;
}

int rollup_rows_exist(struct store *st, const struct rollup_rows *rows, struct error *err)
{
	return store_any(prepare_rows(st, "SELECT 1 FROM rollup" OF_ROWS " LIMIT 1", rows, err),
			 err);
}

/* ---- writing ---- */

int rollup_rows_drop_damaged(struct store *st, const struct rollup_rows *rows, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      "SELECT first, leaf FROM rollup" OF_ROWS " ORDER BY first",
				      rows, err);
	GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	GArray *damaged = g_array_new(FALSE, FALSE, sizeof(struct leaf_key));
	enum leaf_form form;
	int rc;

	while ((rc = db_step(s, err)) > 0) {
		struct leaf_key key = get_key(s, 0);

		if (!take_next_leaf(s, entries, &form))
			g_array_append_val(damaged, key);
	}
	for (guint i = 0; i < damaged->len && rc == 0; i++)
		rc = drop_leaf(st, rows, &g_array_index(damaged, struct leaf_key, i), err);
	g_array_free(damaged, TRUE);
	g_array_free(entries, TRUE);
	return rc;
}

/*
 * Writes LIST, of struct rollup_entry, as leaves of sums, each at most about MOST
 * bytes; the first one has the key FIRST.
 */
static int put_leaves(struct store *st, const struct rollup_rows *rows,
		      const struct leaf_key *first, const GArray *list, size_t most,
		      struct error *err)
{
	const struct rollup_entry *entries = (const struct rollup_entry *)list->data;
	unsigned char leaf[LEAF_BYTES];
	struct leaf_key key = *first;

	for (size_t done = 0, len; done < list->len;) {
		size_t fit = leaf_write(LEAF_SUMS, entries + done, list->len - done, most, leaf,
					&len);

		if (done > 0)
			key = key_of(&entries[done]);
		if (put_leaf(st, rows, &key, leaf, len, err) < 0)
			return -1;
		done += fit;
	}
	return 0;
}

int rollup_rows_put_small(struct store *st, const struct rollup_rows *rows, bool several,
			  const struct rollup_entry *entries, size_t n, struct error *err)
{
	unsigned char leaf[SMALL_LEAVES][LEAF_BYTES];
	struct leaf_key first[SMALL_LEAVES] = { { .len = 0 } };
	size_t len[SMALL_LEAVES], done = 0;
	int leaves = 0;

	for (; leaves < SMALL_LEAVES && done < n; leaves++) {
		if (leaves > 0)
			first[leaves] = key_of(&entries[done]);
		done += leaf_write(LEAF_DETAIL, entries + done, n - done, LEAF_BYTES, leaf[leaves],
				   &len[leaves]);
	}
	if (done < n)
		return 0;
	if (several && drop_leaves_after(st, rows, &first[0], err) < 0)
		return -1;
	if (n == 0)
		return drop_leaf(st, rows, &first[0], err) < 0 ? -1 : 1;
	for (int i = 0; i < leaves; i++)
		if (put_leaf(st, rows, &first[i], leaf[i], len[i], err) < 0)
			return -1;
	return 1;
}

int rollup_rows_drop(struct store *st, const struct rollup_rows *rows, struct error *err)
{
	return db_step(prepare_rows(st, "DELETE FROM rollup" OF_ROWS, rows, err), err);
}

/* What entries are added to: a leaf, and how far it reaches. */
struct target {
	struct leaf_key first;
	struct leaf leaf;
	bool ended;           /* the next two are set */
	bool last;            /* no leaf comes after it */
	struct leaf_key next; /* the key of the one after it */
};

static int find_end(struct store *st, const struct rollup_rows *rows, struct target *t,
		    struct error *err)
{
	int rc = t->ended ? !t->last : next_key(st, rows, &t->first, &t->next, err);

	t->ended = true;
	t->last = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* Is the entry's place in the first leaf of its rows? Then this is the target. */
static bool use_first(const struct rollup_first *first, const struct rollup_entry *e,
		      struct target *t)
{
	struct leaf_key key = key_of(e);

	if (!first || (first->several && memcmp(key.bytes, first->next, ROLLUP_KEY_BYTES) >= 0))
		return false;
	t->first.len = 0;
	t->leaf = first->leaf;
	t->ended = true;
	t->last = !first->several;
	if (first->several) {
		t->next.len = ROLLUP_KEY_BYTES;
		memcpy(t->next.bytes, first->next, ROLLUP_KEY_BYTES);
	}
	return true;
}

/* The leaf that E belongs into, or an empty one. */
static int find_target(struct store *st, const struct rollup_rows *rows,
		       const struct rollup_entry *e, struct target *t, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      "SELECT first, leaf FROM rollup" OF_ROWS
				      " AND first <= ?4 ORDER BY first DESC LIMIT 1",
				      rows, err);
	struct leaf_key key = key_of(e);
	int rc;

	t->ended = false;
	t->first.len = 0;
	t->leaf.bytes[0] = LEAF_SUMS;
	t->leaf.len = 1;
	db_bind_blob(s, 4, key.bytes, key.len);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	t->first = get_key(s, 0);
	rc = get_leaf(s, 1, &t->leaf) ? 0 : rollup_damaged(err);
	db_reset(s);
	return rc;
}

/*
 * Up to so many entries, the end of a leaf is not looked up: entries beyond its
 * last one are looked up one by one.
 */
#define FEW_ENTRIES 4

/* Sets how many of the entries the target takes. */
static int count_taken(struct store *st, const struct rollup_rows *rows, struct target *t,
		       struct leaf_addition *a, struct error *err)
{
	size_t most = a->n;

	a->inside = !t->ended && a->n <= FEW_ENTRIES;
	if (a->inside)
		return 0;
	if (find_end(st, rows, t, err) < 0)
		return -1;
	for (a->n = 1; a->n < most && !t->last; a->n++) {
		struct leaf_key key = key_of(&a->entries[a->n]);

		if (memcmp(key.bytes, t->next.bytes, ROLLUP_KEY_BYTES) >= 0)
			return 0;
	}
	a->n = most;
	return 0;
}

/* Entries at the end fill leaves; others leave room between them. */
static size_t choose_size(const struct target *t, const GArray *have,
			  const struct rollup_entry *added)
{
	const struct rollup_entry *e = (const struct rollup_entry *)have->data;
	guint n = have->len;

	return t->last && (!n || rollup_entry_compare(&e[n - 1], added) < 0) ? LEAF_BYTES
									     : LEAF_FILLED;
}

/* The sums of the N entries, which are among those of MERGED unless they are 0. */
static void find_sums(const GArray *merged, const struct rollup_entry *entries, size_t n,
		      struct amounts_wide *ret)
{
	const struct rollup_entry *e = (const struct rollup_entry *)merged->data;
	guint k = 0;

	for (size_t i = 0; i < n; i++) {
		while (k < merged->len && rollup_entry_compare(&e[k], &entries[i]) < 0)
			k++;
		ret[i] = k < merged->len && rollup_entry_compare(&e[k], &entries[i]) == 0
				 ? e[k].amounts
				 : (struct amounts_wide) { 0 };
	}
}

/* Adds to a target that is cut in several leaves by it. */
static int cut_target(struct store *st, const struct rollup_rows *rows, struct target *t,
		      struct leaf_addition *a, struct error *err)
{
	GArray *have = g_array_new(FALSE, FALSE, sizeof(*a->entries));
	GArray *merged = g_array_new(FALSE, FALSE, sizeof(*a->entries));
	enum leaf_form form;
	int rc = -1;

	if (!take_entries(t->leaf.bytes, t->leaf.len, have, &form)) {
		rollup_damaged(err);
	} else if (find_end(st, rows, t, err) == 0) {
		if (count_taken(st, rows, t, a, err) == 0) {
			a->taken = a->n;
			rollup_entries_merge((const struct rollup_entry *)have->data, have->len,
					     a->entries, a->n, merged);
			if (a->sums)
				find_sums(merged, a->entries, a->n, a->sums);
			rc = put_leaves(st, rows, &t->first, merged,
					choose_size(t, have, a->entries), err);
		}
	}
	g_array_free(merged, TRUE);
	g_array_free(have, TRUE);
	return rc;
}

static int add_to_target(struct store *st, const struct rollup_rows *rows, struct target *t,
			 struct leaf_addition *a, struct error *err)
{
	struct leaf sum;

	if (count_taken(st, rows, t, a, err) < 0)
		return -1;
	switch (leaf_add(&t->leaf, a, &sum)) {
	case LEAF_DAMAGED:
		return rollup_damaged(err);
	case LEAF_FULL:
		return cut_target(st, rows, t, a, err);
	default:
		/* a leaf without entries has only its form */
		return sum.len == 1 && (rows->place != PLACE_MONTH || t->first.len)
			       ? drop_leaf(st, rows, &t->first, err)
			       : put_leaf(st, rows, &t->first, sum.bytes, sum.len, err);
	}
}

int rollup_rows_add(struct store *st, const struct rollup_rows *rows,
		    const struct rollup_addition *added, struct error *err)
{
	struct leaf_addition a = { .taken = 0 };
	struct target t;
	int rc = 0;

	for (size_t i = 0; i < added->n && rc == 0; i += a.taken) {
		a.entries = added->entries + i;
		a.n = added->n - i;
		a.sums = added->ret_sums ? added->ret_sums + i : NULL;
		if (i > 0 || !use_first(added->first, a.entries, &t))
			rc = find_target(st, rows, a.entries, &t, err);
		if (rc == 0)
			rc = add_to_target(st, rows, &t, &a, err);
	}
	return rc < 0 ? -1 : 0;
}
