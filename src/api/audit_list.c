/*
 * audit_list.c - the audit log: who changed what, and when.
 */
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
	      "Who: a user, a key with SID and label, a token with its maker, or console"),
	FIELD(struct audit_record, action, "What was done, such as key.revoke"),
	FIELD(struct audit_record, subject, "To what: a name or a SID"),
	FIELD(struct audit_record, detail, "In words"),
	{ 0 }
};

static const struct shape audit_shape = { .name = "AuditEntry",
					  .fields = audit_fields,
					  .doc = "A change" };

struct audit_page {
	int64_t page, page_size;
	const char *uri, *first_page_uri, *previous_page_uri, *next_page_uri;
};

enum { AUDIT_LIST = 6 };

static const struct field page_fields[] = {
	FIELD(struct audit_page, page, "Number of the page, from 0"),
	FIELD(struct audit_page, page_size, "Most entries a page has"),
	FIELD(struct audit_page, uri, "This page", .format = "uri"),
	FIELD(struct audit_page, first_page_uri, "The first page", .format = "uri"),
	FIELD(struct audit_page, previous_page_uri, "The page before, or null",
	      .flags = FIELD_PREVIOUS, .format = "uri"),
	FIELD(struct audit_page, next_page_uri, "The page after, or null", .flags = FIELD_NEXT,
	      .format = "uri"),
	[AUDIT_LIST] = FIELD_LIST("entries", &audit_shape, "The newest first"),
	{ 0 }
};

static const struct shape page_shape = { .name = "AuditLog",
					 .flags = SHAPE_PAGE,
					 .fields = page_fields,
					 .doc = "A page of the audit log" };

/*
 * A page begins below the entry of that number. Numbers have no gaps, for
 * nothing is taken away: so the page before begins a page's size above.
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
	/* far above the newest entry is as good as 0, which is above all */
	if (later && place.number[PLACE_BEFORE] < INT64_MAX - page->page_size)
		previous.number[PLACE_BEFORE] = place.number[PLACE_BEFORE] + page->page_size;
	page_links(rq, request_link_path(rq), page, n > size ? &next : NULL,
		   later ? &previous : NULL);
	return 0;
}

static int list_audit(struct request *rq, struct writer *w, struct error *err)
{
	struct record_page page;
	struct audit_page p;
	struct audit *list;

	if (load_page(rq, &page, &list, err) < 0)
		return -1;
	p = (struct audit_page) { page.page,  page.page_size, page.self,
				  page.first, page.previous,  page.next };
	writer_about(w, rq->op->title,
		     "Who changed what, newest first. Corrections of events are on the events' own "
		     "pages.");
	writer_begin(w, NULL, &page_shape);
	writer_fields(w, &page_shape, &p);
	writer_begin_list(w, &page_fields[AUDIT_LIST], &audit_shape);
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
	writer_end(w);
	writer_end(w);
	return 0;
}

static const struct param params[] = { PAGING_PARAMS, { 0 } };

const struct op op_ListAudit = {
	.id = "ListAudit",
	.methods = M_READ,
	.path = "/audit",
	.dialect = &dialect_usaged,
	.roles = ROLE_ADMIN,
	.params = params,
	.returns = &page_shape,
	.run = list_audit,
	.title = "Audit log",
	.tab = "Audit log",
	.doc = "Who changed users, keys, accounts, categories and closings, the newest first",
};
