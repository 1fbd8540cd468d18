/*
 * fcgi.h - serves FastCGI requests on the server's own or an inherited socket,
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
 * fcgi_files_needed: the least number of open files with which the server
 * works. fcgi_files_wanted: the number of open files with all allowed
 * connections.
 */
int64_t fcgi_files_needed(const struct settings *settings);
int64_t fcgi_files_wanted(const struct settings *settings);

/*
 * Serves until SIGTERM or SIGINT, then finishes the requests in work. If
 * settings->socket is empty, the listening socket is descriptor 0. If the
 * environment has a request (REQUEST_METHOD), answers only this request. SECRET
 * has SECRET_BYTES. All arguments are borrowed for the call. 0: served; -1:
 * could not start.
 */
int fcgi_serve(const struct settings *settings, const unsigned char *secret,
	       const struct op *const *table, struct error *err);

#endif
