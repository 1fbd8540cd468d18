#include "store/outbox.h"

#include "store/internal.h"
#include "store/lists.h"
#include "base/banned.h"

#define LAST(column) \
	"(SELECT d." column " FROM delivery d WHERE d.notice = n.id ORDER BY d.id DESC LIMIT 1)"
#define NOTICE                                                                             \
	"SELECT n.id, n.sid, n.account, n.trigger_sid, n.token, n.url, n.method, n.form, " \
	"n.made_us, n.state, n.attempts, n.next_us, t.name, " LAST("status") ", " LAST(    \
		"error") " FROM notice n LEFT JOIN trigger t ON t.sid = n.trigger_sid "

/* ---- notices ---- */

int store_notice_add(struct store *st, struct notice *n, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO notice (sid, account, trigger_sid, token, url, method, form, "
			"made_us, state, attempts, next_us)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT "
			"(token) DO NOTHING RETURNING id",
			err);

	db_bind_str(s, 1, n->sid);
	db_bind_int(s, 2, n->account);
	db_bind_str(s, 3, n->trigger);
	db_bind_str(s, 4, n->token);
	db_bind_str(s, 5, n->url);
	db_bind_str(s, 6, n->method);
	db_bind_str(s, 7, n->form);
	db_bind_int(s, 8, n->made_us);
	db_bind_int(s, 9, n->state);
	db_bind_int(s, 10, n->attempts);
	db_bind_int(s, 11, n->next_us);
	return store_one(s, &n->id, err);
}

int store_notice_set(struct store *st, const struct notice *n, struct error *err)
{
	struct stmt *s = prepare(
		st, "UPDATE notice SET state = ?2, attempts = ?3, next_us = ?4 WHERE id = ?1", err);

	db_bind_int(s, 1, n->id);
	db_bind_int(s, 2, n->state);
	db_bind_int(s, 3, n->attempts);
	db_bind_int(s, 4, n->next_us);
	return db_step(s, err);
}

int store_notices_redirect(struct store *st, const char *trigger, const char *url,
			   const char *method, struct error *err)
{
	struct stmt *s = prepare(
		st, "UPDATE notice SET url = ?2, method = ?3 WHERE trigger_sid = ?1 AND state = 0",
		err);

	db_bind_str(s, 1, trigger);
	db_bind_str(s, 2, url);
	db_bind_str(s, 3, method);
	return db_step(s, err);
}

int store_notices_cancel(struct store *st, const char *trigger, struct error *err)
{
	struct stmt *s = prepare(
		st, "UPDATE notice SET state = ?2 WHERE trigger_sid = ?1 AND state = 0", err);

	db_bind_str(s, 1, trigger);
	db_bind_int(s, 2, NOTICE_CANCELLED);
	return db_step(s, err);
}

static void read_notice(struct stmt *s, struct arena *arena, void *to)
{
	struct notice *ret = to;

	*ret = (struct notice) {
		.id = db_get_int(s, 0),
		.account = db_get_int(s, 2),
		.token = db_get_str(s, 4, arena),
		.url = db_get_str(s, 5, arena),
		.method = db_get_str(s, 6, arena),
		.form = db_get_str(s, 7, arena),
		.made_us = db_get_int(s, 8),
		.state = (enum notice_state)db_get_int(s, 9),
		.attempts = db_get_int(s, 10),
		.next_us = db_get_int(s, 11),
		.trigger_name = db_get_str(s, 12, arena),
		.last_status = db_get_int(s, 13),
		.last_error = db_get_str(s, 14, arena),
	};
	db_get_chars(s, 1, ret->sid, sizeof(ret->sid));
	db_get_chars(s, 3, ret->trigger, sizeof(ret->trigger));
}

static int read_notices(struct stmt *s, struct arena *arena, struct notices *ret, struct error *err)
{
	struct rows rows = store_rows(s, read_notice, sizeof(*ret->list), arena, err);

	*ret = (struct notices) { rows.items, rows.n };
	return rows.rc;
}

int store_notice_owner(struct store *st, const char *sid, int64_t *ret_account, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT account FROM notice WHERE sid = ?1", err);

	db_bind_str(s, 1, sid);
	return store_one(s, ret_account, err);
}

