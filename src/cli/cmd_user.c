#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "store/user.h"
#include "base/banned.h"

/* ---- passwords ---- */

struct user_password {
	/* room for one byte too many and the line end */
	char text[PASSWORD_BYTES_MAX + 3];
	size_t len;
	char hash[PASSWORD_HASH_TEXT];
};

/*
 * Reads one line, without its line end. The last line may lack a line end.
 * Returns false if nothing could be read.
 */
static bool read_line(struct user_password *p)
{
	ssize_t n = 1;

	for (p->len = 0; p->len < sizeof(p->text) - 1 && n > 0 && !memchr(p->text, '\n', p->len);
	     p->len += n > 0 ? (size_t)n : 0)
		n = read(STDIN_FILENO, p->text + p->len, sizeof(p->text) - 1 - p->len);
	p->text[p->len] = '\0';
	p->len = strcspn(p->text, "\n");
	if (p->len > 0 && p->text[p->len - 1] == '\r')
		p->len--;
	p->text[p->len] = '\0';
	return n >= 0;
}

/*
 * Reads a password without echo. Ignores the keyboard's signals (such as
 * Ctrl-C) meanwhile, since ending here would leave the terminal without echo.
 */
static bool ask(const char *prompt, struct user_password *p)
{
	struct termios before, silent;
	bool good;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	good = read_line(p);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputs("\n", stderr);
	return good;
}

/*
 * Reads a password from standard input or the terminal, and hashes it.
 * Arguments are not used, since all users of the machine can read them.
 */
static int read_password(struct user_password *p, struct error *err)
{
	struct error bad = { 0 };
	struct user_password again;
	bool person = isatty(STDIN_FILENO);

	if (!(person ? ask("Password: ", p) : read_line(p)))
		return error_system(err, "the password can't be read", errno);
	if (user_check_password(p->text, p->len, &bad) < 0)
		return error_set(err, ERR_PARAM, NULL, "the password %s", bad.message);
	if (person && (!ask("Again: ", &again) || strcmp(p->text, again.text) != 0))
		return error_set(err, ERR_PARAM, NULL, "the two are not the same");
	return password_hash(p->text, p->len, p->hash, err);
}

/* ---- add ---- */

struct user_order {
	struct command_list grants;
	struct new_user user;
};

static int add_user(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct user_order *o = arg;

	return admin_user_add(&a, &o->user, err);
}

static int check_new(const struct new_user *u, struct error *err)
{
	const struct role_info *role;

	if (user_check(u->role, u->name, u->n_grants, &role, err) < 0 ||
	    (u->email && user_check_email(u->email, err) < 0))
		return -1;
	return u->display ? user_check_display(u->display, err) : 0;
}

