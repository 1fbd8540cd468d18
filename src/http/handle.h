/*
 * handle.h - one request from its variables to its last byte. Knows no FastCGI:
 * tests and plain CGI come in here as well.
 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "format/templates.h"
#include "http/auth.h"
#include "http/request.h"
#include "http/response.h"
#include "http/shares.h"

/* What a thread keeps between requests. */
struct handler {
	const struct settings *settings;
	const unsigned char *secret;   /* SECRET_BYTES */
	const struct op *const *table; /* as `ops` */
	struct commit_thread *commits; /* takes events; NULL: nothing can be written */
	/*
	 * checks passwords, for all threads; NULL: only keys and sessions are
	 * known
	 */
	struct signin *signin;
	/*
	 * verifies the ledger in the background; NULL after handler_init:
	 * nothing does
	 */
	struct verifier *verifier;
	struct shares *shares; /* of this request; NULL: it needs none */
	struct share *share;   /* with SHARES: the request's */
	bool refuse;           /* this request: too many wait already */
	/* the newest templates, for all threads; NULL: pages can't be shown */
	struct template_slot *slot;
	struct templates *templates; /* those of this request */
	/* read-only; opened when the first request needs it */
	struct store *store;
	int64_t version; /* of the ledger, when the catalogue was read */
	const struct catalogue *catalogue;
	struct arena catalogue_arena;
	struct auth auth;
	struct arena arena; /* of one request */
	struct strbuf head, body;
};

/* The arguments are borrowed; BATCHER, SIGNIN and SHELF may be NULL. */
void handler_init(struct handler *h, const struct settings *settings, const unsigned char *secret,
		  const struct op *const *table, struct commit_thread *commits,
		  struct signin *signin, struct template_slot *slot);
void handler_release(struct handler *h);

enum { HANDLE_LATER = 1 };

/*
 * Answers the request in the variables ENVP ("NAME=value", ended by NULL) and
 * the body IN, and logs it. -1: the answer could not be completed, so the
 * connection must be closed without the signs of a proper end. HANDLE_LATER:
 * nothing was answered, for SHARES says so; the same request is to be handled
 * again after shares_wait.
 */
int handle(struct handler *h, char *const *envp, struct input *in, struct output *out);

/*
 * Is the request one that can't take long, if its body is short: of an
 * operation that is light (api/op.h), with nothing to unpack, and no password
 * to check?
 */
bool handle_is_light(const struct op *const *table, char *const *envp);

#endif
