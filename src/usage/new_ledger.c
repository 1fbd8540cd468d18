#include "usage/new_ledger.h"

#include <string.h>
#include <unistd.h>

#include "store/create.h"
#include "store/server.h"
#include "usage/catalogue.h"
#include "usage/secret_mark.h"
#include "base/banned.h"

struct ledger_attempt {
	const struct new_ledger *new;
	size_t n_categories;
	bool made_secret;
	bool filled; /* only the commit is left */
};

static int mark_secret(const struct new_ledger *new, struct store *st, struct error *err)
{
	unsigned char secret[SECRET_BYTES];
	int rc = secret_load(new->secret_file, secret, err);

	if (rc == 0)
		rc = secret_mark(st, new->where, secret, err);
	secret_wipe(secret, sizeof(secret));
	return rc;
}

static int fill(void *arg, struct store *st, struct error *err)
{
	struct ledger_attempt *m = arg;

	if (access(m->new->categories, R_OK) < 0)
		return error_set(err, ERR_PARAM, NULL,
				 "name a catalogue of categories with --categories: %s cannot be "
				 "read",
				 m->new->categories);
	if (catalogue_import(st, m->new->categories, &m->n_categories, err) < 0)
		return -1;
	if (!m->new->going())
		return error_set(err, ERR_BUSY, NULL, "interrupted; nothing was changed");
	if (secret_create(m->new->secret_file, err) < 0)
		return -1;
	m->made_secret = true;
	if (mark_secret(m->new, st, err) < 0)
		return -1;
	m->filled = true;
	return 0;
}

static bool is_going(void *arg)
{
	const struct ledger_attempt *m = arg;

	return m->new->going();
}

/* Is the secret file that of the ledger in a database, which is there already? */
static bool is_its_secret(const struct new_ledger *new)
{
	unsigned char secret[SECRET_BYTES];
	struct store *st = NULL;
	bool is = !store_is_file(new->where) && secret_load(new->secret_file, secret, NULL) == 0 &&
		  store_open(new->where, 0, new->busy_timeout_ms, &st, NULL) == 0 &&
		  secret_mark_compare(st, secret, NULL) > 0;

	store_close(&st);
	secret_wipe(secret, sizeof(secret));
	return is;
}

/* Sets ERR to what the failure OWN means for the secret file. Always returns -1. */
static int fail(const struct ledger_attempt *m, const struct error *own, struct error *err)
{
	const char *file = m->new->secret_file;

	/* a file is there if all went well, and not else */
	if (m->filled && own->kind == ERR_BUSY && !store_is_file(m->new->where)) {
		error_set(err, ERR_BUSY, NULL,
			  "the database went away while it stored the ledger, which may be there "
			  "or not: keep the secret file, and run this again: %s",
			  file);
		return error_detail(err, "%s", own->detail);
	}
	if (m->made_secret)
		unlink(file);
	if (own->kind == ERR_CONFLICT && !m->made_secret && is_its_secret(m->new))
		return error_set(err, ERR_CONFLICT, "database",
				 "the ledger was made already, with this secret file: %s", file);
	*err = *own;
	return -1;
}

/* The secret file is none of the ledger's own files, such as usage.db-wal. */
static int check_secret_file(const struct new_ledger *new, struct error *err)
{
	size_t len = strlen(new->where);
	const char *rest;

	if (!store_is_file(new->where) || strncmp(new->secret_file, new->where, len) != 0)
		return 0;
	rest = new->secret_file + len;
	if (*rest && *rest != '-' && strncmp(rest, ".part", 5) != 0)
		return 0;
	return error_set(err, ERR_PARAM, "ledger.secret_file",
			 "must have another name than the ledger's own files, which are %s and "
			 "this with -wal, -shm, -journal or .part behind it: %s",
			 new->where, new->secret_file);
}

int new_ledger_make(const struct new_ledger *new, size_t *ret_categories, struct error *err)
{
	struct ledger_attempt m = { .new = new };
	const struct store_creation creation = { .where = new->where,
						 .busy_timeout_ms = new->busy_timeout_ms,
						 .fill = fill,
						 .going = is_going,
						 .arg = &m };
	struct error own = { 0 };

	if (check_secret_file(new, err) < 0)
		return -1;
	if (store_create(&creation, &own) < 0)
		return fail(&m, &own, err);
	*ret_categories = m.n_categories;
	return 0;
}
