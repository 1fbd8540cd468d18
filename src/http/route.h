/* route.h - finds the operation of a path and method in the table. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/request.h"

/*
 * Finds the operation of RQ's method and path in its dialect, and sets the
 * members of RQ that come from the path. HEAD is routed as GET. -1:
 * ERR_NOT_FOUND; ERR_METHOD if only the method is wrong (the suffix is still
 * set); ERR_NO_OPERATION if a route by name has an unknown name or method.
 *
 * Dialects with routes by name (dialect->by_name) also have /api/{Op},
 * /api/{Op}.{ext}, /{format}/reply/{Op} and /{format}/oneway/{Op}. These routes
 * take the operation's methods; operations that only read also take POST, for
 * clients that send only POST. {Op}[] is a batch. /api is matched before the
 * paths of the table, the other routes after them.
 */
int route_find(struct request *rq, struct error *err);

/* "GET, HEAD, POST". In ARENA. */
const char *route_allow(unsigned methods, struct arena *arena);

#endif
