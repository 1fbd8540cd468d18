/*
 * correct.h - corrections by new facts. Nothing is overwritten: a void adds a
 * fact that takes the event's amounts away again, an amendment one that does
 * and another that stands in the event's place. These facts are events
 * themselves, with postings and rollups, of the source EVENT_SOURCE_OWN, called
 * after the correction: CR... .reversal and CR... .replacement.
 *
 * So an event plus the facts of all its corrections is what counts for it now.
 * Corrections are of events from outside; an amendment is amended by another
 * amendment of the same event.
 */
#ifndef USAGE_CORRECT_H
#define USAGE_CORRECT_H

#include "usage/closing.h"
#include "usage/catalogue.h"
#include "usage/event.h"

#define CORRECTION_REASON_MAX 500 /* bytes */

/*
 * Names an event from outside. ID must be given; the others narrow the search
 * where several events have that id.
 */
struct event_identity {
	int64_t family;     /* the id of its main account; 0: any family */
	const char *source; /* NULL: any source */
	const char *id;
};

/*
 * Whose events one may know of: MAY answers 1 for those of ACCOUNT, 0 (then
 * there is no such event) or -1.
 */
struct event_scope {
	int (*may)(void *arg, struct store *st, int64_t account, struct error *err);
	void *arg;
};

struct correct {
	struct event_identity event;
	enum correction_kind kind;
	/*
	 * CORRECTION_AMEND: a field without text stays, an empty one becomes as
	 * if it weren't given
	 */
	const struct raw_event *change;
	const char *author, *reason;
	int64_t now_us, ahead_us; /* as event_check has them */
	enum late_events late;
	const struct event_scope *scope; /* NULL: any event */
};

/*
 * Corrects an event, in a write. *RET (texts in ARENA) is the correction that
 * was made, or with *RET_DONE_BEFORE the one that had made the event what it
 * shall be: then nothing was done. -1, and nothing may be committed:
 *   ERR_NOT_FOUND  no such event
 *   ERR_PARAM "source", "subject": several sources or families have an event
 *   called so; "id": it is a fact of a correction; "reason"; or what
 *   event_check
 *                  or the ledger would reject in the amended event; fields that
 *                  can't change; an amendment that changes nothing
 *   ERR_CONFLICT   an amendment of a void event
 *   ERR_CLOSED     "time": the account is closed, and late events are rejected
 *   ERR_SUSPENDED "time": an amendment to a time from which on the account is
 *   suspended
 *   ERR_OVERFLOW   a total would not fit
 */
int correct_event(struct store *st, const struct correct *c, struct arena *arena,
		  struct correction *ret, bool *ret_done_before, struct error *err);

/* Is F one that an amendment may change? Not identity and account. */
bool correct_may_change(enum event_field f);

/* ---- what became of an event ---- */

enum event_state {
	EVENT_CURRENT,
	EVENT_AMENDED,
	EVENT_VOID,
	EVENT_REVERSAL,
	EVENT_REPLACEMENT,
	EVENT_STATES
};
/* "current", "amended", "void", "reversal", "replacement"; ended by NULL */
extern const char *const event_state_names[EVENT_STATES + 1];

/* One question to the store, by an index of the corrections only. */
int event_state(struct store *st, const struct stored_event *e, enum event_state *ret,
		struct error *err);

/*
 * What counts for an event from outside now: itself, the latest replacement, or
 * nothing. 1 and *RET (in ARENA), 0 nothing: it is void, -1 failed.
 */
int event_counting(struct store *st, const struct stored_event *e, struct arena *arena,
		   struct stored_event *ret, struct error *err);

/*
 * The event that ID names, in SCOPE (NULL: any). As correct_event:
 * ERR_NOT_FOUND, or ERR_PARAM "source" or "subject" where several events are
 * called so, which says what would tell them apart.
 */
int event_find(struct store *st, const struct event_identity *id, const struct event_scope *scope,
	       struct arena *arena, struct stored_event *ret, struct error *err);

/*
 * The attributes of an event from outside, or of the one that a correction's
 * entry is about: 1 and *ret (a JSON object, in ARENA), 0 it has none, -1.
 */
int event_attributes(struct store *st, const struct stored_event *e, struct arena *arena,
		     const char **ret, struct error *err);

/*
 * The fields of a stored event as texts, like those that were sent (amounts in
 * full; data_upload and data_download for SIM data instead of usage) and its
 * attributes, in ARENA.
 */
int event_texts(struct store *st, const struct catalogue *c, const struct stored_event *e,
		struct arena *arena, struct raw_event *ret, struct error *err);

#endif
