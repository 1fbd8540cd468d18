/*
 * api_index.h - /api: the operations with routes by name, in groups (contracts:
 * servicestack A1).
 */
#ifndef META_API_INDEX_H
#define META_API_INDEX_H

#include "meta/document.h"

/*
 * Writes the operations, grouped by namespace:
 * {"AI":[{"name":"GetAIUsage","returns":"AIUsage","description":...,
 *         "links":{"api":URL,"ui":URL}}],...}
 */
int api_index_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
