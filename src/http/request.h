/*
 * request.h - one HTTP request as the web server hands it over: CGI variables
 * (RFC 3875) and a body to read. Decodes, checks and limits; knows no route.
 *
 * Everything lives in the arena of the request, or in the variables themselves.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "api/op.h"

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

enum { UNKNOWN_NAMES_MAX = 8 };

/* Decoded parameters, in the order they came. */
struct params {
	struct arena *arena;
	struct raw_param *items;
	size_t n, size;
	/* names that the operation doesn't have, each once; */
	const char *unknown[UNKNOWN_NAMES_MAX];
	size_t n_unknown; /* of more than those the first ones */
};

struct request {
	const char *method_name; /* "GET" */
	unsigned method;         /* M_*, or 0 if it is none we know */
	const char *raw_path;    /* as sent, without the query */
	const char *path;        /* decoded once; "" if it could not be */
	size_t path_len;
	/*
	 * the path, with a NUL for each byte that came encoded: no "/" or "."
	 * of those divides
	 */
	const char *path_marks;
	const char *query;    /* as sent, without the "?" */
	struct params params; /* of the query */
	const char *accept;   /* headers; "" if missing, but: */
	const char *accept_language;
	const char *authorization; /* NULL if missing */
	const char *content_type;
	int64_t content_length;      /* 0 if missing */
	const char *remote;          /* the caller's address, "-" if unknown */
	const char *base_url;        /* "https://host:port" */
	const char *own_origin;      /* the same, as the request itself names us */
	const char *origin;          /* of the page that asks; NULL if it isn't said */
	const char *fetch_site;      /* Sec-Fetch-Site, or NULL */
	const char *referer;         /* NULL if missing */
	const char *cookie;          /* as sent; "" if missing */
	const char *ss_id, *ss_pid;  /* X-ss-id and X-ss-pid; "" if missing */
	const char *method_override; /* X-Http-Method-Override, or NULL */
};

/*
 * Fills *RQ from the variables ENVP ("NAME=value", ended by NULL). -1 with the
 * first thing that is wrong with them; everything else is filled all the same,
 * so that the refusal can be written in the caller's dialect and format.
 */
int request_read(struct request *rq, char *const *envp, const struct settings *settings,
		 struct arena *arena, struct error *err);

/*
 * Reads the whole body into the arena, a NUL behind it. ERR_TOO_LARGE if it has
 * more than MAX bytes (nothing is read then), ERR_BODY if it ends before the
 * announced length.
 */
int request_body(const struct request *rq, struct input *in, int64_t max, struct arena *arena,
		 char **ret, size_t *ret_len, struct error *err);

/*
 * The value of the first cookie called NAME, *RET_LEN bytes of it in the
 * header; NULL: there is none. What is no pair is skipped.
 */
const char *request_cookie(const struct request *rq, const char *name, size_t *ret_len);

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
