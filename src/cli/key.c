#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/secret.h"
#include "usage/user.h"
#include "base/banned.h"

/* ---- add ---- */

struct new_key {
	const char *role, *account, *user;     /* the options as they were given */
	struct command_list grants;
	const struct role_info *info;
	char token[TOKEN_TEXT];
	struct key made;
};

static int add_key(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct new_key *k = arg;

	const char *detail = arena_join(arena, k->info->name, k->user ? ", " : "", k->user ? k->user : "", NULL);

	if (k->account && command_account_id(st, arena, "account", k->account, &k->made.account, err) < 0)
		return -1;
	if (command_grants(st, arena, &k->grants, &k->made.grants, err) < 0)
		return -1;
	k->made.n_grants = k->grants.n;
	if (store_key_add(st, &k->made, err) < 0)
		return -1;
	return command_audit(st, "key.add", k->made.sid, detail, err);
}

static int make_token(const struct settings *s, struct new_key *k)
{
	unsigned char secret[SECRET_BYTES];
	struct error err = { 0 };

	if (secret_load(s->secret_file, secret, &err) < 0)
		return command_fail("key", &err);
	token_new(k->token);
	token_hash(secret, k->token, strlen(k->token), k->made.hash);
	sid_new("SK", k->made.sid);
	k->made.name = k->user ? k->user : "";
	k->made.role = k->info->name;
	k->made.created = command_now();
	return EXIT_DONE;
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct new_key k = { 0 };
	struct error err = { 0 };
	const struct command_option options[] = {
		{ "role", .text = &k.role }, { "account", .text = &k.account }, { "user", .text = &k.user },
		{ "grant", .list = &k.grants }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_key, options, argc, argv, &rc))
		return rc;
	if (key_check(k.role, k.account != NULL, k.user, k.grants.n, &k.info, &err) < 0)
		return command_wrong(&command_key, "--%s %s", err.param, err.message);
	rc = make_token(s, &k);
	if (rc == EXIT_DONE)
		rc = command_in_ledger("key", s, STORE_WRITE, add_key, &k);
	if (rc != EXIT_DONE)
		return rc;
	printf("SID=%s\nSECRET=%s\n", k.made.sid, k.token);
	if (fflush(stdout) == 0)
		return EXIT_DONE;
	fprintf(stderr, "usaged key: %s was added, but its secret could not be printed; revoke it\n", k.made.sid);
	return EXIT_FAILED;
}

/* ---- list ---- */

/* One key a line, fields apart by tabs. Its secret is nowhere to be had. */
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
	int rc;

	if (!command_only_options(&command_key, NULL, argc, argv, &rc))
		return rc;
	return command_in_ledger("key", s, 0, list_keys, NULL);
}

/* ---- revoke ---- */

static int revoke_key(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	int rc = store_key_revoke(st, arg, command_now(), err);

	(void)arena;
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, NULL, "there is no key %s", (const char *)arg);
	return rc < 0 ? -1 : command_audit(st, "key.revoke", arg, "", err);
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
		"      Makes a key and prints SID= and SECRET=, once: the ledger keeps only a keyed hash.\n"
		"      The roles are in usaged(8). --account: whose key it is. --user: the name of the person or the\n"
		"      service that it belongs to. --grant: an account that a Manager may see.\n\n"
		"  key list\n"
		"      One key a line, fields apart by tabs: SID, role, user, account, made, revoked,\n"
		"      grants, the day of its last use.\n\n"
		"  key revoke SID\n"
		"      From now on the key opens nothing.\n",
	.run = run
};
