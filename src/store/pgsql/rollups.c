/*
 * rollups.c - adds to the sums, in sets. The rows of a
 * table are changed in the order of its key.
 */
#include <glib.h>
#include "store/internal.h"
#include "store/pgsql/driver.h"
#include "store/pgsql/layout.h"
#include "store/places.h"
#include "store/rollup.h"
#include "base/banned.h"

/* What is added to a row of the sums. */
struct row_sum {
	int64_t root, account, category, slot, series;
	int64_t quarter; /* a quarter hour of the slot */
	struct amounts_wide amounts;
};

/* ---- what is added ---- */

static int compare_numbers(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

/* The order of the keys of total_*. */
static gint compare_totals(gconstpointer a, gconstpointer b)
{
	const struct row_sum *x = a, *y = b;
	int order = compare_numbers(x->account, y->account);

	if (!order)
		order = compare_numbers(x->slot, y->slot);
	if (!order)
		order = compare_numbers(x->category, y->category);
	return order ? order : compare_numbers(x->root, y->root);
}

/* The order of the keys of part_*. */
static gint compare_parts(gconstpointer a, gconstpointer b)
{
	const struct row_sum *x = a, *y = b;
	int order = compare_numbers(x->account, y->account);

	if (!order)
		order = compare_numbers(x->category, y->category);
	if (!order)
		order = compare_numbers(x->slot, y->slot);
	if (!order)
		order = compare_numbers(x->series, y->series);
	return order ? order : compare_numbers(x->root, y->root);
}

static struct row_sum *sum_at(const GArray *sums, guint i)
{
	return &g_array_index(sums, struct row_sum, i);
}

static bool is_ascending(const GArray *sums, GCompareFunc compare)
{
	for (guint i = 1; i < sums->len; i++)
		if (compare(sum_at(sums, i - 1), sum_at(sums, i)) >= 0)
			return false;
	return true;
}

/* Puts the list in order, and adds up the entries of one key. */
static void add_up(GArray *sums, GCompareFunc compare)
{
	guint n = 0;

	if (is_ascending(sums, compare))
		return;
	g_array_sort(sums, compare);
	for (guint i = 0; i < sums->len; i++) {
		if (n && compare(sum_at(sums, n - 1), sum_at(sums, i)) == 0)
			amounts_wide_add(&sum_at(sums, n - 1)->amounts, &sum_at(sums, i)->amounts,
					 1);
		else
			*sum_at(sums, n++) = *sum_at(sums, i);
	}
	g_array_set_size(sums, n);
}

/* ---- entries of one key ---- */

/*
 * Finds sums by key: an open hash table of places in the list, from 1; 0: none.
 * Most events of a batch share their sums with many others.
 */
struct sum_index {
	guint *places;
	size_t mask;
};

static size_t sum_hash(const struct row_sum *s)
{
	uint64_t hash = (uint64_t)s->account * 0x9e3779b97f4a7c15u;

	hash = (hash ^ (uint64_t)s->slot) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ (uint64_t)s->category) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ (uint64_t)s->series) * 0x9e3779b97f4a7c15u;
	return (size_t)(hash ^ hash >> 29);
}

static void index_init(struct sum_index *index, size_t n)
{
	index->mask = 15;
	while (index->mask < 2 * n)
		index->mask = 2 * index->mask + 1;
	index->places = g_new0(guint, index->mask + 1);
}

/* Adds the sum to the one of its key, or to the end of the list. */
static void index_add(struct sum_index *index, GArray *sums, const struct row_sum *sum)
{
	size_t at = sum_hash(sum) & index->mask;

	for (; index->places[at]; at = (at + 1) & index->mask) {
		struct row_sum *have = sum_at(sums, index->places[at] - 1);

		if (have->account == sum->account && have->slot == sum->slot &&
		    have->category == sum->category && have->series == sum->series) {
			amounts_wide_add(&have->amounts, &sum->amounts, 1);
			return;
		}
	}
	g_array_append_vals(sums, sum, 1);
	index->places[at] = sums->len;
}

static struct row_sum sum_of(const struct rollup *r, bool parts)
{
	return (struct row_sum) { .root = r->family ? r->family : r->account,
				  .account = r->account,
				  .category = r->category,
				  .slot = r->slot,
				  .series = parts ? r->series : 0,
				  .quarter = r->slot,
				  .amounts = amounts_widen(&r->amounts) };
}

/*
 * The sums of LIST by quarter hour; of PARTS only those of a series, and one for
 * each series.
 */
