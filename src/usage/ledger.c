#include "usage/ledger.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/civil.h"
#include "base/secret.h"
#include "usage/closing.h"
#include "usage/catalogue.h"
#include "usage/known.h"
#include "usage/postings.h"
#include "usage/rollups.h"
#include "usage/sim.h"
#include "usage/suspension.h"
#include "base/banned.h"

/* Sources in a batch that are told apart one by one. */
#define LANES_MAX 16

const char *const verdict_names[VERDICTS + 1] = {
	[VERDICT_CREATED] = "created",   [VERDICT_DUPLICATE] = "duplicate",
	[VERDICT_CONFLICT] = "conflict", [VERDICT_REJECTED] = "rejected",
	[VERDICT_ABORTED] = "aborted",
};

/*
 * An event that says how its SIM or its fleet is called: its series is only
 * known in the write.
 */
struct naming {
	struct sim_claim claim[SIM_KINDS]; /* without a name: there is none */
	struct known_series_key key;
};

struct pending {
	struct known_text *source;
	struct known_series *series;
	struct naming *naming; /* or NULL */
	const char *id;
	size_t id_len;
	int64_t time_us, effective_us;
	struct amounts amounts;
	const char *attributes; /* or NULL */
	size_t attributes_len;
	struct series_quota *quota; /* or NULL */
	int64_t line;
	bool rejected; /* it would overflow a rollup, the account is suspended, it is late, ... */
	bool created;
};

struct ledger {
	struct store *st;
	struct ledger_options options;
	struct known *known;
	struct closings *closings;
	struct suspensions *suspensions;

	struct arena arena;         /* of the batch */
	bool whole, spoilt;         /* all of the batch or nothing; it can only be nothing */
	bool naming;                /* events of the batch have one */
	struct series_quota *quota; /* of those that are added now, or NULL */
	GArray *pending;            /* struct pending, in the order sent */
	GArray *results;            /* struct ledger_result, likewise */
	struct arena reasons;       /* why some of them were rejected */

	/*
	 * guint: the batch by identity, of the same one the first sent first;
	 * without the rejected
	 */
	GArray *order;
	GArray *dealt;             /* guint: room for another order */
	GArray *stored;            /* struct stored_event, in that order */
	GArray *added;             /* enum added, likewise */
	struct rollups *rollups;   /* of the new events */
	struct postings *postings; /* likewise */
	int64_t noted;             /* when a commit was noted last, in seconds */
};

/* ---- collecting ---- */

struct ledger *ledger_new(struct store *st, const struct ledger_options *o)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->st = st;
	l->options = *o;
	l->known = known_new(st);
	l->closings = closings_new();
	l->suspensions = suspensions_new();
	arena_init(&l->arena);
	arena_init(&l->reasons);
	l->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
	l->results = g_array_new(FALSE, FALSE, sizeof(struct ledger_result));
	l->order = g_array_new(FALSE, FALSE, sizeof(guint));
	l->dealt = g_array_new(FALSE, FALSE, sizeof(guint));
	l->stored = g_array_new(FALSE, FALSE, sizeof(struct stored_event));
	l->added = g_array_new(FALSE, FALSE, sizeof(enum added));
	l->rollups = rollups_new();
	l->postings = postings_new();
	return l;
}

void ledger_free(struct ledger **l)
{
	if (!*l)
		return;
	known_free(&(*l)->known);
	closings_free(&(*l)->closings);
	suspensions_free(&(*l)->suspensions);
	arena_release(&(*l)->arena);
	arena_release(&(*l)->reasons);
	g_array_free((*l)->pending, TRUE);
	g_array_free((*l)->results, TRUE);
	g_array_free((*l)->order, TRUE);
	g_array_free((*l)->dealt, TRUE);
	g_array_free((*l)->stored, TRUE);
	g_array_free((*l)->added, TRUE);
	rollups_free(&(*l)->rollups);
	postings_free(&(*l)->postings);
	free(*l);
	*l = NULL;
}

