/*
 * body_internal.h - what the readers of a body share. Only for body*.c.
 */
#ifndef HTTP_BODY_INTERNAL_H
#define HTTP_BODY_INTERNAL_H

#include "http/body.h"

/* One body on its way to parameters. */
struct body {
	const struct op *op; /* NULL: not known yet */
	const char *type;    /* its Content-Type, or that of the route */
	char *text;
	size_t len;
	struct params *params;
	int members; /* seen so far */
};

/*
 * ERR_BODY: "Could not deserialize 'application/xml' request using
 * Voice.Api.AI.GetAIUsage'" (the contract's words), then why.
 */
__attribute__((format(printf, 3, 4))) int body_malformed(const struct body *b, struct error *err,
							 const char *fmt, ...);

/*
 * The parameter of the operation that a member called NAME (LEN bytes) fills,
 * or NULL: then the name is noted as unknown.
 */
const struct param *body_param(struct body *b, const char *name, size_t len, bool any_case);

/* Adds the value of P (copied), or puts it in the place of an earlier one. */
int body_set(struct body *b, const struct param *p, const char *value, size_t len,
	     struct error *err);

/* One more member, whether it is a parameter or not: there is a limit. */
int body_count(struct body *b, struct error *err);

/* Is it text, and not too long? */
int body_check(const struct body *b, struct error *err);

/* Each reads the whole of B. */
int body_read_json(struct body *b, struct error *err);
int body_read_xml(struct body *b, struct error *err);
int body_read_jsv(struct body *b, struct error *err);
int body_read_csv(struct body *b, struct error *err);
int body_read_multipart(struct body *b, struct error *err);

#endif
