#include "format/columns.h"

#include <string.h>

#include "format/backend.h"
#include "format/style.h"

#include "base/banned.h"

static bool add_fields(struct columns *c, const struct shape *shape, const struct field *parent,
		       unsigned without, bool whole)
{
	for (const struct field *f = shape->fields; f->name; f++) {
		if ((f->flags & without) || (f->type == VT_OBJECT && (f->flags & FIELD_MACHINE)))
			continue;
		if (f->type == VT_LIST && !whole)
			continue;
		if (f->type == VT_OBJECT && !whole) {
			if (!add_fields(c, f->shape, f, without, whole))
				return false;
			continue;
		}
		if (c->n == COLUMNS_MAX)
			return false;
		c->at[c->n++] = (struct column) { .parent = parent, .field = f };
	}
	return true;
}

bool columns_of(struct columns *c, const struct shape *shape, unsigned without, bool whole)
{
	c->n = 0;
	return add_fields(c, shape, NULL, without, whole);
}

bool columns_shown(const struct writer *w, struct columns *c, const struct shape *shape,
		   unsigned without)
{
	size_t n = 0;

	if (!columns_of(c, shape, without, false))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (!writer_hides(w, c->at[i].field))
			c->at[n++] = c->at[i];
	c->n = n;
	return true;
}

size_t columns_seek(struct writer *w, const struct columns *c, const struct field *f, int depth,
		    size_t at)
{
	const struct field *parent = w->depth > depth ? writer_top(w)->field : NULL;

	for (size_t i = at; i < c->n; i++)
		if (c->at[i].field == f && c->at[i].parent == parent)
			return i;
	for (size_t i = 0; i < at; i++)
		if (c->at[i].field == f && c->at[i].parent == parent) {
			writer_fail(w, ERR_INTERNAL,
				    "the fields of a record are not in the order of its shape");
			return i;
		}
	return c->n;
}

void column_add_heading(struct strbuf *out, const struct column *c)
{
	struct strbuf name;

	if (c->field->label && !c->parent) {
		strbuf_add(out, c->field->label);
		return;
	}
	strbuf_init(&name, 2 * SPELLED_MAX);
	if (c->parent) {
		strbuf_add(&name, c->parent->name);
		strbuf_addc(&name, '_');
	}
	strbuf_add(&name, c->field->name);
	style_humanise(out, name.text);
	strbuf_release(&name);
}
