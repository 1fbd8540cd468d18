#include "ingest/unpack.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/banned.h"

/* Less than what makes malloc give memory back to the system each time. */
#define INPUT_BYTES 32768

struct codec {
	const char *name;
	void (*begin)(struct unpacker *u);
	/*
	 * Takes packed bytes from the input and puts up to SIZE into BUF. How
	 * many, or -1.
	 */
	int64_t (*decode)(struct unpacker *u, void *buf, size_t size, struct error *err);
	void (*end)(struct unpacker *u);
};

struct unpacker {
	const struct codec *codec; /* NULL until the first bytes are seen */
	read_bytes read;
	void *arg;
	int64_t limit, done; /* unpacked bytes */
	int64_t packed;      /* bytes read so far */
	unsigned char *in;   /* INPUT_BYTES */
	size_t at, have;     /* packed bytes not yet taken: in[at..have) */
	bool ended;          /* has seen their end */
	bool whole;          /* nothing is begun: the packed bytes may end here */
	z_stream gzip;
	ZSTD_DStream *zstd;
};

/* ---- not packed ---- */

static void plain_begin(struct unpacker *u)
{
	u->whole = true;
}

static int64_t plain_decode(struct unpacker *u, void *buf, size_t size, struct error *err)
{
	size_t n = u->have - u->at;

	(void)err;
	if (n > size)
		n = size;
	memcpy(buf, u->in + u->at, n);
	u->at += n;
	return (int64_t)n;
}

static void plain_end(struct unpacker *u)
{
	(void)u;
}

/* ---- gzip ---- */

#define GZIP_ONLY 16 /* zlib: the window's bits plus 16 means a gzip header, not zlib's own */

static void gzip_begin(struct unpacker *u)
{
	if (inflateInit2(&u->gzip, MAX_WBITS + GZIP_ONLY) != Z_OK)
		abort();
}

static int64_t gzip_decode(struct unpacker *u, void *buf, size_t size, struct error *err)
{
	int rc;

	if (u->at == u->have && u->whole)
		return 0;
	if (u->whole)
		inflateReset(&u->gzip);
	u->gzip.next_in = u->in + u->at;
	u->gzip.avail_in = (uInt)(u->have - u->at);
	u->gzip.next_out = buf;
	u->gzip.avail_out = size < INT32_MAX ? (uInt)size : INT32_MAX;
	rc = inflate(&u->gzip, Z_NO_FLUSH);
	u->at = u->have - u->gzip.avail_in;
	u->whole = rc == Z_STREAM_END;
	if (rc == Z_MEM_ERROR)
		abort();
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return error_set(err, ERR_BODY, NULL, "the gzip data is damaged: %s",
				 u->gzip.msg ? u->gzip.msg : "it needs a dictionary");
	return (int64_t)(u->gzip.next_out - (Bytef *)buf);
}

static void gzip_end(struct unpacker *u)
{
	inflateEnd(&u->gzip);
}

/* ---- zstd ---- */

static void zstd_begin(struct unpacker *u)
{
	u->zstd = ZSTD_createDStream();
	if (!u->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
		abort();
}

static int64_t zstd_failed(size_t rc, struct error *err)
{
	if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "the zstd data needs a window of more than %d MiB; pack it "
				 "without --long or --ultra",
				 (1 << ZSTD_WINDOW_LOG) >> 20);
	return error_set(err, ERR_BODY, NULL, "the zstd data is damaged: %s",
			 ZSTD_getErrorName(rc));
}

static int64_t zstd_decode(struct unpacker *u, void *buf, size_t size, struct error *err)
{
	ZSTD_inBuffer in = { u->in + u->at, u->have - u->at, 0 };
	ZSTD_outBuffer out = { buf, size, 0 };
	size_t rc;

	if (u->at == u->have && u->whole)
		return 0;
	rc = ZSTD_decompressStream(u->zstd, &out, &in);
	u->at += in.pos;
	if (ZSTD_isError(rc))
		return zstd_failed(rc, err);
	u->whole = rc == 0;
	return (int64_t)out.pos;
}

