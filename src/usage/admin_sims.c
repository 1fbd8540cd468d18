/*
 * admin_sims.c - adds, changes and removes unique names of SIMs and fleets.
 */
#include "usage/admin_internal.h"

#include <string.h>

#include "base/name.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/sim.h"
#include "base/banned.h"

static int check_name(const struct admin *a, const struct sim_kind *kind, const char *text,
		      const char **ret, struct error *err)
{
	*ret = name_trim(a->arena, text);
	if (admin_check_text("name", *ret, 1, SIM_NAME_BYTES, err) < 0)
		return -1;
	if (sid_valid(kind->sid_prefix, *ret, strlen(*ret)))
		return error_set(err, ERR_PARAM, "name",
				 "must not have the form of a SID, %s and 32 hexadecimal digits",
				 kind->sid_prefix);
	return 0;
}

static int find_family(const struct admin *a, const char *sid, int64_t *ret, struct error *err)
{
	struct account account;
	int rc = store_account_by_sid(a->st, sid, a->arena, &account, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, "account", "there is no account %.64s", sid);
	if (rc > 0)
		*ret = account.parent ? account.parent : account.id;
	return rc < 0 ? -1 : 0;
}

/* Adds an entry with an action such as "sim.rename". */
static int audit(const struct admin *a, const struct sim_kind *kind, const char *what,
		 const struct sim *sim, const char *detail, struct error *err)
{
	return admin_audit(a, arena_join(a->arena, kind->word, ".", what, NULL), sim->sid, detail,
			   err);
}

int admin_sim_add(const struct admin *a, const struct new_sim *n, struct sim *ret,
		  struct error *err)
{
	*ret = (struct sim) { .kind = n->kind->dimension, .sid = n->sid };
	if (find_family(a, n->account, &ret->family, err) < 0 ||
	    admin_check_text("sid", n->sid, 1, event_fields[n->kind->sid_field].max_bytes, err) <
		    0 ||
	    check_name(a, n->kind, n->name, &ret->name, err) < 0 ||
	    store_sim_add(a->st, ret, err) < 0)
		return -1;
	return audit(a, n->kind, "add", ret, arena_join(a->arena, "name \"", ret->name, "\"", NULL),
		     err);
}

/* Those that have a SID or name, in any family. */
struct sims_called {
	struct arena *arena;
	struct sim *first;
	int n;
};

static bool note_called(void *arg, const struct sim *sim)
{
	struct sims_called *c = arg;

	if (c->n++ == 0) {
		*c->first = *sim;
		c->first->sid = arena_str(c->arena, sim->sid);
		c->first->name = arena_str(c->arena, sim->name);
	}
	return c->n < 2;
}

/*
 * Finds the SIM or fleet with this name if exactly one family has the name. 1
 * found, 0 none, -1 failed.
 */
static int find_anywhere(const struct admin *a, const struct sim_identity *id, struct sim *ret,
			 struct error *err)
{
	struct sims_called c = { a->arena, ret, 0 };

	if (store_sims(a->st,
		       &(struct sims_query) { .kind = id->kind->dimension, .text = id->which },
		       note_called, &c, err) < 0)
		return -1;
	if (c.n > 1)
		return error_set(err, ERR_PARAM, "account",
				 "must be given: several main accounts have a %s %.64s",
				 id->kind->noun, id->which);
	return c.n;
}

int admin_sim_find(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		   struct error *err)
{
	int64_t family;
	int rc;

	if (!id->account)
		rc = find_anywhere(a, id, ret, err);
	else if (find_family(a, id->account, &family, err) < 0)
		rc = -1;
	else
		rc = store_sim_find(a->st,
				    &(struct sim_key) { family, id->kind->dimension, id->which },
				    a->arena, ret, err);
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, id->kind->word,
				 "no %s with the SID or the name %.64s is registered",
				 id->kind->noun, id->which);
	return rc < 0 ? -1 : 0;
}

int admin_sim_rename(const struct admin *a, const struct sim_identity *id, const char *name,
		     struct sim *ret, struct error *err)
{
	const char *before;

	if (admin_sim_find(a, id, ret, err) < 0)
		return -1;
	before = ret->name;
	if (check_name(a, id->kind, name, &ret->name, err) < 0)
		return -1;
	if (strcmp(before, ret->name) == 0)
		return 0;
	if (store_sim_rename(a->st, ret, ret->name, err) < 0)
		return -1;
	return audit(a, id->kind, "rename", ret,
		     arena_join(a->arena, "name from \"", before, "\" to \"", ret->name, "\"",
				NULL),
		     err);
}

int admin_sim_remove(const struct admin *a, const struct sim_identity *id, struct sim *ret,
		     struct error *err)
{
	if (admin_sim_find(a, id, ret, err) < 0 || store_sim_remove(a->st, ret, err) < 0)
		return -1;
	return audit(a, id->kind, "remove", ret,
		     arena_join(a->arena, "name \"", ret->name, "\"", NULL), err);
}
