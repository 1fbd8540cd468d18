/*
 * sims.c - lists, adds, changes and removes the unique names of SIMs and
 * fleets. SIMs and fleets share the functions; op->data has the differences.
 */
#include "api/sims.h"

#include <stdlib.h>
#include <string.h>

#include "api/administer.h"
#include "api/list_page.h"
#include "api/url.h"
#include "base/strbuf.h"
#include "store/series.h"
#include "store/sim.h"
#include "base/banned.h"

/* ---- unknown SIMs and fleets ---- */

/* Does the account know the SIM or fleet? 1 yes, 0 no, -1 failed. */
static int is_known(const struct request *rq, const struct account *accounts, size_t n,
		    enum dimension d, const char *text, struct error *err)
{
	struct sim_match match;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = sim_match(rq->store,
			       &(struct dimension_value) { accounts[i].id, d, text, strlen(text) },
			       rq->arena, &match, err);
	return rc;
}

int sims_unknown_words(const struct request *rq, const struct account *accounts, size_t n,
		       const struct dimension_filter *filter, const char **ret, struct error *err)
{
	*ret = "";
	for (int i = 0; i < SIM_KINDS; i++) {
		const struct sim_kind *kind = &sim_kinds[i];
		enum dimension d = kind->dimension;
		const char *text = filter->prefix[d] ? NULL : filter->text[d];
		int rc = text ? is_known(rq, accounts, n, d, text, err) : 1;

		if (rc < 0)
			return -1;
		if (rc == 0)
			*ret = arena_join(rq->arena, *ret, " No ", kind->noun,
					  " with the SID or the unique name \"", text,
					  "\" is known.", NULL);
	}
	return 0;
}

/* ---- the list ---- */

/* The differences between SIMs and fleets; op->data. */
struct sims_op {
	const struct sim_kind *kind;
	/* the parameter in paths and in filters of reports */
	const char *param;
	const char *path;
	const struct shape *list, *item;
};

struct sim_record {
	const char *name, *usage_uri, *sid, *account_sid, *account, *rename, *remove;
};

