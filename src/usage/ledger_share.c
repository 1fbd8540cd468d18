#include "usage/ledger_share.h"

#include <string.h>
#include "base/banned.h"

enum { ACCOUNTS_KEPT = 16384 };

struct held_account {
	char sid[SID_TEXT];
	int64_t id, parent;
};

struct ledger_share {
	struct readers *readers;
	pthread_mutex_t lock;
	struct held_catalogue *newest; /* or NULL */
};

struct ledger_share *ledger_share_new(const char *where, int64_t connections,
				      int64_t busy_timeout_ms)
{
	struct ledger_share *s = g_new0(struct ledger_share, 1);

	s->readers = readers_new(where, connections, busy_timeout_ms);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void ledger_share_free(struct ledger_share **ret)
{
	struct ledger_share *s = *ret;

	if (!s)
		return;
	held_catalogue_release(&s->newest);
	readers_free(&s->readers);
	pthread_mutex_destroy(&s->lock);
	g_free(s);
	*ret = NULL;
}

struct readers *ledger_share_readers(struct ledger_share *s)
{
	return s->readers;
}

static void clear(gpointer held)
{
	struct held_catalogue *c = held;

	arena_release(&c->arena);
	g_hash_table_destroy(c->accounts);
	pthread_mutex_destroy(&c->lock);
}

void held_catalogue_release(struct held_catalogue **held)
{
	if (*held)
		g_atomic_rc_box_release_full(*held, clear);
	*held = NULL;
}

int held_account(struct held_catalogue *c, const char *sid, struct account *ret)
{
	const struct held_account *a;

	pthread_mutex_lock(&c->lock);
	a = g_hash_table_lookup(c->accounts, sid);
	pthread_mutex_unlock(&c->lock);
	if (!a)
		return 0;
	/* nothing leaves the table, as long as C is held */
	*ret = (struct account) { .id = a->id, .parent = a->parent };
	return 1;
}

void held_account_keep(struct held_catalogue *c, const struct account *a)
{
	struct held_account *kept;

	pthread_mutex_lock(&c->lock);
	if (g_hash_table_size(c->accounts) < ACCOUNTS_KEPT &&
	    !g_hash_table_contains(c->accounts, a->sid)) {
		kept = g_new(struct held_account, 1);
		*kept = (struct held_account) { .id = a->id, .parent = a->parent };
		g_strlcpy(kept->sid, a->sid, sizeof(kept->sid));
		g_hash_table_add(c->accounts, kept);
	}
	pthread_mutex_unlock(&c->lock);
}

static bool is_of(const struct held_catalogue *c, int64_t ledger, int64_t version)
{
	return c && c->ledger == ledger && c->version == version;
}

static struct held_catalogue *load(struct store *st, int64_t ledger, int64_t version,
				   struct error *err)
{
	struct held_catalogue *c = g_atomic_rc_box_new0(struct held_catalogue);

	c->ledger = ledger;
	c->version = version;
	c->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	pthread_mutex_init(&c->lock, NULL);
	if (catalogue_load(st, &c->arena, &c->catalogue, err) < 0)
		held_catalogue_release(&c);
	return c;
}

/*
 * Finds or loads the catalogue, while no other thread does. A read that began
 * before the last change has an older catalogue, which nobody else will need.
 */
static struct held_catalogue *find(struct ledger_share *s, struct store *st, int64_t ledger,
				   int64_t version, struct error *err)
{
	const struct held_catalogue *newest = s->newest;
	struct held_catalogue *c;

	if (is_of(newest, ledger, version))
		return g_atomic_rc_box_acquire(s->newest);
	c = load(st, ledger, version, err);
	if (c && (!newest || ledger > newest->ledger ||
		  (ledger == newest->ledger && version > newest->version))) {
		held_catalogue_release(&s->newest);
		s->newest = g_atomic_rc_box_acquire(c);
	}
	return c;
}

int ledger_share_catalogue(struct ledger_share *s, struct store *st, struct held_catalogue **held,
			   struct error *err)
{
	int64_t ledger = readers_ledger(st), version;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (is_of(*held, ledger, version))
		return 0;
	held_catalogue_release(held);
	pthread_mutex_lock(&s->lock);
	*held = find(s, st, ledger, version, err);
	pthread_mutex_unlock(&s->lock);
	return *held ? 0 : -1;
}
