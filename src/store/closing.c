/* closing.c - up to which instant accounts are closed. The table's column `through` has that instant in seconds. */
#include "store/store.h"

#include <inttypes.h>
#include "base/civil.h"
#include "store/internal.h"
#include "base/banned.h"

#define CLOSING "SELECT account, through, author, made FROM closing "

static int put_closing(struct store *st, const struct closing *c, struct error *err)
{
	struct stmt *s = prepare(st, "INSERT INTO closing (account, through, author, made) VALUES (?1, ?2, ?3, ?4)"
				 " ON CONFLICT (account) DO UPDATE SET through = excluded.through, author = excluded.author, made = excluded.made",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, c->account);
	bind_int(st, s, 2, floor_div(c->open_us, USEC_PER_SEC));
	bind_text(st, s, 3, c->author);
	bind_int(st, s, 4, c->made);
	return step(st, s, err);
}

static int remove_closing(struct store *st, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM closing WHERE account = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	return step(st, s, err);
}

static int change_closing(struct store *st, const struct closing *c, struct error *err)
{
	int rc = store_account_exists(st, c->account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "account", "there is no account with the number %" PRId64, c->account);
	if (rc < 0 || (c->open_us ? put_closing(st, c, err) : remove_closing(st, c->account, err)) < 0)
		return -1;
	return store_changed(st, err);
}

int store_closing_set(struct store *st, const struct closing *c, struct error *err)
{
	bool own;

	if (store_write_open(st, &own, err) < 0)
		return -1;
	return store_write_close(st, own, change_closing(st, c, err), err);
}

static int read_closing(struct store *st, struct stmt *s, struct arena *arena, void *to, struct error *err)
{
	struct closing *ret = to;

	(void)err;
	*ret = (struct closing){ get_int(st, s, 0), get_int(st, s, 1) * USEC_PER_SEC, get_text(st, s, 2, arena), get_int(st, s, 3) };
	return 0;
}

int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret, struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "WHERE account = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	return store_row(st, s, read_closing, arena, ret, err);
}

int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "ORDER BY account", err);
	struct rows rows;

	if (store_rows(st, s, read_closing, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}
