#include "store/trigger.h"

#include "store/internal.h"
#include "store/lists.h"
#include "base/banned.h"

#define TRIGGER                                                                                    \
	"SELECT t.id, t.sid, t.account, t.category, t.amount, t.recurrence, t.threshold, t.name, " \
	"t.url, t.method, t.created, t.updated, v.period, v.high, v.low, v.fired, v.fired_period"  \
	" FROM trigger t JOIN trigger_value v ON v.id = t.id "

/* A sum of 128 bits is stored as HIGH * SUM_PART + LOW. */
#define SUM_PART ((wide)1000000000000000000)

static void bind_sum(struct stmt *s, int n, wide sum)
{
	db_bind_int(s, n, (int64_t)(sum / SUM_PART));
	db_bind_int(s, n + 1, (int64_t)(sum % SUM_PART));
}

static wide get_sum(struct stmt *s, int column)
{
	return db_get_int(s, column) * SUM_PART + db_get_int(s, column + 1);
}

static void get_value(struct stmt *s, int column, struct trigger_value *ret)
{
	ret->period = db_get_int(s, column);
	ret->sum = get_sum(s, column + 1);
	ret->fired = db_get_int(s, column + 3);
	ret->fired_period = db_get_int(s, column + 4);
}

static void read_trigger(struct stmt *s, struct arena *arena, void *to)
{
	struct trigger *ret = to;

	*ret = (struct trigger) {
		.id = db_get_int(s, 0),
		.account = db_get_int(s, 2),
		.category = db_get_int(s, 3),
		.amount = (enum amount)db_get_int(s, 4),
		.recurrence = (enum recurrence)db_get_int(s, 5),
		.threshold = db_get_int(s, 6),
		.name = db_get_str(s, 7, arena),
		.url = db_get_str(s, 8, arena),
		.method = db_get_str(s, 9, arena),
		.created = db_get_int(s, 10),
		.updated = db_get_int(s, 11),
		.value.trigger = db_get_int(s, 0),
	};
	db_get_chars(s, 1, ret->sid, sizeof(ret->sid));
	get_value(s, 12, &ret->value);
}

int store_trigger_owner(struct store *st, const char *sid, int64_t *ret_account, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT account FROM trigger WHERE sid = ?1", err);

	db_bind_str(s, 1, sid);
	return store_one(s, ret_account, err);
}

int store_trigger_find(struct store *st, const char *sid, struct arena *arena, struct trigger *ret,
		       struct error *err)
{
	struct stmt *s = prepare(st, TRIGGER "WHERE t.sid = ?1", err);

	db_bind_str(s, 1, sid);
	return store_row(s, read_trigger, arena, ret, err);
}

int store_trigger_by_id(struct store *st, int64_t id, struct arena *arena, struct trigger *ret,
			struct error *err)
{
	struct stmt *s = prepare(st, TRIGGER "WHERE t.id = ?1", err);

	db_bind_int(s, 1, id);
	return store_row(s, read_trigger, arena, ret, err);
}

