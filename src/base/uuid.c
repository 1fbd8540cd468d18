#include "base/uuid.h"

#include "base/banned.h"

/* Does a hyphen stand before the byte I? */
static bool after_hyphen(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

/* -1: not a digit */
static int digit_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_pack(const char *text, size_t len, unsigned char ret[static UUID_BYTES])
{
	if (len != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_BYTES; i++) {
		int high, low;

		if (after_hyphen(i) && *text++ != '-')
			return false;
		high = digit_value(*text++);
		low = digit_value(*text++);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

void uuid_unpack(const unsigned char bytes[static UUID_BYTES], char ret[static UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (after_hyphen(i))
			*ret++ = '-';
		*ret++ = digits[bytes[i] >> 4];
		*ret++ = digits[bytes[i] & 15];
	}
}
