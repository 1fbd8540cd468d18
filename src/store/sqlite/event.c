/*
 * event.c - adds events, and their postings.
 */
#include "store/event.h"

#include <glib.h>
#include <stdlib.h>
#include "base/civil.h"
#include "store/internal.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/posting_table.h"
#include "base/banned.h"

/*
 * Sets the verdict of an event whose identity exists, by comparison with the
 * stored event.
 */
static int compare(struct store *st, struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st,
				 "SELECT series, time_us, " AMOUNT_COLUMNS
				 " FROM event WHERE source = ?1 AND id = ?2",
				 err);
	struct amounts a;
	int rc;

	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	rc = db_step(s, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "an identity is stored, but its event does not exist: "
					  "the ledger is damaged");
	store_get_amounts(s, 2, &a);
	e->verdict = db_get_int(s, 0) == e->series && db_get_int(s, 1) == e->time_us &&
				     amounts_equal(&a, &e->amounts)
			     ? VERDICT_DUPLICATE
			     : VERDICT_CONFLICT;
	db_reset(s);
	return 0;
}

/* Statements to add an event. Most events are plain: two columns stay NULL. */
#define ADD_PLAIN                                                      \
	"INSERT INTO event (source, id, series, time, " AMOUNT_COLUMNS \
	") VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ")"                 \
	" ON CONFLICT (source, id) DO NOTHING"
#define ADD                                                                         \
	"INSERT INTO event (source, id, series, time, " AMOUNT_COLUMNS              \
	", booked_us, correction) VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ", ?, ?)" \
	" ON CONFLICT (source, id) DO NOTHING"

static bool is_plain(const struct stored_event *e)
{
	return e->effective_us <= e->time_us && !e->correction;
}

static struct stmt *prepare_add(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st, is_plain(e) ? ADD_PLAIN : ADD, err);

	if (e->effective_us > e->time_us)
		db_bind_int(s, 5 + AMOUNTS, e->effective_us);
	if (e->correction)
		db_bind_int(s, 6 + AMOUNTS, e->correction);
	return s;
}

static int add_attributes(struct store *st, const struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(
		st, "INSERT INTO event_attributes (source, id, attributes) VALUES (?1, ?2, ?3)",
		err);

	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_text(s, 3, e->attributes, e->attributes_len);
	return db_step(s, err);
}

/* The column `time`. */
static int64_t time_column(const struct stored_event *e)
{
	return e->time_us % USEC_PER_SEC ? e->time_us : -(e->time_us / USEC_PER_SEC);
}

static int add_event(struct store *st, struct stmt *s, struct stored_event *e, struct error *err)
{
	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_int(s, 3, e->series);
	db_bind_int(s, 4, time_column(e));
	store_bind_amounts(s, 5, &e->amounts);
	if (db_step(s, err) < 0)
		return -1;
	e->verdict = VERDICT_CREATED;
	if (!db_changes(st->db))
		return compare(st, e, err);
	return e->attributes ? add_attributes(st, e, err) : 0;
}

static int add_all(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	struct stmt *s = NULL;

	for (size_t i = 0; i < n; i++) {
		/*
		 * all plain events bind the same parameters, so the statement
		 * can be used again
		 */
		if (!s || !is_plain(&events[i]) || !is_plain(&events[i - 1]))
			s = prepare_add(st, &events[i], err);
		if (!s || add_event(st, s, &events[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- postings ---- */

static gint compare_accounts(gconstpointer a, gconstpointer b)
{
	int64_t x = (*(const struct stored_event *const *)a)->account;
	int64_t y = (*(const struct stored_event *const *)b)->account;

	return (x > y) - (x < y);
}

/* The new events, by account. */
static GPtrArray *created_of(struct stored_event *events, size_t n)
{
	GPtrArray *ret = g_ptr_array_sized_new((guint)n);
	int64_t last = INT64_MIN;
	bool ordered = true;

	for (size_t i = 0; i < n; i++) {
		if (events[i].verdict != VERDICT_CREATED)
			continue;
		ordered = ordered && last <= events[i].account;
		last = events[i].account;
		g_ptr_array_add(ret, &events[i]);
	}
	if (!ordered)
		g_ptr_array_sort(ret, compare_accounts);
	return ret;
}

static struct posting posting_of(const struct stored_event *e)
{
	return (struct posting) { MAX(e->effective_us, e->time_us), e->series, e->source, e->id,
				  e->id_len };
}

static int add_postings(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	GPtrArray *created = created_of(events, n);
	GArray *of_account = g_array_new(FALSE, FALSE, sizeof(struct posting));
	int rc = 0;

	for (guint i = 0; i < created->len && rc == 0; i += of_account->len) {
		int64_t account = ((const struct stored_event *)created->pdata[i])->account;

		g_array_set_size(of_account, 0);
		for (guint k = i; k < created->len; k++) {
			const struct stored_event *e = created->pdata[k];
			struct posting p = posting_of(e);

			if (e->account != account)
				break;
			g_array_append_val(of_account, p);
		}
		rc = store_postings_add(st, account, (struct posting *)of_account->data,
					of_account->len, err);
	}
	g_array_free(of_account, TRUE);
	g_ptr_array_free(created, TRUE);
	return rc;
}

int sqlite_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	return add_all(st, events, n, err) < 0 ? -1 : add_postings(st, events, n, err);
}

int sqlite_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			   size_t n, struct error *err)
{
	return store_postings_replace(st, st,
				      &(struct posting_hour) { hour->account, hour->hour, list, n },
				      err);
}
