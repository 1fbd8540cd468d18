#include "meta/types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "config.h"
#include "format/mustache.h"
#include "format/templates.h"
#include "format/tree.h"
#include "meta/document.h"
#include "meta/types_model.h"
#include "meta/types_rules.h"
#include "meta/labels.h"

#include "base/banned.h"

enum { OPTION_MAX = 1024, NAME_MAX_BYTES = 256, FOLDER_MAX = 4096 };

/* ---- options ---- */

enum option_kind { OPTION_SPACE, OPTION_BOOL, OPTION_TYPES };

static const struct {
	const char *name;
	enum option_kind kind;
} options[TYPES_OPTIONS] = {
	[TYPES_GLOBAL_NAMESPACE] = { "GlobalNamespace", OPTION_SPACE },
	[TYPES_PACKAGE] = { "Package", OPTION_SPACE },
	[TYPES_MAKE_PROPERTIES_OPTIONAL] = { "MakePropertiesOptional", OPTION_BOOL },
	[TYPES_ADD_SERVICESTACK_TYPES] = { "AddServiceStackTypes", OPTION_BOOL },
	[TYPES_ADD_DESCRIPTION_AS_COMMENTS] = { "AddDescriptionAsComments", OPTION_BOOL },
	[TYPES_INCLUDE_TYPES] = { "IncludeTypes", OPTION_TYPES },
	[TYPES_EXCLUDE_TYPES] = { "ExcludeTypes", OPTION_TYPES },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The length of the identifier at the beginning of TEXT; 0 if there is none. */
static size_t identifier(const char *text)
{
	size_t n = 0;

	while (is_letter(text[n]) || (n > 0 && text[n] >= '0' && text[n] <= '9'))
		n++;
	return n;
}

/*
 * Is TEXT a list of identifiers, joined with SEPARATOR? ALL: each may have ".*"
 * behind it.
 */
static bool are_identifiers(const char *text, char separator, bool all)
{
	for (;;) {
		size_t n = identifier(text);

		if (!n)
			return false;
		text += n;
		if (all && strncmp(text, ".*", 2) == 0)
			text += 2;
		if (!*text)
			return true;
		if (*text++ != separator)
			return false;
	}
}

static int check_option(enum types_option o, const char *value, struct error *err)
{
	const char *name = options[o].name;

	if (strlen(value) > OPTION_MAX)
		return error_set(err, ERR_PARAM, name, "must have at most %d bytes", OPTION_MAX);
	switch (options[o].kind) {
	case OPTION_BOOL:
		if (strcasecmp(value, "True") != 0 && strcasecmp(value, "False") != 0)
			return error_set(err, ERR_PARAM, name, "'%.40s' is neither True nor False",
					 value);
		return 0;
	case OPTION_TYPES:
		if (!are_identifiers(value, ',', true))
			return error_set(err, ERR_PARAM, name,
					 "'%.40s' is not a list of types such as "
					 "GetAIUsage.*,UsageRecordInfo",
					 value);
		return 0;
	case OPTION_SPACE:
		break;
	}
	if (!are_identifiers(value, '.', false))
		return error_set(err, ERR_PARAM, name,
				 "'%.40s' is not a name such as Example.Usage", value);
	return 0;
}

int types_set_option(struct types_wish *wish, const char *name, const char *value,
		     struct error *err)
{
	for (enum types_option o = 0; o < TYPES_OPTIONS; o++) {
		if (strcasecmp(options[o].name, name) != 0 || !*value)
			continue;
		if (check_option(o, value, err) < 0)
			return -1;
		wish->options[o] = value;
	}
	return 0;
}

/* A text that is being written. */
struct types_text {
	const struct request *rq;
	const struct types_wish *wish;
	const struct types_rules *rules;
	struct type_model model;
};

/*
 * The option's value for the language of T; "" if the language has no such
 * option.
 */
static const char *option(const struct types_text *t, enum types_option o)
{
	if (!t->rules->defaults[o])
		return "";
	return t->wish->options[o] ? t->wish->options[o] : t->rules->defaults[o];
}

static bool is_on(const struct types_text *t, enum types_option o)
{
	return strcasecmp(option(t, o), "True") == 0;
}

/* ---- choice of types ---- */

static bool refers(const struct types_text *t, const struct type *from, const struct type *to);

static bool refers_by_name(const struct types_text *t, const char *name, const struct type *to)
{
	const struct type *next = type_model_find(&t->model, name, strlen(name));

	return next && (next == to || refers(t, next, to));
}

/* Does FROM refer to TO? */
static bool refers(const struct types_text *t, const struct type *from, const struct type *to)
{
	if (from->op && refers_by_name(t, from->op->returns->name, to))
		return true;
	for (size_t i = 0; i < from->n; i++)
		if (from->members[i].type && refers_by_name(t, from->members[i].type, to))
			return true;
	return false;
}

static bool is_listed(const struct types_text *t, const char *list, const struct type *type)
{
	while (*list) {
		size_t len = identifier(list);
		const struct type *named = type_model_find(&t->model, list, len);

		list += len;
		if (named == type || (named && *list == '.' && refers(t, named, type)))
			return true;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return false;
}

/*
 * Is the type written? A type of errors is written only if ServiceStack's
 * library for the language lacks the type.
 */
static bool is_wanted(const struct types_text *t, const struct type *type)
{
	const char *include = option(t, TYPES_INCLUDE_TYPES),
		   *exclude = option(t, TYPES_EXCLUDE_TYPES);

	if (type->error && !(t->wish->operation_data && is_on(t, TYPES_ADD_SERVICESTACK_TYPES)))
		return false;
	return (type->error || !*include || is_listed(t, include, type)) &&
	       !is_listed(t, exclude, type);
}

/* ---- names and types ---- */

static const char *spelled(const struct types_text *t, enum spelling spelling, const char *name)
{
	struct strbuf sb;
	const char *text;

	strbuf_init(&sb, NAME_MAX_BYTES);
	style_spell(&sb, spelling, name);
	text = arena_strn(t->rq->arena, sb.text, sb.len);
	strbuf_release(&sb);
	return text;
}

static bool is_reserved(const struct types_rules *rules, const char *name)
{
	for (const char *const *word = rules->reserved; word && *word; word++)
		if ((rules->any_case ? strcasecmp(*word, name) : strcmp(*word, name)) == 0)
			return true;
	return false;
}

static const char *list_of(const struct types_text *t, const char *item)
{
	return arena_join(t->rq->arena, t->rules->list_open, item, t->rules->list_close, NULL);
}

static bool is_optional(const struct types_text *t, const struct type_member *m)
{
	return m->optional || is_on(t, TYPES_MAKE_PROPERTIES_OPTIONAL);
}

static const char *type_of(const struct types_text *t, const struct type_member *m)
{
	const char *type = m->kind == KIND_OBJECT ? m->type : t->rules->kinds[m->kind];

	if (m->list)
		return list_of(t, type);
	return is_optional(t, m) && t->rules->nullable[m->kind] ? t->rules->nullable[m->kind]
								: type;
}

/* TEXT, escaped for use between "". */
static const char *literal(const struct types_text *t, const char *text)
{
	const char *special = t->rules->escape == ESCAPE_DOUBLE   ? "\""
			      : t->rules->escape == ESCAPE_DOLLAR ? "\\\"$"
								  : "\\\"";
	char *copy = arena_alloc(t->rq->arena, 2 * strlen(text) + 1), *to = copy;

	for (; *text; *to++ = *text++)
		if (strchr(special, *text))
			*to++ = t->rules->escape == ESCAPE_DOUBLE ? '"' : '\\';
	return copy;
}

/* ---- data for the templates ---- */

static void put_member(const struct types_text *t, struct json_object *list,
		       const struct type_member *m, bool last)
{
	static const char *const kinds[KINDS] = { "text", "int", "decimal", "bool", "object" };
	struct json_object *o = tree_item(list);
	const char *name = spelled(t, t->rules->members, m->name);
	bool reserved = is_reserved(t->rules, name), single = !m->list;

	tree_text(o, "name",
		  reserved ? arena_join(t->rq->arena, t->rules->name_open, name,
					t->rules->name_close, NULL)
			   : name);
	tree_bool(o, "renamed", reserved);
	tree_text(o, "json", spelled(t, SPELL_CAMEL, m->name));
	tree_text(o, "pascal", spelled(t, SPELL_PASCAL, m->name));
	tree_text(o, "type", type_of(t, m));
	tree_text(o, "item", m->kind == KIND_OBJECT ? m->type : t->rules->kinds[m->kind]);
	tree_text(o, "zero",
		  single && !is_optional(t, m) && t->rules->zeros[m->kind]
			  ? t->rules->zeros[m->kind]
			  : "");
	tree_bool(o, "list", m->list);
	for (enum type_kind k = 0; k < KINDS; k++)
		tree_bool(o, kinds[k], single && m->kind == k);
	tree_bool(o, "optional", single && is_optional(t, m));
	tree_bool(o, "required", m->required);
	tree_text(o, "summary", is_on(t, TYPES_ADD_DESCRIPTION_AS_COMMENTS) ? m->doc : "");
	tree_text(o, "says", literal(t, m->doc));
	tree_bool(o, "last", last);
}

/*
 * Writes a request's data: the method for clients to use ("Get"), and the
 * methods of its Route ("GET,POST"; empty if all).
 */
static void put_request(const struct types_text *t, struct json_object *type, const struct op *op)
{
	static const struct {
		unsigned bit;
		const char *name;
	} markers[] = { { M_GET, "Get" },
			{ M_POST, "Post" },
			{ M_PUT, "Put" },
			{ M_PATCH, "Patch" },
			{ M_DELETE, "Delete" } };
	struct json_object *o = tree_object(type, "request");
	const char *verbs = "", *verb = NULL;

	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		const char *upper = labels_upper(t->rq->arena, markers[i].name);

		if (!(op->methods & markers[i].bit))
			continue;
		verb = verb ? verb : markers[i].name;
		verbs = *verbs ? arena_join(t->rq->arena, verbs, ",", upper, NULL) : upper;
	}
	tree_text(o, "verb", verb);
	tree_text(o, "method", labels_upper(t->rq->arena, verb));
	tree_text(o, "verbs", (op->methods & M_ALL) == M_ALL ? "" : verbs);
	tree_text(o, "path", op->path);
	tree_text(o, "returns",
		  op->returns_list ? list_of(t, op->returns->name) : op->returns->name);
	tree_text(o, "returned", op->returns->name);
	tree_bool(o, "many", op->returns_list);
}

/*
 * Is the member written? ResponseStatus is not written if the client's library
 * has its type, because the library then adds the member by itself.
 */
static bool is_shown(const struct types_text *t, const struct type_member *m)
{
	const struct type *type = m->kind == KIND_OBJECT
					  ? type_model_find(&t->model, m->type, strlen(m->type))
					  : NULL;

	return !type || !type->error || is_wanted(t, type);
}

static void put_members(const struct types_text *t, struct json_object *o, const struct type *type)
{
	struct json_object *members = tree_list(o, "members");
	size_t end = type->n;

	while (end && !is_shown(t, &type->members[end - 1]))
		end--;
	for (size_t i = 0; i < end; i++)
		if (is_shown(t, &type->members[i]))
			put_member(t, members, &type->members[i], i + 1 == end);
	tree_bool(o, "empty", end == 0);
}

static struct json_object *type_tree(const struct types_text *t, const struct type *type)
{
	struct json_object *o = json_object_new_object();

	tree_text(o, "class", type->name);
	tree_text(o, "about", is_on(t, TYPES_ADD_DESCRIPTION_AS_COMMENTS) ? type->doc : "");
	tree_text(o, "told", literal(t, type->doc));
	tree_bool(o, "api", type->op != NULL);
	put_members(t, o, type);
	if (type->op && t->wish->operation_data)
		put_request(t, o, type->op);
	else
		tree_bool(o, "request", false);
	return o;
}

/*
 * Finds or makes the list in GROUPS for types in SPACE. A new list is appended,
 * and names the lists before it.
 */
static struct json_object *group_of(struct json_object *groups, const char *space)
{
	struct json_object *group, *before = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		group = json_object_array_get_idx(groups, i);
		if (strcmp(json_object_get_string(json_object_object_get(group, "space")), space) ==
		    0) {
			json_object_put(before);
			return json_object_object_get(group, "grouped");
		}
		json_object_array_add(before,
				      json_object_get(json_object_object_get(group, "space")));
	}
	group = tree_item(groups);
	tree_text(group, "space", space);
	json_object_object_add(group, "before", before);
	return tree_list(group, "grouped");
}

