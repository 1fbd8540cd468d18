#include "store/pgsql/state.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include "store/schema.h"
#include "base/banned.h"

/* of PostgreSQL */
#define VERSION_MIN "140000"

#define LIST_SETTINGS \
	"SELECT string_agg(name || ' = ' || setting, ', ' ORDER BY name) FROM pg_settings WHERE "

/* Fails with the settings that the statement SQL lists, and with what must be. */
static int check_settings(struct db *db, const char *sql, const char *must, struct error *err)
{
	char bad[128] = "";
	struct stmt *s = db_prepare(db, sql, err);
	int rc = db_step(s, err);

	if (rc > 0)
		db_get_chars(s, 0, bad, sizeof(bad));
	db_reset(s);
	if (rc < 0 || !*bad)
		return rc < 0 ? -1 : 0;
	return error_set(err, ERR_INTERNAL, NULL,
			 "PostgreSQL cannot keep a ledger safely with these settings: %s; %s", bad,
			 must);
}

int pgsql_suits(struct db *db, struct error *err)
{
	return check_settings(db,
			      LIST_SETTINGS
			      "(name = 'server_encoding' AND setting <> 'UTF8')"
			      " OR (name = 'server_version_num' AND setting::bigint < " VERSION_MIN
			      ")",
			      "the database's encoding must be UTF8, and the version 14 or later",
			      err);
}

/* ---- other programs ---- */

enum { NAMES_SHOWN = 100 /* bytes */ };

/* The columns of S are the schema and the names in it. Always returns -1. */
static int fail_foreign(struct stmt *s, struct error *err)
{
	char schema[140], names[NAMES_SHOWN];

	db_get_chars(s, 0, schema, sizeof(schema));
	db_get_chars(s, 1, names, sizeof(names));
	return error_set(err, ERR_CONFLICT, "database",
			 "another program uses names of a ledger in the schema %s: %s; give the "
			 "ledger a schema of its own, the first of the search_path, such as with "
			 "options=-csearch_path%%3DNAME in the address",
			 schema, names);
}

/*
 * The tables of the ledger are those of its schema that the SQL in ?1 makes: other
 * programs may have tables there, too.
 */
#define TABLES_OF_LEDGER                                                                          \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                          \
	" WHERE c.relkind IN ('r', 'p') AND c.relnamespace ="                                     \
	" (SELECT m.relnamespace FROM pg_class m WHERE m.oid = to_regclass('meta'))"              \
	" AND c.relname IN (SELECT t[1] FROM regexp_matches(?1, 'CREATE (?:UNLOGGED )?TABLE \"?(" \
	"\\w+)', 'g') t) "

/* Fails if a name of the ledger's tables means a table of an earlier schema. */
static int check_hidden(struct db *db, struct error *err)
{
	char schema[140] = "", table[140] = "";
	struct stmt *s = db_prepare(db,
				    "SELECT n.nspname::text, c.relname::text" TABLES_OF_LEDGER
				    "AND to_regclass(quote_ident(c.relname)) <> c.oid ORDER BY 2",
				    err);
	int rc;

	db_bind_str(s, 1, schema_pgsql[0].sql);
	rc = db_step(s, err);
	if (rc > 0) {
		db_get_chars(s, 0, schema, sizeof(schema));
		db_get_chars(s, 1, table, sizeof(table));
	}
	db_reset(s);
	if (rc <= 0)
		return rc;
	return error_set(
		err, ERR_CONFLICT, "database",
		"the ledger is in the schema %s, but an earlier schema of the search_path "
		"has a table %s, too, which hides that of the ledger; let the schema of the "
		"ledger be the first of the search_path, such as with "
		"options=-csearch_path%%3DNAME in the address",
		schema, table);
}

/*
 * A table in a later schema of the search_path is not in the way. One in an earlier
 * schema, which the last column tells of, may be. Types are compared by their oids:
 * their names depend on quote_all_identifiers.
 */
int pgsql_find_meta(struct db *db, struct error *err)
{
	struct stmt *s = db_prepare(
		db,
		"SELECT c.relnamespace::regnamespace::text, c.relname::text,"
		" (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND"
		" (a.attname = 'name' AND a.atttypid = 'text'::regtype"
		" OR a.attname = 'value' AND a.atttypid = 'bigint'::regtype))"
		" = 2, c.relnamespace = quote_ident(current_schema())::regnamespace,"
		" EXISTS (SELECT FROM pg_class t WHERE t.relnamespace = c.relnamespace AND"
		" t.relkind IN ('r', 'p') AND to_regclass(quote_ident(t.relname)) <> t.oid)"
		" FROM pg_class c WHERE c.oid = to_regclass('meta')",
		err);
	int rc = db_step(s, err);
	bool ours = rc > 0 && db_get_int(s, 2), hidden = ours && db_get_int(s, 4);

	if (rc > 0 && !ours)
		rc = db_get_int(s, 3) ? fail_foreign(s, err) : 0;
	db_reset(s);
	return hidden && check_hidden(db, err) < 0 ? -1 : rc;
}

int pgsql_names_free(struct db *db, const char *sql, struct error *err)
{
	struct stmt *s = db_prepare(
		db,
		"SELECT quote_ident(current_schema()), string_agg(relname::text, ', ' ORDER BY "
		"relname)"
		" FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace "
		"AND relname IN"
		" (SELECT m[1] FROM regexp_matches(?1,"
		" 'CREATE (?:UNLOGGED |UNIQUE )*(?:TABLE|INDEX) \"?(\\w+)', 'g') m)"
		" HAVING count(*) > 0",
		err);
	int rc;

	db_bind_str(s, 1, sql);
	rc = db_step(s, err);
	if (rc > 0)
		rc = fail_foreign(s, err);
	db_reset(s);
	return rc;
}

