/*
 * accounts.c - which accounts the caller may see, and where their reports are; new accounts.
 */
#include "api/access.h"
#include "api/administer.h"
#include "api/paging.h"
#include "base/civil.h"
#include "base/banned.h"

struct account_record {
	const char *name, *sid, *parent_sid, *currency, *created, *usage_uri, *monthly_uri;
};

static const struct field account_fields[] = {
	FIELD(struct account_record, name, "What it is called"),
	FIELD(struct account_record, sid, "The account", .flags = FIELD_LABEL),
	FIELD(struct account_record, parent_sid, "The account it is a subaccount of, or null"),
	FIELD(struct account_record, currency, "What its prices are in, lower case", .format = "currency"),
	FIELD(struct account_record, created, "Its first day", .format = "date"),
	FIELD(struct account_record, usage_uri, "Its usage of this month", .format = "uri"),
	FIELD(struct account_record, monthly_uri, "Its usage by month", .format = "uri"),
	{ 0 }
};

static const struct shape account_shape = { .name = "Account", .fields = account_fields, .doc = "An account" };

enum { ACCOUNTS_LIST };

static const struct field accounts_fields[] = {
	[ACCOUNTS_LIST] = FIELD_LIST("accounts", &account_shape, "In the order of their SIDs"), { 0 }
};

static const struct shape accounts_shape = { .name = "Accounts", .fields = accounts_fields, .doc = "The accounts that the caller may see" };

static const char *parent_sid(const struct account *all, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return all[i].sid;
	return NULL;
}

static void write_account(const struct call *call, const struct account *a, const char *parent, struct writer *w)
{
	const char *suffix = call_link_suffix(call, &dialect_twilio);
	const char *records = arena_join(call->arena, "/2010-04-01/Accounts/", a->sid, "/Usage/Records", NULL);
	struct account_record rec = {
		.name = a->name, .sid = a->sid, .parent_sid = parent, .currency = a->currency, .created = day_text(call, a->created),
		.usage_uri = arena_join(call->arena, records, "/ThisMonth", suffix, NULL),
		.monthly_uri = arena_join(call->arena, records, "/Monthly", suffix, NULL),
	};

	writer_record(w, NULL, &account_shape, &rec);
}

static int list_accounts(struct call *call, struct writer *w, struct error *err)
{
	struct account *accounts;
	size_t n;

	if (access_accounts(call, &accounts, &n, err) < 0)
		return -1;
	writer_about(w, call->op->title, arena_printf(call->arena, "%zu that you may see.", n));
	writer_begin(w, NULL, &accounts_shape);
	writer_begin_list(w, &accounts_fields[ACCOUNTS_LIST], &account_shape);
	for (size_t i = 0; i < n; i++)
		write_account(call, &accounts[i], parent_sid(accounts, n, accounts[i].parent), w);
	writer_end(w);
	writer_end(w);
	return 0;
}

/* ---- new ones ---- */

struct order {
	struct new_account account;
	struct account made;
};

static int add_account(const struct admin *a, void *arg, struct error *err)
{
	struct order *o = arg;

	return admin_account_add(a, &o->account, &o->made, err);
}

static int create_account(struct call *call, struct writer *w, struct error *err)
{
	const struct arg *created = call_arg(call, "created");
	char day[DATE_TEXT];
	struct order o = { .account = {
		.name = call_arg(call, "name")->text, .parent = call_arg(call, "parent")->text, .currency = call_arg(call, "currency")->text,
		.sid = call_arg(call, "sid")->text, .created = created->text ? day : NULL } };

	if (created->text)
		date_format(day, created->date);
	if (administer(call, add_account, &o, err) < 0)
		return -1;
	call->status = 201;
	writer_about(w, call->op->title, NULL);
	write_account(call, &o.made, o.account.parent, w);
	return 0;
}

static const struct param no_params[] = { { 0 } };

static const struct param create_params[] = {
	{ "name", PT_TEXT, .flags = PARAM_REQUIRED, .min = 1, .max = ACCOUNT_NAME_BYTES, .doc = "What it is called; no other account is called so" },
	{ "parent", PT_ACCOUNT, .max = 64, .label = "Subaccount of", .doc = "The SID of a main account that this one is to be a subaccount of" },
	{ "currency", PT_TEXT, .def = "usd", .min = 3, .max = 3, .doc = "What its prices are in, three letters; it can't be changed later" },
	{ "created", PT_DATE, .label = "First day", .doc = "When its usage begins; without it, now" },
	{ "sid", PT_TEXT, .max = 64, .label = "SID", .doc = "AC and 32 hexadecimal digits, if it has one elsewhere; without it, a new one" },
	{ 0 }
};

const struct op op_ListAccounts = {
	.id = "ListAccounts", .methods = M_READ, .path = "/accounts", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = no_params, .returns = &accounts_shape, .run = list_accounts, .title = "Accounts", .nav = "Accounts",
	.tab = "Accounts",
	.doc = "The accounts that the caller may see, and where their usage is",
};

const struct op op_CreateAccount = {
	.id = "CreateAccount", .methods = M_POST, .path = "/accounts", .dialect = &dialect_usaged, .roles = ROLE_ADMIN,
	.params = create_params, .returns = &account_shape, .takes_body = true, .run = create_account, .title = "New account",
	.form = &(const struct op_form){ .path = "/accounts/new", .button = "Add the account", .list = &op_ListAccounts,
					 .done = "The account was added." },
	.doc = "Adds an account, or a subaccount, for good",
};
