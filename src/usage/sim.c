#include "usage/sim.h"

#include <string.h>
#include "store/account.h"
#include "store/series.h"
#include "store/sim.h"
#include "base/banned.h"

const struct sim_kind sim_kinds[SIM_KINDS] = {
	{ DIM_SIM, "sim", "SIM", "SIMs", "HS", EV_SIM, EV_SIM_NAME },
	{ DIM_FLEET, "fleet", "fleet", "fleets", "HF", EV_FLEET, EV_FLEET_NAME },
};

const struct sim_kind *sim_kind_of(enum dimension d)
{
	for (int i = 0; i < SIM_KINDS; i++)
		if (sim_kinds[i].dimension == d)
			return &sim_kinds[i];
	return NULL;
}

/* ---- look-up ---- */

/*
 * Finds a registered SIM or fleet. A subaccount finds only a SIM or fleet that
 * it has used.
 */
static int match_registered(struct store *st, const struct dimension_value *v, struct arena *arena,
			    struct sim_match *ret, struct error *err)
{
	struct sim_key key = { .kind = v->dimension, .text = v->text };
	struct dimension_value used = *v;
	struct account a;
	struct sim sim;
	int rc = store_account_by_id(st, v->account, arena, &a, err);

	key.family = rc > 0 && a.parent ? a.parent : v->account;
	if (rc > 0)
		rc = store_sim_find(st, &key, arena, &sim, err);
	if (rc <= 0)
		return rc;
	*ret = (struct sim_match) { .sid = sim.sid };
	used.text = sim.sid;
	used.len = strlen(sim.sid);
	rc = store_dimension_find(st, &used, &ret->value, err);
	return rc ? rc : !a.parent;
}

int sim_match(struct store *st, const struct dimension_value *v, struct arena *arena,
	      struct sim_match *ret, struct error *err)
{
	int rc;

	*ret = (struct sim_match) { .sid = v->text };
	rc = store_dimension_find(st, v, &ret->value, err);
	return rc || !sim_kind_of(v->dimension) ? rc : match_registered(st, v, arena, ret, err);
}

int sim_value_find(struct store *st, int64_t account, enum dimension d, const char *text,
		   int64_t *ret_id, struct error *err)
{
	struct sim_match match;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = sim_match(st, &(struct dimension_value) { account, d, text, strlen(text) }, &arena,
		       &match, err);
	arena_release(&arena);
	if (rc <= 0)
		return rc;
	*ret_id = match.value;
	return match.value != 0;
}

/* ---- claims of events ---- */

/* Checks a claim without SID. */
static int find_named(struct store *st, const struct sim_claim *c, struct arena *arena,
		      struct sim *ret, struct error *reason, struct error *err)
{
	int rc = store_sim_find(st, &(struct sim_key) { c->family, c->kind->dimension, c->name },
				arena, ret, err);

	if (rc < 0 || (rc > 0 && strcmp(ret->name, c->name) == 0))
		return rc;
	error_set(reason, ERR_PARAM, event_fields[c->kind->name_field].name,
		  "no %s has the unique name \"%s\": also send its SID, as %s", c->kind->noun,
		  c->name, event_fields[c->kind->sid_field].name);
	return 0;
}

/* Checks a claim with SID, which need not be registered. */
static int find_claimed(struct store *st, const struct sim_claim *c, struct arena *arena,
			struct sim *ret, struct error *reason, struct error *err)
{
	const char *field = event_fields[c->kind->sid_field].name;
	int rc = store_sim_find(st, &(struct sim_key) { c->family, c->kind->dimension, c->sid },
				arena, ret, err);

	if (rc < 0 || (rc > 0 && strcmp(ret->sid, c->sid) == 0))
		return rc;
	*ret = (struct sim) {
		.family = c->family, .kind = c->kind->dimension, .sid = c->sid, .name = c->name
	};
	if (rc == 0)
		return 1;
	error_set(reason, ERR_PARAM, field, "%s \"%s\" is the unique name of another %s, not a SID",
		  field, c->sid, c->kind->noun);
	return 0;
}

/*
 * Checks that no other SIM or fleet has the name. 1 free, 0 taken, -1 failed.
 */
static int check_free(struct store *st, const struct sim_claim *c, struct arena *arena,
		      struct error *reason, struct error *err)
{
	const char *field = event_fields[c->kind->name_field].name;
	struct sim other;
	int rc = store_sim_find(st, &(struct sim_key) { c->family, c->kind->dimension, c->name },
				arena, &other, err);

	if (rc <= 0 || strcmp(other.sid, c->sid) == 0)
		return rc < 0 ? -1 : 1;
	error_set(reason, ERR_PARAM, field,
		  "%s \"%s\" is the %s of another %s of the account's family", field, c->name,
		  strcmp(other.name, c->name) == 0 ? "unique name" : "SID", c->kind->noun);
	return 0;
}

int sim_claim_check(struct store *st, const struct sim_claim *c, struct arena *arena,
		    struct sim *ret, struct error *reason, struct error *err)
{
	int rc;

	if (!c->sid)
		return find_named(st, c, arena, ret, reason, err);
	rc = find_claimed(st, c, arena, ret, reason, err);
	return rc > 0 && sim_claim_changes(c, ret) ? check_free(st, c, arena, reason, err) : rc;
}

bool sim_claim_changes(const struct sim_claim *c, const struct sim *known)
{
	return !known->id || strcmp(known->name, c->name) != 0;
}

int sim_claim_apply(struct store *st, const struct sim_claim *c, const struct sim *known,
		    struct error *err)
{
	struct sim sim = *known;

	return sim.id ? store_sim_rename(st, &sim, c->name, err) : store_sim_add(st, &sim, err);
}
