/*
 * decompress.c - compressed bytes: the result does not depend on the sizes of
 * the parts in which they come; what was compressed comes back.
 */
#include "fuzz.h"
#include "mutate.h"

#include <zlib.h>
#include <zstd.h>

#include "base/decompress.h"
#include "base/banned.h"

#define LIMIT 100000
/* so large that the ratio ends it first */
#define HIGH_LIMIT (4 * DECOMPRESS_FREE_BYTES)

/*
 * Decompresses DATA into OUT, of which it keeps some LIMIT bytes; returns the
 * kind of error that ended it.
 */
static enum error_kind unpack(enum encoding encoding, const uint8_t *data, size_t size, size_t step,
			      int64_t limit, struct strbuf *out)
{
	struct fuzz_stream s = { data, size, 0, step };
	struct decompressor *u = decompressor_new(encoding, fuzz_read, &s, limit);
	struct error err = { 0 };
	char buf[1000];
	int64_t n;

	strbuf_clear(out);
	while ((n = decompressor_read(u, buf, step < sizeof(buf) ? step : sizeof(buf), &err)) > 0)
		if (out->len <= LIMIT)
			strbuf_addn(out, buf, (size_t)n);
	must((n < 0) == (err.kind != ERR_NONE));
	must(n == 0 || err.kind == ERR_BODY || err.kind == ERR_TOO_LARGE);
	must(limit > LIMIT || out->len <= LIMIT);
	decompressor_free(&u);
	return err.kind;
}

static void same_however_it_comes(enum encoding encoding, const uint8_t *data, size_t size,
				  struct strbuf *whole, struct strbuf *parts)
{
	enum error_kind kind = unpack(encoding, data, size, SIZE_MAX, LIMIT, whole);
	size_t len;

	must((unpack(encoding, data, size, 7, LIMIT, parts) == ERR_NONE) == (kind == ERR_NONE));
	len = whole->len < parts->len ? whole->len : parts->len;
	must(memcmp(whole->text, parts->text, len) == 0);
	must(kind != ERR_NONE || whole->len == parts->len);
}

static void comes_back(const uint8_t *packed, size_t packed_size, const uint8_t *data, size_t size,
		       struct strbuf *out)
{
	must(unpack(ENCODING_BY_CONTENT, packed, packed_size, 5, LIMIT, out) == ERR_NONE);
	must(out->len == size && (size == 0 || memcmp(out->text, data, size) == 0));
}

static void pack_and_unpack(const uint8_t *data, size_t size, struct strbuf *out)
{
	size_t room = ZSTD_compressBound(size) + compressBound(size) + 100, len;
	uint8_t *packed = malloc(room);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data,
		       .avail_in = (uInt)size,
		       .next_out = packed,
		       .avail_out = (uInt)room };

	must(packed);
	len = ZSTD_compress(packed, room, data, size, 1);
	must(!ZSTD_isError(len));
	comes_back(packed, len, data, size, out);
	must(deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK &&
	     deflate(&z, Z_FINISH) == Z_STREAM_END);
	comes_back(packed, z.total_out, data, size, out);
	deflateEnd(&z);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf whole, parts;

	strbuf_init(&whole, 1 << 20);
	strbuf_init(&parts, 1 << 20);
	same_however_it_comes(ENCODING_GZIP, data, size, &whole, &parts);
	same_however_it_comes(ENCODING_ZSTD, data, size, &whole, &parts);
	same_however_it_comes(ENCODING_BY_CONTENT, data, size, &whole, &parts);
	unpack(ENCODING_BY_CONTENT, data, size, SIZE_MAX, HIGH_LIMIT, &parts);
	pack_and_unpack(data, size, &whole);
	strbuf_release(&whole);
	strbuf_release(&parts);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_packed(data, size, max_size, seed);
}
