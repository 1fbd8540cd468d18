/*
 * rollup_migrate.c - the rollups of an older ledger, six tables, become one.
 */
#include <glib.h>
#include "store/internal.h"
#include "store/rollup.h"
#include "store/schema.h"
#include "base/banned.h"

enum { ROWS_AT_ONCE = 50000 };

/* Those that there were then. */
#define OLD_AMOUNTS "count, usage, price, upload"

/* The totals of an account's quarter hours, and their parts by series. */
#define OLD_ROLLUPS                                                                       \
	"SELECT 0, slot, category, " OLD_AMOUNTS " FROM total_quarter WHERE account = ?1" \
	" UNION ALL SELECT series, slot, category, " OLD_AMOUNTS                          \
	" FROM part_quarter WHERE account = ?1"

static int add(struct store *st, GArray *list, struct error *err)
{
	int rc = store_rollups_add(st, (const struct rollup *)list->data, list->len, err);

	g_array_set_size(list, 0);
	return rc;
}

/* A part is taken away from its total: what is left has no dimensions. */
static void append_row(GArray *list, struct stmt *s, int64_t account)
{
	struct rollup r = { .level = LEVEL_QUARTER,
			    .account = account,
			    .series = db_get_int(s, 0),
			    .slot = db_get_int(s, 1),
			    .category = db_get_int(s, 2) };

	r.amounts = (struct amounts) { .count = db_get_int(s, 3),
				       .usage = db_get_int(s, 4),
				       .price = db_get_int(s, 5),
				       .upload = db_get_int(s, 6) };
	g_array_append_val(list, r);
	if (!r.series)
		return;
	r.series = 0;
	r.amounts = amounts_negated(&r.amounts);
	g_array_append_val(list, r);
}

struct migration {
	struct store *st;
	GArray *list;
	int64_t done, all; /* rows */
};

static int flush(struct migration *m, struct error *err)
{
	return add(m->st, m->list, err) < 0 ? -1 : schema_progress(m->st, m->done, m->all, err);
}

static int migrate_account(struct migration *m, int64_t account, struct error *err)
{
	struct stmt *s = prepare(m->st, OLD_ROLLUPS, err);
	int rc;

	db_bind_int(s, 1, account);
	while ((rc = db_step(s, err)) > 0) {
		append_row(m->list, s, account);
		m->done++;
		if (m->list->len >= ROWS_AT_ONCE && flush(m, err) < 0) {
			db_reset(s);
			return -1;
		}
	}
	return rc < 0 ? -1 : flush(m, err);
}

static int count_rows(struct store *st, int64_t *ret, struct error *err)
{
	return store_one(prepare(st,
				 "SELECT (SELECT count(*) FROM total_quarter)"
				 " + (SELECT count(*) FROM part_quarter)",
				 err),
			 ret, err) < 0
		       ? -1
		       : 0;
}

int store_rollups_migrate(struct store *st, struct error *err)
{
	struct migration m = { .st = st };
	struct stmt *s;
	int rc;

	if (count_rows(st, &m.all, err) < 0)
		return -1;
	m.list = g_array_new(FALSE, FALSE, sizeof(struct rollup));
	s = prepare(st, "SELECT id FROM account", err);
	while ((rc = db_step(s, err)) > 0)
		if (migrate_account(&m, db_get_int(s, 0), err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	g_array_free(m.list, TRUE);
	return rc < 0 ? -1
		      : db_exec(st->db,
				"DROP TABLE total_quarter; DROP TABLE total_day; DROP TABLE "
				"total_month;"
				"DROP TABLE part_quarter; DROP TABLE part_day; DROP TABLE "
				"part_month;",
				err);
}
