#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/banned.h"

/*
 * Is FD still the file at PATH? The file may have been renamed or removed after
 * it was opened and before it was locked.
 */
static bool is_still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

int file_claim(const char *path, int *ret_fd, struct error *err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return error_system(err, path, errno);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			close(fd);
			return error_set(err, ERR_CONFLICT, NULL, "another process is writing %s",
					 path);
		}
		if (!is_still_there(fd, path)) {
			close(fd);
			continue;
		}
		*ret_fd = fd;
		if (ftruncate(fd, 0) == 0 && fchmod(fd, 0600) == 0)
			return 0;
		error_system(err, path, errno);
		close(fd);
		return -1;
	}
}

int file_sync(int fd, const char *path, struct error *err)
{
	return fsync(fd) == 0 ? 0 : error_system(err, path, errno);
}

int file_sync_folder(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct strbuf folder;
	int fd, rc;

	strbuf_init(&folder, 8192);
	if (slash)
		strbuf_addn(&folder, path, slash == path ? 1 : (size_t)(slash - path));
	else
		strbuf_add(&folder, ".");
	fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? error_system(err, folder.text, errno) : file_sync(fd, folder.text, err);
	if (fd >= 0)
		close(fd);
	strbuf_release(&folder);
	return rc;
}

/*
 * Renames FROM unless TO exists. Works also on file systems without
 * RENAME_NOREPLACE.
 */
static int rename_new(const char *from, const char *to)
{
	struct stat sb;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	if (lstat(to, &sb) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

int file_rename(const char *from, const char *to, bool replace, struct error *err)
{
	if ((replace ? rename(from, to) : rename_new(from, to)) == 0)
		return file_sync_folder(to, err);
	if (errno == EEXIST)
		return error_set(err, ERR_CONFLICT, NULL, "there is a file %s already", to);
	return error_system(err, to, errno);
}

bool file_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
