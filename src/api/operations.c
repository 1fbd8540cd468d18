/*
 * operations.c - answers with the tables of the operations: their parameters
 * and results. Programs and tests check other answers against these tables.
 */
#include <string.h>

#include "api/request.h"
#include "base/banned.h"

/* ---- the shapes of the answer ---- */

struct param_record {
	const char *name, *in, *type, *def;
	bool required;
	int64_t min, max;
	const char *values, *doc;
};

static const struct field param_fields[] = {
	FIELD(struct param_record, name, "The name"),
	FIELD(struct param_record, in, "path, or query (and body, where the operation takes one)"),
	FIELD(struct param_record, type,
	      "text, integer, boolean, enum, date, instant, zone, category"),
	FIELD_AS(struct param_record, def, "default", "The default"),
	FIELD(struct param_record, required, "Is it required?"),
	FIELD(struct param_record, min, "Smallest number, or bytes of a text"),
	FIELD(struct param_record, max, "Largest number, or bytes of a text; 0: no limit"),
	FIELD(struct param_record, values, "Values of an enum, comma-separated"),
	FIELD(struct param_record, doc, "Description"),
	{ 0 }
};

static const struct shape param_shape = { .name = "Parameter",
					  .fields = param_fields,
					  .doc = "A parameter" };

struct field_record {
	const char *path, *type, *format;
	bool nullable, quoted, money;
	const char *doc;
};

static const struct field field_fields[] = {
	FIELD(struct field_record, path, "Its path: names joined with \".\", \"[]\" after a list"),
	FIELD(struct field_record, type,
	      "text, texts (a list of them), integer, decimal, boolean, object or list"),
	FIELD(struct field_record, format, "Format of a text, such as date or uri"),
	FIELD(struct field_record, nullable, "Can it be null?"),
	FIELD(struct field_record, quoted, "Is the number a JSON string?"),
	FIELD(struct field_record, money, "Is it one with the setting server.price_as_string?"),
	FIELD(struct field_record, doc, "Description"),
	{ 0 }
};

static const struct shape field_shape = { .name = "Field",
					  .fields = field_fields,
					  .doc = "A field of the answer" };

struct op_record {
	const char *id, *methods, *path, *short_path, *dialect, *roles, *title, *doc;
};

enum { OP_PARAMS = 8, OP_RETURNS };

static const struct field op_fields[] = {
	FIELD(struct op_record, id, "Its name"),
	FIELD(struct op_record, methods, "HTTP methods, comma-separated"),
	FIELD(struct op_record, path, "The path"),
	FIELD(struct op_record, short_path, "A second path, without {Name}s"),
	FIELD(struct op_record, dialect, "The API whose spelling it has"),
	FIELD(struct op_record, roles,
	      "Roles that may call it, comma-separated; Anyone: no credentials are needed"),
	FIELD(struct op_record, title, "The title of its page"),
	FIELD(struct op_record, doc, "Description", .flags = FIELD_LABEL),
	[OP_PARAMS] = FIELD_LIST("parameters", &param_shape, "The parameters"),
	[OP_RETURNS] = FIELD_LIST("returns", &field_shape, "The fields of the JSON answer"),
	{ 0 }
};

static const struct shape op_shape = { .name = "Operation",
				       .fields = op_fields,
				       .doc = "An operation" };

static const struct field list_fields[] = { FIELD_LIST("operations", &op_shape, "All operations"),
					    { 0 } };

static const struct shape list_shape = { .name = "Operations",
					 .fields = list_fields,
					 .doc = "The operations of this server" };

/* ---- the tables in words ---- */

static const char *const param_types[] = {
	[PT_TEXT] = "text",         [PT_INT] = "integer",       [PT_BOOL] = "boolean",
	[PT_ENUM] = "enum",         [PT_DATE] = "date",         [PT_INSTANT] = "instant",
	[PT_ZONE] = "zone",         [PT_CATEGORY] = "category", [PT_ACCOUNT] = "text",
	[PT_PAGE_SIZE] = "integer", [PT_GROUP] = "dimension",
};

static const char *const value_types[] = {
	[VT_TEXT] = "text",    [VT_INT] = "integer", [VT_DECIMAL] = "decimal",
	[VT_BOOL] = "boolean", [VT_TEXTS] = "texts", [VT_OBJECT] = "object",
	[VT_LIST] = "list",
};

static const struct {
	unsigned bit;
	const char *name;
} methods[] = { { M_GET, "GET" },     { M_HEAD, "HEAD" },     { M_POST, "POST" }, { M_PUT, "PUT" },
		{ M_PATCH, "PATCH" }, { M_DELETE, "DELETE" }, { 0, NULL } };

