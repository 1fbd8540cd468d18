/*
 * plain.h - text that is safe to show on a terminal or a page. Only for this
 * folder.
 */
#ifndef FORMAT_PLAIN_H
#define FORMAT_PLAIN_H

#include <stddef.h>
#include "base/strbuf.h"

/*
 * Appends TEXT in one line without control characters: line ends and tabs
 * become spaces, other control characters and invalid UTF-8 become U+FFFD.
 */
void plain_add(struct strbuf *out, const char *text, size_t len);

#endif
