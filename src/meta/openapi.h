/* openapi.h - OpenAPI 3.1 of all operations of all dialects. */
#ifndef META_OPENAPI_H
#define META_OPENAPI_H

#include "meta/document.h"

int openapi_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
