/*
 * style.h - the form of a dialect's documents, as data. Each dialect has a
 * style. Backends know only the style, not the dialect.
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
	 * AIMinutes -> aiMinutes: leading capitals become small, except the
	 * first capital of the next word
	 */
	SPELL_CAMEL,
	SPELL_SNAKE, /* AIMinutes -> ai_minutes */
	SPELL_FLAT,  /* page_size -> pagesize; a trailing "_uri" stays as "uri" */
	SPELLINGS
};

struct style {
	enum spelling json;
	enum spelling xml;
	enum spelling csv;
	bool json_nulls; /* write null members instead of omitting them */
	/* the whole first line, with its line end, if any */
	const char *xml_declaration;
	/* an element around the document ("TwilioResponse"), or NULL */
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
	 * lists inside an object become cells of JSV; else the items of the
	 * list are the rows
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
 * A spelled name. Documents repeat the same names in every record, so the
 * process spells each name once and keeps it.
 */
enum { SPELLED_MAX = 55, SPELLED_LEAD = 4 };

struct spelled {
	const char *name;
	uint8_t len;
	char text[SPELLED_MAX]; /* ended by NUL */
	/* as a member of JSON behind another one: ,"text": */
	char lead[SPELLED_MAX + SPELLED_LEAD];
};

/*
 * NAME in SPELLING, for ever. The key is the address of NAME, so NAME must be
 * static memory (as in shapes and fields) and shorter than SPELLED_MAX.
 * Thread-safe.
 */
const struct spelled *style_spelled(enum spelling spelling, const char *name);

#endif
