/*
 * move_table.c - copies and compares the tables of a ledger, in pages in the
 * order of their keys.
 */
#include "store/move_table.h"

#include <glib.h>
#include "store/meta.h"
#include "base/banned.h"

#define PAGE "2000"
/* Not what a ledger notes of itself: its checks and backups, its secret, and the move. */
#define META_ONLY                                                                  \
	" AND name NOT IN ('version', 'schema', '" META_SECRET "', '" META_REBUILD \
	"', '" META_MOVING "', '" META_MOVING_SUMS "', '" META_MOVING_REBUILD      \
	"', '" META_MOVING_REFILED "', '" META_MOVING_APART "', '" META_VERIFIED   \
	"', '" META_VERIFIED_WHOLE "', '" META_DIFFERENCES "', '" META_BACKUP      \
	"', '" META_BACKUP_FAILED "', '" META_PROBED "')"

const struct move_table move_tables[] = {
	{ "account",
	  "id, sid, name, parent, currency, created, time_zone, cycle_day, number, suspended",
	  "nttotntntn", 1, MOVE_CHANGES, MOVE_IDS },
	{ "category", "id, name, parent, description, count_unit, usage_unit, metered", "ntotttn",
	  1, MOVE_CHANGES, MOVE_IDS },
	{ "user", "id, name, display, email, role, password, created, removed, folded", "ntttttnnt",
	  1, MOVE_CHANGES, MOVE_IDS },
	{ "key", "id, sid, name, role, account, hash, created, revoked, used, maker, maker_key",
	  "ntttobnnnnt", 1, MOVE_CHANGES, MOVE_IDS },
	{ "source", "id, family, text", "nnt", 1, MOVE_GROWS, MOVE_IDS },
	{ "dimension_value", "id, account, dimension, text", "nont", 1, MOVE_GROWS, MOVE_IDS },
	{ "series", "id, account, category, customer, sim, fleet, network, country, declared",
	  "nnnnnnnnb", 1, MOVE_GROWS, MOVE_IDS },
	{ "correction", "id, sid, kind, source, event, author, reason, made", "ntnntttn", 1,
	  MOVE_GROWS, MOVE_IDS },
	{ "closing_change",
	  "id, family, account, at, kind, effective_us, source, event, author, reason",
	  "nnnnnnnttt", 1, MOVE_GROWS, MOVE_IDS },
	{ "audit", "id, at, author, action, subject, detail", "nntttt", 1, MOVE_GROWS, MOVE_IDS },
	{ "series_value", "value, series", "nn", 2, MOVE_REPLACE, 0 },
	{ "dimension", "id, name, attribute, created, fill, fill_account, fill_hour, filled",
	  "nttnnnnn", 1, MOVE_REPLACE, 0 },
	{ "account_category", "account, category", "nn", 2, MOVE_REPLACE, 0 },
	{ "key_grant", "key, account", "nn", 2, MOVE_REPLACE, 0 },
	{ "user_grant", "\"user\", account", "nn", 2, MOVE_REPLACE, 0 },
	{ "session", "hash, \"user\", kind, created, expires, maker, maker_key", "bnnnnnt", 1,
	  MOVE_REPLACE, 0 },
	{ "rejection",
	  "id, at, author, account, source, event, code, field, message, record, file, line",
	  "nntotttttttn", 1, MOVE_REPLACE, MOVE_IDS },
	{ "closing", "account, through, author, made", "nntn", 1, MOVE_REPLACE, 0 },
	{ "sim", "id, family, kind, sid, name", "nnntt", 1, MOVE_REPLACE, MOVE_IDS },
	{ "trigger",
	  "id, sid, account, category, amount, recurrence, threshold, name, url, method, created,"
	  " updated",
	  "ntnnnnntttnn", 1, MOVE_REPLACE, MOVE_IDS },
	{ "trigger_value", "id, period, high, low, fired, fired_period", "nnnnnn", 1, MOVE_REPLACE,
	  MOVE_REFERS },
	{ "notice",
	  "id, sid, account, trigger_sid, token, url, method, form, made_us, state, attempts,"
	  " next_us",
	  "ntntttttnnnn", 1, MOVE_REPLACE, MOVE_IDS },
	{ "delivery", "id, notice, at_us, took_us, status, error, answer", "nnnnntt", 1,
	  MOVE_REPLACE, MOVE_IDS | MOVE_REFERS },
	{ "signing", "account, sealed", "nb", 1, MOVE_REPLACE, 0 },
	{ "family_change", "family, at", "nn", 1, MOVE_REPLACE, 0 },
	{ "meta", "name, value", "tn", 1, MOVE_REPLACE, 0 },
};

const size_t move_n_tables = ARRAY_SIZE(move_tables);

