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

/* The series of the current row: of SERIES_ROWS. */
struct checked_series {
	int64_t id, account, root;
	int64_t dim[DIMENSIONS];
};

/* The main account is 0 where nobody asks for it. */
#define SERIES_ROWS(from) "SELECT s.id, s.account, s.declared, 0{ + s.root} FROM " from

static int check_value(struct series_check *c, const struct checked_series *series, int d,
		       struct error *err)
{
	struct stmt *s = prepare(c->st,
				 "SELECT account, dimension FROM dimension_value WHERE id = ?1"
				 "{ AND root = ?2}",
				 err);
	int rc;

	db_bind_int(s, 1, series->dim[d]);
	db_bind_int(s, 2, series->root);
	rc = db_step(s, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || db_get_int(s, 0) != series->account ||
	    db_get_int(s, 1) != (int64_t)dimension_id(d))
		c->bad(c->arg, series->id, "has a value that its account lacks");
	db_reset(s);
	s = prepare(c->st,
		    "SELECT 1 FROM series_value WHERE value = ?1 AND series = ?2{ AND root = ?3}",
		    err);
	db_bind_int(s, 1, series->dim[d]);
	db_bind_int(s, 2, series->id);
	db_bind_int(s, 3, series->root);
	rc = store_any(s, err);
	if (rc == 0)
		c->bad(c->arg, series->id, "is not listed under one of its values");
	c->listed += rc > 0;
	return rc < 0 ? -1 : 0;
}

static int check_series(struct series_check *c, struct stmt *s, struct error *err)
{
	struct checked_series series = { .id = db_get_int(s, 0),
					 .account = db_get_int(s, 1),
					 .root = db_get_int(s, 3) };
	unsigned char again[SERIES_PACK_BYTES];
	size_t len;
	const unsigned char *pack = db_get_blob(s, 2, &len);

	if (!series_unpack(pack, len, series.dim) || series_pack(series.dim, again) != len ||
	    memcmp(pack, again, len) != 0) {
		c->bad(c->arg, series.id, "has damaged declared dimensions");
		return 0;
	}
	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++)
		if (series.dim[d] && check_value(c, &series, d, err) < 0)
			return -1;
	return 0;
}

int store_series_check(struct store *st, const struct db_list *accounts, bad_series *bad, void *arg,
		       struct error *err)
{
	struct series_check c = { .st = st, .bad = bad, .arg = arg };
	struct stmt *s = prepare(st,
				 accounts ? SERIES_ROWS("list(?1) a CROSS JOIN series s"
							" WHERE s.account = a.a AND"
							" length(s.declared) > 0")
					  : SERIES_ROWS("series s WHERE length(s.declared) > 0"),
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
	struct series series = { .account = db_get_int(s, 1) };
	size_t len;
	const unsigned char *pack = db_get_blob(s, 2, &len);

	series_unpack(pack, len, series.dim);
	return store_series_list(st, db_get_int(s, 0), &series, err);
}

int store_series_repair(struct store *st, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM series_value", err);
	int rc;

	if (db_step(s, err) < 0)
		return -1;
	s = prepare(st, "SELECT id, account, declared FROM series WHERE length(declared) > 0", err);
	while ((rc = db_step(s, err)) > 0)
		if (list_again(st, s, err) < 0) {
			db_reset(s);
			return -1;
		}
	return rc;
}
