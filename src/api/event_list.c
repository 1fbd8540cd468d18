/*
 * event_list.c - events: GET /events lists them by account, time, category,
 * dimensions and state; GET /events/{EventId} shows one with its corrections.
 */
#include <string.h>

#include "api/access.h"
#include "api/dimension_filter.h"
#include "api/event_record.h"
#include "api/paging.h"
#include "api/presets.h"
#include "api/range.h"
#include "api/url.h"
#include "ingest/members.h"
#include "store/account.h"
#include "store/correction.h"
#include "store/event.h"
#include "base/banned.h"

/* ---- the list ---- */

static const struct field page_fields[] = { PAGE_FIELDS,
					    PAGE_PREVIOUS_FIELD,
					    PAGE_NEXT_FIELD,
					    FIELD_LIST("events", &event_shape,
						       "In the order of their effective times"),
					    { 0 } };

static const struct shape page_shape = {
	.name = "Events", .flags = SHAPE_PAGE, .fields = page_fields, .doc = "A page of events"
};

/*
 * Chooses the account of the parameter AccountSid with its subaccounts; without
 * AccountSid, all accounts that the caller sees.
 */
static int choose_accounts(struct request *rq, struct event_query *q, struct error *err)
{
	const char *sid = request_arg(rq, "AccountSid")->text;
	struct account *list = NULL, account = { 0 }, *all;
	int64_t *ids;
	size_t n = 0;

	if (!sid) {
		if (access_accounts(rq, &list, &n, err) < 0)
			return -1;
	} else {
		if (access_asked_account(rq, &account, err) < 0)
			return -1;
		if (request_arg(rq, "IncludeSubaccounts")->yes && !account.parent &&
		    store_accounts(rq->store, account.id, rq->arena, &list, &n, err) < 0)
			return -1;
	}
	all = arena_array(rq->arena, struct account, n + 1);
	if (n)
		memcpy(all, list, n * sizeof(*all));
	if (sid)
		all[n++] = account;
	ids = arena_array(rq->arena, int64_t, n + 1);
	q->n_accounts = 0;
	for (size_t i = 0; i < n; i++)
		if (access_sees_events(rq->who, &all[i]) || (sid && all[i].id == account.id))
			ids[q->n_accounts++] = all[i].id;
	q->accounts = ids;
	return request_take_calendar(rq, all, n, err);
}

/* Days and instants may both be given: the range is their intersection. */
static int choose_range(const struct request *rq, struct event_query *q, struct error *err)
{
	const struct arg *start = request_arg(rq, "StartDate"), *end = request_arg(rq, "EndDate"),
			 *from = request_arg(rq, "From"), *to = request_arg(rq, "To");
	const struct zone *zone = request_zone(rq);

	q->from_us = 0;
	q->to_us = INT64_MAX;
	if (start->text)
		q->from_us = zone_day_start(zone, start->date) * USEC_PER_SEC;
	if (end->text)
		q->to_us = zone_day_start(zone, date_from_days(date_to_days(end->date) + 1)) *
			   USEC_PER_SEC;
	if (start->text && end->text && q->from_us >= q->to_us)
		return error_set(err, ERR_REVERSED, "EndDate",
				 "the range ends on %s, before it begins on %s", end->text,
				 start->text);
	if (from->text && to->text && from->instant_us > to->instant_us)
		return error_set(err, ERR_REVERSED, "To",
				 "the range ends at %.40s, before it begins at %.40s", to->text,
				 from->text);
	if (from->text && from->instant_us > q->from_us)
		q->from_us = from->instant_us;
	if (to->text && to->instant_us < q->to_us)
		q->to_us = to->instant_us;
	return 0;
}

static int choose_filters(struct request *rq, struct event_query *q, struct error *err)
{
	const struct arg *category = request_arg(rq, "Category"), *state = request_arg(rq, "State");
	struct dimension_filter filter;

	if (dimension_filter_read(rq, &filter, err) < 0)
		return -1;
	memcpy(q->dim, filter.text, sizeof(q->dim));
	memcpy(q->prefix, filter.prefix, sizeof(q->prefix));
	q->category = category->text ? category->category : CATALOGUE_NONE;
	q->source = request_arg(rq, "Source")->text;
	q->id = request_arg(rq, "Id")->text;
	q->state = state->text ? (int)state->n : -1;
	q->oldest_first = request_arg(rq, "Order")->n == 1;
	if (event_family(rq, request_arg(rq, "AccountSid")->text, &q->family, err) < 0)
		return -1;
	return choose_accounts(rq, q, err) < 0 || choose_range(rq, q, err) < 0 ? -1 : 0;
}

