#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

#define EACH_BYTE(b) (0x0101010101010101ULL * (b))

size_t utf8_step(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf; /* the range of the second byte */
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	switch (s[0]) {
	case 0xe0:
		low = 0xa0;
		break; /* below: overlong */
	case 0xed:
		high = 0x9f;
		break; /* above: surrogates */
	case 0xf0:
		low = 0x90;
		break; /* below: overlong */
	case 0xf4:
		high = 0x8f;
		break; /* above: past U+10FFFF */
	}
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static uint64_t load8(const char *text)
{
	uint64_t eight;

	memcpy(&eight, text, sizeof(eight));
	return eight;
}

bool utf8_valid(const char *text, size_t len)
{
	size_t n;

	while (len > 0) {
		if (len >= 8 && !(load8(text) & EACH_BYTE(0x80)))
			n = 8;
		else
			n = utf8_step(text, len);
		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

/*
 * Are all eight bytes from 0x20 to 0x7e? To a byte below 0x80, adding 0x60 sets
 * the top bit if the byte is at least 0x20, and adding 1 sets the top bit only
 * of 0x7f. Neither sum carries into the next byte.
 */
static bool printable8(uint64_t eight)
{
	uint64_t shown = eight + EACH_BYTE(0x60), del = eight + EACH_BYTE(0x01);

	return !(eight & EACH_BYTE(0x80)) && ((shown & ~del) & EACH_BYTE(0x80)) == EACH_BYTE(0x80);
}

static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

bool utf8_plain(const char *text, size_t len)
{
	size_t n;

	while (len > 0) {
		if (len >= 8 && printable8(load8(text))) {
			n = 8;
		} else {
			n = utf8_step(text, len);
			if (n == 0 || is_control((const unsigned char *)text))
				return false;
		}
		text += n;
		len -= n;
	}
	return true;
}
