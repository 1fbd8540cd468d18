/*
 * server.h - the database server under a ledger, for a ledger that is not a
 * file: limits of its connections, its state, and what a connection to it needs.
 */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include "store/store.h"

/* Is the ledger at WHERE a file? Otherwise a server has it. */
bool store_is_file(const char *where);

/*
 * Sets how many connections for readers a process may have open, and whether
 * statements stay prepared on them. Call it before the first store_open.
 */
void store_connections(int64_t readers, bool prepared);

/* Fails if WHERE is an address that libpq refuses. Connects to nothing. */
int store_address(const char *where, struct error *err);

/* Fails if the server's settings do not make a commit durable. */
int store_durable(struct store *st, struct error *err);

struct store_server {
	const char *version; /* "15.18" */
	const char *schema;  /* in which the ledger's tables are */
	const char *role;    /* of the connections */
	bool superuser;      /* is the role one? */
	bool fsync, full_page_writes;
	const char *synchronous_commit; /* as sessions of the ledger have it */
	bool standby;                   /* cannot be written to */
	bool read_only;                 /* nor if this is the default of transactions */
	bool autovacuum;                /* works */
	const char *forbidden;          /* tables that the role may not use; "": none */
	int64_t bytes;                  /* of the database */
	int64_t connections;            /* of all programs */
	int64_t connections_max;        /* for users that are not superusers */
};

/* Texts are in ARENA. 1 read, 0: the ledger is a file, -1 failed. */
int store_server(struct store *st, struct arena *arena, struct store_server *ret,
		 struct error *err);

/*
 * Of a ledger that is distributed over several servers: names those that do not
 * answer, in ARENA; "": none. 1 read, 0: the ledger is not distributed, -1 failed;
 * with ERR_BUSY after five seconds: one of them hangs, and the next call may tell
 * which one. Then the read is over.
 */
int store_servers_away(struct store *st, struct arena *arena, const char **ret, struct error *err);

/* The connections of this process. */
struct store_pool {
	int64_t open;
	int64_t lent;   /* of these, to transactions */
	int64_t waited; /* times that a transaction had to wait for one */
	int64_t lost;   /* broken by the server or the network */
};

/* False: the ledger is a file. */
bool store_pool(const char *where, struct store_pool *ret);

enum { STORE_PORTS = 8, STORE_FILES = 16 };

/* What this process needs to open a connection. */
struct store_reach {
	bool local; /* by a socket in a folder */
	bool tcp;
	int ports[STORE_PORTS]; /* of TCP */
	size_t n_ports;
	const char *files[STORE_FILES]; /* or folders, to read: passwords, certificates */
	size_t n_files;
};

/* Texts are in ARENA. False: the ledger is a file. */
bool store_reach(const char *where, struct arena *arena, struct store_reach *ret);

#endif
