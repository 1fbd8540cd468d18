/*
 * unpack.h - bytes that come packed (gzip, zstd), unpacked on the way. Whatever
 * the packed bytes claim, memory stays below about 10 MiB, and no more than a
 * limit comes out.
 */
#ifndef INGEST_UNPACK_H
#define INGEST_UNPACK_H

#include "ingest/reader.h"

/*
 * The largest window a zstd frame may ask for, as a power of two: what RFC 9659
 * allows on the web, and zstd -19 needs.
 */
#define ZSTD_WINDOW_LOG 23

enum packing {
	PACKING_NONE,
	PACKING_GZIP,      /* RFC 1952; any number of members */
	PACKING_ZSTD,      /* RFC 8878; any number of frames */
	PACKING_BY_CONTENT /* as the first bytes say */
};

struct unpacker;

/*
 * A body may unpack to so many times its packed size, and to UNPACK_FREE_BYTES
 * in any case. Usage data rarely packs to less than a hundredth.
 */
enum { UNPACK_RATIO = 200, UNPACK_FREE_BYTES = 1 << 20 };

/*
 * READ gives the packed bytes. LIMIT is the most that may come out, in bytes,
 * which also bounds it by UNPACK_RATIO; 0 for any number. Never NULL. NUL bytes
 * behind packed data are ignored.
 */
struct unpacker *unpacker_new(enum packing packing, read_bytes read, void *arg, int64_t limit);
void unpacker_free(struct unpacker **u);

/*
 * A read_bytes, whose ARG is the unpacker. Fails as READ does; with ERR_BODY
 * where the bytes aren't what they should be or end too soon; with
 * ERR_TOO_LARGE above the limit or the window. After a failure it can only be
 * freed.
 */
int64_t unpacker_read(void *unpacker, void *buf, size_t size, struct error *err);

#endif
