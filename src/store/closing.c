/*
 * closing.c - the closed instants of accounts, and changes in closed time.
 *
 * The column `through` of the table closing is an account's own closed instant:
 * the first open second. The closed instant that takes effect is the account's
 * own or the main account's, whichever is later. So closing and reopening a
 * main account changes its whole family, and a subaccount is always closed at
 * least as far as its main account.
 */
#include "store/closing.h"

#include <inttypes.h>
#include "base/civil.h"
#include "base/log.h"
#include "store/internal.h"
#include "store/store_connection.h"
#include "store/lists.h"
#include "store/audit.h"
#include "base/banned.h"

/* ---- closed instants ---- */

/* the later one of an account and its main account */
#define LATER_THROUGH                                                                            \
	"CASE WHEN COALESCE(main.through, 0) > COALESCE(own.through, 0) THEN main.through ELSE " \
	"COALESCE(own.through, 0) END"

#define CLOSING                                                                                  \
	"SELECT a.id, " LATER_THROUGH ", COALESCE(own.through, 0),"                              \
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

	db_bind_int(s, 1, c->account);
	db_bind_int(s, 2, floor_div(c->own_us, USEC_PER_SEC));
	db_bind_str(s, 3, c->author);
	db_bind_int(s, 4, c->made);
	return db_step(s, err);
}

static int remove_closing(struct store *st, int64_t account, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM closing WHERE account = ?1", err);

	db_bind_int(s, 1, account);
	return db_step(s, err);
}

static int change_closing(struct store *st, const struct closing *c, struct error *err)
{
	int rc = store_account_exists(st, c->account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "account",
				 "there is no account with the id %" PRId64, c->account);
	if (rc < 0 ||
	    (c->own_us ? put_closing(st, c, err) : remove_closing(st, c->account, err)) < 0)
		return -1;
	return store_changed(st, err);
}

int store_closing_set(struct store *st, const struct closing *c, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, change_closing(st, c, err), err);
}

static void read_closing(struct stmt *s, struct arena *arena, void *to)
{
	struct closing *ret = to;

	*ret = (struct closing) {
		.account = db_get_int(s, 0),
		.open_us = db_get_int(s, 1) * USEC_PER_SEC,
		.own_us = db_get_int(s, 2) * USEC_PER_SEC,
		.author = db_get_str(s, 3, arena),
		.made = db_get_int(s, 4),
	};
}

int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret,
		  struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "AND a.id = ?1", err);

	db_bind_int(s, 1, account);
	return store_row(s, read_closing, arena, ret, err);
}

/* Sets RET to the kept instants. False: some are not kept. */
static bool take_kept(struct store *st, const int64_t *accounts, size_t n, int64_t *ret)
{
	if (!store_keeps(st))
		return false;
	kept_numbers_begin(&st->connection->closed_us, st->version);
	for (size_t i = 0; i < n; i++)
		if (!kept_number(&st->connection->closed_us, accounts[i], &ret[i]))
			return false;
	return true;
}

int store_closed_instants(struct store *st, const int64_t *accounts, size_t n, int64_t *ret,
			  struct error *err)
{
	struct arena arena;
	struct stmt *s;
	int rc;

	if (take_kept(st, accounts, n, ret))
		return 0;
	arena_init(&arena);
	s = prepare(st,
		    "SELECT l.rowid, " LATER_THROUGH
		    " FROM list(?1) l CROSS JOIN account a LEFT JOIN closing own ON own.account = "
		    "a.id LEFT JOIN closing main ON main.account = a.parent WHERE a.id = l.a",
		    err);
	bind_ids(s, 1, &arena, accounts, n);
	for (size_t i = 0; i < n; i++)
		ret[i] = 0;
	while ((rc = db_step(s, err)) > 0)
		ret[db_get_int(s, 0)] = db_get_int(s, 1) * USEC_PER_SEC;
	for (size_t i = 0; i < n && rc == 0 && store_keeps(st); i++)
		kept_number_set(&st->connection->closed_us, accounts[i], ret[i]);
	arena_release(&arena);
	return rc;
}

int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n,
		   struct error *err)
{
	struct stmt *s = prepare(st, CLOSING "ORDER BY a.id", err);
	struct rows rows;

