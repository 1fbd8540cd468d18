#include "format/shape.h"

#include <string.h>

#include "base/banned.h"

const struct field *shape_main_list(const struct shape *shape)
{
	const struct field *first = NULL;

	for (const struct field *f = shape->fields; f->name; f++) {
		if (f->type == VT_LIST && (f->flags & FIELD_MAIN))
			return f;
		if (f->type == VT_LIST && !first)
			first = f;
	}
	return first;
}

const struct field *shape_chart_list(const struct shape *shape)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->type == VT_LIST && f->shape->chart)
			return f;
	return NULL;
}

bool shape_has_chart(const struct shape *shape)
{
	return shape->chart || shape_chart_list(shape);
}

const char *shape_none(const struct shape *item, bool filtered)
{
	if (item && item->none_yet && !filtered)
		return item->none_yet;
	return item && item->none ? item->none : "No usage found.";
}

const struct field *shape_field(const struct shape *shape, const char *name)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
