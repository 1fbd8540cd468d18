/*
 * event_claims.h - the claims of an event about the unique names of its SIM and
 * fleet (usage/sim.h).
 */
#ifndef USAGE_EVENT_CLAIMS_H
#define USAGE_EVENT_CLAIMS_H

#include "usage/event.h"
#include "usage/intern.h"

/* Tells whether the event names its SIM or fleet. */
static inline bool event_claims_any(const struct raw_event *raw)
{
	return event_has(raw, EV_SIM_NAME) || event_has(raw, EV_FLEET_NAME);
}

/*
 * Registers the names of EV, and adds the SIDs of a SIM and fleet that EV
 * identifies by name to its series. Events must come in the order sent, because
 * an event may use a name that an earlier event registers. A duplicate of a
 * stored event changes no name, because a newer event may have changed the name
 * since. In a write; SCRATCH is for the call. 1 done, 0 a name is invalid
 * (REASON, ERR_PARAM, names the field), -1 failed.
 */
int event_claims_apply(struct store *st, struct intern *intern, struct event *ev,
		       struct arena *scratch, struct error *reason, struct error *err);

#endif
