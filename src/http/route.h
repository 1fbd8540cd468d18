/*
 * route.h - which operation a path and a verb mean. Follows the operations'
 * tables.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/request.h"

/*
 * Families whose operations have names to call them by (dialect->by_name)
 * answer at /api/{Op}, /api/{Op}.{ext}, /{format}/reply/{Op} and
 * /{format}/oneway/{Op}, too: with the operation's verbs, and reads also with
 * POST, which clients send that know no verb. {Op}[] is a batch. /api goes
 * before the paths of the table, the others behind them. ERR_NO_OPERATION: no
 * such name, or it lacks the verb.
 *
 * Finds the operation of RQ's method and path among those of its dialect, and
 * says in RQ what the path means. -1: ERR_NOT_FOUND, or ERR_METHOD if only the
 * verb is wrong; the suffix is found nevertheless. HEAD goes where GET goes.
 */
int route_find(struct request *rq, struct error *err);

/* "GET, HEAD, POST". In ARENA. */
const char *route_allow(unsigned methods, struct arena *arena);

#endif
