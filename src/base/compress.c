#include "base/compress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"

#define OUTPUT_BYTES 65536
#define GZIP_ONLY    16 /* zlib: the window's bits plus 16 means a gzip header, not zlib's own */
#define GZIP_MEMORY  9

struct compressor {
	enum encoding encoding;
	FILE *file;
	z_stream gzip;
	ZSTD_CStream *zstd;
	unsigned char out[OUTPUT_BYTES];
};

struct compressor *compressor_new(enum encoding encoding, FILE *file)
{
	struct compressor *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->encoding = encoding;
	c->file = file;
	if (encoding == ENCODING_GZIP &&
	    deflateInit2(&c->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_ONLY,
			 GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	if (encoding == ENCODING_ZSTD && !(c->zstd = ZSTD_createCStream()))
		abort();
	return c;
}

void compressor_free(struct compressor **ret)
{
	struct compressor *c = *ret;

	if (!c)
		return;
	if (c->encoding == ENCODING_GZIP)
		deflateEnd(&c->gzip);
	ZSTD_freeCStream(c->zstd);
	free(c);
	*ret = NULL;
}

static int put(struct compressor *c, const void *bytes, size_t len, struct error *err)
{
	if (len && fwrite(bytes, 1, len, c->file) != len)
		return error_system(err, "writing", errno);
	return 0;
}

/*
 * If zlib leaves room in the output buffer, it has consumed all input and
 * written all output.
 */
static int write_gzip(struct compressor *c, const void *bytes, size_t len, bool last,
		      struct error *err)
{
	c->gzip.next_in = (Bytef *)(uintptr_t)bytes;
	c->gzip.avail_in = (uInt)len;
	do {
		c->gzip.next_out = c->out;
		c->gzip.avail_out = OUTPUT_BYTES;
		deflate(&c->gzip, last ? Z_FINISH : Z_NO_FLUSH);
		if (put(c, c->out, OUTPUT_BYTES - c->gzip.avail_out, err) < 0)
			return -1;
	} while (c->gzip.avail_out == 0);
	return 0;
}

static int write_zstd(struct compressor *c, const void *bytes, size_t len, bool last,
		      struct error *err)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { c->out, OUTPUT_BYTES, 0 };

		left = ZSTD_compressStream2(c->zstd, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return error_set(err, ERR_INTERNAL, NULL, "zstd: %s",
					 ZSTD_getErrorName(left));
		if (put(c, c->out, out.pos, err) < 0)
			return -1;
	} while (last ? left > 0 : in.pos < in.size);
	return 0;
}

static int write_compressed(struct compressor *c, const void *bytes, size_t len, bool last,
			    struct error *err)
{
	switch (c->encoding) {
	case ENCODING_GZIP:
		return write_gzip(c, bytes, len, last, err);
	case ENCODING_ZSTD:
		return write_zstd(c, bytes, len, last, err);
	default:
		return put(c, bytes, len, err);
	}
}

int compressor_write(struct compressor *c, const void *bytes, size_t len, struct error *err)
{
	return write_compressed(c, bytes, len, false, err);
}

int compressor_finish(struct compressor *c, struct error *err)
{
	if (write_compressed(c, "", 0, true, err) < 0)
		return -1;
	return fflush(c->file) == 0 ? 0 : error_system(err, "writing", errno);
}