/* Writes the types of lists and answers, which some languages need. */
static void put_list(const struct types_text *t, struct json_object *lists, const char *item)
{
	struct json_object *o;

	for (size_t i = 0; i < json_object_array_length(lists); i++)
		if (strcmp(json_object_get_string(json_object_object_get(
				   json_object_array_get_idx(lists, i), "item")),
			   item) == 0)
			return;
	o = tree_item(lists);
	tree_text(o, "item", item);
	tree_text(o, "type", list_of(t, item));
}

static void put_lists(const struct types_text *t, struct json_object *lists,
		      const struct type *type)
{
	if (type->op && type->op->returns_list)
		put_list(t, lists, type->op->returns->name);
	for (size_t i = 0; i < type->n; i++)
		if (type->members[i].list)
			put_list(t, lists,
				 type->members[i].kind == KIND_OBJECT
					 ? type->members[i].type
					 : t->rules->kinds[type->members[i].kind]);
}

static bool has_decimals(const struct type *type)
{
	for (size_t i = 0; i < type->n; i++)
		if (type->members[i].kind == KIND_DECIMAL)
			return true;
	return false;
}

/*
 * Writes the types twice: in an order in which types follow the types that they
 * refer to, and by namespace.
 */
static void put_types(const struct types_text *t, struct json_object *root)
{
	const char *global = option(t, TYPES_GLOBAL_NAMESPACE);
	struct json_object *types = tree_list(root, "types"), *groups = tree_list(root, "groups"),
			   *lists = tree_list(root, "lists");
	bool decimals = false;

	for (size_t i = 0; i < t->model.n; i++) {
		const struct type *type = &t->model.types[i];
		struct json_object *o, *group;

		if (!is_wanted(t, type))
			continue;
		o = type_tree(t, type);
		group = group_of(groups, *global ? global : type->space);
		tree_bool(o, "first", json_object_array_length(group) == 0);
		json_object_array_add(types, o);
		json_object_array_add(group, json_object_get(o));
		put_lists(t, lists, type);
		decimals = decimals || has_decimals(type);
	}
	tree_bool(root, "decimals", decimals);
}