static int find_account(struct ledger *l, const struct raw_event *raw, struct known_account *ret,
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
	rc = known_account(l->known, text, len, !is_sid, ret, err);
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
	int rc = known_category(l->known, name, len, ret_id, err);

	return rc < 0 ? -1 : catalogue_check_booking(name, len, rc > 0, err);
}

static bool given(const struct raw_event *raw, enum event_field f)
{
	return raw->field[f].text && raw->field[f].len;
}

static struct known_series *find_series(struct ledger *l, const struct raw_event *raw,
					int64_t account, int64_t category)
{
	struct known_series_key key = { .account = account, .category = category };

	for (int d = 0; d < DIMENSIONS; d++) {
		enum event_field f = event_dimension_fields[d];

		if (given(raw, f))
			key.dim[d] = known_dimension(l->known, account, (enum dimension)d,
						     raw->field[f].text, raw->field[f].len);
	}
	return known_series(l->known, &key);
}

static const char *copy_field(struct ledger *l, const struct raw_event *raw, enum event_field f)
{
	return given(raw, f) ? arena_strn(&l->arena, raw->field[f].text, raw->field[f].len) : NULL;
}

/* What the event says about names; NULL: nothing. */
static struct naming *copy_naming(struct ledger *l, const struct raw_event *raw, int64_t family,
				  const struct known_series *series)
{
	struct naming *naming;

	if (!given(raw, EV_SIM_NAME) && !given(raw, EV_FLEET_NAME))
		return NULL;
	naming = arena_new(&l->arena, struct naming);
	naming->key = series->key;
	for (int i = 0; i < SIM_KINDS; i++) {
		const struct sim_kind *kind = &sim_kinds[i];

		naming->claim[i] = (struct sim_claim) { kind, family,
							copy_field(l, raw, kind->sid_field),
							copy_field(l, raw, kind->name_field) };
	}
	l->naming = true;
	return naming;
}

int ledger_add(struct ledger *l, const struct event *ev, struct error *err)
{
	const struct raw_event *raw = ev->raw;
	struct pending p = { .time_us = ev->time_us,
			     .effective_us = ev->time_us,
			     .amounts = ev->amounts,
			     .line = raw->line,
			     .quota = l->quota };
	struct known_account account = { 0 };
	int64_t category = 0;

	if (find_account(l, raw, &account, err) < 0 || find_category(l, raw, &category, err) < 0)
		return -1;
	p.source = known_source(l->known, account.family, raw->field[EV_SOURCE].text,
				raw->field[EV_SOURCE].len);
	p.series = find_series(l, raw, account.id, category);
	p.naming = copy_naming(l, raw, account.family, p.series);
	p.id_len = raw->field[EV_ID].len;
	p.id = arena_strn(&l->arena, raw->field[EV_ID].text, p.id_len);
	if (raw->attributes.text) {
		p.attributes = arena_strn(&l->arena, raw->attributes.text, raw->attributes.len);
		p.attributes_len = raw->attributes.len;
	}
	g_array_append_val(l->pending, p);
	return 0;
}

void ledger_quota(struct ledger *l, struct series_quota *quota)
{
	l->quota = quota;
}

size_t ledger_pending(const struct ledger *l)
{
	return l->pending->len;
}

void ledger_whole(struct ledger *l, bool spoilt)
{
	l->whole = true;
	l->spoilt = spoilt;
}

void ledger_abandon(struct ledger *l)
{
	l->whole = l->spoilt = l->naming = false;
	l->quota = NULL;
	g_array_set_size(l->pending, 0);
	arena_reset(&l->arena);
	known_trim(l->known);
}

/* ---- events ---- */

static struct pending *pending_at(const struct ledger *l, size_t i)
{
	return &g_array_index(l->pending, struct pending, i);
}

