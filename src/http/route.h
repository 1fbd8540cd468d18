/*
 * route.h - which operation a path and a verb mean. Follows the operations'
 * tables.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/url.h"

struct route {
	const struct dialect *dialect; /* never NULL, even if there is no such path */
	const struct op *op;           /* NULL: not found */
	/*
	 * whose form's page the path is, where that isn't also an operation's
	 * path and verb; or NULL
	 */
	const struct op *form;
	const struct format *format; /* that the last segment's suffix names, or NULL */
	const char *suffix;          /* ".json", or "" */
	/*
	 * of a route by name: what its bodies are, and its answer unless
	 * ?callback= or ?format= say otherwise; else NULL
	 */
	const struct format *fixed;
	/*
	 * Content-Type of an answer in that format, if it isn't the usual one;
	 * or NULL
	 */
	const char *type;
	/* a route by name, of several calls: a JSON array of requests */
	bool batch;
	unsigned methods; /* that the path has, where METHOD is none of them */
	struct raw_param args[URL_SEGMENTS_MAX]; /* the path's {Name}s */
	size_t n_args;
};

/*
 * Families whose operations have names to call them by (dialect->by_name)
 * answer at /api/{Op}, /api/{Op}.{ext}, /{format}/reply/{Op} and
 * /{format}/oneway/{Op}, too: with the operation's verbs, and reads also with
 * POST, which clients send that know no verb. {Op}[] is a batch. /api goes
 * before the paths of the table, the others behind them. ERR_NO_OPERATION: no
 * such name, or it lacks the verb.
 *
 * Finds METHOD and PATH (decoded, LEN bytes; MARKS as request.h's path_marks)
 * in TABLE (as `ops`). Text is copied into ARENA. -1: ERR_NOT_FOUND, or
 * ERR_METHOD if only the verb is wrong; *ret says dialect and suffix
 * nevertheless. HEAD goes where GET goes.
 */
int route_find(const struct op *const *table, unsigned method, const char *path, const char *marks,
	       size_t len, struct arena *arena, struct route *ret, struct error *err);

/* "GET, HEAD, POST". In ARENA. */
const char *route_allow(unsigned methods, struct arena *arena);

#endif
