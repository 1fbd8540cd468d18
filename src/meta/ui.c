#include "meta/ui.h"

#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "format/layout.h"
#include "format/tree.h"
#include "meta/labels.h"
#include "base/banned.h"

static const char *ui_url(struct arena *a, const struct op *op)
{
	return arena_join(a, "/ui/", op->id, NULL);
}

/* ---- the list ---- */

int ui_write_index(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *data = json_object_new_object(),
			   *families = tree_list(data, "families");

	for (const struct dialect *const *d = dialects; *d; d++) {
		struct json_object *family = tree_item(families),
				   *list = tree_list(family, "operations");

		tree_text(family, "family", (*d)->title);
		for (const struct op *const *op = rq->worker->table; *op; op++) {
			struct json_object *o;

			if ((*op)->dialect != *d)
				continue;
			o = tree_item(list);
			tree_text(o, "name", (*op)->id);
			tree_text(o, "href", ui_url(rq->arena, *op));
			tree_text(o, "verbs", labels_verbs(rq->arena, *op));
			tree_text(o, "path", (*op)->path);
			tree_text(o, "doc", (*op)->doc);
		}
	}
	return layout_page(&rq->options, "ui", "API Explorer", data, out, err);
}

/* ---- the form of one operation ---- */

static const char *input_type(const struct op *op, const struct param *p)
{
	switch (p->type) {
	case PT_INT:
	case PT_PAGE_SIZE:
		return "number";
	case PT_DATE:
		return labels_takes_offsets(op->dialect) ? "text" : "date";
	default:
		return "text";
	}
}

static void put_choices(struct json_object *o, const struct param *p)
{
	static const char *const yes_no[] = { "true", "false", NULL };
	struct json_object *choices;

	if (p->type != PT_ENUM && p->type != PT_BOOL)
		return;
	choices = tree_list(tree_object(o, "select"), "choices");
	if (!(p->flags & PARAM_REQUIRED))
		tree_text(tree_item(choices), "value", "");
	for (const char *const *v = p->type == PT_BOOL ? yes_no : p->values; *v; v++)
		tree_text(tree_item(choices), "value", *v);
}

static void put_limits(struct json_object *o, struct arena *a, const struct param *p)
{
	bool number = p->type == PT_INT || p->type == PT_PAGE_SIZE;

	if (number)
		tree_text(o, "min",
			  arena_printf(a, "%lld",
				       (long long)(p->type == PT_PAGE_SIZE ? 1 : p->min)));
	if (number && p->max)
		tree_text(o, "max", arena_printf(a, "%lld", (long long)p->max));
}

static void put_fields(struct json_object *data, struct arena *a, const struct op *op)
{
	struct json_object *fields = tree_list(data, "fields");

	for (const struct param *p = op->params; p->name; p++) {
		struct json_object *o = tree_item(fields);

		tree_text(o, "name", p->name);
		tree_text(o, "place", p->flags & PARAM_PATH ? "path" : "query");
		tree_text(o, "type", input_type(op, p));
		tree_text(o, "doc", p->doc);
		tree_text(o, "preset", p->def);
		tree_bool(o, "required", p->flags & (PARAM_REQUIRED | PARAM_PATH));
		put_limits(o, a, p);
		put_choices(o, p);
	}
}

static void put_texts(struct json_object *list, const char *text, bool first)
{
	struct json_object *o = tree_item(list);

	tree_text(o, "text", text);
	tree_bool(o, "first", first);
}

static void put_verbs(struct json_object *data, const struct op *op)
{
	struct json_object *list = tree_list(data, "verbs");

	for (int i = 0; words_verb_table[i].name; i++)
		if (op->methods & words_verb_table[i].bit)
			put_texts(list, words_verb_table[i].name,
				  json_object_array_length(list) == 0);
}

