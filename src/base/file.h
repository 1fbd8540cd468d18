/*
 * file.h - files that are written completely or not at all, even across a power
 * cut.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include "base/error.h"

/*
 * Creates an empty file at PATH that only its owner can access, or takes over
 * the file that a dead process left. Fails with ERR_CONFLICT while another
 * process writes the file. *ret_fd holds the claim: close it when the file is
 * complete.
 */
int file_claim(const char *path, int *ret_fd, struct error *err);

/*
 * Flushes to disk: file_sync the data of FD, file_sync_folder the name of PATH
 * in its folder. Errors name PATH.
 */
int file_sync(int fd, const char *path, struct error *err);
int file_sync_folder(const char *path, struct error *err);

/*
 * Renames FROM to TO, durably. ERR_CONFLICT if TO exists and REPLACE is false.
 */
int file_rename(const char *from, const char *to, bool replace, struct error *err);

/* Are A and B the same file? False if one of them doesn't exist. */
bool file_same(const char *a, const char *b);

#endif
