/*
 * unknown.h - parameters that an operation doesn't have. The server's own
 * operations refuse them, since a misspelt filter would widen an answer without
 * a word; the others ignore them, as the real services do, and the answer names
 * them in a header.
 */
#ifndef HTTP_UNKNOWN_H
#define HTTP_UNKNOWN_H

#include "api/request.h"

/* Does the operation, its path or its dialect know a parameter called NAME? */
bool unknown_is_known(const struct request *rq, const char *name);

/*
 * What becomes of the unknown names in rq->params. -1: the dialect refuses
 * them; ERR_PARAM has the first one and, where one is near, the name that was
 * perhaps meant. 0: the answer lists them, "moon, tide", fit for a header and
 * the log (what is no letter, digit or one of "-._~" is percent-encoded, long
 * names are cut).
 */
int unknown_check(struct request *rq, struct error *err);

#endif