/*
 * The numbers of a place in the list; the name of the place is an event's id.
 */
enum { PLACE_SET, PLACE_TIME, PLACE_SOURCE, PLACE_ACCOUNT };

static struct page_place make_place(struct event_position at)
{
	return (struct page_place) { .number = { [PLACE_SET] = at.id != NULL,
						 [PLACE_TIME] = at.effective_us,
						 [PLACE_SOURCE] = at.source,
						 [PLACE_ACCOUNT] = at.account },
				     .name = at.id };
}

static struct event_position read_place(const struct page_place *p)
{
	if (!p->number[PLACE_SET])
		return (struct event_position) { 0 };
	return (struct event_position) { p->number[PLACE_TIME], p->number[PLACE_SOURCE],
					 p->number[PLACE_ACCOUNT], p->name ? p->name : "" };
}

static int load_page(const struct request *rq, const struct event_query *q,
		     struct record_page *page, struct found_events *found, struct error *err)
{
	struct page_place place, next, previous;
	struct event_position at, back;
	struct event_slice slice;

	if (page_begin(rq, page, &place, err) < 0)
		return -1;
	at = read_place(&place);
	slice = (struct event_slice) { at, (size_t)page->page_size };
	if (event_search(rq->store, q, &(struct event_page) { rq->catalogue, slice }, rq->arena,
			 found, err) < 0)
		return -1;
	page->n = found->n;
	next = make_place(found->next);
	if (at.id) {
		if (event_search_back(rq->store, q, &(struct event_page) { rq->catalogue, slice },
				      rq->arena, &back, err) < 0)
			return -1;
		previous = make_place(back);
	}
	page_links(rq, request_link_path(rq), page, found->more ? &next : NULL,
		   at.id ? &previous : NULL);
	return 0;
}

static int write_page(const struct request *rq, const struct record_page *page,
		      const struct found_events *found, struct writer *w, struct error *err)
{
	struct event_record *records = arena_array(rq->arena, struct event_record, found->n);

	for (size_t i = 0; i < found->n; i++)
		if (event_record_fill(rq, &found->list[i], &records[i], err) < 0)
			return -1;
	event_records_hide(records, found->n, w);
	writer_assume(w, "TimeZone", zone_name(request_zone(rq)));
	presets_write(rq, w);
	writer_begin_page(w, &page_shape, page);
	for (size_t i = 0; i < found->n; i++)
		writer_record(w, NULL, &event_shape, &records[i]);
	writer_end_page(w);
	return 0;
}

static int list_events(struct request *rq, struct writer *w, struct error *err)
{
	struct event_query q = { 0 };
	struct found_events found;
	struct record_page page;

	if (choose_filters(rq, &q, err) < 0 || load_page(rq, &q, &page, &found, err) < 0)
		return -1;
	writer_about(w, rq->op->title,
		     arena_printf(rq->arena, "By effective time, %s first.",
				  request_arg(rq, "Order")->text));
	late_links_write(rq, w, request_arg(rq, "AccountSid")->text);
	return write_page(rq, &page, &found, w, err);
}

static const char *const orders[] = { "newest", "oldest", NULL };

#define DIMENSION_PARAM(id, column, field, max_, doc_, param, group, word, which, one, ...) \
	{ param,                                                                            \
	  PT_TEXT,                                                                          \
	  .label = one,                                                                     \
	  .flags = DIM_##id == DIM_CUSTOMER ? 0 : PARAM_RARE,                               \
	  .max = (max_) < 64 ? 64 : (max_),                                                 \
	  .doc = "Only events of this " which },

