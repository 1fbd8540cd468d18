/*
 * route.h - which operation a path and a verb mean. Follows the operations' tables.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "api/op.h"

enum { ROUTE_SEGMENTS_MAX = 16 };

struct route {
	const struct dialect *dialect;      /* never NULL, even if there is no such path */
	const struct op *op;                /* NULL: not found */
	const struct format *format;        /* that the last segment's suffix names, or NULL */
	const char *suffix;                 /* ".json", or "" */
	unsigned methods;                   /* that the path has (ERR_METHOD) */
	struct raw_param args[ROUTE_SEGMENTS_MAX];   /* the path's {Name}s */
	size_t n_args;
};

/*
 * Finds METHOD and PATH (decoded, LEN bytes) in TABLE (as `ops`). Text is copied into ARENA. -1: ERR_NOT_FOUND, or ERR_METHOD if
 * only the verb is wrong; *ret says dialect and suffix nevertheless. HEAD goes where GET goes.
 */
int route_find(const struct op *const *table, unsigned method, const char *path, size_t len, struct arena *arena,
	       struct route *ret, struct error *err);

/* "GET, HEAD, POST". In ARENA. */
const char *route_allow(unsigned methods, struct arena *arena);

#endif
