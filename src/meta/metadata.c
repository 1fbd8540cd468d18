#include "meta/metadata.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/layout.h"
#include "format/tree.h"
#include "meta/sample.h"
#include "meta/types.h"
#include "meta/labels.h"
#include "base/banned.h"

/* ---- the list of operations ---- */

static int by_id(const void *a, const void *b)
{
	return strcasecmp((*(const struct op *const *)a)->id, (*(const struct op *const *)b)->id);
}

/* The operations of D, sorted by name; ended by NULL. */
static const struct op **sorted_operations(const struct request *rq, const struct dialect *d)
{
	const struct op **list;
	size_t n = 0, all = 0;

	while (rq->worker->table[all])
		all++;
	list = arena_array(rq->arena, const struct op *, all + 1);
	for (size_t i = 0; i < all; i++)
		if (rq->worker->table[i]->dialect == d)
			list[n++] = rq->worker->table[i];
	qsort(list, n, sizeof(const struct op *), by_id);
	return list;
}

static void put_formats(const struct request *rq, struct json_object *o, const struct op *op)
{
	struct json_object *links = tree_list(o, "formats");

	for (const struct format *const *f = words_formats; *f; f++) {
		struct json_object *link = tree_item(links);

		tree_text(link, "text", labels_upper(rq->arena, (*f)->name));
		tree_text(link, "href",
			  arena_join(rq->arena, "/", (*f)->name, "/metadata?op=", op->id, NULL));
	}
}

static void put_operation(const struct request *rq, struct json_object *list, const struct op *op)
{
	struct json_object *o = tree_item(list);

	tree_text(o, "name", op->id);
	tree_text(o, "href", arena_join(rq->arena, "/ui/", op->id, NULL));
	tree_text(o, "doc", op->doc);
	tree_text(o, "path", op->path);
	tree_text(o, "verbs", labels_verbs(rq->arena, op));
	tree_text(o, "lock", labels_lock(rq->arena, op));
}

int metadata_write_index(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *data = json_object_new_object(),
			   *operations = tree_list(data, "operations"),
			   *families = tree_list(data, "families");

	for (const struct op **op = sorted_operations(rq, &dialect_servicestack); *op; op++) {
		put_operation(rq, operations, *op);
		put_formats(rq,
			    json_object_array_get_idx(operations,
						      json_object_array_length(operations) - 1),
			    *op);
	}
	for (const struct dialect *const *d = dialects; *d; d++) {
		struct json_object *family, *list;

		if (*d == &dialect_servicestack)
			continue;
		family = tree_item(families);
		list = tree_list(family, "operations");
		tree_text(family, "family", (*d)->title);
		for (const struct op **op = sorted_operations(rq, *d); *op; op++)
			put_operation(rq, list, *op);
	}
	return layout_page(&rq->options, "metadata", rq->worker->settings->name, data, out, err);
}

/* ---- one operation ---- */

enum { SHAPES_MAX = 32, TEXT_MAX = 1 << 20 };

/* The operation and format that a page describes. */
struct page_of {
	struct request *rq;
	const struct op *op;
	const struct format *format;
	const struct types_language *language; /* NULL: shows tables */
	struct json_object *data;
};

static void put_row(struct json_object *rows, const char *name, const char *value)
{
	struct json_object *row = tree_item(rows);

	tree_text(row, "name", name);
	tree_text(row, "value", value);
}

static void put_rights(struct page_of *p)
{
	struct json_object *rows;
	int n = labels_count_roles(p->op);

	if (!n)
		return;
	rows = tree_list(tree_object(p->data, "rights"), "rows");
	put_row(rows, n == 1 ? "Required role:" : "Requires any of the roles:",
		labels_roles(p->rq->arena, p->op, ", "));
}

static const char *page_url(const struct page_of *p, const char *language)
{
	return arena_join(p->rq->arena, "/", p->format->name, "/metadata?op=", p->op->id,
			  language ? "&lang=" : NULL, language, NULL);
}

