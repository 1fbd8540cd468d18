/*
 * fault_vfs.h - a disk that fails when it is told to: an SQLite VFS in front of
 * the real one, for tests.
 *
 * Everything that changes a file is counted: writes, syncs, truncations, new
 * files, removed ones. What was written and not synced is remembered, so that a
 * power cut can take it back.
 */
#ifndef TESTS_UNIT_FAULT_VFS_H
#define TESTS_UNIT_FAULT_VFS_H

#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_ONCE, /* the n-th change fails */
	FAULT_DEAD, /* it and all that come after */
	FAULT_FULL, /* from it on no write finds room; all else works */
	FAULTS
};

/*
 * From now on all databases of this process are on that disk. Call it before
 * SQLite is used.
 */
void fault_install(void);

/* Counts from 1 again; the N-th change from now on fails. */
void fault_arm(enum fault kind, int64_t n);

/*
 * The disk is good again. Returns how many changes there were since fault_arm.
 */
int64_t fault_disarm(void);

/* How often a file whose name ends so was synced since the program began. */
int64_t fault_syncs_of_logs(void);

/*
 * The power was cut, and no file is open: what was written since a file's last
 * sync is gone; with a SEED not 0 some of it, by chance, isn't.
 */
void fault_power_cut(uint64_t seed);

#endif
