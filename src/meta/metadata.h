/*
 * metadata.h - ServiceStack's metadata pages (contracts: servicestack E1, E2).
 * Both functions append a page to OUT, and are rows of `documents`
 * (meta/document.h).
 */
#ifndef META_METADATA_H
#define META_METADATA_H

#include "meta/document.h"

/*
 * /metadata: the operations of ServiceStack's dialect, then of the other
 * dialects.
 */
int metadata_write_index(struct request *rq, struct strbuf *out, struct error *err);

/*
 * /{format}/metadata?op=[&lang=]: one operation of ServiceStack's dialect in
 * one format. Without `op` it redirects to /metadata; an operation of another
 * dialect redirects to its page in /ui. ERR_NOT_FOUND: the format, operation or
 * language is unknown.
 */
int metadata_write_operation(struct request *rq, struct strbuf *out, struct error *err);

#endif
