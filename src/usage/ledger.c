#include "usage/ledger.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/civil.h"
#include "base/secret.h"
#include "store/event.h"
#include "store/meta.h"
#include "store/places.h"
#include "store/rollup.h"
#include "usage/closing.h"
#include "usage/catalogue.h"
#include "usage/declared_values.h"
#include "usage/event_claims.h"
#include "usage/event_repeat.h"
#include "usage/family_changes.h"
#include "usage/identity_order.h"
#include "usage/intern.h"
#include "usage/rejection_log.h"
#include "usage/rollup_fit.h"
#include "usage/suspension.h"
#include "usage/trigger_watch.h"
#include "base/int_order.h"
#include "base/banned.h"

/* The interval between prunings of the rejection log, in seconds. */
#define PRUNE_SECONDS 60

const char *const verdict_names[VERDICTS_ALL] = {
	[VERDICT_CREATED] = "created",   [VERDICT_DUPLICATE] = "duplicate",
	[VERDICT_CONFLICT] = "conflict", [VERDICT_REJECTED] = "rejected",
	[VERDICT_ABORTED] = "aborted",   [VERDICT_UNAVAILABLE] = "unavailable",
};

struct ledger {
	struct store *st;
	struct ledger_options options;
	struct intern *intern;
	struct closings *closings;
	struct suspensions *suspensions;
	struct declared_list declared;
	struct trigger_watch *triggers;
	struct family_changes *changes;
	int64_t noted;  /* time of the last commit in `meta`, seconds */
	int64_t pruned; /* time of the last pruning, seconds */

	/* the batch: all events of one ledger_store */
	struct submission *first, *last;
	/* struct event, in the order sent, with rejected events */
	GPtrArray *events;
	bool atomic;      /* store all events or none */
	bool aborted;     /* no event is stored */
	bool names;       /* some event names its SIM or fleet */
	bool values;      /* some event's series may have declared dimensions */
	GArray *families; /* int64_t: their main accounts */

	/* the current attempt; without rejected events */
	struct identity_order order;
	GArray *stored;  /* struct stored_event, by identity */
	GArray *rollups; /* struct rollup, one for each new event */
};

/* ---- collecting ---- */

struct ledger *ledger_new(struct store *st, const struct ledger_options *o)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->st = st;
	l->options = *o;
	l->intern = intern_new(st);
	l->closings = closings_new();
	l->suspensions = suspensions_new();
	declared_init(&l->declared);
	l->triggers = trigger_watch_new(0, 0);
	l->changes = family_changes_new();
	l->events = g_ptr_array_new();
	l->families = g_array_new(FALSE, FALSE, sizeof(int64_t));
	identity_order_init(&l->order);
	l->stored = g_array_new(FALSE, FALSE, sizeof(struct stored_event));
	l->rollups = g_array_new(FALSE, FALSE, sizeof(struct rollup));
	return l;
}

void ledger_free(struct ledger **l)
{
	if (!*l)
		return;
	intern_free(&(*l)->intern);
	closings_free(&(*l)->closings);
	suspensions_free(&(*l)->suspensions);
	declared_release(&(*l)->declared);
	trigger_watch_free(&(*l)->triggers);
	family_changes_free(&(*l)->changes);
	g_ptr_array_free((*l)->events, TRUE);
	g_array_free((*l)->families, TRUE);
	identity_order_release(&(*l)->order);
	g_array_free((*l)->stored, TRUE);
	g_array_free((*l)->rollups, TRUE);
	free(*l);
	*l = NULL;
}

static void reject(struct event *ev, const struct error *reason)
{
	event_reject(ev, reason, ev->submission->arena);
}

static int find_account(struct ledger *l, const struct raw_event *raw, struct intern_account *ret,
			struct error *err)
{
	const char *text = raw->field[EV_SUBJECT].text;
	size_t len = raw->field[EV_SUBJECT].len;
	bool is_sid = sid_valid("AC", text, len);
	int rc;

