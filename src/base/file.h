/*
 * file.h - files that are there as a whole, or not at all, also after a power
 * cut.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include "base/error.h"

/*
 * Makes PATH, empty and for its owner alone, or takes over what a process that
 * died has left there; ERR_CONFLICT while another one is at it. *ret_fd keeps
 * it claimed: close it once the file is done.
 */
int file_claim(const char *path, int *ret_fd, struct error *err);

/*
 * What was written to FD, or its name in the folder of PATH, is on disk. PATH
 * is for the error, too.
 */
int file_sync(int fd, const char *path, struct error *err);
int file_sync_folder(const char *path, struct error *err);

/*
 * FROM gets the name TO, durably; ERR_CONFLICT if that is taken and may not be
 * REPLACEd.
 */
int file_rename(const char *from, const char *to, bool replace, struct error *err);

/*
 * Are A and B one file, under whatever names? Not if one of them isn't there.
 */
bool file_same(const char *a, const char *b);

#endif
