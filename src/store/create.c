#include "store/create.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "store/internal.h"
#include "store/schema.h"
#include "base/banned.h"

static bool is_going(void *arg, int64_t version, int64_t done, int64_t all)
{
	const struct store_creation *c = arg;

	(void)version, (void)done, (void)all;
	return c->going(c->arg);
}

static int fill(void *arg, struct store *st, struct error *err)
{
	const struct store_creation *c = arg;

	return c->fill(c->arg, st, err);
}

/* Makes the tables in the database at PLACE, which is opened with FLAGS. */
static int make_tables(const struct store_creation *c, const char *place, unsigned flags,
		       struct error *err)
{
	const struct schema_watch watch = { .step = is_going, .end = fill, .arg = (void *)c };
	struct db *db;
	int rc;

	if (db_open(place, flags, c->busy_timeout_ms, &db, err) < 0)
		return -1;
	rc = schema_bring_newest(db, DB_WRITE | DB_CREATE, &watch, err);
	db_close(&db);
	return rc;
}

/* The rights of a file that SQLite's driver makes; a claimed one is its owner's alone. */
static int give_rights(int fd, const char *part, struct error *err)
{
	const mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0640 & ~mask) == 0 ? 0 : error_system(err, part, errno);
}

/* Makes the ledger in the empty file PART, whole and on the disk. */
static int make_part(const struct store_creation *c, const char *part, int fd, struct error *err)
{
	if (make_tables(c, part, DB_WRITE, err) < 0)
		return -1;
	if (db_has_log(part))
		return error_set(err, ERR_BUSY, NULL, "the disk has no room for the ledger");
	return give_rights(fd, part, err) < 0 ? -1 : file_sync(fd, part, err);
}

/*
 * A file is made under another name. Logs of either name are left from a process
 * that was killed, or from an earlier ledger: SQLite would read them into the new
 * one.
 */
static int make_file(const struct store_creation *c, const char *part, int fd, struct error *err)
{
	int rc;

	if (access(c->where, F_OK) == 0) {
		unlink(part);
		return error_set(err, ERR_CONFLICT, "database", "there is a file %s already",
				 c->where);
	}
	db_drop_log(part);
	db_drop_log(c->where);
	rc = make_part(c, part, fd, err);
	if (rc == 0)
		rc = file_rename(part, c->where, false, err);
	/* it was renamed, but may not be so on the disk */
	if (rc < 0 && access(part, F_OK) < 0)
		db_remove(c->where);
	if (rc < 0) {
		db_remove(part);
		db_drop_log(part);
	}
	return rc;
}

static int create_file(const struct store_creation *c, struct error *err)
{
	struct strbuf part;
	int fd, rc;

	strbuf_init(&part, 8192);
	strbuf_addf(&part, "%s.part", c->where);
	rc = file_claim(part.text, &fd, err);
	if (rc == 0) {
		rc = make_file(c, part.text, fd, err);
		close(fd);
	}
	strbuf_release(&part);
	return rc;
}

int store_create(const struct store_creation *c, struct error *err)
{
	return db_is_file(c->where) ? create_file(c, err)
				    : make_tables(c, c->where, DB_WRITE | DB_CREATE, err);
}
