/*
 * xsd.h - XML schemas of what the ServiceStack family reads and writes, one a
 * namespace: the operations' requests and answers, and the family's errors.
 */
#ifndef META_XSD_H
#define META_XSD_H

#include "meta/document.h"

/* /xsd: imports all of them, by addresses that also fit files beside it. */
int xsd_write_index(struct request *rq, struct strbuf *out, struct error *err);

/* /xsd/{name}: "Voice.Api.AI.xsd", the last part of the namespace. */
int xsd_write(struct request *rq, struct strbuf *out, struct error *err);

#endif
