/*
 * compress_tests.c - compression there and back.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "base/compress.h"
#include "base/decompress.h"
#include "record_fixture.h"
#include "suite.h"
#include "base/banned.h"

/* ---- unpacking ---- */

/* Appends TEXT, packed. */
static void add_gzip(struct strbuf *out, const char *text, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len };

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY),
			 Z_OK);
	ck_assert(strbuf_grow(out, deflateBound(&z, len) + 64));
	z.next_out = (Bytef *)out->text + out->len;
	z.avail_out = (uInt)(out->size - out->len - 1);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void add_zstd(struct strbuf *out, const char *text, size_t len)
{
	ck_assert(strbuf_grow(out, ZSTD_compressBound(len)));
	out->len += ZSTD_compress(out->text + out->len, out->size - out->len - 1, text, len, 3);
}

/*
 * What comes out, or the error's message in *ERR; packed bytes come STEP a
 * read, and others go SIZE at a time.
 */
static void unpacked(struct strbuf *out, enum encoding encoding, const struct strbuf *in,
		     size_t step, size_t size, int64_t limit, struct error *err)
{
	struct bytes bytes = { .text = in->text, .len = in->len, .step = step };
	struct decompressor *u = decompressor_new(encoding, read_from, &bytes, limit);
	char buf[4096];
	int64_t n;

	strbuf_clear(out);
	error_clear(err);
	while ((n = decompressor_read(u, buf, size, err)) > 0)
		strbuf_addn(out, buf, (size_t)n);
	ck_assert_int_eq(n < 0, err->kind != ERR_NONE);
	decompressor_free(&u);
}

/* At once and byte by byte. */
static void check_unpacked(enum encoding encoding, const struct strbuf *in, const char *want,
			   size_t len)
{
	static const size_t steps[] = { SIZE_MAX, 1, 3 };
	struct strbuf out;
	struct error err;

	strbuf_init(&out, 1 << 24);
	for (size_t i = 0; i < 3; i++) {
		unpacked(&out, encoding, in, steps[i], i == 1 ? 1 : 4096, 0, &err);
		ck_assert_str_eq(err.message, "");
		ck_assert_uint_eq(out.len, len);
		ck_assert_mem_eq(out.text, want, len);
	}
	strbuf_release(&out);
}

typedef void (*add_packed)(struct strbuf *out, const char *text, size_t len);

static const struct {
	const char *name;
	add_packed add;
	enum encoding encoding;
} compressions[] = { { "gzip", add_gzip, ENCODING_GZIP }, { "zstd", add_zstd, ENCODING_ZSTD } };

START_TEST(packed_bytes_come_out_whole_and_their_packing_is_seen)
{
	struct strbuf in, text;

	strbuf_init(&in, 1 << 24);
	strbuf_init(&text, 1 << 24);
	for (int i = 0; text.len < 300000; i++)
		strbuf_addf(&text, "%d,%x,", i, i * 2654435761u);
	compressions[_i].add(&in, text.text, text.len);
	check_unpacked(compressions[_i].encoding, &in, text.text, text.len);
	check_unpacked(ENCODING_BY_CONTENT, &in, text.text, text.len);
	strbuf_clear(&in);
	compressions[_i].add(&in, "", 0);
	check_unpacked(compressions[_i].encoding, &in, "", 0);
	strbuf_release(&in);
	strbuf_release(&text);
}
END_TEST

START_TEST(pieces_packed_one_by_one_are_one_stream)
{
	struct strbuf in;

	strbuf_init(&in, 1 << 20);
	compressions[_i].add(&in, "one ", 4);
	compressions[_i].add(&in, "", 0);
	compressions[_i].add(&in, "two", 3);
	check_unpacked(compressions[_i].encoding, &in, "one two", 7);
	check_unpacked(ENCODING_BY_CONTENT, &in, "one two", 7);
	strbuf_release(&in);
}
END_TEST

START_TEST(bytes_that_are_not_packed_pass)
{
	static const char *const texts[] = { "",           "{",        "\x1F", "\x28\xB5\x2F",
					     "{\"id\":1}", "source,id" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct strbuf in;

		strbuf_init(&in, 100);
		strbuf_add(&in, texts[i]);
		check_unpacked(ENCODING_BY_CONTENT, &in, texts[i], strlen(texts[i]));
		check_unpacked(ENCODING_NONE, &in, texts[i], strlen(texts[i]));
		strbuf_release(&in);
	}
}
END_TEST

