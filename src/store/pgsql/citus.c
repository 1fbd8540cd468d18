/*
 * citus.c - distributes a new ledger over the nodes of Citus, if the database
 * has this extension.
 *
 * Events, sums, series and values are kept by main account, all rows of a family
 * in one shard. What else their statements join is a reference table, of which
 * each node has a copy; it is seldom written. All else is local to the
 * coordinator, to which usaged connects, and so are the locks of writers.
 *
 * A write that adds events commits on all its nodes or on none (two-phase
 * commit), because COPY asks Citus for it.
 */
#include <glib.h>
#include "store/internal.h"
#include "store/pgsql/driver.h"
#include "store/pgsql/layout.h"
#include "base/banned.h"

/* by `root`; all shards of one root are on one node */
static const char *const by_root[] = { "event",     "event_attributes", "total_quarter",
				       "total_day", "total_month",      "part_quarter",
				       "part_day",  "part_month" };
static const char *const series_by_root[] = { "dimension_value", "series", "series_value" };
#define REFERENCES "account, source, correction"

/* In one transaction, shards by one connection. */
#define SEQUENTIAL "SET LOCAL citus.multi_shard_modify_mode = 'sequential';"
/* The program, not the database, checks what tables on other nodes refer to. */
static const char prepare_tables[] = SEQUENTIAL
	"DO $$ DECLARE c record; tables regclass[] := '{" REFERENCES "}'; BEGIN"
	" FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'f'"
	" AND (conrelid = ANY (tables) OR confrelid = ANY (tables)) LOOP"
	" EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);"
	" END LOOP; END $$";
static const char make_references[] = "SELECT create_reference_table(t) FROM unnest('{" REFERENCES
				      "}'::regclass[])"
				      " WITH ORDINALITY u(t, n) ORDER BY n";

/*
 * The place of a family; without Citus NULL, but for tests, which set how many
 * places there are to be.
 */
static const char place_of_family[] =
	"SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')"
	" THEN 'get_shard_id_for_distribution_column(''event''::regclass, $1)'"
	" WHEN current_setting('usaged.places', true) <> ''"
	" THEN '$1 % ' || current_setting('usaged.places')::bigint END,"
	" EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')";

/* Runs SQL, and frees it. */
static int run(struct store *st, char *sql, struct error *err)
{
	int rc = db_exec(st->db, sql, err);

	g_free(sql);
	return rc;
}

/* Statements join tables of the coordinator and reference tables: it must have a copy of them. */
static int check_coordinator(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT 1 WHERE EXISTS (SELECT 1 FROM pg_dist_node) AND NOT EXISTS"
				 " (SELECT 1 FROM pg_dist_node WHERE groupid = 0)",
				 err);
	int rc = store_any(s, err);

	return rc <= 0 ? rc
		       : error_set(err, ERR_PARAM, "database",
				   "the coordinator of Citus has not been told its own name: call "
				   "citus_set_coordinator_host, as usaged-postgresql(7) says");
}

#define NODES_AWAY                                                                      \
	"pg_dist_node WHERE noderole = 'primary' AND groupid <> 0 AND (NOT isactive OR" \
	" NOT citus_check_connection_to_node(nodename, nodeport))"
/* A node that hangs is given up before the statement is. */
#define CHECK " LANGUAGE sql SET citus.node_connection_timeout = '2s' AS $$"
/*
 * Places on nodes that are away; NULL for such a node without places. A node that
 * was disabled has no copies of reference tables to be written.
 */
static const char places_away[] =
	"CREATE FUNCTION places_away() RETURNS SETOF bigint" CHECK
	" WITH n AS MATERIALIZED (SELECT groupid FROM " NODES_AWAY ")"
	" SELECT s.shardid FROM n LEFT JOIN (SELECT p.groupid, p.shardid FROM pg_dist_placement p"
	" JOIN pg_dist_shard d USING (shardid) WHERE d.logicalrelid = 'event'::regclass) s"
	" USING (groupid) $$";
static const char servers_away[] =
	"CREATE FUNCTION servers_away() RETURNS text" CHECK
	" SELECT COALESCE(string_agg(nodename || ':' || nodeport, ', ' ORDER BY nodeid), '')"
	" FROM " NODES_AWAY " $$";
static const char none_away[] = "CREATE FUNCTION servers_away() RETURNS text LANGUAGE sql"
				" AS $$ SELECT '' $$;"
				"CREATE FUNCTION places_away() RETURNS SETOF bigint LANGUAGE sql"
				" AS $$ SELECT 0::bigint WHERE false $$";

static int distribute_table(struct store *st, const char *table, const char *with,
			    struct error *err)
{
	return run(st,
		   g_strdup_printf("SELECT create_distributed_table('%s', 'root',"
				   " colocate_with => '%s')",
				   table, with),
		   err);
}

static int distribute_tables(struct store *st, struct error *err)
{
	int rc = check_coordinator(st, err);

	if (rc == 0)
		rc = db_exec(st->db, prepare_tables, err);
	if (rc == 0)
		rc = db_exec(st->db, make_references, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(by_root); i++)
		rc = distribute_table(st, by_root[i], i ? by_root[0] : "none", err);
	return rc;
}

int pgsql_distribute_series(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT 1 FROM pg_extension WHERE extname = 'citus' AND"
				 " to_regproc('family_place') IS NOT NULL",
				 err);
	int rc = store_any(s, err);

	if (rc <= 0)
		return rc;
	rc = db_exec(st->db, SEQUENTIAL, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(series_by_root); i++) {
		const char *table = series_by_root[i];

		rc = distribute_table(st, table, by_root[0], err);
		if (rc == 0)
			rc = run(st,
				 g_strdup_printf("SELECT truncate_local_data_after_distributing_"
						 "table('%s')",
						 table),
				 err);
	}
	return rc;
}

int pgsql_distribute(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st, place_of_family, err);
	char *place = NULL;
	bool citus = false;
	int rc = db_step(s, err);
	size_t len;

	if (rc > 0) {
		place = g_strdup(db_get_text(s, 0, &len));
		citus = db_get_int(s, 1);
	}
	db_reset(s);
	if (rc < 0 || !place)
		return rc < 0 ? -1 : 0;
	rc = run(st,
		 g_strdup_printf("CREATE FUNCTION family_place(bigint) RETURNS bigint LANGUAGE sql"
				 " STABLE AS $$ SELECT %s $$",
				 place),
		 err);
	g_free(place);
	if (rc == 0)
		rc = db_exec(st->db, citus ? places_away : none_away, err);
	if (rc == 0 && citus)
		rc = db_exec(st->db, servers_away, err);
	if (rc == 0 && citus)
		rc = distribute_tables(st, err);
	if (rc == 0)
		pgsql_set_distributed(st->db);
	return rc;
}
