/*
 * html_value.h - writes one value on a page: numbers in groups of digits, money
 * to two places, instants as people write them. A value that is shown rounded
 * keeps its exact text in an attribute. Only for this folder.
 */
#ifndef FORMAT_HTML_VALUE_H
#define FORMAT_HTML_VALUE_H

#include "format/writer.h"

/* Adds TEXT escaped, in one line and without control characters. */
void html_value_text(struct strbuf *out, const char *text, size_t len);

/* Adds a name of an API in words: "price_unit" -> "Price unit". */
void html_value_words(struct strbuf *out, const char *name);

bool html_value_is_number(const struct field *f);
bool html_value_is_date(const struct field *f);

/*
 * Is the number F an amount of money? The format or the unit (the next field)
 * tells.
 */
bool html_value_is_money(const struct field *f);

/* Adds the label of F, or the name of F in words; escaped. */
void html_value_name(struct strbuf *out, const struct field *f);

/* Adds the unit TEXT, escaped. ONE: the singular, "call" for "calls". */
void html_value_unit(struct strbuf *out, const char *text, size_t len, bool one);

/* How numbers are written on the page of W. */
const struct digits *html_digits(const struct writer *w);

/* Adds the number TEXT ("-1234.5") in groups of three digits. */
void html_value_grouped(struct strbuf *out, const struct digits *d, const char *text);

/*
 * Adds the value of F as a page shows it. If there is no value, adds a dash and
 * returns false. COLOUR: the number of the chart's colour for the bar of a
 * FIELD_SHARE; or 0.
 */
bool html_value_add(struct strbuf *out, const struct digits *digits, const struct field *f,
		    const void *value, int colour);

#endif
