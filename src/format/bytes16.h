/*
 * bytes16.h - looks at sixteen bytes of a text at once. Only for this folder.
 */
#ifndef FORMAT_BYTES16_H
#define FORMAT_BYTES16_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes outside ASCII are negative. A comparison makes -1 of true, 0 of false. */
typedef signed char bytes16 __attribute__((vector_size(16)));
typedef int64_t bytes16_halves __attribute__((vector_size(16)));

static inline bytes16 bytes16_load(const char *text)
{
	bytes16 v;

	memcpy(&v, text, sizeof(v));
	return v;
}

/* The place of the first byte of FOUND that is -1, the others being 0; 16: there is none. */
static inline size_t bytes16_first(bytes16 found)
{
	bytes16_halves halves = (bytes16_halves)found;

	for (size_t i = 0; i < 2; i++)
		if (halves[i])
			return 8 * i + (size_t)__builtin_ctzll(le64toh((uint64_t)halves[i])) / 8;
	return sizeof(found);
}

#endif
