/*
 * handle.h - handles one request, from its variables to the last byte of the
 * answer. Independent of FastCGI, so that tests and plain CGI can use it, too.
 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "http/parse.h"
#include "http/reply.h"

/*
 * Prepares W for requests. The borrowed members of W must be set, all others
 * must be zero.
 */
void worker_init(struct worker *w);
void worker_release(struct worker *w);
/*
 * Frees what W has kept of its requests for the next one: memory, credentials,
 * and its hold on catalogue and templates, which may be old ones by now. For a
 * worker that has had no request for a while.
 */
void worker_rest(struct worker *w);

enum { HANDLE_LATER = 1 };

/*
 * Answers and logs the request with the variables ENVP ("NAME=value", ended by
 * NULL) and the body IN. -1: the answer is incomplete, so the connection must
 * be closed without a proper end. HANDLE_LATER: nothing was answered, because
 * the party's share is used up; call shares_wait, then handle the same request
 * again.
 */
int handle(struct worker *w, char *const *envp, struct input *in, struct output *out);

/*
 * Is the request always fast if its body is short? Yes if its operation is
 * light (api/op.h), the body is not compressed and there is no password to
 * check.
 */
bool handle_is_light(const struct op *const *table, char *const *envp);

#endif
