/*
 * unknown.h - parameters that an operation doesn't have. The server's own
 * dialect refuses unknown parameters, because a misspelt filter would silently
 * widen the answer. The other dialects ignore unknown parameters, as the real
 * services do, and name them in a header.
 */
#ifndef HTTP_UNKNOWN_H
#define HTTP_UNKNOWN_H

#include "api/request.h"

/* Does the operation, its path or its dialect know a parameter called NAME? */
bool unknown_is_known(const struct request *rq, const char *name);

/*
 * Checks the unknown names in rq->params. -1: the dialect refuses unknown
 * parameters; ERR_PARAM names the first unknown name and a similar parameter,
 * if any. 0: sets reply.ignored to the list for the header and the log, "moon,
 * tide". In the list, bytes other than letters, digits and "-._~" are
 * percent-encoded, and long names are cut.
 */
int unknown_check(struct request *rq, struct error *err);

#endif