static const struct field sim_fields[] = {
	FIELD(struct sim_record, name, "The unique name"),
	FIELD(struct sim_record, usage_uri, "Its usage", .format = "uri", .flags = FIELD_LINK),
	FIELD(struct sim_record, sid, "The SID, as in events"),
	FIELD(struct sim_record, account_sid,
	      "SID of its main account; null if the caller only sees a subaccount",
	      .flags = FIELD_MACHINE),
	FIELD(struct sim_record, account, "The main account's name"),
	FIELD(struct sim_record, rename, "Page to rename it",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct sim_record, remove, "Page to remove its name",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape sim_shape = { .name = "Sim",
					.fields = sim_fields,
					.doc = "A SIM that has a unique name",
					.none = "No SIM with a unique name matches.",
					.none_yet = "No SIM has a unique name yet." };
static const struct shape fleet_shape = { .name = "Fleet",
					  .fields = sim_fields,
					  .doc = "A fleet that has a unique name",
					  .none = "No fleet with a unique name matches.",
					  .none_yet = "No fleet has a unique name yet." };

static const struct field sims_fields[] = {
	LIST_PAGE_FIELDS, FIELD_LIST("sims", &sim_shape, "Ordered by account and name"), { 0 }
};
static const struct field fleets_fields[] = {
	LIST_PAGE_FIELDS, FIELD_LIST("fleets", &fleet_shape, "Ordered by account and name"), { 0 }
};

static const struct shape sims_shape = { .name = "Sims",
					 .flags = SHAPE_PAGE,
					 .fields = sims_fields,
					 .doc = "The SIMs that have unique names" };
static const struct shape fleets_shape = { .name = "Fleets",
					   .flags = SHAPE_PAGE,
					   .fields = fleets_fields,
					   .doc = "The fleets that have unique names" };

static const struct sims_op about_sims = { &sim_kinds[0], "Sim", "/sims", &sims_shape, &sim_shape };
static const struct sims_op about_fleets = { &sim_kinds[1], "Fleet", "/fleets", &fleets_shape,
					     &fleet_shape };

static const struct sims_op *about_of(const struct request *rq)
{
	return rq->op->data;
}

/* The main account of the SIM's family; NULL if the caller may not see it. */
static const struct account *main_account(const struct request *rq,
					  const struct account_names *names, const struct sim *sim)
{
	const struct account *a = account_names_find(names, sim->family);

	return a && principal_sees(rq->who, a) ? a : NULL;
}

static const char *usage_uri(const struct request *rq, const struct sims_op *about,
			     const struct sim *sim, const struct account *account)
{
	return url_of(rq->arena,
		      arena_join(rq->arena, "/reports/sim",
				 request_link_suffix(rq, rq->op->dialect), NULL),
		      { about->param, sim->sid }, { "AccountSid", account ? account->sid : NULL });
}

static const char *action(const struct request *rq, const struct sims_op *about,
			  const struct sim *sim, const struct account *account, const char *name)
{
	if (rq->who->role != ROLE_ADMIN || !account)
		return NULL;
	return url_of(rq->arena, action_page(rq, about->path, sim->sid, name),
		      { "account", account->sid });
}

static struct sim_record make_record(const struct request *rq, const struct account_names *names,
				     const struct sim *sim)
{
	const struct sims_op *about = about_of(rq);
	const struct account *account = main_account(rq, names, sim);

	return (struct sim_record) {
		.name = sim->name,
		.sid = sim->sid,
		.account_sid = account ? account->sid : NULL,
		.account = account ? account->name : NULL,
		.usage_uri = usage_uri(rq, about, sim, account),
		.rename = action(rq, about, sim, account, "rename"),
		.remove = action(rq, about, sim, account, "remove"),
	};
}

/* The list as it is read. */
struct sims_seen {
	struct request *rq;
	struct account_names names;
	struct list_search search;
	struct list_page page;
	struct writer *w; /* NULL: the matching ones are counted */
	int64_t written;
};

static bool fits(const struct sims_seen *seen, const struct sim *sim)
{
	const struct account *account = main_account(seen->rq, &seen->names, sim);

	return search_finds(&seen->search, sim->name) || search_finds(&seen->search, sim->sid) ||
	       (account && (search_finds(&seen->search, account->name) ||
			    search_finds(&seen->search, account->sid)));
}

/* Counts the SIM or fleet, or writes it if it is one of the page. */
static bool take_sim(void *arg, const struct sim *sim)
{
	struct sims_seen *seen = arg;
	struct arena *arena = seen->rq->arena;
	struct sim_record r;
	struct sim copy = *sim;

	if (!fits(seen, sim))
		return true;
	if (!seen->w) {
		list_page_count(&seen->page);
		return true;
	}
	if (seen->written++ < seen->page.first)
		return true;
	copy.name = arena_str(arena, sim->name);
	copy.sid = arena_str(arena, sim->sid);
	r = make_record(seen->rq, &seen->names, &copy);
	writer_record(seen->w, NULL, about_of(seen->rq)->item, &r);
	return seen->written < seen->page.end;
}

/* The subaccounts that the caller sees of a main account that it doesn't see. */
struct sims_users {
	int64_t family;
	int64_t *ids;
	size_t n;
};

/*
 * Reads those of a family: all of them if the caller sees the main account,
 * else those that the subaccounts have used.
 */
static int read_family(struct sims_seen *seen, const struct sims_users *users, struct error *err)
{
	return store_sims(seen->rq->store,
			  &(struct sims_query) { .kind = about_of(seen->rq)->kind->dimension,
						 .family = users->family,
						 .users = users->ids,
						 .n_users = users->n },
			  take_sim, seen, err);
}

static int compare_families(const void *a, const void *b)
{
	const struct account *x = *(const struct account *const *)a,
			     *y = *(const struct account *const *)b;
	int64_t of_x = x->parent ? x->parent : x->id, of_y = y->parent ? y->parent : y->id;

	/* the main account comes first */
	return of_x != of_y ? (of_x > of_y) - (of_x < of_y)
			    : (x->parent > y->parent) - (x->parent < y->parent);
}

/* The accounts that the caller sees, by families. */
static const struct account **accounts_seen(const struct sims_seen *seen, size_t *ret_n)
{
	const struct account **list = arena_array(seen->rq->arena, const struct account *,
						  seen->names.n + 1);

	*ret_n = 0;
	for (size_t i = 0; i < seen->names.n; i++)
		if (principal_sees(seen->rq->who, &seen->names.list[i]))
			list[(*ret_n)++] = &seen->names.list[i];
	if (*ret_n)
		qsort(list, *ret_n, sizeof(*list), compare_families);
	return list;
}

static int read_seen(struct sims_seen *seen, struct error *err)
{
	const struct account **list;
	size_t n, next;
	int rc = 0;

	if (seen->rq->who->role == ROLE_ADMIN)
		return read_family(seen, &(struct sims_users) { 0 }, err);
	list = accounts_seen(seen, &n);
	for (size_t i = 0; i < n && rc == 0; i = next) {
		struct sims_users users = { .family = list[i]->parent };

		if (!list[i]->parent)
			users.family = list[i]->id;
		else
			users.ids = arena_array(seen->rq->arena, int64_t, n - i);
		for (next = i; next < n; next++) {
			if (list[next]->id != users.family && list[next]->parent != users.family)
				break;
			if (users.ids)
				users.ids[users.n++] = list[next]->id;
		}
		rc = read_family(seen, &users, err);
	}
	return rc;
}

static int list_sims(struct request *rq, struct writer *w, struct error *err)
{
	const struct sims_op *about = about_of(rq);
	struct sims_seen seen = { .rq = rq };

	list_page_begin(rq, &seen.search, &seen.page);
	if (account_names_load(rq, &seen.names, err) < 0 || read_seen(&seen, err) < 0)
		return -1;
	list_page_link(rq, &seen.page);
	writer_about(w, rq->op->title,
		     arena_join(rq->arena, "The ", about->kind->nouns,
				" that have unique names, which reports accept as filters. An "
				"event sets the name with ",
				about->kind->word, "_name.", NULL));
	writer_label(w, shape_main_list(about->list), rq->op->title);
	writer_begin_page(w, about->list, &seen.page);
	seen.w = w;
	if (seen.page.first < seen.page.total && read_seen(&seen, err) < 0)
		return -1;
	writer_end_page(w);
	return 0;
}

/* ---- changes ---- */

struct sims_change {
	struct new_sim new;
	struct sim_identity id;
	const char *name;
	struct sim made;
};

static int write_sim(struct request *rq, const char *title, const char *sentence,
		     const struct sim *sim, struct writer *w, struct error *err)
{
	const struct sims_op *about = about_of(rq);
	struct account_names names;
	struct sim_record r;

	if (account_names_load(rq, &names, err) < 0)
		return -1;
	r = make_record(rq, &names, sim);
	r.rename = r.remove = NULL;
	writer_about(w, title, sentence);
	writer_record(w, NULL, about->item, &r);
	return 0;
}

static struct sim_identity identity_of(const struct request *rq)
{
	const struct sims_op *about = about_of(rq);

	return (struct sim_identity) { about->kind, request_arg(rq, "account")->text,
				       request_arg(rq, about->param)->text };
}

static int add_sim(const struct admin *a, void *arg, struct error *err)
{
	struct sims_change *o = arg;

	return admin_sim_add(a, &o->new, &o->made, err);
}

static int create_sim(struct request *rq, struct writer *w, struct error *err)
{
	const struct sims_op *about = about_of(rq);
	struct sims_change o = { .new = { about->kind, request_arg(rq, "account")->text,
					  request_arg(rq, "sid")->text,
					  request_arg(rq, "name")->text } };

	if (administer(rq, add_sim, &o, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_sim(rq, rq->op->title, NULL, &o.made, w, err);
}

static int set_name(const struct admin *a, void *arg, struct error *err)
{
	struct sims_change *o = arg;

	return admin_sim_rename(a, &o->id, o->name, &o->made, err);
}

static int rename_sim(struct request *rq, struct writer *w, struct error *err)
{
	struct sims_change o = { .id = identity_of(rq), .name = request_arg(rq, "name")->text };

	return administer(rq, set_name, &o, err) < 0
		       ? -1
		       : write_sim(rq, o.made.name, NULL, &o.made, w, err);
}

static int remove_name(const struct admin *a, void *arg, struct error *err)
{
	struct sims_change *o = arg;

	return admin_sim_remove(a, &o->id, &o->made, err);
}

static int remove_sim(struct request *rq, struct writer *w, struct error *err)
{
	struct sims_change o = { .id = identity_of(rq) };

	return administer(rq, remove_name, &o, err) < 0
		       ? -1
		       : write_sim(rq, "The name was removed", NULL, &o.made, w, err);
}

/* Finds the SIM or fleet in the path. */
static int find_sim(const struct request *rq, struct sim *ret, struct error *err)
{
	struct sim_identity id = identity_of(rq);
	struct admin a = request_admin(rq);

	return admin_sim_find(&a, &id, ret, err);
}

static int ask_change(struct request *rq, struct writer *w, struct error *err)
{
	struct sim sim;

	if (find_sim(rq, &sim, err) < 0)
		return -1;
	return write_sim(rq, arena_join(rq->arena, rq->op->title, ": ", sim.name, NULL),
			 rq->op->form->consequence, &sim, w, err);
}

static int fill_renaming(struct request *rq, struct error *err)
{
	struct sim sim;

	if (find_sim(rq, &sim, err) < 0)
		return -1;
	request_preset(rq, "name", sim.name);
	return 0;
}

/* ---- the tables ---- */

static const struct param list_params[] = { LIST_PAGE_PARAMS("the name, the SID or the account"),
					    { 0 } };

#define ACCOUNT_PARAM(flag, words)                                           \
	{                                                                    \
		"account", PT_ACCOUNT, .flags = (flag), .max = 64,           \
				       .doc = "The SID of its account" words \
	}
#define NAME_PARAM                                                                            \
	{                                                                                     \
		"name", PT_TEXT,                                                              \
			.flags = PARAM_REQUIRED, .min = 1, .max = SIM_NAME_BYTES,             \
			.doc = "The unique name; no other one in the account's family has it" \
	}
#define PATH_PARAMS(param)                                                                  \
	{ param,    PT_TEXT,   .flags = PARAM_PATH,                                         \
	  .min = 1, .max = 64, .doc = "The SID or the unique name, percent-encoded" },      \
		ACCOUNT_PARAM(PARAM_SUBJECT, ", or of one of the same family; required if " \
					     "several main accounts have it")

static const struct param create_params[] = {
	ACCOUNT_PARAM(PARAM_REQUIRED, "; a subaccount stands for its family"),
	{ "sid", PT_TEXT, .flags = PARAM_REQUIRED, .label = "SID", .min = 1, .max = 64,
	  .doc = "The SID, as in events" },
	NAME_PARAM,
	{ 0 }
};
static const struct param rename_sim_params[] = { PATH_PARAMS("Sim"), NAME_PARAM, { 0 } };
static const struct param rename_fleet_params[] = { PATH_PARAMS("Fleet"), NAME_PARAM, { 0 } };
static const struct param remove_sim_params[] = { PATH_PARAMS("Sim"), { 0 } };
static const struct param remove_fleet_params[] = { PATH_PARAMS("Fleet"), { 0 } };

const struct op op_ListSims = {
	OPERATION(ListSims, usaged, M_READ, "/sims", ROLES_READING),
	.params = list_params,
	.returns = &sims_shape,
	.run = list_sims,
	.data = &about_sims,
	.title = "SIMs",
	.tab = "SIMs",
	.doc = "SIMs with unique names, of accounts that the caller may see",
};

const struct op op_ListFleets = {
	OPERATION(ListFleets, usaged, M_READ, "/fleets", ROLES_READING),
	.params = list_params,
	.returns = &fleets_shape,
	.run = list_sims,
	.data = &about_fleets,
	.title = "Fleets",
	.tab = "Fleets",
	.doc = "Fleets with unique names, of accounts that the caller may see",
};

const struct op op_CreateSim = {
	OPERATION(CreateSim, usaged, M_POST, "/sims", ROLE_ADMIN),
	.params = create_params,
	.returns = &sim_shape,
	.run = create_sim,
	.data = &about_sims,
	.title = "Name a SIM",
	.form = &(const struct op_form) { .path = "/sims/new",
					  .button = "Add the name",
					  .list = &op_ListSims,
					  .done = "The SIM has its name." },
	.doc = "Gives a SIM a unique name",
};

const struct op op_CreateFleet = {
	OPERATION(CreateFleet, usaged, M_POST, "/fleets", ROLE_ADMIN),
	.params = create_params,
	.returns = &fleet_shape,
	.run = create_sim,
	.data = &about_fleets,
	.title = "Name a fleet",
	.form = &(const struct op_form) { .path = "/fleets/new",
					  .button = "Add the name",
					  .list = &op_ListFleets,
					  .done = "The fleet has its name." },
	.doc = "Gives a fleet a unique name",
};

const struct op op_RenameSim = {
	OPERATION(RenameSim, usaged, M_POST | M_PATCH, "/sims/{Sim}", ROLE_ADMIN),
	.params = rename_sim_params,
	.returns = &sim_shape,
	.run = rename_sim,
	.data = &about_sims,
	.title = "Rename the SIM",
	.form =
		&(const struct op_form) {
			.path = "/sims/{Sim}/rename",
			.button = "Rename the SIM",
			.list = &op_ListSims,
			.done = "The SIM was renamed.",
			.consequence = "Usage stays with the SID. Reports find it by the new name "
				       "at once, and no longer by the old one.",
			.ask = ask_change,
			.fill = fill_renaming },
	.doc = "Gives a SIM another unique name",
};

const struct op op_RenameFleet = {
	OPERATION(RenameFleet, usaged, M_POST | M_PATCH, "/fleets/{Fleet}", ROLE_ADMIN),
	.params = rename_fleet_params,
	.returns = &fleet_shape,
	.run = rename_sim,
	.data = &about_fleets,
	.title = "Rename the fleet",
	.form =
		&(const struct op_form) {
			.path = "/fleets/{Fleet}/rename",
			.button = "Rename the fleet",
			.list = &op_ListFleets,
			.done = "The fleet was renamed.",
			.consequence = "Usage stays with the SID. Reports find it by the new name "
				       "at once, and no longer by the old one.",
			.ask = ask_change,
			.fill = fill_renaming },
	.doc = "Gives a fleet another unique name",
};

const struct op op_RemoveSim = {
	OPERATION(RemoveSim, usaged, M_POST, "/sims/{Sim}/remove", ROLE_ADMIN),
	.params = remove_sim_params,
	.returns = &sim_shape,
	.run = remove_sim,
	.data = &about_sims,
	.title = "Remove the SIM's name",
	.form =
		&(const struct op_form) {
			.path = "/sims/{Sim}/remove",
			.button = "Remove the name",
			.list = &op_ListSims,
			.done = "The SIM's name was removed.",
			.consequence = "Usage stays with the SID, and reports find it only by the "
				       "SID. Events that only have the name will be rejected.",
			.ask = ask_change },
	.doc = "Removes a SIM's unique name; its usage stays",
};

const struct op op_RemoveFleet = {
	OPERATION(RemoveFleet, usaged, M_POST, "/fleets/{Fleet}/remove", ROLE_ADMIN),
	.params = remove_fleet_params,
	.returns = &fleet_shape,
	.run = remove_sim,
	.data = &about_fleets,
	.title = "Remove the fleet's name",
	.form =
		&(const struct op_form) {
			.path = "/fleets/{Fleet}/remove",
			.button = "Remove the name",
			.list = &op_ListFleets,
			.done = "The fleet's name was removed.",
			.consequence = "Usage stays with the SID, and reports find it only by the "
				       "SID. Events that only have the name will be rejected.",
			.ask = ask_change },
	.doc = "Removes a fleet's unique name; its usage stays",
};
