/*
 * users.c - lists, adds, changes and removes users, sets passwords and grants
 * accounts.
 */
#include <string.h>

#include "api/administer.h"
#include "api/list_page.h"
#include "api/signin.h"
#include "api/url.h"
#include "store/user.h"
#include "base/banned.h"

enum { ENDS_SHOWN = 20 };

struct user_record {
	const char *user, *display, *email, *role;
	const char *const *grants;
	const char *accounts, *created, *removed, *status, *ends, *edit, *set_password, *grant,
		*remove;
};

/* Index of the field that only the form for removing a user shows. */
enum { USER_ENDS = 6 };

static const struct field user_fields[] = {
	FIELD(struct user_record, user, "The name to sign in with"),
	FIELD(struct user_record, display, "Name on pages", .flags = FIELD_LABEL),
	FIELD(struct user_record, email, "E-mail address, or null"),
	FIELD(struct user_record, role, "Role"),
	FIELD(struct user_record, grants, "SIDs of the accounts that a Manager may see",
	      .flags = FIELD_MACHINE),
	FIELD_AS(struct user_record, accounts, "may_see", "The names of those accounts"),
	[USER_ENDS] = FIELD(struct user_record, ends, "Keys that are revoked with the user",
			    .flags = FIELD_PAGE_ONLY),
	FIELD(struct user_record, created, "When the user was added", .format = "date-time"),
	FIELD(struct user_record, status, "active or removed"),
	FIELD(struct user_record, removed, "When the user was removed, or null",
	      .format = "date-time", .flags = FIELD_LABEL),
	FIELD(struct user_record, edit, "Page to edit display name and e-mail address",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct user_record, set_password, "Page to set the password",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct user_record, grant, "Page to grant accounts",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct user_record, remove, "Page to remove the user",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape user_shape = {
	.name = "User",
	.fields = user_fields,
	.doc = "A person who signs in",
	.none = "No user has this in a name or an e-mail address."
};

static const struct field users_fields[] = { LIST_PAGE_FIELDS,
					     FIELD_LIST("users", &user_shape,
							"Ordered by name; includes removed users"),
					     { 0 } };

static const struct shape users_shape = { .name = "Users",
					  .flags = SHAPE_PAGE,
					  .fields = users_fields,
					  .doc = "The people who sign in" };

static struct user_record make_record(const struct request *rq, const struct account_names *names,
				      const struct user *u)
{
	const struct role_info *role = role_find(u->role);
	struct user_record r = {
		.user = u->name,
		.display = u->display,
		.email = *u->email ? u->email : NULL,
		.role = u->role,
		.grants = account_sids(rq, names, u->grants, u->n_grants),
		.accounts = account_words(rq, names, u->grants, u->n_grants),
		.created = instant_text(rq, u->created),
		.removed = instant_text(rq, u->removed),
		.status = u->removed ? "removed" : "active",
	};

	if (u->removed)
		return r;
	r.edit = action_page(rq, "/users", u->name, "edit");
	r.set_password = action_page(rq, "/users", u->name, "password");
	r.grant = role && role->has_grants ? action_page(rq, "/users", u->name, "grant") : NULL;
	r.remove = action_page(rq, "/users", u->name, "remove");
	return r;
}

static bool fits(const struct list_search *s, const void *list, size_t i)
{
	const struct user *u = (const struct user *)list + i;

	return search_finds(s, u->name) || search_finds(s, u->display) || search_finds(s, u->email);
}

static int list_users(struct request *rq, struct writer *w, struct error *err)
{
	struct account_names names;
	struct list_page page;
	struct user *users;
	size_t n;

	if (account_names_load(rq, &names, err) < 0 ||
	    store_users(rq->store, rq->arena, &users, &n, err) < 0)
		return -1;
	writer_about(w, rq->op->title,
		     "People who sign in with a name and a password. Programs use keys instead.");
	writer_hide(w, &user_fields[USER_ENDS]);
	list_page_choose(rq, fits, users, n, &page);
	writer_begin_page(w, &users_shape, &page);
	for (size_t i = 0; i < page.n; i++) {
		struct user_record r = make_record(rq, &names, &users[page.index[i]]);

		writer_record(w, NULL, &user_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

static int load_user(const struct request *rq, const char *name, struct user_record *ret,
		     struct error *err)
{
	struct account_names names;
	struct user u;
	int rc = store_user_by_name(rq->store, name, rq->arena, &u, err);

	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "User", "there is no user %.64s", name);
	if (rc < 0 || account_names_load(rq, &names, err) < 0)
		return -1;
	*ret = make_record(rq, &names, &u);
	return 0;
}

/* Writes the user's current record. */
static int write_user(struct request *rq, const char *name, struct writer *w, struct error *err)
{
	struct user_record r;

	if (load_user(rq, name, &r, err) < 0)
		return -1;
	writer_about(w, rq->op->title, NULL);
	writer_record(w, NULL, &user_shape, &r);
	return 0;
}

/* Lists the keys that would be revoked with the user, as a text; NULL: none. */
static int list_ends(const struct request *rq, const struct admin *a, const struct user *u,
		     const char **ret, struct error *err)
{
	struct key *keys;
	size_t n;

	*ret = NULL;
	if (admin_user_keys(a, u, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && i < ENDS_SHOWN; i++)
		*ret = arena_join(rq->arena, *ret ? *ret : "", *ret ? ", " : "", keys[i].sid,
				  *keys[i].name ? " (" : "", keys[i].name, *keys[i].name ? ")" : "",
				  NULL);
	if (n > ENDS_SHOWN)
		*ret = arena_printf(rq->arena, "%s and %zu more", *ret, n - ENDS_SHOWN);
	return 0;
}

/*
 * Writes the user of the path and a sentence on what the form will do; for
 * RemoveUser, also the keys that would be revoked.
 */
static int ask_change(struct request *rq, struct writer *w, struct error *err)
{
	const char *name = request_arg(rq, "User")->text;
	struct admin a = request_admin(rq);
	struct user_record r;
	struct user u;

	if (admin_user_find(&a, name, &u, err) < 0 || load_user(rq, name, &r, err) < 0 ||
	    (rq->op == &op_RemoveUser && list_ends(rq, &a, &u, &r.ends, err) < 0))
		return -1;
	r.edit = r.set_password = r.grant = r.remove = NULL;
	writer_about(w, arena_join(rq->arena, rq->op->title, ": ", u.name, NULL),
		     rq->op->form->consequence);
	writer_record(w, NULL, &user_shape, &r);
	return 0;
}

/* ---- changes ---- */

/*
 * Hashes the password in the operation's parameter. Ends the request's read,
 * because the ledger's log cannot restart during a read; the change that follows
 * begins another one.
 */
static int hash_password(const struct request *rq, const char **ret, struct error *err)
{
	const char *password = request_arg(rq, "password")->text;
	char hash[PASSWORD_HASH_TEXT];

	if (user_check_password(password, strlen(password), err) < 0)
		return -1;
	store_end(rq->store);
	if (password_hash(password, strlen(password), hash, err) < 0)
		return -1;
	*ret = arena_str(rq->arena, hash);
	return 0;
}

static int add_user(const struct admin *a, void *arg, struct error *err)
{
	return admin_user_add(a, arg, err);
}

static int create_user(struct request *rq, struct writer *w, struct error *err)
{
	struct new_user u = { .name = request_arg(rq, "user")->text,
			      .role = request_arg(rq, "role")->text,
			      .display = request_arg(rq, "display")->text,
			      .email = request_arg(rq, "email")->text };

	u.grants = split_list(rq, request_arg(rq, "grant")->text, &u.n_grants);
	if (hash_password(rq, &u.password, err) < 0 || administer(rq, add_user, &u, err) < 0)
		return -1;
	rq->reply.status = 201;
	return write_user(rq, u.name, w, err);
}

struct user_change {
	const char *user, *password, *account, *display, *email;
	bool granted;
};

static int change_password(const struct admin *a, void *arg, struct error *err)
{
	const struct user_change *c = arg;

	return admin_user_password(a, c->user, c->password, err);
}

static int set_password(struct request *rq, struct writer *w, struct error *err)
{
	struct user_change c = { .user = request_arg(rq, "User")->text };

	if (hash_password(rq, &c.password, err) < 0 || administer(rq, change_password, &c, err) < 0)
		return -1;
	return write_user(rq, c.user, w, err);
}

/* ---- display name and e-mail address ---- */

static int set_texts(const struct admin *a, void *arg, struct error *err)
{
	const struct user_change *c = arg;

	return admin_user_set(a, c->user, c->display, c->email, err);
}

static int set_user_texts(struct request *rq, const char *name, struct writer *w, struct error *err)
{
	struct user_change c = { .user = name,
				 .display = request_arg(rq, "display")->text,
				 .email = request_arg(rq, "email")->text };

	return administer(rq, set_texts, &c, err) < 0 ? -1 : write_user(rq, name, w, err);
}

static int set_user(struct request *rq, struct writer *w, struct error *err)
{
	return set_user_texts(rq, request_arg(rq, "User")->text, w, err);
}

static int fill_user(struct request *rq, const char *name, struct error *err)
{
	struct admin a = request_admin(rq);
	struct user u;

	if (admin_user_find(&a, name, &u, err) < 0)
		return -1;
	request_preset(rq, "display", u.display);
	request_preset(rq, "email", u.email);
	return 0;
}

static int fill_set(struct request *rq, struct error *err)
{
	return fill_user(rq, request_arg(rq, "User")->text, err);
}

/* ---- removal and grants ---- */

static int remove_name(const struct admin *a, void *arg, struct error *err)
{
	const struct user_change *c = arg;

	return admin_user_remove(a, c->user, err);
}

static int remove_user(struct request *rq, struct writer *w, struct error *err)
{
	struct user_change c = { .user = request_arg(rq, "User")->text };

	return administer(rq, remove_name, &c, err) < 0 ? -1 : write_user(rq, c.user, w, err);
}

static int change_grant(const struct admin *a, void *arg, struct error *err)
{
	const struct user_change *c = arg;

	return admin_user_grant(a, c->user, c->account, c->granted, err);
}

static int grant_account(struct request *rq, struct writer *w, struct error *err)
{
	struct user_change c = { .user = request_arg(rq, "User")->text,
				 .account = request_arg(rq, "account")->text,
				 .granted = request_arg(rq, "granted")->yes };

	return administer(rq, change_grant, &c, err) < 0 ? -1 : write_user(rq, c.user, w, err);
}

/* ---- the user who is signed in ---- */

/*
 * Checks that the caller is a user: keys have no name, e-mail address or
 * password.
 */
static int check_person(const struct request *rq, struct error *err)
{
	return rq->who->user ? 0
			     : error_set(err, ERR_FORBIDDEN, NULL,
					 "Only users have a profile; this is a key");
}

/*
 * ASKS: the record is part of a form, and SENTENCE (or NULL) says what the form
 * will do.
 */
static int write_profile(struct request *rq, const char *sentence, bool asks, struct writer *w,
			 struct error *err)
{
	struct user_record r;

	if (load_user(rq, rq->who->name, &r, err) < 0)
		return -1;
	r.grant = r.remove = NULL;
	/* a page has buttons instead of these fields */
	if (!asks && !rq->reply.format->page) {
		r.edit = "/profile/edit.html";
		r.set_password = "/profile/password.html";
	}
	writer_about(w, rq->op->title, sentence);
	writer_record(w, NULL, &user_shape, &r);
	return 0;
}

static int get_profile(struct request *rq, struct writer *w, struct error *err)
{
	return check_person(rq, err) < 0 ? -1 : write_profile(rq, NULL, false, w, err);
}

static int ask_profile(struct request *rq, struct writer *w, struct error *err)
{
	return check_person(rq, err) < 0
		       ? -1
		       : write_profile(rq, rq->op->form->consequence, true, w, err);
}

static int fill_profile(struct request *rq, struct error *err)
{
	return check_person(rq, err) < 0 ? -1 : fill_user(rq, rq->who->name, err);
}

static int set_profile(struct request *rq, struct writer *w, struct error *err)
{
	return check_person(rq, err) < 0 ? -1 : set_user_texts(rq, rq->who->name, w, err);
}

/* Checks the current password. A wrong password counts as a failed sign-in. */
static int check_current(struct request *rq, struct error *err)
{
	const char *text = request_arg(rq, "current_password")->text;
	struct error wrong = { 0 };
	struct user u;

	if (!rq->worker->signin)
		return error_set(err, ERR_BUSY, NULL, "changing a password needs a running server");
	if (signin_password(rq,
			    &(struct password) { rq->who->name, text, strlen(text), rq->remote },
			    &u, &wrong) == 0)
		return 0;
	if (wrong.kind == ERR_CREDENTIALS)
		return error_set(err, ERR_PARAM, "current_password",
				 "is not your current password");
	*err = wrong;
	return -1;
}

struct own_password {
	const char *hash;
	const struct session *keep;
};

static int change_own_password(const struct admin *a, void *arg, struct error *err)
{
	const struct own_password *own = arg;

	return admin_own_password(a, own->hash, own->keep, err);
}

static int set_own_password(struct request *rq, struct writer *w, struct error *err)
{
	struct own_password own = { .keep = rq->session };

	if (check_person(rq, err) < 0 || check_current(rq, err) < 0 ||
	    hash_password(rq, &own.hash, err) < 0 ||
	    administer(rq, change_own_password, &own, err) < 0)
		return -1;
	return write_user(rq, rq->who->name, w, err);
}

/* ---- the table ---- */

#define USER_PARAM                                                                      \
	{                                                                               \
		"User", PT_TEXT, .flags = PARAM_PATH, .min = 1, .max = USER_NAME_BYTES, \
				 .doc = "The user's name, percent-encoded"              \
	}
#define PASSWORD_PARAM                                                                         \
	{                                                                                      \
		"password", PT_TEXT, .flags = PARAM_SECRET | PARAM_REQUIRED,                   \
				     .min = PASSWORD_BYTES_MIN, .max = PASSWORD_BYTES_MAX,     \
				     .doc = "At least 10 bytes. The ledger stores only a hash" \
	}

static const char *const user_roles[] = { "User", "Manager", "SystemAdministrator", NULL };

static const struct param list_params[] = {
	LIST_PAGE_PARAMS("the name, the display name or the e-mail address"), { 0 }
};

static const struct param create_params[] = {
	{ "user", PT_TEXT, .flags = PARAM_REQUIRED, .min = 1, .max = USER_NAME_BYTES,
	  .label = "Name", .doc = "To sign in with; it can't be changed later" },
	{ "role", PT_ENUM, .flags = PARAM_REQUIRED, .values = user_roles,
	  .doc = "A User has no rights, a Manager sees the accounts granted, a SystemAdministrator "
		 "everything" },
	PASSWORD_PARAM,
	{ "display", PT_TEXT, .max = USER_TEXT_BYTES, .label = "Display name",
	  .doc = "Name on pages. Default: the user name" },
	{ "email", PT_TEXT, .max = USER_TEXT_BYTES, .label = "E-mail",
	  .doc = "An address that no other user has" },
	{ "grant", PT_TEXT, .max = 8000, .label = "Accounts",
	  .doc = "For a Manager: SIDs of the accounts to see, comma-separated" },
	{ 0 }
};
static const struct param no_params[] = { { 0 } };

#define DISPLAY_PARAM                                                                          \
	{                                                                                      \
		"display", PT_TEXT, .min = 1, .max = USER_TEXT_BYTES, .label = "Display name", \
				    .doc = "Name on pages"                                     \
	}
#define EMAIL_PARAM                                                                       \
	{                                                                                 \
		"email", PT_TEXT, .flags = PARAM_CLEARS, .max = USER_TEXT_BYTES,          \
				  .label = "E-mail",                                      \
				  .doc = "An address that no other user has; empty: none" \
	}

static const struct param set_params[] = { USER_PARAM, DISPLAY_PARAM, EMAIL_PARAM, { 0 } };
static const struct param profile_params[] = { DISPLAY_PARAM, EMAIL_PARAM, { 0 } };
static const struct param own_password_params[] = {
	{ "current_password", PT_TEXT, .flags = PARAM_SECRET | PARAM_REQUIRED, .min = 1,
	  .max = PASSWORD_BYTES_MAX, .label = "Current password", .doc = "Your current password" },
	PASSWORD_PARAM,
	{ 0 }
};
static const struct param password_params[] = { USER_PARAM, PASSWORD_PARAM, { 0 } };
static const struct param remove_params[] = { USER_PARAM, { 0 } };
static const struct param grant_params[] = {
	USER_PARAM,
	{ "account", PT_ACCOUNT, .flags = PARAM_REQUIRED, .max = 64, .doc = "The account's SID" },
	{ "granted", PT_BOOL, .def = "true", .label = "May see it",
	  .doc = "true grants access to the account, false ends it" },
	{ 0 }
};

const struct op op_ListUsers = {
	OPERATION(ListUsers, usaged, M_READ, "/users", ROLE_ADMIN),
	.params = list_params,
	.returns = &users_shape,
	.run = list_users,
	.title = "Users",
	.tab = "Users",
	.doc = "The people who sign in",
};

const struct op op_CreateUser = {
	OPERATION(CreateUser, usaged, M_POST, "/users", ROLE_ADMIN),
	.params = create_params,
	.returns = &user_shape,
	.run = create_user,
	.title = "New user",
	.form = &(const struct op_form) { .path = "/users/new",
					  .button = "Add the user",
					  .list = &op_ListUsers,
					  .done = "The user was added." },
	.doc = "Adds a person who can sign in",
};

const struct op op_SetUser = {
	OPERATION(SetUser, usaged, M_POST | M_PATCH, "/users/{User}", ROLE_ADMIN),
	.params = set_params,
	.returns = &user_shape,
	.run = set_user,
	.title = "Edit the user",
	.form = &(const struct op_form) { .path = "/users/{User}/edit",
					  .button = "Save",
					  .list = &op_ListUsers,
					  .done = "The user was changed.",
					  .consequence = "The name to sign in with stays as it is.",
					  .ask = ask_change,
					  .fill = fill_set },
	.doc = "Changes a user's display name and e-mail address. Omitted parameters stay as they "
	       "are",
};

const struct op op_SetPassword = {
	OPERATION(SetPassword, usaged, M_POST, "/users/{User}/password", ROLE_ADMIN),
	.params = password_params,
	.returns = &user_shape,
	.run = set_password,
	.title = "New password",
	.form =
		&(const struct op_form) {
			.path = "/users/{User}/password",
			.button = "Set the password",
			.list = &op_ListUsers,
			.done = "Password changed. All of the user's sessions were ended.",
			.consequence = "Only the new password will work, and all of the user's "
				       "sessions end.",
			.ask = ask_change },
	.doc = "Sets a user's password and ends all of the user's sessions",
};

const struct op op_RemoveUser = {
	OPERATION(RemoveUser, usaged, M_POST, "/users/{User}/remove", ROLE_ADMIN),
	.params = remove_params,
	.returns = &user_shape,
	.run = remove_user,
	.title = "Remove the user",
	.form =
		&(const struct op_form) {
			.path = "/users/{User}/remove",
			.button = "Remove the user",
			.list = &op_ListUsers,
			.done = "The user was removed.",
			.consequence =
				"The user can no longer sign in, and all sessions end. Keys that "
				"are named after the user, or that the user made, are revoked. "
				"This can't be undone, and the name can't be used again.",
			.ask = ask_change },
	.doc = "Permanently disables a user",
};

const struct op op_GrantAccount = {
	OPERATION(GrantAccount, usaged, M_POST, "/users/{User}/grant", ROLE_ADMIN),
	.params = grant_params,
	.returns = &user_shape,
	.run = grant_account,
	.title = "Account access",
	.form =
		&(const struct op_form) {
			.path = "/users/{User}/grant",
			.button = "Save",
			.list = &op_ListUsers,
			.done = "The user's account access was updated.",
			.consequence = "Choose an account, and whether the user may see its usage "
				       "and cost. Access that ends for the user also ends for keys "
				       "that are named after the user.",
			.ask = ask_change },
	.doc = "Grants a Manager access to an account, or ends it",
};

#define ROLES_OF_USERS (ROLE_ADMIN | ROLE_MANAGER | ROLE_USER)

const struct op op_GetProfile = {
	OPERATION(GetProfile, usaged, M_READ, "/profile", ROLES_OF_USERS),
	.params = no_params,
	.returns = &user_shape,
	.run = get_profile,
	.title = "Your profile",
	.doc = "The user who is signed in",
};

const struct op op_SetProfile = {
	OPERATION(SetProfile, usaged, M_POST | M_PATCH, "/profile", ROLES_OF_USERS),
	.params = profile_params,
	.returns = &user_shape,
	.run = set_profile,
	.title = "Edit your profile",
	.form = &(const struct op_form) { .path = "/profile/edit",
					  .button = "Save",
					  .list = &op_GetProfile,
					  .done = "Your profile was changed.",
					  .ask = ask_profile,
					  .fill = fill_profile },
	.doc = "Changes the caller's display name and e-mail address. Omitted parameters stay as "
	       "they are",
};

const struct op op_SetOwnPassword = {
	OPERATION(SetOwnPassword, usaged, M_POST, "/profile/password", ROLES_OF_USERS),
	.params = own_password_params,
	.returns = &user_shape,
	.run = set_own_password,
	.title = "Change your password",
	.form =
		&(const struct op_form) {
			.path = "/profile/password",
			.button = "Change the password",
			.list = &op_GetProfile,
			.done = "Your password was changed. Your other sessions "
				"were ended.",
			.consequence = "Your other sessions end; you stay signed in here.",
			.ask = ask_profile },
	.doc = "Changes the caller's password and ends the caller's other sessions",
};