static int run_add(const struct settings *s, int argc, char **argv)
{
	struct user_order o = { .grants = { .n = 0 } };
	struct new_user *u = &o.user;
	const struct command_option options[] = { { "role", .text = &u->role },
						  { "display", .text = &u->display },
						  { "email", .text = &u->email },
						  { "grant", .list = &o.grants },
						  { 0 } };
	struct user_password password;
	struct error err = { 0 };
	int rc;

	if (!command_options(&command_user, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_user, "add needs the name of one user");
	u->name = argv[1];
	u->grants = o.grants.items;
	u->n_grants = o.grants.n;
	if (check_new(u, &err) < 0)
		return command_wrong(&command_user, "%s%s %s",
				     strcmp(err.param, "user") == 0 ? "the name of a " : "--",
				     err.param, err.message);
	if (read_password(&password, &err) < 0)
		return command_fail("user", &err);
	u->password = password.hash;
	return command_in_ledger("user", s, STORE_WRITE, add_user, &o);
}

/* ---- existing users ---- */

struct password_change {
	const char *name, *hash;
};

static int change_password(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct password_change *c = arg;

	return admin_user_password(&a, c->name, c->hash, err);
}

static int run_passwd(const struct settings *s, int argc, char **argv)
{
	struct user_password password;
	struct password_change c;
	struct error err = { 0 };
	int rc;

	if (!command_options(&command_user, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_user, "passwd needs the name of one user");
	if (read_password(&password, &err) < 0)
		return command_fail("user", &err);
	c = (struct password_change) { argv[1], password.hash };
	return command_in_ledger("user", s, STORE_WRITE, change_password, &c);
}

struct text_change {
	const char *name, *display, *email;
};

static int change_texts(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct text_change *c = arg;

	return admin_user_set(&a, c->name, c->display, c->email, err);
}

static int run_set(const struct settings *s, int argc, char **argv)
{
	struct text_change c = { .name = NULL };
	const struct command_option options[] = { { "display", .text = &c.display },
						  { "email", .text = &c.email },
						  { 0 } };
	int rc;

	if (!command_options(&command_user, options, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_user, "set needs the name of one user");
	c.name = argv[1];
	return command_in_ledger("user", s, STORE_WRITE, change_texts, &c);
}

/*
 * Removes the user, which revokes the user's keys. Prints these keys, one a
 * line: SID and name.
 */
static int remove_user(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	struct key *keys;
	struct user u;
	size_t n;

	if (admin_user_find(&a, arg, &u, err) < 0 || admin_user_keys(&a, &u, &keys, &n, err) < 0 ||
	    admin_user_remove(&a, arg, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\n", keys[i].sid, *keys[i].name ? keys[i].name : "-");
	return 0;
}

static int run_remove(const struct settings *s, int argc, char **argv)
{
	int rc;

	if (!command_options(&command_user, NULL, &argc, argv, &rc))
		return rc;
	if (argc != 2)
		return command_wrong(&command_user, "remove needs the name of one user");
	return command_in_ledger("user", s, STORE_WRITE, remove_user, argv[1]);
}

struct grant_change {
	char **operands; /* the name and the accounts, ended by NULL */
	bool revoke;
};

static int change_grants(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct admin a = command_admin(st, arena);
	const struct grant_change *c = arg;

	for (char **sid = c->operands + 1; *sid; sid++)
		if (admin_user_grant(&a, c->operands[0], *sid, !c->revoke, err) < 0)
			return -1;
	return 0;
}

static int run_grant(const struct settings *s, int argc, char **argv)
{
	struct grant_change c = { .revoke = false };
	const struct command_option options[] = { { "revoke", .flag = &c.revoke }, { 0 } };
	int rc;

	if (!command_options(&command_user, options, &argc, argv, &rc))
		return rc;
	if (argc < 3)
		return command_wrong(&command_user,
				     "grant needs the name of one user and SIDs of accounts");
	c.operands = argv + 1;
	return command_in_ledger("user", s, STORE_WRITE, change_grants, &c);
}

static int print_user(struct store *st, struct arena *arena, const struct user *u,
		      struct error *err)
{
	printf("%s\t%s\t%s\t%s\t", u->name, u->role, u->display, *u->email ? u->email : "-");
	command_print_time(u->created, '\t');
	command_print_time(u->removed, '\t');
	return command_print_grants(st, arena, u->grants, u->n_grants, '\n', err);
}

static int list_users(struct store *st, struct arena *arena, void *arg, struct error *err)
{
	struct user *users;
	size_t n;

	(void)arg;
	if (store_users(st, arena, &users, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (print_user(st, arena, &users[i], err) < 0)
			return -1;
	return 0;
}

static int run_list(const struct settings *s, int argc, char **argv)
{
	return command_read(&command_user, s, argc, argv, list_users);
}

static int run(const struct settings *s, int argc, char **argv)
{
	static const struct command_part parts[] = { { "add", run_add },
						     { "set", run_set },
						     { "passwd", run_passwd },
						     { "list", run_list },
						     { "remove", run_remove },
						     { "grant", run_grant },
						     { 0 } };

	return command_part(&command_user, parts, s, argc, argv);
}

const struct command command_user = {
	.name = "user",
	.usage = "user add|set|passwd|list|remove|grant [ARGUMENT...]",
	.summary = "manage the people who sign in",
	.help = "Users sign in with a name and a password; programs have keys. A password is read "
		"from standard input,\n"
		"or asked for; it has 10 to 1024 bytes.\n\n"
		"  user add NAME --role ROLE [--display TEXT] [--email ADDRESS] [--grant SID]...\n"
		"      The roles are in usaged(8). --display: the name that pages show. --grant: "
		"an account that a\n"
		"      Manager may see.\n\n"
		"  user set NAME [--display TEXT] [--email ADDRESS]\n"
		"      Changes these; an empty address takes it away.\n\n"
		"  user passwd NAME\n"
		"      Gives the user another password, and ends what they are signed in to.\n\n"
		"  user list\n"
		"      One user a line, fields apart by tabs: name, role, display name, e-mail, "
		"made, removed, grants.\n\n"
		"  user remove NAME\n"
		"      The user can't sign in any more; keys that are named after the user, or "
		"that the user made, are\n"
		"      revoked and printed, one a line. The name stays taken.\n\n"
		"  user grant NAME [--revoke] SID...\n"
		"      Lets a Manager see these accounts, or no longer; keys named after the user "
		"lose them, too.\n",
	.run = run
};