static void put_line(const struct types_text *t, struct json_object *lines, const char *name,
		     const char *value)
{
	tree_add(lines, arena_join(t->rq->arena, t->rules->line, name, value, NULL));
}

static void put_option(const struct types_text *t, struct json_object *lines, enum types_option o)
{
	const char *value = option(t, o);

	put_line(t, lines,
		 arena_join(t->rq->arena, t->wish->options[o] ? "" : t->rules->off, options[o].name,
			    *value ? ": " : ":", NULL),
		 value);
}

/* Writes the source's URL and options, so that tools can fetch it again. */
static void put_heading(const struct types_text *t, struct json_object *root)
{
	struct json_object *lines = tree_list(root, "heading");
	time_t now = (time_t)t->rq->now;
	char date[32];
	struct tm tm;

	if (!t->wish->operation_data)
		return;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	tree_add(lines, t->rules->open);
	put_line(t, lines, "Date: ", date);
	put_line(t, lines, "Version: ", t->wish->version);
	put_line(t, lines, "Tip: An option is set by removing the ",
		 arena_join(t->rq->arena, t->rules->off, " before it and fetching this again",
			    NULL));
	put_line(t, lines, "BaseUrl: ", t->rq->base_url);
	put_line(t, lines, "", "");
	for (enum types_option o = 0; o < TYPES_OPTIONS; o++)
		if (t->rules->defaults[o])
			put_option(t, lines, o);
	if (*t->rules->close)
		tree_add(lines, t->rules->close);
	tree_add(lines, "");
}

