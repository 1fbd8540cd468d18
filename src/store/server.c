#include "store/server.h"

#include "base/civil.h"
#include "store/internal.h"
#include "base/banned.h"

/* A connection of the coordinator to a server that hangs waits without an end. */
enum { SERVERS_MS = 5000 };

bool store_is_file(const char *where)
{
	return db_is_file(where);
}

void store_connections(int64_t readers, bool prepared)
{
	db_connections(readers, prepared);
}

int store_address(const char *where, struct error *err)
{
	return db_address(where, err);
}

int store_durable(struct store *st, struct error *err)
{
	return db_durable(st->db, err);
}

int store_server(struct store *st, struct arena *arena, struct store_server *ret, struct error *err)
{
	return db_server(st->db, arena, ret, err);
}

bool store_pool(const char *where, struct store_pool *ret)
{
	return db_pool(where, ret);
}

bool store_reach(const char *where, struct arena *arena, struct store_reach *ret)
{
	return db_reach(where, arena, ret);
}

static int check_servers_ms(void *until_ms, struct error *err)
{
	return monotonic_ms() < *(const int64_t *)until_ms
		       ? 0
		       : error_set(err, ERR_BUSY, NULL,
				   "a server of the ledger does not answer; it is not known yet "
				   "which one: try again");
}

int store_servers_away(struct store *st, struct arena *arena, const char **ret, struct error *err)
{
	int64_t until_ms = monotonic_ms() + SERVERS_MS;
	int rc;

	if (!db_distributed(st->db))
		return 0;
	db_watch(st->db, check_servers_ms, &until_ms);
	rc = store_text(prepare(st, "SELECT servers_away()", err), arena, ret, err);
	db_watch(st->db, st->limits.check, st->limits.arg);
	return rc;
}