int pgsql_durable(struct db *db, struct error *err)
{
	if (pgsql_suits(db, err) < 0)
		return -1;
	return check_settings(db,
			      LIST_SETTINGS
			      "name IN ('fsync', 'full_page_writes') AND setting = 'off'",
			      "fsync and full_page_writes must be on (postgresql.conf, then "
			      "restart or reload it)",
			      err);
}

/* Not always the first of the search_path. */
#define LEDGER_SCHEMA                                                             \
	"(SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = " \
	"c.relnamespace WHERE c.oid = to_regclass('meta'))"
/* The first tables that the role may not use as it must. */
#define FORBIDDEN                                                                            \
	"(SELECT string_agg(relname, ', ' ORDER BY relname) FROM (SELECT "                   \
	"c.relname::text" TABLES_OF_LEDGER                                                   \
	"AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, "      \
	"'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, " \
	"'DELETE')) ORDER BY 1 LIMIT 5) f)"

static const char server_sql[] =
	"SELECT split_part(current_setting('server_version'), ' ', 1), " LEDGER_SCHEMA
	", current_user::text, current_setting('is_superuser') = 'on',"
	" current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',"
	" current_setting('synchronous_commit'), pg_is_in_recovery(),"
	" pg_database_size(current_database()),"
	" (SELECT sum(numbackends)::bigint FROM pg_stat_database),"
	" current_setting('max_connections')::bigint -"
	" current_setting('superuser_reserved_connections')::bigint,"
	" current_setting('default_transaction_read_only') = 'on',"
	" current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on',"
	" coalesce(" FORBIDDEN ", '')";

int pgsql_server(struct db *db, struct arena *arena, struct store_server *ret, struct error *err)
{
	struct stmt *s = db_prepare(db, server_sql, err);
	int rc;

	db_bind_str(s, 1, schema_pgsql[0].sql);
	rc = db_step(s, err);
	if (rc > 0)
		*ret = (struct store_server) { .version = db_get_str(s, 0, arena),
					       .schema = db_get_str(s, 1, arena),
					       .role = db_get_str(s, 2, arena),
					       .superuser = db_get_int(s, 3),
					       .fsync = db_get_int(s, 4),
					       .full_page_writes = db_get_int(s, 5),
					       .synchronous_commit = db_get_str(s, 6, arena),
					       .standby = db_get_int(s, 7),
					       .bytes = db_get_int(s, 8),
					       .connections = db_get_int(s, 9),
					       .connections_max = db_get_int(s, 10),
					       .read_only = db_get_int(s, 11),
					       .autovacuum = db_get_int(s, 12),
					       .forbidden = db_get_str(s, 13, arena) };
	db_reset(s);
	return rc;
}

/* ---- reach ---- */

static void add_file(struct store_reach *r, const char *path)
{
	if (path && *path && r->n_files < STORE_FILES)
		r->files[r->n_files++] = path;
}

/* A host is a folder of sockets, an abstract socket, or a name or address. */
static void add_hosts(struct store_reach *r, const char *hosts)
{
	for (const char *host = hosts;; host += strcspn(host, ",") + 1) {
		if (*host == '/' || *host == '@' || *host == ',' || !*host)
			r->local = true;
		else
			r->tcp = true;
		if (!host[strcspn(host, ",")])
			return;
	}
}

static void add_ports(struct store_reach *r, const char *ports)
{
	for (const char *port = ports; r->n_ports < STORE_PORTS; port += strcspn(port, ",") + 1) {
		int n = (int)strtol(port, NULL, 10);

		r->ports[r->n_ports++] = n ? n : 5432;
		if (!port[strcspn(port, ",")])
			return;
	}
}

/* The value of the option NAME, in the arena; "" if it has none. */
static const char *option(const PQconninfoOption *all, const char *name, struct arena *arena)
{
	for (; all && all->keyword; all++)
		if (strcmp(all->keyword, name) == 0 && all->val)
			return arena_str(arena, all->val);
	return "";
}

/* Files of which libpq knows the place by itself. */
static void add_usual_files(struct store_reach *r, struct arena *arena)
{
	static const char *const names[] = { ".pgpass", ".pg_service.conf", ".postgresql" };
	const char *home = getenv("HOME"), *service = getenv("PGSERVICEFILE"),
		   *folder = getenv("PGSYSCONFDIR");

	for (size_t i = 0; home && *home && i < sizeof(names) / sizeof(*names); i++)
		add_file(r, arena_join(arena, home, "/", names[i], NULL));
	add_file(r, service);
	add_file(r, folder ? folder : "/etc/postgresql-common");
	/* the name of the user, unless the address has it */
	add_file(r, "/etc/passwd");
	add_file(r, "/etc/nsswitch.conf");
}

bool pgsql_reach(const char *where, struct arena *arena, struct store_reach *ret)
{
	static const char *const files[] = { "passfile",    "sslcert", "sslkey",
					     "sslrootcert", "sslcrl",  "sslcrldir" };
	static const char *const names[] = { "dbname", NULL };
	const char *values[] = { where, NULL };
	/* only this knows the service file and the environment */
	PGconn *pg = PQconnectStartParams(names, values, 1);
	PQconninfoOption *all = PQconninfo(pg);
	const char *hosts;

	*ret = (struct store_reach) { .local = false };
	hosts = option(all, "hostaddr", arena);
	add_hosts(ret, *hosts ? hosts : option(all, "host", arena));
	add_ports(ret, option(all, "port", arena));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		add_file(ret, option(all, files[i], arena));
	add_usual_files(ret, arena);
	PQconninfoFree(all);
	PQfinish(pg);
	return true;
}
