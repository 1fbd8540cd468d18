#include "usage/declared_values.h"

#include <string.h>
#include "store/declared.h"
#include "usage/attribute.h"
#include "base/banned.h"

void declared_init(struct declared_list *l)
{
	*l = (struct declared_list) { .version = -1 };
	arena_init(&l->arena);
}

void declared_release(struct declared_list *l)
{
	arena_release(&l->arena);
}

int declared_load(struct declared_list *l, struct store *st, struct error *err)
{
	struct declared *list;
	int64_t version;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (version == l->version)
		return 0;
	l->version = -1;
	l->n = 0;
	arena_reset(&l->arena);
	if (store_declared(st, &l->arena, &list, &l->n, err) < 0)
		return -1;
	l->list = list;
	l->version = version;
	return 0;
}

/* Sets the lengths of values, by index in the list; 0: none. */
static void read_values(const struct declared_list *l, struct attribute_reader *r,
			size_t len[DECLARED_MAX], char text[DECLARED_MAX][DECLARED_VALUE_BYTES])
{
	struct attribute a;
	size_t found = 0;

	while (found < l->n && attribute_next(r, &a))
		for (size_t i = 0; i < l->n; i++) {
			const char *name = l->list[i].attribute;

			if (strlen(name) != a.name_len || memcmp(name, a.name, a.name_len) != 0)
				continue;
			len[i] = attribute_value(&a, text[i], DECLARED_VALUE_BYTES);
			found++;
		}
}

void declared_read(const struct declared_list *l, const char *attributes, size_t len,
		   struct declared_values *ret)
{
	size_t lens[DECLARED_MAX] = { 0 };
	struct attribute_reader r;

	ret->n = 0;
	if (!l->n || !attributes)
		return;
	attribute_begin(&r, attributes, len);
	read_values(l, &r, lens, ret->text);
	for (size_t i = 0; i < l->n; i++)
		if (lens[i])
			ret->list[ret->n++] = (struct intern_value) { l->list[i].dimension,
								      ret->text[i], lens[i] };
}

bool declared_equal(const struct declared_values *a, const struct declared_values *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct intern_value *x = &a->list[i], *y = &b->list[i];

		if (x->dimension != y->dimension || x->len != y->len ||
		    memcmp(x->text, y->text, x->len) != 0)
			return false;
	}
	return true;
}
