/*
 * auth_ops.c - signs users in and out, and tells which user is signed in
 * (contracts: servicestack D).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/request.h"
#include "api/signin.h"
#include "api/url.h"
#include "base/plausible.h"
#include "base/strbuf.h"
#include "store/audit.h"
#include "store/session.h"
#include "store/user.h"
#include "usage/user_rules.h"
#include "base/banned.h"

/* ---- answers about a user ---- */

struct authenticate_response {
	const char *user_id, *session_id, *user_name, *display_name, *referrer_url, *bearer_token,
		*refresh_token, *profile_url;
	const char *const *roles, *const *permissions;
	const void *response_status;
	const char *meta;
};

static const struct field authenticate_fields[] = {
	FIELD_AS(struct authenticate_response, user_id, "UserId",
		 "Number of the user, or SID of the key"),
	FIELD_AS(struct authenticate_response, session_id, "SessionId",
		 "Secret of the new session, as in its cookie", .flags = FIELD_MACHINE),
	FIELD_AS(struct authenticate_response, user_name, "UserName",
		 "What the user signs in with"),
	FIELD_AS(struct authenticate_response, display_name, "DisplayName",
		 "The name that pages show"),
	FIELD_AS(struct authenticate_response, referrer_url, "ReferrerUrl", "Never filled",
		 .flags = FIELD_MACHINE),
	FIELD_AS(struct authenticate_response, bearer_token, "BearerToken",
		 "Never filled: see RequestAuthToken", .flags = FIELD_MACHINE),
	FIELD_AS(struct authenticate_response, refresh_token, "RefreshToken", "Never filled",
		 .flags = FIELD_MACHINE),
	FIELD_AS(struct authenticate_response, profile_url, "ProfileUrl", "Never filled",
		 .flags = FIELD_MACHINE),
	FIELD_AS(struct authenticate_response, roles, "Roles", "What the user may do"),
	FIELD_AS(struct authenticate_response, permissions, "Permissions",
		 "Always empty: roles say it all"),
	FIELD_AS(struct authenticate_response, response_status, "ResponseStatus",
		 "What went wrong, if something did", .flags = FIELD_MACHINE,
		 .shape = &servicestack_status_shape),
	FIELD_AS(
		struct authenticate_response, meta, "Meta", "Nothing", .flags = FIELD_XML_ONLY,
		.xml_attrs =
			"xmlns:d2p1=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""),
	{ 0 }
};

static const struct shape authenticate_shape = { .name = "AuthenticateResponse",
						 .xml_namespace =
							 "http://schemas.servicestack.net/types",
						 .flags = SHAPE_ORDERED,
						 .fields = authenticate_fields,
						 .doc = "Who is signed in" };

static const char *const none[] = { NULL };

static const char *const *role_list(const struct request *rq, const struct principal *who)
{
	const char **list = arena_array(rq->arena, const char *, 2);

	for (const struct role_info *r = roles; r->name; r++)
		if (r->role == who->role)
			list[0] = r->name;
	return list;
}

static const char *id_text(const struct request *rq, const struct principal *who)
{
	return who->user ? arena_printf(rq->arena, "%lld", (long long)who->user) : who->key_sid;
}

static void write_who(const struct request *rq, struct writer *w, const struct principal *who,
		      const char *session)
{
	struct authenticate_response r = { .user_id = id_text(rq, who),
					   .session_id = session,
					   .user_name = who->name,
					   .display_name = who->display ? who->display : who->name,
					   .roles = role_list(rq, who),
					   .permissions = none };

	writer_about(w, rq->op->title, "You are signed in.");
	writer_record(w, NULL, &authenticate_shape, &r);
}

/* ---- sessions, written by the one writer ---- */

struct session_change {
	const struct session *end, *add; /* or NULL */
	int64_t now;
};

/* Also deletes expired sessions. */
static int change_session(struct store *st, void *arg, struct error *err)
{
	const struct session_change *c = arg;

	if (c->end && store_session_end(st, c->end->hash, err) < 0)
		return -1;
	if (c->add && store_session_add(st, c->add, err) < 0)
		return -1;
	return store_sessions_expire(st, plausible_process_time(c->now), err);
}

static int write_session(struct request *rq, const struct session *end, const struct session *add,
			 struct error *err)
{
	struct session_change c = { end, add, rq->now };

	if (!rq->worker->commits || !rq->worker->signin)
		return error_set(err, ERR_BUSY, NULL, "signing in needs a running server");
	return request_change(rq, change_session, &c, err);
}

/* ---- cookies ---- */

static void set_session_cookies(struct request *rq, const char *token, bool permanent)
{
	int64_t seconds = permanent ? SESSION_PERMANENT_SECONDS : COOKIE_SESSION;

	request_set_cookie(rq, permanent ? "ss-pid" : "ss-id", token, seconds);
	request_set_cookie(rq, permanent ? "ss-id" : "ss-pid", "", 0);
	request_set_cookie(rq, "ss-opt", permanent ? "perm" : "temp", seconds);
}

/*
 * Sets the device's cookie for browsers only, because programs expect only the
 * contract's cookies.
 */
static void set_device_cookie(struct request *rq, const char *name)
{
	char device[DEVICE_TEXT];

	device_new(rq, name, device);
	request_set_cookie(rq, DEVICE_COOKIE, arena_str(rq->arena, device), DEVICE_SECONDS);
}

/* ---- where a page goes on ---- */

static bool for_people(const struct request *rq)
{
	return rq->reply.format == &format_html;
}

/*
 * The path in URL if URL is on our own origin; otherwise NULL. NULL also for a
 * URL that a browser might take for another origin.
 */
static const char *own_path(const struct request *rq, const char *url)
{
	size_t base = strlen(rq->base_url);

	if (strncmp(url, rq->base_url, base) == 0)
		url += base;
	if (url[0] != '/' || url[1] == '/' || strpbrk(url, "\\ \t\r\n"))
		return NULL;
	return url;
}

static const char *wanted_page(const struct request *rq)
{
	const char *text = request_arg(rq, "Redirect")->text,
		   *path = text ? own_path(rq, text) : NULL;

	return path ? path : "/";
}

/* Redirects to the sign-in page, which shows the reason of the failure. */
static int show_login_again(struct request *rq, const struct error *why)
{
	const char *failed = why->kind == ERR_CREDENTIALS ? "password"
			     : why->kind == ERR_EMPTY     ? "empty"
							  : "wait";

	rq->reply.location = login_link(rq->arena, failed, wanted_page(rq));
	return 0;
}

/* ---- Authenticate ---- */

static int check_origin(const struct request *rq, struct error *err)
{
	if (rq->foreign)
		return error_set(err, ERR_FORBIDDEN, NULL,
				 "Forbidden: the request comes from a page of another origin");
	return 0;
}

static int check_given(const char *name, const char *password, struct error *err)
{
	if (name && password)
		return 0;
	return error_set(err, ERR_EMPTY,
			 name       ? "Password"
			 : password ? "UserName"
				    : "UserName,Password",
			 "must not be empty");
}

static int sign_in(struct request *rq, struct writer *w, struct error *err)
{
	const char *name = request_arg(rq, "UserName")->text,
		   *password = request_arg(rq, "Password")->text;
	const struct arg *remember = request_arg(rq, "RememberMe");
	bool permanent = remember->text && remember->yes;
	struct principal who;
	struct session session;
	struct user user;
	char token[TOKEN_TEXT];
	const char *from;

	if (check_origin(rq, err) < 0 || check_given(name, password, err) < 0)
		return -1;
	if (!rq->worker->signin)
		return write_session(rq, NULL, NULL, err);
	from = signin_device(rq, name);
	if (signin_password(rq,
			    &(struct password) { name, password, strlen(password),
						 from ? from : rq->remote },
			    &user, err) < 0 ||
	    signin_principal(&user, &who, err) < 0)
		return -1;
	session = session_new(rq, user.id, permanent ? SESSION_PERMANENT : SESSION_TEMPORARY,
			      permanent ? SESSION_PERMANENT_SECONDS : SESSION_TEMPORARY_SECONDS,
			      token);
	/*
	 * the previous session ends, and a new session gets the user's rights
	 */
	if (write_session(rq, rq->session, &session, err) < 0)
		return -1;
	set_session_cookies(rq, token, permanent);
	if (for_people(rq)) {
		if (!from)
			set_device_cookie(rq, name);
		rq->reply.location = wanted_page(rq);
	} else {
		write_who(rq, w, &who, arena_str(rq->arena, token));
	}
	return 0;
}

static int sign_out(struct request *rq, struct writer *w, struct error *err)
{
	struct authenticate_response nobody = { .user_id = NULL };

	if (check_origin(rq, err) < 0 ||
	    (rq->session && write_session(rq, rq->session, NULL, err) < 0))
		return -1;
	request_set_cookie(rq, "ss-id", "", 0);
	request_set_cookie(rq, "ss-pid", "", 0);
	request_set_cookie(rq, "ss-opt", "", 0);
	if (for_people(rq))
		rq->reply.location = "/login";
	else
		writer_record(w, NULL, &authenticate_shape, &nobody);
	return 0;
}

static bool is_sign_in(const char *provider)
{
	static const char *const names[] = { "credentials", "login", "basic", NULL };

	for (const char *const *name = names; *name; name++)
		if (strcasecmp(provider, *name) == 0)
			return true;
	return false;
}

static int authenticate(struct request *rq, struct writer *w, struct error *err)
{
	const char *provider = request_arg(rq, "Provider")->text;
	bool credentials = request_arg(rq, "UserName")->text || request_arg(rq, "Password")->text;

	if (provider && strcasecmp(provider, "logout") == 0)
		return sign_out(rq, w, err);
	if (provider && !is_sign_in(provider))
		return error_set(
			err, ERR_NOT_FOUND, NULL,
			"No configuration was added for the provider '%.64s'; use credentials",
			provider);
	if (!provider && !credentials) {
		if (!rq->who)
			return error_set(err, ERR_UNAUTHENTICATED, NULL, "Not Authenticated");
		write_who(rq, w, rq->who, NULL);
		return 0;
	}
	if (rq->method != M_POST)
		return error_set(err, ERR_UNSUPPORTED, NULL,
				 "GET Authenticate requests are disabled, because URLs are logged "
				 "in many places; send the password in the body of a POST");
	if (sign_in(rq, w, err) == 0)
		return 0;
	if (for_people(rq) &&
	    (err->kind == ERR_CREDENTIALS || err->kind == ERR_EMPTY || err->kind == ERR_TOO_MANY)) {
		show_login_again(rq, err);
		error_clear(err);
		return 0;
	}
	return -1;
}

/* ---- GetAuthStatus ---- */

#define USERS_NAMESPACE "http://schemas.datacontract.org/2004/07/Voice.Api.Users"

struct user_info {
	const char *id;
	bool is_authenticated;
	const char *first_name, *last_name, *name, *avatar_url, *email_address;
	const char *const *roles, *const *account_ids, *const *account_names;
	bool manager_access;
	const char *const *dashboard_permissions;
};

static const struct field user_info_fields[] = {
	FIELD_AS(struct user_info, id, "Id", "Number of the user, or SID of the key"),
	FIELD_AS(struct user_info, is_authenticated, "IsAuthenticated",
		 "Always true; without a session the answer is null"),
	FIELD_AS(struct user_info, first_name, "FirstName", "Never filled: see Name"),
	FIELD_AS(struct user_info, last_name, "LastName", "Never filled: see Name"),
	FIELD_AS(struct user_info, name, "Name", "The name that pages show"),
	FIELD_AS(struct user_info, avatar_url, "AvatarUrl", "Never filled"),
	FIELD_AS(struct user_info, email_address, "EmailAddress",
		 "The user's e-mail address, if it is known"),
	FIELD_AS(struct user_info, roles, "Roles", "What the user may do"),
	FIELD_AS(struct user_info, account_ids, "AccountIds",
		 "The accounts that the user may see, by their SIDs"),
	FIELD_AS(struct user_info, account_names, "AccountNames", "Their names, in the same order"),
	FIELD_AS(struct user_info, manager_access, "ManagerAccess", "May the user see billing?"),
	FIELD_AS(struct user_info, dashboard_permissions, "DashboardPermissions",
		 "Always empty: roles say it all"),
	{ 0 }
};

static const struct shape user_info_shape = { .name = "UserInfo",
					      .xml_namespace = USERS_NAMESPACE,
					      .fields = user_info_fields,
					      .doc = "Who is signed in" };

static int auth_status(struct request *rq, struct writer *w, struct error *err)
{
	const struct principal *who = rq->who;
	const char **ids, **names;
	struct account *accounts;
	struct user_info info;
	size_t n;

	if (!who) {
		rq->reply.status = 204;
		return 0;
	}
	if (access_accounts(rq, &accounts, &n, err) < 0)
		return -1;
	ids = arena_array(rq->arena, const char *, n + 1);
	names = arena_array(rq->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		ids[i] = accounts[i].sid;
		names[i] = accounts[i].name;
	}
	info = (struct user_info) { .id = id_text(rq, who),
				    .is_authenticated = true,
				    .name = who->display ? who->display : who->name,
				    .email_address = who->email && *who->email ? who->email : NULL,
				    .roles = role_list(rq, who),
				    .account_ids = ids,
				    .account_names = names,
				    .manager_access = who->role & (ROLE_ADMIN | ROLE_MANAGER),
				    .dashboard_permissions = none };
	writer_about(w, rq->op->title, "You are signed in.");
	writer_record(w, NULL, &user_info_shape, &info);
	return 0;
}

/* ---- RequestAuthToken ---- */

struct auth_token {
	const char *auth_token;
};

static const struct field auth_token_fields[] = {
	FIELD_AS(struct auth_token, auth_token, "AuthToken",
		 "A bearer token that signs in as that user for server.token_seconds"),
	{ 0 }
};

static const struct shape auth_token_shape = { .name = "RequestAuthTokenResponse",
					       .xml_namespace = USERS_NAMESPACE,
					       .fields = auth_token_fields,
					       .doc = "A token for a user" };

/* Finds the user to sign in. 1 found, 0 none, -1 if the ledger fails. */
static int find_user(const struct request *rq, struct user *ret, struct error *err)
{
	const char *email = request_arg(rq, "UserEmailAddress")->text;
	const struct arg *id = request_arg(rq, "UserId");
	int rc;

	if (!email && !id->text)
		return error_set(err, ERR_MISSING, "UserEmailAddress", "must be given, or UserId");
	rc = email ? store_user_by_email(rq->store, email, rq->arena, ret, err)
		   : store_user_by_id(rq->store, id->n, rq->arena, ret, err);
	return rc > 0 && ret->removed ? 0 : rc;
}

/* ---- tokens, written by the one writer ---- */

struct new_token {
	const struct session *session;
	const char *user; /* the user to sign in */
};

/*
 * Limits the number of valid tokens, which also limits the growth of the audit
 * log.
 */
static int check_number(const struct admin *a, const struct session *s, struct error *err)
{
	int64_t n, expires;

	if (store_session_count(a->st, &s->maker, s->created, &n, &expires, err) < 0)
		return -1;
	if (n < TOKENS_FOR_OTHERS_MAX)
		return 0;
	err->retry_after = (int)(expires - s->created);
	return error_set(
		err, ERR_TOO_MANY, NULL,
		"You have %d valid tokens for other users already; try again when one has expired",
		TOKENS_FOR_OTHERS_MAX);
}

static int add_token(const struct admin *a, void *arg, struct error *err)
{
	const struct new_token *t = arg;
	const struct session *s = t->session;
	bool for_another = s->maker.user != s->user;
	struct audit entry = { .at = s->created,
			       .author = a->author,
			       .action = "token.add",
			       .subject = t->user,
			       .detail = arena_printf(a->arena, "for %lld seconds",
						      (long long)(s->expires - s->created)) };

	if (for_another && (check_number(a, s, err) < 0 || store_audit_add(a->st, &entry, err) < 0))
		return -1;
	return store_session_add(a->st, s, err) < 0 ? -1
						    : store_sessions_expire(a->st, s->created, err);
}

static int write_token(struct request *rq, const struct session *session, const char *user,
		       struct error *err)
{
	struct new_token t = { session, user };

	return administer(rq, add_token, &t, err);
}

static int request_token(struct request *rq, struct writer *w, struct error *err)
{
	int64_t seconds = rq->worker->settings->token_seconds;
	struct principal user;
	struct session session;
	struct auth_token t;
	struct user found;
	char token[TOKEN_TEXT];
	int rc = find_user(rq, &found, err);

	if (rc < 0 || (rc > 0 && signin_principal(&found, &user, err) < 0))
		return -1;
	if (rc == 0 || !principal_may_impersonate(rq->who, &user))
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "There is no such user, or you may not request a token for it");
	/*
	 * a token that is requested with a token expires no later than the
	 * requesting token
	 */
	if (rq->session && rq->session->kind == SESSION_TOKEN &&
	    rq->session->expires < rq->now + seconds)
		seconds = rq->session->expires - rq->now;
	session = session_new(rq, user.user, SESSION_TOKEN, seconds, token);
	session.maker = principal_maker(rq->who);
	if (write_token(rq, &session, user.name, err) < 0)
		return -1;
	t.auth_token = token;
	writer_record(w, NULL, &auth_token_shape, &t);
	return 0;
}

