/*
 * decompress.h - reads bytes that come compressed (gzip, zstd). Whatever the
 * compressed bytes claim, memory stays below about 10 MiB, and no more than a
 * limit comes out.
 */
#ifndef BASE_DECOMPRESS_H
#define BASE_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/*
 * A source of bytes: puts up to SIZE into BUF. How many, 0 at the end, or -1.
 */
typedef int64_t (*read_bytes)(void *arg, void *buf, size_t size, struct error *err);

/*
 * The largest window a zstd frame may ask for, as a power of two: what RFC 9659
 * allows on the web, and zstd -19 needs.
 */
#define ZSTD_WINDOW_LOG 23

enum encoding {
	ENCODING_NONE,
	ENCODING_GZIP,      /* RFC 1952; any number of members */
	ENCODING_ZSTD,      /* RFC 8878; any number of frames */
	ENCODING_BY_CONTENT /* as the first bytes say */
};

struct decompressor;

/*
 * With a limit, no more than DECOMPRESS_RATIO times the compressed size may
 * come out, but DECOMPRESS_FREE_BYTES always may. Usage data rarely compresses
 * to less than a hundredth.
 */
enum { DECOMPRESS_RATIO = 200, DECOMPRESS_FREE_BYTES = 1 << 20 };

/*
 * READ gives the compressed bytes. LIMIT: how many bytes may come out; 0: any
 * number. NUL bytes behind compressed data are ignored. Never NULL.
 */
struct decompressor *decompressor_new(enum encoding encoding, read_bytes read, void *arg,
				      int64_t limit);
void decompressor_free(struct decompressor **d);

/*
 * A read_bytes whose ARG is the decompressor. Fails as READ does; with ERR_BODY
 * where the bytes are damaged or end too soon; with ERR_TOO_LARGE above the
 * limit or the window. After a failure the decompressor can only be freed.
 */
int64_t decompressor_read(void *decompressor, void *buf, size_t size, struct error *err);

#endif
