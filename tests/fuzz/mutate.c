#include "mutate.h"

#include <fastcgi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"

enum { SPANS_MAX = 256, DEPTH_MAX = 64, NESTING_MAX = 300, PLAIN_MAX = 1 << 16, NUMBER_BYTES = 10 };

/* A piece of the input that stays whole. */
struct span {
	size_t at, len;
};

static unsigned pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return n ? (*seed >> 8) % n : 0;
}

/*
 * Puts LEN bytes of TEXT in the place of S, if there is room. Returns the new
 * size.
 */
static size_t put(uint8_t *data, size_t size, size_t max_size, struct span s, const uint8_t *text,
		  size_t len)
{
	if (size - s.len + len > max_size)
		return size;
	memmove(data + s.at + len, data + s.at + s.len, size - s.at - s.len);
	if (len)
		memmove(data + s.at, text, len);
	return size - s.len + len;
}

/* The same with other bytes of the input. */
static size_t put_copy(uint8_t *data, size_t size, size_t max_size, struct span where,
		       struct span from)
{
	uint8_t *copy = malloc(from.len + 1);

	if (!copy)
		abort();
	memcpy(copy, data + from.at, from.len);
	size = put(data, size, max_size, where, copy, from.len);
	free(copy);
	return size;
}

/* Removes A, repeats it, or puts it in the place of B. */
static size_t rearrange(uint8_t *data, size_t size, size_t max_size, struct span a, struct span b,
			unsigned *seed)
{
	switch (pick(seed, 3)) {
	case 0:
		return put(data, size, max_size, a, NULL, 0);
	case 1:
		return put_copy(data, size, max_size, (struct span) { a.at + a.len, 0 }, a);
	default:
		return put_copy(data, size, max_size, b, a);
	}
}

/* ---- brackets ---- */

/* Everything between brackets that belong together, and quoted texts. */
static size_t find_values(const uint8_t *data, size_t size, struct span spans[static SPANS_MAX])
{
	size_t open[DEPTH_MAX], depth = 0, n = 0, quote = SIZE_MAX;

	for (size_t i = 0; i < size && n < SPANS_MAX; i++) {
		if (quote != SIZE_MAX && data[i] == '\\')
			i++;
		else if (data[i] == '"' && quote == SIZE_MAX)
			quote = i;
		else if (data[i] == '"') {
			spans[n++] = (struct span) { quote, i + 1 - quote };
			quote = SIZE_MAX;
		} else if (quote != SIZE_MAX)
			continue;
		else if ((data[i] == '{' || data[i] == '[') && depth < DEPTH_MAX)
			open[depth++] = i;
		else if ((data[i] == '}' || data[i] == ']') && depth > 0) {
			depth--;
			spans[n++] = (struct span) { open[depth], i + 1 - open[depth] };
		}
	}
	return n;
}

/* Brackets around S, many of them now and then. */
static size_t wrap(uint8_t *data, size_t size, size_t max_size, struct span s, unsigned *seed)
{
	static const struct {
		const char *open, *close;
	} brackets[] = { { "[", "]" }, { "{\"a\":", "}" } };
	size_t kind = pick(seed, 2), open_len = strlen(brackets[kind].open);
	size_t n = pick(seed, 4) ? 1 : pick(seed, NESTING_MAX);

	if (size + n * (open_len + 1) > max_size)
		return size;
	while (n--) {
		size = put(data, size, max_size, (struct span) { s.at + s.len, 0 },
			   (const uint8_t *)brackets[kind].close, 1);
		size = put(data, size, max_size, (struct span) { s.at, 0 },
			   (const uint8_t *)brackets[kind].open, open_len);
		s.len += open_len + 1;
	}
	return size;
}

size_t mutate_brackets(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct span spans[SPANS_MAX];
	size_t n;

	if (pick(&seed, 4))
		return LLVMFuzzerMutate(data, size, max_size);
	n = find_values(data, size, spans);
	if (!n)
		return LLVMFuzzerMutate(data, size, max_size);
	if (pick(&seed, 2))
		return wrap(data, size, max_size, spans[pick(&seed, (unsigned)n)], &seed);
	return rearrange(data, size, max_size, spans[pick(&seed, (unsigned)n)],
			 spans[pick(&seed, (unsigned)n)], &seed);
}

/* ---- gzip and zstd ---- */

