#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "usage/principal.h"
#include "base/banned.h"

#define USER_NAME_BYTES 64

static int64_t now(void)
{
	return floor_div(clock_now_us(), USEC_PER_SEC);
}

/* ---- add ---- */

struct new_key {
	const char *role, *account, *user;     /* the options as they were given */
	struct command_list grants;
	const struct role_info *info;
	char token[TOKEN_TEXT];
	struct key made;
};

static void role_names(struct strbuf *out)
{
	for (const struct role_info *r = roles; r->name; r++)
		strbuf_addf(out, "%s%s", r == roles ? "" : ", ", r->name);
}

/* Do the options fit the role? */
static int check_options(struct new_key *k)
{
	const struct command *c = &command_key;
	struct strbuf names;
	int rc = EXIT_DONE;

	k->info = k->role ? role_find(k->role) : NULL;
	if (!k->info) {
		strbuf_init(&names, 1024);
		role_names(&names);
		rc = command_wrong(c, "--role must be one of %s", names.text);
		strbuf_release(&names);
		return rc;
	}
	if (k->account && !k->info->has_account)
		return command_wrong(c, "--account does not go with the role %s", k->info->name);
	if (!k->account && (k->info->role & (ROLE_ACCOUNT | ROLE_KEY)))
		return command_wrong(c, "the role %s needs --account", k->info->name);
	if (k->user && !k->info->has_name)
		return command_wrong(c, "--user does not go with the role %s", k->info->name);
	if (!k->user && k->info->has_name)
		return command_wrong(c, "the role %s needs --user", k->info->name);
	if (k->user && (!*k->user || strlen(k->user) > USER_NAME_BYTES || strchr(k->user, ':') || !utf8_plain(k->user, strlen(k->user))))
		return command_wrong(c, "--user must be 1 to %d bytes of UTF-8 without colons and control characters", USER_NAME_BYTES);
	if (k->grants.n && !k->info->has_grants)
		return command_wrong(c, "--grant does not go with the role %s", k->info->name);
	return EXIT_DONE;
}

static int account_id(struct store *st, struct arena *arena, const char *option, const char *sid, int64_t *ret, struct error *err)
{
	struct account a;
	int rc = store_account_by_sid(st, sid, arena, &a, err);

	if (rc == 0)
		return error_set(err, ERR_PARAM, option, "--%s: there is no account %s", option, sid);
	if (rc > 0)
		*ret = a.id;
	return rc < 0 ? -1 : 0;
}

static int find_grants(struct store *st, struct arena *arena, struct new_key *k, struct error *err)
{
	int64_t *ids = arena_array(arena, int64_t, k->grants.n);

	for (size_t i = 0; i < k->grants.n; i++)
		if (account_id(st, arena, "grant", k->grants.items[i], &ids[i], err) < 0)
			return -1;
	k->made.grants = ids;
	k->made.n_grants = k->grants.n;
	return 0;
}

static int add_key(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct new_key *k = arg;

	if (k->account && account_id(st, arena, "account", k->account, &k->made.account, err) < 0)
		return -1;
	if (find_grants(st, arena, k, err) < 0)
		return -1;
	return store_key_add(st, &k->made, err);
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
	k->made.created = now();
	return EXIT_DONE;
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct new_key k = { 0 };
	const struct command_option options[] = {
		{ "role", .text = &k.role }, { "account", .text = &k.account }, { "user", .text = &k.user },
		{ "grant", .list = &k.grants }, { 0 }
	};
	int rc;

	if (!command_only_options(&command_key, options, argc, argv, &rc))
		return rc;
	rc = check_options(&k);
	if (rc == EXIT_DONE)
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

static const char *account_sid(struct store *st, struct arena *arena, int64_t id, struct error *err)
{
	struct account a;
	int rc = store_account_by_id(st, id, arena, &a, err);

	return rc > 0 ? arena_str(arena, a.sid) : rc < 0 ? NULL : "-";
}

/* One key a line, fields apart by tabs. Its secret is nowhere to be had. */
static int print_key(struct store *st, struct arena *arena, const struct key *k, struct error *err)
{
	const char *sid = k->account ? account_sid(st, arena, k->account, err) : "-";
	char created[INSTANT_TEXT], revoked[INSTANT_TEXT] = "-";

	if (!sid)
		return -1;
	instant_format(created, k->created * USEC_PER_SEC);
	if (k->revoked)
		instant_format(revoked, k->revoked * USEC_PER_SEC);
	printf("%s\t%s\t%s\t%s\t%s\t%s\t", k->sid, k->role, *k->name ? k->name : "-", sid, created, revoked);
	for (size_t i = 0; i < k->n_grants; i++) {
		sid = account_sid(st, arena, k->grants[i], err);
		if (!sid)
			return -1;
		printf("%s%s", i ? "," : "", sid);
	}
	puts(k->n_grants ? "" : "-");
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
	int rc = store_key_revoke(st, arg, now(), err);

	(void)arena;
	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, NULL, "there is no key %s", (const char *)arg);
	return rc < 0 ? -1 : 0;
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
		"      The roles are in usaged(8). --account: whose key it is. --user: the user's name, for Basic\n"
		"      authentication with the secret as password. --grant: an account that a Manager may see.\n\n"
		"  key list\n"
		"      One key a line, fields apart by tabs: SID, role, user, account, made, revoked, grants.\n\n"
		"  key revoke SID\n"
		"      From now on the key opens nothing.\n",
	.run = run
};