static const struct param list_params[] = {
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",
	  .doc = "Only events of this account. Default: of all accounts that you may see" },
	{ "IncludeSubaccounts", PT_BOOL, .flags = PARAM_RARE, .def = "true",
	  .doc = "Include subaccounts that you may see" },
	{ "Category", PT_CATEGORY,
	  .doc = "Only events of this category and those below it; totalprice means all" },
	DIMENSION_LIST(DIMENSION_PARAM) FILTER_PARAM,
	{ "From", PT_INSTANT, .flags = PARAM_RARE, .doc = "Effective at this instant or later" },
	{ "To", PT_INSTANT, .flags = PARAM_RARE, .doc = "Effective before this instant" },
	{ "StartDate", PT_DATE, .doc = "Effective on this day or later" },
	{ "EndDate", PT_DATE, .doc = "Effective on this day or earlier" },
	{ "TimeZone", PT_ZONE, .flags = PARAM_RARE,
	  .doc = "Days by the clocks of this zone (IANA name) instead of the accounts' own" },
	{ "State", PT_ENUM, .values = event_filter_names, .any = "any",
	  .doc = "Only events in this state; late: events that count after their own time" },
	{ "Id", PT_TEXT, .max = 256, .label = "Event id", .doc = "Only events with this id" },
	{ "Source", PT_TEXT, .flags = PARAM_RARE, .max = 256, .doc = "Only events of this source" },
	{ "Order", PT_ENUM, .flags = PARAM_RARE, .def = "newest", .values = orders,
	  .doc = "Newest or oldest first" },
	PAGING_PARAMS,
	{ 0 }
};

const struct op op_ListEvents = {
	OPERATION(ListEvents, usaged, M_READ, "/events", ROLES_READING),
	.params = list_params,
	.returns = &page_shape,
	.run = list_events,
	.title = "Events",
	.nav = "Events",
	.doc = "Lists events by account, effective time, category, dimensions, state, source and "
	       "id",
};

/* ---- one event ---- */

struct correction_record {
	const char *sid, *kind, *author, *reason, *made;
};

static const struct field correction_fields[] = {
	FIELD(struct correction_record, sid, "The correction"),
	FIELD(struct correction_record, kind, "void or amend"),
	FIELD(struct correction_record, author, "The author"),
	FIELD(struct correction_record, reason, "Why"),
	FIELD(struct correction_record, made, "When", .format = "date-time"),
	{ 0 }
};

static const struct shape correction_shape = { .name = "Correction",
					       .fields = correction_fields,
					       .doc = "A correction",
					       .none = "This event was never corrected." };

struct attribute_record {
	const char *name, *value;
};

static const struct field attribute_fields[] = {
	FIELD(struct attribute_record, name, "The member's name"),
	FIELD(struct attribute_record, value, "Its value: text as it is, other values as JSON"),
	{ 0 }
};

static const struct shape attribute_shape = { .name = "Attribute",
					      .fields = attribute_fields,
					      .doc = "An additional member of an event",
					      .none = "The event has no additional members." };

struct event_answer {
	const struct event_record *event, *counts;
};

enum { ANSWER_CORRECTIONS = 2, ANSWER_ATTRIBUTES };

static const struct field answer_fields[] = {
	FIELD(struct event_answer, event, "The event", .shape = &event_shape),
	FIELD(struct event_answer, counts,
	      "The entry that counts now: the event itself, its latest replacement, or null if it "
	      "is void",
	      .shape = &event_shape),
	[ANSWER_CORRECTIONS] = FIELD_LIST("corrections", &correction_shape, "Oldest first"),
	[ANSWER_ATTRIBUTES] = FIELD_LIST("attributes", &attribute_shape,
					 "The event's additional members, as received, by name"),
	{ 0 }
};

const struct shape event_answer_shape = { .name = "EventDetails",
					  .fields = answer_fields,
					  .doc = "An event with its corrections" };

/* Finds E, or the event that E corrects. */
static int find_original(const struct request *rq, const struct found_event *e,
			 struct stored_event *ret, struct error *err)
{
	const struct correction *c = e->correction;
	int rc;

	*ret = e->event;
	if (!e->corrects)
		return 0;
	rc = store_event_find(rq->store,
			      &(struct event_key) { c->source, c->event, strlen(c->event) },
			      rq->arena, ret, err);
	return rc > 0   ? 0
	       : rc < 0 ? -1
			: error_set(err, ERR_INTERNAL, NULL,
				    "a corrected event is missing; run \"usaged verify\"");
}

static int load_record(const struct request *rq, const struct stored_event *e,
		       struct found_event *found, struct event_record *ret, struct error *err)
{
	int rc = store_event_read(rq->store, &(struct event_key) { e->source, e->id, e->id_len },
				  rq->arena, found, err);

	if (rc <= 0)
		return rc < 0 ? -1
			      : error_set(err, ERR_INTERNAL, NULL,
					  "an event is missing; run \"usaged verify\"");
	return event_record_fill(rq, found, ret, err);
}