static void put_root(const struct types_text *t, struct json_object *root)
{
	const char *space = option(t, TYPES_GLOBAL_NAMESPACE);

	put_heading(t, root);
	put_types(t, root);
	tree_text(root, "namespace", space);
	tree_text(root, "package", option(t, TYPES_PACKAGE));
	tree_bool(root, "whole", t->wish->operation_data);
	tree_bool(root, "own", is_on(t, TYPES_ADD_SERVICESTACK_TYPES));
}

/* ---- the text ---- */

const struct types_language *types_language_find(const char *name)
{
	for (const struct types_language *l = types_languages; l->name; l++)
		if (strcasecmp(l->name, name) == 0 ||
		    (l->other_name && strcasecmp(l->other_name, name) == 0))
			return l;
	return NULL;
}

static const struct template_text *find_template(const struct types_language *language,
						 const struct templates *t, struct error *err)
{
	const struct template_text *text;
	char name[40];

	snprintf(name, sizeof(name), "types/%s", language->name);
	text = templates_find(t, name, strlen(name));
	if (!text)
		error_set(err, ERR_INTERNAL, NULL, "there is no template \"%s\"", name);
	return text;
}

int types_check(const struct templates *t, struct error *err)
{
	for (const struct types_language *l = types_languages; l->name; l++)
		if (!find_template(l, t, err))
			return -1;
	return 0;
}

