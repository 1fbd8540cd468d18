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

/*
 * A file is made under another name. A process that was killed may have left
 * such a file, with a log: SQLite would read it into the new one.
 */
static int make_file(const struct store_creation *c, const char *part, int fd, struct error *err)
{
	int rc;

	db_drop_log(part);
	rc = make_tables(c, part, DB_WRITE, err);
	if (rc == 0)
		rc = give_rights(fd, part, err);
	if (rc == 0)
		rc = file_sync(fd, part, err);
	if (rc == 0 && access(c->where, F_OK) < 0)
		db_drop_log(c->where);
	if (rc == 0)
		rc = file_rename(part, c->where, false, err);
	if (rc < 0)
		db_remove(part);
	return rc;
}

static int create_file(const struct store_creation *c, struct error *err)
{
	struct strbuf part;
	int fd, rc;

	if (access(c->where, F_OK) == 0)
		return error_set(err, ERR_CONFLICT, "database", "there is a file %s already",
				 c->where);
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
