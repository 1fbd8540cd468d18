/*
 * copy.h - the ledger as a file: backups, and their way back.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

/*
 * Called again and again with how many bytes of ALL are done (ALL 0: nobody
 * knows, and DONE only grows). False gives up: ERR_BUSY.
 */
typedef bool store_progress(void *arg, int64_t done, int64_t all);

/*
 * Copies the ledger as it is now to FILE, for its owner alone, while others
 * read and write. FILE is there as a whole, on disk, when it returns 0, and
 * opens by itself; else it is as it was. ERR_CONFLICT if there is one that may
 * not be REPLACEd, ERR_PARAM if it is the ledger itself.
 */
int store_backup(struct store *st, const char *file, bool replace, store_progress *progress,
		 void *arg, struct error *err);

/*
 * Puts a copy of FILE, which must be a ledger that is whole, in the place of
 * the one at WHERE (with its owner and mode; its schema brought forward). The
 * old one, if there was any, is then called ASIDE. ERR_BUSY while anyone has
 * the ledger open. On -1 all is as it was.
 */
int store_restore(const char *file, const char *where, const char *aside, store_progress *progress,
		  void *arg, struct error *err);

#endif
