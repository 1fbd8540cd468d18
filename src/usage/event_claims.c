#include "usage/event_claims.h"

#include <string.h>
#include "usage/event_repeat.h"
#include "usage/sim.h"
#include "base/banned.h"

/*
 * The claims of an event about the names of its SIM and fleet, and the
 * registered SIM and fleet.
 */
struct named {
	struct sim_claim claim[SIM_KINDS]; /* name NULL: no claim */
	struct sim sim[SIM_KINDS];
	bool changes; /* a claim has to be registered */
};

static const char *field_text(const struct raw_event *raw, enum event_field f)
{
	return event_has(raw, f) ? raw->field[f].text : NULL;
}

/*
 * Checks the event's claims. 1 valid, 0 invalid (REASON says why), -1 failed.
 */
static int check_claims(struct store *st, const struct event *ev, struct arena *arena,
			struct named *ret, struct error *reason, struct error *err)
{
	int rc = 1;

	ret->changes = false;
	for (int i = 0; i < SIM_KINDS && rc > 0; i++) {
		const struct sim_kind *kind = &sim_kinds[i];
		struct sim_claim *c = &ret->claim[i];

		*c = (struct sim_claim) { kind, ev->source->scope,
					  field_text(ev->raw, kind->sid_field),
					  field_text(ev->raw, kind->name_field) };
		if (!c->name)
			continue;
		rc = sim_claim_check(st, c, arena, &ret->sim[i], reason, err);
		if (rc > 0 && sim_claim_changes(c, &ret->sim[i]))
			ret->changes = true;
	}
	return rc;
}

/* Registers the claims of a new event. */
static int apply_claims(struct store *st, const struct event *ev, const struct named *named,
			struct error *err)
{
	int stored = named->changes ? event_repeat_stored(st, ev, err) : 1;

	for (int i = 0; stored == 0 && i < SIM_KINDS; i++) {
		const struct sim_claim *c = &named->claim[i];

		if (c->name && sim_claim_changes(c, &named->sim[i]) &&
		    sim_claim_apply(st, c, &named->sim[i], err) < 0)
			return -1;
	}
	return stored < 0 ? -1 : 0;
}

/*
 * The series of the event, including the SIDs of a SIM and fleet that the event
 * identifies by name.
 */
static struct intern_series *named_series(struct intern *intern, const struct event *ev,
					  const struct named *named)
{
	struct intern_series_key key = ev->series->key;

	for (int i = 0; i < SIM_KINDS; i++) {
		const struct sim_claim *c = &named->claim[i];

		if (c->name && !c->sid)
			key.dim[c->kind->dimension] = intern_dimension(intern, key.account,
								       c->kind->dimension,
								       named->sim[i].sid,
								       strlen(named->sim[i].sid));
	}
	return intern_series(intern, &key);
}

int event_claims_apply(struct store *st, struct intern *intern, struct event *ev,
		       struct arena *scratch, struct error *reason, struct error *err)
{
	struct named named;
	int rc = check_claims(st, ev, scratch, &named, reason, err);

	if (rc <= 0)
		return rc;
	ev->series = named_series(intern, ev, &named);
	return apply_claims(st, ev, &named, err) < 0 ? -1 : 1;
}
