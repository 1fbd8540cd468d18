/*
 * bind.h - takes the arguments of an operation from path, query and body.
 * Precedence, highest first:
 *
 *   at the operation's own path: form, query, other bodies
 *   at a route by name: body of any kind, query
 */
#ifndef HTTP_BIND_H
#define HTTP_BIND_H

#include "http/body.h"

/*
 * Reads the body, at most MAX and BODY_PARAMS_MAX bytes. Decodes a form at
 * once, because its fields can choose method and format before the request is
 * routed. Does nothing if the body was read before.
 */
int bind_form(struct request *rq, int64_t max, struct error *err);

/*
 * Fills rq->args and rq->calls: one set of arguments, or one for each request
 * of a batch. Parameters of the path come from the path only. Unknown names are
 * added to rq->params. If the operation takes a body, the body must have been
 * read (a form with bind_form).
 */
int bind_args(struct request *rq, struct error *err);

#endif