int store_triggers(struct store *st, int64_t account, struct arena *arena, struct trigger **ret,
		   size_t *ret_n, struct error *err)
{
	struct stmt *s = account ? prepare(st, TRIGGER "WHERE t.account = ?1 ORDER BY t.id DESC",
					   err)
				 : prepare(st, TRIGGER "ORDER BY t.id DESC", err);
	struct rows rows;

	if (account)
		db_bind_int(s, 1, account);
	rows = store_rows(s, read_trigger, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

int store_triggers_of(struct store *st, const int64_t *accounts, size_t n, struct arena *arena,
		      struct trigger **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s = prepare(st,
				 TRIGGER "WHERE t.id IN (SELECT x.id FROM list(?1) l CROSS JOIN "
					 "trigger x WHERE x.account = l.a) ORDER BY t.id DESC",
				 err);
	struct rows rows;

	bind_ids(s, 1, arena, accounts, n);
	rows = store_rows(s, read_trigger, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

/* Lists the ids of the triggers. Returns their number; -1: failed. */
static int list_near(struct store *st, const struct triggers_near *q, struct arena *arena,
		     int64_t *ret, struct error *err)
{
	/* divides first: a threshold may be close to the largest number */
	struct stmt *s = prepare(
		st,
		"SELECT id FROM (SELECT t.id, v.high, v.low / CAST(t.threshold AS REAL) AS share, "
		"CASE WHEN v.fired_period = v.period THEN v.fired ELSE 0 END AS fired, v.low >= "
		"t.threshold / 100 * ?1 + (t.threshold % 100 * ?1 + 99) / 100 AS near "
		"FROM list(?5) l CROSS JOIN trigger t CROSS JOIN trigger_value v "
		"WHERE t.account = l.a AND v.id = t.id AND "
		"v.period >= CASE t.recurrence WHEN 1 THEN ?2 WHEN 2 THEN ?3 WHEN 3 THEN ?4 ELSE 0 "
		"END) x WHERE near OR high > 0 OR fired > 0 ORDER BY fired > 0, fired DESC, high "
		"DESC, share DESC, id DESC",
		err);
	size_t n = 0;
	int rc = 1;

	db_bind_int(s, 1, q->percent);
	db_bind_int(s, 2, q->periods[RECURRENCE_DAILY]);
	db_bind_int(s, 3, q->periods[RECURRENCE_MONTHLY]);
	db_bind_int(s, 4, q->periods[RECURRENCE_YEARLY]);
	bind_ids(s, 5, arena, q->accounts, q->n_accounts);
	while (n < q->limit && (rc = db_step(s, err)) > 0)
		ret[n++] = db_get_int(s, 0);
	db_reset(s);
	return rc < 0 ? -1 : (int)n;
}

int store_triggers_near(struct store *st, const struct triggers_near *q, struct arena *arena,
			struct trigger **ret, size_t *ret_n, struct error *err)
{
	int64_t *ids = arena_array(arena, int64_t, q->limit);
	int n = list_near(st, q, arena, ids, err);

	*ret = n > 0 ? arena_array(arena, struct trigger, (size_t)n) : NULL;
	*ret_n = 0;
	for (int i = 0; i < n; i++) {
		int rc = store_trigger_by_id(st, ids[i], arena, &(*ret)[*ret_n], err);

		if (rc < 0)
			return -1;
		*ret_n += (size_t)rc;
	}
	return n < 0 ? -1 : 0;
}

int store_trigger_count(struct store *st, int64_t account, int64_t *ret, struct error *err)
{
	struct stmt *s = prepare(st, "SELECT count(*) FROM trigger WHERE account = ?1", err);

	db_bind_int(s, 1, account);
	return store_one(s, ret, err) < 0 ? -1 : 0;
}

static void read_watched(struct stmt *s, struct arena *arena, void *to)
{
	(void)arena;
	*(struct trigger *)to = (struct trigger) {
		.id = db_get_int(s, 0),
		.account = db_get_int(s, 1),
		.category = db_get_int(s, 2),
		.amount = (enum amount)db_get_int(s, 3),
		.recurrence = (enum recurrence)db_get_int(s, 4),
		.threshold = db_get_int(s, 5),
	};
}

#define WATCHED "SELECT id, account, category, amount, recurrence, threshold FROM trigger "

int store_triggers_watched(struct store *st, const struct trigger_accounts *of, struct arena *arena,
			   struct trigger **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s =
		of->account
			? prepare(st, WATCHED "WHERE account IN (?1, ?2) ORDER BY account, id", err)
			: prepare(st, WATCHED "ORDER BY account, id", err);
	struct rows rows;

	if (of->account) {
		db_bind_int(s, 1, of->account);
		db_bind_int(s, 2, of->other);
	}
	rows = store_rows(s, read_watched, sizeof(**ret), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

#define UNPRICED(from, where)                                                                 \
	"SELECT s.id FROM " from " CROSS JOIN account s WHERE " where " AND s.parent = m.id " \
	"AND s.currency <> m.currency ORDER BY s.id"

int store_triggers_unpriced(struct store *st, const struct trigger_accounts *of,
			    struct arena *arena, const int64_t **ret, size_t *ret_n,
			    struct error *err)
{
	struct stmt *s =
		of->account
			? prepare(st, UNPRICED("account m", "m.id IN (?1, ?2)"), err)
			: prepare(st,
				  UNPRICED("(SELECT DISTINCT account FROM trigger) t CROSS JOIN "
					   "account m",
					   "m.id = t.account"),
				  err);

	if (of->account) {
		db_bind_int(s, 1, of->account);
		db_bind_int(s, 2, of->other);
	}
	return store_ids(s, arena, ret, ret_n, err);
}

/* ---- changes ---- */

/* Runs a statement whose parameters are the members of V. */
static int write_value(struct stmt *s, const struct trigger_value *v, struct error *err)
{
	db_bind_int(s, 1, v->trigger);
	db_bind_int(s, 2, v->period);
	bind_sum(s, 3, v->sum);
	db_bind_int(s, 5, v->fired);
	db_bind_int(s, 6, v->fired_period);
	return db_step(s, err);
}

static int add_value(struct store *st, const struct trigger_value *v, struct error *err)
{
	struct stmt *s = prepare(st,
				 "INSERT INTO trigger_value (id, period, high, low, fired, "
				 "fired_period) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
				 err);

	return write_value(s, v, err);
}

int store_trigger_add(struct store *st, struct trigger *t, struct error *err)
{
	struct stmt *s =
		prepare(st,
			"INSERT INTO trigger (sid, account, category, amount, recurrence, "
			"threshold, name, url, method, created, updated)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id",
			err);

	db_bind_str(s, 1, t->sid);
	db_bind_int(s, 2, t->account);
	db_bind_int(s, 3, t->category);
	db_bind_int(s, 4, t->amount);
	db_bind_int(s, 5, t->recurrence);
	db_bind_int(s, 6, t->threshold);
	db_bind_str(s, 7, t->name);
	db_bind_str(s, 8, t->url);
	db_bind_str(s, 9, t->method);
	db_bind_int(s, 10, t->created);
	db_bind_int(s, 11, t->updated);
	if (store_insert_id(s, &t->id, err) < 0)
		return -1;
	t->value.trigger = t->id;
	return add_value(st, &t->value, err) < 0 ? -1 : store_changed(st, err);
}

int store_trigger_set(struct store *st, const struct trigger *t, struct error *err)
{
	struct stmt *s = prepare(
		st,
		"UPDATE trigger SET name = ?2, url = ?3, method = ?4, updated = ?5 WHERE id = ?1",
		err);

	db_bind_int(s, 1, t->id);
	db_bind_str(s, 2, t->name);
	db_bind_str(s, 3, t->url);
	db_bind_str(s, 4, t->method);
	db_bind_int(s, 5, t->updated);
	return db_step(s, err);
}

int store_trigger_remove(struct store *st, int64_t id, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM trigger_value WHERE id = ?1", err);

	db_bind_int(s, 1, id);
	if (db_step(s, err) < 0)
		return -1;
	s = prepare(st, "DELETE FROM trigger WHERE id = ?1", err);
	db_bind_int(s, 1, id);
	return db_step(s, err) < 0 ? -1 : store_changed(st, err);
}

/* ---- values ---- */

int store_trigger_value(struct store *st, struct trigger_value *v, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT period, high, low, fired, fired_period FROM trigger_value "
				 "WHERE id = ?1",
				 err);
	int rc;

	db_bind_int(s, 1, v->trigger);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc;
	get_value(s, 0, v);
	db_reset(s);
	return 1;
}

int store_trigger_value_set(struct store *st, const struct trigger_value *v, struct error *err)
{
	struct stmt *s = prepare(st,
				 "UPDATE trigger_value SET period = ?2, high = ?3, low = ?4, fired "
				 "= ?5, fired_period = ?6 WHERE id = ?1",
				 err);

	return write_value(s, v, err);
}