	if (!is_sid && !l->options.accounts_by_name)
		return error_set(
			err, ERR_PARAM, "subject",
			"subject must be the SID of an account: AC and 32 hexadecimal digits");
	rc = intern_account(l->intern, text, len, !is_sid, ret, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERR_PARAM, "subject", "there is no account \"%.*s\"",
				 (int)len, text);
	return 0;
}

static int find_category(struct ledger *l, const struct raw_event *raw, int64_t *ret_id,
			 struct error *err)
{
	const char *name = raw->field[EV_CATEGORY].text;
	size_t len = raw->field[EV_CATEGORY].len;
	int rc = intern_category(l->intern, name, len, ret_id, err);

	return rc < 0 ? -1 : catalogue_check_category(name, len, rc > 0, err);
}

static struct intern_series *find_series(struct ledger *l, const struct raw_event *raw,
					 int64_t account, int64_t category)
{
	struct intern_series_key key = { .account = account, .category = category };

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++) {
		enum event_field f = event_dimension_fields[d];

		if (event_has(raw, f))
			key.dim[d] = intern_dimension(l->intern, account, (enum dimension)d,
						      raw->field[f].text, raw->field[f].len);
	}
	return intern_series(l->intern, &key);
}

/*
 * Looks up account, category and dimensions of an event, or rejects it. -1: the
 * ledger failed.
 */
static int look_up(struct ledger *l, struct event *ev, struct error *err)
{
	const struct raw_event *raw = ev->raw;
	struct intern_account account = { 0 };
	struct error reason = { 0 };
	int64_t category = 0;

	if (find_account(l, raw, &account, &reason) < 0 ||
	    find_category(l, raw, &category, &reason) < 0) {
		if (reason.kind != ERR_PARAM && reason.kind != ERR_OVERFLOW) {
			if (err)
				*err = reason;
			return -1;
		}
		reject(ev, &reason);
		event_keep_raw(ev, raw, ev->submission->arena);
	} else {
		ev->id = raw->field[EV_ID].text;
		ev->id_len = (uint32_t)raw->field[EV_ID].len;
		ev->attributes = raw->attributes.text;
		ev->attributes_len = (uint32_t)raw->attributes.len;
		ev->source = intern_source(l->intern, account.family, raw->field[EV_SOURCE].text,
					   raw->field[EV_SOURCE].len);
		ev->series = find_series(l, raw, account.id, category);
		ev->effective_us = ev->time_us;
		ev->named = event_claims_any(raw);
		if (ev->named)
			event_keep_raw(ev, raw, ev->submission->arena);
		l->names = l->names || ev->named;
	}
	ev->account = account.id;
	return 0;
}

/* Lists the main accounts of the events, each once. */
static void list_families(struct ledger *l)
{
	int64_t *list, last = 0;
	guint n = 0;

	for (guint i = 0; i < l->events->len; i++) {
		const struct event *ev = g_ptr_array_index(l->events, i);

		if (ev->verdict == VERDICT_REJECTED || ev->source->scope == last)
			continue;
		last = ev->source->scope;
		g_array_append_val(l->families, last);
	}
	g_array_sort(l->families, int_order);
	list = (int64_t *)l->families->data;
	for (guint i = 0; i < l->families->len; i++)
		if (!n || list[i] != list[n - 1])
			list[n++] = list[i];
	g_array_set_size(l->families, n);
}

/*
 * Empties the list. Frees it if it is large: while the next batch looks up its
 * ids, that needs the memory.
 */
static void empty_list(GArray **list)
{
	enum { KEPT = 4096 };
	guint size = g_array_get_element_size(*list);

	if ((*list)->len > KEPT) {
		g_array_free(*list, TRUE);
		*list = g_array_new(FALSE, FALSE, size);
	}
	g_array_set_size(*list, 0);
}

static void clear(struct ledger *l)
{
	empty_list(&l->stored);
	empty_list(&l->rollups);
	l->atomic = l->aborted = l->names = l->values = false;
	g_ptr_array_set_size(l->events, 0);
	g_array_set_size(l->families, 0);
	l->first = l->last = NULL;
	intern_trim(l->intern);
}

