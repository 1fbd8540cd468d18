/*
 * handler.h - the handler of requests behind the web server, with the ledger of
 * ledger.h, which it can't write to.
 */
#ifndef TESTS_FUZZ_HANDLER_H
#define TESTS_FUZZ_HANDLER_H

#include "base/arena.h"
#include "base/strbuf.h"

enum { SERVER_HEADERS_MAX = 15 };

struct server_request {
	const char *method, *uri;
	const char *headers[SERVER_HEADERS_MAX + 1]; /* "HTTP_ACCEPT=text/html"; ended by NULL */
	const char *body;
	size_t body_len;
	bool anonymous; /* else an administrator asks */
};

/*
 * Reads a request: a line with method and URI, lines with variables
 * ("HTTP_ACCEPT=text/html"), an empty line, the body. TEXT has LEN bytes and a
 * NUL behind them, is changed, and stays in use.
 */
void server_request_read(char *text, size_t len, struct server_request *ret);

/* Its CGI variables, ended by NULL. In ARENA. */
char **server_variables(const struct server_request *rq, struct arena *arena);

/*
 * Asks, and checks the answer: it is whole, has a status that isn't our fault,
 * and what claims to be JSON or XML is. Its status; the text, until the next
 * call, in *RET_BODY.
 */
int server_ask(const struct server_request *rq, const char **ret_body);

/* It, for targets that bring requests in another way. */
struct worker *server_worker(void);

/*
 * The same check of an answer that has come in another way; its end is cut off
 * its head.
 */
int server_check_answer(struct strbuf *text, bool head_only, const char **ret_body);

#endif
