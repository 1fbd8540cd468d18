/*
 * JSON, compact. Most answers are JSON, so this backend is fast: it does
 * without printf, and checks and copies text sixteen bytes at a time.
 */
#include "format/json.h"

#include <string.h>

#include "base/utf8.h"
#include "format/bytes16.h"

#include "base/banned.h"

/* the most bytes before a value */
enum { LEAD_BYTES = SPELLED_MAX + SPELLED_LEAD };

#define EACH_BYTE(b) (0x0101010101010101u * (b))

/*
 * Does one of the eight bytes need care: a control character, a quote, a
 * backslash, or a byte outside ASCII? A borrow from the next lower byte may
 * cause a false yes, never a false no.
 */
static bool needs_care(uint64_t eight)
{
	uint64_t quote = eight ^ EACH_BYTE('"'), backslash = eight ^ EACH_BYTE('\\');

	return ((eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1)) |
		eight) &
	       EACH_BYTE(0x80);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void add_escape(struct strbuf *out, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char letters['\\' + 1] = {
		['"'] = '"',  ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r',
		['\t'] = 't', ['\f'] = 'f',  ['\b'] = 'b'
	};
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	bool has_letter = c <= '\\' && letters[c];

	if (has_letter)
		text[1] = letters[c];
	strbuf_addn(out, text, has_letter ? 2 : sizeof(text));
}

/* Adds TEXT from its first byte that needs care on. */
static void add_with_care(struct strbuf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t n = 0, step;

		while (n < len && is_plain((unsigned char)text[n]))
			n++;
		strbuf_addn(out, text, n);
		text += n;
		len -= n;
		if (len == 0)
			break;
		step = utf8_step(text, len);
		if (step == 0)
			strbuf_add(out, "\xEF\xBF\xBD"); /* U+FFFD: the byte is not valid UTF-8 */
		else if (step == 1)
			add_escape(out, (unsigned char)*text);
		else
			strbuf_addn(out, text, step);
		step += step == 0;
		text += step;
		len -= step;
	}
}

/* Copies 16 bytes. Returns not 0 for each that needs care. */
static bytes16 copy16(char *to, const char *text)
{
	bytes16 v = bytes16_load(text);

	memcpy(to, &v, sizeof(v));
	return (v < 0x20) | (v == '"') | (v == '\\'); /* bytes outside ASCII are negative */
}

/* The same for 16 bytes and more. Returns false if a byte needs care. */
static bool copy_long(char *to, const char *text, size_t len)
{
	bytes16 care = copy16(to + len - 16, text + len - 16);
	bytes16_halves any;

	for (size_t i = 0; i + 16 < len; i += 16)
		care |= copy16(to + i, text + i);
	any = (bytes16_halves)care;
	return !(any[0] | any[1]);
}

/* Copies 8 or 4 bytes. Returns false if a byte needs care. */
static bool copy8(char *to, const char *text)
{
	uint64_t eight;

	memcpy(&eight, text, sizeof(eight));
	memcpy(to, &eight, sizeof(eight));
	return !needs_care(eight);
}

static bool copy4(char *to, const char *text)
{
	uint32_t four;

	memcpy(&four, text, sizeof(four));
	memcpy(to, &four, sizeof(four));
	return !needs_care(EACH_BYTE('a') << 32 | four);
}

/*
 * Copies TEXT. Returns false if a byte needs care. The last copy may overlap
 * the bytes before it.
 */
static bool copy_plain(char *to, const char *text, size_t len)
{
	if (len >= 16)
		return copy_long(to, text, len);
	if (len >= 8)
		return copy8(to, text) && copy8(to + len - 8, text + len - 8);
	if (len >= 4)
		return copy4(to, text) && copy4(to + len - 4, text + len - 4);
	for (size_t i = 0; i < len; i++) {
		if (!is_plain((unsigned char)text[i]))
			return false;
		to[i] = text[i];
	}
	return true;
}

static void add_string_with_care(struct strbuf *out, const char *text, size_t len)
{
	strbuf_addc(out, '"');
	add_with_care(out, text, len);
	strbuf_addc(out, '"');
}

/* Adds TEXT as a string. There is room for it if it is plain. */
static inline void add_string(struct strbuf *out, const char *text, size_t len)
{
	char *to = out->text + out->len;

	if (!copy_plain(to + 1, text, len)) {
		add_string_with_care(out, text, len);
		return;
	}
	to[0] = to[len + 1] = '"';
	out->len += len + 2;
	out->text[out->len] = '\0';
}