START_TEST(packed_bytes_that_end_too_soon_are_an_error_wherever_they_end)
{
	struct strbuf in, out;
	struct error err;
	char want[80];

	snprintf(want, sizeof(want), "the %s data ends too soon", compressions[_i].name);
	strbuf_init(&in, 1 << 20);
	strbuf_init(&out, 1 << 20);
	compressions[_i].add(&in, "some text that is some text", 27);
	while (in.len-- > 0) {
		unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
		ck_assert_str_eq(err.message, want);
		ck_assert_int_eq(err.kind, ERR_BODY);
	}
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(damaged_packed_bytes_are_an_error)
{
	struct strbuf in, out;
	struct error err;
	char want[80];

	snprintf(want, sizeof(want), "the %s data is damaged: ", compressions[_i].name);
	strbuf_init(&in, 1 << 20);
	strbuf_init(&out, 1 << 20);
	strbuf_add(&in, "neither of both");
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(strncmp(err.message, want, strlen(want)), 0);
	/* and what follows the packed bytes must be packed too */
	strbuf_clear(&in);
	compressions[_i].add(&in, "text", 4);
	strbuf_add(&in, "more");
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(strncmp(err.message, want, strlen(want)), 0);
	ck_assert_str_eq(out.text, "text");
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

/* The first has a block though it says that it has no content, the second a block of more. */
START_TEST(a_damaged_zstd_frame_is_an_error_however_its_bytes_come)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { { "\x28\xB5\x2F\xFD\x20\x00\x03\x00\x00\x19", 10 },
		     { "\x28\xB5\x2F\xFD\x20\x00\x0B\x00\x00\x19", 10 } };
	static const size_t steps[] = { SIZE_MAX, 1, 7 };
	struct strbuf in, out;
	struct error err;

	strbuf_init(&in, 1000);
	strbuf_init(&out, 1000);
	/* also behind one that is whole */
	for (int behind = 0; behind < 2; behind++)
		for (size_t i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(steps); i++) {
			size_t row = i / ARRAY_SIZE(steps), step = steps[i % ARRAY_SIZE(steps)];

			ROW("frame %zu, %zu bytes at once, behind %d", row, step, behind);
			strbuf_clear(&in);
			if (behind)
				add_zstd(&in, "whole", 5);
			strbuf_addn(&in, rows[row].bytes, rows[row].len);
			unpacked(&out, ENCODING_ZSTD, &in, step, 4096, 0, &err);
			ck_assert_str_ne(err.message, "");
			ck_assert_int_eq(err.kind, ERR_BODY);
		}
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(no_more_is_unpacked_than_the_limit)
{
	struct strbuf in, out, zeros;
	struct error err;

	strbuf_init(&in, 1 << 24);
	strbuf_init(&out, 1 << 24);
	strbuf_init(&zeros, 1 << 24);
	ck_assert(strbuf_grow(&zeros, 1 << 20));
	memset(zeros.text, 0, 1 << 20);
	compressions[_i].add(&in, zeros.text, 1 << 20);
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, 1 << 20, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_eq(out.len, 1 << 20);
	unpacked(&out, compressions[_i].encoding, &in, SIZE_MAX, 4096, (1 << 20) - 1, &err);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	ck_assert_str_eq(err.message, "it decompresses to more than 1048575 bytes");
	ck_assert_uint_lt(out.len, 1 << 20);
	strbuf_release(&in);
	strbuf_release(&out);
	strbuf_release(&zeros);
}
END_TEST

START_TEST(a_zstd_frame_that_asks_for_much_memory_is_refused)
{
	/*
	 * RFC 8878, 3.1.1: magic, descriptor without sizes, window of 2^24
	 * bytes; then an empty last block
	 */
	static const char frame[] = "\x28\xB5\x2F\xFD\x00\x70\x01\x00\x00";
	struct strbuf in, out;
	struct error err;

	strbuf_init(&in, 100);
	strbuf_init(&out, 100);
	strbuf_addn(&in, frame, sizeof(frame) - 1);
	unpacked(&out, ENCODING_ZSTD, &in, SIZE_MAX, 4096, 0, &err);
	ck_assert_int_eq(err.kind, ERR_TOO_LARGE);
	ck_assert_str_eq(err.message,
			 "the zstd data needs a window of more than 8 MiB; compress it "
			 "without --long or --ultra");
	in.text[5] = 0x68;
	check_unpacked(ENCODING_BY_CONTENT, &in, "", 0);
	strbuf_release(&in);
	strbuf_release(&out);
}
END_TEST

START_TEST(a_packed_stream_that_breaks_is_a_failure)
{
	struct strbuf in;
	struct error err = { 0 };
	struct bytes bytes;
	struct decompressor *u;
	char buf[100];

	strbuf_init(&in, 1 << 20);
	compressions[_i].add(&in, "some text that is some text", 27);
	bytes = (struct bytes) { .text = in.text, .len = in.len, .step = 5, .fail_at = 5 };
	u = decompressor_new(ENCODING_BY_CONTENT, read_from, &bytes, 0);
	while (decompressor_read(u, buf, sizeof(buf), &err) > 0)
		;
	ck_assert_str_eq(err.message, "the disk is gone");
	decompressor_free(&u);
	strbuf_release(&in);
}
END_TEST

/* ---- events out ---- */

START_TEST(what_is_packed_is_unpacked)
{
	static const enum encoding kinds[] = { ENCODING_NONE, ENCODING_GZIP, ENCODING_ZSTD };
	struct strbuf text, file;
	struct compressor *p;
	struct error err = { 0 };
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	strbuf_init(&text, 1 << 24);
	strbuf_init(&file, 1 << 24);
	p = compressor_new(kinds[_i], f);
	for (int i = 0; i < 30; i++) {
		size_t from = text.len;

		for (int k = 0; k < 1000 * (i % 7); k++)
			strbuf_addf(&text, "%x,", k * 2654435761u);
		ck_assert_int_eq(compressor_write(p, text.text + from, text.len - from, &err), 0);
	}
	ck_assert_int_eq(compressor_finish(p, &err), 0);
	compressor_free(&p);
	ck_assert(strbuf_grow(&file, (size_t)ftell(f)));
	file.len = (size_t)ftell(f);
	rewind(f);
	ck_assert_uint_eq(fread(file.text, 1, file.len, f), file.len);
	check_unpacked(kinds[_i], &file, text.text, text.len);
	fclose(f);
	strbuf_release(&text);
	strbuf_release(&file);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static const enum encoding kinds[] = { ENCODING_NONE, ENCODING_GZIP, ENCODING_ZSTD };
	struct error err = { 0 };
	FILE *f = fopen("/dev/full", "w");
	struct compressor *p = compressor_new(kinds[_i], f);

	if (compressor_write(p, "some text", 9, &err) == 0)
		ck_assert_int_eq(compressor_finish(p, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "No space left"));
	compressor_free(&p);
	fclose(f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("compress");
	TCase *tc = tcase_create("compress");

	tcase_add_loop_test(tc, packed_bytes_come_out_whole_and_their_packing_is_seen, 0, 2);
	tcase_add_loop_test(tc, pieces_packed_one_by_one_are_one_stream, 0, 2);
	tcase_add_test(tc, bytes_that_are_not_packed_pass);
	tcase_add_loop_test(tc, packed_bytes_that_end_too_soon_are_an_error_wherever_they_end, 0,
			    2);
	tcase_add_loop_test(tc, damaged_packed_bytes_are_an_error, 0, 2);
	tcase_add_loop_test(tc, no_more_is_unpacked_than_the_limit, 0, 2);
	tcase_add_test(tc, a_damaged_zstd_frame_is_an_error_however_its_bytes_come);
	tcase_add_test(tc, a_zstd_frame_that_asks_for_much_memory_is_refused);
	tcase_add_loop_test(tc, a_packed_stream_that_breaks_is_a_failure, 0, 2);
	tcase_add_loop_test(tc, what_is_packed_is_unpacked, 0, 3);
	tcase_add_loop_test(tc, a_full_disk_is_told, 0, 3);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