int ledger_add(struct ledger *l, struct submission *s, struct error *err)
{
	s->next = NULL;
	*(l->last ? &l->last->next : &l->first) = s;
	l->last = s;
	l->atomic = s->atomic;
	for (size_t i = 0; i < s->n; i++) {
		struct event *ev = &s->events[i];

		ev->submission = s;
		g_ptr_array_add(l->events, ev);
		if (ev->verdict != VERDICT_REJECTED && look_up(l, ev, err) < 0) {
			clear(l);
			return -1;
		}
	}
	return 0;
}

/* ---- events ---- */

static struct event *event_at(const struct ledger *l, size_t i)
{
	return g_ptr_array_index(l->events, i);
}

static struct stored_event *stored_at(const struct ledger *l, size_t i)
{
	return &g_array_index(l->stored, struct stored_event, i);
}

/* A dimension that was declared later makes no conflict of a duplicate. */
static int compare_declared(struct ledger *l, struct event *ev, struct error *err)
{
	int rc = event_repeat_equal(l->st, &l->declared, ev, err);

	if (rc > 0)
		ev->verdict = VERDICT_DUPLICATE;
	return rc < 0 ? -1 : 0;
}

/* Stores the events and sets their verdicts. */
static int add_events(struct ledger *l, struct error *err)
{
	g_array_set_size(l->stored, l->order.events->len);
	for (guint i = 0; i < l->order.events->len; i++) {
		const struct event *ev = identity_order_at(&l->order, i);

		*stored_at(l, i) = (struct stored_event) {
			.account = ev->series->key.account,
			.family = ev->source->scope,
			.source = ev->source->id,
			.id = ev->id,
			.id_len = ev->id_len,
			.series = ev->series->id,
			.time_us = ev->time_us,
			.effective_us = ev->effective_us,
			.amounts = ev->amounts,
			.attributes = ev->attributes,
			.attributes_len = ev->attributes_len,
		};
	}
	if (store_events_add(l->st, (struct stored_event *)l->stored->data, l->stored->len, err) <
	    0)
		return -1;
	for (guint i = 0; i < l->order.events->len; i++) {
		struct event *ev = identity_order_at(&l->order, i);

		ev->verdict = stored_at(l, i)->verdict;
		if (ev->verdict == VERDICT_CONFLICT && l->declared.n &&
		    compare_declared(l, ev, err) < 0)
			return -1;
	}
	return 0;
}

