/*
 * sim.h - the unique names that SIMs and fleets may have beside the SIDs by
 * which events call them: which one a text means, and what an event says about
 * them.
 *
 * Names belong to a family. A main account knows the SIMs that are registered
 * in its family, and those that it has used; a subaccount those that it has
 * used.
 */
#ifndef USAGE_SIM_H
#define USAGE_SIM_H

#include "usage/event.h"

enum { SIM_KINDS = 2, SIM_NAME_BYTES = 64 };

struct sim_kind {
	enum dimension dimension; /* as struct sim has it */
	const char *word;         /* "sim": of commands and paths */
	const char *noun, *nouns; /* "SIM", "SIMs" */
	const char *sid_prefix;   /* of SIDs that Twilio gives */
	enum event_field sid_field, name_field;
};

extern const struct sim_kind sim_kinds[SIM_KINDS];
/* Of the dimension D, or NULL: its values have no names. */
const struct sim_kind *sim_kind_of(enum dimension d);

/* ---- which one is meant ---- */

struct sim_match {
	const char *sid; /* in the arena */
	/* the dimension value's id in the account; 0: it has used none of it */
	int64_t value;
};

/*
 * The SIM or fleet that TEXT means in an account: its SID, or else its unique
 * name. The value of any other dimension is TEXT itself. 1 known, 0 not, -1.
 */
int sim_match(struct store *st, const struct dimension_value *v, struct arena *arena,
	      struct sim_match *ret, struct error *err);
/*
 * The same, for those who only want the value's id: 1, 0 the account has used
 * none of it, -1.
 */
int sim_value_find(struct store *st, int64_t account, enum dimension d, const char *text,
		   int64_t *ret_id, struct error *err);

/* ---- what an event says ---- */

/*
 * An event of FAMILY says that the one with the SID is called NAME; without SID
 * it means the one that is.
 */
struct sim_claim {
	const struct sim_kind *kind;
	int64_t family;
	const char *sid; /* or NULL */
	const char *name;
};

/*
 * May the event say so? 1: *RET (in ARENA) is the one that it means, as it is
 * registered (id 0: it isn't, the event registers it); 0: no, and REASON
 * (ERR_PARAM) names the field; -1 failed.
 */
int sim_claim_check(struct store *st, const struct sim_claim *c, struct arena *arena,
		    struct sim *ret, struct error *reason, struct error *err);
/* Is anything to be registered, where KNOWN came from sim_claim_check? */
bool sim_claim_changes(const struct sim_claim *c, const struct sim *known);
/* Registers it, or its new name. In a write. */
int sim_claim_apply(struct store *st, const struct sim_claim *c, const struct sim *known,
		    struct error *err);

#endif
