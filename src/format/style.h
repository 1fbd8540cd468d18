/*
 * style.h - how the documents of a dialect look, as data. Each dialect has a
 * style; the backends follow it and know no dialect.
 */
#ifndef FORMAT_STYLE_H
#define FORMAT_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/strbuf.h"

enum spelling {
	SPELL_AS_IS,
	SPELL_PASCAL, /* account_sid -> AccountSid */
	/*
	 * AIMinutes -> aiMinutes: leading capitals become small, except the one
	 * that begins the next word
	 */
	SPELL_CAMEL,
	SPELL_SNAKE, /* AIMinutes -> ai_minutes */
	SPELL_FLAT   /* page_size -> pagesize; a trailing "_uri" stays as "uri" */
};

struct style {
	enum spelling json;
	enum spelling xml;
	enum spelling csv;
	bool json_nulls;             /* write null members; else omit them */
	const char *xml_declaration; /* whole first line, with its line end if it has one */
	/* an element around everything ("TwilioResponse"), or NULL */
	const char *xml_wrapper;
	/*
	 * the fields of a SHAPE_PAGE are attributes (SPELL_FLAT) of its list's
	 * element
	 */
	bool xml_page_attributes;
	/*
	 * members sorted by byte order, ArrayOf roots, xmlns and i:nil, "<X />"
	 * when empty
	 */
	bool xml_data_contract;
	bool csv_quote_spaces; /* also quote a cell with a space in it */
	/*
	 * lists inside an object are cells of JSV text; else the list's items
	 * are the rows
	 */
	bool csv_nested_as_jsv;
};

/* Appends NAME in SPELLING. */
void style_spell(struct strbuf *out, enum spelling spelling, const char *name);

/*
 * Appends NAME in words: account_sid -> "Account SID", AIMinutes -> "AI
 * minutes".
 */
void style_humanise(struct strbuf *out, const char *name);

/*
 * A cache of spelled names: a document needs the same few in every record.
 * Zeroed memory is an empty cache. It knows a name by its address, so names
 * must be static memory, as those of shapes and fields are, and shorter than
 * SPELLED_MAX.
 */
enum { SPELLED_MAX = 55, SPELLER_SLOTS = 64, SPELLER_PROBES = 8 };

struct spelled {
	const char *name;
	uint8_t len;
	char text[SPELLED_MAX]; /* ended by NUL */
};

struct speller {
	struct spelled slots[SPELLER_SLOTS];
};

/* NAME in SPELLING, the same for every call on S. Good until the next call. */
const struct spelled *speller_spell(struct speller *s, enum spelling spelling, const char *name);

#endif
