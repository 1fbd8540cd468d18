/*
 * handle.h - handles one request, from its variables to the last byte of the
 * answer. Knows no FastCGI, so tests and plain CGI use it as well.
 */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "http/parse.h"
#include "http/reply.h"

/*
 * Prepares W for requests. Its borrowed members must be set, and all others
 * zero.
 */
void worker_init(struct worker *w);
void worker_release(struct worker *w);

enum { HANDLE_LATER = 1 };

/*
 * Answers the request in the variables ENVP ("NAME=value", ended by NULL) and
 * the body IN, and logs it. -1: the answer is incomplete, so the connection
 * must be closed without a proper end. HANDLE_LATER: the party's share is used
 * up and nothing was answered; handle the same request again after shares_wait.
 */
int handle(struct worker *w, char *const *envp, struct input *in, struct output *out);

/*
 * Is the request fast if its body is short? Its operation must be light
 * (api/op.h), without a compressed body or a password to check.
 */
bool handle_is_light(const struct op *const *table, char *const *envp);

#endif
