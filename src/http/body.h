/*
 * body.h - parameters that come in a request's body: a form, JSON or XML.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/request.h"

enum {
	BODY_PARAMS_MAX = 262144,      /* bytes of a body that holds parameters */
	BODY_DEPTH_MAX = 16            /* nesting of JSON */
};

/*
 * Reads the parameters of OP from BODY (LEN bytes, a NUL behind them; changed in place) by its CONTENT_TYPE; *ret_form says
 * whether it was a form, whose fields outrank the query's. A body of a type that isn't understood is ignored
 * unless it begins with "{": then it is JSON. In JSON and XML a member that comes twice counts with its last value, null is not given, and what isn't a
 * parameter of OP is skipped. -1: ERR_BODY, ERR_TOO_LARGE, or ERR_PARAM for a value that can't be one.
 */
int body_read(const struct op *op, const char *content_type, char *body, size_t len, struct params *ret, bool *ret_form,
	      struct error *err);

/* Once, before threads are started: prepares the XML parser. */
void body_init(void);

#endif
