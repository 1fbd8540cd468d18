#include "store/server.h"

#include "store/internal.h"
#include "base/banned.h"

bool store_is_file(const char *where)
{
	return db_is_file(where);
}

void store_connections(int64_t readers, bool prepared)
{
	db_connections(readers, prepared);
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

int store_servers_away(struct store *st, struct arena *arena, const char **ret, struct error *err)
{
	if (!db_distributed(st->db))
		return 0;
	return store_text(prepare(st, "SELECT servers_away()", err), arena, ret, err);
}