static int compare_identities(const struct pending *a, const struct pending *b)
{
	size_t shorter = a->id_len < b->id_len ? a->id_len : b->id_len;
	int order;

	if (a->source->id != b->source->id)
		return a->source->id < b->source->id ? -1 : 1;
	order = memcmp(a->id, b->id, shorter);
	return order ? order : (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

static gint compare_order(gconstpointer a, gconstpointer b, gpointer ledger)
{
	guint x = *(const guint *)a;
	guint y = *(const guint *)b;
	int order = compare_identities(pending_at(ledger, x), pending_at(ledger, y));

	return order ? order : x < y ? -1 : x > y;
}

/* The event that stands at place I in the order of identities. */
static struct pending *ordered_at(const struct ledger *l, size_t i)
{
	return pending_at(l, g_array_index(l->order, guint, i));
}

/* Events of one source, as they came. */
struct lane {
	int64_t source;
	const struct pending *last;
	guint n, at; /* how many, and where in the order the next one goes */
};

static gint compare_lanes(gconstpointer a, gconstpointer b)
{
	int64_t x = ((const struct lane *)a)->source, y = ((const struct lane *)b)->source;

	return x < y ? -1 : x > y;
}

static struct lane *find_lane(GArray *lanes, int64_t source)
{
	for (guint i = 0; i < lanes->len; i++)
		if (g_array_index(lanes, struct lane, i).source == source)
			return &g_array_index(lanes, struct lane, i);
	return NULL;
}

/*
 * The sources of the order, each with its number of events. False: they are too
 * many, or the events of one aren't in order.
 */
static bool find_lanes(const struct ledger *l, GArray *lanes)
{
	for (guint i = 0; i < l->order->len; i++) {
		const struct pending *p = ordered_at(l, i);
		struct lane *lane = find_lane(lanes, p->source->id);

		if (!lane) {
			if (lanes->len == LANES_MAX)
				return false;
			g_array_set_size(lanes, lanes->len + 1);
			lane = &g_array_index(lanes, struct lane, lanes->len - 1);
			*lane = (struct lane) { .source = p->source->id };
		}
		if (lane->last && compare_identities(lane->last, p) > 0)
			return false;
		lane->last = p;
		lane->n++;
	}
	return true;
}

/* Puts the events of each source together. */
static void fill_lanes(struct ledger *l, GArray *lanes)
{
	GArray *swap;
	guint at = 0;

	g_array_sort(lanes, compare_lanes);
	for (guint i = 0; i < lanes->len; i++) {
		struct lane *lane = &g_array_index(lanes, struct lane, i);

		lane->at = at;
		at += lane->n;
	}
	g_array_set_size(l->dealt, l->order->len);
	for (guint i = 0; i < l->order->len; i++)
		g_array_index(l->dealt, guint,
			      find_lane(lanes, ordered_at(l, i)->source->id)->at++) =
			g_array_index(l->order, guint, i);
	swap = l->order;
	l->order = l->dealt;
	l->dealt = swap;
}

/*
 * Events of one source mostly come in order, however the sources are mixed;
 * that is much quicker than to sort them.
 */
static bool deal_by_source(struct ledger *l)
{
	GArray *lanes = g_array_sized_new(FALSE, FALSE, sizeof(struct lane), LANES_MAX);
	bool ordered = find_lanes(l, lanes);

	if (ordered)
		fill_lanes(l, lanes);
	g_array_free(lanes, TRUE);
	return ordered;
}

/*
 * By identity, which is the order of the table; most often they come so
 * already.
 */
static void put_in_order(struct ledger *l)
{
	bool ordered = true;

	g_array_set_size(l->order, 0);
	for (guint i = 0; i < l->pending->len; i++) {
		struct pending *p = pending_at(l, i);

		if (p->rejected)
			continue;
		if (ordered && l->order->len)
			ordered = compare_identities(ordered_at(l, l->order->len - 1), p) <= 0;
		g_array_append_val(l->order, i);
	}
	if (!ordered && !deal_by_source(l))
		g_array_sort_with_data(l->order, compare_order, l);
}

static int add_events(struct ledger *l, struct error *err)
{
	g_array_set_size(l->stored, l->order->len);
	g_array_set_size(l->added, l->order->len);
	for (guint i = 0; i < l->order->len; i++) {
		const struct pending *p = ordered_at(l, i);

		g_array_index(l->stored, struct stored_event, i) = (struct stored_event) {
			.source = p->source->id,
			.id = p->id,
			.id_len = p->id_len,
			.series = p->series->id,
			.time_us = p->time_us,
			.effective_us = p->effective_us,
			.amounts = p->amounts,
			.attributes = p->attributes,
			.attributes_len = p->attributes_len,
		};
	}
	return store_events_add(l->st, (struct stored_event *)l->stored->data, l->stored->len,
				(enum added *)l->added->data, err);
}

static enum added added_at(const struct ledger *l, size_t i)
{
	return g_array_index(l->added, enum added, i);
}

static int note_late(struct ledger *l, struct error *err)
{
	int64_t now_us = clock_now_us();

	for (guint i = 0; closings_any(l->closings) && i < l->order->len; i++) {
		if (added_at(l, i) == ADDED_CREATED &&
		    closing_note_late(l->st, ordered_at(l, i)->series->key.account,
				      &g_array_index(l->stored, struct stored_event, i), now_us,
				      err) < 0)
			return -1;
	}
	return 0;
}

/* ---- rollups ---- */

static struct rollup quarter_of(const struct pending *p)
{
	const struct known_series *series = p->series;
	struct rollup r = { .level = LEVEL_QUARTER,
			    .account = series->key.account,
			    .category = series->key.category,
			    .series = series->id,
			    .slot = rollup_quarter(p->effective_us) };

	for (int d = 0; d < DIMENSIONS; d++)
		r.dim[d] = series->key.dim[d] ? series->key.dim[d]->id : 0;
	return r;
}

/* The events that are new, added up by series and quarter hour. */
static int add_up_events(struct ledger *l, struct error *err)
{
	for (guint i = 0; i < l->order->len; i++) {
		const struct pending *p = ordered_at(l, i);
		struct rollup key = quarter_of(p);

		if (added_at(l, i) != ADDED_CREATED)
			continue;
		if (known_use(l->known, p->series, err) < 0 ||
		    rollups_add(l->rollups, &key, &p->amounts, err) < 0)
			return -1;
	}
	return 0;
}

static int add_rollups(struct ledger *l, struct error *err)
{
	int rc = add_up_events(l, err);

	if (rc == 0)
		rc = rollups_store(l->rollups, l->st, err);
	rollups_clear(l->rollups);
	return rc;
}

/* ---- postings ---- */

/* Marks the events that are new. */
static void mark_created(struct ledger *l)
{
	for (guint i = 0; i < l->order->len; i++)
		ordered_at(l, i)->created = added_at(l, i) == ADDED_CREATED;
}

/* In the order they were sent, which mostly is that of their times. */
static int add_postings(struct ledger *l, struct error *err)
{
	int rc;

	mark_created(l);
	for (guint i = 0; i < l->pending->len; i++) {
		const struct pending *p = pending_at(l, i);
		struct posted ref = { p->effective_us, p->series->id, p->source->id, p->id,
				      p->id_len };

		if (p->created && !p->rejected)
			postings_add(l->postings, p->series->key.account, &ref);
	}
	rc = postings_store(l->postings, l->st, err);
	postings_clear(l->postings);
	return rc;
}

/* ---- rejections ---- */

static struct ledger_result *result_at(const struct ledger *l, size_t i)
{
	return &g_array_index(l->results, struct ledger_result, i);
}

/* The I-th of the batch, as it was sent. */
static void reject(struct ledger *l, size_t i, const struct error *reason)
{
	struct error *kept = arena_new(&l->reasons, struct error);
	struct pending *p = pending_at(l, i);

	*kept = *reason;
	p->rejected = true;
	*result_at(l, i) = (struct ledger_result) {
		.verdict = VERDICT_REJECTED,
		.error = kept,
		.line = p->line,
		.account = p->series->key.account,
		.source = arena_strn(&l->reasons, p->source->text, p->source->len),
		.event = arena_strn(&l->reasons, p->id, p->id_len),
	};
}

/* ---- closings and suspensions ---- */

/* Was it there before? 1, 0, -1. */
static int is_stored(struct ledger *l, const struct pending *p, struct error *err)
{
	int64_t source = p->source->id;
	struct stored_event found;
	struct arena arena;
	int rc = source ? 1
			: store_source_find(l->st, p->source->scope, p->source->text,
					    p->source->len, &source, err);

	if (rc <= 0)
		return rc;
	arena_init(&arena);
	rc = store_event_find(l->st, source, p->id, p->id_len, &arena, &found, err);
	arena_release(&arena);
	return rc;
}

/*
 * Rejects the I-th event for REASON, unless it was stored before: then it goes
 * on to be found a duplicate.
 */
static int reject_new(struct ledger *l, size_t i, const struct error *reason, struct error *err)
{
	int stored = is_stored(l, pending_at(l, i), err);

	if (stored == 0)
		reject(l, i, reason);
	return stored < 0 ? -1 : 0;
}

/*
 * The instant at which the I-th event takes effect, if its account takes it at
 * all.
 */
static int set_effective(struct ledger *l, size_t i, struct error *err)
{
	struct pending *p = pending_at(l, i);
	int64_t account = p->series->key.account;
	struct error reason = { 0 };

	if (suspension_check(suspensions_since(l->suspensions, account), p->time_us, &reason) ==
		    0 &&
	    closing_effective(closings_open_us(l->closings, account), l->options.late, p->time_us,
			      &p->effective_us, &reason) == 0)
		return 0;
	return reject_new(l, i, &reason, err);
}

static int set_effective_all(struct ledger *l, struct error *err)
{
	if (closings_load(l->closings, l->st, err) < 0 ||
	    suspensions_load(l->suspensions, l->st, err) < 0)
		return -1;
	if (!closings_any(l->closings) && !suspensions_any(l->suspensions))
		return 0;
	for (guint i = 0; i < l->pending->len; i++) {
		if (!pending_at(l, i)->rejected && set_effective(l, i, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- unique names ---- */

/* What an event's claims come to. */
struct named {
	struct sim sim[SIM_KINDS];
	bool changes; /* something is to be registered */
};

/* 1 they hold, 0 one doesn't, for REASON, -1. */
static int check_claims(struct ledger *l, const struct naming *naming, struct arena *arena,
			struct named *ret, struct error *reason, struct error *err)
{
	int rc = 1;

	ret->changes = false;
	for (int i = 0; i < SIM_KINDS && rc > 0; i++) {
		const struct sim_claim *c = &naming->claim[i];

		if (!c->name)
			continue;
		rc = sim_claim_check(l->st, c, arena, &ret->sim[i], reason, err);
		if (rc > 0 && sim_claim_changes(c, &ret->sim[i]))
			ret->changes = true;
	}
	return rc;
}

/*
 * An event that was stored before changes no name: it may be older than the
 * last one that did.
 */
static int apply_claims(struct ledger *l, const struct pending *p, const struct named *named,
			struct error *err)
{
	int stored = named->changes ? is_stored(l, p, err) : 1;

	for (int i = 0; stored == 0 && i < SIM_KINDS; i++) {
		const struct sim_claim *c = &p->naming->claim[i];

		if (c->name && sim_claim_changes(c, &named->sim[i]) &&
		    sim_claim_apply(l->st, c, &named->sim[i], err) < 0)
			return -1;
	}
	return stored < 0 ? -1 : 0;
}

/* The series with the SIDs of those that the event only says the names of. */
static struct known_series *named_series(struct ledger *l, const struct naming *naming,
					 const struct named *named)
{
	struct known_series_key key = naming->key;

	for (int i = 0; i < SIM_KINDS; i++) {
		const struct sim_claim *c = &naming->claim[i];

		if (c->name && !c->sid)
			key.dim[c->kind->dimension] = known_dimension(l->known, key.account,
								      c->kind->dimension,
								      named->sim[i].sid,
								      strlen(named->sim[i].sid));
	}
	return known_series(l->known, &key);
}

static int set_names(struct ledger *l, size_t i, struct arena *arena, struct error *err)
{
	struct pending *p = pending_at(l, i);
	struct error reason = { 0 };
	struct named named;
	int rc = check_claims(l, p->naming, arena, &named, &reason, err);

	if (rc <= 0)
		return rc < 0 ? -1 : reject_new(l, i, &reason, err);
	p->series = named_series(l, p->naming, &named);
	return apply_claims(l, p, &named, err);
}

/*
 * In the order they were sent: an event may mean a name that one before it
 * registers.
 */
static int set_names_all(struct ledger *l, struct error *err)
{
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	for (guint i = 0; l->naming && rc == 0 && i < l->pending->len; i++) {
		if (pending_at(l, i)->rejected || !pending_at(l, i)->naming)
			continue;
		rc = set_names(l, i, &arena, err);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return rc;
}

/* ---- ids ---- */

/*
 * Of the I-th event, whose sender has made as many new series as it may: only
 * one that is there will do.
 */
static int find_series_id(struct ledger *l, size_t i, int64_t most, struct error *err)
{
	struct error reason = { 0 };
	int rc = known_series_find(l->known, pending_at(l, i)->series, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	error_set(&reason, ERR_TOO_MANY, NULL,
		  "its account, category and dimensions were never used together; these credentials"
		  " have brought %" PRId64 " such new combinations today, and may bring no more"
		  " before midnight UTC",
		  most);
	return reject_new(l, i, &reason, err);
}

static int make_series_id(struct ledger *l, size_t i, int64_t day, struct error *err)
{
	struct pending *p = pending_at(l, i);
	int64_t most;
	int rc;

	if (p->quota && !p->series->id && !series_quota_left(p->quota, day, &most))
		return find_series_id(l, i, most, err);
	rc = known_series_id(l->known, p->series, err);
	if (rc > 0 && p->quota)
		series_quota_take(p->quota);
	return rc < 0 ? -1 : 0;
}

static int make_ids(struct ledger *l, struct error *err)
{
	int64_t day = floor_div(clock_now_us(), SEC_PER_DAY * USEC_PER_SEC);

	for (guint i = 0; i < l->pending->len; i++) {
		const struct pending *p = pending_at(l, i);

		if (!p->rejected && (known_source_id(l->known, p->source, err) < 0 ||
				     make_series_id(l, i, day, err) < 0))
			return -1;
	}
	return 0;
}

static void settle_quotas(struct ledger *l, bool undone)
{
	for (guint i = 0; i < l->pending->len; i++)
		if (pending_at(l, i)->quota)
			series_quota_settle(pending_at(l, i)->quota, undone);
}

/* ---- overflow ---- */

/* Takes the I-th event of the order into the totals, or rejects it. */
static int try_event(struct ledger *l, size_t i, struct error *err)
{
	struct pending *p = ordered_at(l, i);
	struct rollup quarter = quarter_of(p);
	struct error reason = { 0 };
	int rc = rollups_try(l->rollups, l->st, &quarter, &p->amounts, &reason, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		reject(l, g_array_index(l->order, guint, i), &reason);
	return 0;
}

/*
 * Goes through the new events of the attempt that failed; when one doesn't fit,
 * the next of the same identity has its chance.
 */
static int find_overflowing(struct ledger *l, size_t *ret_n, struct error *err)
{
	bool taken = false;

	*ret_n = 0;
	for (guint i = 0; i < l->order->len; i++) {
		struct pending *p = ordered_at(l, i);

		if (i == 0 || compare_identities(ordered_at(l, i - 1), p) != 0)
			taken = added_at(l, i) != ADDED_CREATED;
		if (taken)
			continue;
		if (try_event(l, i, err) < 0)
			return -1;
		taken = !p->rejected;
		*ret_n += p->rejected;
	}
	return 0;
}

static int reject_overflowing(struct ledger *l, struct error *err)
{
	size_t n;
	int rc = find_overflowing(l, &n, err);

	rollups_clear(l->rollups);
	if (rc == 0 && n == 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger's rollups are not the sums of its events: run "
				 "\"usaged verify\"");
	return rc;
}

/* ---- all or nothing ---- */

/* Does an event stand in the way of the others? */
static bool whole_fails(const struct ledger *l)
{
	if (l->spoilt || l->order->len < l->pending->len)
		return true;
	for (guint i = 0; i < l->order->len; i++)
		if (added_at(l, i) == ADDED_CONFLICT)
			return true;
	return false;
}

static void abort_verdicts(struct ledger *l)
{
	for (guint i = 0; i < l->order->len; i++)
		result_at(l, g_array_index(l->order, guint, i))->verdict =
			added_at(l, i) == ADDED_CONFLICT ? VERDICT_CONFLICT : VERDICT_ABORTED;
}

/* ---- committing ---- */

static void set_verdicts(struct ledger *l)
{
	static const enum verdict verdicts[] = {
		[ADDED_CREATED] = VERDICT_CREATED,
		[ADDED_DUPLICATE] = VERDICT_DUPLICATE,
		[ADDED_CONFLICT] = VERDICT_CONFLICT,
	};

	for (guint i = 0; i < l->order->len; i++)
		result_at(l, g_array_index(l->order, guint, i))->verdict = verdicts[added_at(l, i)];
}

static int write_more(struct ledger *l, struct error *err)
{
	if (!l->options.also)
		return 0;
	return l->options.also(l->options.arg, l->st,
			       (const struct ledger_result *)l->results->data, err);
}

/* With a batch of which nothing is stored. */
static int write_more_alone(struct ledger *l, struct error *err)
{
	if (!l->options.also)
		return 0;
	if (store_begin_write(l->st, err) < 0)
		return -1;
	if (write_more(l, err) < 0) {
		store_end(l->st);
		return -1;
	}
	return store_commit(l->st, err);
}

/* When something was stored last, to the second: once a second is enough. */
static int note_commit(struct ledger *l, struct error *err)
{
	int64_t now = floor_div(clock_now_us(), USEC_PER_SEC);
	bool created = false;

	for (guint i = 0; !created && i < l->order->len; i++)
		created = added_at(l, i) == ADDED_CREATED;
	if (!created || now == l->noted)
		return 0;
	l->noted = now;
	return store_meta_set(l->st, META_COMMITTED, now, err);
}

static int write_batch(struct ledger *l, struct error *err)
{
	if (set_effective_all(l, err) < 0 || set_names_all(l, err) < 0 || make_ids(l, err) < 0)
		return -1;
	put_in_order(l);
	if (add_events(l, err) < 0 || note_late(l, err) < 0 || add_rollups(l, err) < 0 ||
	    add_postings(l, err) < 0)
		return -1;
	if (l->whole && whole_fails(l))
		return error_set(err, ERR_CONFLICT, NULL, "not all of the batch can be stored");
	set_verdicts(l);
	if (note_commit(l, err) < 0 || write_more(l, err) < 0)
		return -1;
	return store_commit(l->st, err);
}

static int attempt(struct ledger *l, struct error *err)
{
	if (store_begin_write(l->st, err) < 0)
		return -1;
	if (write_batch(l, err) < 0) {
		store_end(l->st);
		known_undo(l->known);
		settle_quotas(l, true);
		return -1;
	}
	known_keep(l->known);
	settle_quotas(l, false);
	return 0;
}

/*
 * Until what doesn't fit has been left out. 1: it was to be all or nothing, and
 * is nothing.
 */
static int attempt_all(struct ledger *l, struct error *err)
{
	struct error own = { 0 };

	while (attempt(l, &own) < 0) {
		if (own.kind == ERR_CONFLICT)
			return 1;
		if (own.kind != ERR_OVERFLOW) {
			if (err)
				*err = own;
			return -1;
		}
		if (reject_overflowing(l, err) < 0)
			return -1;
		error_clear(&own);
	}
	return 0;
}

static void prepare_results(struct ledger *l)
{
	arena_reset(&l->reasons);
	g_array_set_size(l->results, l->pending->len);
	for (guint i = 0; i < l->pending->len; i++) {
		*result_at(l, i) = (struct ledger_result) { .verdict = VERDICT_REJECTED,
							    .line = pending_at(l, i)->line };
	}
}

int ledger_commit(struct ledger *l, const struct ledger_result **ret, size_t *ret_n,
		  struct error *err)
{
	int rc;

	prepare_results(l);
	rc = attempt_all(l, err);
	if (rc > 0) {
		abort_verdicts(l);
		rc = write_more_alone(l, err);
	}
	if (rc == 0) {
		*ret = (const struct ledger_result *)l->results->data;
		*ret_n = l->results->len;
	}
	ledger_abandon(l);
	return rc;
}
