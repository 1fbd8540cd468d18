/*
 * bulk.c - stores a whole ledger: events without what is made from them, which
 * is made from all of them afterwards.
 */
#include <glib.h>
#include "store/move_table.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

#define SUM(name)  "sum(" name ")::bigint"
#define SUMS       SUM("count") ", " SUM("usage") ", " SUM("price") ", " SUM("upload")
#define E_SUMS     SUM("e.count") ", " SUM("e.usage") ", " SUM("e.price") ", " SUM("e.upload")
#define KEY        "root, account, slot, category"
#define QUARTER    "COALESCE(e.booked_us, e.time_us) / 900000000"
#define OF_EVENTS  " FROM event e JOIN series s ON s.id = e.series AND s.root = e.root"
#define HAS        DIMENSION_S_SUMS " + length(s.declared) <> 0"
#define DAY        "slot / 96"
#define MONTH_DATE "DATE '1970-01-01' + slot::int"
#define MONTH                                                                                      \
	"(date_part('year', " MONTH_DATE ") * 12 + date_part('month', " MONTH_DATE "))::bigint - " \
	"1"
/* In the order of the keys, which sorts faster than hashing, and fills indexes faster. */
#define TOTAL_BY          " GROUP BY 2, 3, 4, 1 ORDER BY 2, 3, 4, 1"
#define PART_BY           " GROUP BY 2, 4, 3, 5, 1 ORDER BY 2, 4, 3, 5, 1"
#define INTO_TOTAL(level) "INSERT INTO total_" level " (" KEY ", " AMOUNT_COLUMNS ") "
#define INTO_PART(level)  "INSERT INTO part_" level " (" KEY ", series, " AMOUNT_COLUMNS ") "
#define TOTAL_OF(slot, lower) \
	"SELECT root, account, " slot ", category, " SUMS " FROM total_" lower TOTAL_BY
#define PART_OF(slot, lower) \
	"SELECT root, account, " slot ", category, series, " SUMS " FROM part_" lower PART_BY

int pgsql_bulk_begin(struct store *st, struct error *err)
{
	return db_exec(st->db, "DROP INDEX IF EXISTS event_effective", err);
}

int pgsql_bulk_end(struct store *st, struct error *err)
{
	static const char *const steps[] = {
		"SET LOCAL work_mem = '128MB'",
		"SET LOCAL maintenance_work_mem = '256MB'",
		"CREATE INDEX IF NOT EXISTS " PGSQL_EVENT_INDEX,
		"ANALYZE event, series",
		INTO_TOTAL("quarter") "SELECT e.root, e.account, " QUARTER
				      ", s.category, " E_SUMS OF_EVENTS TOTAL_BY,
		INTO_PART("quarter") "SELECT e.root, e.account, " QUARTER
				     ", s.category, e.series, " E_SUMS OF_EVENTS
				     " WHERE " HAS PART_BY,
		INTO_TOTAL("day") TOTAL_OF(DAY, "quarter"),
		INTO_PART("day") PART_OF(DAY, "quarter"),
		INTO_TOTAL("month") TOTAL_OF(MONTH, "day"),
		INTO_PART("month") PART_OF(MONTH, "day"),
	};

	/* Citus: shards by one connection, so that each step sees the one before */
	if (db_distributed(st->db) &&
	    db_exec(st->db, "SET LOCAL citus.multi_shard_modify_mode = 'sequential'", err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (db_exec(st->db, steps[i], err) < 0)
			return -1;
	return 0;
}

int pgsql_may_pause(struct store *st, struct error *err)
{
	return db_exec(st->db, "SET LOCAL idle_in_transaction_session_timeout = '1h'", err);
}

/* A sequence that has dealt less than the largest id would deal it again. */
int pgsql_ids_made(struct store *st, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < move_n_tables && rc == 0; i++) {
		const struct move_table *t = &move_tables[i];
		char *sql = g_strdup_printf("SELECT setval(pg_get_serial_sequence('\"%s\"', 'id'),"
					    " COALESCE(max(id), 0) + 1, false) FROM \"%s\"",
					    t->name, t->name);

		if (t->flags & MOVE_IDS)
			rc = db_exec(st->db, sql, err);
		g_free(sql);
	}
	return rc;
}
