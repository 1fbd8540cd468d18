#include "store/json_list.h"

#include <string.h>
#include "base/decimal.h"
#include "base/banned.h"

enum { NUMBER_BYTES = 20, ESCAPE_BYTES = 6 };

static char *put_number(char *to, int64_t n)
{
	char text[DECIMAL_TEXT];
	size_t len = decimal_format(text, n, 0);

	memcpy(to, text, len);
	return to + len;
}

const char *json_list_ids(struct arena *arena, const int64_t *ids, size_t n)
{
	char *text = arena_alloc(arena, n * (NUMBER_BYTES + 1) + sizeof("[]")), *to = text;

	*to++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = ',';
		to = put_number(to, ids[i]);
	}
	*to = ']';
	return text;
}

static char *put_text(char *to, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ') {
			memcpy(to, "\\u00", 4);
			to[4] = hex[c >> 4];
			to[5] = hex[c & 15];
			to += ESCAPE_BYTES;
			continue;
		}
		if (c == '"' || c == '\\')
			*to++ = '\\';
		*to++ = (char)c;
	}
	return to;
}

const char *json_list_keys(struct arena *arena, const struct event_key *keys, size_t n)
{
	size_t size = sizeof("[]");
	char *text, *to;

	for (size_t i = 0; i < n; i++)
		size += NUMBER_BYTES + sizeof("\"\":,") + ESCAPE_BYTES * keys[i].len;
	text = to = arena_alloc(arena, size);
	*to++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = ',';
		*to++ = '"';
		to = put_number(to, keys[i].source);
		*to++ = ':';
		to = put_text(to, keys[i].id, keys[i].len);
		*to++ = '"';
	}
	*to = ']';
	return text;
}
