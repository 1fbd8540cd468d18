#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "store/key.h"
#include "base/banned.h"

/* ---- add ---- */

struct key_order {
	const struct settings *settings;
	struct command_list grants;
	struct new_key key;
	unsigned char secret[SECRET_BYTES];
	/* SID and token of the new key */
	char sid[SID_TEXT], token[TOKEN_TEXT];
};

static int add_key(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct key_order *o = arg;

	if (command_secret(st, o->settings, STORE_WRITE, o->secret, err) < 0)
		return -1;
	return admin_key_add(&a, &o->key, o->secret, o->sid, o->token, err);
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct key_order o = { .settings = s };
	struct new_key *k = &o.key;
	const struct command_option options[] = { { "role", .text = &k->role },
						  { "account", .text = &k->account },
						  { "user", .text = &k->name },
						  { "grant", .list = &o.grants },
						  { 0 } };
	const struct role_info *role;
	struct error err = { 0 };
	int rc;

	if (!command_only_options(&command_key, options, argc, argv, &rc))
		return rc;
	k->grants = o.grants.items;
	k->n_grants = o.grants.n;
	if (key_check(k->role, k->account != NULL, k->name, k->n_grants, &role, &err) < 0)
		return command_wrong(&command_key, "--%s %s", err.param, err.message);
	rc = command_in_ledger("key", s, STORE_WRITE, add_key, &o);
	if (rc != EXIT_DONE)
		return rc;
	printf("SID=%s\nSECRET=%s\n", o.sid, o.token);
	if (fflush(stdout) == 0)
		return EXIT_DONE;
	fprintf(stderr,
		"usaged key: %s was added, but its secret could not be printed; revoke it\n",
		o.sid);
	return EXIT_FAILED;
}

/* ---- list ---- */

/*
 * Prints one key a line, with tabs between fields. The ledger has only a hash
 * of the secret.
 */
static int print_key(struct store *st, struct arena *arena, const struct key *k, struct error *err)
{
	const char *account = "-";

	if (k->account && command_account_sid(st, arena, k->account, &account, err) < 0)
		return -1;
	printf("%s\t%s\t%s\t%s\t", k->sid, k->role, *k->name ? k->name : "-", account);
	command_print_time(k->created, '\t');
	command_print_time(k->revoked, '\t');
	if (command_print_grants(st, arena, k->grants, k->n_grants, '\t', err) < 0)
		return -1;
	command_print_time(k->used, '\n');
	return 0;
}

static int list_keys(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct key *keys;
	size_t n;

	(void)arg;
	if (store_keys(st, arena, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (print_key(st, arena, &keys[i], err) < 0)
			return -1;
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_key, s, argc, argv, list_keys);
}

/* ---- revoke ---- */

static int revoke_key(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);

	return admin_key_revoke(&a, arg, err);
}

static int run_revoke(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_key, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_key, "revoke needs the SID of one key");
	return command_in_ledger("key", s, STORE_WRITE, revoke_key, argv[1]);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = {
		{ "add", run_add }, { "list", run_list }, { "revoke", run_revoke }, { 0 }
	};

	return command_part(&command_key, parts, s, argc, argv);
}

const struct command command_key = {
	.name = "key",
	.usage = "key add|list|revoke [ARGUMENT...]",
	.summary = "make, list and revoke keys",
	.help = "  key add --role ROLE [--account SID] [--user NAME] [--grant SID]...\n"
		"      Makes a key and prints SID= and SECRET=, once: the ledger keeps only a "
		"keyed hash.\n"
		"      The roles are in usaged(8). --account: whose key it is. --user: the name of "
		"the person or the\n"
		"      service that it belongs to. --grant: an account that a Manager may see.\n\n"
		"  key list\n"
		"      One key a line, fields apart by tabs: SID, role, user, account, made, "
		"revoked,\n"
		"      grants, the day of its last use.\n\n"
		"  key revoke SID\n"
		"      From now on the key opens nothing.\n",
	.run = run
};
