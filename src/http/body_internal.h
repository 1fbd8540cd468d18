/*
 * body_internal.h - functions shared by the readers of bodies. Only for
 * body*.c.
 */
#ifndef HTTP_BODY_INTERNAL_H
#define HTTP_BODY_INTERNAL_H

#include "http/body.h"

/* A body that is being read. */
struct body {
	const struct op *op; /* NULL: not known yet */
	const char *type;    /* the body's Content-Type, or the route's */
	char *text;
	size_t len;
	struct params *params;
	int members; /* number of members so far */
};

/*
 * Sets ERR_BODY: "Could not deserialize 'application/xml' request using
 * Voice.Api.AI.GetAIUsage'" (the contract's words), then the reason.
 */
__attribute__((format(printf, 3, 4))) int body_malformed(const struct body *b, struct error *err,
							 const char *fmt, ...);

/*
 * The parameter for the member NAME (LEN bytes). NULL: the operation has no
 * such parameter, and NAME is added to the unknown names.
 */
const struct param *body_param(struct body *b, const char *name, size_t len, bool any_case);

/* Sets the parameter P to a copy of the value, replacing an earlier one. */
int body_set(struct body *b, const struct param *p, const char *value, size_t len,
	     struct error *err);

/* Counts a member, parameter or not. -1: too many. */
int body_count(struct body *b, struct error *err);

/* Checks that the body is text within the limits. */
int body_check(const struct body *b, struct error *err);

/* Each function reads all of B. */
int body_read_json(struct body *b, struct error *err);
int body_read_xml(struct body *b, struct error *err);
int body_read_jsv(struct body *b, struct error *err);
int body_read_csv(struct body *b, struct error *err);
int body_read_multipart(struct body *b, struct error *err);

#endif
