/*
 * plain.h - text as it may stand before people, on a terminal or a page. Only
 * for this folder.
 */
#ifndef FORMAT_PLAIN_H
#define FORMAT_PLAIN_H

#include <stddef.h>
#include "base/strbuf.h"

/*
 * Appends TEXT in one line that steers nothing: line ends and tabs become
 * spaces, other control characters and bytes that are no text U+FFFD.
 */
void plain_add(struct strbuf *out, const char *text, size_t len);

#endif
