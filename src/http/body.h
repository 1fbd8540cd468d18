/*
 * body.h - parameters that come in a request's body: a form, JSON, XML, JSV or
 * CSV.
 *
 * In all but forms a member that comes twice counts with its last value, null
 * is not given, and what isn't a parameter of the operation is skipped, its
 * name noted (params_add_unknown). A body is text of LEN bytes with a NUL
 * behind them, and is changed in place. Failures: ERR_BODY, ERR_TOO_LARGE, or
 * ERR_PARAM for a value that can't be one.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/parse.h"

enum {
	BODY_PARAMS_MAX = 262144,  /* bytes of a body that holds parameters */
	BODY_STRANGER_MAX = 16384, /* the same, of a caller that isn't known */
	BODY_DEPTH_MAX = 16,       /* nesting of JSON, JSV and XML */
	BODY_BATCH_MAX = 100,      /* requests of a batch */
	BODY_OBJECTS_MAX = 1000    /* objects and arrays in a JSON body */
};

/* Does the type say that it is a form? */
bool body_is_form_type(const char *content_type);

/*
 * Is it one? Not if it begins with a bracket: then it is JSON from a program
 * that calls everything a form.
 */
bool body_is_form(const char *content_type, const char *body);

/* Reads the fields of a form. */
int body_read_form(const char *content_type, char *body, size_t len, struct params *ret,
		   struct error *err);

/*
 * Reads the operation's parameters from a body that is no form: as rq->fixed if
 * that isn't NULL (and can be read), else by its Content-Type. One of a type
 * that isn't understood is ignored unless it begins with "{": then it is JSON.
 */
int body_read(const struct request *rq, struct params *ret, struct error *err);

/* Reads a JSON array of objects: *ret_n sets of parameters, in RQ's arena. */
int body_read_batch(const struct request *rq, struct params **ret, size_t *ret_n,
		    struct error *err);

/* Once, before threads are started: prepares the XML parser. */
void body_init(void);

#endif
