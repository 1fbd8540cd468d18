/*
 * html_value.h - one value of a page: numbers in groups of digits, money to two
 * places, instants as people write them. The exact value stands beside it if it
 * differs. Only for this folder.
 */
#ifndef FORMAT_HTML_VALUE_H
#define FORMAT_HTML_VALUE_H

#include "format/writer.h"

/* TEXT escaped, in one line and without control characters. */
void html_value_text(struct strbuf *out, const char *text, size_t len);

/* A name of an API in words: "price_unit" -> "Price unit". */
void html_value_words(struct strbuf *out, const char *name);

bool html_value_is_number(const struct field *f);
bool html_value_is_date(const struct field *f);

/*
 * Is the number an amount of money? Its format or its unit (the next field)
 * says so.
 */
bool html_value_is_money(const struct field *f);

/* The label of the field F, or its name in words; escaped. */
void html_value_name(struct strbuf *out, const struct field *f);

/* The unit TEXT, escaped: of ONE thing "call" for "calls". */
void html_value_unit(struct strbuf *out, const char *text, size_t len, bool one);

/* How numbers are written on the page of W. */
const struct digits *html_digits(const struct writer *w);

/* TEXT ("-1234.5") in groups of three digits. */
void html_value_grouped(struct strbuf *out, const struct digits *d, const char *text);

/*
 * The value of F as a page shows it; a dash if there is none, then false.
 * COLOUR: number of a chart's colour for the bar of a FIELD_SHARE; or 0.
 */
bool html_value_add(struct strbuf *out, const struct digits *digits, const struct field *f,
		    const void *value, int colour);

#endif
