/*
 * event_record.h - the record of an event: in lists, alone, and after a
 * correction.
 */
#ifndef API_EVENT_RECORD_H
#define API_EVENT_RECORD_H

#include "api/request.h"
#include "usage/event_search.h"

struct event_record {
	const char *id, *uri, *source, *subject, *account_name, *time, *effective_time, *category,
		*description;
	int64_t count;
	const char *count_unit;
	struct decimal usage;
	const char *usage_unit;
	struct decimal price;
	const char *price_unit;
	const char *dim[DIMENSIONS_BUILT_IN];
	/* null unless the event is SIM data */
	struct decimal data_upload, data_download;
	const char *state, *amend_page, *void_page, *correction, *corrects, *corrects_source;
};

extern const struct shape event_shape;

/* All of *RET is in the request's arena or static. */
int event_record_fill(const struct request *rq, const struct found_event *e,
		      struct event_record *ret, struct error *err);

/*
 * Hides columns that are empty in all N records, and effective times if all
 * equal the events' own times. For pages and terminal tables.
 */
void event_records_hide(const struct event_record *records, size_t n, struct writer *w);

/*
 * Link from a report's record to the list of events of the account SID and a
 * category. QUERY ("&StartDate=...", encoded) has the other filters. Only pages
 * have the link; events_linked tells whether the answer is a page.
 */
#define FIELD_EVENTS(rec)                                                                     \
	FIELD(rec, events_uri, "The events behind it", .flags = FIELD_LINK | FIELD_PAGE_ONLY, \
	      .format = "uri")
bool events_linked(const struct request *rq);
const char *events_link(const struct request *rq, const char *sid, const char *category,
			const char *query);

/*
 * The family whose events the request may name. With SID: the family of the
 * account SID, or EVENT_NO_FAMILY if there is no such account or the caller may
 * not use it. With SID NULL: the family of the caller's account, or 0 (any
 * family) if the caller has no account.
 */
enum { EVENT_NO_FAMILY = -1 };
int event_family(const struct request *rq, const char *sid, int64_t *ret, struct error *err);

/*
 * The root of an answer: an event, its corrections and the amounts that count
 * now. A request for an entry is answered with the event that the entry
 * corrects.
 */
extern const struct shape event_answer_shape;
int event_answer_write(const struct request *rq, const struct stored_event *e, struct writer *w,
		       struct error *err);

#endif
