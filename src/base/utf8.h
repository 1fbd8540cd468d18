/*
 * utf8.h - checks text for valid UTF-8. (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF)
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the character at TEXT, 1 to 4 bytes; 0 if it is invalid or cut
 * off at LEN.
 */
size_t utf8_step(const char *text, size_t len);

bool utf8_valid(const char *text, size_t len);

/*
 * Is TEXT valid and without control characters: C0 (with line ends and tabs),
 * DEL, C1?
 */
bool utf8_plain(const char *text, size_t len);

#endif
