#include "meta/openapi.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "format/tree.h"
#include "meta/labels.h"
#include "usage/event.h"
#include "base/banned.h"

enum { SCHEMAS_MAX = 256, NAME_MAX_BYTES = 256 };

/* A shape in a dialect's spelling, in components/schemas. */
struct schema {
	const struct shape *shape;
	const struct style *style;
	const char *name;
};

struct api {
	struct request *rq;
	struct json_object *paths, *schemas, *responses;
	struct schema known[SCHEMAS_MAX];
	size_t n;
};

/* ---- names ---- */

static const char *spell(struct arena *a, const struct dialect *d, const char *name)
{
	struct strbuf text;
	const char *copy;

	strbuf_init(&text, NAME_MAX_BYTES);
	style_spell(&text, d->style->json, name);
	copy = arena_str(a, text.text);
	strbuf_release(&text);
	return copy;
}

static void put_ref(struct json_object *o, struct arena *a, const char *part, const char *name)
{
	tree_text(o, "$ref", arena_join(a, "#/components/", part, "/", name, NULL));
}

static bool is_taken(const struct api *api, const char *name)
{
	for (size_t i = 0; i < api->n; i++)
		if (strcmp(api->known[i].name, name) == 0)
			return true;
	return false;
}

/* ---- shapes ---- */

static const char *schema_of(struct api *api, const struct dialect *d, const struct shape *shape);

/* Is the field a number that the dialect writes as a JSON string? */
static bool is_quoted(const struct api *api, const struct field *f)
{
	return (f->flags & FIELD_QUOTED) ||
	       ((f->flags & FIELD_MONEY) && api->rq->worker->settings->price_as_string);
}

static bool may_be_null(const struct field *f)
{
	return f->type == VT_TEXT || f->type == VT_TEXTS || f->type == VT_DECIMAL ||
	       f->type == VT_OBJECT;
}

static void put_type(struct json_object *o, const char *type, bool nullable)
{
	if (!nullable) {
		tree_text(o, "type", type);
	} else {
		struct json_object *types = tree_list(o, "type");

		tree_add(types, type);
		tree_add(types, "null");
	}
}

static void put_scalar(const struct api *api, struct json_object *o, const struct field *f,
		       bool nullable)
{
	bool whole = f->type == VT_INT || (f->flags & FIELD_WHOLE);

	if (f->type == VT_BOOL) {
		put_type(o, "boolean", nullable);
	} else if (f->type == VT_TEXT) {
		put_type(o, "string", nullable);
		/* not "uri": links may be paths without an origin */
		tree_text(o, "format",
			  f->format && strcmp(f->format, "uri") == 0 ? "uri-reference" : f->format);
	} else if (is_quoted(api, f)) {
		put_type(o, "string", nullable);
		tree_text(o, "format", "decimal");
		tree_text(o, "pattern", whole ? "^-?[0-9]+$" : "^-?[0-9]+(\\.[0-9]+)?$");
	} else {
		put_type(o, whole ? "integer" : "number", nullable);
		tree_text(o, "format", whole ? "int64" : NULL);
	}
}

static void put_field(struct api *api, const struct dialect *d, struct json_object *properties,
		      const struct field *f)
{
	struct arena *a = api->rq->arena;
	bool nullable = d->style->json_nulls && may_be_null(f);
	struct json_object *o = tree_object(properties, spell(a, d, f->name)), *choices;

	tree_text(o, "description", f->doc);
	if (f->type == VT_LIST) {
		tree_text(o, "type", "array");
		put_ref(tree_object(o, "items"), a, "schemas", schema_of(api, d, f->shape));
	} else if (f->type == VT_TEXTS) {
		put_type(o, "array", nullable);
		tree_text(tree_object(o, "items"), "type", "string");
	} else if (f->type == VT_OBJECT && nullable) {
		choices = tree_list(o, "anyOf");
		put_ref(tree_item(choices), a, "schemas", schema_of(api, d, f->shape));
		tree_text(tree_item(choices), "type", "null");
	} else if (f->type == VT_OBJECT) {
		put_ref(o, a, "schemas", schema_of(api, d, f->shape));
	} else {
		put_scalar(api, o, f, nullable);
	}
}

/*
 * Writes the members that are always present: all members in dialects that
 * write nulls, otherwise the members that can't be null. Errors omit unknown
 * members.
 */
