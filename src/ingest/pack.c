#include "ingest/pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"

#define OUTPUT_BYTES 65536
#define GZIP_ONLY    16 /* zlib: the window's bits plus 16 means a gzip header, not zlib's own */
#define GZIP_MEMORY  9

struct packer {
	enum packing packing;
	FILE *file;
	z_stream gzip;
	ZSTD_CStream *zstd;
	unsigned char out[OUTPUT_BYTES];
};

struct packer *packer_new(enum packing packing, FILE *file)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->packing = packing;
	p->file = file;
	if (packing == PACKING_GZIP &&
	    deflateInit2(&p->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_ONLY,
			 GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	if (packing == PACKING_ZSTD && !(p->zstd = ZSTD_createCStream()))
		abort();
	return p;
}

void packer_free(struct packer **pp)
{
	struct packer *p = *pp;

	if (!p)
		return;
	if (p->packing == PACKING_GZIP)
		deflateEnd(&p->gzip);
	ZSTD_freeCStream(p->zstd);
	free(p);
	*pp = NULL;
}

static int put(struct packer *p, const void *bytes, size_t len, struct error *err)
{
	if (len && fwrite(bytes, 1, len, p->file) != len)
		return error_system(err, "writing", errno);
	return 0;
}

/*
 * A call with all input taken and room left in the output has nothing more to
 * say.
 */
static int write_gzip(struct packer *p, const void *bytes, size_t len, bool last, struct error *err)
{
	p->gzip.next_in = (Bytef *)(uintptr_t)bytes;
	p->gzip.avail_in = (uInt)len;
	do {
		p->gzip.next_out = p->out;
		p->gzip.avail_out = OUTPUT_BYTES;
		deflate(&p->gzip, last ? Z_FINISH : Z_NO_FLUSH);
		if (put(p, p->out, OUTPUT_BYTES - p->gzip.avail_out, err) < 0)
			return -1;
	} while (p->gzip.avail_out == 0);
	return 0;
}

static int write_zstd(struct packer *p, const void *bytes, size_t len, bool last, struct error *err)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { p->out, OUTPUT_BYTES, 0 };

		left = ZSTD_compressStream2(p->zstd, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return error_set(err, ERR_INTERNAL, NULL, "zstd: %s",
					 ZSTD_getErrorName(left));
		if (put(p, p->out, out.pos, err) < 0)
			return -1;
	} while (last ? left > 0 : in.pos < in.size);
	return 0;
}

static int write_packed(struct packer *p, const void *bytes, size_t len, bool last,
			struct error *err)
{
	switch (p->packing) {
	case PACKING_GZIP:
		return write_gzip(p, bytes, len, last, err);
	case PACKING_ZSTD:
		return write_zstd(p, bytes, len, last, err);
	default:
		return put(p, bytes, len, err);
	}
}

int packer_write(struct packer *p, const void *bytes, size_t len, struct error *err)
{
	return write_packed(p, bytes, len, false, err);
}

int packer_finish(struct packer *p, struct error *err)
{
	if (write_packed(p, "", 0, true, err) < 0)
		return -1;
	return fflush(p->file) == 0 ? 0 : error_system(err, "writing", errno);
}
