#include "format/html_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/utf8.h"
#include "format/backend.h"
#include "format/mustache.h"
#include "format/plain.h"

#include "base/banned.h"

enum { ID_LENGTH = 24, INSTANT_LENGTH = 20, ROUNDED_PLACES = 2 };

#define PLACEHOLDER "\xE2\x80\x93" /* a dash where there is no value */

const struct digits *html_digits(const struct writer *w)
{
	static const struct digits english = { ",", "." };

	return w->options->page && w->options->page->digits ? w->options->page->digits : &english;
}

/* ---- text ---- */

void html_value_text(struct strbuf *out, const char *text, size_t len)
{
	struct strbuf clean;

	if (utf8_plain(text, len)) {
		html_add_text(out, text, len);
		return;
	}
	strbuf_init(&clean, out->limit);
	plain_add(&clean, text, len);
	html_add_text(out, clean.text, clean.len);
	out->failed |= clean.failed;
	strbuf_release(&clean);
}

void html_value_words(struct strbuf *out, const char *name)
{
	struct strbuf words;

	strbuf_init(&words, 256);
	style_humanise(&words, name);
	html_value_text(out, words.text, words.len);
	strbuf_release(&words);
}

void html_value_name(struct strbuf *out, const struct field *f)
{
	if (f->label)
		html_value_text(out, f->label, strlen(f->label));
	else
		html_value_words(out, f->name);
}

/*
 * Turns English plurals in "s" and "ies" into singulars. Other units, such as
 * SMS, are unchanged.
 */
void html_value_unit(struct strbuf *out, const char *text, size_t len, bool one)
{
	bool plural = one && len > 3 && text[len - 1] == 's' && !strchr("siu", text[len - 2]) &&
		      (text[len - 2] & 0x20);

	if (plural && len > 4 && memcmp(text + len - 3, "ies", 3) == 0) {
		html_value_text(out, text, len - 3);
		strbuf_addc(out, 'y');
	} else {
		html_value_text(out, text, plural ? len - 1 : len);
	}
}

/* ---- kinds ---- */

bool html_value_is_number(const struct field *f)
{
	return f->type == VT_INT || f->type == VT_DECIMAL;
}

bool html_value_is_date(const struct field *f)
{
	return f->format && strncmp(f->format, "date", 4) == 0;
}

bool html_value_is_money(const struct field *f)
{
	if ((f->flags & FIELD_MONEY) || (f->format && strcmp(f->format, "money") == 0))
		return true;
	do
		f++;
	while (f->name && (f->flags & FIELD_LINK));
	return f->name && (f->flags & FIELD_UNIT) && f->format &&
	       strcmp(f->format, "currency") == 0;
}

/* ---- numbers ---- */

void html_value_grouped(struct strbuf *out, const struct digits *d, const char *text)
{
	size_t sign = *text == '-', digits = sign + strspn(text + sign, "0123456789");

	strbuf_addn(out, text, sign);
	for (size_t i = sign; i < digits; i++) {
		if (i > sign && (digits - i) % 3 == 0)
			strbuf_add(out, d->group);
		strbuf_addc(out, text[i]);
	}
	if (!text[digits])
		return;
	strbuf_add(out, d->point);
	strbuf_add(out, text + digits + 1);
}

/*
 * Rounds N to two places; money always has two. Returns false if N is not 0 but
 * would be shown as 0.
 */
static bool round_text(char buf[static DECIMAL_TEXT], const struct decimal *n, bool money)
{
	wide rounded = decimal_round(n->n, n->places, ROUNDED_PLACES);
	size_t len;

	if (rounded == 0 && n->n != 0)
		return false;
	len = decimal_format(buf, rounded, ROUNDED_PLACES);
	if (!money)
		return true;
	if (!strchr(buf, '.'))
		memcpy(buf + len, ".00", sizeof(".00"));
	else if (buf[len - 2] == '.')
		memcpy(buf + len, "0", sizeof("0"));
	return true;
}

/* Are SHOWN and TEXT different numbers? "2.50" and "2.5" are equal. */
static bool decimal_differs(const char *shown, const char *text, size_t len)
{
	size_t n = strlen(shown);

	if (strchr(shown, '.'))
		while (shown[n - 1] == '0' || shown[n - 1] == '.')
			if (shown[--n] == '.')
				break;
	return n != len || memcmp(shown, text, len) != 0;
}

/*
 * Shows the number rounded and in groups of digits. The exact TEXT is in an
 * attribute for scripts, and in a tooltip.
 */
static void add_number(struct strbuf *out, const struct digits *digits, const struct field *f,
		       const void *value, const char *text, size_t len)
{
	char shown[DECIMAL_TEXT];
	bool money = html_value_is_money(f), rounded;

	if (f->type != VT_DECIMAL || !round_text(shown, value, money))
		snprintf(shown, sizeof(shown), "%.*s", (int)len, text);
	rounded = decimal_differs(shown, text, len);
	if (!rounded && strlen(shown) == len && len < 4) {
		strbuf_addn(out, text, len);
		return;
	}
	strbuf_add(out, "<data value=\"");
	strbuf_addn(out, text, len);
	if (rounded) {
		strbuf_add(out, "\" title=\"exactly ");
		strbuf_addn(out, text, len);
	}
	strbuf_add(out, "\">");
	html_value_grouped(out, digits, shown);
	strbuf_add(out, "</data>");
}

/*
 * Adds a change such as "1.7" with a sign and an arrow, so that the direction
 * can be seen without colours.
 */
