#include "meta/api_index.h"

#include <string.h>

#include "format/tree.h"
#include "meta/types_model.h"
#include "base/banned.h"

/* The last part of the type's namespace: "Voice.Api.AI" -> "AI". */
static const char *group_of(const struct type *t)
{
	const char *dot = t->space ? strrchr(t->space, '.') : NULL;

	return dot ? dot + 1 : "other";
}

static void put_operation(const struct request *rq, struct json_object *list, const struct op *op)
{
	struct json_object *o = tree_item(list), *links;

	tree_text(o, "name", op->id);
	tree_text(o, "returns",
		  op->returns_list ? arena_join(rq->arena, "List<", op->returns->name, ">", NULL)
				   : op->returns->name);
	tree_text(o, "description", op->doc);
	links = tree_object(o, "links");
	tree_text(links, "api", arena_join(rq->arena, rq->base_url, "/api/", op->id, NULL));
	tree_text(links, "ui", arena_join(rq->arena, rq->base_url, "/ui/", op->id, NULL));
}

int api_index_write(struct request *rq, struct strbuf *out, struct error *err)
{
	struct json_object *root = json_object_new_object();
	struct type_model model;

	(void)err;
	type_model_build(&model, rq->worker->table, &dialect_servicestack, rq->arena);
	for (size_t i = 0; i < model.n; i++) {
		const struct type *t = &model.types[i];
		struct json_object *list = NULL;

		if (!t->op)
			continue;
		if (!json_object_object_get_ex(root, group_of(t), &list))
			list = tree_list(root, group_of(t));
		put_operation(rq, list, t->op);
	}
	tree_write(root, out);
	return 0;
}
