/* copy.h - makes and restores backups of the ledger. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

/*
 * Reports progress in bytes. ALL is 0 if the total is unknown. If the callback
 * returns false, the work stops with ERR_BUSY.
 */
typedef bool store_progress(void *arg, int64_t done, int64_t all);

/*
 * Copies a snapshot of the ledger to FILE, readable only for its owner. Other
 * connections may read and write meanwhile. 0: FILE is complete, on disk, and
 * usable without any other file. On failure, an existing FILE is unchanged.
 * ERR_CONFLICT: FILE exists and REPLACE is false. ERR_PARAM: FILE is the ledger
 * itself.
 */
int store_backup(struct store *st, const char *file, bool replace, store_progress *progress,
		 void *arg, struct error *err);

/*
 * Replaces the ledger at WHERE by a copy of FILE, which must be an undamaged
 * ledger. The copy gets the owner and mode of the old ledger, and the current
 * schema. An old ledger is renamed to ASIDE. ERR_BUSY: a process has the ledger
 * open. On -1 nothing has changed.
 */
int store_restore(const char *file, const char *where, const char *aside, store_progress *progress,
		  void *arg, struct error *err);

#endif
