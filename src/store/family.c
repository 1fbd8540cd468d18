#include "store/family.h"

#include "store/account.h"
#include "store/layout.h"
#include "store/store_connection.h"
#include "base/banned.h"

/* A family is kept as two numbers: under its root, and under family_number. */
static bool take_kept(struct store *st, int64_t root, struct family *ret)
{
	struct kept_numbers *kept = &st->connection->families;
	int64_t number;

	if (!store_keeps(st))
		return false;
	kept_numbers_begin(kept, st->version);
	if (!kept_number(kept, root, &number) ||
	    !kept_number(kept, family_number(root), &ret->created))
		return false;
	ret->n = number / 2;
	ret->several_currencies = number % 2;
	return true;
}

static void keep(struct store *st, const struct family *f)
{
	struct kept_numbers *kept = &st->connection->families;

	if (!store_keeps(st))
		return;
	kept_number_set(kept, f->root, f->n * 2 + f->several_currencies);
	kept_number_set(kept, family_number(f->root), f->created);
}

static void read_family(struct stmt *s, struct arena *arena, void *to)
{
	struct family *ret = to;

	(void)arena;
	ret->n = db_get_int(s, 0) - 1;
	ret->several_currencies = db_get_int(s, 1) != 0;
	ret->created = db_get_int(s, 2);
}

int store_family(struct store *st, int64_t root, struct family *ret, struct error *err)
{
	struct stmt *s;

	*ret = (struct family) { .root = root };
	if (take_kept(st, root, ret))
		return 0;
	s = prepare(st,
		    "SELECT count(*), max(CASE WHEN x.currency = m.currency THEN 0 ELSE 1 END),"
		    " min(x.created) FROM account m CROSS JOIN account x"
		    " WHERE m.id = ?1 AND (x.id = ?1 OR x.parent = ?1)",
		    err);
	db_bind_int(s, 1, root);
	if (store_row(s, read_family, NULL, ret, err) < 0)
		return -1;
	keep(st, ret);
	return 0;
}

int64_t store_family_least(const struct store *st)
{
	return st->layout->family_least;
}

int store_family_ids(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
		     size_t *ret_n, struct error *err)
{
	struct account *subs;
	int64_t *ids;
	size_t n;

	if (store_accounts(st, root, arena, &subs, &n, err) < 0)
		return -1;
	ids = arena_array(arena, int64_t, n + 1);
	ids[0] = root;
	for (size_t i = 0; i < n; i++)
		ids[i + 1] = subs[i].id;
	*ret = ids;
	*ret_n = n + 1;
	return 0;
}

int store_family_numbers(struct store *st, int64_t root, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err)
{
	struct family family;
	int64_t *both;

	if (store_family(st, root, &family, err) < 0)
		return -1;
	if (family.n < st->layout->family_least)
		return store_family_ids(st, root, arena, ret, ret_n, err);
	both = arena_array(arena, int64_t, 2);
	both[0] = root;
	both[1] = family_number(root);
	*ret = both;
	*ret_n = 2;
	return 0;
}

int store_family_day(struct store *st, int64_t root, bool last, int64_t *ret_day, struct error *err)
{
	struct arena arena;
	const int64_t *numbers;
	size_t n;
	int rc;

	arena_init(&arena);
	rc = store_family_numbers(st, root, &arena, &numbers, &n, err);
	if (rc == 0)
		rc = store_usage_day(st, numbers, n, last, ret_day, err);
	arena_release(&arena);
	return rc;
}
