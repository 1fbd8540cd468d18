#include "meta/catalog.h"

#include <string.h>

#include "config.h"
#include "format/tree.h"
#include "meta/sample.h"
#include "meta/labels.h"
#include "base/banned.h"

/* ---- types ---- */

struct catalog {
	const struct request *rq;
	struct json_object *namespaces, *types, *operations;
};

static void add_namespace(struct catalog *c, const char *namespace)
{
	for (size_t i = 0; i < json_object_array_length(c->namespaces); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(c->namespaces, i)),
			   namespace) == 0)
			return;
	tree_add(c->namespaces, namespace);
}

static const char *clr_type(const struct field *f)
{
	if (f->type == VT_LIST || f->type == VT_TEXTS)
		return "List`1";
	if (f->type == VT_OBJECT)
		return f->shape->name;
	if (f->type == VT_TEXT || (f->flags & FIELD_QUOTED))
		return "String";
	if (f->type == VT_BOOL)
		return "Boolean";
	return f->type == VT_INT ? "Int64" : f->flags & FIELD_WHOLE ? "Int32" : "Decimal";
}

static void put_property(struct json_object *properties, const struct field *f,
			 const struct param *p, const char *namespace)
{
	struct json_object *o = tree_item(properties);
	const char *type = clr_type(f);

	tree_text(o, "name", f->name);
	tree_text(o, "type", type);
	tree_text(o, "namespace",
		  f->type == VT_LIST || f->type == VT_TEXTS ? "System.Collections.Generic"
		  : f->type == VT_OBJECT                    ? namespace
							    : "System");
	if (f->type == VT_LIST)
		tree_add(tree_list(o, "genericArgs"), f->shape->name);
	if (f->type == VT_TEXTS)
		tree_add(tree_list(o, "genericArgs"), "String");
	else if (strcmp(type, "String") != 0 && !f->shape)
		tree_bool(o, "isValueType", true);
	if (p && (p->flags & PARAM_REQUIRED))
		tree_bool(o, "isRequired", true);
	tree_text(o, "paramType", p ? p->flags & PARAM_PATH ? "path" : "query" : NULL);
	tree_text(o, "description", f->doc);
}

static void put_type(struct catalog *c, struct json_object *o, const struct shape *shape,
		     const char *namespace, const struct op *request)
{
	struct json_object *properties;
	size_t i = 0;

	add_namespace(c, namespace);
	tree_text(o, "name", shape->name);
	tree_text(o, "namespace", namespace);
	tree_text(o, "description", shape->doc);
	properties = tree_list(o, "properties");
	for (const struct field *f = shape->fields; f->name; f++, i++)
		if (!(f->flags & format_json.leaves_out))
			put_property(properties, f, request ? &request->params[i] : NULL,
				     namespace);
}

static bool has_type(const struct catalog *c, const char *name, const char *namespace)
{
	for (size_t i = 0; i < json_object_array_length(c->types); i++) {
		struct json_object *o = json_object_array_get_idx(c->types, i);

		if (strcmp(json_object_get_string(json_object_object_get(o, "name")), name) == 0 &&
		    strcmp(json_object_get_string(json_object_object_get(o, "namespace")),
			   namespace) == 0)
			return true;
	}
	return false;
}

/*
 * Adds the types that SHAPE refers to, and SHAPE itself if another type refers
 * to SHAPE.
 */
static void add_parts(struct catalog *c, const struct shape *shape, const char *namespace,
		      bool part)
{
	if (part && has_type(c, shape->name, namespace))
		return;
	if (part)
		put_type(c, tree_item(c->types), shape, namespace, NULL);
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->shape)
			add_parts(c, f->shape,
				  f->shape->xml_namespace
					  ? labels_namespace(f->shape->xml_namespace)
					  : namespace,
				  true);
}

/* ---- operations ---- */

static void put_names(struct json_object *list, unsigned set)
{
	for (const struct role_info *r = roles; r->name; r++)
		if (set & r->role)
			tree_add(list, r->name);
}

static void put_rights(struct json_object *o, const struct op *op)
{
	int n = labels_count_roles(op);

	tree_bool(o, "requiresAuth", n > 0);
	if (n)
		put_names(tree_list(o, n == 1 ? "requiredRoles" : "requiresAnyRole"), op->roles);
}

static void put_operation(struct catalog *c, const struct op *op)
{
	struct arena *a = c->rq->arena;
	struct json_object *o = tree_item(c->operations), *part;
	const char *namespace = op->returns->xml_namespace
					? labels_namespace(op->returns->xml_namespace)
					: "";
	const char *list = (op->methods & M_ALL) == M_ALL ? "ANY" : labels_verbs(a, op);

	put_type(c, tree_object(o, "request"), sample_request(a, op, true),
		 labels_namespace(sample_namespace(op)), op);
	if (!op->returns_list)
		put_type(c, tree_object(o, "response"), op->returns, namespace, NULL);
	add_parts(c, op->returns, namespace, op->returns_list);
	part = tree_list(o, "actions");
	tree_add(part, list);
	tree_bool(o, "returnsVoid", false);
	tree_text(o, "method", op->methods & M_GET ? "GET" : "POST");
	part = tree_object(o, "returnType");
	tree_text(part, "name", op->returns_list ? "List`1" : op->returns->name);
	tree_text(part, "namespace", op->returns_list ? "System.Collections.Generic" : namespace);
	if (op->returns_list)
		tree_add(tree_list(part, "genericArgs"), op->returns->name);
	part = tree_item(tree_list(o, "routes"));
	tree_text(part, "path", op->path);
	if (strcmp(list, "ANY") != 0)
		tree_text(part, "verbs", list);
	put_rights(o, op);
}

