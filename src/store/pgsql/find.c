/*
 * find.c - a page of events: the events of each account in the order of time,
 * which an index has, merged until the page is full. A search for what is rare
 * ends when it has passed so many events that PostgreSQL would be busy for
 * long.
 *
 * Each subquery with OFFSET 0 is one that PostgreSQL has to run for each row
 * before it, by an index. Each ORDER BY is needed: it makes PostgreSQL merge
 * rows as they come instead of sorting all of them.
 */
#include <glib.h>
#include "store/event_names.h"
#include "store/event_rows.h"
#include "store/internal.h"
#include "store/lists.h"
#include "store/pgsql/layout.h"
#include "store/places.h"
#include "base/banned.h"

enum {
	PASSED_MAX = 100000, /* events passed for one page */
	MERGED_MAX = 128,    /* accounts whose events are merged as they come */
	SOURCES_MAX = 1000,  /* events of one id that are searched */
	/*
	 * of more accounts, so many events of each are read at first, for each
	 * event of the page, and more if they were too few
	 */
	FILTER_TIMES = 4,
	WINDOW_TIMES = 4
};

/* The parameters of the statement. */
enum {
	P_ACCOUNTS = 1,
	P_PLACE = EVENT_ROWS_PLACE,
	P_FROM,
	P_TO,
	P_WINDOW, /* so many events are passed at most */
	P_WANTED,
	P_EFFECTIVE, /* of the position, and so on */
	P_SOURCE,
	P_ID,
	P_ACCOUNT,
	P_CATEGORIES,
	P_SOURCES,
	P_STATE,
	P_EVENT, /* the id that is searched for */
	P_FAMILY,
	P_DIMENSIONS, /* of each dimension */
	P_END = P_DIMENSIONS + DIMENSIONS
};

/* The columns of its rows, behind those of whole events. */
enum { C_EFFECTIVE, C_SOURCE, C_ID, C_ACCOUNT, C_OK, C_NUMBER };
#define COLUMNS ", k.effective, k.a, k.b, k.account, k.ok, k.number"

struct search {
	struct store *st;
	const struct event_find *q;
	const struct place *place;
	bool forwards; /* oldest first */
	struct event_names names;
	struct event_position start; /* the search goes on after it */
	size_t wanted;
	int64_t window; /* so many events are passed in one statement */
	struct arena *arena;
	GString *sql;
	struct event_position *found;
	size_t n, size;
	bool whole; /* also read the events */
	struct found_event *events;
	size_t events_size;
	/* more events than the window has may follow its last one */
	bool stopped;
	struct event_position stopped_at;
};

#define EFFECTIVE "COALESCE(booked_us, time_us)"
#define EVENT_COLUMNS \
	EFFECTIVE " AS effective, source, id, account, series, correction, booked_us, time_us"

static void add(struct search *s, const char *text)
{
	g_string_append(s->sql, text);
}

__attribute__((format(printf, 2, 3))) static void addf(struct search *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_vprintf(s->sql, format, args);
	va_end(args);
}

/* ---- the events in order ---- */

/* The order, with the account unless there is only one. */
static void add_order(struct search *s, bool account)
{
	static const char *const columns[] = { "effective", "source", "id", "account" };

	add(s, " ORDER BY ");
	for (size_t i = 0; i < ARRAY_SIZE(columns) - !account; i++)
		addf(s, "%s%s%s", i ? ", " : "", columns[i], s->forwards ? "" : " DESC");
}

/* The conditions on the time of the events, and the position. */
static void add_range(struct search *s)
{
	addf(s, " AND at(root, ?%d) AND " EFFECTIVE " >= ?%d AND " EFFECTIVE " < ?%d", P_PLACE,
	     P_FROM, P_TO);
	if (s->start.id)
		addf(s, " AND (" EFFECTIVE ", source, id, account) %s (?%d, ?%d, ?%d, ?%d)",
		     s->forwards ? ">" : "<", P_EFFECTIVE, P_SOURCE, P_ID, P_ACCOUNT);
	if (s->q->late)
		add(s, " AND booked_us > time_us");
}

/* The first events of the account that TEXT stands for. */
static void add_account(struct search *s, const char *text)
{
	addf(s, "(SELECT " EVENT_COLUMNS " FROM event WHERE account = %s", text);
	add_range(s);
	add_order(s, false);
	addf(s, " LIMIT ?%d)", P_WINDOW);
}

