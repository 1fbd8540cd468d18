/*
 * XML, written directly to the buffer. libxml2's xmlTextWriter can't write some
 * forms that clients of the data-contract services expect: a space in <X
 * i:nil="true" />, <X></X> for an empty text, xmlns:i before xmlns, no line end
 * after the root. This code is also shorter than calls of xmlTextWriter would
 * be.
 *
 * A start tag stays open until the element gets content, so that an empty
 * element can be written as <X />.
 */
#include "format/xml.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "format/backend.h"
#include "format/bytes16.h"

#include "base/banned.h"

#define ARRAYS_NAMESPACE   "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define INSTANCE_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"

struct xml {
	/* attributes of the page, written to the element of its list */
	struct strbuf attributes;
	bool open; /* the last start tag lacks its ">" */
};

static const struct style *style_of(const struct writer *w)
{
	return w->options->style;
}

/* ---- text ---- */

/* The escape of the byte C in a text or an ATTRIBUTE; NULL: none needed. */
static const char *escape_of(unsigned char c, bool attribute)
{
	static const char *const escapes['>' + 1] = {
		['&'] = "&amp;",  ['<'] = "&lt;",  ['>'] = "&gt;",
		['"'] = "&quot;", ['\t'] = "&#9;", ['\n'] = "&#10;"
	};

	if (c < 0x20 && c != '\t' && c != '\n')
		/* XML does not allow the character: U+FFFD */
		return "\xEF\xBF\xBD";
	return c > '>' || (!attribute && strchr("\"\t\n", c)) ? NULL : escapes[c];
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

/*
 * Adds the special character at TEXT and returns its length in TEXT. CR and CR
 * LF become one line end.
 */
static size_t add_special(struct strbuf *out, const char *text, size_t len, bool attribute)
{
	size_t step = utf8_step(text, len);
	const char *escape;

	if (step == 0 ||
	    (step == 3 && memcmp(text, "\xEF\xBF", 2) == 0 && (unsigned char)text[2] >= 0xbe)) {
		/* invalid UTF-8; or U+FFFE and U+FFFF, which XML lacks */
		strbuf_add(out, "\xEF\xBF\xBD");
		return step + (step == 0);
	}
	if (*text == '\r') {
		if (len > 1 && text[1] == '\n')
			return 1;
		text = "\n";
	}
	escape = step == 1 ? escape_of((unsigned char)*text, attribute) : NULL;
	if (escape)
		strbuf_add(out, escape);
	else
		strbuf_addn(out, text, step);
	return step;
}

/* The number of bytes before the first that is not plain. */
static size_t plain_length(const char *text, size_t len)
{
	size_t n = 0, plain = sizeof(bytes16);

	for (; n + sizeof(bytes16) <= len && plain == sizeof(bytes16); n += plain) {
		bytes16 v = bytes16_load(text + n);

		plain = bytes16_first((v < 0x20) | (v == '&') | (v == '<') | (v == '>') |
				      (v == '"'));
	}
	while (plain == sizeof(bytes16) && n < len && is_plain((unsigned char)text[n]))
		n++;
	return n;
}

void xml_add_text(struct strbuf *out, const char *text, size_t len, bool attribute)
{
	while (len > 0) {
		size_t n = plain_length(text, len), step = 0;

		strbuf_addn(out, text, n);
		if (n < len)
			step = add_special(out, text + n, len - n, attribute);
		text += n + step;
		len -= n + step;
	}
}

void xml_add(struct strbuf *out, const char *text)
{
	xml_add_text(out, text, strlen(text), false);
}

/* ---- elements ---- */

static void add_name(struct writer *w, const char *name)
{
	const struct spelled *spelled = style_spelled(style_of(w)->xml, name);

	strbuf_addn(w->out, spelled->text, spelled->len);
}

/*
 * Adds the element name of the innermost node: the name of its field, or of its
 * shape at the root or in a list.
 */
static void add_node_name(struct writer *w)
{
	const struct writer_node *node = writer_top(w);

	if (node->list && !node->field && style_of(w)->xml_data_contract)
		strbuf_add(w->out, "ArrayOf");
	if (node->field)
		add_name(w, node->field->name);
	else
		strbuf_add(w->out, node->shape->name);
	if (node->list && !node->field && !style_of(w)->xml_data_contract)
		strbuf_addc(w->out, 's');
}

static void add_attributes(struct writer *w, const struct field *f)
{
	if (f && f->xml_attrs) {
		strbuf_addc(w->out, ' ');
		strbuf_add(w->out, f->xml_attrs);
	}
}

/* Ends an open start tag, because the element gets content. */
static void complete_tag(struct writer *w)
{
	struct xml *xml = w->state;

	if (xml->open)
		strbuf_addc(w->out, '>');
	xml->open = false;
}

/* Ends an element without content inside its start tag. */
static void close_tag(struct writer *w)
{
	strbuf_add(w->out, style_of(w)->xml_data_contract ? " />" : "/>");
}

static void begin_document(struct writer *w)
{
	if (style_of(w)->xml_declaration)
		strbuf_add(w->out, style_of(w)->xml_declaration);
	if (style_of(w)->xml_wrapper) {
		strbuf_addc(w->out, '<');
		strbuf_add(w->out, style_of(w)->xml_wrapper);
		strbuf_addc(w->out, '>');
	}
}

/*
 * Is NODE a page without an element, whose fields become attributes of the
 * list's element?
 */
static bool is_bare_page(const struct writer *w, const struct writer_node *node)
{
	return node == &w->stack[0] && !node->list && style_of(w)->xml_page_attributes &&
	       (node->shape->flags & SHAPE_PAGE);
}

static void add_namespaces(struct writer *w, const struct shape *shape)
{
	strbuf_add(w->out, " xmlns:i=\"" INSTANCE_NAMESPACE "\"");
	if (shape->xml_namespace) {
		strbuf_add(w->out, " xmlns=\"");
		xml_add_text(w->out, shape->xml_namespace, strlen(shape->xml_namespace), true);
		strbuf_addc(w->out, '"');
	}
}

static void xml_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct xml *xml = w->state;

	if (w->depth == 1)
		begin_document(w);
	if (is_bare_page(w, writer_top(w))) {
		strbuf_init(&xml->attributes, w->out->limit);
		return;
	}
	complete_tag(w);
	strbuf_addc(w->out, '<');
	add_node_name(w);
	if (w->depth == 1 && style_of(w)->xml_data_contract)
		add_namespaces(w, shape);
	add_attributes(w, f);
	xml->open = true;
}