static void put_required(const struct api *api, const struct dialect *d, struct json_object *schema,
			 const struct shape *shape)
{
	struct json_object *required = NULL;

	for (const struct field *f = shape->fields; f->name; f++) {
		if ((f->flags & format_json.leaves_out) ||
		    (may_be_null(f) && (!d->style->json_nulls || shape == d->error_shape)))
			continue;
		if (!required)
			required = tree_list(schema, "required");
		tree_add(required, spell(api->rq->arena, d, f->name));
	}
}

/* The name of SHAPE's schema, which is added at its first use. */
static const char *schema_of(struct api *api, const struct dialect *d, const struct shape *shape)
{
	struct arena *a = api->rq->arena;
	struct json_object *schema, *properties;
	const char *name = shape->name;

	for (size_t i = 0; i < api->n; i++)
		if (api->known[i].shape == shape && api->known[i].style == d->style)
			return api->known[i].name;
	if (api->n == SCHEMAS_MAX)
		return name;
	for (const char *base = name; is_taken(api, name); base = name)
		name = arena_join(a, base, "_", d->name, NULL);
	api->known[api->n++] = (struct schema) { shape, d->style, name };
	schema = tree_object(api->schemas, name);
	tree_text(schema, "type", "object");
	tree_text(schema, "description", shape->doc);
	put_required(api, d, schema, shape);
	properties = tree_object(schema, "properties");
	for (const struct field *f = shape->fields; f->name; f++)
		if (!(f->flags & format_json.leaves_out))
			put_field(api, d, properties, f);
	return name;
}

/* ---- parameters ---- */

static void put_limits(struct json_object *schema, const struct param *p)
{
	tree_int(schema, "minimum", p->type == PT_PAGE_SIZE ? 1 : p->min);
	if (p->max)
		tree_int(schema, "maximum", p->max);
}

static void put_default(struct json_object *schema, const struct param *p, bool number)
{
	if (!p->def)
		return;
	if (number)
		tree_int(schema, "default", strtoll(p->def, NULL, 10));
	else if (p->type == PT_BOOL)
		tree_bool(schema, "default", p->def[0] == 't');
	else
		tree_text(schema, "default", p->def);
}

static void put_param_schema(struct json_object *schema, const struct op *op, const struct param *p)
{
	bool number = p->type == PT_INT || p->type == PT_PAGE_SIZE;

	tree_text(schema, "type", number ? "integer" : p->type == PT_BOOL ? "boolean" : "string");
	if (number) {
		tree_text(schema, "format", "int64");
		put_limits(schema, p);
	} else if ((p->type == PT_TEXT || p->type == PT_ACCOUNT) && p->max) {
		tree_int(schema, "maxLength", p->max);
		if (p->min)
			tree_int(schema, "minLength", p->min);
	} else if (p->type == PT_DATE && !labels_takes_offsets(op->dialect)) {
		tree_text(schema, "format", "date");
	} else if (p->type == PT_INSTANT) {
		tree_text(schema, "format", "date-time");
	} else if (p->type == PT_ENUM) {
		struct json_object *values = tree_list(schema, "enum");

		for (const char *const *v = p->values; *v; v++)
			tree_add(values, *v);
	}
	put_default(schema, p, number);
}

static const char *param_doc(struct arena *a, const struct op *op, const struct param *p)
{
	switch (p->type) {
	case PT_DATE:
		return strstr(p->doc, "YYYY")
			       ? p->doc
			       : arena_join(a, p->doc, " (", op->dialect->date_hint, ")", NULL);
	case PT_ZONE:
		return arena_join(a, p->doc, ", such as Europe/Paris", NULL);
	case PT_CATEGORY:
		return arena_join(a, p->doc, ", such as calls-inbound", NULL);
	default:
		return p->doc;
	}
}

/*
 * Writes the parameters of the path. QUERY: also writes the other parameters,
 * as query parameters; otherwise they are in the body.
 */
static void put_params(struct json_object *o, struct arena *a, const struct op *op, bool query)
{
	struct json_object *list = tree_list(o, "parameters"), *item;

	for (const struct param *p = op->params; p->name; p++) {
		bool path = p->flags & PARAM_PATH;

		if (!path && !query)
			continue;
		item = tree_item(list);
		tree_text(item, "name", path ? p->name : spell(a, op->dialect, p->name));
		tree_text(item, "in", path ? "path" : "query");
		tree_text(item, "description", param_doc(a, op, p));
		if (path || (p->flags & PARAM_REQUIRED))
			tree_bool(item, "required", true);
		put_param_schema(tree_object(item, "schema"), op, p);
	}
}

