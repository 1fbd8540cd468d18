/*
 * verify.c - does what follows from the events stand in the ledger as it
 * should? Everything that is wrong is told and counted.
 */
#include "store/walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/civil.h"
#include "store/event.h"
#include "store/source.h"
#include "store/verify.h"
#include "base/banned.h"

#define FAULT_WORDS 640

struct verification {
	struct walk walk;
	struct arena arena; /* of the moment */
};

__attribute__((format(printf, 2, 3))) static void tell(struct verification *v, const char *fmt, ...)
{
	char words[FAULT_WORDS];
	va_list ap;

	if (v->walk.n++ >= v->walk.told->limit)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	v->walk.told->fault(v->walk.told->arg, words);
}

static int tell_rollup(struct walk *w, const struct rollup *want, const struct rollup *have,
		       struct error *err)
{
	(void)err;
	if (w->n++ < w->told->limit)
		w->told->difference(w->told->arg, want, have);
	return 0;
}

static void hour_text(char ret[static INSTANT_TEXT], int64_t hour)
{
	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		snprintf(ret, INSTANT_TEXT, "%" PRId64, hour);
	else
		instant_format(ret, hour * HOUR_US);
}

static int tell_hour(struct walk *w, const struct posting_sum *want, const struct posting_sum *have,
		     struct error *err)
{
	static const struct posting_sum none;
	const struct posting_sum *listed = have ? have : &none, *which = want ? want : listed;
	char text[INSTANT_TEXT];

	(void)err;
	hour_text(text, which->hour);
	tell(w->arg,
	     "account %" PRId64 ", hour of %s: %s (%" PRId64 " references, %" PRId64 " events)",
	     which->account, text,
	     listed->damaged ? "the references to events are damaged"
			     : "the references are not those of the events",
	     listed->n, want ? want->n : 0);
	return 0;
}

static int tell_unlisted(struct walk *w, int64_t account, const struct posted *p, struct error *err)
{
	(void)account;
	(void)err;
	tell(w->arg, "event %.*s of source %" PRId64 " is late, and not listed as such",
	     (int)p->id_len, p->id, p->source);
	return 0;
}

static void tell_odd(struct walk *w, const struct posted *p, const char *words)
{
	tell(w->arg, "event %.*s of source %" PRId64 "%s", (int)p->id_len, p->id, p->source, words);
}

static const struct walk_calls telling = {
	.rollup = tell_rollup, .hour = tell_hour, .unlisted = tell_unlisted, .odd = tell_odd
};

/* Every late event is listed among the changes in closed time, and nothing else. */
static int check_late_count(struct verification *v, struct error *err)
{
	int64_t n;

	if (store_late_count(v->walk.st, &n, err) < 0)
		return -1;
	if (n > v->walk.late)
		tell(v, "%" PRId64 " more late events are listed than there are", n - v->walk.late);
	return 0;
}

/* ---- sources and corrections ---- */

