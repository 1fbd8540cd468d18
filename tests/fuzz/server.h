/*
 * server.h - the whole program behind the web server, with a small ledger of its own that an administrator asks.
 */
#ifndef TESTS_FUZZ_SERVER_H
#define TESTS_FUZZ_SERVER_H

#include "base/secret.h"
#include "base/strbuf.h"

#define SERVER_ACCOUNT "AC00000000000000000000000000000001"

extern const unsigned char server_secret[SECRET_BYTES];

struct server_request {
	const char *method, *uri;
	const char *headers[16];     /* "HTTP_ACCEPT=text/html"; ended by NULL */
	const char *body;
	size_t body_len;
};

/*
 * Asks, and checks the answer: it is whole, has a status that isn't our fault, and what claims to be JSON or XML is. Its status;
 * the text, until the next call, in *RET_BODY.
 */
int server_ask(const struct server_request *rq, const char **ret_body);

#endif