/* The number of accounts in the statement, so that there are few statements. */
static size_t round_up(size_t n)
{
	size_t ret = 1;

	while (ret < n)
		ret *= 2;
	return ret;
}

/* The accounts beyond the list are null, which no event has. */
static void add_merged(struct search *s)
{
	size_t n = round_up(s->names.accounts.n);

	for (size_t i = 1; i <= n; i++) {
		char text[64];

		g_snprintf(text, sizeof(text), "(SELECT list[%zu] FROM accounts)", i);
		add(s, i > 1 ? " UNION ALL " : "");
		add_account(s, text);
	}
}

static void add_each(struct search *s)
{
	addf(s, "SELECT e.* FROM list(?%d) l CROSS JOIN LATERAL (SELECT * FROM ", P_ACCOUNTS);
	add_account(s, "l.a");
	add(s, " e OFFSET 0) e");
}

/*
 * The events of an id. The list of accounts is read first, also if there is no
 * such event: otherwise the time of an answer would tell whether another account
 * has it.
 */
static void add_id(struct search *s)
{
	bool any = event_find_any_account(s->q);

	add(s, "SELECT e.* FROM ");
	if (!any)
		addf(s, "(SELECT array_agg(a) AS list FROM list(?%d) l) a CROSS JOIN ", P_ACCOUNTS);
	add(s, "(SELECT id FROM source WHERE true");
	if (s->q->source)
		addf(s, " AND id = ANY (ARRAY(SELECT a FROM list(?%d) l))", P_SOURCES);
	if (s->q->family)
		addf(s, " AND family IN (0, ?%d)", P_FAMILY);
	add(s, ") o");
	addf(s,
	     " CROSS JOIN LATERAL (SELECT " EVENT_COLUMNS " FROM event"
	     " WHERE source = o.id AND id = ?%d",
	     P_EVENT);
	if (!any)
		add(s, " AND account = ANY (a.list)");
	add_range(s);
	add(s, " OFFSET 0) e");
}

static bool merges(const struct search *s)
{
	return !s->q->id && s->names.accounts.n <= MERGED_MAX;
}

static void add_window(struct search *s)
{
	add(s, "(SELECT * FROM (");
	if (s->q->id)
		add_id(s);
	else if (merges(s))
		add_merged(s);
	else
		add_each(s);
	add(s, ") u");
	add_order(s, true);
	addf(s, " LIMIT ?%d) w", P_WINDOW);
}

/* ---- filters ---- */

static bool filters_series(const struct search *s)
{
	bool any = s->q->categories != NULL;

	for (int d = 0; d < DIMENSIONS; d++)
		any = any || s->q->dim[d];
	return any;
}

static bool filters(const struct search *s)
{
	return filters_series(s) || s->q->state >= 0 || (s->q->source && !s->q->id);
}

static void add_dimension(struct search *s, int d)
{
	if (d < DIMENSIONS_BUILT_IN)
		addf(s, " AND s.%s", dimension_infos[d].column);
	else
		addf(s, " AND COALESCE(s.declared_values[%d], 0)", d - DIMENSIONS_BUILT_IN + 1);
	addf(s, " IN (SELECT a FROM list(?%d) d)", P_DIMENSIONS + d);
}

static void add_series_matches(struct search *s)
{
	add(s, "COALESCE((SELECT true");
	if (s->q->categories)
		addf(s, " AND s.category IN (SELECT a FROM list(?%d) c)", P_CATEGORIES);
	for (int d = 0; d < DIMENSIONS; d++)
		if (s->q->dim[d])
			add_dimension(s, d);
	addf(s, " FROM series s WHERE s.id = w.series AND at(s.root, ?%d)), false)", P_PLACE);
}

G_STATIC_ASSERT(EVENT_CURRENT == 0 && EVENT_AMENDED == 1 && EVENT_VOID == 2 &&
		EVENT_REVERSAL == 3 && EVENT_REPLACEMENT == 4 && CORRECTION_VOID == 0);

