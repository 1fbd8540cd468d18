/*
 * uuid.h - UUIDs as text and as bytes.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>

enum { UUID_TEXT = 36, UUID_BYTES = 16 };

/*
 * Reads a UUID in its canonical form: 8-4-4-4-12 hexadecimal digits, in small
 * letters. False: TEXT has another form.
 */
bool uuid_pack(const char *text, size_t len, unsigned char ret[static UUID_BYTES]);
/* Writes the canonical form, without a NUL. */
void uuid_unpack(const unsigned char bytes[static UUID_BYTES], char ret[static UUID_TEXT]);

#endif