static void put_tab(struct page_of *p, struct json_object *tabs, const struct types_language *l)
{
	struct json_object *tab = tree_item(tabs);

	tree_text(tab, "text", l ? l->title : "Metadata");
	tree_text(tab, "href", page_url(p, l ? l->name : NULL));
	tree_bool(tab, "current", l == p->language);
}

static void put_tabs(struct page_of *p)
{
	struct json_object *tabs = tree_list(p->data, "tabs");

	put_tab(p, tabs, NULL);
	for (const struct types_language *l = types_languages; l->name; l++)
		put_tab(p, tabs, l);
}

/* ---- tables of parameters ---- */

static struct json_object *put_table(struct page_of *p, const char *type)
{
	struct json_object *tables = json_object_object_get(p->data, "tables"), *table;

	table = tree_item(tables ? tables : tree_list(p->data, "tables"));
	tree_text(table, "caption", arena_join(p->rq->arena, type, " Parameters:", NULL));
	return tree_list(table, "rows");
}

static void put_parameter(struct json_object *rows, const char *name, const char *in,
			  const char *type, bool required, const char *doc)
{
	struct json_object *row = tree_item(rows);

	tree_text(row, "name", name);
	tree_text(row, "in", in);
	tree_text(row, "type", type);
	tree_text(row, "required", required ? "Yes" : "No");
	tree_text(row, "doc", doc);
}

static void put_request_table(struct page_of *p, const struct shape *request)
{
	struct json_object *rows = put_table(p, p->op->id);

	for (size_t i = 0; p->op->params[i].name; i++) {
		const struct param *param = &p->op->params[i];

		put_parameter(rows, param->name, param->flags & PARAM_PATH ? "path" : "query",
			      labels_type(p->rq->arena, &request->fields[i]),
			      param->flags & PARAM_REQUIRED, param->doc);
	}
}

/* Writes the tables of SHAPE and of the types that it refers to, each once. */
static void put_response_tables(struct page_of *p, const struct shape *shape,
				const struct shape **seen, size_t *n)
{
	struct json_object *rows;

	for (size_t i = 0; i < *n; i++)
		if (seen[i] == shape)
			return;
	if (*n == SHAPES_MAX)
		return;
	seen[(*n)++] = shape;
	rows = put_table(p, shape->name);
	for (const struct field *f = shape->fields; f->name; f++)
		if (!(f->flags & format_json.leaves_out))
			put_parameter(rows, f->name, "form", labels_type(p->rq->arena, f), false,
				      f->doc);
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->shape)
			put_response_tables(p, f->shape, seen, n);
}

/* Omits the items of lists, as ServiceStack does. */
static void put_tables(struct page_of *p, const struct shape *request)
{
	const struct shape *seen[SHAPES_MAX] = { NULL };
	size_t n = 0;

	put_request_table(p, request);
	if (!p->op->returns_list)
		put_response_tables(p, p->op->returns, seen, &n);
}

static int put_types(struct page_of *p, struct error *err)
{
	struct arena *a = p->rq->arena;
	struct types_wish wish = { .operation_data = false };
	const char *include = arena_join(a, p->op->id, ".*", NULL);
	struct json_object *code;
	struct strbuf text;
	int rc = -1;

	strbuf_init(&text, TEXT_MAX);
	if (types_set_option(&wish, "IncludeTypes", include, err) == 0 &&
	    types_write(p->rq, &wish, p->language->name, &text, err) == 0) {
		code = tree_object(p->data, "code");
		tree_text(code, "text", text.text);
		tree_text(code, "label",
			  arena_join(a, p->language->title, " ", p->op->id, " DTOs", NULL));
		tree_text(code, "href",
			  arena_join(a, "/types/", p->language->name, "?IncludeTypes=", include,
				     NULL));
		rc = 0;
	}
	strbuf_release(&text);
	return rc;
}

/* ---- samples ---- */

/*
 * Bodies can be JSON, XML or JSV. For answers in other formats, the sample
 * request is JSON.
 */
static const struct format *body_format(const struct format *f)
{
	return f == &format_xml || f == &format_jsv ? f : &format_json;
}

