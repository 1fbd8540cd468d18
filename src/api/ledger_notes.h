/*
 * ledger_notes.h - the notes about the ledger that the health page and the
 * metrics show.
 */
#ifndef API_LEDGER_NOTES_H
#define API_LEDGER_NOTES_H

#include "api/request.h"

/* Times are in seconds since 1970. */
struct ledger_notes {
	int64_t committed;   /* when events were last stored; 0: never */
	int64_t verified;    /* when the ledger was last verified; 0: never */
	int64_t whole;       /* when all of it was last verified; 0: never */
	int64_t differences; /* how many the last verification found */
	/* when the last backups began, a good one and a failed one; 0: never */
	int64_t backed_up, backup_failed;
	int64_t waiting; /* notices that wait to be sent */
};

/* Reads the notes in the read of RQ. */
int ledger_notes_load(const struct request *rq, struct ledger_notes *ret, struct error *err);

/*
 * The database server of a ledger that is not a file; and the connections of
 * this process to it, which are counted also while the ledger can't be read.
 */
struct ledger_database {
	bool known;          /* could the server be asked? */
	const char *words;   /* "PostgreSQL 15.18, ...", or NULL */
	int64_t bytes;       /* of the database */
	int64_t connections; /* of all programs */
	int64_t connections_max;
	int64_t open, lent, waited, lost; /* see struct store_pool */
};

/* False: the ledger is a file. */
bool ledger_database_load(const struct request *rq, struct ledger_database *ret);

#endif
