#include "usage/backup.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/civil.h"
#include "base/file.h"
#include "store/copy.h"
#include "store/verify.h"
#include "store/server.h"
#include "base/banned.h"

/* The form of a copy's name: a 0 is a digit. */
static const char FORM[] = "usage-00000000T000000Z.db";

enum {
	FAULTS_TOLD = 20,      /* problems of a copy that are reported */
	SPARE_BYTES = 64 << 20 /* room that a backup leaves on its disk */
};

struct backup {
	const struct settings *settings;
	const struct backup_calls *calls;
	struct arena arena;
	char *name;        /* of the copy that is made */
	const char *copy;  /* the path that the copy gets in the end */
	const char *fresh; /* the path of the copy until it is tested */
	const char *test;  /* the path at which it is restored */
	int lock;
};

/* ---- names ---- */

static bool begins_as_copy(const char *name)
{
	for (size_t i = 0; FORM[i]; i++)
		if (FORM[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != FORM[i])
			return false;
	return true;
}

static bool is_copy(const char *name)
{
	return begins_as_copy(name) && !name[sizeof(FORM) - 1];
}

/* Was the file left by a backup that did not end? */
static bool is_leftover(const char *name)
{
	return begins_as_copy(name) && name[sizeof(FORM) - 1] == '.';
}

/* "usage-20261130T030000Z.db", in ARENA */
static char *name_of(int64_t now, struct arena *arena)
{
	char text[INSTANT_TEXT], packed[INSTANT_TEXT];
	size_t n = 0;

	instant_format(text, now * USEC_PER_SEC);
	for (const char *p = text; *p; p++)
		if (*p != '-' && *p != ':')
			packed[n++] = *p;
	packed[n] = '\0';
	return arena_printf(arena, "usage-%s.db", packed);
}

static const char *path_of(struct backup *b, const char *name)
{
	return arena_join(&b->arena, b->settings->backup_folder, "/", name, NULL);
}

/* ---- the folder ---- */

static int folder_error(const char *path, struct error *err)
{
	return error_set(err, ERR_PARAM, "backup.folder", "%s: %s", path, g_strerror(errno));
}

/* Can the folder PATH, which is not there, be made? */
static int check_parent(const char *path, struct error *err)
{
	char *plain = g_strdup(path), *parent;
	size_t len = strlen(plain);
	int rc;

	while (len > 1 && plain[len - 1] == '/')
		plain[--len] = '\0';
	parent = g_path_get_dirname(plain);
	rc = access(parent, W_OK | X_OK) < 0 ? folder_error(parent, err) : 0;
	g_free(parent);
	g_free(plain);
	return rc;
}

int backup_check(const struct settings *s, struct error *err)
{
	struct stat sb;

	if (!*s->backup_folder)
		return 0;
	if (!store_is_file(s->database))
		return error_set(err, ERR_PARAM, "backup.folder",
				 "the ledger is in PostgreSQL, not in a file, so the server cannot "
				 "back it up: leave backup.folder empty, and use pg_dump or "
				 "pg_basebackup; see usaged-postgresql(7)");
	if (stat(s->backup_folder, &sb) < 0)
		return errno == ENOENT ? check_parent(s->backup_folder, err)
				       : folder_error(s->backup_folder, err);
	if (!S_ISDIR(sb.st_mode))
		return error_set(err, ERR_PARAM, "backup.folder", "%s is not a folder",
				 s->backup_folder);
	return 0;
}

int backup_prepare(const struct settings *s, struct error *err)
{
	if (backup_check(s, err) < 0)
		return -1;
	/* a running server may make no folder, so look first */
	if (!*s->backup_folder || access(s->backup_folder, F_OK) == 0)
		return 0;
	return mkdir(s->backup_folder, 0700) < 0 ? folder_error(s->backup_folder, err) : 0;
}

/*
 * Compares the ages of copies, by their names. A copy from after NOW, the name
 * of the copy that is made now, is from before the clock was set back: it is
 * older than the others.
 */
static int compare_names(gconstpointer a, gconstpointer b, gpointer now)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	bool x_later = strcmp(x, now) > 0, y_later = strcmp(y, now) > 0;

	return x_later != y_later ? y_later - x_later : strcmp(x, y);
}

/* The names in the folder that WANTED accepts, oldest first, in the arena. */
static GPtrArray *list(struct backup *b, bool (*wanted)(const char *name), struct error *err)
{
	DIR *d = opendir(b->settings->backup_folder);
	GPtrArray *names;

	if (!d) {
		error_system(err, b->settings->backup_folder, errno);
		return NULL;
	}
	names = g_ptr_array_new();
	for (const struct dirent *e; (e = readdir(d));)
		if (wanted(e->d_name))
			g_ptr_array_add(names, arena_str(&b->arena, e->d_name));
	closedir(d);
	if (names->len)
		g_ptr_array_sort_with_data(names, compare_names, b->name);
	return names;
}

static int remove_leftovers(struct backup *b, struct error *err)
{
	GPtrArray *names = list(b, is_leftover, err);

	if (!names)
		return -1;
	for (guint i = 0; i < names->len; i++)
		unlink(path_of(b, g_ptr_array_index(names, i)));
	g_ptr_array_free(names, TRUE);
	return 0;
}

