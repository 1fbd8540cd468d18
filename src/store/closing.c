/*
 * closing.c - up to which instant accounts are closed, and what changed in
 * closed time.
 *
 * A row of the table closing says up to when an account was closed by itself
 * (its column `through` is that instant in seconds). An account is closed up to
 * the later of its own instant and its main account's. So closing and reopening
 * a main account changes its whole family at once, and a subaccount is never
 * less closed than it.
 */
#include "store/store.h"

#include <inttypes.h>
#include "base/civil.h"
#include "base/log.h"
#include "store/internal.h"
#include "base/banned.h"

/* ---- closed instants ---- */

#define CLOSING                                                                                  \
	"SELECT a.id, MAX(COALESCE(own.through, 0), COALESCE(main.through, 0)), "                \
	"COALESCE(own.through, 0),"                                                              \
	" CASE WHEN COALESCE(main.through, 0) > COALESCE(own.through, 0) THEN main.author ELSE " \
	"own.author END,"                                                                        \
	" CASE WHEN COALESCE(main.through, 0) > COALESCE(own.through, 0) THEN main.made ELSE "   \
	"own.made END"                                                                           \
	" FROM account a LEFT JOIN closing own ON own.account = a.id LEFT JOIN closing main ON " \
	"main.account = a.parent"                                                                \
	" WHERE (own.through IS NOT NULL OR main.through IS NOT NULL) "

static int put_closing(struct store *st, const struct closing *c, struct error *err)
{
	struct stmt *s = prepare(
		st,
		"INSERT INTO closing (account, through, author, made) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (account) DO UPDATE SET through = excluded.through, author = "
		"excluded.author, made = excluded.made",
		err);

	if (!s)
		return -1;
	bind_int(st, s, 1, c->account);
	bind_int(st, s, 2, floor_div(c->own_us, USEC_PER_SEC));
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
		return error_set(err, ERR_PARAM, "account",
				 "there is no account with the number %" PRId64, c->account);
	if (rc < 0 ||
	    (c->own_us ? put_closing(st, c, err) : remove_closing(st, c->account, err)) < 0)
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

static int read_closing(struct store *st, struct stmt *s, struct arena *arena, void *to,
			struct error *err)
{
	struct closing *ret = to;

	(void)err;
	*ret = (struct closing) {
		.account = get_int(st, s, 0),
		.open_us = get_int(st, s, 1) * USEC_PER_SEC,
		.own_us = get_int(st, s, 2) * USEC_PER_SEC,
		.author = get_text(st, s, 3, arena),
		.made = get_int(st, s, 4),
	};
	return 0;
}

int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret,
		  struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "AND a.id = ?1", err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	return store_row(st, s, read_closing, arena, ret, err);
}

int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n,
		   struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "ORDER BY a.id", err);
	struct rows rows;

	if (store_rows(st, s, read_closing, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

/* ---- what changed in closed time ---- */

int store_closing_change_add(struct store *st, const struct closing_change *c, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO closing_change (family, account, at, kind, "
				 "effective_us, source, event, author, reason)"
				 " SELECT COALESCE(parent, id), id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 "
				 "FROM account WHERE id = ?1",
				 err);

	if (!s)
		return -1;
	bind_int(st, s, 1, c->account);
	bind_int(st, s, 2, c->at);
	bind_int(st, s, 3, c->kind);
	bind_int(st, s, 4, c->effective_us);
	bind_int(st, s, 5, c->source);
	st->ops->bind_text(s, 6, c->event ? c->event : "", c->event_len);
	bind_text(st, s, 7, c->author ? c->author : "");
	bind_text(st, s, 8, c->reason ? c->reason : "");
	return step(st, s, err);
}

static int read_change(struct store *st, struct stmt *s, struct arena *arena, void *to,
		       struct error *err)
{
	struct closing_change *ret = to;

	(void)err;
	*ret = (struct closing_change) {
		.id = get_int(st, s, 0),
		.account = get_int(st, s, 1),
		.at = get_int(st, s, 2),
		.kind = get_int(st, s, 3) == CLOSING_REOPENED ? CLOSING_REOPENED : CLOSING_LATE,
		.effective_us = get_int(st, s, 4),
		.source = get_int(st, s, 5),
		.event = get_text(st, s, 6, arena),
		.author = get_text(st, s, 7, arena),
		.reason = get_text(st, s, 8, arena),
	};
	ret->event_len = strlen(ret->event);
	return 0;
}

int store_closing_changes(struct store *st, const struct account *a, int64_t since, int64_t before,
			  size_t limit, struct arena *arena, struct closing_change **ret,
			  size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, account, at, kind, effective_us, source, event, "
				 "author, reason FROM closing_change"
				 " WHERE family = ?1 AND id < ?2 AND at >= ?3 AND (?4 = 0 OR "
				 "account = ?4 OR (kind = 2 AND account = family))"
				 " ORDER BY id DESC LIMIT ?5",
				 err);
	struct rows rows;

	if (!s)
		return -1;
	bind_int(st, s, 1, a->parent ? a->parent : a->id);
	bind_int(st, s, 2, before ? before : INT64_MAX);
	bind_int(st, s, 3, since);
	bind_int(st, s, 4, a->parent ? a->id : 0);
	bind_int(st, s, 5, (int64_t)limit);
	if (store_rows(st, s, read_change, sizeof(**ret), arena, &rows, err) < 0)
		return -1;
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}

int store_late_instant(struct store *st, int64_t account, int64_t from_us, bool backwards,
		       int64_t *ret_us, struct error *err)
{
	struct stmt *s = prepare(
		st,
		backwards ? "SELECT effective_us FROM closing_change WHERE kind = 1 AND account = "
			    "?1 AND effective_us <= ?2 ORDER BY effective_us DESC LIMIT 1"
			  : "SELECT effective_us FROM closing_change WHERE kind = 1 AND account = "
			    "?1 AND effective_us >= ?2 ORDER BY effective_us LIMIT 1",
		err);

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, from_us);
	return store_one(st, s, ret_us, err);
}

