#include "store/sqlite/family_sums.h"

#include "base/civil.h"
#include "store/lists.h"
#include "store/schema.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/rollup_group.h"
#include "base/banned.h"

/* Entries of a month are added up whenever there are so many more. */
enum { ENTRIES_AT_ONCE = 65536 };

/* ---- which families have sums ---- */

/* Has the account ID so many subaccounts? The number is FAMILY_LEAST - 1. */
#define IS_LARGE(id) \
	"(SELECT 1 FROM account x WHERE x.parent = " id " LIMIT 1 OFFSET 15) IS NOT NULL"
_Static_assert(FAMILY_LEAST == 16, "IS_LARGE passes over one less");

int family_sums_kept(struct store *st, int64_t root, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT " IS_LARGE("?1"), err);
	int64_t large = 0;

	db_bind_int(s, 1, root);
	return store_one(s, &large, err) < 0 ? -1 : large != 0;
}

int family_sums_of(struct store *st, const struct rollup *list, size_t n, struct arena *arena,
		   const int64_t **ret, size_t *ret_n, struct error *err)
{
	int64_t *roots = arena_array(arena, int64_t, n), last = 0;
	struct stmt *s;
	size_t asked = 0;

	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!list[i].family || list[i].family == list[i].account || list[i].family == last)
			continue;
		last = roots[asked++] = list[i].family;
	}
	if (!asked)
		return 0;
	s = prepare(st, "SELECT DISTINCT l.a FROM list(?1) l WHERE " IS_LARGE("l.a") " ORDER BY 1",
		    err);
	bind_ids(s, 1, arena, roots, asked);
	return store_ids(s, arena, ret, ret_n, err);
}

/* ---- a month of the subaccounts ---- */

/* The subaccounts of a family, and one of their months. */
struct family_month {
	struct store *st;
	struct arena arena;
	int64_t root, month;
	struct sums_account *accounts;
	size_t n_accounts;
	GArray *detail; /* by category and quarter hour of the month */
	guint most;     /* so many entries are added up */
};

static int open_family(struct family_month *f, struct store *st, int64_t root, struct error *err)
{
	struct stmt *s;
	const int64_t *ids;

	*f = (struct family_month) { .st = st, .root = root };
	arena_init(&f->arena);
	f->detail = g_array_new(FALSE, FALSE, sizeof(struct rollup_entry));
	s = prepare(st, "SELECT id FROM account WHERE parent = ?1", err);
	db_bind_int(s, 1, root);
	if (store_ids(s, &f->arena, &ids, &f->n_accounts, err) < 0)
		return -1;
	f->accounts = arena_array(&f->arena, struct sums_account, f->n_accounts);
	for (size_t i = 0; i < f->n_accounts; i++)
		f->accounts[i].id = ids[i];
	return 0;
}

static void close_family(struct family_month *f)
{
	g_array_free(f->detail, TRUE);
	arena_release(&f->arena);
}

static int add_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct family_month *f = arg;
	struct rollup_entry e = { .category = row->category,
				  .slot = (int64_t)row->span,
				  .amounts = *row->amounts };

	(void)err;
	g_array_append_val(f->detail, e);
	if (f->detail->len < f->most)
		return 0;
	rollup_add_up(f->detail);
	f->most = f->detail->len + ENTRIES_AT_ONCE;
	return 0;
}

/* Sets the detail to that of the subaccounts in the month. */
static int read_month(struct family_month *f, int64_t month, struct error *err)
{
	struct slot_span spans[31 * SLOTS_PER_DAY];
	int64_t first = slot_of_day(slot_month_day(month));
	struct sums_query q = { .accounts = f->accounts,
				.n_accounts = f->n_accounts,
				.spans = spans,
				.any_account = true };

	f->month = month;
	f->most = ENTRIES_AT_ONCE;
	g_array_set_size(f->detail, 0);
	q.n_spans = (size_t)(slot_of_day(slot_month_day(month + 1)) - first);
	for (size_t i = 0; i < q.n_spans; i++)
		spans[i] = (struct slot_span) { first + (int64_t)i, first + (int64_t)i + 1 };
	if (sqlite_sums(f->st, &q, add_row, f, err) < 0)
		return -1;
	rollup_add_up(f->detail);
	return 0;
}

/* The first month after AFTER in which a subaccount has rollups. 1, 0 none, -1. */
static int next_month(struct family_month *f, int64_t after, int64_t *ret, struct error *err)
{
	struct stmt *s =
		prepare(f->st,
			"SELECT min((SELECT r.period FROM rollup r WHERE r.place = ?2"
			" AND r.account = x.id AND r.period > ?3 ORDER BY r.period LIMIT 1))"
			" AS next FROM account x WHERE x.parent = ?1 HAVING next IS NOT NULL",
			err);

	db_bind_int(s, 1, f->root);
	db_bind_int(s, 2, PLACE_MONTH);
	db_bind_int(s, 3, after);
	return store_one(s, ret, err);
}

