/*
 * xsd.h - XML schemas of ServiceStack's dialect, one for each namespace:
 * requests, answers and errors.
 */
#ifndef META_XSD_H
#define META_XSD_H

#include "meta/document.h"

/*
 * /xsd: imports all schemas; the links also work for downloaded files in one
 * folder.
 */
int xsd_write_index(struct request *rq, struct strbuf *out, struct error *err);

/* /xsd/{name}: "Voice.Api.AI.xsd", the last part of a namespace. */
int xsd_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
