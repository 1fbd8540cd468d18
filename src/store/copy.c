#include "store/copy.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "store/internal.h"
#include "store/schema.h"
#include "base/banned.h"

/* Copies DB to the claimed file PART (FD) and syncs it. */
static int fill_part(struct db *db, const char *part, int fd, store_progress *progress, void *arg,
		     struct error *err)
{
	return db_copy(db, part, progress, arg, err) < 0 ? -1 : file_sync(fd, part, err);
}

/* Makes the name of an unfinished copy, in the folder of FILE. */
static void name_part(struct strbuf *part, const char *file)
{
	strbuf_init(part, 8192);
	strbuf_addf(part, "%s.part", file);
}

static int is_the_ledger(const char *file, struct error *err)
{
	return error_set(err, ERR_PARAM, NULL, "%s is the ledger itself", file);
}

int store_copy_db(struct db *db, const char *file, bool replace, db_progress *progress, void *arg,
		  struct error *err)
{
	struct strbuf part;
	int fd, rc;

	if (file_same(file, db_where(db)))
		return is_the_ledger(file, err);
	/* fail before the work; file_rename makes the final check */
	if (!replace && access(file, F_OK) == 0)
		return error_set(err, ERR_CONFLICT, NULL, "there is a file %s already", file);
	name_part(&part, file);
	rc = file_claim(part.text, &fd, err);
	if (rc == 0) {
		rc = fill_part(db, part.text, fd, progress, arg, err);
		/*
		 * remove the log that a killed program may have left with an
		 * earlier copy: SQLite would read the log into this copy
		 */
		if (rc == 0 && (replace || access(file, F_OK) < 0))
			db_drop_log(file);
		if (rc == 0)
			rc = file_rename(part.text, file, replace, err);
		if (rc < 0)
			unlink(part.text);
		close(fd);
	}
	strbuf_release(&part);
	return rc;
}

int store_backup(struct store *st, const char *file, bool replace, store_progress *progress,
		 void *arg, struct error *err)
{
	return store_copy_db(st->db, file, replace, progress, arg, err);
}

/* ---- restoring ---- */

static int check_source(const char *file, const char *where, struct error *err)
{
	if (access(file, F_OK) < 0)
		return error_system(err, file, errno);
	return file_same(file, where) ? is_the_ledger(file, err) : 0;
}

static int copy_in(const char *file, const char *part, int fd, store_progress *progress, void *arg,
		   struct error *err)
{
	struct db *db;
	int rc;

	if (db_open(file, 0, 0, &db, err) < 0)
		return -1;
	rc = fill_part(db, part, fd, progress, arg, err);
	db_close(&db);
	return rc;
}

/* Checks the copy and upgrades its schema. */
static int check_part(const char *part, store_progress *progress, void *arg, struct error *err)
{
	struct db *db;
	int rc;

	if (db_open(part, DB_WRITE, 0, &db, err) < 0)
		return -1;
	rc = db_check(db, progress, arg, err);
	if (rc == 0)
		rc = schema_bring_newest(db, DB_WRITE, NULL, err);
	db_close(&db);
	return rc;
}

int store_restore(const char *file, const char *where, const char *aside, store_progress *progress,
		  void *arg, struct error *err)
{
	struct strbuf part;
	int fd, rc;

	if (check_source(file, where, err) < 0)
		return -1;
	name_part(&part, where);
	rc = file_claim(part.text, &fd, err);
	if (rc == 0) {
		rc = copy_in(file, part.text, fd, progress, arg, err);
		if (rc == 0)
			rc = check_part(part.text, progress, arg, err);
		if (rc == 0)
			rc = file_sync(fd, part.text, err);
		if (rc == 0)
			rc = db_replace(part.text, where, aside, err);
		if (rc < 0)
			db_remove(part.text);
		close(fd);
	}
	strbuf_release(&part);
	return rc;
}
