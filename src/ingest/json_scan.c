#include "ingest/json_scan.h"

#include "base/banned.h"

/* A state names the next token that is allowed. */
enum {
	VALUE,      /* first, so that a zeroed scan expects a value */
	FIRST_ITEM, /* a value, or the end of an empty array */
	FIRST_NAME, /* a name, or the end of an empty object */
	NAME,
	COLON,
	COMMA, /* or the end of the open array or object */
	WORD,  /* inside a number, true, false or null */
	IN_NAME,
	IN_NAME_ESCAPE,
	IN_NAME_HEX,
	IN_TEXT,
	IN_TEXT_ESCAPE,
	IN_TEXT_HEX,
	LOOSE,
	LOOSE_TEXT,
	LOOSE_ESCAPE /* malformed: only brackets and quotes matter */
};

enum taken { TAKEN, ENDS_WITH, ENDS_BEFORE, MALFORMED, LINE_ENDS };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_object(const struct json_scan *s, size_t level)
{
	return s->objects >> level & 1;
}

static enum taken open_level(struct json_scan *s, bool object)
{
	uint64_t bit = (uint64_t)1 << s->depth % JSON_SCAN_DEPTH;

	if (s->depth == JSON_SCAN_DEPTH)
		return MALFORMED;
	s->objects = object ? s->objects | bit : s->objects & ~bit;
	s->depth++;
	return TAKEN;
}

static enum taken close_level(struct json_scan *s, bool object)
{
	if (s->depth == 0 || is_object(s, s->depth - 1) != object)
		return MALFORMED;
	s->depth--;
	s->state = COMMA;
	return s->depth ? TAKEN : ENDS_WITH;
}

static enum taken begin_value(struct json_scan *s, char c)
{
	if (c == '{' || c == '[') {
		s->state = c == '{' ? FIRST_NAME : FIRST_ITEM;
		return open_level(s, c == '{');
	}
	if (c != '"' && !is_word(c))
		return MALFORMED;
	s->state = c == '"' ? IN_TEXT : WORD;
	return TAKEN;
}

/* The state after a value. */
static enum taken separate(struct json_scan *s, char c)
{
	if (c == '}' || c == ']')
		return close_level(s, c == '}');
	if (c != ',')
		return MALFORMED;
	s->state = is_object(s, s->depth - 1) ? NAME : VALUE;
	return TAKEN;
}

static enum taken between(struct json_scan *s, char c)
{
	if (is_space(c))
		return TAKEN;
	switch (s->state) {
	case FIRST_ITEM:
		return c == ']' ? close_level(s, false) : begin_value(s, c);
	case FIRST_NAME:
	case NAME:
		if (c == '}' && s->state == FIRST_NAME)
			return close_level(s, true);
		s->state = IN_NAME;
		return c == '"' ? TAKEN : MALFORMED;
	case COLON:
		s->state = VALUE;
		return c == ':' ? TAKEN : MALFORMED;
	case COMMA:
		return separate(s, c);
	default:
		return begin_value(s, c);
	}
}

/*
 * Scans C inside a name or a text. FIRST is the state for plain characters; the
 * states for escapes follow FIRST.
 */
static enum taken in_string(struct json_scan *s, char c, unsigned char first)
{
	static const char escapes[] = "\"\\/bfnrt";

	if (s->state == first + 2) {
		if (--s->hex == 0)
			s->state = first;
		return is_hex(c) ? TAKEN : MALFORMED;
	}
	if (s->state == first + 1) {
		s->state = c == 'u' ? first + 2 : first;
		s->hex = 4;
		for (const char *e = escapes; *e && c != 'u'; e++)
			if (*e == c)
				return TAKEN;
		return c == 'u' ? TAKEN : MALFORMED;
	}
	/* the parser rejects other control characters */
	if (c == '\n' || c == '\0')
		return MALFORMED;
	if (c == '\\')
		s->state = first + 1;
	if (c != '"')
		return TAKEN;
	s->state = first == IN_NAME ? COLON : COMMA;
	return first == IN_TEXT && s->depth == 0 ? ENDS_WITH : TAKEN;
}

static enum taken step(struct json_scan *s, char c)
{
	if (s->state >= IN_TEXT)
		return in_string(s, c, IN_TEXT);
	if (s->state >= IN_NAME)
		return in_string(s, c, IN_NAME);
	if (s->state != WORD)
		return between(s, c);
	if (is_word(c))
		return TAKEN;
	s->state = COMMA;
	return s->depth ? between(s, c) : ENDS_BEFORE;
}

/* Closes a bracket and all unclosed brackets inside. */
static enum taken close_loosely(struct json_scan *s, bool object)
{
	size_t level = s->depth;

	while (level && is_object(s, level - 1) != object)
		level--;
	if (level == 0)
		return ENDS_BEFORE;
	s->depth = level - 1;
	return s->depth ? TAKEN : ENDS_WITH;
}

static void step_loose_text(struct json_scan *s, char c)
{
	if (s->state == LOOSE_ESCAPE)
		s->state = LOOSE_TEXT;
	else if (c == '\\' || c == '"')
		s->state = c == '"' ? LOOSE : LOOSE_ESCAPE;
}

static enum taken step_loosely(struct json_scan *s, char c)
{
	if (c == '\n')
		return LINE_ENDS;
	if (s->state != LOOSE) {
		step_loose_text(s, c);
		return TAKEN;
	}
	if (c == '}' || c == ']')
		return close_loosely(s, c == '}');
	if (c == '{' || c == '[')
		return open_level(s, c == '{') == TAKEN ? TAKEN : LINE_ENDS;
	if (c == '"')
		s->state = LOOSE_TEXT;
	return s->depth == 0 && (c == ',' || is_space(c)) ? ENDS_BEFORE : TAKEN;
}

/* C is an error: scans only brackets and quotes from here on. */
static enum taken go_loose(struct json_scan *s, bool in_text, char c)
{
	s->malformed = true;
	s->state = in_text ? LOOSE_TEXT : LOOSE;
	return step_loosely(s, c);
}

size_t json_scan(struct json_scan *s, const char *text, size_t len, enum json_step *ret,
		 size_t *ret_at)
{
	*ret = JSON_MORE;
	*ret_at = len;
	for (size_t i = 0; i < len; i++) {
		bool in_text = s->state >= IN_NAME && s->state < LOOSE;
		enum taken taken = s->malformed ? step_loosely(s, text[i]) : step(s, text[i]);

		if (taken == MALFORMED) {
			*ret_at = i;
			taken = go_loose(s, in_text, text[i]);
		}
		if (taken == TAKEN)
			continue;
		*ret = taken == LINE_ENDS ? JSON_BROKEN : JSON_END;
		return i + (taken == ENDS_WITH);
	}
	return len;
}
