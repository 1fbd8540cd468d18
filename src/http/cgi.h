/*
 * cgi.h - the one request of a plain CGI program, from its environment and
 * standard input.
 */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include "http/handle.h"

/*
 * Serves the one request of a CGI program with W, which is as for worker_init;
 * TEMPLATES become its slot's. -1: the answer was cut off.
 */
int cgi_serve(struct worker *w, struct templates *templates, struct error *err);

#endif