static void xml_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	struct xml *xml = w->state;

	xml_begin(w, f, item);
	if (w->depth == 2 && is_bare_page(w, writer_parent(w))) {
		strbuf_addn(w->out, xml->attributes.text, xml->attributes.len);
		w->out->failed |= xml->attributes.failed;
		strbuf_clear(&xml->attributes);
		writer_parent(w)->mark = 1;
	}
}

static void add_page_attribute(struct writer *w, const struct field *f, const char *text,
			       size_t len)
{
	struct xml *xml = w->state;
	struct strbuf *out = &xml->attributes;

	if (writer_top(w)->mark)
		writer_fail(w, ERR_INTERNAL, "the fields of a page come before its list");
	strbuf_addc(out, ' ');
	style_spell(out, SPELL_FLAT, f->name);
	strbuf_add(out, "=\"");
	xml_add_text(out, text, len, true);
	strbuf_addc(out, '"');
}

/*
 * Adds an element for each text. In an array of a data contract, the element's
 * prefix has the depth as its number.
 */
static void add_texts(struct writer *w, const struct field *f, const char *const *texts)
{
	bool contract = style_of(w)->xml_data_contract;
	char name[32] = "item";

	strbuf_addc(w->out, '<');
	add_name(w, f->name);
	if (contract) {
		snprintf(name, sizeof(name), "d%dp1:string", w->depth + 1);
		strbuf_addf(w->out, " xmlns:d%dp1=\"" ARRAYS_NAMESPACE "\"", w->depth + 1);
	}
	if (!*texts) {
		close_tag(w);
		return;
	}
	strbuf_addc(w->out, '>');
	for (; *texts; texts++) {
		strbuf_addf(w->out, "<%s>", name);
		xml_add(w->out, *texts);
		strbuf_addf(w->out, "</%s>", name);
	}
	strbuf_add(w->out, "</");
	add_name(w, f->name);
	strbuf_addc(w->out, '>');
}

