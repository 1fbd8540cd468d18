/*
 * fcgi.h - where requests come from: FastCGI connections on a socket of our own or an inherited one, each
 * served by a thread, or the environment of a plain CGI program. The only place that sees libfcgi.
 */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include "api/op.h"

enum { FCGI_STACK_BYTES = 2 << 20 };     /* of each thread */

/*
 * Serves until SIGTERM or SIGINT, then lets requests in work finish. With settings->socket empty, on the listening socket
 * that is descriptor 0. If the environment describes a request (REQUEST_METHOD), answers that one and returns.
 * SECRET: SECRET_BYTES. -1: could not start.
 */
int fcgi_serve(const struct settings *settings, const unsigned char *secret, const struct op *const *table, struct error *err);

#endif
