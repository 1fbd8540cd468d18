#include "usage/attribute.h"

#include <string.h>
#include "base/utf8.h"
#include "base/banned.h"

void attribute_begin(struct attribute_reader *r, const char *text, size_t len)
{
	r->at = text;
	r->end = len ? text + len : text;
	if (!len || *r->at++ != '{')
		r->at = r->end;
}

/* The byte after the string that begins at AT, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\')
			at++;
	}
	return NULL;
}

/* The byte after the value that begins at AT, or NULL. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	if (at < end && *at == '"')
		return skip_string(at, end);
	while (at && at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (!depth && (*at == ',' || *at == '}'))
			return at;
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	}
	return NULL;
}

bool attribute_next(struct attribute_reader *r, struct attribute *ret)
{
	const char *name = r->at, *value, *next;

	if (name >= r->end || *name != '"')
		return false;
	value = skip_string(name, r->end);
	if (!value || value >= r->end || *value != ':')
		return false;
	next = skip_value(++value, r->end);
	if (!next || next >= r->end || (*next != ',' && *next != '}'))
		return false;
	*ret = (struct attribute) { name + 1, (size_t)(value - name) - 3, value,
				    (size_t)(next - value) };
	r->at = *next == ',' ? next + 1 : r->end;
	return true;
}

/*
 * The text of a string, at most MAX bytes; 0: too long, or it has escapes that
 * no value has.
 */
static size_t unescape(const char *text, size_t len, char *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && (++i == len || (text[i] != '"' && text[i] != '\\')))
			return 0;
		if (n == max)
			return 0;
		out[n++] = text[i];
	}
	return n;
}

size_t attribute_value(const struct attribute *a, char *out, size_t max)
{
	const char *text = a->value;
	size_t len = a->value_len;

	if (len >= 2 && *text == '"') {
		len = unescape(text + 1, len - 2, out, max);
	} else if (!len || len > max || *text == '{' || *text == '[' || *text == 'n') {
		return 0;
	} else {
		memcpy(out, text, len);
	}
	return utf8_plain(out, len) ? len : 0;
}
