#include "http/document.h"

#include "http/route.h"
#include "base/banned.h"

const struct document *document_of(const struct request *request, struct document_request *rq)
{
	rq->base_url = request->base_url;
	rq->params = request->params.items;
	rq->n_params = request->params.n;
	return document_find(request->path, request->path_len, rq);
}

int document_answer(const struct document *d, const struct request *request,
		    struct document_request *rq, struct response *r, struct error *err)
{
	r->callback = NULL;
	if (!(request->method & M_READ)) {
		r->allow = route_allow(M_READ, rq->arena);
		return error_set(err, ERR_METHOD, NULL, "The method is not allowed here; use %s",
				 r->allow);
	}
	response_begin(r);
	if (!rq->location && d->write(rq, r->sink.buf, err) < 0)
		return -1;
	if (r->sink.buf->failed)
		return error_set(err, ERR_TOO_LARGE, NULL, "The document is too large");
	r->type = rq->type;
	if (rq->location)
		response_nothing(r, 302, rq->location);
	return 0;
}
