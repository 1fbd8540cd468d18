#include "usage/dimensions.h"

#include <string.h>
#include "base/utf8.h"
#include "store/declared.h"
#include "usage/event.h"
#include "base/banned.h"

/* Names with a meaning of their own where a dimension is named. */
static const char *const reserved[] = { "account", "all", "category", "none", NULL };

/* "cost-center" as the heading "Cost center" */
static const char *heading(struct arena *arena, const char *name)
{
	char *text = arena_str(arena, name);

	for (char *c = text; *c; c++)
		if (*c == '-' || *c == '_')
			*c = ' ';
	text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}

static const struct dimension_info *make_info(struct arena *arena, const struct declared *d)
{
	struct dimension_info *info = arena_new(arena, struct dimension_info);
	const char *title = heading(arena, d->name);

	*info = (struct dimension_info) {
		.field = d->attribute,
		.max_bytes = DECLARED_VALUE_BYTES,
		.doc = arena_join(arena, "The attribute ", d->attribute, NULL),
		.group = d->name,
		.word = d->name,
		.which = d->name,
		.one = title,
		.all = title,
		.shared = true,
	};
	return info;
}

int dimensions_load(struct store *st, struct arena *arena, struct dimensions *ret,
		    struct error *err)
{
	struct declared *list;
	size_t n;

	if (store_declared(st, arena, &list, &n, err) < 0)
		return -1;
	*ret = (struct dimensions) { { NULL } };
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		ret->info[d] = &dimension_infos[d];
	for (size_t i = 0; i < n; i++)
		ret->info[list[i].dimension] = make_info(arena, &list[i]);
	return 0;
}

int dimension_find(const struct dimensions *d, const char *name, size_t len)
{
	for (int i = 0; i < DIMENSIONS; i++)
		if (d->info[i] && strlen(d->info[i]->group) == len &&
		    memcmp(d->info[i]->group, name, len) == 0)
			return i;
	return DIMENSIONS;
}

static bool is_plain_name(const char *name, size_t len)
{
	if (len < 1 || len > DIMENSION_NAME_BYTES || name[0] < 'a' || name[0] > 'z')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

int dimension_check_name(const char *name, struct error *err)
{
	if (!is_plain_name(name, strlen(name)))
		return error_set(err, ERR_PARAM, "name",
				 "must be 1 to %d of a-z, 0-9, - and _, beginning with a letter",
				 DIMENSION_NAME_BYTES);
	for (const char *const *r = reserved; *r; r++)
		if (strcmp(*r, name) == 0)
			return error_set(err, ERR_PARAM, "name",
					 "must not be %s, which reports can be grouped by already",
					 name);
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (strcmp(dimension_infos[d].group, name) == 0)
			return error_set(err, ERR_PARAM, "name",
					 "must not be %s, which is a built-in dimension", name);
	return 0;
}

int dimension_check_attribute(const char *attribute, struct error *err)
{
	size_t len = strlen(attribute);

	if (len < 1 || len > DIMENSION_ATTRIBUTE_BYTES || !utf8_plain(attribute, len) ||
	    strpbrk(attribute, "\"\\"))
		return error_set(err, ERR_PARAM, "from",
				 "must be the name of an attribute: 1 to %d bytes of UTF-8 without "
				 "control characters, quotes and backslashes",
				 DIMENSION_ATTRIBUTE_BYTES);
	if (event_field_find(attribute, len) != EVENT_FIELDS)
		return error_set(err, ERR_PARAM, "from",
				 "must be an attribute; %s is a field of every event", attribute);
	return 0;
}
