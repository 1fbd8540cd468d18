#include "api/event_record.h"

#include <string.h>

#include "api/access.h"
#include "api/administer.h"
#include "api/url.h"
#include "store/account.h"
#include "base/banned.h"

#define DIMENSION_FIELD(id, column, field, max, doc, param, group, word, which, one, ...) \
	FIELD_AS(struct event_record, dim[DIM_##id], field, doc, .label = one,            \
		 .flags = DIM_##id == DIM_CUSTOMER ? 0 : FIELD_DETAIL),

static const struct field event_record_fields[] = {
	FIELD(struct event_record, id, "The event's id, unique in its source"),
	FIELD(struct event_record, uri, "The event with its corrections", .flags = FIELD_LINK,
	      .format = "uri"),
	FIELD(struct event_record, source, "The system that reported the event",
	      .flags = FIELD_LABEL),
	FIELD(struct event_record, account_name, "The account's name", .label = "Account"),
	FIELD(struct event_record, subject, "The account's SID", .flags = FIELD_LABEL),
	FIELD(struct event_record, time, "The event's own time", .format = "date-time"),
	FIELD(struct event_record, effective_time,
	      "The effective time: the event's own time; for a late event, the closed instant of "
	      "its account",
	      .format = "date-time", .flags = FIELD_DETAIL),
	FIELD(struct event_record, category, "Usage category"),
	FIELD(struct event_record, description, "The category in words", .flags = FIELD_LABEL),
	FIELD(struct event_record, count, "How many times"),
	FIELD(struct event_record, count_unit, "What count counts", .flags = FIELD_UNIT),
	FIELD(struct event_record, usage, "How much"),
	FIELD(struct event_record, usage_unit, "What usage measures", .flags = FIELD_UNIT),
	FIELD(struct event_record, price, "What it costs"),
	FIELD(struct event_record, price_unit, "The account's currency, lower case",
	      .flags = FIELD_UNIT, .format = "currency"),
	DIMENSION_LIST(DIMENSION_FIELD)
		FIELD(struct event_record, data_upload, "SIM data: bytes sent",
		      .flags = FIELD_DETAIL, .label = "Bytes uploaded"),
	FIELD(struct event_record, data_download, "SIM data: bytes received", .flags = FIELD_DETAIL,
	      .label = "Bytes downloaded"),
	FIELD(struct event_record, state,
	      "current, amended or void; reversal or replacement: an entry that a correction "
	      "added"),
	FIELD_AS(struct event_record, amend_page, "amend", "Page to amend the event",
		 .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD_AS(struct event_record, void_page, "void", "Page to void the event",
		 .flags = FIELD_ACTION | FIELD_PAGE_ONLY),
	FIELD(struct event_record, correction,
	      "The correction that added this entry, else the last correction of the event; or "
	      "null",
	      .flags = FIELD_DETAIL),
	FIELD(struct event_record, corrects, "For a correction's entry: the event that it corrects",
	      .flags = FIELD_DETAIL),
	FIELD(struct event_record, corrects_source, "That event's source", .flags = FIELD_DETAIL),
	{ 0 }
};

const struct shape event_shape = { .name = "Event",
				   .fields = event_record_fields,
				   .doc = "An event",
				   .none = "No event matches these filters." };

/*
 * The URI of an event. The id is encoded, because it may contain "/". A suffix
 * is appended, because the id may end in ".json".
 */
static const char *event_uri(const struct request *rq, const struct found_event *e, const char *sid)
{
	const struct format *format = request_link_format(rq);
	struct url u = url_begin(rq->arena, "/events/");

	url_encode(&u, e->event.id, e->event.id_len);
	url_add(&u, ".");
	url_add(&u, format->terminal_only ? "json" : format->name);
	url_arg(&u, "AccountSid", sid);
	url_arg(&u, "Source", e->source);
	return url_end(&u);
}

/*
 * The page with the form of a correction; NULL if the caller may not correct
 * the event, or if the event can't be corrected any more.
 */
static const char *correction_page(const struct request *rq, const struct found_event *e,
				   const char *sid, const char *action)
{
	if (rq->reply.format != &format_html || !rq->who ||
	    !(rq->who->role & (ROLE_ADMIN | ROLE_MANAGER)) ||
	    (e->state != EVENT_CURRENT && e->state != EVENT_AMENDED))
		return NULL;
	return url_of(rq->arena, action_page(rq, "/events", e->event.id, action),
		      { "subject", sid }, { "source", e->source });
}

static const char *time_text(const struct request *rq, int64_t us)
{
	char text[INSTANT_TEXT];

	instant_format(text, us);
	return arena_str(rq->arena, text);
}

int event_record_fill(const struct request *rq, const struct found_event *e,
		      struct event_record *ret, struct error *err)
{
	const struct amounts *a = &e->event.amounts;
	size_t i = catalogue_index(rq->catalogue, e->series.category);
	const char *time = time_text(rq, e->event.time_us);
	const struct category *c;
	bool sim_data;

	if (i == CATALOGUE_NONE)
		return error_set(err, ERR_INTERNAL, NULL,
				 "an event's category is missing; run \"usaged verify\"");
	c = &rq->catalogue->categories[i];
	sim_data = strcmp(c->name, CATEGORY_SIM_DATA) == 0;
	*ret = (struct event_record) {
		.id = e->event.id,
		.uri = event_uri(rq, e, e->account_sid),
		.source = e->source,
		.subject = e->account_sid,
		.account_name = e->account_name,
		.time = time,
		.effective_time = e->event.effective_us == e->event.time_us
					  ? time
					  : time_text(rq, e->event.effective_us),
		.category = c->name,
		.description = c->description,
		.count = a->count,
		.count_unit = c->count_unit,
		.usage = { .n = a->usage, .places = USAGE_PLACES },
		.usage_unit = c->usage_unit,
		.price = { .n = a->price, .places = PRICE_PLACES },
		.price_unit = e->currency,
		.data_upload = DECIMAL_NULL,
		.data_download = DECIMAL_NULL,
		.state = event_state_names[e->state],
		.correction = e->correction ? e->correction->sid : NULL,
		.amend_page = correction_page(rq, e, e->account_sid, "amend"),
		.void_page = correction_page(rq, e, e->account_sid, "void"),
		.corrects = e->corrects,
		.corrects_source = e->corrects_source,
	};
	memcpy(ret->dim, e->dim, sizeof(ret->dim));
	if (sim_data) {
		ret->data_upload = (struct decimal) { .n = a->upload };
		ret->data_download = (struct decimal) { .n = a->usage - a->upload };
	}
	return 0;
}

static bool has_value(const struct field *f, const struct event_record *rec)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	return writer_scalar(f, (const char *)rec + f->offset, buf, &text, &len) && len > 0;
}

void event_records_hide(const struct event_record *records, size_t n, struct writer *w)
{
	for (const struct field *f = event_record_fields; n > 0 && f->name; f++) {
		bool effective = f->offset == offsetof(struct event_record, effective_time),
		     told = false;

		for (size_t i = 0; i < n && !told; i++)
			told = effective ? strcmp(records[i].effective_time, records[i].time) != 0
					 : has_value(f, &records[i]);
		if (!told)
			writer_hide(w, f);
	}
}

int event_family(const struct request *rq, const char *sid, int64_t *ret, struct error *err)
{
	int64_t own = rq->who ? rq->who->account : 0;
	struct account a;
	int rc;

	*ret = 0;
	if (!sid && !own)
		return 0;
	rc = sid ? store_account_by_sid(rq->store, sid, rq->arena, &a, err)
		 : store_account_by_id(rq->store, own, rq->arena, &a, err);
	/* to the caller, an account of others does not exist */
	if (rc > 0 && sid && !access_writes(rq->who, &a))
		rc = 0;
	*ret = rc > 0 ? (a.parent ? a.parent : a.id) : EVENT_NO_FAMILY;
	return rc < 0 ? -1 : 0;
}

bool events_linked(const struct request *rq)
{
	return rq->reply.format->page;
}

const char *events_link(const struct request *rq, const char *sid, const char *category,
			const char *query)
{
	/*
	 * the other dialects' days are in GMT; the event list's are in the
	 * account's zone
	 */
	const char *zone = strstr(query, "TimeZone=") || strstr(query, "From=") ? ""
										: "&TimeZone=UTC";

	return arena_join(rq->arena, "/events.html?AccountSid=", sid, "&Category=", category, query,
			  zone, NULL);
}
