/*
 * ledger_share.h - what the threads of a server share of the ledger: connections
 * for reading, and the catalogue, which only one thread loads after it has
 * changed.
 */
#ifndef USAGE_LEDGER_SHARE_H
#define USAGE_LEDGER_SHARE_H

#include <glib.h>
#include <pthread.h>
#include "store/account.h"
#include "store/readers.h"
#include "usage/catalogue.h"

struct ledger_share;

/* As readers_new. Never returns NULL. */
struct ledger_share *ledger_share_new(const char *where, int64_t connections,
				      int64_t busy_timeout_ms);
/* All stores and catalogues of S must be closed. */
void ledger_share_free(struct ledger_share **s);

struct readers *ledger_share_readers(struct ledger_share *s);

/*
 * A catalogue that several threads may hold. It never changes, but keeps
 * accounts of its version.
 */
struct held_catalogue {
	int64_t ledger, version; /* readers_ledger and store_version */
	const struct catalogue *catalogue;
	struct arena arena;
	pthread_mutex_t lock; /* of ACCOUNTS */
	GHashTable *accounts; /* struct held_account, by SID */
};

/*
 * Finds an account that was kept: sets the id and the parent of *RET, and nothing
 * else. 1 found, 0 not. Thread-safe.
 */
int held_account(struct held_catalogue *c, const char *sid, struct account *ret);
/* Keeps an account of this version, if there is room for it. Thread-safe. */
void held_account_keep(struct held_catalogue *c, const struct account *a);

/*
 * Sets *HELD, which is NULL or was held before, to the catalogue of the read that
 * ST is in, and releases the one before. On failure, *HELD is NULL.
 */
int ledger_share_catalogue(struct ledger_share *s, struct store *st, struct held_catalogue **held,
			   struct error *err);
/* Releases *HELD, unless it is NULL. */
void held_catalogue_release(struct held_catalogue **held);

#endif
