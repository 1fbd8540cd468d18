/*
 * body.h - parameters in a request's body: a form, JSON, XML, JSV or CSV.
 *
 * In all kinds except forms, the last value of a repeated member counts, null
 * counts as missing, and unknown members are skipped and listed
 * (params_add_unknown). A body is LEN bytes of text with a NUL behind it, and
 * is changed in place. -1: ERR_BODY, ERR_TOO_LARGE, or ERR_PARAM for a value
 * that is not valid text.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/parse.h"

enum {
	BODY_PARAMS_MAX = 262144, /* bytes of a body with parameters */
	/* bytes of a body with parameters before the caller is authenticated */
	BODY_STRANGER_MAX = 16384,
	BODY_DEPTH_MAX = 16,    /* nesting of JSON, JSV and XML */
	BODY_BATCH_MAX = 100,   /* requests of a batch */
	BODY_OBJECTS_MAX = 1000 /* objects and arrays in a JSON body */
};

/* Is CONTENT_TYPE the type of a form? */
bool body_is_form_type(const char *content_type);

/*
 * Is the body a form? Yes if it has the type of a form and does not begin with
 * a bracket. (Some clients send JSON with the type of a form.)
 */
bool body_is_form(const char *content_type, const char *body);

/* Reads a form's fields. */
int body_read_form(const char *content_type, char *body, size_t len, struct params *ret,
		   struct error *err);

/*
 * Reads parameters from a body that isn't a form. The format is rq->fixed if
 * this format can be read, else the format of the Content-Type. A body of
 * unknown type is read as JSON if it begins with "{", and otherwise ignored.
 */
int body_read(const struct request *rq, struct params *ret, struct error *err);

/* Reads a JSON array of objects as *ret_n sets of parameters, in RQ's arena. */
int body_read_batch(const struct request *rq, struct params **ret, size_t *ret_n,
		    struct error *err);

/* Prepares the XML parser. Call it once, before threads are started. */
void body_init(void);

#endif
