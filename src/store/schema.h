/*
 * schema.h - the versions of the schema, and bringing a ledger to the newest
 * one.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"
#include "store/store.h"

/* A step that upgrades the schema by one version. */
struct schema_step {
	const char *sql;
	/* functions to call after the SQL; ends with NULL */
	int (*then[4])(struct store *st, struct error *err);
};

/* Each kind of database counts its own versions. */
extern const struct schema_step schema_sqlite[], schema_pgsql[];
extern const size_t schema_n_sqlite, schema_n_pgsql;

/* Watches an upgrade, or how a ledger is made. Functions may be NULL. */
struct schema_watch {
	/*
	 * Called in the transaction of the upgrade, before the first step.
	 * VERSION: the old one.
	 */
	int (*begin)(void *arg, int64_t version, struct error *err);
	/*
	 * Called in each step to VERSION, now and then; ALL 0: unknown. Returns
	 * false to give up.
	 */
	bool (*step)(void *arg, int64_t version, int64_t done, int64_t all);
	/* Called in the transaction, after the last step. */
	int (*end)(void *arg, struct store *st, struct error *err);
	void *arg;
};

/*
 * Upgrades the open database to version N_STEPS, in one transaction. Fails if
 * the database needs an upgrade and FLAGS lack DB_WRITE, if its schema is newer,
 * or if it is empty and FLAGS have neither DB_CREATE nor DB_EMPTY. DB_CREATE:
 * ERR_CONFLICT if it is not empty; of several processes at once, one succeeds.
 * WATCH may be NULL.
 */
int schema_bring(struct db *db, unsigned flags, const struct schema_step *steps, size_t n_steps,
		 const struct schema_watch *watch, struct error *err);
/* The same, with the steps of this kind of database. */
int schema_bring_newest(struct db *db, unsigned flags, const struct schema_watch *watch,
			struct error *err);

/*
 * For a function of a schema_step: tells the watch how much of its work is done.
 * -1: give up.
 */
int schema_progress(struct store *st, int64_t done, int64_t all, struct error *err);

#endif