/* The state of the event w, as enum event_state. */
#define STATE                                                                                     \
	"CASE WHEN w.correction IS NOT NULL THEN CASE WHEN w.id LIKE '_%%" CORRECTION_REPLACEMENT \
	"' THEN 4 ELSE 3 END ELSE COALESCE((SELECT CASE kind WHEN 0 THEN 2 ELSE 1 END"            \
	" FROM correction c WHERE c.source = w.source AND c.event = w.id"                         \
	" ORDER BY c.id DESC LIMIT 1), 0) END"

/* Is the event w one that is asked for? */
static void add_matches(struct search *s)
{
	add(s, "(true");
	if (s->q->source && !s->q->id)
		addf(s, " AND w.source IN (SELECT a FROM list(?%d) o)", P_SOURCES);
	if (filters_series(s)) {
		add(s, " AND ");
		add_series_matches(s);
	}
	if (s->q->state >= 0)
		addf(s, " AND ?%d = " STATE, P_STATE);
	add(s, ")");
}

/* The last event of the window comes, too, to tell where it ends. */
static void make_sql(struct search *s)
{
	g_string_truncate(s->sql, 0);
	if (merges(s))
		addf(s,
		     "WITH accounts AS MATERIALIZED (SELECT array_agg(a ORDER BY rowid) AS list"
		     " FROM list(?%d) l) ",
		     P_ACCOUNTS);
	add(s, "SELECT effective, source AS a, id AS b, account, ok, number, number AS rowid"
	       " FROM (SELECT w.effective, w.source, w.id, w.account, ");
	add_matches(s);
	add(s, " AS ok, row_number() OVER (");
	add_order(s, true);
	add(s, ") AS number FROM ");
	add_window(s);
	addf(s, ") w WHERE ok OR number = ?%d", P_WINDOW);
	add_order(s, true);
	addf(s, " LIMIT ?%d", P_WANTED);
}

/* ---- parameters ---- */

static void bind_range(const struct search *s, struct stmt *stmt)
{
	int64_t from = s->q->from_us, to = s->q->to_us;
	const struct event_position *p = &s->start;

	if (p->id && s->forwards && p->effective_us > from)
		from = p->effective_us;
	if (p->id && !s->forwards && p->effective_us < to - 1)
		to = p->effective_us + 1;
	db_bind_int(stmt, P_FROM, from);
	db_bind_int(stmt, P_TO, to);
	if (!p->id)
		return;
	db_bind_int(stmt, P_EFFECTIVE, p->effective_us);
	db_bind_int(stmt, P_SOURCE, p->source);
	db_bind_str(stmt, P_ID, p->id);
	db_bind_int(stmt, P_ACCOUNT, p->account);
}

static void bind_list(const struct search *s, struct stmt *stmt, int param,
		      const struct id_list *list)
{
	bind_ids(stmt, param, s->arena, list->ids, list->n);
}

static void bind_all(const struct search *s, struct stmt *stmt)
{
	const struct event_find *q = s->q;
	const struct id_list categories = { q->categories, q->n_categories };

	/* parameters that the statement lacks need a type, too */
	for (int i = 1; i < P_END; i++)
		db_bind_int(stmt, i, 0);
	bind_list(s, stmt, P_ACCOUNTS, &s->names.accounts);
	db_bind_list(stmt, P_PLACE, s->place->families);
	bind_range(s, stmt);
	db_bind_int(stmt, P_WINDOW, s->window);
	db_bind_int(stmt, P_WANTED, (int64_t)(s->wanted - s->n));
	if (q->categories)
		bind_list(s, stmt, P_CATEGORIES, &categories);
	if (q->source)
		bind_list(s, stmt, P_SOURCES, &s->names.sources);
	db_bind_int(stmt, P_STATE, q->state);
	if (q->id)
		db_bind_str(stmt, P_EVENT, q->id);
	db_bind_int(stmt, P_FAMILY, q->family);
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d])
			bind_list(s, stmt, P_DIMENSIONS + d, &s->names.dim[d]);
}

/* ---- the search ---- */

/* Reads the event of the current row, which is the next one. */
static int take_event(struct search *s, struct stmt *stmt, const struct event_position *p,
		      struct error *err)
{
	const struct event_key key = { p->source, p->id, strlen(p->id) };
	struct event_row_reader r = { .s = stmt, .arena = s->arena };