static int check_sources(struct verification *v, struct error *err)
{
	int64_t source = INT64_MIN;
	const char *text;
	int rc;

	for (;;) {
		struct stmt *s = prepare(
			v->walk.st,
			"SELECT source FROM event WHERE source > ?1 ORDER BY source LIMIT 1", err);

		db_bind_int(s, 1, source);
		rc = store_one(s, &source, err);
		if (rc <= 0)
			return rc;
		rc = store_source_text(v->walk.st, source, &v->arena, &text, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			tell(v, "events are of the source %" PRId64 ", which doesn't exist",
			     source);
		arena_reset(&v->arena);
	}
}

/* Every fact is called after its correction. */
static int check_facts(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(v->walk.st,
				 "SELECT e.id, c.sid, c.kind FROM event e LEFT JOIN correction c "
				 "ON c.id = e.correction WHERE e.source = ?1",
				 err);
	int rc;

	db_bind_int(s, 1, v->walk.own);
	while ((rc = db_step(s, err)) > 0) {
		const char *id = db_get_str(s, 0, &v->arena), *sid = db_get_str(s, 1, &v->arena);

		if (!sid)
			tell(v, "%s is a fact of a correction that doesn't exist", id);
		else if (strncmp(id, sid, strlen(sid)) != 0 ||
			 (strcmp(id + strlen(sid), CORRECTION_REVERSAL) != 0 &&
			  (db_get_int(s, 2) != CORRECTION_AMEND ||
			   strcmp(id + strlen(sid), CORRECTION_REPLACEMENT) != 0)))
			tell(v, "%s is no fact that the correction %s has", id, sid);
		arena_reset(&v->arena);
	}
	return rc;
}

/* What is known of the corrections of one event, as they are gone through. */
struct chain {
	int64_t source;
	char *event; /* NULL: none yet */
	bool counts; /* something counts, `now`; else it is void */
	struct stored_event now;
};

/* The fact SUFFIX of the correction: 1, or 0 and told. */
static int find_fact(struct verification *v, const char *sid, int64_t correction,
		     const char *suffix, struct stored_event *ret, struct error *err)
{
	const char *id = arena_join(&v->arena, sid, suffix, NULL);
	int rc = store_event_find(v->walk.st, &(struct event_key) { v->walk.own, id, strlen(id) },
				  &v->arena, ret, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		tell(v, "the correction %s lacks its fact %s", sid, id);
	else if (ret->correction != correction)
		tell(v, "%s is a fact of another correction than %s", id, sid);
	return rc;
}

static bool reverses(const struct stored_event *reversal, const struct stored_event *e)
{
	struct amounts taken = amounts_negated(&e->amounts);

	return reversal->series == e->series && reversal->time_us == e->time_us &&
	       amounts_equal(&reversal->amounts, &taken);
}

/*
 * The next correction of the same event: takes away what counts, and puts
 * another fact in its place.
 */
static int check_correction(struct verification *v, struct chain *c, int64_t id, const char *sid,
			    bool amends, struct error *err)
{
	struct stored_event reversal;
	int rc = find_fact(v, sid, id, CORRECTION_REVERSAL, &reversal, err);

	if (rc < 0)
		return -1;
	if (!c->counts)
		tell(v, "the correction %s is of an event that was void or isn't there", sid);
	else if (rc && !reverses(&reversal, &c->now))
		tell(v, "the correction %s doesn't take away what the event counted", sid);
	rc = amends ? find_fact(v, sid, id, CORRECTION_REPLACEMENT, &c->now, err) : 0;
	c->counts = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int start_chain(struct verification *v, struct chain *c, int64_t source, const char *event,
		       struct error *err)
{
	int rc;

	arena_reset(&v->arena);
	c->source = source;
	g_free(c->event);
	c->event = g_strdup(event);
	rc = store_event_find(v->walk.st, &(struct event_key) { source, event, strlen(event) },
			      &v->arena, &c->now, err);
	c->counts = rc > 0 && !c->now.correction;
	return rc < 0 ? -1 : 0;
}

static int check_next_correction(struct verification *v, struct stmt *s, struct chain *c,
				 struct error *err)
{
	int64_t source = db_get_int(s, 3);
	size_t len;
	const char *event = db_get_text(s, 4, &len);
	char sid[SID_TEXT];

	if ((!c->event || source != c->source || strcmp(event, c->event) != 0) &&
	    start_chain(v, c, source, event, err) < 0)
		return -1;
	snprintf(sid, sizeof(sid), "%s", db_get_text(s, 1, &len));
	return check_correction(v, c, db_get_int(s, 0), sid, db_get_int(s, 2) == CORRECTION_AMEND,
				err);
}

/*
 * In the order of the events that they are of: each takes away what counted
 * then, so all together make what counts now.
 */
static int check_corrections(struct verification *v, struct error *err)
{
	struct stmt *s = prepare(
		v->walk.st,
		"SELECT id, sid, kind, source, event FROM correction ORDER BY source, event, id",
		err);
	struct chain c = { 0 };
	int rc = -1;

	while ((rc = db_step(s, err)) > 0) {
		if (check_next_correction(v, s, &c, err) < 0) {
			db_reset(s);
			rc = -1;
			break;
		}
	}
	g_free(c.event);
	return rc;
}

static void tell_damage(void *arg, const char *words)
{
	tell(arg, "the ledger's file is damaged, restore it from a backup: %s", words);
}

static int verify(struct verification *v, int64_t *ret_events, struct error *err)
{
	const struct verify_calls *calls = v->walk.told;
	int damage;

	*ret_events = 0;
	damage = db_damage(v->walk.st->db, tell_damage, v, err);
	/* nothing that is read from such a file could be compared */
	if (damage)
		return damage < 0 ? -1 : 0;
	if (walk_events(&v->walk, ret_events, err) < 0 || check_late_count(v, err) < 0 ||
	    check_sources(v, err) < 0 || check_facts(v, err) < 0 || check_corrections(v, err) < 0)
		return -1;
	if (calls->progress)
		calls->progress(calls->arg, *ret_events, *ret_events);
	return 0;
}

/* All of it in one snapshot. */
int store_verify(struct store *st, const struct verify_calls *calls, size_t *ret_n,
		 int64_t *ret_events, struct error *err)
{
	struct verification v = { .walk = {
					  .st = st, .calls = &telling, .told = calls, .arg = &v } };
	int rc;

	if (store_begin_read(st, err) < 0)
		return -1;
	walk_init(&v.walk);
	arena_init(&v.arena);
	rc = verify(&v, ret_events, err);
	arena_release(&v.arena);
	walk_release(&v.walk);
	store_end(st);
	*ret_n = v.walk.n;
	return rc;
}