static GArray *sums_of(const struct rollup *list, size_t n, bool parts)
{
	GArray *ret = g_array_new(FALSE, FALSE, sizeof(struct row_sum));
	struct sum_index index;

	index_init(&index, n);
	for (size_t i = 0; i < n; i++) {
		struct row_sum sum = sum_of(&list[i], parts);

		if (!parts || sum.series)
			index_add(&index, ret, &sum);
	}
	g_free(index.places);
	return ret;
}

/* ---- the tables ---- */

enum {
	CELL_ROOT,
	CELL_ACCOUNT,
	CELL_SLOT,
	CELL_CATEGORY,
	CELL_AMOUNTS,
	CELL_SERIES = CELL_AMOUNTS + AMOUNTS,
	SUM_CELLS
};

#define PLUS(table, name) name " = " table "." name " + excluded." name
#define LIST_AMOUNTS      "l.e, l.f, l.g, l.h"
#define ADD_AMOUNTS       " DO UPDATE SET " AMOUNT_EACH(PLUS, "t")
#define TOTAL_KEY         "root, account, slot, category"
#define ADD_TOTAL(level)                                                   \
	"INSERT INTO total_" level " AS t (" TOTAL_KEY ", " AMOUNT_COLUMNS \
	") SELECT l.a, l.b, l.c, l.d, " LIST_AMOUNTS " FROM list(?1) l"    \
	" ON CONFLICT (" TOTAL_KEY ")" ADD_AMOUNTS
#define ADD_PART(level)                                                           \
	"INSERT INTO part_" level " AS t (" TOTAL_KEY ", series, " AMOUNT_COLUMNS \
	") SELECT l.a, l.b, l.c, l.d, l.i, " LIST_AMOUNTS " FROM list(?1) l"      \
	" ON CONFLICT (" TOTAL_KEY ", series)" ADD_AMOUNTS

static const char *const add_totals[LEVELS] = {
	[LEVEL_QUARTER] = ADD_TOTAL("quarter"),
	[LEVEL_DAY] = ADD_TOTAL("day"),
	[LEVEL_MONTH] = ADD_TOTAL("month"),
};
static const char *const add_parts[LEVELS] = {
	[LEVEL_QUARTER] = ADD_PART("quarter"),
	[LEVEL_DAY] = ADD_PART("day"),
	[LEVEL_MONTH] = ADD_PART("month"),
};

/* Of the rows of a list, those that have become zero: they may be missing. */
#define IS_ZERO(table, name) table "." name " = 0"
#define ARE_ZERO              \
	IS_ZERO("t", "count") \
	" AND " IS_ZERO("t", "usage") " AND " IS_ZERO("t", "price") " AND " IS_ZERO("t", "upload")
#define DROP_ZERO(table, more)                                        \
	"DELETE FROM " table " t USING list(?1) l WHERE t.root = l.a" \
	" AND t.account = l.b AND t.slot = l.c AND t.category = l.d" more " AND " ARE_ZERO
#define DROP_TOTAL(level) DROP_ZERO("total_" level, "")
#define DROP_PART(level)  DROP_ZERO("part_" level, " AND t.series = l.i")

static const char *const drop_totals[LEVELS] = {
	[LEVEL_QUARTER] = DROP_TOTAL("quarter"),
	[LEVEL_DAY] = DROP_TOTAL("day"),
	[LEVEL_MONTH] = DROP_TOTAL("month"),
};
static const char *const drop_parts[LEVELS] = {
	[LEVEL_QUARTER] = DROP_PART("quarter"),
	[LEVEL_DAY] = DROP_PART("day"),
	[LEVEL_MONTH] = DROP_PART("month"),
};

static void fill_cells(struct db_cell *row, const struct row_sum *s, const struct amounts *a)
{
	row[CELL_ROOT].n = s->root;
	row[CELL_ACCOUNT].n = s->account;
	row[CELL_SLOT].n = s->slot;
	row[CELL_CATEGORY].n = s->category;
	row[CELL_SERIES].n = s->series;
	for (int i = 0; i < AMOUNTS; i++)
		row[CELL_AMOUNTS + i].n = a->n[i];
}

/* Makes a list of the sums, which fit. Sums of zero are left out. */
static void make_list(const GArray *sums, struct arena *arena, struct db_list *ret)
{
	struct db_cell *cells = arena_array(arena, struct db_cell, (size_t)sums->len * SUM_CELLS);

	*ret = (struct db_list) { .cells = cells, .columns = SUM_CELLS };
	for (guint i = 0; i < sums->len; i++) {
		const struct row_sum *s = sum_at(sums, i);
		struct amounts a;

		if (amounts_wide_zero(&s->amounts))
			continue;
		amounts_narrow(&s->amounts, &a);
		fill_cells(cells + ret->n++ * SUM_CELLS, s, &a);
	}
}

