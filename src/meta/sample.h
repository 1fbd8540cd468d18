/*
 * sample.h - samples of requests and answers, with placeholders as values
 * (String, 0, false). The writers of real answers write them.
 */
#ifndef META_SAMPLE_H
#define META_SAMPLE_H

#include "api/op.h"

/*
 * The parameters of OP as a shape: ServiceStack's request type. In ARENA; its
 * fields have no offsets. ALL: includes PARAM_OWN.
 */
const struct shape *sample_request(struct arena *arena, const struct op *op, bool all);

/* The XML namespace of the operation's types, or "". */
const char *sample_namespace(const struct op *op);

/*
 * Appends a record of SHAPE in FORMAT (LIST: a list of one record). XML and JSV
 * are indented; XML has no declaration.
 */
int sample_write(const struct shape *shape, bool list, const struct style *style,
		 const struct format *format, struct strbuf *out, struct error *err);

/* The fields in the order of XML, in ARENA; ends with NULL. */
const struct field **sample_xml_fields(struct arena *arena, const struct shape *shape,
				       const struct style *style);

#endif