	rows = store_rows(s, read_closing, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

/* ---- changes in closed time ---- */

int store_closing_change_add(struct store *st, const struct closing_change *c, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO closing_change (family, account, at, kind, "
				 "effective_us, source, event, author, reason)"
				 " SELECT COALESCE(parent, id), id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 "
				 "FROM account WHERE id = ?1",
				 err);

	db_bind_int(s, 1, c->account);
	db_bind_int(s, 2, c->at);
	db_bind_int(s, 3, c->kind);
	db_bind_int(s, 4, c->effective_us);
	db_bind_int(s, 5, c->source);
	db_bind_text(s, 6, c->event ? c->event : "", c->event_len);
	db_bind_str(s, 7, c->author ? c->author : "");
	db_bind_str(s, 8, c->reason ? c->reason : "");
	return db_later(s, err);
}

static void read_change(struct stmt *s, struct arena *arena, void *to)
{
	struct closing_change *ret = to;

	*ret = (struct closing_change) {
		.id = db_get_int(s, 0),
		.account = db_get_int(s, 1),
		.at = db_get_int(s, 2),
		.kind = (enum closing_change_kind)db_get_int(s, 3),
		.effective_us = db_get_int(s, 4),
		.source = db_get_int(s, 5),
		.event = db_get_str(s, 6, arena),
		.author = db_get_str(s, 7, arena),
		.reason = db_get_str(s, 8, arena),
	};
	ret->event_len = strlen(ret->event);
}

int store_closing_changes(struct store *st, const struct account *a, const struct newest *which,
			  struct arena *arena, struct closing_changes *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, account, at, kind, effective_us, source, event, "
				 "author, reason FROM closing_change"
				 " WHERE family = ?1 AND id < ?2 AND at >= ?3 AND (?4 = 0 OR "
				 "account = ?4 OR (kind = 2 AND account = family))"
				 " ORDER BY id DESC LIMIT ?5",
				 err);
	struct rows rows;

	db_bind_int(s, 1, a->parent ? a->parent : a->id);
	db_bind_int(s, 2, which->before ? which->before : INT64_MAX);
	db_bind_int(s, 3, which->since);
	db_bind_int(s, 4, a->parent ? a->id : 0);
	db_bind_int(s, 5, (int64_t)which->limit);
	rows = store_rows(s, read_change, sizeof(*ret->list), arena, err);
	*ret = (struct closing_changes) { rows.items, rows.n };
	return rows.rc;
}

int store_late_listed(struct store *st, int64_t account, const struct posting *p, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT 1 FROM closing_change WHERE kind = 1 AND account = ?1 AND "
				 "effective_us = ?2 AND source = ?3 AND event = ?4",
				 err);

	db_bind_int(s, 1, account);
	db_bind_int(s, 2, p->effective_us);
	db_bind_int(s, 3, p->source);
	db_bind_text(s, 4, p->id, p->id_len);
	return store_any(s, err);
}

int store_late_count(struct store *st, const struct db_list *accounts, int64_t *ret,
		     struct error *err)
{
	struct stmt *s =
		prepare(st,
			accounts ? "SELECT count(*) FROM list(?1) a CROSS JOIN closing_change c"
				   " WHERE c.kind = 1 AND c.account = a.a"
				 : "SELECT count(*) FROM closing_change WHERE kind = 1",
			err);

	if (accounts)
		db_bind_list(s, 1, accounts);
	return store_one(s, ret, err) < 0 ? -1 : 0;
}

/* ---- upgrading an older ledger ---- */

#define RAISED                                                                                     \
	"SELECT a.sid, m.sid, p.through, COALESCE(c.through, 0) FROM account a JOIN account m ON " \
	"m.id = a.parent"                                                                          \
	" JOIN closing p ON p.account = m.id LEFT JOIN closing c ON c.account = a.id"              \
	" WHERE p.through > COALESCE(c.through, 0) ORDER BY a.sid"

struct closing_raised {
	const char *sid, *main_sid;
	int64_t through, before;
};

static void read_raised(struct stmt *s, struct arena *arena, void *to)
{
	struct closing_raised *ret = to;

	*ret = (struct closing_raised) { db_get_str(s, 0, arena), db_get_str(s, 1, arena),
					 db_get_int(s, 2), db_get_int(s, 3) };
}

/* The last closed day in UTC, the zone in which older ledgers closed days. */
static const char *day_before(struct arena *arena, int64_t instant)
{
	char text[DATE_TEXT];

	date_format(text, date_from_days(floor_div(instant, SEC_PER_DAY) - 1));
	return arena_str(arena, text);
}

static int list_raised(struct store *st, const struct closing_raised *r, struct arena *arena,
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
	const struct closing_raised *list;
	struct arena arena;
	struct rows rows;

	arena_init(&arena);
	rows = store_rows(prepare(st, RAISED, err), read_raised, sizeof(*list), &arena, err);
	list = rows.items;
	for (size_t i = 0; rows.rc == 0 && i < rows.n; i++)
		rows.rc = list_raised(st, &list[i], &arena, err);
	arena_release(&arena);
	return rows.rc;
}
