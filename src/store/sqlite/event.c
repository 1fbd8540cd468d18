/*
 * event.c - adds events, and their postings.
 */
#include "store/event.h"

#include <glib.h>
#include <stdlib.h>
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
#define ADD_PLAIN                                                         \
	"INSERT INTO event (source, id, series, time_us, " AMOUNT_COLUMNS \
	") VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ")"                    \
	" ON CONFLICT (source, id) DO NOTHING"
#define ADD                                                                         \
	"INSERT INTO event (source, id, series, time_us, " AMOUNT_COLUMNS           \
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

static int add_event(struct store *st, struct stmt *s, struct stored_event *e, struct error *err)
{
	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_int(s, 3, e->series);
	db_bind_int(s, 4, e->time_us);
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

struct new_posting {
	int64_t account;
	struct posting posting;
};

static int compare_accounts(const void *a, const void *b)
{
	int64_t x = ((const struct new_posting *)a)->account;
	int64_t y = ((const struct new_posting *)b)->account;

	return (x > y) - (x < y);
}

/* The postings of the new events, by account. */
static GArray *postings_of(const struct stored_event *events, size_t n)
{
	GArray *ret = g_array_sized_new(FALSE, FALSE, sizeof(struct new_posting), (guint)n);
	bool ordered = true;

	for (size_t i = 0; i < n; i++) {
		const struct stored_event *e = &events[i];
		struct new_posting p = { e->account,
					 { MAX(e->effective_us, e->time_us), e->series, e->source,
					   e->id, e->id_len } };

		if (e->verdict != VERDICT_CREATED)
			continue;
		ordered = ordered &&
			  (!ret->len ||
			   g_array_index(ret, struct new_posting, ret->len - 1).account <=
				   p.account);
		g_array_append_val(ret, p);
	}
	if (!ordered)
		g_array_sort(ret, compare_accounts);
	return ret;
}

static int add_postings(struct store *st, const GArray *all, struct error *err)
{
	const struct new_posting *list = (const struct new_posting *)all->data;
	struct posting *of_account = g_new(struct posting, all->len);
	int rc = 0;

	for (guint i = 0, n; i < all->len && rc == 0; i += n) {
		for (n = 0; i + n < all->len && list[i + n].account == list[i].account; n++)
			of_account[n] = list[i + n].posting;
		rc = store_postings_add(st, list[i].account, of_account, n, err);
	}
	g_free(of_account);
	return rc;
}

int sqlite_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	GArray *postings;
	int rc;

	if (add_all(st, events, n, err) < 0)
		return -1;
	postings = postings_of(events, n);
	rc = add_postings(st, postings, err);
	g_array_free(postings, TRUE);
	return rc;
}

int sqlite_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			   size_t n, struct error *err)
{
	return store_postings_replace(st, st,
				      &(struct posting_hour) { hour->account, hour->hour, list, n },
				      err);
}
