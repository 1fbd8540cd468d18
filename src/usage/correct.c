#include "usage/correct.h"

#include <stdio.h>
#include <string.h>
#include "base/civil.h"
#include "base/decimal.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "store/account.h"
#include "store/category.h"
#include "store/correction.h"
#include "store/event.h"
#include "store/event_find.h"
#include "store/family_change.h"
#include "store/rollup.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/account.h"
#include "usage/declared_values.h"
#include "usage/suspension.h"
#include "usage/trigger_watch.h"
#include "base/banned.h"

#define SAME_ID_MAX   1000 /* events of one id that are searched */
#define FACT_ID_BYTES (SID_TEXT + sizeof(CORRECTION_REPLACEMENT))

const char *const event_state_names[EVENT_STATES + 1] = {
	[EVENT_CURRENT] = "current",   [EVENT_AMENDED] = "amended",         [EVENT_VOID] = "void",
	[EVENT_REVERSAL] = "reversal", [EVENT_REPLACEMENT] = "replacement",
};

bool correct_may_change(enum event_field f)
{
	return f >= EV_TIME && f <= EV_DOWNLOAD;
}

/* ---- what counts ---- */

static int damaged(struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL,
			 "a correction lacks its entries: run \"usaged verify\"");
}

static int find_replacement(struct store *st, const struct correction *c, struct arena *arena,
			    struct stored_event *ret, struct error *err)
{
	char id[FACT_ID_BYTES];
	int64_t own = 0;
	int rc = store_source_find(st, 0, EVENT_SOURCE_OWN, strlen(EVENT_SOURCE_OWN), &own, err);

	snprintf(id, sizeof(id), "%s" CORRECTION_REPLACEMENT, c->sid);
	if (rc > 0)
		rc = store_event_find(st, &(struct event_key) { own, id, strlen(id) }, arena, ret,
				      err);
	return rc == 0 ? damaged(err) : rc;
}

int event_counting(struct store *st, const struct stored_event *e, struct arena *arena,
		   struct stored_event *ret, struct error *err)
{
	struct correction last;
	int rc = store_correction_last(st, &(struct event_key) { e->source, e->id, e->id_len },
				       arena, &last, err);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		*ret = *e;
		return 1;
	}
	return last.kind == CORRECTION_VOID ? 0 : find_replacement(st, &last, arena, ret, err);
}

/* ---- finding ---- */

static int series_of(struct store *st, int64_t family, const struct stored_event *e,
		     struct series *ret, struct error *err)
{
	int rc = store_series_by_id(st, family, e->series, ret, err);

	return rc == 0  ? error_set(err, ERR_INTERNAL, NULL,
				    "the ledger is damaged: an event belongs to no series")
	       : rc < 0 ? -1
			: 0;
}

/* The events with one identity. */
struct namesakes {
	struct stored_event *first; /* set by the caller: where to put the first one */
	int n;                      /* 2: two or more */
	bool sources;               /* they have sources of different names */
};

static int find_named(struct store *st, const struct event_identity *id,
		      const struct event_scope *scope, struct arena *arena, struct namesakes *ret,
		      struct error *err)
{
	const struct event_name name = { id->family, id->source, id->id };
	struct event_place *all, *first = NULL;
	size_t n;
	int rc = 1;

	ret->n = 0;
	ret->sources = false;
	if (store_event_places(st, &name, SAME_ID_MAX, arena, &all, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		rc = scope ? scope->may(scope->arg, st, all[i].account, err) : 1;
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		if (first && strcmp(first->source_text, all[i].source_text) != 0)
			ret->sources = true;
		first = first ? first : &all[i];
		ret->n += ret->n < 2;
	}
	if (first)
		rc = store_event_find(st,
				      &(struct event_key) { first->source, id->id, strlen(id->id) },
				      arena, ret->first, err);
	return rc < 0 ? -1 : 0;
}

int event_find(struct store *st, const struct event_identity *id, const struct event_scope *scope,
	       struct arena *arena, struct stored_event *ret, struct error *err)
{
	struct namesakes found = { .first = ret };

