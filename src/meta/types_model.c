#include "meta/types_model.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

/*
 * The beginning of XML namespaces, which is followed by the CLR namespace
 * (contracts: servicestack B3).
 */
#define CONTRACTS "http://schemas.datacontract.org/2004/07/"

/* The namespace of types that have no namespace of their own. */
#define OTHER_SPACE "Usaged"
#define ERROR_SPACE "ServiceStack"

static const char *space_of(const char *xml_namespace)
{
	if (!xml_namespace || strncmp(xml_namespace, CONTRACTS, strlen(CONTRACTS)) != 0)
		return NULL;
	return xml_namespace + strlen(CONTRACTS);
}

const struct type *type_model_find(const struct type_model *m, const char *name, size_t len)
{
	for (size_t i = 0; i < m->n; i++)
		if (strlen(m->types[i].name) == len &&
		    strncasecmp(m->types[i].name, name, len) == 0)
			return &m->types[i];
	return NULL;
}

static struct type *add_type(struct type_model *m, const struct type *type)
{
	m->types = arena_room(m->arena, m->types, m->n, &m->size, sizeof(*m->types));
	m->types[m->n] = *type;
	return &m->types[m->n++];
}

/* ---- records of answers ---- */

static enum type_kind field_kind(const struct field *f)
{
	if (f->flags & FIELD_QUOTED)
		return KIND_TEXT;
	switch (f->type) {
	case VT_TEXT:
	case VT_TEXTS:
		return KIND_TEXT;
	case VT_INT:
		return KIND_INT;
	case VT_DECIMAL:
		return f->flags & FIELD_WHOLE ? KIND_INT : KIND_DECIMAL;
	case VT_BOOL:
		return KIND_BOOL;
	case VT_OBJECT:
	case VT_LIST:
		break;
	}
	return f->shape ? KIND_OBJECT : KIND_TEXT;
}

static bool is_written(const struct field *f)
{
	return !(f->flags & (FIELD_XML_ONLY | FIELD_PAGE_ONLY));
}

/*
 * Adds the types that the shape refers to first, so that each is declared
 * before its use.
 */
static void add_shape(struct type_model *m, const struct shape *shape, const char *space,
		      bool error)
{
	struct type type = { .name = shape->name, .doc = shape->doc, .error = error };
	size_t all = 0;

	if (type_model_find(m, shape->name, strlen(shape->name)))
		return;
	if (space_of(shape->xml_namespace))
		space = space_of(shape->xml_namespace);
	type.space = space;
	for (const struct field *f = shape->fields; f->name; f++, all++)
		if (f->shape && is_written(f))
			add_shape(m, f->shape, space, error);
	type.members = arena_array(m->arena, struct type_member, all + 1);
	for (const struct field *f = shape->fields; f->name; f++) {
		enum type_kind kind = field_kind(f);

		if (is_written(f))
			type.members[type.n++] = (struct type_member) {
				.name = f->name,
				.kind = kind,
				.list = f->type == VT_LIST || f->type == VT_TEXTS,
				.type = f->shape ? f->shape->name : NULL,
				.optional = kind == KIND_TEXT || f->type == VT_OBJECT,
				.doc = f->doc
			};
	}
	add_type(m, &type);
}

/* ---- requests ---- */

static enum type_kind param_kind(const struct param *p)
{
	switch (p->type) {
	case PT_INT:
	case PT_PAGE_SIZE:
		return KIND_INT;
	case PT_BOOL:
		return KIND_BOOL;
	case PT_ACCOUNT:
	case PT_TEXT:
	case PT_ENUM:
	case PT_DATE:
	case PT_INSTANT:
	case PT_ZONE:
	case PT_CATEGORY:
	case PT_GROUP:
		break;
	}
	return KIND_TEXT;
}

static const char *op_space(const struct op *op)
{
	const char *space = space_of(op->body_namespace);

	if (!space)
		space = space_of(op->returns->xml_namespace);
	return space ? space : OTHER_SPACE;
}

static void add_request(struct type_model *m, const struct op *op)
{
	struct type type = { .name = op->id, .space = op_space(op), .doc = op->doc, .op = op };

	type.members = arena_array(m->arena, struct type_member, PARAMS_MAX);
	for (const struct param *p = op->params; p->name; p++)
		type.members[type.n++] =
			(struct type_member) { .name = p->name,
					       .kind = param_kind(p),
					       .optional = !(p->flags & PARAM_REQUIRED),
					       .required = p->flags & PARAM_REQUIRED,
					       .doc = p->doc };
	add_type(m, &type);
}

void type_model_build(struct type_model *m, const struct op *const *table,
		      const struct dialect *dialect, struct arena *arena)
{
	*m = (struct type_model) { .arena = arena };
	add_shape(m, dialect->error_shape, ERROR_SPACE, true);
	for (const struct op *const *op = table; *op; op++)
		if ((*op)->dialect == dialect)
			add_shape(m, (*op)->returns, op_space(*op), false);
	for (const struct op *const *op = table; *op; op++)
		if ((*op)->dialect == dialect)
			add_request(m, *op);
}
