/*
 * accounts.c - which accounts the caller may see, and where their reports are.
 */
#include "api/access.h"
#include "api/op.h"
#include "api/paging.h"
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

static int list_accounts(struct call *call, struct writer *w, struct error *err)
{
	const char *suffix = call_link_suffix(call, &dialect_twilio);
	struct account *accounts;
	size_t n;

	if (access_accounts(call, &accounts, &n, err) < 0)
		return -1;
	writer_about(w, call->op->title, arena_printf(call->arena, "%zu that you may see.", n));
	writer_begin(w, NULL, &accounts_shape);
	writer_begin_list(w, &accounts_fields[ACCOUNTS_LIST], &account_shape);
	for (size_t i = 0; i < n; i++) {
		const struct account *a = &accounts[i];
		const char *records = arena_join(call->arena, "/2010-04-01/Accounts/", a->sid, "/Usage/Records", NULL);
		char created[DATE_TEXT];
		struct account_record rec = {
			.name = a->name, .sid = a->sid, .parent_sid = parent_sid(accounts, n, a->parent), .currency = a->currency,
			.created = created,
			.usage_uri = arena_join(call->arena, records, "/ThisMonth", suffix, NULL),
			.monthly_uri = arena_join(call->arena, records, "/Monthly", suffix, NULL),
		};

		date_format(created, date_from_days(floor_div(a->created, SEC_PER_DAY)));
		writer_record(w, NULL, &account_shape, &rec);
	}
	writer_end(w);
	writer_end(w);
	return 0;
}

static const struct param no_params[] = { { 0 } };

const struct op op_ListAccounts = {
	.id = "ListAccounts", .methods = M_READ, .path = "/accounts", .dialect = &dialect_usaged, .roles = ROLES_READING,
	.params = no_params, .returns = &accounts_shape, .run = list_accounts, .title = "Accounts", .nav = "Accounts",
	.doc = "The accounts that the caller may see, and where their usage is",
};