/* ---- what fits ---- */

/* Would the stored amount and that of the list exceed 64 bits together? */
#define EXCEEDS(name, added)                                                     \
	"t." name " > 9223372036854775807 - GREATEST(l." added ", 0) OR t." name \
	" < -9223372036854775807 - 1 - LEAST(l." added ", 0)"
#define ANY_EXCEEDS           \
	EXCEEDS("count", "e") \
	" OR " EXCEEDS("usage", "f") " OR " EXCEEDS("price", "g") " OR " EXCEEDS("upload", "h")
#define FIND_EXCEEDING                                                                     \
	"SELECT " LIST_AMOUNTS ", " AMOUNT_COLUMNS_OF(                                     \
		"t") " FROM list(?1) l"                                                    \
		     " CROSS JOIN LATERAL (SELECT * FROM total_month t WHERE t.root = l.a" \
		     " AND t.account = l.b AND t.slot = l.c AND t.category = l.d"          \
		     " AND at(t.root, ?2) LIMIT 1) t"                                      \
		     " WHERE " ANY_EXCEEDS " ORDER BY l.rowid LIMIT 1"

static int month_exceeded(struct stmt *s, struct error *err)
{
	struct amounts added, have;
	struct amounts_wide sum;

	store_get_amounts(s, 0, &added);
	store_get_amounts(s, AMOUNTS, &have);
	sum = amounts_widen(&have);
	amounts_wide_count(&sum, &added);
	return store_rollup_check(&sum, err);
}

/* The rows of the list that are kept in the place. */
static void choose_rows(const struct db_list *list, const struct place *place, struct arena *arena,
			struct db_list *ret)
{
	size_t columns = (size_t)list->columns;
	struct db_cell *cells = arena_array(arena, struct db_cell, place->n * columns);

	for (size_t i = 0; i < place->n; i++)
		memcpy(cells + i * columns, list->cells + place->items[i] * columns,
		       columns * sizeof(*cells));
	*ret = (struct db_list) { cells, place->n, list->columns };
}

/*
 * Fails if the total of a month would no longer fit: before the statement that
 * adds to the months, which would not tell which amount it is.
 */
static int check_months(struct store *st, const struct db_list *months, struct arena *arena,
			struct error *err)
{
	int64_t *families = arena_array(arena, int64_t, months->n);
	struct places places;