static const char *append(struct arena *a, const char *list, const char *item)
{
	return *list ? arena_join(a, list, ",", item, NULL) : item;
}

static const char *method_names(struct arena *a, unsigned set)
{
	const char *list = "";

	for (int i = 0; methods[i].name; i++)
		if (set & methods[i].bit)
			list = append(a, list, methods[i].name);
	return list;
}

static const char *role_names(struct arena *a, unsigned set)
{
	const char *list = "";

	if (set & ROLE_ANYONE)
		return "Anyone";
	for (const struct role_info *r = roles; r->name; r++)
		if (set & r->role)
			list = append(a, list, r->name);
	return list;
}

static const char *value_names(struct arena *a, const char *const *values)
{
	const char *list = "";

	for (; values && *values; values++)
		list = append(a, list, *values);
	return *list ? list : NULL;
}

/* The field's JSON name in the operation's dialect. */
static const char *json_name(struct arena *a, const struct op *op, const char *name)
{
	struct strbuf sb;
	const char *text;

	strbuf_init(&sb, 256);
	style_spell(&sb, op->dialect->style->json, name);
	text = arena_strn(a, sb.text, sb.len);
	strbuf_release(&sb);
	return text;
}

/* ---- writing them ---- */

static void write_params(struct arena *a, const struct op *op, struct writer *w)
{
	writer_begin_list(w, &op_fields[OP_PARAMS], &param_shape);
	for (const struct param *p = op->params; p->name; p++) {
		struct param_record rec = {
			.name = p->name,
			.in = p->flags & PARAM_PATH ? "path" : "query",
			.type = param_types[p->type],
			.def = p->def,
			.required = p->flags & PARAM_REQUIRED,
			.min = p->min,
			.max = p->max,
			.values = value_names(a, p->values),
			.doc = p->doc,
		};

		writer_record(w, NULL, &param_shape, &rec);
	}
	writer_end(w);
}

static void write_fields(struct arena *a, const struct op *op, const struct shape *shape,
			 const char *prefix, struct writer *w)
{
	for (const struct field *f = shape->fields; f->name; f++) {
		const char *path = arena_join(a, prefix, json_name(a, op, f->name), NULL);
		struct field_record rec = {
			.path = path,
			.type = value_types[f->flags & FIELD_WHOLE ? VT_INT : f->type],
			.format = f->format,
			.doc = f->doc,
			.nullable = f->type == VT_TEXT || f->type == VT_TEXTS ||
				    f->type == VT_DECIMAL || f->type == VT_OBJECT,
			.quoted = f->flags & FIELD_QUOTED,
			.money = f->flags & FIELD_MONEY,
		};

		if (f->flags & (FIELD_XML_ONLY | FIELD_PAGE_ONLY))
			continue;
		writer_record(w, NULL, &field_shape, &rec);
		if (f->shape)
			write_fields(a, op, f->shape,
				     arena_join(a, path, f->type == VT_LIST ? "[]." : ".", NULL),
				     w);
	}
}

static void write_op(struct arena *a, const struct op *op, struct writer *w)
{
	struct op_record rec = {
		.id = op->id,
		.methods = method_names(a, op->methods),
		.path = op->path,
		.short_path = op->short_path,
		.dialect = op->dialect->name,
		.roles = role_names(a, op->roles),
		.title = op->title,
		.doc = op->doc,
	};

	writer_begin(w, NULL, &op_shape);
	writer_fields(w, &op_shape, &rec);
	write_params(a, op, w);
	writer_begin_list(w, &op_fields[OP_RETURNS], &field_shape);
	write_fields(a, op, op->returns, op->returns_list ? "[]." : "", w);
	writer_end(w);
	writer_end(w);
}

static int list_operations(struct request *rq, struct writer *w, struct error *err)
{
	(void)err;
	writer_about(w, rq->op->title,
		     "All operations of this server, with parameters and answers.");
	writer_begin(w, NULL, &list_shape);
	writer_begin_list(w, &list_fields[0], &op_shape);
	for (const struct op *const *op = ops; *op; op++)
		write_op(rq->arena, *op, w);
	writer_end(w);
	writer_end(w);
	return 0;
}

static const struct param no_params[] = { { 0 } };

const struct op op_ListOperations = {
	OPERATION(ListOperations, usaged, M_READ, "/operations", ROLES_READING),
	.params = no_params,
	.returns = &list_shape,
	.run = list_operations,
	.title = "Operations",
	.doc = "Lists the operations with their parameters and the fields of their answers",
};