static int add_request(const struct page_of *p, const struct shape *request, struct strbuf *out,
		       struct error *err)
{
	const struct op *op = p->op;
	const struct format *body = body_format(p->format);
	const char *host = strstr(p->rq->base_url, "://");
	bool post = op_takes_body(op) && (op->methods & M_POST);

	strbuf_addf(out, "%s %s HTTP/1.1 \nHost: %s \nAccept: %s", post ? "POST" : "GET", op->path,
		    host ? host + 3 : p->rq->base_url, p->format->mime);
	if (!post)
		return 0;
	strbuf_addf(out, "\nContent-Type: %s\nContent-Length: length\n\n", body->mime);
	return sample_write(request, false, op->dialect->style, body, out, err);
}

static int add_response(const struct page_of *p, struct strbuf *out, struct error *err)
{
	strbuf_addf(out, "HTTP/1.1 200 OK\nContent-Type: %s\nContent-Length: length\n\n",
		    p->format->mime);
	return sample_write(p->op->returns, p->op->returns_list, p->op->dialect->style, p->format,
			    out, err);
}

static int put_samples(struct page_of *p, const struct shape *request, struct error *err)
{
	struct strbuf text;
	int rc;

	strbuf_init(&text, TEXT_MAX);
	rc = add_request(p, request, &text, err);
	tree_text(p->data, "request", text.text);
	strbuf_clear(&text);
	if (rc == 0)
		rc = add_response(p, &text, err);
	tree_text(p->data, "response", text.text);
	strbuf_release(&text);
	return rc;
}

static int put_page(struct page_of *p, struct error *err)
{
	struct arena *a = p->rq->arena;

	tree_text(p->data, "operation", p->op->id);
	tree_text(p->data, "doc", p->op->doc);
	tree_text(p->data, "try", arena_join(a, "/ui/", p->op->id, NULL));
	put_rights(p);
	put_row(tree_list(p->data, "routes"), labels_verbs(a, p->op), p->op->path);
	put_tabs(p);
	tree_text(p->data, "format", p->format->name);
	tree_text(p->data, "format_upper", labels_upper(a, p->format->name));
	tree_bool(p->data, "jsonp", p->format == &format_json);
	if (p->language && put_types(p, err) < 0)
		return -1;
	if (!p->language)
		put_tables(p, sample_request(a, p->op, true));
	return put_samples(p, sample_request(a, p->op, false), err);
}

static const struct format *find_format(const char *name)
{
	for (const struct format *const *f = words_formats; *f; f++)
		if (strcasecmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}

static const struct op *find_operation(const struct request *rq, const char *id)
{
	for (const struct op *const *op = rq->worker->table; *op; op++)
		if (strcasecmp((*op)->id, id) == 0)
			return *op;
	return NULL;
}

int metadata_write_operation(struct request *rq, struct strbuf *out, struct error *err)
{
	const char *id = document_param(rq, "op"), *lang = document_param(rq, "lang");
	struct page_of p = { .rq = rq, .format = find_format(document_param(rq, "format")) };

	if (!p.format)
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "There are pages for json, xml, jsv, csv and jsonl, such as "
				 "/json/metadata");
	if (!id) {
		rq->reply.location = "/metadata";
		return 0;
	}
	p.op = find_operation(rq, id);
	p.language = lang ? types_language_find(lang) : NULL;
	if (!p.op)
		return error_set(err, ERR_NOT_FOUND, "op",
				 "The operation '%.100s' does not exist for this service", id);
	if (lang && !p.language)
		return error_set(err, ERR_NOT_FOUND, "lang",
				 "There is no such language; /types has a list");
	if (p.op->dialect != &dialect_servicestack) {
		rq->reply.location = arena_join(rq->arena, "/ui/", p.op->id, NULL);
		return 0;
	}
	p.data = json_object_new_object();
	if (put_page(&p, err) < 0) {
		json_object_put(p.data);
		return -1;
	}
	return layout_page(&rq->options, "operation", rq->worker->settings->name, p.data, out, err);
}
