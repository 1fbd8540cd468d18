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
#include "http/route.h"

/* The body of a request. */
struct payload {
	char *text; /* NULL: not read yet; of a form, decoded in place */
	size_t len;
	bool is_form;
	struct params form; /* its fields */
};

/*
 * Reads the body, not more than MAX bytes, into the arena. Does nothing if that
 * was done before.
 */
int payload_read(struct payload *p, const struct request *rq, struct input *in, int64_t max,
		 struct arena *arena, struct error *err);

/*
 * The same, also not more than BODY_PARAMS_MAX, and decodes it if it is a form,
 * so that it can be asked for fields before there is a route.
 */
int payload_read_form(struct payload *p, const struct request *rq, struct input *in, int64_t max,
		      struct arena *arena, struct error *err);

/*
 * What the route's operation is asked for: *ret_n sets of parameters in ARENA;
 * one, but of a batch one for each request in it. Parameters without a value
 * are left out, and only the path gives its own. P was read, forms as forms, if
 * the operation takes a body.
 */
int bind_call(const struct route *r, const struct request *rq, struct payload *p,
	      struct arena *arena, struct params **ret, size_t *ret_n, struct error *err);

#endif