int store_late_listed(struct store *st, int64_t account, const struct posted *p, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT 1 FROM closing_change WHERE kind = 1 AND account = ?1 AND "
				 "effective_us = ?2 AND source = ?3 AND event = ?4",
				 err);
	int64_t one;

	if (!s)
		return -1;
	bind_int(st, s, 1, account);
	bind_int(st, s, 2, p->effective_us);
	bind_int(st, s, 3, p->source);
	st->ops->bind_text(s, 4, p->id, p->id_len);
	return store_one(st, s, &one, err);
}

int store_late_count(struct store *st, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT count(*) FROM closing_change WHERE kind = 1", err);

	return !s || store_one(st, s, ret, err) < 0 ? -1 : 0;
}

/* ---- from a ledger of before ---- */

#define RAISED                                                                                     \
	"SELECT a.sid, m.sid, p.through, COALESCE(c.through, 0) FROM account a JOIN account m ON " \
	"m.id = a.parent"                                                                          \
	" JOIN closing p ON p.account = m.id LEFT JOIN closing c ON c.account = a.id"              \
	" WHERE p.through > COALESCE(c.through, 0) ORDER BY a.sid"

struct raised {
	const char *sid, *main_sid;
	int64_t through, before;
};

static int read_raised(struct store *st, struct stmt *s, struct arena *arena, void *to,
		       struct error *err)
{
	struct raised *ret = to;

	(void)err;
	*ret = (struct raised) { get_text(st, s, 0, arena), get_text(st, s, 1, arena),
				 get_int(st, s, 2), get_int(st, s, 3) };
	return 0;
}

/* Days were UTC days then. */
static const char *day_before(struct arena *arena, int64_t instant)
{
	char text[DATE_TEXT];

	date_format(text, date_from_days(floor_div(instant, SEC_PER_DAY) - 1));
	return arena_str(arena, text);
}

static int list_raised(struct store *st, const struct raised *r, struct arena *arena,
		       struct error *err)
{
	struct audit entry = { .at = floor_div(clock_now_us(), USEC_PER_SEC),
			       .author = "console",
			       .action = "closing.raise",
			       .subject = r->sid };

	entry.detail = arena_join(arena, "through ", day_before(arena, r->through),
				  " with its main account ", r->main_sid, ", before: ",
				  r->before ? arena_join(arena, "through ",
							 day_before(arena, r->before), NULL)
					    : "open",
				  NULL);
	log_info("the subaccount %s is now closed %s", r->sid, entry.detail);
	return store_audit_add(st, &entry, err);
}

int store_closings_raise(struct store *st, struct error *err)
{
	const struct raised *list;
	struct arena arena;
	struct rows rows;
	int rc;

	arena_init(&arena);
	rc = store_rows(st, prepare(st, RAISED, err), read_raised, sizeof(*list), &arena, &rows,
			err);
	list = rc == 0 ? rows.items : NULL;
	for (size_t i = 0; rc == 0 && i < rows.n; i++)
		rc = list_raised(st, &list[i], &arena, err);
	arena_release(&arena);
	return rc;
}