/* ---- the table ---- */

static const struct param authenticate_params[] = {
	{ "Provider", PT_TEXT, .flags = PARAM_PATH, .max = 64,
	  .doc = "credentials (or login, or basic) signs in; logout signs out. Without it and "
		 "UserName: tells who is signed in" },
	{ "UserName", PT_TEXT, .max = USER_NAME_BYTES, .doc = "The user's name" },
	{ "Password", PT_TEXT, .flags = PARAM_SECRET, .max = PASSWORD_BYTES_MAX,
	  .doc = "The user's password" },
	{ "RememberMe", PT_BOOL,
	  .doc = "Stay signed in for 28 days. Default: until the browser is closed, at most 14 "
		 "days" },
	{ "Redirect", PT_TEXT, .flags = PARAM_STATE, .max = 4096,
	  .doc = "For pages: the page of this server to show afterwards" },
	{ 0 }
};

static const struct param token_params[] = { { "UserEmailAddress", PT_TEXT, .max = USER_TEXT_BYTES,
					       .doc = "The user, by e-mail address" },
					     { "UserId", PT_INT, .min = 1, .max = INT64_MAX,
					       .doc = "The user, by number" },
					     { 0 } };

static const struct param no_params[] = { { 0 } };

const struct op op_GetAuthStatus = {
	OPERATION(GetAuthStatus, servicestack, M_READ, "/auth/status", ROLE_ANYONE),
	.params = no_params,
	.returns = &user_info_shape,
	.run = auth_status,
	.title = "Who is signed in",
	.doc = "Gets the current authenticated status or null",
};

const struct op op_RequestAuthToken = {
	OPERATION(RequestAuthToken, servicestack, M_READ, "/auth/token", ROLE_ADMIN | ROLE_MANAGER),
	.changes = true,
	.params = token_params,
	.returns = &auth_token_shape,
	.body_root = "RequestAuthToken",
	.body_namespace = USERS_NAMESPACE,
	.run = request_token,
	.title = "A token for a user",
	.doc = "Makes a bearer token that signs in as a user for a limited time",
};

const struct op op_Authenticate = {
	OPERATION(Authenticate, servicestack, M_READ | M_POST, "/auth/{Provider}", ROLE_ANYONE),
	.short_path = "/auth",
	.params = authenticate_params,
	.returns = &authenticate_shape,
	.body_root = "Authenticate",
	.body_namespace = "http://schemas.servicestack.net/types",
	.run = authenticate,
	.title = "Signing in",
	.doc = "Signs in with name and password, signs out, or tells who is signed in",
};
