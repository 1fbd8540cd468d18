/*
 * correct.h - corrections of events. Nothing is overwritten; a correction adds
 * entries. A void adds a reversal, which subtracts the amounts of the event. An
 * amendment adds a reversal and a replacement. Entries are events of the source
 * EVENT_SOURCE_OWN, with postings and rollups. The id of an entry is the SID of
 * the correction and ".reversal" or ".replacement".
 *
 * An event and the entries of all its corrections add up to the amounts that
 * count now. Only received events can be corrected, not entries. To change an
 * amendment, amend the event again.
 */
#ifndef USAGE_CORRECT_H
#define USAGE_CORRECT_H

#include "store/event_read.h"
#include "usage/closing.h"
#include "usage/catalogue.h"
#include "usage/event.h"

#define CORRECTION_REASON_MAX 500 /* bytes */

/*
 * Identifies a received event. ID is required. Family and source select one of
 * several events with this id.
 */
struct event_identity {
	int64_t family;     /* id of the main account; 0: any family */
	const char *source; /* NULL: any source */
	const char *id;
};

/*
 * The accounts whose events the caller may see. MAY returns 1 if the caller may
 * see ACCOUNT, 0 if not (the event counts as not found), -1 on failure.
 */
struct event_scope {
	int (*may)(void *arg, struct store *st, int64_t account, struct error *err);
	void *arg;
};

struct correct {
	struct event_identity event;
	enum correction_kind kind;
	/*
	 * CORRECTION_AMEND: NULL leaves a field unchanged, an empty text
	 * removes it
	 */
	const struct raw_event *change;
	const char *author, *reason;
	int64_t now_us, ahead_us; /* as for event_check */
	enum late_events late;
	const struct event_scope *scope; /* NULL: any event */
};

/*
 * Corrects an event, in a write. *RET (texts in ARENA) is the new correction.
 * If an earlier correction has made the same change, nothing is done:
 * *RET_DONE_BEFORE is true and *RET is the earlier correction. On -1 the caller
 * must not commit:
 *
 *   ERR_NOT_FOUND  there is no such event
 *   ERR_PARAM      "source", "subject": events of several sources or families
 *                  have this id; "id": the event is an entry; "reason"; a
 *                  field that event_check or the ledger rejects, or that
 *                  cannot change; none: the amendment changes nothing
 *   ERR_CONFLICT   a void event cannot be amended
 *   ERR_CLOSED     "time": the account is closed, and late events are rejected
 *   ERR_SUSPENDED  "time": the new time is after the account's suspension
 *   ERR_OVERFLOW   a rollup would overflow
 */
int correct_event(struct store *st, const struct correct *c, struct arena *arena,
		  struct correction *ret, bool *ret_done_before, struct error *err);

/*
 * Tells whether an amendment may change the field F. The identity and the
 * account of an event cannot change.
 */
bool correct_may_change(enum event_field f);

/* "current", "amended", "void", "reversal", "replacement"; ends with NULL */
extern const char *const event_state_names[EVENT_STATES + 1];

/*
 * Finds what counts now for a received event: the event itself or its latest
 * replacement; *RET is in ARENA. 1 found, 0 the event is void, -1 failed.
 */
int event_counting(struct store *st, const struct stored_event *e, struct arena *arena,
		   struct stored_event *ret, struct error *err);

/*
 * Finds an event in SCOPE (NULL: any event). ERR_NOT_FOUND: no such event.
 * ERR_PARAM "source" or "subject": several events have this id; the message
 * says which parameter to add.
 */
int event_find(struct store *st, const struct event_identity *id, const struct event_scope *scope,
	       struct arena *arena, struct stored_event *ret, struct error *err);

/*
 * Reads the attributes of an event, or of the event that the entry E corrects,
 * as a JSON object in ARENA. 1 found, 0 none, -1 failed.
 */
int event_attributes(struct store *st, const struct stored_event *e, struct arena *arena,
		     const char **ret, struct error *err);

/*
 * Reads the fields and attributes of a stored event as texts in ARENA, in the
 * form in which an event is sent. Count, usage and price are always set; SIM
 * data has data_upload and data_download instead of usage.
 */
int event_texts(struct store *st, const struct catalogue *c, const struct stored_event *e,
		struct arena *arena, struct raw_event *ret, struct error *err);

/*
 * The same for an event that was read with its attributes, for which no look-up
 * is needed. The texts are those of E, or in ARENA.
 */
int event_as_texts(const struct catalogue *c, const struct found_event *e, struct arena *arena,
		   struct raw_event *ret, struct error *err);

#endif
