/*
 * parse.h - one HTTP request as the web server hands it over: CGI variables
 * (RFC 3875) and a body to read. Decodes, checks and limits; knows no route.
 *
 * Everything lives in the arena of the request, or in the variables themselves.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "api/request.h"

enum {
	REQUEST_PATH_MAX = 2048,   /* bytes of the path, as sent */
	REQUEST_QUERY_MAX = 16384, /* bytes of the query, as sent */
	REQUEST_PARAMS_MAX = 100,  /* parameters of a query or a body */
	REQUEST_NAME_MAX = 128,    /* bytes of a parameter's name */
	REQUEST_VALUE_MAX = 8192   /* bytes of a parameter's value */
};

/* Where the body comes from. */
struct input {
	/* Reads up to SIZE bytes; fewer mean that the body has ended. */
	size_t (*read)(struct input *in, char *buf, size_t size);
	/* Has the caller gone? Cheap. NULL: that can't be known. */
	bool (*gone)(struct input *in);
};

/*
 * Fills what RQ says of the request as it came from its variables ("NAME=value",
 * ended by NULL). -1 with the first thing that is wrong with them; everything
 * else is filled all the same, so that the refusal can be written in the
 * caller's dialect and format.
 */
int request_read(struct request *rq, struct error *err);

/*
 * Reads the whole body into rq->body, a NUL behind it; not again if that was
 * done. ERR_TOO_LARGE if it has more than MAX bytes (nothing is read then),
 * ERR_BODY if it ends before the announced length.
 */
int request_body(struct request *rq, int64_t max, struct error *err);

/* What M_* the verb NAME is, in capitals; 0 if it is none we know. */
unsigned request_method(const char *name);

/*
 * Adds a parameter: borrowed, NAME and VALUE ended by NUL. -1 names the one
 * that is refused: too many, too long, a NUL in it, no UTF-8.
 */
int params_add(struct params *p, const char *name, size_t name_len, const char *value, size_t len,
	       struct error *err);

/* Notes a name of LEN bytes (copied) that the operation doesn't have. */
void params_add_unknown(struct params *p, const char *name, size_t len);

/* The value of the last parameter called NAME that isn't empty, or NULL. */
const char *params_find(const struct params *p, const char *name, bool any_case);

/* Is A the name B? As param_named. */
bool params_same(const char *a, const char *b, bool any_case);

/*
 * Decodes "a=1&b=2" (application/x-www-form-urlencoded) in place: TEXT becomes
 * the parameters' memory.
 */
int params_decode(struct params *p, char *text, size_t len, struct error *err);

#endif
