/*
 * handle.h - one request from its variables to its last byte. Knows no FastCGI: tests
 * and plain CGI come in here as well.
 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "format/templates.h"
#include "http/auth.h"
#include "http/request.h"
#include "http/response.h"

/* What a thread keeps between requests. */
struct handler {
	const struct settings *settings;
	const unsigned char *secret;          /* SECRET_BYTES */
	const struct op *const *table;        /* as `ops` */
	struct batcher *batcher;              /* takes events; NULL: nothing can be written */
	struct signin *signin;                /* checks passwords, for all threads; NULL: only keys and sessions are known */
	struct verifier *verifier;            /* verifies the ledger in the background; NULL after handler_init: nothing does */
	struct template_shelf *shelf;         /* the newest templates, for all threads; NULL: pages can't be shown */
	struct templates *templates;          /* those of this request */
	struct store *store;                  /* read-only; opened when the first request needs it */
	int64_t version;                      /* of the ledger, when the catalogue was read */
	const struct catalogue *catalogue;
	struct arena catalogue_arena;
	struct auth auth;
	struct arena arena;                   /* of one request */
	struct strbuf head, body;
};

/* The arguments are borrowed; BATCHER, SIGNIN and SHELF may be NULL. */
void handler_init(struct handler *h, const struct settings *settings, const unsigned char *secret,
		  const struct op *const *table, struct batcher *batcher, struct signin *signin, struct template_shelf *shelf);
void handler_release(struct handler *h);

/*
 * Answers the request in the variables ENVP ("NAME=value", ended by NULL) and the body IN, and logs it. -1: the answer
 * could not be completed, so the connection must be closed without the signs of a proper end.
 */
int handle(struct handler *h, char *const *envp, struct input *in, struct output *out);

#endif