	if (find_named(st, id, scope, arena, &found, err) < 0)
		return -1;
	if (found.n == 0)
		return error_set(err, ERR_NOT_FOUND, NULL, "there is no event \"%.100s\"%s", id->id,
				 id->source ? " of this source" : "");
	if (found.n > 1 && found.sources)
		return error_set(err, ERR_PARAM, "source",
				 "several sources have an event \"%.100s\": give the source",
				 id->id);
	if (found.n > 1)
		return error_set(
			err, ERR_PARAM, "subject",
			"several main accounts have an event \"%.100s\": give the account's"
			" SID",
			id->id);
	return 0;
}

/* ---- an event as texts ---- */

static void set_text(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static bool has_text(const struct raw_event *raw, enum event_field f, const char *text)
{
	return raw->field[f].len == strlen(text) &&
	       memcmp(raw->field[f].text, text, raw->field[f].len) == 0;
}

static void set_amount(struct arena *arena, struct raw_event *raw, enum event_field f, int64_t n,
		       int places)
{
	char text[DECIMAL_TEXT];

	decimal_format(text, n, places);
	set_text(raw, f, arena_str(arena, text));
}

static void set_amounts(struct arena *arena, struct raw_event *raw, const struct amounts *a)
{
	for (int i = 0; i < EVENT_AMOUNTS; i++)
		set_amount(arena, raw, event_amounts[i].field, a->n[event_amounts[i].amount],
			   amount_infos[event_amounts[i].amount].places);
	if (has_text(raw, EV_CATEGORY, CATEGORY_SIM_DATA)) {
		set_amount(arena, raw, EV_UPLOAD, a->upload, 0);
		set_amount(arena, raw, EV_DOWNLOAD, a->usage - a->upload, 0);
	} else {
		set_amount(arena, raw, EV_USAGE, a->usage, USAGE_PLACES);
	}
}

int event_attributes(struct store *st, const struct stored_event *e, struct arena *arena,
		     const char **ret, struct error *err)
{
	struct correction c;

	if (!e->correction)
		return store_event_attributes(st,
					      &(struct event_key) { e->source, e->id, e->id_len },
					      arena, ret, err);
	if (store_correction_by_id(st, e->correction, arena, &c, err) <= 0)
		return damaged(err);
	return store_event_attributes(st,
				      &(struct event_key) { c.source, c.event, strlen(c.event) },
				      arena, ret, err);
}

int event_as_texts(const struct catalogue *c, const struct found_event *e, struct arena *arena,
		   struct raw_event *ret, struct error *err)
{
	size_t category = catalogue_index(c, e->series.category);
	char time[INSTANT_TEXT];

	*ret = (struct raw_event) { 0 };
	if (category == CATALOGUE_NONE)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger is damaged: an event lacks its category");
	instant_format(time, e->event.time_us);
	set_text(ret, EV_SOURCE, e->source);
	set_text(ret, EV_ID, e->event.id);
	set_text(ret, EV_SUBJECT, e->account_sid);
	set_text(ret, EV_TIME, arena_str(arena, time));
	set_text(ret, EV_CATEGORY, c->categories[category].name);
	set_amounts(arena, ret, &e->event.amounts);
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (e->dim[d])
			set_text(ret, event_dimension_fields[d], e->dim[d]);
	ret->attributes.text = e->event.attributes;
	ret->attributes.len = e->event.attributes_len;
	return 0;
}

int event_texts(struct store *st, const struct catalogue *c, const struct stored_event *e,
		struct arena *arena, struct raw_event *ret, struct error *err)
{
	struct event_key key = { e->source, e->id, e->id_len };
	struct found_event found;

	if (store_events_read(st, &(struct event_keys) { &key, 1, true, .joined = true }, arena,
			      &found, err) < 0)
		return -1;
	if (!found.event.series)
		return error_set(err, ERR_INTERNAL, NULL, "an event does not exist any more");
	return event_as_texts(c, &found, arena, ret, err);
}

/* ---- the amended event ---- */

/* The state of one correct_event. */
struct work {
	struct store *st;
	const struct correct *c;
	struct arena *arena;
	const struct catalogue *catalogue;
	struct stored_event event; /* the corrected event */
	struct stored_event now;   /* what counts now */
	struct series now_series;
	struct stored_event shall; /* what shall count: series, time, amounts */
	struct series shall_series;
	struct correction correction;
	struct trigger_watch *triggers; /* of the account and its main account */
	int64_t main;                   /* the main account */
};

/* Fails if CHANGE has a new value for a field that cannot change. */
static int check_change(const struct raw_event *now, const struct raw_event *change,
			struct error *err)
{
	for (enum event_field f = EV_SOURCE; f <= EV_SUBJECT; f++) {
		const char *name = event_fields[f].name;

		if (change->field[f].text &&
		    (change->field[f].len != now->field[f].len ||
		     memcmp(change->field[f].text, now->field[f].text, now->field[f].len) != 0))
			return error_set(err, ERR_PARAM, name,
					 "an amendment can't change the %s of an event: void it "
					 "and send another one",
					 name);
	}
	return 0;
}

/*
 * SIM data is given in bytes, other usage in units: a new category may need the
 * other form.
 */
static void change_category(struct work *w, struct raw_event *raw, const struct raw_event *change)
{
	bool was_sim = has_text(raw, EV_CATEGORY, CATEGORY_SIM_DATA);
	bool is_sim;

	if (!change->field[EV_CATEGORY].text)
		return;
	raw->field[EV_CATEGORY] = change->field[EV_CATEGORY];
	is_sim = has_text(raw, EV_CATEGORY, CATEGORY_SIM_DATA);
	if (was_sim && !is_sim) {
		set_amount(w->arena, raw, EV_USAGE, w->now.amounts.usage, USAGE_PLACES);
		raw->field[EV_UPLOAD].text = raw->field[EV_DOWNLOAD].text = NULL;
	} else if (!was_sim && is_sim) {
		raw->field[EV_USAGE].text = NULL;
	}
}

/* Declared dimensions follow from the attributes, which stay. */
static int find_declared(struct work *w, const struct raw_event *raw, struct error *err)
{
	struct declared_values values;
	struct declared_list list;
	int rc;

	declared_init(&list);
	rc = declared_load(&list, w->st, err);
	declared_read(&list, raw->attributes.text, raw->attributes.len, &values);
	for (size_t i = 0; i < values.n && rc == 0; i++) {
		const struct intern_value *value = &values.list[i];
		struct dimension_intern v = { .value = { w->shall_series.account, value->dimension,
							 value->text, value->len } };

		rc = store_dimensions_intern(w->st, &v, 1, err);
		w->shall_series.dim[value->dimension] = v.id;
	}
	declared_release(&list);
	return rc;
}

static int find_series(struct work *w, const struct raw_event *raw, struct error *err)
{
	size_t category = catalogue_find(w->catalogue, raw->field[EV_CATEGORY].text,
					 raw->field[EV_CATEGORY].len);
	struct series_intern series = { .id = 0 };

	if (catalogue_check_category(raw->field[EV_CATEGORY].text, raw->field[EV_CATEGORY].len,
				     category != CATALOGUE_NONE, err) < 0)
		return -1;
	w->shall_series = (struct series) { .account = w->now_series.account,
					    .category = w->catalogue->categories[category].id };
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++) {
		enum event_field f = event_dimension_fields[d];
		struct dimension_intern v = { .value = { w->shall_series.account, (enum dimension)d,
							 raw->field[f].text, raw->field[f].len } };

		if (!v.value.text || !v.value.len)
			continue;
		if (store_dimensions_intern(w->st, &v, 1, err) < 0)
			return -1;
		w->shall_series.dim[d] = v.id;
	}
	if (find_declared(w, raw, err) < 0)
		return -1;
	series.series = w->shall_series;
	if (store_series_intern(w->st, &series, 1, err) < 0)
		return -1;
	w->shall.series = series.id;
	return 0;
}

static int amend(struct work *w, struct error *err)
{
	const struct raw_event *change = w->c->change;
	struct raw_event original, raw;
	struct event ev = { .raw = &raw };

	if (event_texts(w->st, w->catalogue, &w->event, w->arena, &original, err) < 0 ||
	    check_change(&original, change, err) < 0 ||
	    event_texts(w->st, w->catalogue, &w->now, w->arena, &raw, err) < 0)
		return -1;
	raw.field[EV_SOURCE] = original.field[EV_SOURCE];
	raw.field[EV_ID] = original.field[EV_ID];
	change_category(w, &raw, change);
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (correct_may_change(f) && change->field[f].text)
			raw.field[f] = change->field[f];
	}
	if (event_check(&ev, w->c->now_us, w->c->ahead_us, err) < 0 ||
	    find_series(w, &raw, err) < 0)
		return -1;
	w->shall.time_us = ev.time_us;
	w->shall.amounts = ev.amounts;
	return 0;
}