/* Adds the element called NAME for the value of F. */
static void add_element(struct writer *w, const struct field *f, const struct spelled *name,
			const void *value)
{
	bool contract = style_of(w)->xml_data_contract;
	struct strbuf *out = w->out;
	char buf[DECIMAL_TEXT];
	const char *text = "";
	size_t len = 0;
	bool given = writer_scalar(f, value, buf, &text, &len);

	strbuf_addc(out, '<');
	strbuf_addn(out, name->text, name->len);
	add_attributes(w, f);
	if (!given && contract)
		strbuf_add(out, " i:nil=\"true\"");
	if (!given || (len == 0 && !contract)) {
		close_tag(w);
		return;
	}
	strbuf_addc(out, '>');
	xml_add_text(out, text, len, false);
	strbuf_addn(out, "</", 2);
	strbuf_addn(out, name->text, name->len);
	strbuf_addc(out, '>');
}

static void add_scalar(struct writer *w, const struct field *f, const struct spelled *name,
		       const void *value)
{
	if (f->type == VT_TEXTS && value)
		add_texts(w, f, writer_texts(value));
	else
		add_element(w, f, name, value);
}

static void xml_field(struct writer *w, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text = "";
	size_t len = 0;

	if (!is_bare_page(w, writer_top(w))) {
		complete_tag(w);
		add_scalar(w, f, style_spelled(style_of(w)->xml, f->name), value);
	} else if (writer_scalar(f, value, buf, &text, &len)) {
		add_page_attribute(w, f, text, len);
	} else {
		add_page_attribute(w, f, "", 0);
	}
}

static void xml_scalars(struct writer *w, const struct writer_step *step, const void *rec)
{
	bool bare = is_bare_page(w, writer_top(w));

	if (!bare)
		complete_tag(w);
	for (const struct writer_step *s = step, *end = step + step->scalars; s < end; s++) {
		const void *value = writer_step_value(s, rec);

		if (bare)
			xml_field(w, s->field, value);
		else
			add_scalar(w, s->field, s->name, value);
	}
}

static void xml_end(struct writer *w)
{
	struct xml *xml = w->state;

	if (is_bare_page(w, writer_top(w)))
		return;
	if (xml->open) {
		close_tag(w);
		xml->open = false;
	} else {
		strbuf_add(w->out, "</");
		add_node_name(w);
		strbuf_addc(w->out, '>');
	}
}

static void xml_finish(struct writer *w)
{
	if (style_of(w)->xml_wrapper) {
		strbuf_add(w->out, "</");
		strbuf_add(w->out, style_of(w)->xml_wrapper);
		strbuf_addc(w->out, '>');
	}
}

static void xml_release(struct writer *w)
{
	struct xml *xml = w->state;

	if (xml->attributes.text)
		strbuf_release(&xml->attributes);
}

static bool xml_sorts(const struct writer *w, const struct shape *shape)
{
	return style_of(w)->xml_data_contract && !(shape->flags & SHAPE_ORDERED);
}

const struct format format_xml = {
	.name = "xml",
	.mime = "application/xml",
	.aliases = (const char *const[]) { "text/xml", NULL },
	.leaves_out = FIELD_JSON_ONLY | FIELD_PAGE_ONLY,
	.copies = true,
	.lists_texts = true,
	.spelling = offsetof(struct style, xml),
	.sorts = xml_sorts,
	.state_size = sizeof(struct xml),
	.begin = xml_begin,
	.begin_list = xml_begin_list,
	.field = xml_field,
	.scalars = xml_scalars,
	.end = xml_end,
	.finish = xml_finish,
	.release = xml_release,
};
