/*
 * cgi.h - the one request of a plain CGI program, from its environment and
 * standard input.
 */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include "http/handle.h"

/* TEMPLATES become the handler's. -1: the answer was cut off. */
int cgi_serve(const struct settings *settings, const unsigned char *secret,
	      const struct op *const *table, struct templates *templates, struct error *err);

#endif
