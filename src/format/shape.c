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

bool shape_has_chart(const struct shape *shape)
{
	if (shape->chart)
		return true;
	for (const struct field *f = shape->fields; f->name; f++)
		if (f->type == VT_LIST && f->shape->chart)
			return true;
	return false;
}

const char *shape_none(const struct shape *item)
{
	return item->none ? item->none : "There is no usage for this question.";
}

const struct field *shape_field(const struct shape *shape, const char *name)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