	s->events = arena_room(s->arena, s->events, s->n, &s->events_size, sizeof(*s->events));
	if (s->n && s->events[s->n - 1].event.series)
		r.before = &s->events[s->n - 1];
	return store_event_row(&r, &key, &s->events[s->n], err);
}

static int take_row(struct search *s, struct stmt *stmt, struct error *err)
{
	int first = s->whole ? store_event_rows_column() : 0;
	struct event_position p = { .effective_us = db_get_int(stmt, first + C_EFFECTIVE),
				    .source = db_get_int(stmt, first + C_SOURCE),
				    .account = db_get_int(stmt, first + C_ACCOUNT),
				    .id = db_get_str(stmt, first + C_ID, s->arena) };

	if (db_get_int(stmt, first + C_NUMBER) == s->window) {
		s->stopped = true;
		s->stopped_at = p;
	}
	if (!db_get_int(stmt, first + C_OK))
		return 0;
	if (s->whole && take_event(s, stmt, &p, err) < 0)
		return -1;
	s->found = arena_room(s->arena, s->found, s->n, &s->size, sizeof(*s->found));
	s->found[s->n++] = p;
	return 0;
}

/* The statement as text that lives on. */
static const char *finish_sql(struct search *s)
{
	const char *sql = s->sql->str;

	if (s->whole) {
		struct event_rows_query rows = { sql, COLUMNS, s->q->attributes };

		sql = arena_join(s->arena, store_event_rows_sql(&rows, s->arena),
				 " ORDER BY k.number", NULL);
	}
	return g_intern_string(sql);
}

static int run(struct search *s, struct error *err)
{
	struct stmt *stmt;
	int rc;

	make_sql(s);
	stmt = prepare(s->st, finish_sql(s), err);
	bind_all(s, stmt);
	s->stopped = false;
	while ((rc = db_step(stmt, err)) > 0) {
		if (take_row(s, stmt, err) < 0) {
			db_reset(stmt);
			return -1;
		}
	}
	return rc;
}

/* Passes the events in windows, which grow. */
static int run_windows(struct search *s, struct error *err)
{
	int64_t passed = 0;

	do {
		if (s->stopped)
			s->start = s->stopped_at;
		if (run(s, err) < 0)
			return -1;
		passed += s->window * (int64_t)s->names.accounts.n;
		s->window *= WINDOW_TIMES;
	} while (s->stopped && s->n < s->wanted && passed < PASSED_MAX);
	return 0;
}

static int run_search(struct search *s, struct error *err)
{
	s->window = s->q->id ? SOURCES_MAX : PASSED_MAX;
	/* without a filter, what is passed is found */
	if (!filters(s) && !s->q->id)
		s->window = (int64_t)s->wanted;
	if (s->q->id || merges(s))
		return run(s, err);
	if (filters(s))
		s->window = (int64_t)s->wanted * FILTER_TIMES;
	return run_windows(s, err);
}

/* ---- places ---- */

/* The order of the list. */
static int compare_positions(const struct search *s, const struct event_position *x,
			     const struct event_position *y)
{
	int order = (x->effective_us > y->effective_us) - (x->effective_us < y->effective_us);

	if (!order)
		order = (x->source > y->source) - (x->source < y->source);
	if (!order)
		order = strcmp(x->id, y->id);
	if (!order)
		order = (x->account > y->account) - (x->account < y->account);
	return s->forwards ? order : -order;
}

/* Appends the event I of FROM. */
static void append_found(struct search *to, const struct search *from, size_t i)
{
	to->found = arena_room(to->arena, to->found, to->n, &to->size, sizeof(*to->found));
	to->found[to->n] = from->found[i];
	if (to->whole) {
		to->events = arena_room(to->arena, to->events, to->n, &to->events_size,
					sizeof(*to->events));
		to->events[to->n] = from->events[i];
	}
	to->n++;
}

/* The search of N that has found the first event behind those with NEXT; N: none. */
static size_t first_of(const struct search *list, const size_t *next, size_t n)
{
	size_t first = n;

	for (size_t i = 0; i < n; i++)
		if (next[i] < list[i].n &&
		    (first == n || compare_positions(&list[i], &list[i].found[next[i]],
						     &list[first].found[next[first]]) < 0))
			first = i;
	return first;
}

