#include "mapping/pattern.h"

#include <string.h>

#include "base/utf8.h"
#include "mapping/number.h"
#include "base/banned.h"

/* Reads one end of a range. An empty text is a missing end. */
static bool read_end(const char *text, size_t len, struct decimal *ret)
{
	*ret = DECIMAL_NULL;
	return len == 0 || number_read(text, len, false, ret);
}

static bool read_range(const char *text, struct pattern *ret)
{
	const char *dots = strstr(text, "..");

	if (!dots || strcmp(text, "..") == 0)
		return false;
	return read_end(text, (size_t)(dots - text), &ret->low) &&
	       read_end(dots + 2, strlen(dots + 2), &ret->high);
}

void pattern_compile(struct pattern *ret, const char *text, struct arena *arena)
{
	ret->text = arena_str(arena, text);
	ret->len = strlen(text);
	ret->kind = read_range(text, ret)   ? PATTERN_RANGE
		    : strpbrk(text, "*?\\") ? PATTERN_GLOB
					    : PATTERN_TEXT;
}

static bool in_range(const struct pattern *p, const char *text, size_t len, bool comma)
{
	struct decimal n;

	return number_read(text, len, comma, &n) &&
	       (p->low.places < 0 || number_compare(p->low, n) <= 0) &&
	       (p->high.places < 0 || number_compare(n, p->high) <= 0);
}

/* The length of the character at TEXT; 1 for an invalid one. */
static size_t step(const char *text, size_t len)
{
	size_t n = utf8_step(text, len);

	return n ? n : 1;
}

/* On a mismatch, only the last star is extended, by one byte. */
static bool glob_fits(const char *glob, const char *text, size_t len)
{
	const char *end = text + len, *star = NULL, *from = NULL;

	for (;;) {
		if (*glob == '*') {
			star = ++glob;
			from = text;
			continue;
		}
		if (text == end && !*glob)
			return true;
		if (text < end && *glob == '?') {
			glob++;
			text += step(text, (size_t)(end - text));
			continue;
		}
		if (*glob == '\\' && glob[1])
			glob++;
		if (text < end && *glob && *glob == *text) {
			glob++;
			text++;
			continue;
		}
		if (!star || from == end)
			return false;
		glob = star;
		text = ++from;
	}
}

bool pattern_fits(const struct pattern *p, const char *text, size_t len, bool comma)
{
	switch (p->kind) {
	case PATTERN_RANGE:
		return in_range(p, text, len, comma);
	case PATTERN_GLOB:
		return glob_fits(p->text, text, len);
	case PATTERN_TEXT:
		break;
	}
	return len == p->len && memcmp(text, p->text, len) == 0;
}
