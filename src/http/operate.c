#include "http/operate.h"

#include <string.h>
#include "api/access.h"
#include "format/templates.h"
#include "http/page.h"
#include "http/page_zone.h"
#include "base/banned.h"

enum {
	/* bytes of a batch's answers; above this limit, no further call runs */
	BATCH_BYTES_MAX = 8 << 20
};

void operate_options(struct request *rq, bool page)
{
	struct worker *w = rq->worker;

	rq->options = (struct writer_options) { .style = rq->dialect->style,
						.money_as_string = w->settings->price_as_string,
						.base_url = rq->base_url };
	if (page) {
		rq->options.page = page_make(rq);
		if (w->slot)
			template_slot_take(w->slot, &w->templates);
		rq->options.templates = w->templates;
	}
}

/*
 * Does the answer to a change on a page redirect to another page with a notice?
 */
static bool redirects_after(const struct request *rq)
{
	return !rq->asks && rq->op->form && rq->op->form->done && reply_is_page(rq);
}

/*
 * Ends the document, or drops the document if the answer has none. STATUS: the
 * answer's status before.
 */
static void end_call(struct request *rq, int status)
{
	struct reply *r = &rq->reply;

	if (r->location) {
		reply_nothing(rq, 303, r->location);
	} else if (r->status == 204 && rq->batch) {
		r->status = status;
		strbuf_add(r->sink.buf, "null");
	} else if (r->status == 204) {
		reply_nothing(rq, 204, NULL);
	}
}

int operate_once(struct request *rq, struct error *err)
{
	int status = rq->reply.status, rc;
	struct writer *w;

	if (reply_is_page(rq) && !rq->foreign && !rq->asks)
		page_zone_keep(rq);
	w = writer_new(rq->reply.format, &rq->options, &rq->reply.sink);
	rc = rq->asks ? request_ask(rq, w, err) : request_run(rq, w, err);
	if (rc == 0 && redirects_after(rq))
		rq->reply.location = page_after(rq);
	if (rc == 0 && !rq->reply.location && rq->reply.status != 204)
		rc = writer_finish(w, err);
	writer_free(&w);
	if (rc == 0)
		end_call(rq, status);
	return rc;
}

/*
 * Runs the calls until one fails. The answer to a failed batch is the error of
 * the failed call, and a header with the number of calls before it.
 */
static int run_batch(struct request *rq, struct error *err)
{
	struct reply *r = &rq->reply;

	/* send nothing yet: the headers depend on the last call */
	r->sink.flush = NULL;
	strbuf_addc(r->sink.buf, '[');
	for (r->batch_done = 0; (size_t)r->batch_done < rq->n_calls; r->batch_done++) {
		if (r->batch_done)
			strbuf_addc(r->sink.buf, ',');
		rq->args = rq->calls[r->batch_done];
		if (operate_once(rq, err) < 0)
			return -1;
		if (r->sink.buf->len > BATCH_BYTES_MAX)
			return error_set(
				err, ERR_TOO_LARGE, NULL,
				"The answers have more than %d bytes; send fewer requests at once",
				BATCH_BYTES_MAX);
	}
	strbuf_addc(r->sink.buf, ']');
	return 0;
}

/* Loads the accounts and categories that the page's form offers as choices. */
static int load_choices(struct request *rq, struct error *err)
{
	for (const struct param *p = rq->op->params; p->name; p++) {
		if (p->type == PT_ACCOUNT && rq->who && !rq->accounts &&
		    access_accounts(rq, &rq->accounts, &rq->n_accounts, err) < 0)
			return -1;
		if (p->type == PT_CATEGORY && !rq->categories &&
		    access_categories(rq, &rq->categories, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The URL of the page with the reader's time zone, if the request must be
 * redirected to it; or NULL.
 */
static const char *other_address(const struct request *rq)
{
	return reply_is_page(rq) && (rq->method & M_READ) && !rq->asks ? page_zone_address(rq)
								       : NULL;
}

int operate(struct request *rq, struct error *err)
{
	const char *other = other_address(rq);

	if (other) {
		reply_nothing(rq, 302, other);
		return 0;
	}
	if (rq->asks && request_fill(rq, err) < 0)
		return -1;
	if (reply_is_page(rq) && load_choices(rq, err) < 0)
		return -1;
	operate_options(rq, reply_is_page(rq));
	if (rq->dialect->csv_attachment && strcmp(rq->reply.format->name, "csv") == 0)
		rq->reply.attachment = rq->op->id;
	reply_begin(rq);
	return rq->batch ? run_batch(rq, err) : operate_once(rq, err);
}
