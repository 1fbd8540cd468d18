/*
 * parse.h - parses one HTTP request: CGI variables (RFC 3875) and a body.
 * Decodes values, checks them and enforces limits, without regard to routes.
 *
 * Texts live in the request's arena or in the variables.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "api/request.h"

enum {
	REQUEST_PATH_MAX = 2048,   /* bytes of the path, as received */
	REQUEST_QUERY_MAX = 16384, /* bytes of the query, as received */
	REQUEST_PARAMS_MAX = 100,  /* parameters of a query or a body */
	REQUEST_NAME_MAX = 128,    /* bytes of a parameter's name */
	REQUEST_VALUE_MAX = 8192   /* bytes of a parameter's value */
};

/* Source of the body. */
struct input {
	/* Reads up to SIZE bytes; fewer only at the end of the body. */
	size_t (*read)(struct input *in, char *buf, size_t size);
	/* Has the caller closed its connection? Cheap. NULL: unknown. */
	bool (*gone)(struct input *in);
};

/*
 * Fills RQ from its variables ("NAME=value", ended by NULL). -1 with the first
 * error. After an error the rest is still parsed, so that the error can be
 * written in the right dialect and format.
 */
int request_read(struct request *rq, struct error *err);

/*
 * Reads the whole body into rq->body, with a NUL behind it, unless the body was
 * read before. ERR_TOO_LARGE: the body has more than MAX bytes; nothing was
 * read. ERR_BODY: the body is shorter than announced.
 */
int request_body(struct request *rq, int64_t max, struct error *err);

/* The M_* of the method NAME in capitals; 0 for an unknown method. */
unsigned request_method(const char *name);

/*
 * Adds a parameter; NAME and VALUE are borrowed and end with NUL. -1 for too
 * many parameters, or a parameter that is too long, has a NUL or is not UTF-8;
 * the error names the parameter.
 */
int params_add(struct params *p, const char *name, size_t name_len, const char *value, size_t len,
	       struct error *err);

/* Adds an unknown name of LEN bytes (copied) to p->unknown. */
void params_add_unknown(struct params *p, const char *name, size_t len);

/* The last value of NAME that isn't empty, or NULL. */
const char *params_find(const struct params *p, const char *name, bool any_case);

/* Do A and B name the same parameter, by the rules of param_named? */
bool params_same(const char *a, const char *b, bool any_case);

/*
 * Decodes "a=1&b=2" (application/x-www-form-urlencoded) in place. The
 * parameters borrow TEXT.
 */
int params_decode(struct params *p, char *text, size_t len, struct error *err);

#endif
