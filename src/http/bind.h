/*
 * bind.h - the arguments of an operation: from path, query and body, by
 * precedence.
 *
 *   at the operation's own path: form, query, other bodies
 *   at a route by name: body of any kind, query
 */
#ifndef HTTP_BIND_H
#define HTTP_BIND_H

#include "http/body.h"

/*
 * Reads the body, at most MAX and BODY_PARAMS_MAX bytes. Decodes it if it is a
 * form, since a form's fields can choose method and format before there is a
 * route. Does nothing if the body was read before.
 */
int bind_form(struct request *rq, int64_t max, struct error *err);

/*
 * Fills rq->args and rq->calls: one set of arguments, or one for each request
 * of a batch. Parameters of the path come from the path only. Unknown names are
 * noted in rq->params. If the operation takes a body, it must have been read; a
 * form with bind_form.
 */
int bind_args(struct request *rq, struct error *err);

#endif