static bool is_so_already(const struct work *w)
{
	return w->now.series == w->shall.series && w->now.time_us == w->shall.time_us &&
	       amounts_equal(&w->now.amounts, &w->shall.amounts);
}

/* ---- entries ---- */

/* Makes reports of the account list the category and its ancestors. */
static int use_category(struct work *w, const struct series *series, struct error *err)
{
	for (size_t i = catalogue_index(w->catalogue, series->category); i != CATALOGUE_NONE;
	     i = w->catalogue->parent[i]) {
		const struct category *c = &w->catalogue->categories[i];

		if (!c->metered && store_category_use(w->st, series->account, c->id, err) < 0)
			return -1;
	}
	return 0;
}

static int add_rollup(struct work *w, const struct stored_event *e, const struct series *series,
		      struct error *err)
{
	const struct rollup added = { .level = LEVEL_QUARTER,
				      .family = w->main,
				      .account = series->account,
				      .category = series->category,
				      .series = dimensions_any(series->dim) ? e->series : 0,
				      .slot = slot_of_instant(e->effective_us),
				      .amounts = e->amounts };

	return store_rollups_add(w->st, &added, 1, err);
}

/* Adds an entry of the correction: an event like E, with SERIES. */
static int add_entry(struct work *w, const char *suffix, struct stored_event e,
		     const struct series *series, struct error *err)
{
	struct source_intern own = { .text = EVENT_SOURCE_OWN, .len = strlen(EVENT_SOURCE_OWN) };
	char id[FACT_ID_BYTES];

	snprintf(id, sizeof(id), "%s%s", w->correction.sid, suffix);
	e.id = id;
	e.id_len = strlen(id);
	e.correction = w->correction.id;
	if (store_sources_intern(w->st, &own, 1, err) < 0)
		return -1;
	e.source = own.id;
	e.account = series->account;
	e.family = w->main;
	if (store_events_add(w->st, &e, 1, err) < 0)
		return -1;
	if (e.verdict != VERDICT_CREATED)
		return error_set(err, ERR_INTERNAL, NULL,
				 "a new correction has the name of an old one");
	if (add_rollup(w, &e, series, err) < 0)
		return -1;
	if (closing_note_late(w->st, series->account, &e, w->c->now_us, err) < 0)
		return -1;
	trigger_watch_add(w->triggers,
			  &(struct trigger_usage) { series->account, w->main, series->category,
						    e.effective_us, &e.amounts });
	return use_category(w, series, err);
}

