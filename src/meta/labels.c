#include "meta/labels.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"

const struct format *const words_formats[] = { &format_json, &format_xml,   &format_jsv,
					       &format_csv,  &format_jsonl, NULL };

const struct words_verb words_verb_table[] = { { M_GET, "GET" },       { M_POST, "POST" },
					       { M_PUT, "PUT" },       { M_PATCH, "PATCH" },
					       { M_DELETE, "DELETE" }, { 0, NULL } };

bool labels_takes_offsets(const struct dialect *d)
{
	struct date today = { 2000, 1, 1 }, date;

	return d->parse_date("-1day", strlen("-1day"), today, &date);
}

const char *labels_upper(struct arena *a, const char *text)
{
	char *upper = arena_str(a, text);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return upper;
}

const char *labels_verbs(struct arena *a, const struct op *op)
{
	const char *text = "";

	if ((op->methods & M_ALL) == M_ALL)
		return "All Verbs";
	for (const struct words_verb *v = words_verb_table; v->name; v++)
		if (op->methods & v->bit)
			text = *text ? arena_join(a, text, ", ", v->name, NULL) : v->name;
	return text;
}

const char *labels_roles(struct arena *a, const struct op *op, const char *separator)
{
	const char *text = "";

	for (const struct role_info *r = roles; r->name; r++)
		if (op->roles & r->role)
			text = *text ? arena_join(a, text, separator, r->name, NULL) : r->name;
	return text;
}

int labels_count_roles(const struct op *op)
{
	return __builtin_popcount(op->roles & ~(unsigned)ROLE_ANYONE);
}

const char *labels_lock(struct arena *a, const struct op *op)
{
	if (!labels_count_roles(op))
		return NULL;
	if (labels_count_roles(op) == 1)
		return arena_join(a, "Requires Roles: ", labels_roles(a, op, ""), NULL);
	return arena_join(a, "Requires Roles: ", labels_roles(a, op, "?,  "), "?", NULL);
}

const char *labels_namespace(const char *xml_namespace)
{
	const char *slash = strrchr(xml_namespace, '/');

	return slash ? slash + 1 : xml_namespace;
}

const char *labels_type(struct arena *a, const struct field *f)
{
	if (f->flags & FIELD_QUOTED)
		return "string";
	switch (f->type) {
	case VT_INT:
		return "long";
	case VT_DECIMAL:
		return f->flags & FIELD_WHOLE ? "int" : "decimal";
	case VT_BOOL:
		return "bool";
	case VT_OBJECT:
		return f->shape->name;
	case VT_TEXTS:
		return "List<string>";
	case VT_LIST:
		return arena_join(a, "List<", f->shape->name, ">", NULL);
	default:
		return "string";
	}
}