/* ---- bodies ---- */

static const char *const parameter_types[] = { "application/json",
					       "application/x-www-form-urlencoded",
					       "multipart/form-data", NULL };

/* The schema of the parameters as an object, under the operation's name. */
static const char *request_schema(struct api *api, const struct op *op)
{
	struct arena *a = api->rq->arena;
	struct json_object *schema, *properties, *required = NULL;
	const char *name = op->id;

	if (is_taken(api, name) || api->n == SCHEMAS_MAX)
		return name;
	api->known[api->n++] = (struct schema) { NULL, NULL, name };
	schema = tree_object(api->schemas, name);
	tree_text(schema, "type", "object");
	tree_text(schema, "description", op->doc);
	for (const struct param *p = op->params; p->name; p++) {
		if (!(p->flags & PARAM_REQUIRED))
			continue;
		if (!required)
			required = tree_list(schema, "required");
		tree_add(required, spell(a, op->dialect, p->name));
	}
	properties = tree_object(schema, "properties");
	for (const struct param *p = op->params; p->name; p++) {
		struct json_object *o;

		if (p->flags & PARAM_PATH)
			continue;
		o = tree_object(properties, spell(a, op->dialect, p->name));
		tree_text(o, "description", param_doc(a, op, p));
		put_param_schema(o, op, p);
	}
	return name;
}

static void put_parameter_body(struct api *api, struct json_object *content, const struct op *op)
{
	const char *name = request_schema(api, op);
	struct json_object *schema;

	for (const char *const *type = parameter_types; *type; type++)
		put_ref(tree_object(tree_object(content, *type), "schema"), api->rq->arena,
			"schemas", name);
	if (op->body_root) {
		schema = tree_object(tree_object(content, format_xml.mime), "schema");
		tree_text(schema, "type", "string");
		tree_text(schema, "description", "As /xsd describes it");
		schema = tree_object(tree_object(content, format_jsv.mime), "schema");
		tree_text(schema, "type", "string");
	}
}

/* Amounts of an event: JSON numbers, or strings of digits. */
static void put_amount(struct json_object *o)
{
	struct json_object *types = tree_list(o, "type");

	tree_add(types, "number");
	tree_add(types, "string");
}

static void put_event_fields(struct json_object *schema, bool in_data)
{
	struct json_object *required = tree_list(schema, "required"),
			   *properties = tree_object(schema, "properties"), *o;

	for (int f = 0; f < EVENT_FIELDS; f++) {
		const struct event_field_info *info = &event_fields[f];

		if (info->in_data != in_data)
			continue;
		if (info->required)
			tree_add(required, info->name);
		o = tree_object(properties, info->name);
		tree_text(o, "description", info->doc);
		if (info->value != EVENT_TEXT) {
			put_amount(o);
		} else {
			tree_text(o, "type", "string");
			tree_int(o, "maxLength", (int64_t)info->max_bytes);
		}
	}
	if (!in_data) {
		tree_add(required, "data");
		o = tree_object(properties, "data");
		tree_text(o, "type", "object");
		put_event_fields(o, true);
	}
}

/* The schema of a usage event, from the table of its fields. */
static const char *event_schema(struct api *api)
{
	static const char name[] = "Event";

	if (!is_taken(api, name) && api->n < SCHEMAS_MAX) {
		struct json_object *schema = tree_object(api->schemas, name);

		api->known[api->n++] = (struct schema) { NULL, NULL, name };
		tree_text(schema, "type", "object");
		tree_text(schema, "description", "A usage event: CloudEvents 1.0");
		put_event_fields(schema, false);
	}
	return name;
}

static void put_own_body(struct api *api, struct json_object *content, const struct op *op)
{
	for (const struct body_kind *b = op->bodies; b->type; b++) {
		struct json_object *media = tree_object(content, b->type),
				   *schema = tree_object(media, "schema");

		if (b->holds == BODY_EVENTS) {
			tree_text(schema, "type", "array");
			schema = tree_object(schema, "items");
		}
		if (b->holds == BODY_TEXT) {
			tree_text(schema, "type", "string");
			tree_text(media, "example", b->sample);
		} else if (b->holds == BODY_FORM) {
			tree_text(schema, "type", "object");
			tree_text(tree_object(schema, "additionalProperties"), "type", "string");
		} else if (b->holds == BODY_OBJECT) {
			tree_text(schema, "type", "object");
			json_object_object_add(media, "example", json_tokener_parse(b->sample));
		} else {
			put_ref(schema, api->rq->arena, "schemas", event_schema(api));
			json_object_object_add(media, "example", json_tokener_parse(b->sample));
		}
	}
}