/* Fails if the amendment moves the event to a time after the suspension. */
static int check_suspended(struct work *w, struct error *err)
{
	struct account a;
	int64_t since;
	int rc;

	if (w->shall.time_us == w->now.time_us)
		return 0;
	rc = store_account_by_id(w->st, w->now_series.account, w->arena, &a, err);
	if (rc <= 0 || account_load_suspended(w->st, &a, &since, err) < 0)
		return rc;
	return suspension_check(since, w->shall.time_us, err);
}

static int add_facts(struct work *w, struct error *err)
{
	struct stored_event reversal = w->now;
	int64_t open_us;

	reversal.amounts = amounts_negated(&reversal.amounts);
	if (closing_open_us(w->st, w->now_series.account, &open_us, err) < 0 ||
	    closing_effective(open_us, w->c->late, w->now.effective_us, &reversal.effective_us,
			      err) < 0 ||
	    add_entry(w, CORRECTION_REVERSAL, reversal, &w->now_series, err) < 0)
		return -1;
	if (w->c->kind == CORRECTION_VOID)
		return 0;
	if (check_suspended(w, err) < 0 || closing_effective(open_us, w->c->late, w->shall.time_us,
							     &w->shall.effective_us, err) < 0)
		return -1;
	return add_entry(w, CORRECTION_REPLACEMENT, w->shall, &w->shall_series, err);
}

static int add_correction(struct work *w, struct error *err)
{
	w->correction = (struct correction) {
		.kind = w->c->kind,
		.source = w->event.source,
		.event = w->event.id,
		.author = arena_str(w->arena, w->c->author),
		.reason = arena_str(w->arena, w->c->reason),
		.made = floor_div(w->c->now_us, USEC_PER_SEC),
	};
	sid_new("CR", w->correction.sid);
	if (store_correction_add(w->st, &w->correction, err) < 0)
		return -1;
	return add_facts(w, err);
}

