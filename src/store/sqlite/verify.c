/*
 * verify.c - compares rollups, postings and corrections with the events.
 * Reports and counts each problem.
 */
#include "store/sqlite/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include "base/civil.h"
#include "store/event.h"
#include "store/verify_checks.h"
#include "store/sqlite/layout.h"
#include "base/banned.h"

static struct rollup rollup_of(const struct rollup_rows *rows, bool detail,
			       const struct rollup_entry *e)
{
	static const enum level levels[PLACES] = {
		[PLACE_MONTH] = LEVEL_MONTH,        [PLACE_DAYS] = LEVEL_DAY,
		[PLACE_MONTH_SERIES] = LEVEL_MONTH, [PLACE_QUARTERS] = LEVEL_QUARTER,
		[PLACE_DAY_SERIES] = LEVEL_QUARTER,
	};
	struct rollup ret = { .level = detail ? LEVEL_QUARTER : levels[rows->place],
			      .account = rows->account,
			      .category = e->category,
			      .series = e->series,
			      .slot = rows->period };

	if (ret.level == LEVEL_DAY)
		ret.slot = slot_month_day(rows->period) + e->slot;
	else if (detail)
		ret.slot = slot_month_day(rows->period) * SLOTS_PER_DAY + e->slot;
	else if (ret.level == LEVEL_QUARTER)
		ret.slot = slot_of_day(rows->period) + e->slot;
	amounts_narrow(&e->amounts, &ret.amounts);
	return ret;
}

static int report_entry(void *arg, const struct rollup_rows *rows, bool detail,
			const struct rollup_entry *want, const struct rollup_entry *have,
			struct error *err)
{
	struct rollup computed = rollup_of(rows, detail, want);
	struct rollup stored = rollup_of(rows, detail, have);
	struct walk *w = arg;

	(void)err;
	verify_difference(w->arg, amounts_wide_zero(&want->amounts) ? NULL : &computed,
			  amounts_wide_zero(&have->amounts) ? NULL : &stored);
	return 0;
}

static int report_rows(void *arg, const struct rollup_rows *rows, bool detail, bool damaged,
		       struct error *err)
{
	struct walk *w = arg;
	bool day = rows->place == PLACE_QUARTERS || rows->place == PLACE_DAY_SERIES;

	(void)detail;
	(void)err;
	w->damaged = w->damaged || damaged;
	if (damaged)
		verify_problem(w->arg,
			       "account %" PRId64 ", %s number %" PRId64
			       ": the rollups are damaged",
			       rows->account, day ? "day" : "month", rows->period);
	return 0;
}

static void hour_text(char ret[static INSTANT_TEXT], int64_t hour)
{
	if (hour < -HOUR_MAX || hour > HOUR_MAX)
		snprintf(ret, INSTANT_TEXT, "%" PRId64, hour);
	else
		instant_format(ret, hour * HOUR_US);
}

static int report_hour(struct walk *w, const struct posting_sum *want,
		       const struct posting_sum *have, struct error *err)
{
	static const struct posting_sum none;
	const struct posting_sum *listed = have ? have : &none, *which = want ? want : listed;
	char text[INSTANT_TEXT];

	(void)err;
	hour_text(text, which->hour);
	verify_problem(w->arg,
		       "account %" PRId64 ", hour of %s: %s (%" PRId64 " references, %" PRId64
		       " events)",
		       which->account, text,
		       listed->damaged ? "the references to events are damaged"
				       : "the references are not those of the events",
		       listed->n, want ? want->n : 0);
	return 0;
}

static void report_bad_event(struct walk *w, const struct posting *p, const char *words)
{
	verify_bad_event(w->arg, &(struct event_key) { p->source, p->id, p->id_len }, words);
}

static int report_unlisted(struct walk *w, int64_t account, const struct posting *p,
			   struct error *err)
{
	(void)account;
	(void)err;
	report_bad_event(w, p, VERIFY_UNLISTED);
	return 0;
}

static const struct walk_calls reporting = { .entry = report_entry,
					     .rows = report_rows,
					     .hour = report_hour,
					     .unlisted = report_unlisted,
					     .bad_event = report_bad_event };

static void report_damage(void *arg, const char *words)
{
	verify_problem(arg, "the ledger's file is damaged, restore it from a backup: %s", words);
}

/*
 * Checks the file's pages and all sources, which only a verification of the
 * whole ledger does. Returns the number of damages, or -1.
 */
static int check_file(struct verify_checks *v, struct error *err)
{
	int damage = db_damage(v->st->db, report_damage, v, err);

	/* rows of a damaged file cannot be compared */
	return damage ? damage : verify_sources(v, err);
}

static int check_events(struct verify_checks *v, int64_t *ret_events, struct error *err)
{
	struct walk w = { .st = v->st,
			  .accounts = v->accounts,
			  .families = v->families,
			  .calls = &reporting,
			  .observer = v->calls,
			  .arg = v };
	int rc;

	walk_init(&w);
	rc = walk_events(&w, ret_events, err);
	v->late = w.late;
	walk_release(&w);
	/* unreadable rollups of a subaccount cannot be added up */
	return rc < 0 || w.damaged ? rc : walk_families(&w, err);
}

static int verify(struct verify_checks *v, int64_t *ret_events, struct error *err)
{
	int rc = v->accounts ? 0 : check_file(v, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (check_events(v, ret_events, err) < 0 || verify_checks_run(v, err) < 0)
		return -1;
	if (v->calls->progress)
		v->calls->progress(v->calls->arg, *ret_events, *ret_events);
	return 0;
}

int sqlite_verify(struct store *st, const struct verify_families *only,
		  const struct verify_calls *calls, size_t *ret_n, int64_t *ret_events,
		  struct error *err)
{
	struct verify_checks v = { .calls = calls };
	int rc;

	*ret_events = 0;
	if (store_begin_read(st, err) < 0)
		return -1;
	rc = verify_checks_init(&v, st, only, err);
	if (rc == 0)
		rc = verify(&v, ret_events, err);
	verify_checks_release(&v);
	store_end(st);
	*ret_n = v.n;
	return rc;
}