/* Calls TAKE for each month of the subaccounts of ROOT. */
typedef int take_month(void *arg, const struct family_month *f, struct error *err);

static int each_month(struct store *st, int64_t root, take_month *take, void *arg,
		      struct error *err)
{
	struct family_month f;
	int64_t month = INT64_MIN;
	int rc = open_family(&f, st, root, err);

	while (rc >= 0 && (rc = next_month(&f, month, &month, err)) > 0)
		if (read_month(&f, month, err) < 0 || take(arg, &f, err) < 0)
			rc = -1;
	close_family(&f);
	return rc;
}

/* ---- making sums ---- */

static int add_month(void *arg, const struct family_month *f, struct error *err)
{
	const struct rollup_rows rows = { PLACE_MONTH, family_number(f->root), f->month };

	(void)arg;
	return rollup_add_detail(f->st, &rows, (const struct rollup_entry *)f->detail->data,
				 f->detail->len, false, err);
}

int sqlite_account_added(struct store *st, const struct account *a, struct error *err)
{
	struct stmt *s;
	int64_t n = 0;

	if (!a->parent)
		return 0;
	s = prepare(st, "SELECT count(*) FROM (SELECT 1 FROM account WHERE parent = ?1 LIMIT ?2)",
		    err);
	db_bind_int(s, 1, a->parent);
	db_bind_int(s, 2, FAMILY_LEAST + 1);
	if (store_one(s, &n, err) < 0)
		return -1;
	return n == FAMILY_LEAST ? each_month(st, a->parent, add_month, NULL, err) : 0;
}

static int large_families(struct store *st, struct arena *arena, const int64_t **ret, size_t *ret_n,
			  struct error *err)
{
	return store_ids(prepare(st,
				 "SELECT a.id FROM account a WHERE a.parent IS NULL"
				 " AND " IS_LARGE("a.id"),
				 err),
			 arena, ret, ret_n, err);
}

int store_families_make(struct store *st, struct error *err)
{
	struct arena arena;
	const int64_t *roots;
	size_t n = 0;
	int rc;

	arena_init(&arena);
	rc = large_families(st, &arena, &roots, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = each_month(st, roots[i], add_month, NULL, err);
		if (rc == 0)
			rc = schema_progress(st, (int64_t)i + 1, (int64_t)n, err);
	}
	arena_release(&arena);
	return rc;
}

/* ---- comparing ---- */

/* Adds the month day by day, as a walk wants it. */
static int walk_month(void *arg, const struct family_month *f, struct error *err)
{
	struct walk_rollups *w = arg;
	GArray *list = rollup_group(PLACE_QUARTERS, (const struct rollup_entry *)f->detail->data,
				    f->detail->len);
	int rc = 0;

	for (guint i = 0; i < list->len && rc == 0; i++)
		rc = walk_rollups_add_entry(w, family_number(f->root), f->month,
					    &g_array_index(list, struct rollup_entry, i), err);
	g_array_free(list, TRUE);
	return rc;
}

/* The numbers of the families that have rollups, and of those that should. */
#define SHOULD "SELECT -a.id FROM account a WHERE a.parent IS NULL AND " IS_LARGE("a.id")
#define HAVE   "SELECT account FROM rollup WHERE place IN (0, 1, 2, 3, 4) AND account < 0"
#define ALL    SHOULD " UNION " HAVE " ORDER BY 1"
#define OF_LIST                                                        \
	SHOULD " AND a.id IN (SELECT l.a FROM list(?1) l) UNION " HAVE \
	       " AND account IN (SELECT -l.a FROM list(?1) l) ORDER BY 1"

int family_sums_walk(struct store *st, const struct db_list *accounts,
		     const struct rollup_calls *calls, struct error *err)
{
	struct stmt *s = prepare(st, accounts ? OF_LIST : ALL, err);
	struct walk_rollups *w;
	struct arena arena;
	const int64_t *numbers;
	size_t n = 0;
	int rc;

	if (accounts)
		db_bind_list(s, 1, accounts);
	arena_init(&arena);
	rc = store_ids(s, &arena, &numbers, &n, err);
	if (rc < 0 || n == 0) {
		arena_release(&arena);
		return rc;
	}
	w = walk_rollups_new(st, ids_list(&arena, numbers, n), calls);
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = family_sums_kept(st, family_number(numbers[i]), err);
		if (rc > 0)
			rc = each_month(st, family_number(numbers[i]), walk_month, w, err);
	}
	if (rc >= 0)
		rc = walk_rollups_end(w, err);
	walk_rollups_free(&w);
	arena_release(&arena);
	return rc;
}