/* Removes the oldest copies beyond the number of the settings. */
static int rotate(struct backup *b, size_t *ret_copies, struct error *err)
{
	GPtrArray *names = list(b, is_copy, err);
	guint most = (guint)b->settings->backup_copies, i = 0;

	if (!names)
		return -1;
	for (; names->len - i > most; i++) {
		const char *path = path_of(b, g_ptr_array_index(names, i));

		/* first the files of a program that had opened the copy */
		unlink(arena_join(&b->arena, path, "-wal", NULL));
		unlink(arena_join(&b->arena, path, "-shm", NULL));
		unlink(path);
	}
	*ret_copies = names->len - i;
	g_ptr_array_free(names, TRUE);
	return 0;
}

static int64_t file_bytes(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 ? (int64_t)sb.st_size : 0;
}

int backup_check_room(const struct settings *s, struct error *err)
{
	char *log = g_strconcat(s->database, "-wal", NULL);
	int64_t needed = 2 * (file_bytes(s->database) + file_bytes(log)) + SPARE_BYTES;
	struct statvfs disk;

	g_free(log);
	if (statvfs(s->backup_folder, &disk) < 0 ||
	    (int64_t)(disk.f_bavail * disk.f_frsize) >= needed)
		return 0;
	return error_set(err, ERR_BUSY, NULL,
			 "the disk of %s has too little room: a backup and its test need %lld MB",
			 s->backup_folder, (long long)(needed >> 20));
}

/* ---- one backup ---- */

static bool go_on(void *arg, int64_t done, int64_t all)
{
	const struct backup *b = arg;

	(void)done, (void)all;
	return !b->calls->stopped || !b->calls->stopped(b->calls->arg);
}

static int copy(struct backup *b, struct error *err)
{
	struct store *st = NULL;
	int rc;

	if (store_open(b->settings->database, 0, b->settings->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = store_backup(st, b->fresh, true, go_on, b, err);
	store_close(&st);
	return rc;
}

static bool is_stopped(void *arg)
{
	return !go_on(arg, 0, 0);
}

static void tell_difference(void *arg, const struct rollup *want, const struct rollup *have)
{
	const struct backup *b = arg;
	const struct rollup *r = want ? want : have;
	char words[80];

	snprintf(words, sizeof(words), "a rollup of account number %lld is wrong",
		 (long long)r->account);
	if (b->calls->fault)
		b->calls->fault(b->calls->arg, words);
}

static void tell_fault(void *arg, const char *words)
{
	const struct backup *b = arg;

	if (b->calls->fault)
		b->calls->fault(b->calls->arg, words);
}

static int verify(struct backup *b, int64_t *ret_events, struct error *err)
{
	const struct verify_calls calls = { .limit = FAULTS_TOLD,
					    .difference = tell_difference,
					    .fault = tell_fault,
					    .stopped = is_stopped,
					    .arg = b };
	struct store *st = NULL;
	size_t differences;
	int rc;

	if (store_open(b->test, 0, b->settings->busy_timeout_ms, &st, err) < 0)
		return -1;
	rc = store_verify(st, NULL, &calls, &differences, ret_events, err);
	store_close(&st);
	if (rc == 0 && differences)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the restored copy has %zu differences; it is not kept. Run "
				 "\"usaged verify\"",
				 differences);
	return rc;
}

/* Restores the copy aside, and verifies it. */
static int test(struct backup *b, int64_t *ret_events, struct error *err)
{
	const char *aside = arena_join(&b->arena, b->test, ".old", NULL);

	return store_restore(b->fresh, b->test, aside, go_on, b, err) < 0
		       ? -1
		       : verify(b, ret_events, err);
}

static int run(struct backup *b, struct backup_result *ret, struct error *err)
{
	struct error ignored = { 0 };
	int rc;

	/* a backup that was killed may not have come to its rotation */
	if (remove_leftovers(b, err) < 0 || rotate(b, &ret->copies, err) < 0 ||
	    backup_check_room(b->settings, err) < 0)
		return -1;
	rc = copy(b, err);
	if (rc == 0)
		rc = test(b, &ret->events, err);
	if (rc == 0) {
		ret->bytes = file_bytes(b->fresh);
		rc = file_rename(b->fresh, b->copy, false, err);
	}
	remove_leftovers(b, &ignored);
	return rc < 0 ? -1 : rotate(b, &ret->copies, err);
}

int backup_run(const struct settings *s, int64_t now, const struct backup_calls *calls,
	       struct backup_result *ret, struct error *err)
{
	struct backup b = { .settings = s, .calls = calls };
	int rc;

	*ret = (struct backup_result) { 0 };
	if (backup_prepare(s, err) < 0)
		return -1;
	arena_init(&b.arena);
	b.name = name_of(now, &b.arena);
	snprintf(ret->name, sizeof(ret->name), "%s", b.name);
	b.copy = path_of(&b, ret->name);
	b.fresh = arena_join(&b.arena, b.copy, ".new", NULL);
	b.test = arena_join(&b.arena, b.copy, ".test", NULL);
	rc = file_claim(path_of(&b, "usage-backup.lock"), &b.lock, err);
	if (rc == 0) {
		rc = run(&b, ret, err);
		close(b.lock);
	}
	arena_release(&b.arena);
	return rc;
}