static int note_late(struct ledger *l, struct error *err)
{
	int64_t now_us = clock_now_us();

	for (guint i = 0; closings_any(l->closings) && i < l->order.events->len; i++) {
		if (stored_at(l, i)->verdict == VERDICT_CREATED &&
		    closing_note_late(l->st, identity_order_at(&l->order, i)->series->key.account,
				      stored_at(l, i), now_us, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- rollups ---- */

static struct rollup rollup_of(const struct event *ev)
{
	const struct intern_series *series = ev->series;
	struct rollup r = { .level = LEVEL_QUARTER,
			    .family = ev->source->scope,
			    .account = series->key.account,
			    .category = series->key.category,
			    .slot = slot_of_instant(ev->effective_us),
			    .amounts = ev->amounts };

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (series->key.dim[d])
			r.series = series->id;
	if (series->key.declared)
		r.series = series->id;
	return r;
}

static int add_rollups(struct ledger *l, struct error *err)
{
	g_array_set_size(l->rollups, 0);
	for (guint i = 0; i < l->order.events->len; i++) {
		const struct event *ev = identity_order_at(&l->order, i);
		struct rollup r;

		if (ev->verdict != VERDICT_CREATED)
			continue;
		if (intern_use(l->intern, ev->series, err) < 0)
			return -1;
		r = rollup_of(ev);
		g_array_append_val(l->rollups, r);
	}
	return store_rollups_add(l->st, (const struct rollup *)l->rollups->data, l->rollups->len,
				 err);
}

/* ---- triggers ---- */

static int watch_triggers(struct ledger *l, struct error *err)
{
	if (trigger_watch_begin(l->triggers, l->st, clock_now_us(), err) < 0)
		return -1;
	if (!trigger_watch_any(l->triggers))
		return 0;
	for (guint i = 0; i < l->order.events->len; i++) {
		const struct event *ev = identity_order_at(&l->order, i);

		if (ev->verdict == VERDICT_CREATED)
			trigger_watch_add(l->triggers,
					  &(struct trigger_usage) {
						  ev->series->key.account, ev->source->scope,
						  ev->series->key.category, ev->effective_us,
						  &ev->amounts });
	}
	return trigger_watch_settle(l->triggers, l->st, err);
}

/* ---- closings and suspensions ---- */

/*
 * Rejects the event with REASON if its identity is new. An event whose identity
 * is stored stays in the batch and becomes a duplicate or a conflict.
 */
static int reject_new(struct ledger *l, struct event *ev, const struct error *reason,
		      struct error *err)
{
	int stored = event_repeat_stored(l->st, ev, err);

	if (stored == 0)
		reject(ev, reason);
	return stored < 0 ? -1 : 0;
}

/*
 * Sets the effective time of the event. Rejects the event if its account is
 * suspended, or is closed and rejects late events.
 */
static int set_effective(struct ledger *l, struct event *ev, struct error *err)
{
	int64_t account = ev->series->key.account;
	struct error reason = { 0 };

	if (suspension_check(suspensions_since(l->suspensions, account), ev->time_us, &reason) ==
		    0 &&
	    closing_effective(closings_open_us(l->closings, account), l->options.late, ev->time_us,
			      &ev->effective_us, &reason) == 0)
		return 0;
	return reject_new(l, ev, &reason, err);
}

static int set_effective_all(struct ledger *l, struct error *err)
{
	if (closings_load(l->closings, l->st, err) < 0 ||
	    suspensions_load(l->suspensions, l->st, err) < 0)
		return -1;
	if (!closings_any(l->closings) && !suspensions_any(l->suspensions))
		return 0;
	for (guint i = 0; i < l->events->len; i++) {
		if (event_at(l, i)->verdict != VERDICT_REJECTED &&
		    set_effective(l, event_at(l, i), err) < 0)
			return -1;
	}
	return 0;
}

/* ---- unique names ---- */

static int set_names(struct ledger *l, struct event *ev, struct arena *arena, struct error *err)
{
	struct error reason = { 0 };
	int rc = event_claims_apply(l->st, l->intern, ev, arena, &reason, err);

	if (rc < 0)
		return -1;
	return rc ? 0 : reject_new(l, ev, &reason, err);
}

static int set_names_all(struct ledger *l, struct error *err)
{
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	for (guint i = 0; l->names && rc == 0 && i < l->events->len; i++) {
		struct event *ev = event_at(l, i);

		if (ev->verdict == VERDICT_REJECTED || !ev->named)
			continue;
		rc = set_names(l, ev, &arena, err);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return rc;
}

/* ---- declared dimensions ---- */

/*
 * Adds the values of declared dimensions to the series of the events. The
 * dimensions are those of this write, so that an event misses none that was
 * declared before it was stored.
 */
static int set_declared_all(struct ledger *l, struct error *err)
{
	struct declared_values values;

	if (declared_load(&l->declared, l->st, err) < 0)
		return -1;
	if (!l->declared.n && !l->values)
		return 0;
	l->values = true;
	for (guint i = 0; i < l->events->len; i++) {
		struct event *ev = event_at(l, i);
		struct intern_series_key key;

		if (ev->verdict == VERDICT_REJECTED)
			continue;
		declared_read(&l->declared, ev->attributes, ev->attributes_len, &values);
		key = ev->series->key;
		key.declared = intern_declared(l->intern, key.account, values.list, values.n);
		if (key.declared != ev->series->key.declared)
			ev->series = intern_series(l->intern, &key);
	}
	return 0;
}

/* ---- ids ---- */

/* Rejects an event of a new series whose sender has used up its quota of them. */
static int reject_series(struct ledger *l, struct event *ev, int64_t most, struct error *err)
{
	struct error reason = { 0 };

	error_set(
		&reason, ERR_TOO_MANY, NULL,
		"its account, category and dimensions are a new combination; these credentials have"
		" sent %" PRId64 " such new combinations today: send it again after midnight UTC",
		most);
	return reject_new(l, ev, &reason, err);
}

/* Chooses whether the new series of an event is made. */
static int choose_series(struct ledger *l, struct event *ev, int64_t day, struct error *err)
{
	struct series_quota *quota = ev->submission->quota;
	int64_t most;

	if (ev->series->id || ev->series->state == INTERN_TO_MAKE)
		return 0;
	if (quota && !series_quota_left(quota, day, &most))
		return reject_series(l, ev, most, err);
	if (intern_make(l->intern, ev->series) && quota)
		series_quota_take(quota);
	return 0;
}

static int make_ids(struct ledger *l, struct error *err)
{
	int64_t day = floor_div(clock_now_us(), SEC_PER_DAY * USEC_PER_SEC);

	for (guint i = 0; i < l->events->len; i++) {
		const struct event *ev = event_at(l, i);

		if (ev->verdict != VERDICT_REJECTED)
			intern_want(l->intern, ev->source, ev->series);
	}
	if (intern_find(l->intern, err) < 0)
		return -1;
	for (guint i = 0; i < l->events->len; i++) {
		struct event *ev = event_at(l, i);

		if (ev->verdict != VERDICT_REJECTED && choose_series(l, ev, day, err) < 0)
			return -1;
	}
	return intern_make_all(l->intern, err);
}

static void settle_quotas(struct submission *first, bool undone)
{
	for (struct submission *s = first; s; s = s->next)
		if (s->quota)
			series_quota_settle(s->quota, undone);
}

/* ---- overflow ---- */

/* Rejects the event if it would overflow a rollup. */
static int try_event(struct rollup_fit *fit, struct event *ev, struct error *err)
{
	struct rollup added = rollup_of(ev);
	struct error reason = { 0 };
	int rc = rollup_fit_try(fit, &added, &reason, err);

	if (rc == 0)
		reject(ev, &reason);
	return rc < 0 ? -1 : 0;
}

/*
 * Rejects those new events of the failed attempt that would overflow a rollup.
 * If several new events have one identity, the first event that fits is kept.
 */
static int find_overflowing(struct ledger *l, struct rollup_fit *fit, size_t *ret_n,
			    struct error *err)
{
	bool taken = false;

	*ret_n = 0;
	for (guint i = 0; i < l->order.events->len; i++) {
		struct event *ev = identity_order_at(&l->order, i);

		if (!identity_order_repeats(&l->order, i))
			taken = ev->verdict != VERDICT_CREATED;
		if (taken)
			continue;
		if (try_event(fit, ev, err) < 0)
			return -1;
		taken = ev->verdict != VERDICT_REJECTED;
		*ret_n += !taken;
	}
	return 0;
}

static int reject_overflowing(struct ledger *l, struct error *err)
{
	struct rollup_fit *fit = rollup_fit_new(l->st);
	size_t n;
	int rc = find_overflowing(l, fit, &n, err);

	rollup_fit_free(&fit);
	if (rc == 0 && n == 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger's rollups are not the sums of its events: run "
				 "\"usaged verify\"");
	return rc;
}

/* ---- committing ---- */

/*
 * Tells whether the batch is atomic and has an event that is rejected or a
 * conflict.
 */
static bool must_abort(const struct ledger *l)
{
	for (guint i = 0; l->atomic && i < l->events->len; i++)
		if (event_at(l, i)->verdict == VERDICT_REJECTED ||
		    event_at(l, i)->verdict == VERDICT_CONFLICT)
			return true;
	return false;
}

static void abort_batch(struct ledger *l)
{
	l->aborted = true;
	for (guint i = 0; i < l->events->len; i++)
		if (event_at(l, i)->verdict != VERDICT_REJECTED &&
		    event_at(l, i)->verdict != VERDICT_CONFLICT)
			event_at(l, i)->verdict = VERDICT_ABORTED;
}

/*
 * Notes the families of new events, and the time of their commit at most once a
 * second.
 */
static int note_commit(struct ledger *l, int64_t now, struct error *err)
{
	bool created = false;

	for (guint i = 0; i < l->order.events->len; i++) {
		const struct event *ev = identity_order_at(&l->order, i);

		if (ev->verdict != VERDICT_CREATED)
			continue;
		created = true;
		if (family_changes_note(l->changes, l->st, ev->source->scope, now, err) < 0)
			return -1;
	}
	if (!created || now == l->noted)
		return 0;
	l->noted = now;
	return store_meta_set(l->st, META_COMMITTED, now, err);
}

static int write_events(struct ledger *l, int64_t now, struct error *err)
{
	if (set_effective_all(l, err) < 0 || set_names_all(l, err) < 0 ||
	    set_declared_all(l, err) < 0 || make_ids(l, err) < 0)
		return -1;
	identity_order_set(&l->order, l->events);
	if (add_events(l, err) < 0 || note_late(l, err) < 0 || add_rollups(l, err) < 0)
		return -1;
	if (must_abort(l))
		return error_set(err, ERR_CONFLICT, NULL, "not all of the batch can be stored");
	if (watch_triggers(l, err) < 0)
		return -1;
	return note_commit(l, now, err);
}

/* Finds the account of a rejected event for the log; 0: unknown. */
static int find_logged_account(struct ledger *l, struct event *ev, struct error *err)
{
	struct intern_account account = { 0 };
	const char *text;
	size_t len;

	/* an event of a known account may have lost its raw texts */
	if (!l->options.any_account || ev->account || !ev->raw)
		return 0;
	text = ev->raw->field[EV_SUBJECT].text;
	len = ev->raw->field[EV_SUBJECT].len;
	if (!text)
		return 0;
	if (intern_account(l->intern, text, len, l->options.accounts_by_name, &account, err) < 0)
		return -1;
	ev->account = account.id;
	return 0;
}

static int log_rejections(struct ledger *l, int64_t now, struct error *err)
{
	bool prune = l->options.rejection_log &&
		     (now < l->pruned || now - l->pruned >= PRUNE_SECONDS);

	for (guint i = 0; l->options.rejected_days && i < l->events->len; i++) {
		struct event *ev = event_at(l, i);

		if (ev->verdict == VERDICT_REJECTED && !rejection_log_full(ev->submission) &&
		    (find_logged_account(l, ev, err) < 0 ||
		     rejection_log_add(l->st, ev, now, err) < 0))
			return -1;
	}
	if (prune)
		l->pruned = now;
	return prune ? rejection_log_prune(l->st, l->options.rejected_days, err) : 0;
}

static int write_batch(struct ledger *l, struct error *err)
{
	int64_t now = floor_div(clock_now_us(), USEC_PER_SEC);

	if ((!l->aborted && write_events(l, now, err) < 0) || log_rejections(l, now, err) < 0)
		return -1;
	return store_commit(l->st, err);
}

/* Takes the events of outdated submissions out of the batch. In the write. */
static int leave_outdated(struct ledger *l, struct error *err)
{
	bool any = false;
	int64_t version;
	guint kept = 0;

	if (store_version(l->st, &version, err) < 0)
		return -1;
	for (struct submission *s = l->first; s; s = s->next) {
		s->outdated = s->outdated || (s->version && s->version != version);
		any = any || s->outdated;
	}
	for (guint i = 0; any && i < l->events->len; i++)
		if (!event_at(l, i)->submission->outdated)
			l->events->pdata[kept++] = event_at(l, i);
	if (any)
		g_ptr_array_set_size(l->events, (gint)kept);
	return 0;
}

static int attempt(struct ledger *l, struct submission *first, struct error *err)
{
	if (store_begin_events(l->st, (const int64_t *)l->families->data, l->families->len, err) <
	    0)
		return -1;
	if (leave_outdated(l, err) < 0 || write_batch(l, err) < 0) {
		store_end(l->st);
		intern_undo(l->intern);
		family_changes_end(l->changes, true);
		settle_quotas(first, true);
		return -1;
	}
	intern_keep(l->intern);
	family_changes_end(l->changes, false);
	settle_quotas(first, false);
	return 0;
}

/* ---- families that are away ---- */

/* Is the event of a new source, for which all servers are needed? */
static bool has_new_source(const struct event *ev)
{
	return !ev->source->id;
}

static bool is_away(const struct ledger *l, const bool *away, const struct event *ev)
{
	const int64_t *list = (const int64_t *)l->families->data;
	const int64_t *at = bsearch(&ev->source->scope, list, l->families->len, sizeof(*list),
				    int_order);

	return at && away[at - list];
}

/*
 * Takes the events of families that are AWAY out of the batch; if there are
 * none, those of new sources. Returns how many.
 */
static guint leave_out(struct ledger *l, const bool *away, bool new_sources)
{
	guint kept = 0, n = l->events->len;

	for (guint i = 0; i < n; i++) {
		struct event *ev = event_at(l, i);

		if (ev->verdict != VERDICT_REJECTED &&
		    (new_sources ? has_new_source(ev) : is_away(l, away, ev)))
			ev->verdict = VERDICT_UNAVAILABLE;
		else
			l->events->pdata[kept++] = ev;
	}
	g_ptr_array_set_size(l->events, (gint)kept);
	g_array_set_size(l->families, 0);
	list_families(l);
	return n - kept;
}

/*
 * Takes out what cannot be stored while some servers are away: before the first
 * attempt families that are KNOWN to be away, after one that failed also new sources.
 * 1 the rest can be tried, 0 there is no such reason, or no rest; -1 failed.
 */
static int without_away(struct ledger *l, bool known, struct error *err)
{
	bool *away = g_new0(bool, l->families->len + 1);
	int rc = 0;

	if (l->options.partly && !l->atomic)
		rc = store_families_away(l->st, (const int64_t *)l->families->data,
					 l->families->len, known, away, err);

	if (rc > 0 && leave_out(l, away, false) == 0 && !known)
		rc = leave_out(l, away, true) > 0;
	g_free(away);
	return rc > 0 ? l->families->len > 0 : rc;
}

/* Repeats the attempt until no event overflows a rollup. */
static int attempt_all(struct ledger *l, struct submission *first, struct error *err)
{
	struct error own = { 0 };
	bool some = l->families->len > 0;

	/* the others do not wait for them */
	if (without_away(l, true, NULL) == 0 && some && !l->families->len)
		return error_set(err, ERR_BUSY, NULL,
				 "the server that keeps these accounts does not answer: try again "
				 "later");
	while (attempt(l, first, &own) < 0) {
		if (own.kind == ERR_CONFLICT) {
			abort_batch(l);
		} else if (own.kind == ERR_OVERFLOW) {
			if (reject_overflowing(l, err) < 0)
				return -1;
		} else if (without_away(l, false, NULL) <= 0) {
			if (err)
				*err = own;
			return -1;
		}
		error_clear(&own);
	}
	return 0;
}

int ledger_store(struct ledger *l, struct submission *first, struct error *err)
{
	int rc;

	for (struct submission *s = first, *next; s; s = next) {
		next = s->next;
		if (ledger_add(l, s, err) < 0)
			return -1;
	}
	list_families(l);
	rc = attempt_all(l, l->first, err);
	clear(l);
	return rc;
}
