/*
 * store_connection.h - a connection of a store: the database, and what was kept
 * of its earlier reads. Only the store's files include this header.
 */
#ifndef STORE_STORE_CONNECTION_H
#define STORE_STORE_CONNECTION_H

#include "store/internal.h"

enum { ACCOUNTS_KEPT = 64 };

struct store_connection {
	struct db *db;
	/* store_version when the schema was last found to be this program's; 0: at the opening */
	int64_t schema_checked;
	/* a cache of accounts by SID, with copies of their texts */
	struct account accounts[ACCOUNTS_KEPT];
	int64_t accounts_version; /* store_version of this cache */
	/* by account; of one store_version: */
	struct kept_lists subaccounts;
	struct kept_numbers closed_us;
	struct kept_numbers families; /* see store_family */
	/* by account; of one db_data_version: */
	struct kept_numbers first_days, last_days;
	struct kept_lists used_categories;
	/* of readers.c: */
	struct store_connection *next;
	int64_t ledger; /* see readers_ledger */
	bool is_long;   /* lent to a long read */
};

/* As store_open. */
int connection_open(const char *where, unsigned flags, int64_t busy_timeout_ms,
		    struct store_connection **ret, struct error *err);
void connection_close(struct store_connection *c);

/* Gives C to a store that has none, and takes it back. */
void store_connect(struct store *st, struct store_connection *c);
struct store_connection *store_disconnect(struct store *st);

/* Borrows a connection for ST, which has none. BROKEN: closes the connection. */
int readers_lend(struct store *st, struct error *err);
void readers_return(struct store *st, bool broken);

#endif