/*
 * Merges what was found in N places. Behind the first position at which a search
 * has stopped, events may be missing.
 */
static void merge(struct search *to, const struct search *list, size_t n)
{
	size_t *next = arena_array(to->arena, size_t, n), first;

	for (size_t i = 0; i < n; i++) {
		if (list[i].stopped && (!to->stopped || compare_positions(to, &list[i].stopped_at,
									  &to->stopped_at) < 0))
			to->stopped_at = list[i].stopped_at;
		to->stopped = to->stopped || list[i].stopped;
	}
	while (to->n < to->wanted && (first = first_of(list, next, n)) < n) {
		const struct event_position *p = &list[first].found[next[first]];

		if (to->stopped && compare_positions(to, p, &to->stopped_at) > 0)
			break;
		append_found(to, &list[first], next[first]++);
	}
}

/* Searches the accounts that are kept in the place. */
static int search_place(const struct search *s, const struct place *place, struct search *ret,
			struct error *err)
{
	int64_t *accounts = arena_array(s->arena, int64_t, place->n);
	int rc;

	*ret = *s;
	ret->place = place;
	for (size_t i = 0; s->names.accounts.n && i < place->n; i++)
		accounts[i] = s->names.accounts.ids[place->items[i]];
	if (s->names.accounts.n)
		ret->names.accounts = (struct id_list) { accounts, place->n };
	ret->sql = g_string_new(NULL);
	rc = run_search(ret, err);
	g_string_free(ret->sql, TRUE);
	return rc;
}

/* The families that have an event of the id. */
#define FAMILIES_OF_ID                                                         \
	"SELECT DISTINCT e.root FROM source o JOIN event e ON e.source = o.id" \
	" WHERE e.id = ?1"
#define OF_SOURCES " AND o.id IN (SELECT l.a FROM list(?2) l)"

static int find_places_of_id(struct search *s, struct places *ret, struct error *err)
{
	const struct event_find *q = s->q;
	const int64_t *families = &q->family;
	size_t n = 1;
	struct stmt *stmt;

	if (!q->family) {
		stmt = prepare(s->st, q->source ? FAMILIES_OF_ID OF_SOURCES : FAMILIES_OF_ID, err);
		db_bind_str(stmt, 1, q->id);
		if (q->source)
			bind_list(s, stmt, 2, &s->names.sources);
		if (store_ids(stmt, s->arena, &families, &n, err) < 0)
			return -1;
	}
	return store_places_of_families(s->st, families, n, s->arena, ret, err);
}

static int search_places(struct search *s, struct error *err)
{
	struct places places;
	struct search *list;
	int rc;

	if (!db_distributed(s->st->db)) {
		s->place = &place_of_all;
		return run_search(s, err);
	}
	rc = event_find_any_account(s->q)
		     ? find_places_of_id(s, &places, err)
		     : store_places_of_accounts(s->st, s->names.accounts.ids, s->names.accounts.n,
						s->arena, &places, err);
	if (rc < 0)
		return -1;
	list = arena_array(s->arena, struct search, places.n);
	for (size_t i = 0; i < places.n; i++)
		if (search_place(s, &places.list[i], &list[i], err) < 0)
			return -1;
	merge(s, list, places.n);
	return 0;
}

/* Finds up to s->wanted events. */
static int search(struct search *s, const struct event_position *start, size_t wanted,
		  struct error *err)
{
	int rc = 0;

	s->wanted = wanted;
	s->start = *start;
	if (s->q->from_us >= s->q->to_us)
		return 0;
	s->sql = g_string_new(NULL);
	if (store_event_names(s->st, s->q, s->arena, &s->names, err) < 0)
		rc = -1;
	/*
	 * also for a source that nobody has: whether a statement runs would tell
	 * what others have
	 */
	else if (s->names.accounts.n || event_find_any_account(s->q))
		rc = search_places(s, err);
	g_string_free(s->sql, TRUE);
	return rc;
}