static int render(const struct types_language *language, const struct request *rq,
		  struct json_object *root, struct strbuf *out, struct error *err)
{
	struct templates *templates = rq->worker->templates;
	const struct template_text *t = find_template(language, templates, err);

	if (!t)
		return -1;
	return mustache_render(t, root, templates_partial, templates, out, err);
}

int types_write(const struct request *rq, const struct types_wish *wish, const char *name,
		struct strbuf *out, struct error *err)
{
	const struct types_language *language = types_language_find(name);
	struct types_text text = { .rq = rq, .wish = wish };
	struct json_object *root;
	int rc;

	if (!language)
		return error_set(err, ERR_NOT_FOUND, NULL,
				 "There are no types in '%.40s'; see /types", name);
	text.rules = language->rules;
	type_model_build(&text.model, rq->worker->table, &dialect_servicestack, rq->arena);
	root = json_object_new_object();
	put_root(&text, root);
	rc = render(language, rq, root, out, err);
	json_object_put(root);
	return rc;
}

/* ---- as documents ---- */

int types_write_index(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *root = json_object_new_object();

	(void)err;
	for (const struct types_language *l = types_languages; l->name; l++)
		tree_text(root, l->name,
			  arena_join(rq->arena, rq->base_url, "/types/", l->name, NULL));
	tree_write(root, out);
	return 0;
}

int types_write_document(struct request *rq, struct strbuf *out, struct error *err)
{
	const char *asked = document_param(rq, "language"), *dot = strrchr(asked, '.');
	const char *name = types_language_find(asked) || !dot
				   ? asked
				   : arena_strn(rq->arena, asked, (size_t)(dot - asked));
	const struct types_language *language = types_language_find(name);
	struct types_wish wish = { .operation_data = true, .version = PACKAGE_VERSION };

	for (size_t i = 0; i < rq->params.n; i++)
		if (types_set_option(&wish, rq->params.items[i].name, rq->params.items[i].value,
				     err) < 0)
			return -1;
	if (language)
		rq->reply.type = language->content_type;
	return types_write(rq, &wish, name, out, err);
}