void json_add_string(struct strbuf *out, const char *text, size_t len)
{
	if (strbuf_grow(out, len + 2))
		add_string(out, text, len);
}

/*
 * Adds the comma before a member or item of NODE, unless it is the first, and
 * the member's NAME.
 */
static void add_lead(struct writer *w, struct writer_node *node, const struct spelled *name)
{
	size_t first = !node || !node->mark;

	if (node)
		node->mark = 1;
	if (name)
		strbuf_addn(w->out, name->lead + first, name->len + SPELLED_LEAD - first);
	else
		strbuf_addn(w->out, ",", 1 - first);
}

static const struct spelled *spelled(const struct writer *w, const struct field *f)
{
	return f ? style_spelled(w->options->style->json, f->name) : NULL;
}

void json_open(struct writer *w, const struct field *f, char bracket)
{
	add_lead(w, writer_parent(w), spelled(w, f));
	strbuf_addc(w->out, bracket);
}

static void add_texts(struct strbuf *out, const char *const *texts)
{
	strbuf_addc(out, '[');
	for (const char *const *t = texts; *t; t++) {
		if (t > texts)
			strbuf_addc(out, ',');
		json_add_string(out, *t, strlen(*t));
	}
	strbuf_addc(out, ']');
}

static bool is_quoted(const struct writer *w, const struct field *f)
{
	return f->type == VT_TEXT || (f->flags & FIELD_QUOTED) ||
	       ((f->flags & FIELD_MONEY) && w->options->money_as_string);
}

/* Adds a member of NODE. */
static inline void add_member(struct writer *w, struct writer_node *node,
			      const struct spelled *name, const char *text, size_t len, bool quoted)
{
	struct strbuf *out = w->out;
	size_t first = !node->mark;

	if (out->size - out->len <= LEAD_BYTES + len + 2) {
		add_lead(w, node, name);
		if (quoted)
			json_add_string(out, text, len);
		else
			strbuf_addn(out, text, len);
		return;
	}
	/* memcpy of a constant length is inlined */
	memcpy(out->text + out->len, name->lead + first, LEAD_BYTES - 1);
	out->len += name->len + SPELLED_LEAD - first;
	node->mark = 1;
	if (quoted)
		add_string(out, text, len);
	else
		strbuf_addn(out, text, len);
}

static void add_texts_member(struct writer *w, struct writer_node *node, const struct spelled *name,
			     const char *const *texts)
{
	add_lead(w, node, name);
	add_texts(w->out, texts);
}

/* Writes the member of NODE that F describes. */
static inline void write_member(struct writer *w, struct writer_node *node, const struct field *f,
				const struct spelled *name, const void *value)
{
	const char *text = value && f->type == VT_TEXT ? *(const char *const *)value : NULL;
	char buf[DECIMAL_TEXT];
	size_t len;

	if (text)
		add_member(w, node, name, text, strlen(text), true);
	else if (f->type == VT_TEXTS && value && writer_texts(value))
		add_texts_member(w, node, name, writer_texts(value));
	else if (f->type != VT_TEXT && f->type != VT_TEXTS &&
		 writer_scalar(f, value, buf, &text, &len))
		add_member(w, node, name, text, len, is_quoted(w, f));
	else if (w->options->style->json_nulls)
		add_member(w, node, name, "null", 4, false);
}

void json_scalars(struct writer *w, const struct writer_step *step, const void *rec)
{
	struct writer_node *node = writer_top(w);

	for (const struct writer_step *s = step, *end = step + step->scalars; s < end; s++)
		write_member(w, node, s->field, s->name,
			     rec ? (const char *)rec + s->offset : NULL);
}

void json_field(struct writer *w, const struct field *f, const void *value)
{
	struct writer_step step = { .field = f, .name = spelled(w, f), .scalars = 1 };

	json_scalars(w, &step, value);
}

void json_close(struct writer *w)
{
	strbuf_addc(w->out, writer_top(w)->list ? ']' : '}');
}

static void json_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	(void)shape;
	json_open(w, f, '{');
}

static void json_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	(void)item;
	json_open(w, f, '[');
}

const struct format format_json = {
	.name = "json",
	.mime = "application/json",
	.aliases = (const char *const[]) { "text/json", NULL },
	.charset = "utf-8",
	.leaves_out = FIELD_XML_ONLY | FIELD_PAGE_ONLY,
	.copies = true,
	.lists_texts = true,
	.begin = json_begin,
	.begin_list = json_begin_list,
	.field = json_field,
	.scalars = json_scalars,
	.end = json_close,
};
