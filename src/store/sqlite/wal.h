/*
 * wal.h - when the write-ahead log is copied into the file, and when it begins
 * anew.
 *
 * The log is checkpointed after it has grown by a quarter of the file, but at
 * least 4 MB and at most 32 MB. So a page that changes in every commit is copied
 * only once for many commits.
 *
 * The log cannot restart during a read, and reads may overlap without end. When
 * the log is as large as the file (at least 16 MB, at most 256 MB), the writer
 * closes the gate for long reads (store/read_gate.h) and goes on. When these
 * have ended, it stops for a moment until the short reads have ended, and
 * restarts the log. If reads still use the log then, or the gate was closed for
 * too long, the writer tries again when the log has grown by half, or by 256 MB.
 * The larger the log, the longer the writer waits for both: so the log has a
 * limit that depends on the longest read.
 */
#ifndef STORE_SQLITE_WAL_H
#define STORE_SQLITE_WAL_H

#include <stdbool.h>
#include "store/sqlite/raw.h"

struct wal {
	sqlite3 *handle;
	const struct raw_wait *wait; /* of the connection; borrowed */
	const void *gate_owner;
	/* length of the log at the last checkpoint */
	int checkpointed_pages;
	/* length of the log at the last attempt to restart it; 0: none */
	int tried_pages;
	bool draining; /* the gate is closed until the log can restart */
};

/*
 * Looks at the log after each commit of w->handle. HANDLE, WAIT and GATE_OWNER
 * must be set. W must stay where it is.
 */
void wal_watch(struct wal *w);

/* Opens the gate, if W has closed it. */
void wal_release(struct wal *w);

#endif
