/*
 * event_record.h - how an event is shown: the same record in lists, alone and
 * after a correction.
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
	const char *dim[DIMENSIONS];
	struct decimal data_upload, data_download; /* null but for SIM data */
	const char *state, *amend_page, *void_page, *correction, *corrects, *corrects_source;
};

extern const struct shape event_shape;

/* All of *RET is in the request's arena or static. */
int event_record_fill(const struct request *rq, const struct found_event *e,
		      struct event_record *ret, struct error *err);

/*
 * Tables for people leave out what none of the N records has, and effective
 * times if all are the events' own.
 */
void event_records_hide(const struct event_record *records, size_t n, struct writer *w);

/*
 * Where a report's record leads: the page of the events behind it, of the
 * account SID and a category; QUERY ("&StartDate=...", encoded) says the rest.
 * Only pages have it: events_linked says if one is written.
 */
#define FIELD_EVENTS(rec)                                                                     \
	FIELD(rec, events_uri, "The events behind it", .flags = FIELD_LINK | FIELD_PAGE_ONLY, \
	      .format = "uri")
bool events_linked(const struct request *rq);
const char *events_link(const struct request *rq, const char *sid, const char *category,
			const char *query);

/*
 * The family whose events the call is about: that of the account SID, or (NULL)
 * of the caller's account; 0: any, where the caller has none. *RET is
 * EVENT_NO_FAMILY if there is no such account that the caller may read or
 * write.
 */
enum { EVENT_NO_FAMILY = -1 };
int event_family(const struct request *rq, const char *sid, int64_t *ret, struct error *err);

/*
 * One event with its corrections and what counts now: the root of an answer. Of
 * a correction's fact: those of the event that it corrects.
 */
extern const struct shape event_answer_shape;
int event_answer_write(const struct request *rq, const struct stored_event *e, struct writer *w,
		       struct error *err);

#endif
