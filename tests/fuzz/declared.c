/*
 * declared.c - values of declared dimensions: the bytes of a series, then the
 * attributes of an event. What can be unpacked is the same when it is packed
 * again; each value of an attribute is one that a dimension can have.
 */
#include "fuzz.h"

#include <string.h>
#include "base/utf8.h"
#include "store/series_pack.h"
#include "usage/attribute.h"
#include "base/banned.h"

static void unpack(const uint8_t *data, size_t size)
{
	unsigned char again[SERIES_PACK_BYTES];
	int64_t dim[DIMENSIONS] = { 0 };

	if (!series_unpack(data, size, dim))
		return;
	must(size <= sizeof(again) && series_pack(dim, again) == size);
	must(!size || memcmp(data, again, size) == 0);
}

static void read_attributes(const char *text, size_t len)
{
	char value[DECLARED_VALUE_BYTES];
	struct attribute_reader r;
	struct attribute a;

	attribute_begin(&r, text, len);
	while (attribute_next(&r, &a)) {
		size_t n = attribute_value(&a, value, sizeof(value));

		must(a.name >= text && a.name + a.name_len < text + len);
		must(a.value > a.name && a.value + a.value_len < text + len);
		must(n <= sizeof(value) && utf8_plain(value, n));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char none[] = "";

	unpack(size ? data : (const uint8_t *)none, size);
	read_attributes(size ? (const char *)data : none, size);
	return 0;
}