	for (size_t i = 0; i < months->n; i++)
		families[i] = months->cells[i * SUM_CELLS + CELL_ROOT].n;
	if (store_places_of_families(st, families, months->n, arena, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.n; i++) {
		struct stmt *s = prepare(st, FIND_EXCEEDING, err);
		struct db_list some;

		choose_rows(months, &places.list[i], arena, &some);
		db_bind_list(s, 1, &some);
		db_bind_list(s, 2, places.list[i].families);
		if (pgsql_expect_none(s, month_exceeded, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- adding ---- */

/* What is added to each table. */
struct additions {
	GArray *sums[2][LEVELS]; /* of the totals, and of the parts */
};

static void additions_init(struct additions *a, const struct rollup *list, size_t n)
{
	for (int parts = 0; parts < 2; parts++) {
		GCompareFunc compare = parts ? compare_parts : compare_totals;
		GArray *sums = sums_of(list, n, parts);

		for (int level = LEVEL_QUARTER; level < LEVELS; level++) {
			if (level > LEVEL_QUARTER)
				sums = g_array_copy(sums);
			for (guint i = 0; level > LEVEL_QUARTER && i < sums->len; i++)
				sum_at(sums, i)->slot = slot_of((enum level)level,
								sum_at(sums, i)->quarter);
			add_up(sums, compare);
			a->sums[parts][level] = sums;
		}
	}
}

static void additions_release(struct additions *a)
{
	for (int parts = 0; parts < 2; parts++)
		for (int level = LEVEL_QUARTER; level < LEVELS; level++)
			g_array_free(a->sums[parts][level], TRUE);
}

/* Does each sum fit 64 bits? */
static bool sums_fit(const GArray *sums)
{
	struct amounts narrow;

	for (guint i = 0; i < sums->len; i++)
		if (!amounts_narrow(&sum_at(sums, i)->amounts, &narrow))
			return false;
	return true;
}

static bool additions_fit(const struct additions *a)
{
	for (int parts = 0; parts < 2; parts++)
		for (int level = LEVEL_QUARTER; level < LEVELS; level++)
			if (!sums_fit(a->sums[parts][level]))
				return false;
	return true;
}

static int add_level(struct store *st, const GArray *sums, enum level level, bool parts,
		     struct error *err)
{
	struct stmt *s;
	struct db_list list;
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	make_list(sums, &arena, &list);
	if (list.n && level == LEVEL_MONTH && !parts)
		rc = check_months(st, &list, &arena, err);
	if (rc == 0 && list.n) {
		s = prepare(st, (parts ? add_parts : add_totals)[level], err);
		db_bind_list(s, 1, &list);
		rc = db_later(s, err);
	}
	arena_release(&arena);
	return rc;
}

int pgsql_rollups_add(struct store *st, const struct rollup *list, size_t n, struct error *err)
{
	struct additions a;
	bool fit;
	int rc = 0;

	if (!n)
		return 0;
	additions_init(&a, list, n);
	fit = additions_fit(&a);
	/* months first: their check says which amount does not fit */
	for (int parts = 0; fit && parts < 2; parts++)
		for (int level = LEVEL_MONTH; level >= LEVEL_QUARTER && rc == 0; level--)
			rc = add_level(st, a.sums[parts][level], (enum level)level, parts, err);
	additions_release(&a);
	if (fit)
		return rc;
	/* they may fit a total that is negative */
	return pgsql_rollups_add(st, list, n / 2, err) < 0
		       ? -1
		       : pgsql_rollups_add(st, list + n / 2, n - n / 2, err);
}

static int drop_zero(struct store *st, const GArray *sums, enum level level, bool parts,
		     struct error *err)
{
	struct stmt *s = prepare(st, (parts ? drop_parts : drop_totals)[level], err);
	struct db_list list;
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	make_list(sums, &arena, &list);
	db_bind_list(s, 1, &list);
	if (list.n)
		rc = db_later(s, err);
	arena_release(&arena);
	return rc;
}

int pgsql_level_add(struct store *st, const struct rollup *list, size_t n, bool parts,
		    struct error *err)
{
	GArray *sums = g_array_sized_new(FALSE, FALSE, sizeof(struct row_sum), (guint)n);
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct row_sum sum = sum_of(&list[i], parts);

		g_array_append_val(sums, sum);
	}
	add_up(sums, parts ? compare_parts : compare_totals);
	rc = sums_fit(sums) ? add_level(st, sums, list[0].level, parts, err)
			    : error_set(err, ERR_OVERFLOW, NULL, "a sum would not fit 64 bits");
	if (rc == 0)
		rc = drop_zero(st, sums, list[0].level, parts, err);
	g_array_free(sums, TRUE);
	return rc;
}

/* ---- a stored sum ---- */

#define ONE_SUM(table, more)                                                        \
	"SELECT " AMOUNT_COLUMNS " FROM " table " WHERE account = ?1 AND slot = ?2" \
	" AND category = ?3 AND root = ?5" more
#define ONE_TOTAL(level) ONE_SUM("total_" level, "")
#define ONE_PART(level)  ONE_SUM("part_" level, " AND series = ?4")

static const char *const one_total[LEVELS] = {
	[LEVEL_QUARTER] = ONE_TOTAL("quarter"),
	[LEVEL_DAY] = ONE_TOTAL("day"),
	[LEVEL_MONTH] = ONE_TOTAL("month"),
};
static const char *const one_part[LEVELS] = {
	[LEVEL_QUARTER] = ONE_PART("quarter"),
	[LEVEL_DAY] = ONE_PART("day"),
	[LEVEL_MONTH] = ONE_PART("month"),
};

int pgsql_rollup_sum(struct store *st, const struct rollup *key, struct amounts_wide *ret,
		     struct error *err)
{
	struct stmt *s = prepare(st, (key->series ? one_part : one_total)[key->level], err);
	struct amounts a = { 0 };
	int rc;

	db_bind_int(s, 1, key->account);
	db_bind_int(s, 2, key->slot);
	db_bind_int(s, 3, key->category);
	db_bind_int(s, 4, key->series);
	db_bind_int(s, 5, key->family ? key->family : key->account);
	rc = db_step(s, err);
	if (rc > 0)
		store_get_amounts(s, 0, &a);
	db_reset(s);
	*ret = amounts_widen(&a);
	return rc < 0 ? -1 : 0;
}
