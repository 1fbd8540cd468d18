/* rejection_list.c - lists rejected records: GET /rejections. */
#include "api/access.h"
#include "api/request.h"
#include "api/paging.h"
#include "api/presets.h"
#include "api/url.h"
#include "store/account.h"
#include "store/rejection.h"
#include "base/banned.h"

struct rejection_record {
	const char *at, *author, *account, *account_sid, *id, *source, *code, *field, *message,
		*record, *file;
	struct decimal line;
};

static const struct field rejection_fields[] = {
	FIELD(struct rejection_record, at, "When it was rejected", .format = "date-time",
	      .label = "Time"),
	FIELD(struct rejection_record, author, "The sender", .label = "Sender"),
	FIELD(struct rejection_record, account,
	      "The name of the account in the record, if the sender may write for it; or null"),
	FIELD(struct rejection_record, account_sid, "That account's SID", .flags = FIELD_LABEL),
	FIELD(struct rejection_record, id, "The event's id, or null if it couldn't be read"),
	FIELD(struct rejection_record, source, "The event's source, or null if it couldn't be read",
	      .flags = FIELD_LABEL),
	FIELD(struct rejection_record, code,
	      "invalid, overflow, closed, suspended, too_many or unreadable"),
	FIELD(struct rejection_record, field, "The field at fault, or null"),
	FIELD(struct rejection_record, message, "The error, and how to fix it", .label = "Problem"),
	FIELD(struct rejection_record, record,
	      "The record as it was sent, shortened to some thousand bytes", .flags = FIELD_DETAIL),
	FIELD(struct rejection_record, file, "The file that it was imported from, or null",
	      .flags = FIELD_DETAIL),
	FIELD(struct rejection_record, line, "Its line in the file, from 1, or null",
	      .flags = FIELD_DETAIL | FIELD_WHOLE),
	{ 0 }
};

static const struct shape rejection_shape = { .name = "Rejection",
					      .fields = rejection_fields,
					      .doc = "A record that was rejected",
					      .none = "No rejected record matches.",
					      .none_yet = "No record was rejected." };

static const struct field page_fields[] = { PAGE_FIELDS,
					    PAGE_NEXT_FIELD,
					    FIELD_LIST("rejections", &rejection_shape,
						       "Newest first"),
					    { 0 } };

static const struct shape page_shape = { .name = "Rejections",
					 .flags = SHAPE_PAGE,
					 .fields = page_fields,
					 .doc = "A page of rejected records" };

/*
 * Chooses the accounts whose rejections the caller sees. *RET NULL: all
 * rejections, including rejections without an account.
 */
static int choose_accounts(const struct request *rq, const int64_t **ret, size_t *ret_n,
			   struct error *err)
{
	struct account *list;
	int64_t *ids;
	size_t n, seen = 0;

	*ret = NULL;
	*ret_n = 0;
	if (rq->who->role == ROLE_ADMIN)
		return 0;
	if (access_accounts_around(rq, &list, &n, err) < 0)
		return -1;
	ids = arena_array(rq->arena, int64_t, n + 1);
	for (size_t i = 0; i < n; i++)
		if (access_writes(rq->who, &list[i]))
			ids[seen++] = list[i].id;
	*ret = ids;
	*ret_n = seen;
	return 0;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static int fill_record(const struct request *rq, const struct rejection *r,
		       struct rejection_record *ret, struct error *err)
{
	struct account account = { 0 };
	char at[INSTANT_TEXT];

	if (r->account && store_account_by_id(rq->store, r->account, rq->arena, &account, err) < 0)
		return -1;
	instant_format(at, r->at * USEC_PER_SEC);
	*ret = (struct rejection_record) {
		.at = arena_str(rq->arena, at),
		.author = r->author,
		.account = r->account ? arena_str(rq->arena, account.name) : NULL,
		.account_sid = or_null(arena_str(rq->arena, account.sid)),
		.source = or_null(r->source),
		.id = or_null(r->event),
		.code = r->code,
		.field = or_null(r->field),
		.message = r->message,
		.record = r->record,
		.file = or_null(r->file),
		.line = DECIMAL_NULL,
	};
	if (*r->file)
		ret->line = (struct decimal) { .n = r->line };
	return 0;
}

static int write_page(const struct request *rq, const struct record_page *page,
		      const struct rejection *list, struct writer *w, struct error *err)
{
	struct rejection_record rec;

	writer_about(w, rq->op->title, "Records that were sent but not stored, newest first.");
	writer_label(w, shape_main_list(&page_shape), rq->op->title);
	late_links_write(rq, w, NULL);
	writer_begin_page(w, &page_shape, page);
	for (size_t i = 0; i < page->n; i++) {
		if (fill_record(rq, &list[i], &rec, err) < 0)
			return -1;
		writer_record(w, NULL, &rejection_shape, &rec);
	}
	writer_end_page(w);
	return 0;
}

/* The place of a page is the id of the rejection before its first rejection. */
static int list_rejections(struct request *rq, struct writer *w, struct error *err)
{
	struct page_place place, next = { 0 };
	struct record_page page;
	struct rejection *list;
	struct rejection_query q = { .since = rq->now -
					      rq->worker->settings->rejected_days * SEC_PER_DAY };
	size_t n;
	bool more;

	if (page_begin(rq, &page, &place, err) < 0 ||
	    choose_accounts(rq, &q.accounts, &q.n, err) < 0)
		return -1;
	q.code = request_arg(rq, "State")->text ? "closed" : NULL;
	q.before = place.number[0];
	q.limit = (size_t)page.page_size + 1;
	if (store_rejections(rq->store, &q, rq->arena, &list, &n, err) < 0)
		return -1;
	more = n > (size_t)page.page_size;
	page.n = more ? (size_t)page.page_size : n;
	if (more)
		next.number[0] = list[page.n - 1].id;
	page_links(rq, request_link_path(rq), &page, more ? &next : NULL, NULL);
	return write_page(rq, &page, list, w, err);
}

static const char *const states[] = { "late", NULL };

static const struct param list_params[] = {
	{ "State", PT_ENUM, .values = states, .any = "any",
	  .doc = "Only late events: their time was in closed days" },
	PAGING_PARAMS,
	{ 0 }
};

const struct op op_ListRejections = {
	OPERATION(ListRejections, usaged, M_READ, "/rejections",
		  ROLE_ADMIN | ROLE_MANAGER | ROLE_ACCOUNT | ROLE_INGEST),
	.params = list_params,
	.returns = &page_shape,
	.run = list_rejections,
	.title = "Rejected records",
	.nav = "Rejected",
	.tab = "Rejected",
	.doc = "Records that were sent but not stored, with the reason",
};
