/* route.h - finds the operation of a path and method in the table. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/request.h"

/*
 * Finds the operation of RQ's method and path in its dialect, and sets what the
 * path says in RQ. HEAD is routed as GET. -1: ERR_NOT_FOUND; ERR_METHOD if only
 * the method is wrong (the suffix is set all the same); ERR_NO_OPERATION if a
 * route by name has an unknown name or method.
 *
 * Dialects with routes by name (dialect->by_name) also have /api/{Op},
 * /api/{Op}.{ext}, /{format}/reply/{Op} and /{format}/oneway/{Op}. They take
 * the operation's methods; reads also take POST, for clients that know no
 * methods. {Op}[] is a batch. /api comes before the paths of the table, the
 * others after them.
 */
int route_find(struct request *rq, struct error *err);

/* "GET, HEAD, POST". In ARENA. */
const char *route_allow(unsigned methods, struct arena *arena);

#endif
