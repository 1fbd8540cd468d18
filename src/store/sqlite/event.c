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

/* The column `time`. */
static int64_t time_column(const struct stored_event *e)
{
	return e->time_us % USEC_PER_SEC ? e->time_us : -(e->time_us / USEC_PER_SEC);
}

static struct db_cell text_cell(const char *text, size_t len)
{
	return (struct db_cell) { .kind = DB_CELL_TEXT, .bytes = text, .len = len };
}

/* ---- attributes ---- */

enum { ATTRIBUTE_COLUMNS = 3 };

/* Adds the attributes of new events. */
static int add_attributes(struct store *st, const struct stored_event *events, size_t n,
			  struct error *err)
{
	GArray *cells = g_array_new(FALSE, FALSE, sizeof(struct db_cell));
	struct db_list list = { .columns = ATTRIBUTE_COLUMNS };
	int rc = 0;

	for (const struct stored_event *e = events; e < events + n; e++) {
		struct db_cell row[ATTRIBUTE_COLUMNS] = {
			{ .n = e->source },
			text_cell(e->id, e->id_len),
			text_cell(e->attributes, e->attributes_len),
		};

		if (e->attributes)
			g_array_append_vals(cells, row, ATTRIBUTE_COLUMNS);
	}
	list.cells = (const struct db_cell *)cells->data;
	list.n = cells->len / ATTRIBUTE_COLUMNS;
	if (list.n) {
		struct stmt *s = prepare(st,
					 "INSERT INTO event_attributes (source, id, attributes)"
					 " SELECT a, b, c FROM list(?1)",
					 err);

		db_bind_list(s, 1, &list);
		rc = db_step(s, err);
	}
	g_array_free(cells, TRUE);
	return rc;
}

/* ---- one event ---- */

#define ADD                                                                         \
	"INSERT INTO event (source, id, series, time, " AMOUNT_COLUMNS              \
	", booked_us, correction) VALUES (?1, ?2, ?3, ?4, " AMOUNT_PARAMS ", ?, ?)" \
	" ON CONFLICT (source, id) DO NOTHING"

static int add_event(struct store *st, struct stored_event *e, struct error *err)
{
	struct stmt *s = prepare(st, ADD, err);

	db_bind_int(s, 1, e->source);
	db_bind_text(s, 2, e->id, e->id_len);
	db_bind_int(s, 3, e->series);
	db_bind_int(s, 4, time_column(e));
	store_bind_amounts(s, 5, &e->amounts);
	if (e->effective_us > e->time_us)
		db_bind_int(s, 5 + AMOUNTS, e->effective_us);
	if (e->correction)
		db_bind_int(s, 6 + AMOUNTS, e->correction);
	if (db_step(s, err) < 0)
		return -1;
	e->verdict = VERDICT_CREATED;
	return db_changes(st->db) ? add_attributes(st, e, 1, err) : compare(st, e, err);
}

/* ---- many events ---- */

/*
 * Events that one statement adds, which takes a third less time an event. FAIL
 * leaves those before the first one that is stored already.
 */
#define LIST_EVENTS 1024
#define ADD_PLAIN                                                                  \
	"INSERT OR FAIL INTO event (source, id, series, time, " AMOUNT_COLUMNS ")" \
	" SELECT a, b, c, d, e, f, g, h FROM list(?1)"

enum { AMOUNT_CELL = 4, EVENT_COLUMNS = AMOUNT_CELL + AMOUNTS };

_Static_assert((int)EVENT_COLUMNS == 'h' - 'a' + 1, "ADD_PLAIN has all amounts");

/* Most events are: two columns stay NULL. */
static bool is_plain(const struct stored_event *e)
{
	return e->effective_us <= e->time_us && !e->correction;
}

static void set_cells(const struct stored_event *e, struct db_cell *ret)
{
	ret[0].n = e->source;
	ret[1] = text_cell(e->id, e->id_len);
	ret[2].n = e->series;
	ret[3].n = time_column(e);
	for (int i = 0; i < AMOUNTS; i++)
		ret[AMOUNT_CELL + i].n = e->amounts.n[i];
}

/*
 * Adds N plain events, up to the first one that is stored already. *RET_ADDED is
 * the number of those that were added.
 */
static int add_plain(struct store *st, struct stored_event *events, size_t n, size_t *ret_added,
		     struct error *err)
{
	struct db_cell *cells = g_new0(struct db_cell, n * EVENT_COLUMNS);
	struct db_list list = { cells, n, EVENT_COLUMNS };
	struct stmt *s = prepare(st, ADD_PLAIN, err);
	struct error own = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++)
		set_cells(&events[i], cells + i * EVENT_COLUMNS);
	db_bind_list(s, 1, &list);
	rc = s ? db_step(s, &own) : -1;
	g_free(cells);
	if (rc < 0 && own.kind != ERR_CONFLICT) {
		if (s && err)
			*err = own;
		return -1;
	}
	*ret_added = (size_t)db_changes(st->db);
	for (size_t i = 0; i < *ret_added; i++)
		events[i].verdict = VERDICT_CREATED;
	return add_attributes(st, events, *ret_added, err);
}

/* How many of the N events, but at most MOST, are plain from the first on? */
static size_t plain_events(const struct stored_event *events, size_t n, size_t most)
{
	size_t ret = 0;

	while (ret < n && ret < most && is_plain(&events[ret]))
		ret++;
	return ret;
}

/* After an event that is stored already, the next ones probably are, too. */
static int add_all(struct store *st, struct stored_event *events, size_t n, struct error *err)
{
	size_t most = LIST_EVENTS, added;

	for (size_t i = 0; i < n; i += added) {
		size_t plain = plain_events(events + i, n - i, most);

		added = 1;
		if (plain > 1 ? add_plain(st, events + i, plain, &added, err) < 0
			      : add_event(st, &events[i], err) < 0)
			return -1;
		if (added < plain || events[i].verdict != VERDICT_CREATED)
			most = 1;
		else if (most < LIST_EVENTS)
			most *= 2;
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
