/*
 * cgi.h - the single request of a plain CGI program, in its environment and
 * standard input.
 */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include "http/handle.h"

/*
 * Answers the request with W and TEMPLATES. W is initialized as for
 * worker_init. -1: the answer is incomplete.
 */
int cgi_serve(struct worker *w, struct templates *templates, struct error *err);

#endif
