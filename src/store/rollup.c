#include "store/rollup.h"

#include "base/civil.h"
#include "store/internal.h"
#include "base/banned.h"

#define TOTAL_ADD(table)                                                  \
	"INSERT INTO " table " (account, slot, category, " AMOUNT_COLUMNS \
	") VALUES (?1, ?2, ?3, " AMOUNT_PARAMS ")"                        \
	" ON CONFLICT (account, slot, category) DO UPDATE SET " AMOUNT_SUMS(table)
#define PART_ADD(table)                                                   \
	"INSERT INTO " table " (account, slot, category, " AMOUNT_COLUMNS \
	", series) VALUES (?1, ?2, ?3, " AMOUNT_PARAMS ", ?)"             \
	" ON CONFLICT (account, category, slot, series) DO UPDATE SET " AMOUNT_SUMS(table)

/* by level; false: by category, true: by series */
static const char *const add_sql[LEVELS][2] = {
	[LEVEL_QUARTER] = { TOTAL_ADD("total_quarter"), PART_ADD("part_quarter") },
	[LEVEL_DAY] = { TOTAL_ADD("total_day"), PART_ADD("part_day") },
	[LEVEL_MONTH] = { TOTAL_ADD("total_month"), PART_ADD("part_month") },
};

int store_rollups_add(struct store *st, const struct rollup *rows, size_t n, struct error *err)
{
	const char *prepared = NULL;
	struct stmt *s = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct rollup *r = &rows[i];
		const char *sql = add_sql[r->level][r->series != 0];

		if (sql != prepared) {
			s = prepare(st, sql, err);
			prepared = sql;
		}
		db_bind_int(s, 1, r->account);
		db_bind_int(s, 2, r->slot);
		db_bind_int(s, 3, r->category);
		store_bind_amounts(s, 4, &r->amounts);
		if (r->series)
			db_bind_int(s, 4 + AMOUNTS, r->series);
		if (db_step(s, err) < 0)
			return -1;
	}
	return 0;
}

#define TOTAL_SCAN(table)                                       \
	"SELECT slot, category, " AMOUNT_COLUMNS " FROM " table \
	" WHERE account = ?1 AND slot >= ?2 AND slot < ?3 ORDER BY slot, category"
#define TOTAL_SCAN_ONE(table)                                   \
	"SELECT slot, category, " AMOUNT_COLUMNS " FROM " table \
	" WHERE account = ?1 AND slot >= ?2 AND slot < ?3 AND category = ?4 ORDER BY slot"
#define PART_COLUMNS "p.slot, p.category, " AMOUNT_COLUMNS ", p.series" DIMENSION_S_COLUMNS
/* A condition with one parameter for each dimension; 0 matches any value. */
#define DIMENSION_MATCH(id, column, ...) " AND ? IN (0, s." column ")"
/*
 * CROSS JOIN makes the first table the outer loop: rollups come in order,
 * without sorting.
 */
#define PART_SCAN(table)                                                                     \
	"SELECT " PART_COLUMNS " FROM " table " p CROSS JOIN series s WHERE s.id = p.series" \
	" AND p.account = ?1 AND p.slot >= ?2 AND p.slot < ?3 AND p.category = "             \
	"?4" DIMENSION_LIST(DIMENSION_MATCH) " ORDER BY p.slot, p.series"
#define ROWS_SCAN(table)                                                \
	"SELECT slot, category, " AMOUNT_COLUMNS ", series FROM " table \
	" WHERE account = ?1 AND slot >= ?2 AND slot < ?3 AND category = ?4 ORDER BY slot, series"
/* Looks up one series in each slot. */
#define PART_LOOKUP(table)                                                                       \
	"WITH RECURSIVE slots(n) AS (SELECT ?2 UNION ALL SELECT n + 1 FROM slots WHERE n + 1 < " \
	"?3)"                                                                                    \
	" SELECT " PART_COLUMNS " FROM series s CROSS JOIN slots CROSS JOIN " table " p"         \
	" WHERE s.id = ?5 AND p.account = ?1 AND p.category = ?4 AND p.slot = slots.n AND "      \
	"p.series = ?5 ORDER BY p.slot"

enum scan_kind { SCAN_TOTALS, SCAN_TOTAL, SCAN_PARTS, SCAN_ROWS, SCAN_SERIES, SCAN_KINDS };

#define SCANS(level)                                                                             \
	{                                                                                        \
		[SCAN_TOTALS] = TOTAL_SCAN("total_" level),                                      \
		[SCAN_TOTAL] = TOTAL_SCAN_ONE("total_" level),                                   \
		[SCAN_PARTS] = PART_SCAN("part_" level), [SCAN_ROWS] = ROWS_SCAN("part_" level), \
		[SCAN_SERIES] = PART_LOOKUP("part_" level),                                      \
	}

static const char *const scan_sql[LEVELS][SCAN_KINDS] = {
	[LEVEL_QUARTER] = SCANS("quarter"),
	[LEVEL_DAY] = SCANS("day"),
	[LEVEL_MONTH] = SCANS("month"),
};

static enum scan_kind kind_of(const struct rollup_scan *scan)
{
	if (!scan->by_series)
		return scan->category ? SCAN_TOTAL : SCAN_TOTALS;
	return scan->series ? SCAN_SERIES : scan->no_dims ? SCAN_ROWS : SCAN_PARTS;
}

static struct stmt *prepare_scan(struct store *st, const char *sql, const struct rollup_scan *scan,
				 struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, scan->account);
	db_bind_int(s, 2, scan->from);
	db_bind_int(s, 3, scan->to);
	if (scan->category)
		db_bind_int(s, 4, scan->category);
	if (scan->series)
		db_bind_int(s, 5, scan->series);
	else
		for (int d = 0; scan->by_series && !scan->no_dims && d < DIMENSIONS; d++)
			db_bind_int(s, 5 + d, scan->dim[d]);
	return s;
}

int store_scan_begin(struct store *st, const struct rollup_scan *scan, struct error *err)
{
	store_scan_end(st);
	st->scan = prepare_scan(st, scan_sql[scan->level][kind_of(scan)], scan, err);
	st->scanned = *scan;
	return st->scan ? 0 : -1;
}

int store_scan_next(struct store *st, struct rollup *ret, struct error *err)
{
	int rc = db_step(st->scan, err);

	if (rc <= 0) {
		st->scan = NULL;
		return rc;
	}
	*ret = (struct rollup) {
		.level = st->scanned.level,
		.account = st->scanned.account,
		.slot = db_get_int(st->scan, 0),
		.category = db_get_int(st->scan, 1),
	};
	store_get_amounts(st->scan, 2, &ret->amounts);
	if (!st->scanned.by_series)
		return 1;
	ret->series = db_get_int(st->scan, 2 + AMOUNTS);
	for (int d = 0; d < DIMENSIONS && !st->scanned.no_dims; d++)
		ret->dim[d] = db_get_int(st->scan, 3 + AMOUNTS + d);
	return 1;
}

void store_scan_end(struct store *st)
{
	if (st->scan)
		db_reset(st->scan);
	st->scan = NULL;
}
