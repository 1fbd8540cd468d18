#include "store/series_pack.h"

#include "base/banned.h"

enum { FORM = 1, NUMBER_BYTES = 9 };

static size_t add_number(unsigned char *out, uint64_t n)
{
	size_t len = 0;

	for (; n > 0x7f; n >>= 7)
		out[len++] = (unsigned char)(n | 0x80);
	out[len++] = (unsigned char)n;
	return len;
}

/* Reads a number of at most 63 bits, in its shortest form. */
static bool take_number(const unsigned char **at, const unsigned char *end, int64_t *ret)
{
	uint64_t n = 0;
	const unsigned char *p = *at;

	for (int i = 0; i < NUMBER_BYTES && p < end; i++) {
		unsigned char byte = *p++;

		n |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*at = p;
		*ret = (int64_t)n;
		return byte || i == 0;
	}
	return false;
}

size_t series_pack(const int64_t dim[DIMENSIONS], unsigned char out[static SERIES_PACK_BYTES])
{
	size_t len = 0;

	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++) {
		if (!dim[d])
			continue;
		if (!len)
			out[len++] = FORM;
		len += add_number(out + len, (uint64_t)dimension_id(d));
		len += add_number(out + len, (uint64_t)dim[d]);
	}
	return len;
}

bool series_unpack(const unsigned char *bytes, size_t len, int64_t dim[DIMENSIONS])
{
	const unsigned char *at = bytes, *end;
	int last = DIMENSIONS_BUILT_IN - 1;

	for (int d = DIMENSIONS_BUILT_IN; d < DIMENSIONS; d++)
		dim[d] = 0;
	if (!len)
		return true;
	end = bytes + len;
	if (*at++ != FORM || at == end)
		return false;
	while (at < end) {
		int64_t id, value;
		int d;

		if (!take_number(&at, end, &id) || !take_number(&at, end, &value))
			return false;
		d = dimension_of_id(id);
		if (d <= last || d == DIMENSIONS || !value)
			return false;
		dim[d] = value;
		last = d;
	}
	return true;
}
