/* keys.c - lists, makes and revokes keys. */
#include "api/administer.h"
#include "api/list_page.h"
#include "api/url.h"
#include "store/key.h"
#include "base/banned.h"

struct key_record {
	const char *sid, *user, *role, *account_sid, *account;
	const char *const *grants;
	const char *accounts, *created, *last_used, *revoked, *status, *revoke;
};

static const struct field key_fields[] = {
	FIELD(struct key_record, sid, "The key's SID; not its secret"),
	FIELD(struct key_record, user, "Owner of the key, or null", .flags = FIELD_LABEL),
	FIELD(struct key_record, role, "Role"),
	FIELD(struct key_record, account_sid, "SID of the key's account, or null",
	      .flags = FIELD_MACHINE),
	FIELD(struct key_record, account, "The account's name"),
	FIELD(struct key_record, grants, "SIDs of the accounts that a Manager's key may see",
	      .flags = FIELD_MACHINE),
	FIELD_AS(struct key_record, accounts, "may_see", "The names of those accounts"),
	FIELD(struct key_record, created, "When the key was made", .format = "date-time"),
	FIELD(struct key_record, last_used, "The day of its last use, or null", .format = "date"),
	FIELD(struct key_record, status, "active or revoked"),
	FIELD(struct key_record, revoked, "When it was revoked, or null", .format = "date-time",
	      .flags = FIELD_LABEL),
	FIELD(struct key_record, revoke, "Page to revoke the key",
	      .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	{ 0 }
};

static const struct shape key_shape = {
	.name = "Key",
	.fields = key_fields,
	.doc = "A key",
	.none = "No key has this in its SID, user, role or account.",
	.none_yet = "There are no keys yet."
};

static const struct field keys_fields[] = { LIST_PAGE_FIELDS,
					    FIELD_LIST("keys", &key_shape,
						       "Newest first; includes revoked keys"),
					    { 0 } };

static const struct shape keys_shape = {
	.name = "Keys", .flags = SHAPE_PAGE, .fields = keys_fields, .doc = "The keys of programs"
};

struct new_key_record {
	const char *sid, *secret, *role;
};

static const struct field new_key_fields[] = {
	FIELD(struct new_key_record, sid, "The key's SID"),
	FIELD(struct new_key_record, secret,
	      "The secret: use it as a bearer token, or as the password for the SID. No other "
	      "answer has it"),
	FIELD(struct new_key_record, role, "Role"),
	{ 0 }
};

static const struct shape new_key_shape = { .name = "NewKey",
					    .fields = new_key_fields,
					    .doc = "A new key, with its secret" };

static struct key_record make_record(const struct request *rq, const struct account_names *names,
				     const struct key *k)
{
	const struct account *account = account_names_find(names, k->account);

	return (struct key_record) {
		.sid = k->sid,
		.user = *k->name ? k->name : NULL,
		.role = k->role,
		.account_sid = account ? account->sid : NULL,
		.account = account ? account->name : NULL,
		.grants = account_sids(rq, names, k->grants, k->n_grants),
		.accounts = account_words(rq, names, k->grants, k->n_grants),
		.created = instant_text(rq, k->created),
		.last_used = day_text(rq, k->used),
		.revoked = instant_text(rq, k->revoked),
		.status = k->revoked ? "revoked" : "active",
		.revoke = k->revoked ? NULL : action_page(rq, "/keys", k->sid, "revoke"),
	};
}

/* Keys, newest first. The store lists keys oldest first. */
struct keys {
	const struct account_names *names;
	const struct key *list;
	size_t n;
};

static const struct key *key_at(const struct keys *keys, size_t i)
{
	return &keys->list[keys->n - 1 - i];
}

static bool fits(const struct list_search *s, const void *list, size_t i)
{
	const struct keys *keys = list;
	const struct key *k = key_at(keys, i);
	const struct account *account = account_names_find(keys->names, k->account);

	return search_finds(s, k->sid) || search_finds(s, k->name) || search_finds(s, k->role) ||
	       (account && (search_finds(s, account->name) || search_finds(s, account->sid)));
}

static int list_keys(struct request *rq, struct writer *w, struct error *err)
{
	struct account_names names;
	struct keys all = { .names = &names };
	struct list_page page;
	struct key *keys;

	if (account_names_load(rq, &names, err) < 0 ||
	    store_keys(rq->store, rq->arena, &keys, &all.n, err) < 0)
		return -1;
	all.list = keys;
	list_page_choose(rq, fits, &all, all.n, &page);
	writer_about(w, rq->op->title,
		     "Programs sign in with keys. Secrets cannot be recovered. If you lose one, "
		     "revoke the key and create another.");
	writer_begin_page(w, &keys_shape, &page);
	for (size_t i = 0; i < page.n; i++) {
		struct key_record r = make_record(rq, &names, key_at(&all, page.index[i]));

		writer_record(w, NULL, &key_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

/* ---- changes ---- */

struct keys_change {
	struct new_key key;
	const unsigned char *secret;
	char sid[SID_TEXT], token[TOKEN_TEXT];
};

static int add_key(const struct admin *a, void *arg, struct error *err)
{
	struct keys_change *o = arg;

	return admin_key_add(a, &o->key, o->secret, o->sid, o->token, err);
}

static int create_key(struct request *rq, struct writer *w, struct error *err)
{
	struct keys_change o = { .secret = rq->worker->secret,
				 .key = { .role = request_arg(rq, "role")->text,
					  .account = request_arg(rq, "account")->text,
					  .name = request_arg(rq, "user")->text } };
	struct new_key_record r = { .sid = o.sid, .secret = o.token };

	o.key.grants = split_list(rq, request_arg(rq, "grant")->text, &o.key.n_grants);
	if (administer(rq, add_key, &o, err) < 0)
		return -1;
	r.role = o.key.role;
	rq->reply.status = 201;
	writer_about(w, "The new key", "Copy the secret now. It is shown only once.");
	writer_record(w, NULL, &new_key_shape, &r);
	return 0;
}

static int write_key(struct request *rq, const char *title, const char *sentence, bool asks,
		     struct writer *w, struct error *err)
{
	struct admin a = request_admin(rq);
	struct account_names names;
	struct key_record r;
	struct key k;

	if (admin_key_find(&a, request_arg(rq, "KeySid")->text, &k, err) < 0 ||
	    account_names_load(rq, &names, err) < 0)
		return -1;
	r = make_record(rq, &names, &k);
	if (asks)
		r.revoke = NULL;
	writer_about(w, title, sentence);
	writer_record(w, NULL, &key_shape, &r);
	return 0;
}

static int end_key(const struct admin *a, void *arg, struct error *err)
{
	return admin_key_revoke(a, arg, err);
}

static int revoke_key(struct request *rq, struct writer *w, struct error *err)
{
	char *sid = arena_str(rq->arena, request_arg(rq, "KeySid")->text);

	return administer(rq, end_key, sid, err) < 0
		       ? -1
		       : write_key(rq, "The key is revoked", NULL, false, w, err);
}

static int ask_revocation(struct request *rq, struct writer *w, struct error *err)
{
	return write_key(rq, "Revoke this key?",
			 "The key stops working at once. This can't be undone.", true, w, err);
}

/* ---- the table ---- */

static const char *const key_roles[] = { "Key",     "Ingest", "Account",
					 "Manager", "User",   "SystemAdministrator",
					 NULL };

static const struct param list_params[] = {
	LIST_PAGE_PARAMS("the SID, the user, the role or the account"), { 0 }
};

static const struct param create_params[] = {
	{ "role", PT_ENUM, .flags = PARAM_REQUIRED, .values = key_roles,
	  .doc = "Key: reads an account. Ingest: sends events, reads nothing. Account: reads an "
		 "account and its subaccounts. Other roles are as those of users" },
	{ "account", PT_ACCOUNT, .max = 64,
	  .doc = "The key's account: required for Key and Account, optional for Ingest" },
	{ "user", PT_TEXT, .max = USER_NAME_BYTES, .label = "Owner",
	  .doc = "Name of the person or service: required for Manager, User and "
		 "SystemAdministrator; not for other roles" },
	{ "grant", PT_TEXT, .max = 8000, .label = "Accounts",
	  .doc = "For a Manager: SIDs of the accounts to see, comma-separated" },
	{ 0 }
};

static const struct param revoke_params[] = { { "KeySid", PT_TEXT, .flags = PARAM_PATH, .min = 1,
						.max = 64, .doc = "The key's SID" },
					      { 0 } };

const struct op op_ListKeys = {
	OPERATION(ListKeys, usaged, M_READ, "/keys", ROLE_ADMIN),
	.params = list_params,
	.returns = &keys_shape,
	.run = list_keys,
	.title = "Keys",
	.tab = "Keys",
	.doc = "Keys of programs, without secrets",
};

const struct op op_CreateKey = {
	OPERATION(CreateKey, usaged, M_POST, "/keys", ROLE_ADMIN),
	.params = create_params,
	.returns = &new_key_shape,
	.run = create_key,
	.title = "New key",
	.form = &(const struct op_form) { .path = "/keys/new",
					  .button = "Create the key",
					  .list = &op_ListKeys },
	.doc = "Creates a key and shows its secret once",
};

const struct op op_RevokeKey = {
	OPERATION(RevokeKey, usaged, M_POST, "/keys/{KeySid}/revoke", ROLE_ADMIN),
	.params = revoke_params,
	.returns = &key_shape,
	.run = revoke_key,
	.title = "Revoke a key",
	.form = &(const struct op_form) { .path = "/keys/{KeySid}/revoke",
					  .button = "Revoke the key",
					  .list = &op_ListKeys,
					  .done = "The key was revoked. It no longer works.",
					  .ask = ask_revocation },
	.doc = "Revokes a key. It stops working at once",
};
