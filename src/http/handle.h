/*
 * handle.h - one request from its variables to its last byte. Knows no FastCGI:
 * tests and plain CGI come in here as well.
 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "http/parse.h"
#include "http/reply.h"

/*
 * Makes W, whose borrowed members are set and whose others are zero, ready for
 * requests.
 */
void worker_init(struct worker *w);
void worker_release(struct worker *w);

enum { HANDLE_LATER = 1 };

/*
 * Answers the request in the variables ENVP ("NAME=value", ended by NULL) and
 * the body IN, and logs it. -1: the answer could not be completed, so the
 * connection must be closed without the signs of a proper end. HANDLE_LATER:
 * nothing was answered, for W's shares say so; the same request is to be handled
 * again after shares_wait.
 */
int handle(struct worker *w, char *const *envp, struct input *in, struct output *out);

/*
 * Is the request one that can't take long, if its body is short: of an
 * operation that is light (api/op.h), with nothing to unpack, and no password
 * to check?
 */
bool handle_is_light(const struct op *const *table, char *const *envp);

#endif
