#include "base/name.h"

#include <glib.h>
#include <string.h>
#include "base/banned.h"

char *name_trim(struct arena *arena, const char *text)
{
	const char *end = text + strlen(text);

	if (!g_utf8_validate(text, -1, NULL))
		return arena_str(arena, text);
	while (*text && g_unichar_isspace(g_utf8_get_char(text)))
		text = g_utf8_next_char(text);
	while (end > text) {
		const char *last = g_utf8_prev_char(end);

		if (!g_unichar_isspace(g_utf8_get_char(last)))
			break;
		end = last;
	}
	return arena_strn(arena, text, (size_t)(end - text));
}

/*
 * Copies TEXT, or OTHERWISE if TEXT is NULL, to ARENA. Frees TEXT, which is
 * GLib's.
 */
static char *take(struct arena *arena, char *text, const char *otherwise)
{
	char *copy = arena_str(arena, text ? text : otherwise);

	g_free(text);
	return copy;
}

char *name_fold(struct arena *arena, const char *text)
{
	char *name = name_trim(arena, text);

	if (!g_utf8_validate(name, -1, NULL))
		return name;
	/* compose again: folding the case can leave decomposed letters */
	name = take(arena, g_utf8_normalize(name, -1, G_NORMALIZE_NFKC), name);
	name = take(arena, g_utf8_casefold(name, -1), name);
	name = take(arena, g_utf8_normalize(name, -1, G_NORMALIZE_NFKC), name);
	return name_trim(arena, name);
}

/*
 * Unicode's Default_Ignorable_Code_Point, without the characters of general
 * category Cf.
 */
static const struct {
	gunichar first, last;
} ignorable[] = {
	{ 0x034F, 0x034F }, { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F },
	{ 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFFA0, 0xFFA0 }, { 0xE0100, 0xE01EF },
};

static bool is_hidden(gunichar c)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ignorable); i++)
		if (c >= ignorable[i].first && c <= ignorable[i].last)
			return true;
	return g_unichar_type(c) == G_UNICODE_FORMAT;
}

bool name_hides_something(const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		if (is_hidden(g_utf8_get_char(text)))
			return true;
	return false;
}