int store_notice_find(struct store *st, const char *sid, struct arena *arena, struct notice *ret,
		      struct error *err)
{
	struct stmt *s = prepare(st, NOTICE "WHERE n.sid = ?1", err);

	db_bind_str(s, 1, sid);
	return store_row(s, read_notice, arena, ret, err);
}

int store_notices(struct store *st, const struct notices_query *q, struct arena *arena,
		  struct notices *ret, struct error *err)
{
	struct stmt *s;

	if (q->trigger)
		s = prepare(st,
			    NOTICE "WHERE n.trigger_sid = ?4 AND (?1 = 0 OR n.account = ?1)"
				   " AND n.id < ?2 ORDER BY n.id DESC LIMIT ?3",
			    err);
	else if (q->account)
		s = prepare(st,
			    NOTICE "WHERE n.account = ?1 AND n.id < ?2 ORDER BY n.id DESC LIMIT ?3",
			    err);
	else if (q->accounts)
		s = prepare(st,
			    NOTICE "WHERE ?1 = 0 AND n.id IN (SELECT x.id FROM list(?4) l CROSS "
				   "JOIN notice x WHERE x.account = l.a AND x.id < ?2 ORDER BY "
				   "x.id DESC LIMIT ?3) ORDER BY n.id DESC",
			    err);
	else
		s = prepare(st, NOTICE "WHERE ?1 = 0 AND n.id < ?2 ORDER BY n.id DESC LIMIT ?3",
			    err);
	db_bind_int(s, 1, q->account);
	db_bind_int(s, 2, q->before ? q->before : INT64_MAX);
	db_bind_int(s, 3, (int64_t)q->limit);
	if (q->trigger)
		db_bind_str(s, 4, q->trigger);
	else if (!q->account && q->accounts)
		bind_ids(s, 4, arena, q->accounts, q->n_accounts);
	return read_notices(s, arena, ret, err);
}

int store_notice_waits_after(struct store *st, int64_t after_us, struct error *err)
{
	struct stmt *s =
		prepare(st, "SELECT 1 FROM notice WHERE state = 0 AND next_us > ?1 LIMIT 1", err);
	int64_t one;

	db_bind_int(s, 1, after_us);
	return store_one(s, &one, err);
}

int store_notices_hasten(struct store *st, int64_t after_us, int64_t now_us, struct error *err)
{
	struct stmt *s =
		prepare(st, "UPDATE notice SET next_us = ?2 WHERE state = 0 AND next_us > ?1", err);

	db_bind_int(s, 1, after_us);
	db_bind_int(s, 2, now_us);
	return db_step(s, err);
}

int store_notice_account(struct store *st, int64_t after, int64_t now_us, int64_t *ret,
			 struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT account FROM notice WHERE state = 0 AND account > ?1 AND "
				 "next_us <= ?2 ORDER BY account LIMIT 1",
				 err);

	db_bind_int(s, 1, after);
	db_bind_int(s, 2, now_us);
	return store_one(s, ret, err);
}

int store_notices_due(struct store *st, const struct notices_due *q, struct arena *arena,
		      struct notices *ret, struct error *err)
{
	struct stmt *s = prepare(st,
				 NOTICE "WHERE n.state = 0 AND n.account = ?1 AND n.next_us <= ?2"
					" ORDER BY n.next_us LIMIT ?3",
				 err);

	db_bind_int(s, 1, q->account);
	db_bind_int(s, 2, q->now_us);
	db_bind_int(s, 3, (int64_t)q->limit);
	return read_notices(s, arena, ret, err);
}

int store_notices_waiting(struct store *st, int64_t *ret_n, struct error *err)
{
	return store_one(prepare(st, "SELECT count(*) FROM notice WHERE state = 0", err), ret_n,
			 err) < 0
		       ? -1
		       : 0;
}

int store_notice_next(struct store *st, int64_t *ret_us, struct error *err)
{
	return store_one(prepare(st,
				 "SELECT next_us FROM notice WHERE state = 0 ORDER BY next_us "
				 "LIMIT 1",
				 err),
			 ret_us, err);
}