static void put_types(const struct request *rq, struct json_object *root)
{
	struct json_object *config = tree_object(root, "config");
	struct catalog c = { .rq = rq,
			     .namespaces = tree_list(root, "namespaces"),
			     .types = tree_list(root, "types"),
			     .operations = tree_list(root, "operations") };

	tree_text(config, "baseUrl", rq->base_url);
	for (const struct op *const *op = rq->worker->table; *op; op++)
		if ((*op)->dialect == &dialect_servicestack)
			put_operation(&c, *op);
}

int catalog_write_types(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *root = json_object_new_object();

	(void)err;
	put_types(rq, root);
	tree_write(root, out);
	return 0;
}

/* ---- the app ---- */

int catalog_write_app(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *root = json_object_new_object(), *o;

	(void)err;
	o = tree_object(root, "app");
	tree_text(o, "baseUrl", rq->base_url);
	tree_text(o, "serviceName", rq->worker->settings->name);
	tree_text(o, "serviceDescription", "Usage events go in, usage records come out");
	tree_text(o, "serviceIconUrl", "/static/favicon.svg");
	tree_text(o, "appVersion", PACKAGE_VERSION);
	tree_text(o, "jsTextCase", "CamelCase");
	o = tree_object(root, "contentTypeFormats");
	for (const struct format *const *f = words_formats; *f; f++)
		tree_text(o, (*f)->mime, (*f)->name);
	tree_list(tree_object(root, "plugins"), "loaded");
	put_types(rq, tree_object(root, "api"));
	tree_write(root, out);
	return 0;
}

/* ---- the list ---- */

struct operation {
	const char *name, *verbs, *path, *roles, *description, *metadata, *explorer;
};

static const struct field operation_fields[] = {
	FIELD_AS(struct operation, name, "Name", "Its name"),
	FIELD_AS(struct operation, description, "Description", "Description", .flags = FIELD_LABEL),
	FIELD_AS(struct operation, verbs, "Verbs", "HTTP methods"),
	FIELD_AS(struct operation, path, "Path", "The path"),
	FIELD_AS(struct operation, roles, "Roles", "Roles that may call it"),
	FIELD_AS(struct operation, metadata, "Metadata", "Page with its description",
		 .format = "uri"),
	FIELD_AS(struct operation, explorer, "Explorer", "Page to try it", .format = "uri"),
	{ 0 }
};

static const struct shape operation_shape = { .name = "Operation",
					      .fields = operation_fields,
					      .doc = "An operation" };

static const struct field list_fields[] = {
	FIELD_LIST("Operations", &operation_shape, "All operations"), { 0 }
};

static const struct shape list_shape = { .name = "OperationsMetadata",
					 .xml_namespace = "http://schemas.servicestack.net/types",
					 .fields = list_fields,
					 .doc = "The operations" };

static void write_operation(struct arena *a, struct writer *w, const struct op *op)
{
	struct operation rec = { .name = op->id,
				 .verbs = labels_verbs(a, op),
				 .path = op->path,
				 .roles = labels_roles(a, op, ", "),
				 .description = op->doc,
				 .metadata = arena_join(a, "/json/metadata?op=", op->id, NULL),
				 .explorer = arena_join(a, "/ui/", op->id, NULL) };

	writer_record(w, NULL, &operation_shape, &rec);
}

int catalog_write_operations(struct request *rq, struct strbuf *out, struct error *err)
{
	struct writer_options options = rq->options;
	struct sink sink = { .buf = out };
	struct writer *w;
	int rc;

	options.style = dialect_servicestack.style;
	w = writer_new(rq->reply.format, &options, &sink);
	writer_about(w, "Operations", NULL);
	writer_begin(w, NULL, &list_shape);
	writer_begin_list(w, &list_fields[0], &operation_shape);
	for (const struct op *const *op = rq->worker->table; *op; op++)
		if ((*op)->dialect == &dialect_servicestack)
			write_operation(rq->arena, w, *op);
	writer_end(w);
	writer_end(w);
	rc = writer_finish(w, err);
	writer_free(&w);
	rq->reply.type = rq->reply.format->charset
				 ? arena_join(rq->arena, rq->reply.format->mime,
					      "; charset=", rq->reply.format->charset, NULL)
				 : rq->reply.format->mime;
	return rc;
}
