/*
 * fcgi.h - where requests come from: FastCGI connections on a socket of our own
 * or an inherited one, or the environment of a plain CGI program.
 *
 * A thread of the pool (http/pool.h) works on one request at a time; the
 * reception (http/reception.h) has the connections on which none is worked on.
 */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include "api/op.h"
#include "base/settings.h"

/*
 * Open files: as many as serving takes at least, and as many as it takes with
 * all connections that may wait.
 */
int64_t fcgi_files_needed(const struct settings *settings);
int64_t fcgi_files_wanted(const struct settings *settings);

/*
 * Serves until SIGTERM or SIGINT, then lets requests in work finish. With
 * settings->socket empty, on the listening socket that is descriptor 0. If the
 * environment describes a request (REQUEST_METHOD), answers that one and
 * returns. SECRET: SECRET_BYTES. -1: could not start.
 */
int fcgi_serve(const struct settings *settings, const unsigned char *secret,
	       const struct op *const *table, struct error *err);

#endif