static void add_change(struct strbuf *out, const struct digits *digits, const char *text)
{
	static const struct {
		const char *class, *sign, *words;
	} kinds[] = { { "same", "=", " " },
		      { "down", "\xE2\x96\xBC", " \xE2\x88\x92" },
		      { "up", "\xE2\x96\xB2", " +" } };
	bool down = *text == '-';
	size_t kind = strcmp(text, "0") == 0 ? 0 : down ? 1 : 2;

	strbuf_addf(out,
		    "<data class=\"change %s\" value=\"%s\"><span aria-hidden=\"true\">%s</span>%s",
		    kinds[kind].class, text, kinds[kind].sign, kinds[kind].words);
	html_value_grouped(out, digits, text + down);
	strbuf_add(out, "%</data>");
}

/*
 * Adds a share such as "14.5" as a number and a bar. A negative share has no
 * bar. COLOUR: see html_value_add.
 */
static void add_share(struct strbuf *out, const struct digits *digits, const char *text, int colour)
{
	char class[16] = "";

	if (colour)
		snprintf(class, sizeof(class), " c%d", colour);
	strbuf_addf(out, "<data class=\"share\" value=\"%s\">", text);
	html_value_grouped(out, digits, text);
	strbuf_add(out, "%</data>");
	if (*text != '-')
		strbuf_addf(out,
			    "<svg class=\"bar%s\" aria-hidden=\"true\"><rect width=\"%s%%\" "
			    "height=\"100%%\"/></svg>",
			    class, text);
}

/* ---- texts ---- */

static bool is_link(const struct field *f, const char *text)
{
	if (!f->format || strcmp(f->format, "uri") != 0)
		return false;
	return (text[0] == '/' && text[1] != '/') || strncmp(text, "https://", 8) == 0 ||
	       strncmp(text, "http://", 7) == 0;
}

/* Is TEXT one long word of letters and digits, such as an account's SID? */
static bool is_identifier(const char *text, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		digit = digit || g_ascii_isdigit(text[i]);
		if (!g_ascii_isalnum(text[i]))
			return false;
	}
	return digit && len >= ID_LENGTH;
}

/* Adds TEXT; lines may break after slashes and commas. */
static void add_breakable(struct strbuf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t n = strcspn(text, "/,");

		n = n < len ? n + 1 : len;
		html_value_text(out, text, n);
		if (n < len)
			strbuf_add(out, "<wbr>");
		text += n;
		len -= n;
	}
}

/*
 * Adds a link with a short text: the last part of the path in words, such as
 * "This month" for ".../ThisMonth.html?a=b".
 */
static void add_link(struct strbuf *out, const char *url, size_t len)
{
	size_t end = strcspn(url, "?"), begin, dot;
	char *name;

	for (begin = end; begin > 0 && url[begin - 1] != '/'; begin--)
		;
	for (dot = begin; dot < end && url[dot] != '.'; dot++)
		;
	strbuf_add(out, "<a href=\"");
	html_value_text(out, url, len);
	strbuf_add(out, "\">");
	name = strndup(url + begin, dot - begin);
	if (name && *name)
		style_humanise(out, name);
	else
		add_breakable(out, url, len);
	free(name);
	strbuf_add(out, "</a>");
}

static void add_plain_text(struct strbuf *out, const struct field *f, const char *text, size_t len)
{
	bool word = !memchr(text, ' ', len);

	if (is_link(f, text)) {
		add_link(out, text, len);
	} else if (is_identifier(text, len)) { /* the style sheet may shorten it */
		strbuf_add(out, "<span class=\"id\" title=\"");
		html_value_text(out, text, len);
		strbuf_add(out, "\">");
		html_value_text(out, text, len);
		strbuf_add(out, "</span>");
	} else if (word && len >= ID_LENGTH) {
		add_breakable(out, text, len);
		/* browsers would break the word at its hyphens */
	} else if (word && !html_value_is_date(f) && memchr(text, '-', len)) {
		strbuf_add(out, "<span class=\"word\">");
		html_value_text(out, text, len);
		strbuf_add(out, "</span>");
	} else {
		html_value_text(out, text, len);
	}
}

/*
 * Adds an instant as people write it, with the exact TEXT in an attribute.
 * Returns false if TEXT is no instant.
 */
static bool add_instant(struct strbuf *out, const char *text, size_t len)
{
	size_t end = len - 1;

	if (len < INSTANT_LENGTH || text[10] != 'T' || text[end] != 'Z' ||
	    (len > INSTANT_LENGTH && text[19] != '.'))
		return false;
	while (len > INSTANT_LENGTH && (text[end - 1] == '0' || text[end - 1] == '.') &&
	       end > INSTANT_LENGTH - 1)
		end--;
	if (end == INSTANT_LENGTH - 1 && memcmp(text + 16, ":00", 3) == 0)
		end = 16;
	strbuf_add(out, "<time datetime=\"");
	html_value_text(out, text, len);
	strbuf_add(out, "\">");
	html_value_text(out, text, 10);
	strbuf_addc(out, ' ');
	html_value_text(out, text + 11, end - 11);
	strbuf_add(out, "</time>");
	return true;
}

bool html_value_add(struct strbuf *out, const struct digits *digits, const struct field *f,
		    const void *value, int colour)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (!writer_scalar(f, value, buf, &text, &len) || len == 0) {
		strbuf_add(out, "<span class=\"none\">" PLACEHOLDER "</span>");
		return false;
	}
	if (f->flags & FIELD_CHANGE)
		add_change(out, digits, text);
	else if (f->flags & FIELD_SHARE)
		add_share(out, digits, text, colour);
	else if (html_value_is_number(f))
		add_number(out, digits, f, value, text, len);
	else if (f->type == VT_BOOL)
		strbuf_add(out, *text == 't' ? "yes" : "no");
	else if (!html_value_is_date(f) || !add_instant(out, text, len))
		add_plain_text(out, f, text, len);
	return true;
}
