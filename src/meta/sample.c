#include "meta/sample.h"

#include <string.h>

#include "base/banned.h"

enum { SAMPLE_MAX = 1 << 16 };

/* ---- parameters as a shape ---- */

static enum value_type type_of(enum param_type type)
{
	switch (type) {
	case PT_INT:
	case PT_PAGE_SIZE:
		return VT_INT;
	case PT_BOOL:
		return VT_BOOL;
	default:
		return VT_TEXT;
	}
}

const char *sample_namespace(const struct op *op)
{
	if (op->body_namespace)
		return op->body_namespace;
	return op->returns->xml_namespace ? op->returns->xml_namespace : "";
}

const struct shape *sample_request(struct arena *arena, const struct op *op, bool all)
{
	struct shape *shape = arena_new(arena, struct shape);
	struct field *fields = arena_array(arena, struct field, PARAMS_MAX + 1);
	size_t n = 0;

	for (const struct param *p = op->params; p->name; p++)
		if (all || !(p->flags & PARAM_OWN))
			fields[n++] = (struct field) { .name = p->name,
						       .type = type_of(p->type),
						       .doc = p->doc };
	*shape = (struct shape) { .name = op->id,
				  .xml_namespace = sample_namespace(op),
				  .fields = fields,
				  .doc = op->doc };
	return shape;
}

/* ---- records of placeholders ---- */

static const void *placeholder(const struct field *f)
{
	static const char *const text = "String", *const none = NULL,
				 *const some[] = { "String", NULL };
	static const char *const *const texts = some;
	static const int64_t zero = 0;
	static const struct decimal nought = { .n = 0 };
	static const bool no = false;

	switch (f->type) {
	case VT_INT:
		return &zero;
	case VT_DECIMAL:
		return &nought;
	case VT_BOOL:
		return &no;
	case VT_TEXTS:
		return &texts;
	default:
		return f->flags & FIELD_XML_ONLY ? &none : &text;
	}
}

static void write_shape(struct writer *w, const struct field *in, const struct shape *shape)
{
	const struct field *f;

	writer_begin(w, in, shape);
	for (size_t i = 0; (f = writer_nth(w, shape, i)); i++) {
		if (f->type == VT_OBJECT) {
			write_shape(w, f, f->shape);
		} else if (f->type == VT_LIST) {
			writer_begin_list(w, f, f->shape);
			write_shape(w, NULL, f->shape);
			writer_end(w);
		} else {
			writer_field(w, f, placeholder(f));
		}
	}
	writer_end(w);
}

static int write_compact(const struct shape *shape, bool list, const struct style *style,
			 const struct format *format, struct strbuf *out, struct error *err)
{
	struct writer_options options = { .style = style };
	struct sink sink = { .buf = out };
	struct writer *w = writer_new(format, &options, &sink);
	int rc;

	if (list)
		writer_begin_list(w, NULL, shape);
	write_shape(w, NULL, shape);
	if (list)
		writer_end(w);
	rc = writer_finish(w, err);
	writer_free(&w);
	return rc;
}

/* ---- for people: one thing a line ---- */

static void add_line(struct strbuf *out, int depth)
{
	if (out->len)
		strbuf_addc(out, '\n');
	while (depth-- > 0)
		strbuf_add(out, "  ");
}

/*
 * Gives each element with child elements its own lines. Elements have no mixed
 * content and no comments.
 */
static void indent_xml(const char *p, struct strbuf *out)
{
	bool text = false;
	int depth = 0;

	if (strncmp(p, "<?", 2) == 0)
		p = strstr(p, "?>") + 2;
	while (*p) {
		size_t len = *p == '<' ? strcspn(p, ">") + 1 : strcspn(p, "<");

		if (*p != '<') {
			text = true;
		} else if (p[1] == '/') {
			depth--;
			if (!text)
				add_line(out, depth);
			text = false;
		} else {
			add_line(out, depth);
			depth += p[len - 2] != '/';
			/* an empty element stays on one line */
			text = p[len] == '<' && p[len + 1] == '/' && p[len - 2] != '/';
		}
		strbuf_addn(out, p, len);
		p += len;
	}
}

int sample_write(const struct shape *shape, bool list, const struct style *style,
		 const struct format *format, struct strbuf *out, struct error *err)
{
	struct strbuf compact, shown;
	int rc;

	strbuf_init(&compact, SAMPLE_MAX);
	strbuf_init(&shown, SAMPLE_MAX);
	rc = write_compact(shape, list, style, format == &format_jsv ? &format_jsv_dump : format,
			   &compact, err);
	if (rc == 0 && format == &format_xml)
		indent_xml(compact.text, &shown);
	else if (rc == 0)
		strbuf_addn(&shown, compact.text, compact.len);
	strbuf_addn(out, shown.text, shown.len);
	strbuf_release(&compact);
	strbuf_release(&shown);
	return rc;
}

const struct field **sample_xml_fields(struct arena *arena, const struct shape *shape,
				       const struct style *style)
{
	struct writer_options options = { .style = style };
	struct strbuf nothing;
	struct sink sink = { .buf = &nothing };
	struct writer *w;
	const struct field **list;
	size_t n = 0;

	while (shape->fields[n].name)
		n++;
	list = arena_array(arena, const struct field *, n + 1);
	strbuf_init(&nothing, 0);
	w = writer_new(&format_xml, &options, &sink);
	for (size_t i = 0; i < n; i++)
		list[i] = writer_nth(w, shape, i);
	writer_free(&w);
	strbuf_release(&nothing);
	return list;
}