static void put_body(struct api *api, struct json_object *o, const struct op *op)
{
	struct json_object *body = tree_object(o, "requestBody"), *content;

	tree_bool(body, "required", true);
	content = tree_object(body, "content");
	if (op->bodies)
		put_own_body(api, content, op);
	else
		put_parameter_body(api, content, op);
}

/* ---- answers ---- */

/*
 * Writes the schema of the answer in JSON. Other formats have the same fields,
 * spelt differently.
 */
static void put_content(struct api *api, struct json_object *response, const struct dialect *d,
			const struct shape *shape, bool list)
{
	struct json_object *content = tree_object(response, "content");

	for (const struct format *const *f = formats; *f; f++) {
		struct json_object *schema;

		if ((*f)->terminal_only || (shape != d->error_shape && !format_fits(*f, shape)))
			continue;
		schema = tree_object(tree_object(content, (*f)->mime), "schema");
		if (*f != &format_json) {
			tree_text(schema, "type", "string");
			continue;
		}
		if (list) {
			tree_text(schema, "type", "array");
			schema = tree_object(schema, "items");
		}
		put_ref(schema, api->rq->arena, "schemas", schema_of(api, d, shape));
	}
}

/* The dialect's error response, for every status. */
static const char *error_response(struct api *api, const struct dialect *d)
{
	const char *name = arena_join(api->rq->arena, "Error_", d->name, NULL);
	struct json_object *response;

	if (!json_object_object_get_ex(api->responses, name, NULL)) {
		response = tree_object(api->responses, name);
		tree_text(response, "description", "The error, and how to fix it");
		put_content(api, response, d, d->error_shape, false);
	}
	return name;
}

enum {
	IF_ANY = 1 << 0,
	IF_PARAMS = 1 << 1,
	IF_BODY = 1 << 2,
	IF_PATH = 1 << 3,
	IF_ACCEPT = 1 << 4,
	IF_ROLES = 1 << 5,
	IF_RECORDS = 1 << 6 /* the body is a record of another program */
};

static const struct {
	const char *status, *doc;
	unsigned when;
} failures[] = { { "400", "A parameter or the body is not valid", IF_PARAMS | IF_BODY },
		 { "401", "Credentials are missing or wrong", IF_ROLES },
		 { "403", "The caller may not do this", IF_ROLES | IF_RECORDS },
		 { "404", "It doesn't exist, or the caller may not see it", IF_PATH | IF_RECORDS },
		 { "406", "Accept names none of the available types", IF_ACCEPT },
		 { "413", "The body is too large", IF_BODY },
		 { "415", "The body's type is not supported", IF_BODY },
		 { "429", "Too many requests; Retry-After says when to try again", IF_ANY },
		 { "500", "The server made a mistake", IF_ANY },
		 { "503", "The server is busy; try again", IF_ANY },
		 { NULL, NULL, 0 } };

static bool takes_records(const struct op *op)
{
	return op->bodies && (op->bodies->holds == BODY_OBJECT || op->bodies->holds == BODY_FORM);
}

static void put_responses(struct api *api, struct json_object *o, const struct op *op, bool body)
{
	struct json_object *responses = tree_object(o, "responses"),
			   *response = tree_object(responses, "200");
	unsigned has = IF_ANY | (op->params->name ? IF_PARAMS : 0) | (body ? IF_BODY : 0) |
		       (strchr(op->path, '{') ? IF_PATH : 0) |
		       (op->dialect->refuses_accept ? IF_ACCEPT : 0) |
		       (labels_count_roles(op) ? IF_ROLES : 0) |
		       (takes_records(op) ? IF_RECORDS : 0);

	tree_text(response, "description", op->returns->doc);
	put_content(api, response, op->dialect, op->returns, op->returns_list);
	for (int i = 0; failures[i].status; i++) {
		if (!(failures[i].when & has))
			continue;
		response = tree_object(responses, failures[i].status);
		put_ref(response, api->rq->arena, "responses", error_response(api, op->dialect));
		tree_text(response, "description", failures[i].doc);
	}
}

/* ---- operations ---- */

