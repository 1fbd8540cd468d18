/*
 * utf8.h - is this text? (RFC 3629: no overlong forms, no surrogates, nothing
 * above U+10FFFF)
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes of the character that TEXT begins with, 1 to 4; 0 if it is none, or LEN
 * is too short for it.
 */
size_t utf8_step(const char *text, size_t len);

bool utf8_valid(const char *text, size_t len);

/*
 * Valid, and without control characters: C0 (line ends and tabs too), DEL, C1.
 */
bool utf8_plain(const char *text, size_t len);

#endif
