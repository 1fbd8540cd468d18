/*
 * fixture.h - what suites with files and ledgers share: a folder for each test,
 * a ledger that must be true at its end, and checks that say what failed. A
 * suite has `static struct error err` for OK and FAILS.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "suite.h"

#define FOLDER_TEXT 64

/* The call must succeed. */
#define OK(call) ck_assert_msg((call) >= 0, "%s: %s (%s)", #call, err.message, err.detail)

/*
 * The call must fail with that kind of error, naming that parameter, in a
 * message with these words.
 */
#define FAILS(call, of_kind, name, words)                                                        \
	do {                                                                                     \
		error_clear(&err);                                                               \
		ck_assert_int_eq((call), -1);                                                    \
		ck_assert_msg(err.kind == (of_kind), "kind %d: %s", (int)err.kind, err.message); \
		ck_assert_str_eq(err.param, (name));                                             \
		ck_assert_msg(strstr(err.message, (words)) != NULL,                              \
			      "\"%s\" does not say \"%s\" (%s)", err.message, (words),           \
			      err.detail);                                                       \
	} while (0)

/* Makes an empty folder and puts its path into DIR. */
static inline void folder_make(char dir[static FOLDER_TEXT])
{
	snprintf(dir, FOLDER_TEXT, "/tmp/usaged-tests.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type,
				    struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* Removes the folder with all that is in it. */
static inline void folder_remove(const char *dir)
{
	chmod(dir, 0700);
	ck_assert_int_eq(nftw(dir, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
