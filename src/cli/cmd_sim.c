/*
 * cmd_sim.c - manages the unique names of SIMs and fleets: usaged sim, usaged
 * fleet.
 */
#include "cli/command.h"

#include <stdio.h>

#include "store/sim.h"
#include "base/banned.h"

/* The current command (sim or fleet), and the kind of its records. */
static const struct command *command;
static const struct sim_kind *kind;

struct sim_order {
	struct new_sim new;
	struct sim_identity id;
	const char *name;
	struct sim made;
};

/* ---- add ---- */

static int add_sim(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct sim_order *o = arg;

	return admin_sim_add(&a, &o->new, &o->made, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct sim_order o = { .new = { .kind = kind } };
	struct new_sim *n = &o.new;
	const struct command_option options[] = { { "account", .text = &n->account,
						    .required = true },
						  { "sid", .text = &n->sid, .required = true },
						  { "name", .text = &n->name, .required = true },
						  { 0 } };
	int rc;

	if (!command_only_options(command, options, argc, argv, &rc))
		return rc;
	return command_in_ledger(kind->word, s, STORE_WRITE, add_sim, &o);
}

/* ---- rename, remove ---- */

static int rename_sim(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct sim_order *o = arg;

	return admin_sim_rename(&a, &o->id, o->name, &o->made, err);
}

static int remove_sim(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct sim_order *o = arg;

	return admin_sim_remove(&a, &o->id, &o->made, err);
}

static int run_one(command_work work, const struct settings *s, int argc, char **argv)
{
	struct sim_order o = { .id = { .kind = kind } };
	const struct command_option options[] = { { "account", .text = &o.id.account }, { 0 } };
	int rc, operands = work == rename_sim ? 2 : 1;

	if (!command_options(command, options, &argc, argv, &rc))
		return rc;
	if (argc != 1 + operands)
		return command_wrong(command, "%s needs one %s, by SID or name%s", argv[0],
				     kind->noun, operands > 1 ? ", and its new name" : "");
	o.id.which = argv[1];
	o.name = argv[2];
	return command_in_ledger(kind->word, s, STORE_WRITE, work, &o);
}

static int run_rename(const struct settings *s, int argc, char **argv)
{
	return run_one(rename_sim, s, argc, argv);
}

static int run_remove(const struct settings *s, int argc, char **argv)
{
	return run_one(remove_sim, s, argc, argv);
}

/* ---- list ---- */

struct printing {
	struct store *st;
	struct arena *arena;
	struct error *err;
	/* the account of the last line */
	int64_t family;
	const char *account;
	bool failed;
};

/* Prints one SIM or fleet as a line, with tabs between fields. */
static bool print_sim(void *arg, const struct sim *sim)
{
	struct printing *p = arg;

	p->failed = sim->family != p->family &&
		    command_account_sid(p->st, p->arena, sim->family, &p->account, p->err) < 0;
	p->family = sim->family;
	if (!p->failed)
		printf("%s\t%s\t%s\n", sim->sid, sim->name, p->account);
	return !p->failed;
}

static int list_sims(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct printing p = { .st = st, .arena = arena, .err = err };

	(void)arg;
	if (store_sims(st, &(struct sims_query) { .kind = kind->dimension }, print_sim, &p, err) <
	    0)
		return -1;
	return p.failed ? -1 : 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(command, s, argc, argv, list_sims);
}

/* ---- the commands ---- */

static const struct command_part parts[] = { { "add", run_add },
					     { "list", run_list },
					     { "rename", run_rename },
					     { "remove", run_remove },
					     { 0 } };

static int run_sim(const struct settings *s, int argc, char **argv)
{
	command = &command_sim;
	kind = sim_kind_of(DIM_SIM);
	return command_part(command, parts, s, argc, argv);
}

static int run_fleet(const struct settings *s, int argc, char **argv)
{
	command = &command_fleet;
	kind = sim_kind_of(DIM_FLEET);
	return command_part(command, parts, s, argc, argv);
}

#define HELP(word, NOUN, thing, things)                                                            \
	"A main account with its subaccounts has one set of names: no two of its " things          \
	" have one name.\n\n"                                                                      \
	"  " word " add --account SID --sid SID --name NAME\n"                                     \
	"      From now on reports find the " thing " by its name, too. Events with " word         \
	"_name beside " word " do the same.\n\n"                                                   \
	"  " word " list\n"                                                                        \
	"      One " thing " a line, fields apart by tabs: SID, name, the main account's SID.\n\n" \
	"  " word " rename " NOUN " NAME [--account SID]\n"                                        \
	"      The " thing " is named by its SID or its name. --account: needed only where "       \
	"several main accounts have one.\n\n"                                                      \
	"  " word " remove " NOUN " [--account SID]\n"                                             \
	"      Removes the name. Usage stays, and is found by the SID alone.\n"

const struct command command_sim = { .name = "sim",
				     .usage = "sim add|list|rename|remove [ARGUMENT...]",
				     .summary = "unique names of SIMs",
				     .help = HELP("sim", "SIM", "SIM", "SIMs"),
				     .run = run_sim };

const struct command command_fleet = { .name = "fleet",
				       .usage = "fleet add|list|rename|remove [ARGUMENT...]",
				       .summary = "unique names of fleets of SIMs",
				       .help = HELP("fleet", "FLEET", "fleet", "fleets"),
				       .run = run_fleet };
