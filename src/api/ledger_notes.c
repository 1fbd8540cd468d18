#include "api/ledger_notes.h"

#include "store/meta.h"
#include "store/outbox.h"
#include "store/server.h"
#include "base/banned.h"

static const struct {
	const char *name; /* in the ledger */
	size_t at;
} notes[] = {
	{ META_COMMITTED, offsetof(struct ledger_notes, committed) },
	{ META_VERIFIED, offsetof(struct ledger_notes, verified) },
	{ META_VERIFIED_WHOLE, offsetof(struct ledger_notes, whole) },
	{ META_DIFFERENCES, offsetof(struct ledger_notes, differences) },
	{ META_BACKUP, offsetof(struct ledger_notes, backed_up) },
	{ META_BACKUP_FAILED, offsetof(struct ledger_notes, backup_failed) },
};

int ledger_notes_load(const struct request *rq, struct ledger_notes *ret, struct error *err)
{
	*ret = (struct ledger_notes) { 0 };
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (store_meta(rq->store, notes[i].name, (int64_t *)((char *)ret + notes[i].at),
			       err) < 0)
			return -1;
	return store_notices_waiting(rq->store, &ret->waiting, err);
}

static const char *server_words(const struct store_server *s, struct arena *arena)
{
	return arena_printf(arena,
			    "PostgreSQL %s, %s%lld of %lld connections, synchronous_commit %s%s",
			    s->version, s->standby ? "a standby that cannot store events, " : "",
			    (long long)s->connections, (long long)s->connections_max,
			    s->synchronous_commit,
			    s->fsync && s->full_page_writes
				    ? ""
				    : ", does not sync: it may lose what it has confirmed");
}

bool ledger_database_load(const struct request *rq, struct ledger_database *ret)
{
	struct store_server server;
	struct store_pool pool;

	*ret = (struct ledger_database) { .known = false };
	if (!store_pool(rq->worker->settings->database, &pool))
		return false;
	ret->open = pool.open;
	ret->lent = pool.lent;
	ret->waited = pool.waited;
	ret->lost = pool.lost;
	if (!rq->store || store_server(rq->store, rq->arena, &server, NULL) <= 0)
		return true;
	ret->known = true;
	ret->words = server_words(&server, rq->arena);
	ret->bytes = server.bytes;
	ret->connections = server.connections;
	ret->connections_max = server.connections_max;
	return true;
}