int move_other_copy(struct error *err)
{
	return error_set(err, ERR_CONFLICT, "to",
			 "it has records that this ledger does not have: the move was begun from "
			 "another copy of the ledger; move into an empty database");
}

/* ---- checksums ---- */

uint64_t move_hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return move_hash_number(hash, (int64_t)len);
}

uint64_t move_hash_number(uint64_t hash, int64_t n)
{
	hash = (hash ^ (uint64_t)n) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

void move_sum_add(struct move_sum *sum, uint64_t row)
{
	row *= 0xff51afd7ed558ccdu;
	sum->n++;
	sum->hash += row ^ row >> 29;
}

/* ---- pages ---- */

/* A page of rows, and the key behind which the next one begins. */
struct move_page {
	struct arena arena;
	struct db_cell *cells;
	size_t n;
};

static int columns_of(const struct move_table *t)
{
	return (int)strlen(t->kinds);
}

static enum db_cell_kind kind_of(char letter)
{
	return letter == 't' ? DB_CELL_TEXT : letter == 'b' ? DB_CELL_BLOB : DB_CELL_NUMBER;
}

/* "?1, ?2": as many parameters as the key has columns. */
static const char *key_params(const struct move_table *t)
{
	return t->keys == 1 ? "?1" : "?1, ?2";
}

/* The names of the first N columns. */
static char *names_of(const struct move_table *t, int n)
{
	const char *end = t->columns;

	for (int i = 0; i < n; i++)
		end += strcspn(end, ",") + (i < n - 1);
	return g_strndup(t->columns, (gsize)(end - t->columns));
}

/* A constant for db_prepare, with the same address each time. TEXT is freed. */
static const char *constant(char *text)
{
	const char *ret = g_intern_string(text);

	g_free(text);
	return ret;
}

static const char *only_of(const struct move_table *t)
{
	return strcmp(t->name, "meta") == 0 ? META_ONLY : "";
}

static const char *page_sql(const struct move_table *t)
{
	char *keys = names_of(t, t->keys);
	char *sql =
		g_strdup_printf("SELECT %s FROM \"%s\" WHERE (%s) > (%s)%s ORDER BY %s LIMIT " PAGE,
				t->columns, t->name, keys, key_params(t), only_of(t), keys);

	g_free(keys);
	return constant(sql);
}

static void read_cell(struct stmt *s, int column, char letter, struct arena *arena,
		      struct db_cell *ret)
{
	*ret = (struct db_cell) { .kind = kind_of(letter) };
	if (ret->kind == DB_CELL_NUMBER) {
		ret->n = db_get_int(s, column);
	} else {
		const char *bytes = ret->kind == DB_CELL_TEXT ? db_get_text(s, column, &ret->len)
							      : db_get_blob(s, column, &ret->len);

		ret->bytes = arena_strn(arena, bytes ? bytes : "", ret->len);
	}
}

static void bind_cell(struct stmt *s, int n, const struct db_cell *c)
{
	if (c->kind == DB_CELL_NUMBER)
		db_bind_int(s, n, c->n);
	else if (c->kind == DB_CELL_TEXT)
		db_bind_text(s, n, c->bytes, c->len);
	else
		db_bind_blob(s, n, c->bytes, c->len);
}

/* Reads the rows behind those of the page. 1 some, 0 no more, -1 failed. */
static int next_page(struct store *st, const struct move_table *t, struct move_page *p,
		     struct error *err)
{
	int columns = columns_of(t), rc;
	struct stmt *s = prepare(st, page_sql(t), err);
	struct move_page next = { .n = 0 };
	size_t size = 0;

	arena_init(&next.arena);
	for (int k = 0; k < t->keys; k++) {
		struct db_cell first = { .n = INT64_MIN,
					 .bytes = "",
					 .kind = kind_of(t->kinds[k]) };

		bind_cell(s, k + 1,
			  p->n ? &p->cells[(p->n - 1) * (size_t)columns + (size_t)k] : &first);
	}
	while ((rc = db_step(s, err)) > 0) {
		next.cells = store_room(&next.arena, next.cells, next.n, &size,
					sizeof(struct db_cell) * (size_t)columns);
		for (int c = 0; c < columns; c++)
			read_cell(s, c, t->kinds[c], &next.arena,
				  &next.cells[next.n * (size_t)columns + (size_t)c]);
		next.n++;
	}
	arena_release(&p->arena);
	*p = next;
	return rc < 0 ? -1 : next.n > 0;
}

int move_table_sum(struct store *st, const struct move_table *t, struct move_sum *ret,
		   struct error *err)
{
	size_t columns = (size_t)columns_of(t);
	struct move_page p = { .n = 0 };
	int rc;

	*ret = (struct move_sum) { 0 };
	arena_init(&p.arena);
	while ((rc = next_page(st, t, &p, err)) > 0) {
		for (size_t i = 0; i < p.n; i++) {
			uint64_t hash = 0;

			for (const struct db_cell *c = p.cells + i * columns;
			     c < p.cells + (i + 1) * columns; c++)
				hash = c->kind == DB_CELL_NUMBER
					       ? move_hash_number(hash, c->n)
					       : move_hash_bytes(hash, c->bytes, c->len);
			move_sum_add(ret, hash);
		}
	}
	arena_release(&p.arena);
	return rc;
}

/* ---- copying ---- */

/* " ON CONFLICT (id) DO UPDATE SET name = excluded.name ..." */
static void append_update(const struct move_table *t, GString *sql)
{
	char *keys = names_of(t, t->keys);
	char **names = g_strsplit(t->columns, ", ", -1);

	g_string_append_printf(sql, " ON CONFLICT (%s) DO UPDATE SET ", keys);
	for (int i = t->keys; names[i]; i++)
		g_string_append_printf(sql, "%s%s = excluded.%s", i > t->keys ? ", " : "", names[i],
				       names[i]);
	g_strfreev(names);
	g_free(keys);
}

/*
 * SQL for the main account of a row of list(?1) l, which PostgreSQL's tables of a
 * family's rows have too; NULL: it is none of them. The value 0 has no account.
 */
static const char *root_of(const struct move_table *t)
{
	static const char *const tables[][2] = {
		{ "dimension_value", "COALESCE(" ROOT_OF("l.b") ", 0)" },
		{ "series", ROOT_OF("l.b") },
		{ "series_value", "(SELECT s.root FROM series s WHERE s.id = l.b)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (strcmp(tables[i][0], t->name) == 0)
			return tables[i][1];
	return NULL;
}

static const char *insert_sql(const struct move_table *t)
{
	const char *root = root_of(t);
	GString *sql = g_string_new(NULL);

	g_string_append_printf(sql, "INSERT INTO \"%s\" (%s%s) SELECT ", t->name, t->columns,
			       root ? "{, root}" : "");
	for (int i = 0; t->kinds[i]; i++)
		g_string_append_printf(sql, t->kinds[i] == 'o' ? "%sNULLIF(l.%c, 0)" : "%sl.%c",
				       i ? ", " : "", 'a' + i);
	if (root)
		g_string_append_printf(sql, "{, %s}", root);
	g_string_append(sql, " FROM list(?1) l WHERE true");
	if (t->how == MOVE_CHANGES)
		append_update(t, sql);
	else if (t->how == MOVE_GROWS)
		g_string_append(sql, " ON CONFLICT DO NOTHING");
	return constant(g_string_free(sql, FALSE));
}

static int add_page(struct store *to, const struct move_table *t, const struct move_page *p,
		    struct error *err)
{
	struct stmt *s = prepare(to, insert_sql(t), err);
	struct db_list list = { p->cells, p->n, columns_of(t) };

	db_bind_list(s, 1, &list);
	return db_step(s, err);
}

static int copy_all(struct store *from, struct store *to, const struct move_table *t,
		    struct error *err)
{
	struct move_page p = { .n = 0 };
	int rc = 0;

	arena_init(&p.arena);
	while (rc == 0 && (rc = next_page(from, t, &p, err)) > 0)
		rc = add_page(to, t, &p, err);
	arena_release(&p.arena);
	return rc;
}

/* ---- tables that grow ---- */

/* The rows with ids of [AT * PAGE, (AT + 1) * PAGE). */
struct id_block {
	int64_t at, n, sum;
};

static void read_block(struct stmt *s, struct arena *arena, void *ret)
{
	(void)arena;
	*(struct id_block *)ret = (struct id_block) { db_get_int(s, 0), db_get_int(s, 1),
						      db_get_int(s, 2) };
}

/* Blocks from ?1 on. Each column is in the sum, times a number of its own. */
static const char *blocks_sql(const struct move_table *t)
{
	GString *sql = g_string_new("SELECT id / " PAGE ", count(*), CAST(sum(");
	char **names = g_strsplit(t->columns, ", ", -1);

	for (int i = 0; names[i]; i++)
		g_string_append_printf(sql,
				       strchr("no", t->kinds[i]) ? "%s%d * (COALESCE(%s, 0) %% "
								   "1000003)"
								 : "%s%d * length(%s)",
				       i ? " + " : "", 2 * i + 1, names[i]);
	g_string_append_printf(sql,
			       ") AS bigint) FROM \"%s\" WHERE id >= ?1 * " PAGE
			       " GROUP BY 1 ORDER BY 1",
			       t->name);
	g_strfreev(names);
	return constant(g_string_free(sql, FALSE));
}

static struct rows read_blocks(struct store *st, const struct move_table *t, int64_t first,
			       struct arena *arena, struct error *err)
{
	struct stmt *s = prepare(st, blocks_sql(t), err);

	db_bind_int(s, 1, first);
	return store_rows(s, read_block, sizeof(struct id_block), arena, err);
}

/* Sets LIST to the blocks of FROM that TO does not have like that. Returns how many. */
static size_t compare_blocks(const struct rows *from, const struct rows *to, int64_t *list)
{
	const struct id_block *a = from->items, *b = to->items;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < from->n; i++) {
		while (k < to->n && b[k].at < a[i].at)
			k++;
		if (k == to->n || b[k].at != a[i].at || b[k].n != a[i].n || b[k].sum != a[i].sum)
			list[n++] = a[i].at;
	}
	return n;
}

static int64_t rows_in(const struct rows *blocks)
{
	const struct id_block *b = blocks->items;
	int64_t n = 0;

	for (size_t i = 0; i < blocks->n; i++)
		n += b[i].n;
	return n;
}

/* Copies what TO lacks of the N blocks. */
static int copy_blocks(struct store *from, struct store *to, const struct move_table *t,
		       const int64_t *list, size_t n, struct error *err)
{
	enum { ROWS = 2000 /* PAGE */ };
	int64_t reached = INT64_MIN; /* all rows up to this id were copied */
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct db_cell before[16] = { { .n = MAX(list[i] * ROWS - 1, reached) } };
		struct move_page p = { .cells = before, .n = 1 };

		if (reached >= list[i] * ROWS + ROWS - 1)
			continue;
		arena_init(&p.arena);
		/* a page is at least a block */
		rc = next_page(from, t, &p, err);
		if (rc > 0) {
			reached = p.cells[(p.n - 1) * (size_t)columns_of(t)].n;
			rc = add_page(to, t, &p, err);
		}
		arena_release(&p.arena);
	}
	return rc;
}

/*
 * Copies the rows that TO lacks. They are not only those with the largest ids: the
 * ids of two writers at once are not in the order of their commits.
 */
static int copy_growing(struct store *from, struct store *to, const struct move_table *t,
			struct arena *arena, struct error *err)
{
	struct rows a = read_blocks(from, t, 0, arena, err), b = read_blocks(to, t, 0, arena, err);
	int64_t *list = arena_array(arena, int64_t, a.n + 1);
	size_t n;

	if (a.rc < 0 || b.rc < 0)
		return -1;
	n = compare_blocks(&a, &b, list);
	if (n) {
		if (copy_blocks(from, to, t, list, n, err) < 0)
			return -1;
		b = read_blocks(to, t, 0, arena, err);
		if (b.rc < 0)
			return -1;
		n = compare_blocks(&a, &b, list);
	}
	return n == 0 && rows_in(&a) == rows_in(&b) ? 0 : move_other_copy(err);
}

static int copy_rows(struct store *from, struct store *to, const struct move_table *t,
		     struct error *err)
{
	struct arena arena;
	int rc;

	if (t->how != MOVE_GROWS)
		return copy_all(from, to, t, err);
	arena_init(&arena);
	rc = copy_growing(from, to, t, &arena, err);
	arena_release(&arena);
	return rc;
}

static int empty(struct store *to, const struct move_table *t, struct error *err)
{
	const char *sql = constant(
		g_strdup_printf("DELETE FROM \"%s\" WHERE true%s", t->name, only_of(t)));

	return db_step(prepare(to, sql, err), err);
}

/* Does the table differ? 1 yes, 0 no, -1 failed. */
static int differs(struct store *from, struct store *to, const struct move_table *t,
		   struct error *err)
{
	struct move_sum a, b;

	if (t->how == MOVE_GROWS)
		return 1;
	if (move_table_sum(from, t, &a, err) < 0 || move_table_sum(to, t, &b, err) < 0)
		return -1;
	return a.n != b.n || a.hash != b.hash;
}

int move_tables_copy(struct store *from, struct store *to, struct error *err)
{
	bool copies[ARRAY_SIZE(move_tables)];

	for (size_t i = 0; i < move_n_tables; i++) {
		int rc = differs(from, to, &move_tables[i], err);

		if (rc < 0)
			return -1;
		copies[i] = rc;
		/* rows that are removed must not be referred to */
		if (i && copies[i - 1] && move_tables[i].flags & MOVE_REFERS)
			copies[i] = true;
	}
	for (size_t i = move_n_tables; i-- > 0;)
		if (copies[i] && move_tables[i].how == MOVE_REPLACE &&
		    empty(to, &move_tables[i], err) < 0)
			return -1;
	for (size_t i = 0; i < move_n_tables; i++)
		if (copies[i] && copy_rows(from, to, &move_tables[i], err) < 0)
			return -1;
	return 0;
}
