/*
 * unknown.h - parameters that an operation doesn't have. The server's own
 * operations refuse them, since a misspelt filter would widen an answer without
 * a word; the others ignore them, as the real services do, and the answer names
 * them in a header.
 */
#ifndef HTTP_UNKNOWN_H
#define HTTP_UNKNOWN_H

#include "http/request.h"
#include "http/route.h"

/*
 * Does the route's operation, its path or its dialect know a parameter called
 * NAME?
 */
bool unknown_is_known(const struct route *r, const char *name);

/*
 * What becomes of the unknown names in the N CALLS. -1: the dialect refuses
 * them; ERR_PARAM has the first one and, where one is near, the name that was
 * perhaps meant. 0: *RET is the list of them, "moon, tide", in ARENA and fit
 * for a header and the log (what is no letter, digit or one of "-._~" is
 * percent-encoded, long names are cut), or NULL if there is none.
 */
int unknown_check(const struct route *r, const struct params *calls, size_t n, struct arena *arena,
		  const char **ret, struct error *err);

#endif