static const struct {
	unsigned bit;
	const char *key, *suffix;
	bool body;
} verbs[] = { { M_GET, "get", "", false },
	      { M_POST, "post", "Post", true },
	      { M_PUT, "put", "Put", true },
	      { M_PATCH, "patch", "Patch", true },
	      { M_DELETE, "delete", "Delete", false },
	      { 0, NULL, NULL, false } };

static const struct {
	const char *name, *type, *scheme, *in, *cookie, *doc;
} schemes[] = { { "basic", "http", "basic", NULL, NULL,
		  "An account's SID and token, or a user's name and password" },
		{ "bearer", "http", "bearer", NULL, NULL, "A key" },
		{ "session", "apiKey", NULL, "cookie", "ss-id",
		  "A session, from POST /auth/credentials" },
		{ NULL, NULL, NULL, NULL, NULL, NULL } };

static void put_security(struct json_object *o, const struct op *op)
{
	struct json_object *security = tree_list(o, "security");

	for (int i = 0; schemes[i].name && labels_count_roles(op); i++)
		tree_list(tree_item(security), schemes[i].name);
}

/*
 * Writes the operation for one method. For the first method, the operationId is
 * the operation's name; for other methods, the method is appended.
 */
static void put_verb(struct api *api, struct json_object *path, const struct op *op, int verb,
		     bool first)
{
	struct arena *a = api->rq->arena;
	struct json_object *o = tree_object(path, verbs[verb].key);
	bool body = verbs[verb].body && (op_takes_body(op) || op->bodies);

	tree_add(tree_list(o, "tags"), op->dialect->title);
	tree_text(o, "operationId",
		  first ? op->id : arena_join(a, op->id, verbs[verb].suffix, NULL));
	tree_text(o, "summary", op->title);
	tree_text(o, "description",
		  arena_join(a, op->doc, labels_count_roles(op) ? ". For: " : "",
			     labels_roles(a, op, ", "), NULL));
	put_security(o, op);
	put_params(o, a, op, !(body && op_takes_body(op)));
	if (body)
		put_body(api, o, op);
	put_responses(api, o, op, body);
}

static void put_operation(struct api *api, const struct op *op)
{
	struct json_object *path;
	bool first = true;

	if (!json_object_object_get_ex(api->paths, op->path, &path))
		path = tree_object(api->paths, op->path);
	for (int i = 0; verbs[i].key; i++) {
		if (!(op->methods & verbs[i].bit))
			continue;
		put_verb(api, path, op, i, first);
		first = false;
	}
}

static void put_info(struct json_object *root, const struct request *rq)
{
	struct json_object *info = tree_object(root, "info"), *tags;

	tree_text(info, "title", rq->worker->settings->name);
	tree_text(info, "version", PACKAGE_VERSION);
	tree_text(info, "description",
		  "Stores usage events, and answers with usage records in the form of several "
		  "APIs. HEAD works wherever GET does. Choose a format with Accept, ?format= or a "
		  "suffix such as .json or .csv on the path.");
	tree_text(tree_item(tree_list(root, "servers")), "url", rq->base_url);
	tags = tree_list(root, "tags");
	for (const struct dialect *const *d = dialects; *d; d++)
		tree_text(tree_item(tags), "name", (*d)->title);
}

static void put_schemes(struct json_object *components)
{
	struct json_object *list = tree_object(components, "securitySchemes");

	for (int i = 0; schemes[i].name; i++) {
		struct json_object *o = tree_object(list, schemes[i].name);

		tree_text(o, "type", schemes[i].type);
		tree_text(o, "scheme", schemes[i].scheme);
		tree_text(o, "in", schemes[i].in);
		tree_text(o, "name", schemes[i].cookie);
		tree_text(o, "description", schemes[i].doc);
	}
}

int openapi_write(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *root = json_object_new_object(), *components;
	struct api api = { .rq = rq };

	(void)err;
	tree_text(root, "openapi", "3.1.0");
	put_info(root, rq);
	api.paths = tree_object(root, "paths");
	components = tree_object(root, "components");
	put_schemes(components);
	api.responses = tree_object(components, "responses");
	api.schemas = tree_object(components, "schemas");
	for (const struct dialect *const *d = dialects; *d; d++)
		for (const struct op *const *op = rq->worker->table; *op; op++)
			if ((*op)->dialect == *d)
				put_operation(&api, *op);
	tree_write(root, out);
	return 0;
}