int store_notice_oldest(struct store *st, int64_t *ret_us, struct error *err)
{
	return store_one(prepare(st, "SELECT made_us FROM notice ORDER BY id LIMIT 1", err), ret_us,
			 err);
}

int store_notices_prune(struct store *st, int64_t before_us, size_t limit, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"DELETE FROM delivery WHERE notice IN (SELECT id FROM notice WHERE "
			"made_us < ?1 AND state <> 0 ORDER BY id LIMIT ?2)",
			err);

	db_bind_int(s, 1, before_us);
	db_bind_int(s, 2, (int64_t)limit);
	if (db_step(s, err) < 0)
		return -1;
	s = prepare(st,
		    "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE made_us < ?1 AND "
		    "state <> 0 ORDER BY id LIMIT ?2)",
		    err);
	db_bind_int(s, 1, before_us);
	db_bind_int(s, 2, (int64_t)limit);
	return db_step(s, err);
}

/* ---- deliveries ---- */

int store_delivery_add(struct store *st, const struct delivery *a, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO delivery (notice, at_us, took_us, status, error, "
				 "answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
				 err);

	db_bind_int(s, 1, a->notice);
	db_bind_int(s, 2, a->at_us);
	db_bind_int(s, 3, a->took_us);
	db_bind_int(s, 4, a->status);
	db_bind_str(s, 5, a->error);
	db_bind_str(s, 6, a->answer);
	return db_step(s, err);
}

static void read_delivery(struct stmt *s, struct arena *arena, void *to)
{
	*(struct delivery *)to = (struct delivery) {
		.id = db_get_int(s, 0),
		.notice = db_get_int(s, 1),
		.at_us = db_get_int(s, 2),
		.took_us = db_get_int(s, 3),
		.status = db_get_int(s, 4),
		.error = db_get_str(s, 5, arena),
		.answer = db_get_str(s, 6, arena),
	};
}

int store_deliveries(struct store *st, int64_t notice, struct arena *arena, struct delivery **ret,
		     size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT id, notice, at_us, took_us, status, error, answer FROM "
				 "delivery WHERE notice = ?1 ORDER BY id",
				 err);
	struct rows rows;

	db_bind_int(s, 1, notice);
	rows = store_rows(s, read_delivery, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

/* ---- leases ---- */

int store_lease_take(struct store *st, const struct lease *lease, int64_t now_us, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO lease (name, host, until_us) VALUES (?1, ?2, ?3)"
				 " ON CONFLICT (name) DO UPDATE SET host = excluded.host, until_us "
				 "= excluded.until_us WHERE lease.host = excluded.host OR "
				 "lease.until_us <= ?4"
				 /* a clock was set back: no lease is that long */
				 " OR lease.until_us > ?3 + (?3 - ?4)",
				 err);

	db_bind_str(s, 1, lease->name);
	db_bind_str(s, 2, lease->host);
	db_bind_int(s, 3, lease->until_us);
	db_bind_int(s, 4, now_us);
	return db_step(s, err) < 0 ? -1 : db_changes(st->db) > 0;
}

int store_lease_end(struct store *st, const struct lease *lease, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM lease WHERE name = ?1 AND host = ?2", err);

	db_bind_str(s, 1, lease->name);
	db_bind_str(s, 2, lease->host);
	return db_step(s, err);
}

/* ---- signing secrets ---- */

int store_signing(struct store *st, int64_t account, struct arena *arena, struct sealed *ret,
		  struct error *err)
{
	struct stmt *s = prepare(st, "SELECT sealed FROM signing WHERE account = ?1", err);
	const void *bytes;
	int rc;

	db_bind_int(s, 1, account);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	bytes = db_get_blob(s, 0, &ret->len);
	ret->bytes = (const unsigned char *)arena_strn(arena, bytes, ret->len);
	db_reset(s);
	return 1;
}

int store_signing_set(struct store *st, int64_t account, const struct sealed *sealed,
		      struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO signing (account, sealed) VALUES (?1, ?2) ON "
				 "CONFLICT (account) DO UPDATE SET sealed = excluded.sealed",
				 err);

	db_bind_int(s, 1, account);
	db_bind_blob(s, 2, sealed->bytes, sealed->len);
	return db_step(s, err);
}