static void write_corrections(const struct correction *list, size_t n, struct writer *w)
{
	char made[INSTANT_TEXT];

	writer_begin_list(w, &answer_fields[ANSWER_CORRECTIONS], &correction_shape);
	for (size_t i = 0; i < n; i++) {
		struct correction_record rec = {
			.sid = list[i].sid,
			.kind = list[i].kind == CORRECTION_VOID ? "void" : "amend",
			.author = list[i].author,
			.reason = list[i].reason,
			.made = made,
		};

		instant_format(made, list[i].made * USEC_PER_SEC);
		writer_record(w, NULL, &correction_shape, &rec);
	}
	writer_end(w);
}

static void write_attributes(const char *text, struct writer *w)
{
	json_object *attributes = text ? members_parse(text, strlen(text)) : NULL;

	writer_begin_list(w, &answer_fields[ANSWER_ATTRIBUTES], &attribute_shape);
	if (attributes) {
		json_object_object_foreach(attributes, name, value)
		{
			bool is_text = json_object_is_type(value, json_type_string);
			struct attribute_record rec = {
				name,
				is_text ? json_object_get_string(value)
					: json_object_to_json_string_ext(
						  value, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE)
			};

			writer_record(w, NULL, &attribute_shape, &rec);
		}
	}
	writer_end(w);
	json_object_put(attributes);
}

int event_answer_write(const struct request *rq, const struct stored_event *e, struct writer *w,
		       struct error *err)
{
	struct event_record event, counts;
	struct event_answer answer = { .event = &event };
	struct stored_event original, counting;
	struct correction *corrections;
	struct found_event found, other;
	const char *attributes = NULL;
	size_t n;
	int rc;

	if (load_record(rq, e, &found, &event, err) < 0 ||
	    find_original(rq, &found, &original, err) < 0 ||
	    store_corrections(rq->store,
			      &(struct event_key) { original.source, original.id, original.id_len },
			      rq->arena, &corrections, &n, err) < 0 ||
	    event_attributes(rq->store, &original, rq->arena, &attributes, err) < 0)
		return -1;
	rc = event_counting(rq->store, &original, rq->arena, &counting, err);
	if (rc < 0 || (rc > 0 && load_record(rq, &counting, &other, &counts, err) < 0))
		return -1;
	/* a page doesn't repeat the amounts of an unchanged event */
	answer.counts = rc > 0 && !(rq->reply.format->page && found.state == EVENT_CURRENT)
				? &counts
				: NULL;
	writer_about(w, rq->op->title,
		     arena_printf(rq->arena, "%s of %s.", event.id, event.source));
	writer_begin(w, NULL, &event_answer_shape);
	writer_fields(w, &event_answer_shape, &answer);
	write_corrections(corrections, n, w);
	write_attributes(attributes, w);
	writer_end(w);
	return 0;
}

static int may_see(void *arg, struct store *st, int64_t account, struct error *err)
{
	const struct request *rq = arg;

	return access_events(rq->who, st, account, err);
}

static int get_event(struct request *rq, struct writer *w, struct error *err)
{
	struct event_identity id = { .source = request_arg(rq, "Source")->text,
				     .id = request_arg(rq, "EventId")->text };
	struct event_scope scope = { may_see, rq };
	struct stored_event e;

	if (event_family(rq, request_arg(rq, "AccountSid")->text, &id.family, err) < 0 ||
	    event_find(rq->store, &id, &scope, rq->arena, &e, err) < 0)
		return -1;
	return event_answer_write(rq, &e, w, err);
}

static const struct param get_params[] = {
	{ "EventId", PT_TEXT, .flags = PARAM_PATH, .min = 1, .max = 256,
	  .doc = "The event's id, percent-encoded" },
	{ "Source", PT_TEXT, .max = 256,
	  .doc = "The event's source; required if several events have that id" },
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",
	  .doc = "SID of the event's account, or of one of the same family; required if events of "
		 "several main accounts have that source and id" },
	{ 0 }
};

const struct op op_GetEvent = {
	OPERATION(GetEvent, usaged, M_READ, "/events/{EventId}", ROLES_READING),
	.params = get_params,
	.returns = &event_answer_shape,
	.run = get_event,
	.title = "Event",
	.doc = "One event, its corrections, and the entry that counts now",
};
