#include "store/sqlite/wal.h"

#include "store/read_gate.h"
#include "base/banned.h"

enum {
	PAGE_BYTES = 4096,
	CHECKPOINT_MIN = 1000,
	CHECKPOINT_MAX = 8000,
	LOG_MIN = 4000,
	LOG_MAX = 64000,
	LOG_WAIT_MS = 100,
	LOG_WAIT_MAX_MS = 500,
	GATE_MS = 1000,
	GATE_MS_A_LOG = 4000 /* for each LOG_MAX pages of the log */
};

static int between(int64_t n, int least, int most)
{
	return n < least ? least : n > most ? most : (int)n;
}

/*
 * Restarts the log of PAGES pages, unless long reads are still open. The next
 * commit then writes to the beginning of the log.
 */
static void try_to_restart(struct wal *w, const char *name, int pages)
{
	int ms = LOG_WAIT_MS + (int)((int64_t)LOG_WAIT_MS * pages / LOG_MAX);

	if (read_gate_state(w->gate_owner) == GATE_WAITS)
		return;
	sqlite3_busy_timeout(w->handle, between(ms, 0, LOG_WAIT_MAX_MS));
	sqlite3_wal_checkpoint_v2(w->handle, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	raw_wait_set(w->handle, w->wait);
	w->checkpointed_pages = w->tried_pages = pages;
	w->draining = false;
	read_gate_open(w->gate_owner);
}

/* Is it time to restart the log? */
static bool is_to_be_restarted(const struct wal *w, int64_t file_pages, int pages)
{
	return pages >= between(file_pages, LOG_MIN, LOG_MAX) &&
	       pages >= w->tried_pages + between(w->tried_pages / 2, 0, LOG_MAX);
}

static void checkpoint_by_growth(struct wal *w, const char *name, int pages)
{
	int64_t file_pages;

	if (pages - w->checkpointed_pages < CHECKPOINT_MIN)
		return;
	file_pages = raw_file_bytes(sqlite3_db_filename(w->handle, name)) / PAGE_BYTES;
	if (!w->draining && is_to_be_restarted(w, file_pages, pages)) {
		w->draining = true;
		read_gate_close(w->gate_owner, GATE_MS + (int64_t)GATE_MS_A_LOG * pages / LOG_MAX);
	} else if (pages - w->checkpointed_pages >=
		   between(file_pages / 4, CHECKPOINT_MIN, CHECKPOINT_MAX)) {
		w->checkpointed_pages = pages;
		sqlite3_wal_checkpoint_v2(w->handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
}

/*
 * Called after each commit: checkpoints the log if it has grown enough. (While
 * there are readers, the automatic checkpoint of SQLite would run after every
 * commit, with two more syncs.) Ignores errors, because the commit is durable
 * and a later call tries again.
 */
static int after_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct wal *w = arg;

	(void)handle;
	if (pages < w->checkpointed_pages || pages < w->tried_pages)
		w->checkpointed_pages = w->tried_pages = 0; /* the log has restarted */
	checkpoint_by_growth(w, name, pages);
	if (w->draining)
		try_to_restart(w, name, pages);
	return SQLITE_OK;
}

void wal_watch(struct wal *w)
{
	sqlite3_wal_hook(w->handle, after_commit, w);
}

void wal_release(struct wal *w)
{
	read_gate_open(w->gate_owner);
}