/*
 * What the first member or frame holds, PLAIN_MAX bytes of it at most; 0 if it
 * is none.
 */
static size_t unpack(const uint8_t *data, size_t size, uint8_t *plain)
{
	size_t n = ZSTD_decompress(plain, PLAIN_MAX, data, size);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data,
		       .avail_in = (uInt)size,
		       .next_out = plain,
		       .avail_out = PLAIN_MAX };

	if (!ZSTD_isError(n))
		return n;
	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		abort();
	inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return z.total_out;
}

static size_t pack(const uint8_t *plain, size_t len, uint8_t *out, size_t room, unsigned *seed)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)plain,
		       .avail_in = (uInt)len,
		       .next_out = out,
		       .avail_out = (uInt)room };
	size_t n;

	if (pick(seed, 2)) {
		n = ZSTD_compress(out, room, plain, len, 1 + (int)pick(seed, 5));
		return ZSTD_isError(n) ? 0 : n;
	}
	if (deflateInit2(&z, (int)pick(seed, 10), Z_DEFLATED, MAX_WBITS + 16, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	n = deflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
	deflateEnd(&z);
	return n;
}

size_t mutate_packed(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t plain[PLAIN_MAX], packed[PLAIN_MAX];
	size_t len, cut, n, rest = 0;

	if (pick(&seed, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	len = unpack(data, size, plain);
	len = LLVMFuzzerMutate(plain, len, PLAIN_MAX);
	cut = pick(&seed, 3) ? len : pick(&seed, (unsigned)len + 1);
	n = pack(plain, cut, packed, sizeof(packed), &seed);
	if (n && cut < len)
		rest = pack(plain + cut, len - cut, packed + n, sizeof(packed) - n, &seed);
	if (!n || n + rest > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(data, packed, n + rest);
	return n + rest;
}

/* ---- FastCGI records ---- */

size_t mutate_record_len(const uint8_t *data, size_t size)
{
	size_t len = size;

	if (size >= FCGI_HEADER_LEN)
		len = FCGI_HEADER_LEN + (size_t)(data[4] << 8 | data[5]) + data[6];
	return len < size ? len : size;
}

static size_t find_records(const uint8_t *data, size_t size, struct span spans[static SPANS_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at < size && n < SPANS_MAX; n++) {
		spans[n] = (struct span) { at, mutate_record_len(data + at, size - at) };
		at += spans[n].len;
	}
	return n;
}

/*
 * The value of one of a record's variables. Both their lengths must be short.
 */
static bool find_value(const uint8_t *data, struct span record, struct span *ret, unsigned *seed)
{
	struct span found[SPANS_MAX];
	size_t n = 0, end = record.at + FCGI_HEADER_LEN +
			    (size_t)(data[record.at + 4] << 8 | data[record.at + 5]);

	for (size_t at = record.at + FCGI_HEADER_LEN; at + 2 <= end && n < SPANS_MAX;) {
		size_t name = data[at], value = data[at + 1];

		if (name > 127 || value > 127 || at + 2 + name + value > end)
			break;
		found[n++] = (struct span) { at + 2 + name, value };
		at += 2 + name + value;
	}
	if (n)
		*ret = found[pick(seed, (unsigned)n)];
	return n > 0;
}

/* Gives the record another content and the length of it. */
static size_t put_content(uint8_t *data, size_t size, size_t max_size, struct span record,
			  struct span old, const uint8_t *text, size_t len)
{
	size_t content = (size_t)(data[record.at + 4] << 8 | data[record.at + 5]) - old.len + len;

	if (content > FCGI_MAX_LENGTH || size - old.len + len > max_size)
		return size;
	data[record.at + 4] = (uint8_t)(content >> 8);
	data[record.at + 5] = (uint8_t)content;
	return put(data, size, max_size, old, text, len);
}

static size_t change_content(uint8_t *data, size_t size, size_t max_size, struct span record,
			     unsigned *seed)
{
	struct span old = { record.at + FCGI_HEADER_LEN,
			    (size_t)(data[record.at + 4] << 8 | data[record.at + 5]) };
	static uint8_t text[FCGI_MAX_LENGTH + 1];
	bool variable = data[record.at + 1] == FCGI_PARAMS && pick(seed, 8) &&
			find_value(data, record, &old, seed);
	size_t len;

	memcpy(text, data + old.at, old.len);
	len = LLVMFuzzerMutate(text, old.len, variable ? 127 : old.len + 64);
	if (variable && size - old.len + len <= max_size)
		/*
		 * its name's length tells where the value's is: in front of the
		 * name, one byte
		 */
		for (size_t at = record.at + FCGI_HEADER_LEN; at < old.at;
		     at += 2 + (size_t)data[at] + data[at + 1])
			if (at + 2 + data[at] == old.at) {
				data[at + 1] = (uint8_t)len;
				break;
			}
	return put_content(data, size, max_size, record, old, text, len);
}

/* Type, request, flags or padding. */
static size_t change_head(uint8_t *data, size_t size, struct span record, unsigned *seed)
{
	static const uint8_t places[] = { 0, 1, 2, 3, 6, 7, 9, 10 };
	size_t place = places[pick(seed, sizeof(places))];

	if (place < record.len)
		data[record.at + place] = (uint8_t)(pick(seed, 2) ? pick(seed, 13)
								  : pick(seed, 256));
	return size;
}

static size_t split(uint8_t *data, size_t size, size_t max_size, struct span record, unsigned *seed)
{
	uint8_t head[FCGI_HEADER_LEN];
	size_t content = (size_t)(data[record.at + 4] << 8 | data[record.at + 5]),
	       first = pick(seed, (unsigned)content + 1);

	if (size + FCGI_HEADER_LEN > max_size)
		return size;
	memcpy(head, data + record.at, sizeof(head));
	head[4] = (uint8_t)((content - first) >> 8);
	head[5] = (uint8_t)(content - first);
	data[record.at + 4] = (uint8_t)(first >> 8);
	data[record.at + 5] = (uint8_t)first;
	data[record.at + 6] = 0;
	return put(data, size, max_size, (struct span) { record.at + FCGI_HEADER_LEN + first, 0 },
		   head, sizeof(head));
}

size_t mutate_records(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct span spans[SPANS_MAX], a;
	size_t n = find_records(data, size, spans);

	if (!n || !pick(&seed, 8))
		return LLVMFuzzerMutate(data, size, max_size);
	a = spans[pick(&seed, (unsigned)n)];
	if (a.len < FCGI_HEADER_LEN ||
	    a.len < FCGI_HEADER_LEN + (size_t)(data[a.at + 4] << 8 | data[a.at + 5]))
		return LLVMFuzzerMutate(data, size, max_size);
	switch (pick(&seed, 8)) {
	case 0:
		return rearrange(data, size, max_size, a, spans[pick(&seed, (unsigned)n)], &seed);
	case 1:
		return split(data, size, max_size, a, &seed);
	case 2:
		return change_head(data, size, a, &seed);
	default:
		return change_content(data, size, max_size, a, &seed);
	}
}

/* ---- numbers ---- */

static size_t find_numbers(const uint8_t *data, size_t size, struct span spans[static SPANS_MAX])
{
	size_t n = 0;

	for (size_t at = 0, end; at < size && n < SPANS_MAX; at = end) {
		for (end = at; end < size && data[end] & 0x80; end++)
			;
		end += end < size;
		spans[n++] = (struct span) { at, end - at };
	}
	return n;
}

size_t mutate_numbers(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct span spans[SPANS_MAX], a;
	uint8_t bytes[NUMBER_BYTES];
	size_t n = find_numbers(data, size, spans), len = 0;
	uint64_t number;

	if (!n || pick(&seed, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	a = spans[pick(&seed, (unsigned)n)];
	if (pick(&seed, 3) == 0)
		return rearrange(data, size, max_size, a, spans[pick(&seed, (unsigned)n)], &seed);
	number = (uint64_t)pick(&seed, 1 << 16) << pick(&seed, 49);
	number >>= pick(&seed, 17);
	for (; number >= 0x80; number >>= 7)
		bytes[len++] = (uint8_t)(number | 0x80);
	bytes[len++] = (uint8_t)number;
	return put(data, size, max_size, a, bytes, len);
}

/* ---- behind a byte ---- */

size_t mutate_behind(size_t (*mutate)(uint8_t *data, size_t size, size_t max_size, unsigned seed),
		     uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (size < 2 || max_size < 2 || !pick(&seed, 16))
		return LLVMFuzzerMutate(data, size, max_size);
	return 1 + mutate(data + 1, size - 1, max_size - 1, seed);
}