static void put_formats(struct json_object *data, const struct shape *shape)
{
	struct json_object *list = tree_list(data, "formats");

	for (const struct format *const *f = formats; *f; f++) {
		struct json_object *o;

		if ((*f)->terminal_only || !format_fits(*f, shape))
			continue;
		o = tree_item(list);
		tree_text(o, "name", (*f)->name);
		tree_text(o, "mime", (*f)->mime);
	}
}

static void put_body(struct json_object *data, const struct op *op)
{
	struct json_object *body, *types;

	if (!op->bodies && !(op_takes_body(op) && (op->methods & (M_POST | M_PUT | M_PATCH))))
		return;
	body = tree_object(data, "body");
	types = tree_list(body, "types");
	tree_bool(body, "parameters", op_takes_body(op));
	if (op_takes_body(op))
		tree_text(tree_item(types), "type", "application/json");
	for (const struct body_kind *b = op->bodies; b && b->type; b++) {
		struct json_object *o = tree_item(types);

		tree_text(o, "type", b->type);
		tree_text(o, "sample", b->sample);
	}
	tree_text(body, "sample", op->bodies ? op->bodies->sample : "");
}

static const struct op *find(const struct request *rq, struct error *err)
{
	const char *id = document_param(rq, "operation");

	for (const struct op *const *op = rq->worker->table; *op; op++)
		if (strcasecmp((*op)->id, id) == 0)
			return *op;
	error_set(err, ERR_NOT_FOUND, NULL, "There is no operation %.100s; /ui lists all", id);
	return NULL;
}

int ui_write_operation(struct request *rq, struct strbuf *out, struct error *err)
{
	const struct op *op = find(rq, err);
	struct arena *a = rq->arena;
	struct json_object *data;

	if (!op)
		return -1;
	data = json_object_new_object();
	tree_text(data, "script", "explorer.js");
	tree_text(data, "family", op->dialect->title);
	tree_text(data, "doc", op->doc);
	tree_text(data, "path", op->path);
	tree_text(data, "base", rq->base_url);
	tree_text(data, "action", arena_join(a, ui_url(a, op), "/send", NULL));
	if (labels_count_roles(op))
		tree_text(data, "roles", labels_roles(a, op, ", "));
	tree_bool(data, "plain", op->methods & M_GET);
	if (op->dialect == &dialect_servicestack)
		tree_text(data, "metadata", arena_join(a, "/json/metadata?op=", op->id, NULL));
	put_verbs(data, op);
	put_formats(data, op->returns);
	put_fields(data, a, op);
	put_body(data, op);
	return layout_page(&rq->options, "explorer", op->id, data, out, err);
}

/* ---- the plain form's way ---- */

static const struct param *find_param(const struct op *op, const char *name)
{
	for (const struct param *p = op->params; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

struct ui_path {
	const struct request *rq;
	struct error *err;
};

/* A missing value is an error. */
static const char *path_value(const void *context, const char *name)
{
	const struct ui_path *p = context;
	const char *value = document_param(p->rq, name);

	if (!value)
		error_set(p->err, ERR_MISSING, name, "must be given");
	return value;
}

int ui_send(struct request *rq, struct strbuf *out, struct error *err)
{
	const struct op *op = find(rq, err);
	const char *path = op ? path_fill(rq->arena, op->path, path_value,
					  &(struct ui_path) { rq, err })
			      : NULL;
	struct url u;

	(void)out;
	if (!path)
		return -1;
	u = url_begin(rq->arena, path);
	for (size_t i = 0; i < rq->params.n; i++) {
		const struct raw_param *raw = &rq->params.items[i];
		const struct param *p = find_param(op, raw->name);

		if (raw->len && (p ? !(p->flags & PARAM_PATH) : strcmp(raw->name, "format") == 0))
			url_argn(&u, raw->name, raw->value, raw->len);
	}
	rq->reply.location = url_end(&u);
	return strlen(rq->reply.location) <= URL_HEADER_MAX
		       ? 0
		       : error_set(err, ERR_TOO_LARGE, NULL, "is too long for a URL");
}
