#include "ingest/json_strict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "base/banned.h"

static int hex_unit(const char *p)
{
	int unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 | (p[i] <= '9' ? p[i] - '0' : (p[i] & 7) + 9);
	return unit;
}

/*
 * The UTF-16 unit of the escape \uXXXX at P, before END; -1: no such escape.
 * The text is valid JSON, so four digits follow \u.
 */
static int escaped_unit(const char *p, const char *end)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex_unit(p + 2) : -1;
}

/*
 * Checks the escapes of TEXT for half a surrogate pair and for NUL. json-c would
 * end a name at NUL.
 */
static void look_at_escapes(const char *text, size_t len, bool *ret_half, bool *ret_nul)
{
	const char *end = text + len;

	*ret_half = *ret_nul = false;
	for (const char *p = text; p < end && (p = memchr(p, '\\', (size_t)(end - p))); p += 2) {
		int unit = escaped_unit(p, end), next;

		*ret_nul |= unit == 0;
		if (unit < 0xD800 || unit > 0xDFFF)
			continue;
		next = escaped_unit(p + 6, end);
		if (unit > 0xDBFF || next < 0xDC00 || next > 0xDFFF)
			*ret_half = true;
		else
			p += 6;
	}
}

/* The byte after the string that begins at P. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

struct name {
	const char *text;
	size_t len;
	size_t object; /* number of the object in the record */
};

/*
 * Finds the names of members in TEXT, which is valid JSON. Puts up to MAX names
 * into LIST and returns how many names there are.
 */
static size_t find_names(const char *text, size_t len, struct name *list, size_t max)
{
	const char *end = text + len, *last = NULL, *last_end = NULL;
	size_t open[JSON_STRICT_DEPTH + 1] = { 0 }, depth = 0, objects = 0, n = 0;

	for (const char *p = text; p < end;) {
		if (*p == '"') {
			last = p;
			p = last_end = string_end(p, end);
			continue;
		}
		if (*p == ':' && n++ < max)
			list[n - 1] = (struct name) { last, (size_t)(last_end - last),
						      open[depth] };
		if ((*p == '{' || *p == '[') && depth < JSON_STRICT_DEPTH)
			open[++depth] = ++objects;
		if ((*p == '}' || *p == ']') && depth)
			depth--;
		p++;
	}
	return n;
}

static size_t count_members(json_object *value)
{
	size_t n = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			n += count_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			n += 1 + count_members(member);
		}
	}
	return n;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->text, y->text, x->len);
}

/* Lists all names of members in TEXT; free the list with free(). */
static struct name *list_names(const char *text, size_t len, size_t n)
{
	struct name *list = calloc(n + 1, sizeof(*list));

	if (!list)
		abort();
	find_names(text, len, list, n);
	return list;
}

int json_strict_names(const char *text, size_t len, json_object *value, struct error *err)
{
	size_t n = find_names(text, len, NULL, 0), i;
	struct name *list;
	int rc;

	if (n == count_members(value))
		return 0;
	list = list_names(text, len, n);
	qsort(list, n, sizeof(*list), compare_names);
	for (i = 1; i < n && compare_names(&list[i - 1], &list[i]) != 0; i++)
		;
	if (i < n && list[i].len < 64 && utf8_plain(list[i].text, list[i].len))
		rc = error_set(err, ERR_BODY, NULL, "the member %.*s comes twice in one object",
			       (int)list[i].len, list[i].text);
	else
		rc = error_set(err, ERR_BODY, NULL, "a member comes twice in one object");
	free(list);
	return rc;
}

/* Does a name contain NUL? json-c takes names as C strings. */
static bool has_nul_name(const char *text, size_t len)
{
	size_t n = find_names(text, len, NULL, 0);
	struct name *list = list_names(text, len, n);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++)
		found = memmem(list[i].text, list[i].len, "\\u0000", 6);
	free(list);
	return found;
}

int json_strict_escapes(const char *text, size_t len, bool *ret_half, struct error *err)
{
	bool nul;

	look_at_escapes(text, len, ret_half, &nul);
	if (nul && has_nul_name(text, len))
		return error_set(err, ERR_BODY, NULL,
				 "malformed JSON: \\u0000 is not allowed in a name");
	return 0;
}
