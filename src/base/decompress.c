#include "base/decompress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/banned.h"

/* Small enough that malloc keeps the memory when it is freed. */
#define INPUT_BYTES 32768

/* The longest header of a zstd frame (RFC 8878, 3.1.1.1). */
#define ZSTD_HEADER_BYTES 18

struct codec {
	const char *name;
	void (*begin)(struct decompressor *d);
	/*
	 * Decompresses up to SIZE bytes into BUF. Returns their number, or -1.
	 */
	int64_t (*decode)(struct decompressor *d, void *buf, size_t size, struct error *err);
	void (*end)(struct decompressor *d);
};

struct decompressor {
	const struct codec *codec; /* NULL until the first bytes are seen */
	read_bytes read;
	void *arg;
	int64_t limit, done; /* decompressed bytes */
	int64_t taken;       /* compressed bytes read so far */
	unsigned char *in;   /* INPUT_BYTES */
	size_t at, have;     /* the unused compressed bytes are in[at..have) */
	bool ended;          /* READ has returned all compressed bytes */
	bool whole;          /* between members or frames: the bytes may end here */
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t header; /* bytes of the zstd frame so far, up to ZSTD_HEADER_BYTES */
};

/* ---- not compressed ---- */

static void plain_begin(struct decompressor *d)
{
	d->whole = true;
}

static int64_t plain_decode(struct decompressor *d, void *buf, size_t size, struct error *err)
{
	size_t n = d->have - d->at;

	(void)err;
	if (n > size)
		n = size;
	memcpy(buf, d->in + d->at, n);
	d->at += n;
	return (int64_t)n;
}

static void plain_end(struct decompressor *d)
{
	(void)d;
}

/* ---- gzip ---- */

#define GZIP_ONLY 16 /* zlib: the window's bits plus 16 means a gzip header, not zlib's own */

static void gzip_begin(struct decompressor *d)
{
	if (inflateInit2(&d->gzip, MAX_WBITS + GZIP_ONLY) != Z_OK)
		abort();
}

static int64_t gzip_decode(struct decompressor *d, void *buf, size_t size, struct error *err)
{
	int rc;

	if (d->at == d->have && d->whole)
		return 0;
	if (d->whole)
		inflateReset(&d->gzip);
	d->gzip.next_in = d->in + d->at;
	d->gzip.avail_in = (uInt)(d->have - d->at);
	d->gzip.next_out = buf;
	d->gzip.avail_out = size < INT32_MAX ? (uInt)size : INT32_MAX;
	rc = inflate(&d->gzip, Z_NO_FLUSH);
	d->at = d->have - d->gzip.avail_in;
	d->whole = rc == Z_STREAM_END;
	if (rc == Z_MEM_ERROR)
		abort();
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return error_set(err, ERR_BODY, NULL, "the gzip data is damaged: %s",
				 d->gzip.msg ? d->gzip.msg : "it needs a dictionary");
	return (int64_t)(d->gzip.next_out - (Bytef *)buf);
}

static void gzip_end(struct decompressor *d)
{
	inflateEnd(&d->gzip);
}

/* ---- zstd ---- */

static void zstd_begin(struct decompressor *d)
{
	d->zstd = ZSTD_createDStream();
	if (!d->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
		abort();
}

static int64_t zstd_failed(size_t rc, struct error *err)
{
	if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "the zstd data needs a window of more than %d MiB; compress it "
				 "without --long or --ultra",
				 (1 << ZSTD_WINDOW_LOG) >> 20);
	return error_set(err, ERR_BODY, NULL, "the zstd data is damaged: %s",
			 ZSTD_getErrorName(rc));
}

/*
 * libzstd decodes a frame in another way if all of it is there when it has read
 * the header, and then accepts some that are damaged. So it gets the header byte
 * by byte: whether a frame is good does not depend on how its bytes come.
 */
static int64_t zstd_decode(struct decompressor *d, void *buf, size_t size, struct error *err)
{
	ZSTD_inBuffer in = { d->in + d->at, d->have - d->at, 0 };
	ZSTD_outBuffer out = { buf, size, 0 };
	size_t rc;

	if (d->at == d->have && d->whole)
		return 0;
	if (d->whole)
		d->header = 0;
	if (d->header < ZSTD_HEADER_BYTES && in.size > 1)
		in.size = 1;
	rc = ZSTD_decompressStream(d->zstd, &out, &in);
	d->at += in.pos;
	d->header += d->header < ZSTD_HEADER_BYTES ? in.pos : 0;
	if (ZSTD_isError(rc))
		return zstd_failed(rc, err);
	d->whole = rc == 0;
	return (int64_t)out.pos;
}

