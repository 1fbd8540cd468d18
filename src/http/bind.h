/*
 * bind.h - what an operation is asked for: the parameters of path, query and
 * body, each in its rank.
 *
 *   at the operation's own path a form outranks the query, the query any other
 *   body
 *   at a route by name a form outranks the query, and so does any other body
 */
#ifndef HTTP_BIND_H
#define HTTP_BIND_H

#include "http/body.h"

/*
 * Reads the body, not more than MAX bytes nor BODY_PARAMS_MAX, and decodes it if
 * it is a form, so that it can be asked for fields before there is a route.
 * Nothing if the body was read before.
 */
int bind_form(struct request *rq, int64_t max, struct error *err);

/*
 * Fills rq->calls and rq->args with what the operation is asked for: one set of
 * arguments, but of a batch one for each request in it. Only the path gives its
 * own. Names that nobody knows are noted in rq->params. The body was read,
 * forms as forms, if the operation takes one.
 */
int bind_args(struct request *rq, struct error *err);

#endif
