/*
 * closings.c - closings: through which day the amounts of an account are settled.
 */
#include "api/administer.h"
#include "base/civil.h"
#include "base/banned.h"

struct closing_record {
	const char *account, *account_sid, *through, *author, *made;
};

static const struct field closing_fields[] = {
	FIELD(struct closing_record, account, "The account's name"),
	FIELD(struct closing_record, account_sid, "Its SID", .flags = FIELD_LABEL),
	FIELD(struct closing_record, through, "The last day that is closed (UTC)", .format = "date"),
	FIELD(struct closing_record, author, "Who closed it: a user, a key's SID, or console"),
	FIELD(struct closing_record, made, "When", .format = "date-time"),
	{ 0 }
};

static const struct shape closing_shape = { .name = "Closing", .fields = closing_fields, .doc = "Through when an account is closed",
	.none = "No account is closed: each event counts at its own time." };

enum { CLOSINGS_LIST };

static const struct field closings_fields[] = {
	[CLOSINGS_LIST] = FIELD_LIST("closings", &closing_shape, "Accounts that are closed through some day"), { 0 }
};

static const struct shape closings_shape = {
	.name = "Closings", .flags = SHAPE_PAGE, .fields = closings_fields, .doc = "Closings"
};

static int write_closings(const struct call *call, const struct closing *list, size_t n, struct writer *w, struct error *err)
{
	struct account_names names;

	if (account_names_load(call, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct account *a = account_names_find(&names, list[i].account);
		struct closing_record r = {
			.account = a ? a->name : NULL, .account_sid = a ? a->sid : NULL, .through = day_text(call, list[i].open_us / USEC_PER_SEC - SEC_PER_DAY),
			.author = list[i].author, .made = instant_text(call, list[i].made),
		};

		writer_record(w, NULL, &closing_shape, &r);
	}
	return 0;
}

static int list_closings(struct call *call, struct writer *w, struct error *err)
{
	struct closing *list;
	size_t n;

	if (store_closings(call->store, call->arena, &list, &n, err) < 0)
		return -1;
	writer_about(w, call->op->title, "What was reported for closed days stays: late events count after them, or are rejected.");
	writer_begin(w, NULL, &closings_shape);
	writer_begin_list(w, &closings_fields[CLOSINGS_LIST], &closing_shape);
	if (write_closings(call, list, n, w, err) < 0)
		return -1;
	writer_end(w);
	writer_end(w);
	return 0;
}

struct closing_order {
	const char *account, *through;
};

static int close_account(const struct admin *a, void *arg, struct error *err)
{
	const struct closing_order *o = arg;

	return admin_closing_close(a, o->account, o->through, err);
}

static int create_closing(struct call *call, struct writer *w, struct error *err)
{
	char day[DATE_TEXT];
	struct closing_order o = { call_arg(call, "account")->text, day };
	struct account account;
	struct closing closing;

	date_format(day, call_arg(call, "through")->date);
	if (administer(call, close_account, &o, err) < 0 || store_account_by_sid(call->store, o.account, call->arena, &account, err) < 0 ||
	    store_closing(call->store, account.id, call->arena, &closing, err) < 0)
		return -1;
	call->status = 201;
	writer_about(w, call->op->title, NULL);
	return write_closings(call, &closing, 1, w, err);
}

static const struct param no_params[] = { { 0 } };

static const struct param close_params[] = {
	{ "account", PT_ACCOUNT, .flags = PARAM_REQUIRED, .max = 64, .doc = "The account, by its SID" },
	{ "through", PT_DATE, .flags = PARAM_REQUIRED, .label = "Through", .doc = "The last day that is to be closed (UTC); it must be over" },
	{ 0 }
};

const struct op op_ListClosings = {
	.id = "ListClosings", .methods = M_READ, .path = "/closings", .dialect = &dialect_usaged, .roles = ROLE_ADMIN, .params = no_params,
	.returns = &closings_shape, .run = list_closings, .title = "Closings", .tab = "Closings",
	.doc = "Through which days accounts are closed",
};

const struct op op_CreateClosing = {
	.id = "CreateClosing", .methods = M_POST, .path = "/closings", .dialect = &dialect_usaged, .roles = ROLE_ADMIN, .params = close_params,
	.returns = &closing_shape, .takes_body = true, .run = create_closing, .title = "Close an account",
	.form = &(const struct op_form){ .path = "/closings/new", .button = "Close", .list = &op_ListClosings,
					 .done = "The account is closed." },
	.doc = "Closes an account through a day: the amounts of closed days don't change any more",
};
