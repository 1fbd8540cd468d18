#include "format/jsv.h"

#include <string.h>

#include "base/banned.h"

void jsv_add_doubled(struct strbuf *out, const char *text, size_t len)
{
	const char *quote;

	while ((quote = memchr(text, '"', len))) {
		size_t n = (size_t)(quote - text) + 1;

		strbuf_addn(out, text, n);
		strbuf_addc(out, '"');
		text += n;
		len -= n;
	}
	strbuf_addn(out, text, len);
}

void jsv_add_text(struct strbuf *out, const char *text, size_t len)
{
	if (len > 0 && strcspn(text, "\":,{}[]\r\n") >= len) {
		strbuf_addn(out, text, len);
		return;
	}
	strbuf_addc(out, '"');
	jsv_add_doubled(out, text, len);
	strbuf_addc(out, '"');
}

void jsv_add_texts(struct strbuf *out, const char *const *texts)
{
	strbuf_addc(out, '[');
	for (const char *const *t = texts; *t; t++) {
		if (t > texts)
			strbuf_addc(out, ',');
		jsv_add_text(out, *t, strlen(*t));
	}
	strbuf_addc(out, ']');
}

/* In a dump, begins a new line with DEPTH tabs for the next member or item. */
static void add_line(struct writer *w, int depth)
{
	if (w->format != &format_jsv_dump)
		return;
	strbuf_addc(w->out, '\n');
	while (depth-- > 0)
		strbuf_addc(w->out, '\t');
}

static void add_lead(struct writer *w, struct writer_node *parent, const struct field *f)
{
	if (parent && parent->mark)
		strbuf_addc(w->out, ',');
	if (parent) {
		parent->mark = 1;
		add_line(w, (int)(parent - w->stack) + 1);
	}
	if (f) {
		const struct spelled *name = style_spelled(w->options->style->json, f->name);

		strbuf_addn(w->out, name->text, name->len);
		strbuf_add(w->out, w->format == &format_jsv_dump ? ": " : ":");
	}
}

void jsv_open(struct writer *w, const struct field *f, char bracket)
{
	add_lead(w, writer_parent(w), f);
	strbuf_addc(w->out, bracket);
}

void jsv_field(struct writer *w, const struct field *f, const void *value)
{
	char buf[DECIMAL_TEXT];
	const char *text;
	size_t len;

	if (f->type == VT_TEXTS && value) {
		add_lead(w, writer_top(w), f);
		jsv_add_texts(w->out, writer_texts(value));
		return;
	}
	if (!writer_scalar(f, value, buf, &text, &len))
		return;
	add_lead(w, writer_top(w), f);
	if (f->type == VT_BOOL)
		strbuf_add(w->out, *(const bool *)value ? "True" : "False");
	else
		jsv_add_text(w->out, text, len);
}

void jsv_close(struct writer *w)
{
	if (writer_top(w)->mark)
		add_line(w, w->depth - 1);
	strbuf_addc(w->out, writer_top(w)->list ? ']' : '}');
}

static void begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	(void)shape;
	jsv_open(w, f, '{');
}

static void begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	(void)item;
	jsv_open(w, f, '[');
}

static void field(struct writer *w, const struct field *f, const void *value)
{
	jsv_field(w, f, value);
}

#define JSV                                                                              \
	.name = "jsv", .leaves_out = FIELD_XML_ONLY | FIELD_JSON_ONLY | FIELD_PAGE_ONLY, \
	.lists_texts = true, .begin = begin, .begin_list = begin_list, .field = field,   \
	.end = jsv_close

const struct format format_jsv = {
	JSV,
	.mime = "text/jsv",
	.aliases = (const char *const[]) { "application/jsv", NULL },
};

const struct format format_jsv_dump = { JSV, .mime = "text/plain", .charset = "utf-8" };
