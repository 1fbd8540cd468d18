#include "meta/words.h"

#include <ctype.h>

#include "base/banned.h"

const struct format *const words_formats[] = { &format_json, &format_xml, &format_jsv, &format_csv, &format_jsonl, NULL };

static const struct {
	unsigned bit;
	const char *name;
} verbs[] = {
	{ M_GET, "GET" }, { M_POST, "POST" }, { M_PUT, "PUT" }, { M_PATCH, "PATCH" }, { M_DELETE, "DELETE" }, { 0, NULL }
};

const char *words_upper(struct arena *a, const char *text)
{
	char *upper = arena_str(a, text);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return upper;
}

const char *words_verbs(struct arena *a, const struct op *op)
{
	const char *text = "";

	if ((op->methods & M_ALL) == M_ALL)
		return "All Verbs";
	for (int i = 0; verbs[i].name; i++)
		if (op->methods & verbs[i].bit)
			text = *text ? arena_join(a, text, ", ", verbs[i].name, NULL) : verbs[i].name;
	return text;
}

const char *words_roles(struct arena *a, const struct op *op, const char *separator)
{
	const char *text = "";

	for (const struct role_info *r = roles; r->name; r++)
		if (op->roles & r->role)
			text = *text ? arena_join(a, text, separator, r->name, NULL) : r->name;
	return text;
}

int words_count_roles(const struct op *op)
{
	return __builtin_popcount(op->roles);
}

const char *words_lock(struct arena *a, const struct op *op)
{
	if (words_count_roles(op) == 1)
		return arena_join(a, "Requires Roles: ", words_roles(a, op, ""), NULL);
	return arena_join(a, "Requires Roles: ", words_roles(a, op, "?,  "), "?", NULL);
}
