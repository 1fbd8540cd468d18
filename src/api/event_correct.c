/*
 * event_correct.c - corrections: POST /events/{EventId}/void and /amend. Stored
 * events don't change; see usage/correct.h.
 */
#include <string.h>

#include "api/access.h"
#include "api/event_record.h"
#include "base/banned.h"

struct correction_task {
	struct request *rq;
	struct correct correct;
	struct correction made;
	bool done_before;
};

/* Runs in the commit thread; the request waits. */
static int run_job(struct store *st, void *arg, struct error *err)
{
	struct correction_task *job = arg;

	return correct_event(st, &job->correct, job->rq->arena, &job->made, &job->done_before, err);
}

static int may_correct(void *arg, struct store *st, int64_t account, struct error *err)
{
	const struct request *rq = arg;

	return access_correct(rq->who, st, account, err);
}

static void set_field(struct raw_event *raw, int f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

/*
 * Adds the removal of the fields in the argument ("customer,sim") to the
 * change.
 */
static int take_away(const struct request *rq, struct raw_event *change, struct error *err)
{
	const char *name = request_arg(rq, "without")->text;

	while (name && *name) {
		size_t len = strcspn(name, ",");
		enum event_field f = event_field_find(name, len);

		if (f == EVENT_FIELDS || !correct_may_change(f) || event_fields[f].required)
			return error_set(err, ERR_PARAM, "without",
					 "'%.*s' is not a field that can be removed",
					 len < 40 ? (int)len : 40, name);
		set_field(change, f, "");
		name += len + (name[len] == ',');
	}
	return 0;
}

static int read_change(const struct request *rq, struct raw_event *ret, struct error *err)
{
	*ret = (struct raw_event) { 0 };
	if (take_away(rq, ret, err) < 0)
		return -1;
	for (int f = 0; f < EVENT_FIELDS; f++) {
		const char *text = correct_may_change(f)
					   ? request_arg(rq, event_fields[f].name)->text
					   : NULL;

		if (text)
			set_field(ret, f, text);
	}
	return 0;
}

/* The identity of the event in the path. */
static int name_event(const struct request *rq, struct event_identity *ret, struct error *err)
{
	*ret = (struct event_identity) { .source = request_arg(rq, "source")->text,
					 .id = request_arg(rq, "EventId")->text };
	return event_family(rq, request_arg(rq, "subject")->text, &ret->family, err);
}

static int correct(struct request *rq, const struct raw_event *change, struct writer *w,
		   struct error *err)
{
	struct event_scope scope = { may_correct, rq };
	struct correction_task job = { .rq = rq,
				       .correct = {
					       .kind = change ? CORRECTION_AMEND : CORRECTION_VOID,
					       .change = change,
					       .author = principal_actor(rq->who, rq->arena),
					       .reason = request_arg(rq, "reason")->text,
					       .now_us = clock_now_us(),
					       .ahead_us = rq->worker->settings->ahead_seconds *
							   USEC_PER_SEC,
					       .late = late_events_find(
						       rq->worker->settings->late_events),
					       .scope = &scope,
				       } };
	struct stored_event e;

	if (name_event(rq, &job.correct.event, err) < 0 ||
	    request_change(rq, run_job, &job, err) < 0 ||
	    event_find(rq->store, &job.correct.event, &scope, rq->arena, &e, err) < 0)
		return -1;
	rq->reply.status = job.done_before ? 200 : 201;
	return event_answer_write(rq, &e, w, err);
}

/* Writes the event before its correction. */
static int ask_correction(struct request *rq, struct writer *w, struct error *err)
{
	struct event_scope scope = { may_correct, rq };
	struct event_identity id;
	struct stored_event e;

	if (name_event(rq, &id, err) < 0 ||
	    event_find(rq->store, &id, &scope, rq->arena, &e, err) < 0)
		return -1;
	return event_answer_write(rq, &e, w, err);
}

static int void_event(struct request *rq, struct writer *w, struct error *err)
{
	return correct(rq, NULL, w, err);
}

static int amend_event(struct request *rq, struct writer *w, struct error *err)
{
	struct raw_event change;

	return read_change(rq, &change, err) < 0 ? -1 : correct(rq, &change, w, err);
}

#define CORRECTION_PARAMS                                                                         \
	{ "EventId", PT_TEXT,    .flags = PARAM_PATH,                                             \
	  .min = 1,  .max = 256, .doc = "The event's id, percent-encoded" },                      \
		{ "source", PT_TEXT, .flags = PARAM_SUBJECT, .max = 256,                          \
		  .doc = "The event's source; required if several events have that id" },         \
		{ "subject", PT_TEXT, .flags = PARAM_SUBJECT, .max = 64,                          \
		  .doc = "SID of the event's account, or of one of the same family; required if " \
			 "events of several main accounts have that source and id" },             \
	{                                                                                         \
		"reason", PT_TEXT, .flags = PARAM_REQUIRED, .min = 1,                             \
				   .max = CORRECTION_REASON_MAX, .doc = "The reason, in words"    \
	}

static const struct param void_params[] = { CORRECTION_PARAMS, { 0 } };

/*
 * The minimum of a parameter's limit (bytes); event_check() checks the exact
 * limits.
 */
enum { AMENDED_BYTES = 64 };

/* CORRECTION_PARAMS, the fields that can be amended, "without". */
static struct param amend_params[EVENT_FIELDS + 6] = { CORRECTION_PARAMS };

/* The field's name on pages; NULL: the display name. */
static const char *label_of(enum event_field f)
{
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (event_dimension_fields[d] == f)
			return dimension_infos[d].one;
	return NULL;
}

/*
 * Completes the table before main(), because an initializer cannot use
 * event_fields.
 */
__attribute__((constructor)) static void add_fields(void)
{
	struct param *p = amend_params;

	while (p->name)
		p++;
	for (enum event_field f = 0; f < EVENT_FIELDS; f++) {
		size_t max = event_fields[f].max_bytes;

		if (correct_may_change(f))
			*p++ = (struct param) { event_fields[f].name, PT_TEXT,
						.max = max < AMENDED_BYTES ? AMENDED_BYTES
									   : (int64_t)max,
						.label = label_of(f),
						.doc = "The new value, written as in a new event. "
						       "Default: unchanged" };
	}
	*p = (struct param) { "without", PT_TEXT, .max = 256,
			      .doc = "Fields to remove, comma-separated" };
}

#define ROLES_CORRECTING (ROLE_ADMIN | ROLE_MANAGER | ROLE_INGEST)

const struct op op_VoidEvent = {
	OPERATION(VoidEvent, usaged, M_POST, "/events/{EventId}/void", ROLES_CORRECTING),
	.params = void_params,
	.returns = &event_answer_shape,
	.run = void_event,
	.title = "Void the event",
	.form = &(const struct op_form) { .path = "/events/{EventId}/void",
					  .button = "Void the event",
					  .list = &op_ListEvents,
					  .ask = ask_correction },
	.doc = "Voids an event by adding an entry that reverses it",
};

const struct op op_AmendEvent = {
	OPERATION(AmendEvent, usaged, M_POST, "/events/{EventId}/amend", ROLES_CORRECTING),
	.params = amend_params,
	.returns = &event_answer_shape,
	.run = amend_event,
	.title = "Amend the event",
	.form = &(const struct op_form) { .path = "/events/{EventId}/amend",
					  .button = "Amend the event",
					  .list = &op_ListEvents,
					  .ask = ask_correction },
	.doc = "Amends an event by adding an entry that reverses it and one that replaces it. "
	       "Omitted fields stay as they are",
};
