#include "ingest/attributes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

enum { HEADER_NAME_MAX = 32 };

static const char *find_attribute(header_find find, const void *arg, enum event_field f)
{
	char name[HEADER_NAME_MAX];

	snprintf(name, sizeof(name), "ce-%s", event_fields[f].name);
	return find(arg, name);
}

bool attributes_present(header_find find, const void *arg)
{
	for (int f = 0; f < EVENT_FIELDS; f++)
		if (!event_fields[f].in_data && find_attribute(find, arg, f))
			return true;
	return false;
}

/* RFC 9110 5.6.4: a value in double quotes, where a backslash takes the next character as it is. */
static size_t unquote(char *text, size_t len)
{
	char *out = text;

	if (len < 2 || text[0] != '"' || text[len - 1] != '"')
		return len;
	for (size_t i = 1; i < len - 1; i++) {
		if (text[i] == '\\' && i + 1 < len - 1)
			i++;
		*out++ = text[i];
	}
	return (size_t)(out - text);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false if a "%" isn't followed by two digits. */
static bool decode(char *text, size_t *len)
{
	char *out = text;

	for (size_t i = 0; i < *len; i++) {
		int high, low;

		if (text[i] != '%') {
			*out++ = text[i];
			continue;
		}
		high = i + 2 < *len ? hex_digit(text[i + 1]) : -1;
		low = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (low < 0)
			return false;
		*out++ = (char)(high << 4 | low);
		i += 2;
	}
	*len = (size_t)(out - text);
	return true;
}

int attributes_read(header_find find, const void *arg, struct arena *arena, struct raw_event *ret, struct error *err)
{
	int rc = 0;

	for (int f = 0; f < EVENT_FIELDS; f++) {
		const char *value = event_fields[f].in_data ? NULL : find_attribute(find, arg, f);
		size_t len = value ? strlen(value) : 0;
		char *text;

		if (!value)
			continue;
		text = arena_strn(arena, value, len);
		len = unquote(text, len);
		if (!decode(text, &len)) {
			rc = error_set(err, ERR_PARAM, event_fields[f].name, "the header ce-%s has a %% that isn't followed by two hexadecimal digits",
				       event_fields[f].name);
			continue;
		}
		text[len] = '\0';
		ret->field[f].text = text;
		ret->field[f].len = len;
	}
	return rc;
}

bool type_is_json(const char *type, size_t len)
{
	size_t n = 0;

	while (n < len && type[n] != ';' && type[n] != ' ' && type[n] != '\t')
		n++;
	return (n == 16 && strncasecmp(type, "application/json", n) == 0) || (n == 9 && strncasecmp(type, "text/json", n) == 0) ||
	       (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}
