#include "format/shape.h"

#include <string.h>

#include "base/banned.h"

const struct field *shape_field(const struct shape *shape, const char *name)
{
	for (const struct field *f = shape->fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
