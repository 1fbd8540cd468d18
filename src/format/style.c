#include "format/style.h"

#include <assert.h>
#include <strings.h>

#include <glib.h>

#include "base/banned.h"

static void spell_pascal(struct strbuf *out, const char *name)
{
	bool begins = true;

	for (; *name; name++) {
		if (*name != '_')
			strbuf_addc(out, begins ? g_ascii_toupper(*name) : *name);
		begins = *name == '_';
	}
}

static void spell_camel(struct strbuf *out, const char *name)
{
	bool leading = true;

	for (size_t i = 0; name[i]; i++) {
		bool last_of_run = name[i + 1] && !g_ascii_isupper(name[i + 1]);

		leading = leading && g_ascii_isupper(name[i]) && (i == 0 || !last_of_run);
		strbuf_addc(out, leading ? g_ascii_tolower(name[i]) : name[i]);
	}
}

/*
 * The length of the first word of TEXT, which ends before "_" or before the
 * capital of the next word.
 */
static size_t word_length(const char *text)
{
	size_t n = 1;

	while (text[n] && text[n] != '_') {
		if (g_ascii_isupper(text[n]) &&
		    (g_ascii_islower(text[n - 1]) || g_ascii_islower(text[n + 1])))
			break;
		n++;
	}
	return n;
}

static void spell_snake(struct strbuf *out, const char *name)
{
	for (bool first = true; *name; first = false) {
		size_t len = word_length(name);

		if (!first)
			strbuf_addc(out, '_');
		for (size_t i = 0; i < len; i++)
			strbuf_addc(out, g_ascii_tolower(name[i]));
		for (name += len; *name == '_';)
			name++;
	}
}

static void spell_flat(struct strbuf *out, const char *name)
{
	for (; *name; name++)
		if (*name != '_')
			strbuf_addc(out, *name);
}

static void spell_as_is(struct strbuf *out, const char *name)
{
	strbuf_add(out, name);
}

void style_spell(struct strbuf *out, enum spelling spelling, const char *name)
{
	static void (*const spells[])(struct strbuf *,
				      const char *) = { [SPELL_AS_IS] = spell_as_is,
							[SPELL_PASCAL] = spell_pascal,
							[SPELL_CAMEL] = spell_camel,
							[SPELL_SNAKE] = spell_snake,
							[SPELL_FLAT] = spell_flat };

	spells[spelling](out, name);
}

/* Abbreviations that people write in capitals. */
static bool is_acronym(const char *word, size_t len)
{
	static const char *const acronyms[] = {
		"ai", "api", "id", "iso", "sid", "sim", "uri", "url"
	};

	for (size_t i = 0; i < sizeof(acronyms) / sizeof(acronyms[0]); i++)
		if (strncasecmp(acronyms[i], word, len) == 0 && !acronyms[i][len])
			return true;
	return false;
}

void style_humanise(struct strbuf *out, const char *name)
{
	for (bool first = true; *name; first = false) {
		size_t len = word_length(name);
		bool acronym = is_acronym(name, len);

		if (!first)
			strbuf_addc(out, ' ');
		for (size_t i = 0; i < len; i++)
			strbuf_addc(out, acronym || (first && i == 0) ? g_ascii_toupper(name[i])
								      : g_ascii_tolower(name[i]));
		name += len;
		while (*name == '_')
			name++;
	}
}

static void fill_slot(struct spelled *slot, enum spelling spelling, const char *name)
{
	struct strbuf text;

	strbuf_init(&text, SPELLED_MAX - 1);
	style_spell(&text, spelling, name);
	assert(!text.failed); /* fails if a name in a shape is too long */
	slot->name = name;
	slot->len = (uint8_t)text.len;
	memcpy(slot->text, text.text, text.len + 1);
	strbuf_release(&text);
}

const struct spelled *speller_spell(struct speller *s, enum spelling spelling, const char *name)
{
	size_t first = (size_t)(((uint64_t)(uintptr_t)name * 0x9e3779b97f4a7c15u) >> 58), i = first;

	_Static_assert(SPELLER_SLOTS == 1 << (64 - 58),
		       "the hash has as many values as there are slots");
	for (int probe = 0; probe < SPELLER_PROBES; probe++) {
		struct spelled *slot = &s->slots[i];

		if (!slot->name)
			fill_slot(slot, spelling, name);
		if (slot->name == name)
			return slot;
		i = (i + 1) % SPELLER_SLOTS;
	}
	fill_slot(&s->slots[first], spelling, name);
	return &s->slots[first];
}