static void zstd_end(struct decompressor *d)
{
	ZSTD_freeDStream(d->zstd);
}

/* ---- reading ---- */

static const struct codec codecs[] = {
	[ENCODING_NONE] = { NULL, plain_begin, plain_decode, plain_end },
	[ENCODING_GZIP] = { "gzip", gzip_begin, gzip_decode, gzip_end },
	[ENCODING_ZSTD] = { "zstd", zstd_begin, zstd_decode, zstd_end }
};

static void choose(struct decompressor *d, enum encoding encoding)
{
	d->codec = &codecs[encoding];
	d->codec->begin(d);
}

struct decompressor *decompressor_new(enum encoding encoding, read_bytes read, void *arg,
				      int64_t limit)
{
	struct decompressor *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->in = malloc(INPUT_BYTES);
	if (!d->in)
		abort();
	d->read = read;
	d->arg = arg;
	d->limit = limit;
	if (encoding != ENCODING_BY_CONTENT)
		choose(d, encoding);
	return d;
}

void decompressor_free(struct decompressor **ret)
{
	struct decompressor *d = *ret;

	if (!d)
		return;
	if (d->codec)
		d->codec->end(d);
	free(d->in);
	free(d);
	*ret = NULL;
}

/* Reads more compressed bytes and appends them to the input. */
static int fill(struct decompressor *d, struct error *err)
{
	int64_t n;

	if (d->at == d->have)
		d->at = d->have = 0;
	n = d->read(d->arg, d->in + d->have, INPUT_BYTES - d->have, err);
	if (n < 0)
		return -1;
	d->have += (size_t)n;
	d->taken += n;
	d->ended = n == 0;
	return 0;
}

/*
 * Tells the encoding from the first four bytes. The first zstd frame may be a
 * skippable frame.
 */
static enum encoding encoding_of(const unsigned char *in, size_t len)
{
	if (len >= 2 && memcmp(in, "\x1F\x8B", 2) == 0)
		return ENCODING_GZIP;
	if (len >= 4 && (memcmp(in, "\x28\xB5\x2F\xFD", 4) == 0 ||
			 ((in[0] & 0xF0) == 0x50 && memcmp(in + 1, "\x2A\x4D\x18", 3) == 0)))
		return ENCODING_ZSTD;
	return ENCODING_NONE;
}

static int choose_by_content(struct decompressor *d, struct error *err)
{
	while (d->have < 4 && !d->ended)
		if (fill(d, err) < 0)
			return -1;
	choose(d, encoding_of(d->in, d->have));
	return 0;
}

static int check_limits(const struct decompressor *d, struct error *err)
{
	if (!d->limit)
		return 0;
	if (d->done > d->limit)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "it decompresses to more than %" PRId64 " bytes", d->limit);
	if (d->codec->name && d->done > DECOMPRESS_FREE_BYTES &&
	    d->done / DECOMPRESS_RATIO > d->taken)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "it decompresses to more than %d times its size; send it "
				 "uncompressed, or "
				 "in smaller parts",
				 DECOMPRESS_RATIO);
	return 0;
}

/* Skips the NUL bytes that fill up the last block of a tape or a download. */
static void skip_padding(struct decompressor *d)
{
	while (d->whole && d->codec->name && d->at < d->have && d->in[d->at] == '\0')
		d->at++;
}

int64_t decompressor_read(void *decompressor, void *buf, size_t size, struct error *err)
{
	struct decompressor *d = decompressor;
	int64_t n;

	if (!d->codec && choose_by_content(d, err) < 0)
		return -1;
	for (;;) {
		skip_padding(d);
		n = d->codec->decode(d, buf, size, err);
		if (n != 0)
			break;
		if (d->at < d->have)
			continue;
		if (d->ended && !d->whole)
			return error_set(err, ERR_BODY, NULL, "the %s data ends too soon",
					 d->codec->name);
		if (d->ended)
			return 0;
		if (fill(d, err) < 0)
			return -1;
	}
	if (n < 0)
		return -1;
	d->done += n;
	return check_limits(d, err) < 0 ? -1 : n;
}
