/*
 * fcgi.h - serves FastCGI requests on a socket of our own or an inherited one,
 * or the single request of a plain CGI program.
 *
 * A thread of the pool (http/pool.h) handles one request at a time. The
 * reception (http/reception.h) owns the connections that are between requests.
 */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include "api/op.h"
#include "base/settings.h"

/*
 * The number of open files: the least that the server needs, and as many as it
 * uses with all allowed connections.
 */
int64_t fcgi_files_needed(const struct settings *settings);
int64_t fcgi_files_wanted(const struct settings *settings);

/*
 * Serves until SIGTERM or SIGINT, then finishes the requests in work. An empty
 * settings->socket means the listening socket that is descriptor 0. If the
 * environment describes a request (REQUEST_METHOD), answers only this one.
 * SECRET has SECRET_BYTES. All arguments are borrowed for the call. 0: it has
 * served; -1: it could not start.
 */
int fcgi_serve(const struct settings *settings, const unsigned char *secret,
	       const struct op *const *table, struct error *err);

#endif
