/*
 * metadata.h - ServiceStack's metadata pages (contracts: servicestack E1, E2).
 */
#ifndef META_METADATA_H
#define META_METADATA_H

#include "meta/document.h"

/*
 * /metadata: the operations of ServiceStack's dialect, then those of the
 * others.
 */
int metadata_write_index(struct request *rq, struct strbuf *out, struct error *err);

/*
 * /{format}/metadata?op=[&lang=]: one operation of ServiceStack's dialect in
 * one format. Operations of other dialects are in /ui.
 */
int metadata_write_operation(struct request *rq, struct strbuf *out, struct error *err);

#endif
