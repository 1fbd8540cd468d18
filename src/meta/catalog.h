/*
 * catalog.h - the operations of ServiceStack's dialect for its tools:
 * MetadataTypes, the app's descriptor and the list of operations (contracts:
 * servicestack E3). Names and nesting are ServiceStack's.
 */
#ifndef META_CATALOG_H
#define META_CATALOG_H

#include "meta/document.h"

/* /types/metadata */
int catalog_write_types(struct request *rq, struct strbuf *out, struct error *err);

/* /metadata/app */
int catalog_write_app(struct request *rq, struct strbuf *out, struct error *err);

/* /operations/metadata, in the requested format */
int catalog_write_operations(struct request *rq, struct strbuf *out, struct error *err);

#endif
