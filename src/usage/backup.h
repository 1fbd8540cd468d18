/*
 * backup.h - backups in a folder of the settings: made, tested and rotated.
 *
 * A copy is called usage-20261130T030000Z.db, after the time at which it began
 * (UTC). It gets this name only after it was restored aside and verified, so
 * each file of such a name is a good copy. Unfinished files have longer names;
 * the next backup removes those that a killed process left. Files of other
 * names are never touched.
 */
#ifndef USAGE_BACKUP_H
#define USAGE_BACKUP_H

#include "base/settings.h"

struct backup_calls {
	/* called now and then: true ends the backup with ERR_BUSY; or NULL */
	bool (*stopped)(void *arg);
	/* a problem that the verification of the copy found, as a sentence */
	void (*fault)(void *arg, const char *words);
	void *arg;
};

struct backup_result {
	char name[64]; /* of the new copy, in the folder */
	int64_t bytes;
	int64_t events; /* in the copy */
	size_t copies;  /* good copies in the folder */
};

/*
 * Is the folder of the settings one, or can it be made? Changes nothing. -1: the
 * error says why the server cannot start.
 */
int backup_check(const struct settings *s, struct error *err);

/*
 * Has the disk of the folder room for a copy of the ledger and for the restored
 * copy beside it? True without a folder.
 */
int backup_check_room(const struct settings *s, struct error *err);

/*
 * Makes the folder of the settings, which only the owner can read, unless it
 * exists. Does nothing without a folder.
 */
int backup_prepare(const struct settings *s, struct error *err);

/*
 * Backs up the ledger of S at the time NOW (seconds). Then removes the oldest
 * copies beyond backup.copies. -1: there is no new copy; the newest
 * backup.copies good ones are as they were. ERR_CONFLICT: another process is
 * backing up into the folder, or has made a copy in the same second.
 */
int backup_run(const struct settings *s, int64_t now, const struct backup_calls *calls,
	       struct backup_result *ret, struct error *err);

#endif
