/*
 * sample.h - what requests and answers look like with placeholders for values
 * (String, 0, false), written by the writers that write the answers themselves.
 */
#ifndef META_SAMPLE_H
#define META_SAMPLE_H

#include "api/op.h"

/*
 * The parameters of OP as a shape, as a client fills it in: what ServiceStack
 * calls the request's type. In ARENA; its fields have no place in a record.
 * ALL: with PARAM_OWN ones.
 */
const struct shape *sample_request(struct arena *arena, const struct op *op, bool all);

/* The namespace of the operation's types in XML; "" if it has none. */
const char *sample_namespace(const struct op *op);

/*
 * Appends a record of SHAPE (LIST: a list of one) in FORMAT. XML and JSV are
 * indented, and XML has no declaration.
 */
int sample_write(const struct shape *shape, bool list, const struct style *style,
		 const struct format *format, struct strbuf *out, struct error *err);

/* The order that XML takes the fields in: indexes, in ARENA. */
const uint8_t *sample_xml_order(struct arena *arena, const struct shape *shape,
				const struct style *style);

#endif
