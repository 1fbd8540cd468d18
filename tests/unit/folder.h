/*
 * folder.h - a folder for each test, and files in it.
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <check.h>
#include <stdio.h>
#include <unistd.h>
#include "base/error.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "suite.h"

/* ---- files of a test ---- */

static __attribute__((unused)) char folder[FOLDER_TEXT];

static inline void make_folder(void)
{
	folder_make(folder);
}

static inline void remove_folder(void)
{
	folder_remove(folder);
}

/* The path of NAME in the test's folder; good until the next call. */
static inline const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static inline void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* The whole file; free() it. */
static inline char *read_file(const char *path)
{
	struct strbuf sb;
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	ck_assert_msg(f, "%s can't be read", path);
	strbuf_init(&sb, 1 << 20);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_addn(&sb, buf, n);
	fclose(f);
	return strbuf_take(&sb);
}

/* ---- secret ---- */

static inline void start_secrets(void)
{
	struct error err = { 0 };

	make_folder();
	ck_assert_int_eq(secret_init(&err), 0);
}

#endif