static void zstd_end(struct unpacker *u)
{
	ZSTD_freeDStream(u->zstd);
}

/* ---- all ---- */

static const struct codec codecs[] = {
	[PACKING_NONE] = { NULL, plain_begin, plain_decode, plain_end },
	[PACKING_GZIP] = { "gzip", gzip_begin, gzip_decode, gzip_end },
	[PACKING_ZSTD] = { "zstd", zstd_begin, zstd_decode, zstd_end }
};

static void choose(struct unpacker *u, enum packing packing)
{
	u->codec = &codecs[packing];
	u->codec->begin(u);
}

struct unpacker *unpacker_new(enum packing packing, read_bytes read, void *arg, int64_t limit)
{
	struct unpacker *u = calloc(1, sizeof(*u));

	if (!u)
		abort();
	u->in = malloc(INPUT_BYTES);
	if (!u->in)
		abort();
	u->read = read;
	u->arg = arg;
	u->limit = limit;
	if (packing != PACKING_BY_CONTENT)
		choose(u, packing);
	return u;
}

void unpacker_free(struct unpacker **up)
{
	struct unpacker *u = *up;

	if (!u)
		return;
	if (u->codec)
		u->codec->end(u);
	free(u->in);
	free(u);
	*up = NULL;
}

/* More packed bytes behind those that are there, or their end. */
static int fill(struct unpacker *u, struct error *err)
{
	int64_t n;

	if (u->at == u->have)
		u->at = u->have = 0;
	n = u->read(u->arg, u->in + u->have, INPUT_BYTES - u->have, err);
	if (n < 0)
		return -1;
	u->have += (size_t)n;
	u->packed += n;
	u->ended = n == 0;
	return 0;
}

/*
 * The first four bytes tell; a skippable frame may stand before the others of
 * zstd.
 */
static enum packing packing_of(const unsigned char *in, size_t len)
{
	if (len >= 2 && memcmp(in, "\x1F\x8B", 2) == 0)
		return PACKING_GZIP;
	if (len >= 4 && (memcmp(in, "\x28\xB5\x2F\xFD", 4) == 0 ||
			 ((in[0] & 0xF0) == 0x50 && memcmp(in + 1, "\x2A\x4D\x18", 3) == 0)))
		return PACKING_ZSTD;
	return PACKING_NONE;
}

static int choose_by_content(struct unpacker *u, struct error *err)
{
	while (u->have < 4 && !u->ended)
		if (fill(u, err) < 0)
			return -1;
	choose(u, packing_of(u->in, u->have));
	return 0;
}

static int check_limits(const struct unpacker *u, struct error *err)
{
	if (!u->limit)
		return 0;
	if (u->done > u->limit)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "it unpacks to more than %" PRId64 " bytes", u->limit);
	if (u->codec->name && u->done > UNPACK_FREE_BYTES && u->done / UNPACK_RATIO > u->packed)
		return error_set(err, ERR_TOO_LARGE, NULL,
				 "it unpacks to more than %d times its size; send it unpacked, or "
				 "in smaller parts",
				 UNPACK_RATIO);
	return 0;
}

/* What fills up the last block of a tape or a download. */
static void skip_padding(struct unpacker *u)
{
	while (u->whole && u->codec->name && u->at < u->have && u->in[u->at] == '\0')
		u->at++;
}

int64_t unpacker_read(void *unpacker, void *buf, size_t size, struct error *err)
{
	struct unpacker *u = unpacker;
	int64_t n;

	if (!u->codec && choose_by_content(u, err) < 0)
		return -1;
	for (;;) {
		skip_padding(u);
		n = u->codec->decode(u, buf, size, err);
		if (n != 0)
			break;
		if (u->at < u->have)
			continue;
		if (u->ended && !u->whole)
			return error_set(err, ERR_BODY, NULL, "the %s data ends too soon",
					 u->codec->name);
		if (u->ended)
			return 0;
		if (fill(u, err) < 0)
			return -1;
	}
	if (n < 0)
		return -1;
	u->done += n;
	return check_limits(u, err) < 0 ? -1 : n;
}
