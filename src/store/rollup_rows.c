#include "store/rollup_rows.h"

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

static int put_leaf(struct store *st, const struct rollup_rows *rows, const struct leaf_key *first,
		    const unsigned char *leaf, size_t len, struct error *err)
{
	struct stmt *s = prepare_rows(
		st,
		"INSERT INTO rollup (place, account, period, first, leaf) VALUES (?1, ?2, ?3, ?4, "
		"?5)"
		" ON CONFLICT (place, account, period, first) DO UPDATE SET leaf = excluded.leaf",
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

static void append(GArray *list, const struct rollup_entry *e)
{
	if (!amounts_wide_zero(&e->amounts))
		g_array_append_vals(list, e, 1);
}

void rollup_entries_merge(const struct rollup_entry *a, size_t n_a, const struct rollup_entry *b,
			  size_t n_b, GArray *ret)
{
	while (n_a && n_b) {
		int order = rollup_entry_compare(a, b);
		struct rollup_entry sum = order <= 0 ? *a : *b;

		if (order == 0)
			amounts_wide_add(&sum.amounts, &b->amounts, 1);
		append(ret, &sum);
		if (order <= 0)
			a++, n_a--;
		if (order >= 0)
			b++, n_b--;
	}
	for (; n_a; a++, n_a--)
		append(ret, a);
	for (; n_b; b++, n_b--)
		append(ret, b);
}

/* Appends those of the leaf that S has in COLUMN; false: damaged. */
static bool take_leaf(struct stmt *s, int column, GArray *list, enum leaf_form *ret_form)
{
	struct leaf_reader r;
	guint before = list->len;
	size_t len;
	const void *bytes = db_get_blob(s, column, &len);
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

	if (!take_leaf(s, 1, list, ret_form))
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
 * Writes the entries as leaves, each at most about MOST bytes; the first one has
 * the key FIRST. *RET_LAST is the key of the last one.
 */
static int put_leaves(struct store *st, const struct rollup_rows *rows, enum leaf_form form,
		      const struct leaf_key *first, const struct rollup_entry *entries, size_t n,
		      size_t most, struct leaf_key *ret_last, struct error *err)
{
	unsigned char leaf[LEAF_BYTES];

	*ret_last = *first;
	for (size_t done = 0, len; done < n;) {
		size_t fit = leaf_write(form, entries + done, n - done, most, leaf, &len);

		if (done > 0)
			*ret_last = key_of(&entries[done]);
		if (put_leaf(st, rows, ret_last, leaf, len, err) < 0)
			return -1;
		done += fit;
	}
	return 0;
}

int rollup_rows_put(struct store *st, const struct rollup_rows *rows, bool several,
		    enum leaf_form form, const struct rollup_entry *entries, size_t n,
		    struct error *err)
{
	const struct leaf_key first = { .len = 0 };
	struct leaf_key last;

	if (several && drop_leaves_after(st, rows, &first, err) < 0)
		return -1;
	return n ? put_leaves(st, rows, form, &first, entries, n, LEAF_BYTES, &last, err)
		 : drop_leaf(st, rows, &first, err);
}

/* What entries are added to: a leaf, and how far it reaches. */
struct target {
	struct leaf_key first;
	GArray *entries;
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

/* The leaf that E belongs into, or an empty one. */
static int find_target(struct store *st, const struct rollup_rows *rows,
		       const struct rollup_entry *e, struct target *t, struct error *err)
{
	struct stmt *s = prepare_rows(st,
				      "SELECT first, leaf FROM rollup" OF_ROWS
				      " AND first <= ?4 ORDER BY first DESC LIMIT 1",
				      rows, err);
	struct leaf_key key = key_of(e);
	enum leaf_form form;
	int rc;

	g_array_set_size(t->entries, 0);
	t->ended = false;
	t->first.len = 0;
	db_bind_blob(s, 4, key.bytes, key.len);
	rc = db_step(s, err);
	if (rc > 0) {
		bool good = take_leaf(s, 1, t->entries, &form);

		t->first = get_key(s, 0);
		db_reset(s);
		if (!good)
			return rollup_damaged(err);
	}
	return rc < 0 ? -1 : 0;
}

/* How many of the entries the target takes. */
static int count_taken(struct store *st, const struct rollup_rows *rows, struct target *t,
		       const struct rollup_entry *entries, size_t n, size_t *ret, struct error *err)
{
	if (n > 1 && find_end(st, rows, t, err) < 0)
		return -1;
	for (*ret = 1; *ret < n; ++*ret) {
		struct leaf_key key = key_of(&entries[*ret]);

		if (!t->last && memcmp(key.bytes, t->next.bytes, ROLLUP_KEY_BYTES) >= 0)
			break;
	}
	return 0;
}

/* Entries at the end fill leaves; others leave room between them. */
static size_t choose_size(const struct target *t, const struct rollup_entry *added)
{
	const struct rollup_entry *have = (const struct rollup_entry *)t->entries->data;
	size_t n = t->entries->len;

	return t->last && (!n || rollup_entry_compare(&have[n - 1], added) < 0) ? LEAF_BYTES
										: LEAF_FILLED;
}

static int add_to_target(struct store *st, const struct rollup_rows *rows, struct target *t,
			 const struct rollup_entry *entries, size_t n, GArray *merged,
			 struct error *err)
{
	const struct rollup_entry *all;
	unsigned char leaf[LEAF_BYTES];
	struct leaf_key last;
	size_t len;

	g_array_set_size(merged, 0);
	rollup_entries_merge((const struct rollup_entry *)t->entries->data, t->entries->len,
			     entries, n, merged);
	all = (const struct rollup_entry *)merged->data;
	if (merged->len == 0 && (rows->place != PLACE_MONTH || t->first.len))
		return drop_leaf(st, rows, &t->first, err);
	if (leaf_write(LEAF_SUMS, all, merged->len, LEAF_BYTES, leaf, &len) == merged->len)
		return put_leaf(st, rows, &t->first, leaf, len, err);
	if (find_end(st, rows, t, err) < 0)
		return -1;
	return put_leaves(st, rows, LEAF_SUMS, &t->first, all, merged->len, choose_size(t, entries),
			  &last, err);
}

int rollup_rows_add(struct store *st, const struct rollup_rows *rows,
		    const struct rollup_entry *entries, size_t n, struct error *err)
{
	struct target t = { .entries = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry)) };
	GArray *merged = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	int rc = 0;

	for (size_t taken = 0; n > 0 && rc == 0; entries += taken, n -= taken) {
		rc = find_target(st, rows, entries, &t, err);
		if (rc == 0)
			rc = count_taken(st, rows, &t, entries, n, &taken, err);
		if (rc == 0)
			rc = add_to_target(st, rows, &t, entries, taken, merged, err);
	}
	g_array_free(merged, TRUE);
	g_array_free(t.entries, TRUE);
	return rc < 0 ? -1 : 0;
}