/* Adds the correction, and changes the triggers of its account. */
static int add_watched(struct work *w, struct error *err)
{
	struct account a;
	int rc = store_account_by_id(w->st, w->now_series.account, w->arena, &a, err);

	if (rc <= 0)
		return rc < 0 ? -1 : damaged(err);
	w->main = a.parent ? a.parent : a.id;
	w->triggers = trigger_watch_new(a.id, a.parent);
	rc = trigger_watch_begin(w->triggers, w->st, clock_now_us(), err);
	if (rc == 0)
		rc = add_correction(w, err);
	if (rc == 0)
		rc = trigger_watch_settle(w->triggers, w->st, err);
	if (rc == 0)
		rc = store_family_change_set(w->st, w->main,
					     floor_div(clock_now_us(), USEC_PER_SEC), err);
	trigger_watch_free(&w->triggers);
	return rc;
}

/* ---- the correction ---- */

static int check_reason(const char *reason, struct error *err)
{
	size_t len = reason ? strlen(reason) : 0;

	if (len < 1 || len > CORRECTION_REASON_MAX || !utf8_plain(reason, len))
		return error_set(err, ERR_PARAM, "reason",
				 "a correction needs a reason, of 1 to %d bytes of UTF-8 without "
				 "control characters",
				 CORRECTION_REASON_MAX);
	return 0;
}

/*
 * Rejects the correction of an entry; the error names the event to correct
 * instead.
 */
static int reject_entry(struct work *w, struct error *err)
{
	struct correction c;
	const char *source;

	if (store_correction_by_id(w->st, w->event.correction, w->arena, &c, err) <= 0 ||
	    store_source_text(w->st, c.source, w->arena, &source, err) <= 0)
		return damaged(err);
	return error_set(err, ERR_PARAM, "id",
			 "this is an entry of a correction: correct the event \"%.100s\" of source "
			 "\"%.100s\" instead",
			 c.event, source);
}

/*
 * Finds the event or replacement that counts now. 1 found, 0 the event is void,
 * -1 failed.
 */
static int look(struct work *w, struct error *err)
{
	int rc;

	if (check_reason(w->c->reason, err) < 0 ||
	    event_find(w->st, &w->c->event, w->c->scope, w->arena, &w->event, err) < 0)
		return -1;
	if (w->event.correction)
		return reject_entry(w, err);
	rc = event_counting(w->st, &w->event, w->arena, &w->now, err);
	if (rc > 0 && series_of(w->st, w->c->event.family, &w->now, &w->now_series, err) < 0)
		return -1;
	return rc;
}

/* Returns the last correction, which has already made the requested change. */
static int done_before(struct work *w, struct correction *ret, bool *ret_done_before,
		       struct error *err)
{
	int rc = store_correction_last(
		w->st, &(struct event_key) { w->event.source, w->event.id, w->event.id_len },
		w->arena, ret, err);

	if (rc == 0)
		return error_set(
			err, ERR_PARAM, NULL,
			"the amendment changes nothing: the event has these values already");
	*ret_done_before = true;
	return rc < 0 ? -1 : 0;
}

int correct_event(struct store *st, const struct correct *c, struct arena *arena,
		  struct correction *ret, bool *ret_done_before, struct error *err)
{
	struct work w = { .st = st, .c = c, .arena = arena };
	int counts = look(&w, err);

	if (counts < 0)
		return -1;
	if (counts == 0 && c->kind == CORRECTION_AMEND)
		return error_set(
			err, ERR_CONFLICT, NULL,
			"the event is void, so there is nothing to amend: send another one");
	if (counts == 0)
		return done_before(&w, ret, ret_done_before, err);
	if (catalogue_load(st, arena, &w.catalogue, err) < 0 ||
	    (c->kind == CORRECTION_AMEND && amend(&w, err) < 0))
		return -1;
	if (c->kind == CORRECTION_AMEND && is_so_already(&w))
		return done_before(&w, ret, ret_done_before, err);
	if (add_watched(&w, err) < 0)
		return -1;
	*ret = w.correction;
	*ret_done_before = false;
	return 0;
}
