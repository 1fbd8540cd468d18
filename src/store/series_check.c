/*
 * series_check.c - checks the declared dimensions of series: their packed form,
 * their values, and the table series_value, which is computed from both.
 */
#include <string.h>

#include "store/internal.h"
#include "store/series_pack.h"
#include "base/banned.h"

struct series_check {
	struct store *st;
	bad_series *bad;
	void *arg;
	int64_t listed; /* rows of series_value that there must be */
};

static int check_value(struct series_check *c, int64_t series, int64_t account, int d,
		       int64_t value, struct error *err)
{
	struct stmt *s = prepare(c->st,
				 "SELECT 1 FROM dimension_value WHERE id = ?1 AND account = ?2 AND "
				 "dimension = ?3",
				 err);
	int rc;

	db_bind_int(s, 1, value);
	db_bind_int(s, 2, account);
	db_bind_int(s, 3, dimension_id(d));
	rc = store_any(s, err);
	if (rc == 0)
		c->bad(c->arg, series, "has a value that its account lacks");
	if (rc < 0)
		return -1;
	s = prepare(c->st, "SELECT 1 FROM series_value WHERE value = ?1 AND series = ?2", err);
	db_bind_int(s, 1, value);
	db_bind_int(s, 2, series);
	rc = store_any(s, err);
	if (rc == 0)
		c->bad(c->arg, series, "is not listed under one of its values");
	c->listed += rc > 0;
	return rc < 0 ? -1 : 0;
}

static int check_series(struct series_check *c, struct stmt *s, struct error *err)
{
	int64_t dim[DIMENSIONS], series = db_get_int(s, 0), account = db_get_int(s, 1);
	unsigned char again[SERIES_PACK_BYTES];
	size_t len;
	const unsigned char *pack = db_get_blob(s, 2, &len);

	if (!series_unpack(pack, len, dim) || series_pack(dim, again) != len ||
	    memcmp(pack, again, len) != 0) {
		c->bad(c->arg, series, "has damaged declared dimensions");
		return 0;
	}
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++)
		if (dim[d] && check_value(c, series, account, d, dim[d], err) < 0)
			return -1;
	return 0;
}

int store_series_check(struct store *st, const struct db_list *accounts, bad_series *bad, void *arg,
		       struct error *err)
{
	struct series_check c = { .st = st, .bad = bad, .arg = arg };
	struct stmt *s = prepare(
		st,
		accounts ? "SELECT s.id, s.account, s.declared FROM list(?1) a"
			   " CROSS JOIN series s"
			   " WHERE s.account = a.a AND length(s.declared) > 0"
			 : "SELECT id, account, declared FROM series WHERE length(declared) > 0",
		err);
	int64_t listed = 0;
	int rc;

	if (accounts)
		db_bind_list(s, 1, accounts);
	while ((rc = db_step(s, err)) > 0)
		if (check_series(&c, s, err) < 0) {
			db_reset(s);
			return -1;
		}
	if (rc < 0 || accounts)
		return rc;
	if (store_one(prepare(st, "SELECT count(*) FROM series_value", err), &listed, err) < 0)
		return -1;
	if (listed > c.listed)
		bad(arg, 0, "of no such values are listed under values");
	return 0;
}

/* ---- repair ---- */

static int list_again(struct store *st, struct stmt *s, struct error *err)
{
	int64_t dim[DIMENSIONS];
	size_t len;
	const unsigned char *pack = db_get_blob(s, 1, &len);

	series_unpack(pack, len, dim);
	return store_series_list(st, db_get_int(s, 0), dim, err);
}

int store_series_repair(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM series_value", err);
	int rc;

	if (db_step(s, err) < 0)
		return -1;
	s = prepare(st, "SELECT id, declared FROM series WHERE length(declared) > 0", err);
	while ((rc = db_step(s, err)) > 0)
		if (list_again(st, s, err) < 0) {
			db_reset(s);
			return -1;
		}
	return rc;
}
