#include "format/style.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
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

/* ---- names that were spelled before ---- */

enum { NAME_BITS = 11, NAMES_MAX = 1 << NAME_BITS };

/*
 * By the hash of the name's address, or in the next free place. Names are added
 * with the lock held, and read without it.
 */
static _Atomic(const struct spelled *) spelled_names[SPELLINGS][NAMES_MAX];
static size_t n_spelled[SPELLINGS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t first_place(const char *name)
{
	return (size_t)(((uint64_t)(uintptr_t)name * 0x9e3779b97f4a7c15u) >> (64 - NAME_BITS));
}

/* What is in the place I; or NULL. */
static const struct spelled *look(enum spelling spelling, size_t i)
{
	return atomic_load_explicit(&spelled_names[spelling][i], memory_order_acquire);
}

static const struct spelled *spell_name(enum spelling spelling, const char *name)
{
	struct spelled *s = g_new0(struct spelled, 1);
	struct strbuf text;

	strbuf_init(&text, sizeof(s->lead));
	style_spell(&text, spelling, name);
	assert(text.len < SPELLED_MAX); /* fails if a name in a shape is too long */
	s->name = name;
	s->len = (uint8_t)text.len;
	memcpy(s->text, text.text, text.len + 1);
	strbuf_insert(&text, 0, ",\"", 2);
	strbuf_add(&text, "\":");
	memcpy(s->lead, text.text, text.len);
	strbuf_release(&text);
	return s;
}

/* Finds the name, or adds it. */
static const struct spelled *add_name(enum spelling spelling, const char *name)
{
	const struct spelled *s;
	size_t i = first_place(name);

	pthread_mutex_lock(&lock);
	while ((s = look(spelling, i)) && s->name != name)
		i = (i + 1) % NAMES_MAX;
	if (!s) {
		n_spelled[spelling]++;
		assert(n_spelled[spelling] < NAMES_MAX); /* or searching does not end */
		s = spell_name(spelling, name);
		atomic_store_explicit(&spelled_names[spelling][i], s, memory_order_release);
	}
	pthread_mutex_unlock(&lock);
	return s;
}

const struct spelled *style_spelled(enum spelling spelling, const char *name)
{
	size_t i = first_place(name);
	const struct spelled *s = look(spelling, i);

	while (s && s->name != name) {
		i = (i + 1) % NAMES_MAX;
		s = look(spelling, i);
	}
	return s ? s : add_name(spelling, name);
}
