#include "fault_vfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/banned.h"

/* What stood where something was written. */
struct undo {
	struct undo *older;
	char *path;
	int64_t offset, size; /* of the file before */
	int len, had;         /* bytes written, and how many of them were there before */
	char old[];
};

/* A file of ours, with the real one behind it. */
struct faulty {
	sqlite3_file base;
	char *path; /* NULL: a temporary one */
	sqlite3_file *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

/* The writer's thread and the tests' use it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum fault armed;
static int64_t fail_at, changes, log_syncs;
static struct undo *unsynced;

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Counts a change. True if it fails. */
static bool fails(bool is_write)
{
	bool bad = false;

	pthread_mutex_lock(&lock);
	changes++;
	if (armed == FAULT_ONCE)
		bad = changes == fail_at;
	else if (armed == FAULT_DEAD || (armed == FAULT_FULL && is_write))
		bad = changes >= fail_at;
	pthread_mutex_unlock(&lock);
	return bad;
}

static struct faulty *faulty(sqlite3_file *f)
{
	return (struct faulty *)f;
}

/* ---- what isn't synced ---- */

static void remember(struct faulty *f, int len, int64_t offset)
{
	struct undo *u = calloc(1, sizeof(*u) + (size_t)len);
	int64_t left;

	if (!u)
		abort();
	u->path = strdup(f->path);
	u->offset = offset;
	u->len = len;
	f->real->pMethods->xFileSize(f->real, (sqlite3_int64 *)&u->size);
	left = u->size - offset;
	u->had = left <= 0 ? 0 : left < len ? (int)left : len;
	if (u->had && f->real->pMethods->xRead(f->real, u->old, u->had, offset) != SQLITE_OK)
		abort();
	pthread_mutex_lock(&lock);
	u->older = unsynced;
	unsynced = u;
	pthread_mutex_unlock(&lock);
}

static void forget(const char *path)
{
	pthread_mutex_lock(&lock);
	for (struct undo **p = &unsynced; *p;) {
		struct undo *u = *p;

		if (path && strcmp(u->path, path) != 0) {
			p = &u->older;
			continue;
		}
		*p = u->older;
		free(u->path);
		free(u);
	}
	pthread_mutex_unlock(&lock);
}

static void take_back(const struct undo *u)
{
	int fd = open(u->path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return; /* removed since */
	if (u->had && pwrite(fd, u->old, (size_t)u->had, u->offset) != u->had)
		abort();
	if (u->size < u->offset + u->len && ftruncate(fd, u->size) < 0)
		abort();
	close(fd);
}

void fault_power_cut(uint64_t seed)
{
	uint64_t chance = seed;

	for (const struct undo *u = unsynced; u; u = u->older) {
		chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (!seed || chance >> 63)
			take_back(u);
	}
	forget(NULL);
}

/* ---- files ---- */

static int file_close(sqlite3_file *file)
{
	struct faulty *f = faulty(file);
	int rc = f->real->pMethods ? f->real->pMethods->xClose(f->real) : SQLITE_OK;

	free(f->path);
	free(f->real);
	return rc;
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	struct faulty *f = faulty(file);

	if (!f->path)
		return f->real->pMethods->xWrite(f->real, bytes, len, offset);
	if (fails(true)) {
		/* a disk that is full has taken a part */
		if (armed == FAULT_FULL && len > 1) {
			remember(f, len / 2, offset);
			f->real->pMethods->xWrite(f->real, bytes, len / 2, offset);
		}
		return armed == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	}
	remember(f, len, offset);
	return f->real->pMethods->xWrite(f->real, bytes, len, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (faulty(file)->path && fails(false))
		return SQLITE_IOERR_TRUNCATE;
	return faulty(file)->real->pMethods->xTruncate(faulty(file)->real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct faulty *f = faulty(file);

	(void)flags;
	if (!f->path)
		return SQLITE_OK;
	if (fails(false))
		return SQLITE_IOERR_FSYNC;
	pthread_mutex_lock(&lock);
	log_syncs += ends_with(f->path, "-wal");
	pthread_mutex_unlock(&lock);
	/* the machine that tests run on has power */
	forget(f->path);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *buf, int n, sqlite3_int64 at)
{
	return faulty(f)->real->pMethods->xRead(faulty(f)->real, buf, n, at);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return faulty(f)->real->pMethods->xFileSize(faulty(f)->real, ret);
}

static int file_lock(sqlite3_file *f, int how)
{
	return faulty(f)->real->pMethods->xLock(faulty(f)->real, how);
}

static int file_unlock(sqlite3_file *f, int how)
{
	return faulty(f)->real->pMethods->xUnlock(faulty(f)->real, how);
}

static int file_reserved(sqlite3_file *f, int *ret)
{
	return faulty(f)->real->pMethods->xCheckReservedLock(faulty(f)->real, ret);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return faulty(f)->real->pMethods->xFileControl(faulty(f)->real, op, arg);
}

static int file_sector(sqlite3_file *f)
{
	return faulty(f)->real->pMethods->xSectorSize(faulty(f)->real);
}

static int file_traits(sqlite3_file *f)
{
	return faulty(f)->real->pMethods->xDeviceCharacteristics(faulty(f)->real);
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	return faulty(f)->real->pMethods->xShmMap(faulty(f)->real, page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return faulty(f)->real->pMethods->xShmLock(faulty(f)->real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
	faulty(f)->real->pMethods->xShmBarrier(faulty(f)->real);
}

static int file_shm_unmap(sqlite3_file *f, int remove)
{
	return faulty(f)->real->pMethods->xShmUnmap(faulty(f)->real, remove);
}

static int file_fetch(sqlite3_file *f, sqlite3_int64 offset, int n, void **ret)
{
	return faulty(f)->real->pMethods->xFetch(faulty(f)->real, offset, n, ret);
}

static int file_unfetch(sqlite3_file *f, sqlite3_int64 offset, void *p)
{
	return faulty(f)->real->pMethods->xUnfetch(faulty(f)->real, offset, p);
}

static const sqlite3_io_methods methods = {
	.iVersion = 3,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
	.xFetch = file_fetch,
	.xUnfetch = file_unfetch,
};

/* ---- the disk ---- */

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags,
		     int *ret_flags)
{
	struct faulty *f = faulty(file);
	int rc;

	(void)v;
	*f = (struct faulty) { 0 };
	if (name && flags & SQLITE_OPEN_CREATE && access(name, F_OK) < 0 && fails(false))
		return SQLITE_CANTOPEN;
	f->real = calloc(1, (size_t)real_vfs->szOsFile);
	f->path = name ? strdup(name) : NULL;
	if (!f->real)
		abort();
	rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
	if (rc == SQLITE_OK) {
		f->base.pMethods = &methods;
	} else {
		free(f->path);
		free(f->real);
	}
	return rc;
}

static int disk_delete(sqlite3_vfs *v, const char *name, int sync)
{
	(void)v;
	if (fails(false))
		return SQLITE_IOERR_DELETE;
	forget(name);
	return real_vfs->xDelete(real_vfs, name, sync);
}

void fault_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.pNext = NULL;
	vfs.zName = "faulty";
	vfs.szOsFile = (int)sizeof(struct faulty);
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void fault_arm(enum fault kind, int64_t n)
{
	pthread_mutex_lock(&lock);
	armed = kind;
	fail_at = n;
	changes = 0;
	pthread_mutex_unlock(&lock);
}

int64_t fault_disarm(void)
{
	int64_t n;

	pthread_mutex_lock(&lock);
	armed = FAULT_NONE;
	n = changes;
	pthread_mutex_unlock(&lock);
	return n;
}

int64_t fault_syncs_of_logs(void)
{
	int64_t n;

	pthread_mutex_lock(&lock);
	n = log_syncs;
	pthread_mutex_unlock(&lock);
	return n;
}
