#include "meta/metadata.h"

#include <stdlib.h>
#include <strings.h>

#include "format/layout.h"
#include "meta/tree.h"
#include "meta/words.h"
#include "base/banned.h"

/* ---- the list of operations ---- */

static int by_id(const void *a, const void *b)
{
	return strcasecmp((*(const struct op *const *)a)->id, (*(const struct op *const *)b)->id);
}

/* The operations of D in the order of their names; ended by NULL. */
static const struct op **sorted_operations(const struct document_request *rq, const struct dialect *d)
{
	const struct op **list;
	size_t n = 0, all = 0;

	while (rq->table[all])
		all++;
	list = arena_array(rq->arena, const struct op *, all + 1);
	for (size_t i = 0; i < all; i++)
		if (rq->table[i]->dialect == d)
			list[n++] = rq->table[i];
	qsort(list, n, sizeof(const struct op *), by_id);
	return list;
}

static void put_formats(const struct document_request *rq, struct json_object *o, const struct op *op)
{
	struct json_object *links = tree_list(o, "formats");

	for (const struct format *const *f = words_formats; *f; f++) {
		struct json_object *link = tree_item(links);

		tree_text(link, "text", words_upper(rq->arena, (*f)->name));
		tree_text(link, "href", arena_join(rq->arena, "/", (*f)->name, "/metadata?op=", op->id, NULL));
	}
}

static void put_operation(const struct document_request *rq, struct json_object *list, const struct op *op)
{
	struct json_object *o = tree_item(list);

	tree_text(o, "name", op->id);
	tree_text(o, "href", arena_join(rq->arena, "/ui/", op->id, NULL));
	tree_text(o, "doc", op->doc);
	tree_text(o, "path", op->path);
	tree_text(o, "verbs", words_verbs(rq->arena, op));
	tree_text(o, "lock", words_lock(rq->arena, op));
}

int metadata_write_index(struct document_request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *data = json_object_new_object(), *operations = tree_list(data, "operations"), *families = tree_list(data, "families");

	for (const struct op **op = sorted_operations(rq, &dialect_servicestack); *op; op++) {
		put_operation(rq, operations, *op);
		put_formats(rq, json_object_array_get_idx(operations, json_object_array_length(operations) - 1), *op);
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
	return layout_page(rq->page, "metadata", rq->settings->name, data, out, err);
}
