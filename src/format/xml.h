/*
 * xml.h - escaped text for XML documents. Only for this folder.
 */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H

#include <stdbool.h>
#include <stddef.h>
#include "base/strbuf.h"

/*
 * Adds TEXT escaped, for an element or for a quoted ATTRIBUTE. Invalid UTF-8
 * and characters that XML does not allow become U+FFFD.
 */
void xml_add_text(struct strbuf *out, const char *text, size_t len, bool attribute);

/* Adds the NUL-ended TEXT escaped, for an element. */
void xml_add(struct strbuf *out, const char *text);

#endif
