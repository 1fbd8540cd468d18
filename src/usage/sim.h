/*
 * sim.h - the unique names of SIMs and fleets: finds a SIM or fleet by name,
 * and checks the names that events claim. Events may use a name in place of a
 * SID.
 *
 * Names belong to a family. A main account finds the SIMs that are registered
 * in its family and the SIMs that it has used. A subaccount finds only the SIMs
 * that it has used.
 */
#ifndef USAGE_SIM_H
#define USAGE_SIM_H

#include "usage/event.h"

enum { SIM_KINDS = 2, SIM_NAME_BYTES = 64 };

struct sim_kind {
	enum dimension dimension; /* as in struct sim */
	const char *word;         /* "sim", for commands and paths */
	const char *noun, *nouns; /* "SIM", "SIMs" */
	const char *sid_prefix;   /* of SIDs from Twilio */
	enum event_field sid_field, name_field;
};

extern const struct sim_kind sim_kinds[SIM_KINDS];
/* The kind of the dimension D; NULL: values of D have no names. */
const struct sim_kind *sim_kind_of(enum dimension d);

/* ---- look-up ---- */

struct sim_match {
	const char *sid; /* in the arena */
	/* id of the value in the account; 0: the account has not used it */
	int64_t value;
};

/*
 * Finds the SIM or fleet with the SID or name v->text in an account. A value of
 * another dimension matches itself. 1 found, 0 none, -1 failed.
 */
int sim_match(struct store *st, const struct dimension_value *v, struct arena *arena,
	      struct sim_match *ret, struct error *err);
/*
 * As sim_match, but finds only the id of the value. 1 found, 0 the account has
 * not used the value, -1 failed.
 */
int sim_value_find(struct store *st, int64_t account, enum dimension d, const char *text,
		   int64_t *ret_id, struct error *err);

/* ---- claims of events ---- */

/*
 * An event of FAMILY claims that the SIM or fleet with SID has the name NAME.
 * Without SID, the event refers to the SIM or fleet by NAME.
 */
struct sim_claim {
	const struct sim_kind *kind;
	int64_t family;
	const char *sid; /* or NULL */
	const char *name;
};

/*
 * Checks a claim. 1: valid, and *RET (in ARENA) is the registered SIM or fleet
 * (id 0: not registered yet); 0: invalid, and REASON (ERR_PARAM) names the
 * field; -1: failed.
 */
int sim_claim_check(struct store *st, const struct sim_claim *c, struct arena *arena,
		    struct sim *ret, struct error *reason, struct error *err);
/* Tells whether the claim changes KNOWN, the result of sim_claim_check. */
bool sim_claim_changes(const struct sim_claim *c, const struct sim *known);
/* Registers the SIM or fleet, or its new name. In a write. */
int sim_claim_apply(struct store *st, const struct sim_claim *c, const struct sim *known,
		    struct error *err);

#endif
