/*
 * decompress.h - decompresses a stream (gzip, zstd). Memory stays below about
 * 10 MiB, and the output below a limit, whatever the input is.
 */
#ifndef BASE_DECOMPRESS_H
#define BASE_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/*
 * A source of bytes: puts up to SIZE bytes into BUF. Returns their number, 0 at
 * the end, or -1.
 */
typedef int64_t (*read_bytes)(void *arg, void *buf, size_t size, struct error *err);

/*
 * The largest window of a zstd frame, as a power of two: RFC 9659 allows this
 * size on the web, and zstd -19 needs it.
 */
#define ZSTD_WINDOW_LOG 23

enum encoding {
	ENCODING_NONE,
	ENCODING_GZIP,      /* RFC 1952; any number of members */
	ENCODING_ZSTD,      /* RFC 8878; any number of frames */
	ENCODING_BY_CONTENT /* detected from the first bytes */
};

struct decompressor;

/*
 * If there is a limit, the output may have DECOMPRESS_RATIO times the
 * compressed size, and at least DECOMPRESS_FREE_BYTES. Usage data rarely
 * compresses to less than a hundredth.
 */
enum { DECOMPRESS_RATIO = 200, DECOMPRESS_FREE_BYTES = 1 << 20 };

/*
 * READ gives the compressed bytes. LIMIT is the largest number of decompressed
 * bytes; 0: any number. NUL bytes after the compressed data are ignored. Never
 * returns NULL.
 */
struct decompressor *decompressor_new(enum encoding encoding, read_bytes read, void *arg,
				      int64_t limit);
void decompressor_free(struct decompressor **d);

/*
 * A read_bytes whose ARG is the decompressor. Fails with the error of READ;
 * with ERR_BODY if the compressed bytes are damaged or end too soon; with
 * ERR_TOO_LARGE if the output passes the limit or a frame needs a larger
 * window. After a failure the decompressor can only be freed.
 */
int64_t decompressor_read(void *decompressor, void *buf, size_t size, struct error *err);

#endif
