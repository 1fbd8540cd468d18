/* audit_list.c - lists the audit log: each change with its author and time. */
#include "api/administer.h"
#include "api/paging.h"
#include "api/url.h"
#include "store/audit.h"
#include "base/banned.h"

struct audit_record {
	const char *at, *author, *action, *subject, *detail;
};

static const struct field audit_fields[] = {
	FIELD(struct audit_record, at, "When", .format = "date-time", .label = "Time"),
	FIELD(struct audit_record, author,
	      "The author: a user, a key with SID and label, a token with its maker, or console"),
	FIELD(struct audit_record, action, "The action, such as key.revoke"),
	FIELD(struct audit_record, subject, "The changed object: a name or a SID"),
	FIELD(struct audit_record, detail, "Details"),
	{ 0 }
};

static const struct shape audit_shape = { .name = "AuditEntry",
					  .fields = audit_fields,
					  .doc = "A change" };

static const struct field page_fields[] = { PAGE_FIELDS,
					    PAGE_PREVIOUS_FIELD,
					    PAGE_NEXT_FIELD,
					    FIELD_LIST("entries", &audit_shape, "Newest first"),
					    { 0 } };

static const struct shape page_shape = { .name = "AuditLog",
					 .flags = SHAPE_PAGE,
					 .fields = page_fields,
					 .doc = "A page of the audit log" };

/*
 * The place of a page is the number of the entry before its first entry.
 * Entries are never deleted, so numbers have no gaps, and the place of the
 * previous page is one page size higher.
 */
enum { PLACE_BEFORE };

static int load_page(const struct request *rq, struct record_page *page, struct audit **ret,
		     struct error *err)
{
	struct page_place place = { .name = NULL }, next = { .name = NULL },
			  previous = { .name = NULL };
	int later = page_begin(rq, page, &place, err);
	size_t size = later < 0 ? 0 : (size_t)page->page_size, n;

	if (later < 0 ||
	    store_audits(rq->store,
			 &(struct newest) { .before = later ? place.number[PLACE_BEFORE] : 0,
					    .limit = size + 1 },
			 rq->arena, ret, &n, err) < 0)
		return -1;
	page->n = n > size ? size : n;
	if (n > size)
		next.number[PLACE_BEFORE] = (*ret)[size - 1].id;
	/* a number far above the newest entry means the first page: 0 */
	if (later && place.number[PLACE_BEFORE] < INT64_MAX - page->page_size)
		previous.number[PLACE_BEFORE] = place.number[PLACE_BEFORE] + page->page_size;
	page_links(rq, request_link_path(rq), page, n > size ? &next : NULL,
		   later ? &previous : NULL);
	return 0;
}

static int list_audit(struct request *rq, struct writer *w, struct error *err)
{
	struct record_page page;
	struct audit *list;

	if (load_page(rq, &page, &list, err) < 0)
		return -1;
	writer_about(w, rq->op->title,
		     "Who changed what, newest first. Corrections of events are on the events' own "
		     "pages.");
	writer_begin_page(w, &page_shape, &page);
	for (size_t i = 0; i < page.n; i++) {
		struct audit_record r = {
			.at = instant_text(rq, list[i].at),
			.author = list[i].author,
			.action = list[i].action,
			.subject = list[i].subject,
			.detail = *list[i].detail ? list[i].detail : NULL,
		};

		writer_record(w, NULL, &audit_shape, &r);
	}
	writer_end_page(w);
	return 0;
}

static const struct param params[] = { PAGING_PARAMS, { 0 } };

const struct op op_ListAudit = {
	OPERATION(ListAudit, usaged, M_READ, "/audit", ROLE_ADMIN),
	.params = params,
	.returns = &page_shape,
	.run = list_audit,
	.title = "Audit log",
	.tab = "Audit log",
	.doc = "Changes to users, keys, accounts, categories and closings, newest first",
};