int pgsql_events_find(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct found_events *ret, struct error *err)
{
	struct search s = {
		.st = st, .q = q, .forwards = q->oldest_first, .arena = arena, .whole = true
	};
	size_t limit = page->limit;

	*ret = (struct found_events) { 0 };
	/* one more event tells whether there is a next page */
	if (search(&s, &page->start, limit + 1, err) < 0)
		return -1;
	ret->n = s.n > limit ? limit : s.n;
	ret->more = s.n > limit || s.stopped;
	if (s.n > limit)
		ret->next = s.found[limit - 1];
	else if (s.stopped)
		ret->next = s.stopped_at;
	ret->list = s.events;
	return 0;
}

int pgsql_events_back(struct store *st, const struct event_find *q, const struct event_slice *page,
		      struct arena *arena, struct event_position *ret, struct error *err)
{
	struct search s = { .st = st, .q = q, .forwards = !q->oldest_first, .arena = arena };

	*ret = (struct event_position) { 0 };
	/*
	 * it starts after the last event of the page before, which isn't found
	 */
	if (search(&s, &page->start, page->limit, err) < 0)
		return -1;
	if (s.n >= page->limit)
		*ret = s.found[page->limit - 1];
	else if (s.stopped)
		*ret = s.stopped_at;
	return 0;
}

/* ---- the events of an hour ---- */

enum { HOUR_US = 3600 * 1000000LL };

static void read_posting(struct stmt *s, struct arena *arena, void *ret)
{
	struct posting *p = ret;

	*p = (struct posting) { .effective_us = db_get_int(s, 0),
				.series = db_get_int(s, 1),
				.source = db_get_int(s, 2),
				.id = db_get_str(s, 3, arena) };
	p->id_len = strlen(p->id);
}

int pgsql_postings(struct store *st, const struct account_hour *hour, struct arena *arena,
		   struct posting **ret, size_t *ret_n, struct error *err)
{
	struct stmt *s;
	struct places places;
	struct rows rows;

	if (store_places_of_accounts(st, &hour->account, 1, arena, &places, err) < 0)
		return -1;
	s = prepare(st,
		    "SELECT " EFFECTIVE " AS effective, series, source, id FROM event"
		    " WHERE account = ?1 AND at(root, ?4) AND " EFFECTIVE " >= ?2 AND " EFFECTIVE
		    " < ?3 ORDER BY effective, source, id",
		    err);

	db_bind_int(s, 1, hour->account);
	db_bind_int(s, 2, hour->hour * HOUR_US);
	db_bind_int(s, 3, (hour->hour + 1) * HOUR_US);
	db_bind_list(s, 4, (places.n ? places.list : &place_of_all)->families);
	rows = store_rows(s, read_posting, sizeof(struct posting), arena, err);
	*ret = rows.items;
	*ret_n = rows.n;
	return rows.rc;
}

#define HOUR_FROM                                                                            \
	"SELECT " EFFECTIVE " FROM event WHERE account = ?1 AND at(root, ?3) AND " EFFECTIVE \
	" >= ?2 ORDER BY " EFFECTIVE " LIMIT 1"
#define HOUR_UP_TO                                                                           \
	"SELECT " EFFECTIVE " FROM event WHERE account = ?1 AND at(root, ?3) AND " EFFECTIVE \
	" < ?2 ORDER BY " EFFECTIVE " DESC LIMIT 1"

int pgsql_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err)
{
	struct places places;
	struct arena arena;
	struct stmt *s;
	int64_t at, us;
	int rc;

	arena_init(&arena);
	rc = store_places_of_accounts(st, &account, 1, &arena, &places, err);
	s = rc < 0 ? NULL : prepare(st, backwards ? HOUR_UP_TO : HOUR_FROM, err);
	/* an hour may be one that no clock has, as a bound */
	if (__builtin_mul_overflow(from + backwards, HOUR_US, &at))
		at = from < 0 ? INT64_MIN : INT64_MAX;
	db_bind_int(s, 1, account);
	db_bind_int(s, 2, at);
	db_bind_list(s, 3, rc == 0 && places.n ? places.list->families : place_of_all.families);
	rc = store_one(s, &us, err);
	arena_release(&arena);
	if (rc > 0)
		*ret_hour = us / HOUR_US;
	return rc;
}

/* Events are found by their own table: there is nothing to replace. */
int pgsql_postings_refile(struct store *st, const struct account_hour *hour, struct posting *list,
			  size_t n, struct error *err)
{
	(void)st, (void)hour, (void)list, (void)n, (void)err;
	return 0;
}
