/*
 * upgrade.h - upgrades a ledger that an older program made.
 */
#ifndef STORE_UPGRADE_H
#define STORE_UPGRADE_H

#include "store/copy.h"

/*
 * PROGRESS is called now and then with the name of the current work, and how
 * much of it is done (in bytes of the copy, or rows). ALL is 0 if the total is
 * unknown. It returns false to give up.
 */
typedef bool store_upgrade_progress(void *arg, const char *work, int64_t done, int64_t all);

struct store_upgrade {
	bool copy;                        /* keep a copy of the older ledger */
	store_upgrade_progress *progress; /* or NULL */
	void *arg;
};

/*
 * Upgrades the schema of the ledger at WHERE, if it is older than this
 * program's, in one transaction. If that fails or is killed, the ledger is as
 * before. With U->copy, first copies the ledger to a file beside it
 * (store_upgrade_copy), replacing an older copy of that name; nobody can write
 * between the copy and the upgrade.
 *
 * *RET_FROM is the older version, or 0 if there was nothing to do. Fails like
 * store_open. ERR_BUSY: PROGRESS gave up.
 */
int store_upgrade(const char *where, int64_t busy_timeout_ms, const struct store_upgrade *u,
		  int64_t *ret_from, struct error *err);

/* The name of the copy that store_upgrade makes of version FROM, in ARENA. */
const char *store_upgrade_copy(const char *where, int64_t from, struct arena *arena);

#endif
