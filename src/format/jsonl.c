/*
 * JSON lines: one JSON object a line for each record of the list at the root or
 * in a page. An object without paging is one JSON object without a line end.
 */
#include "format/json.h"

#include "base/banned.h"

static bool is_page(const struct writer *w)
{
	return !w->stack[0].list && (w->stack[0].shape->flags & SHAPE_PAGE);
}

/* Are the items of NODE the lines? */
static bool holds_lines(struct writer *w, const struct writer_node *node)
{
	return node && node->list &&
	       (node == &w->stack[0] || (node == &w->stack[1] && is_page(w) && !node->skipped));
}

static void jsonl_begin(struct writer *w, const struct field *f, const struct shape *shape)
{
	struct writer_node *parent = writer_parent(w);

	(void)shape;
	if (w->depth == 1 && is_page(w))
		return;
	if (w->depth == 2 && is_page(w)) {
		writer_top(w)->skipped = true;
		return;
	}
	json_open(w, f, '{');
	if (holds_lines(w, parent))
		parent->mark = 0; /* no comma between lines */
}

static void jsonl_begin_list(struct writer *w, const struct field *f, const struct shape *item)
{
	(void)item;
	if (w->depth == 2 && is_page(w))
		writer_top(w)->skipped = f != shape_main_list(w->stack[0].shape);
	else if (!holds_lines(w, writer_top(w)))
		json_open(w, f, '[');
}

static void jsonl_field(struct writer *w, const struct field *f, const void *value)
{
	if (w->depth > 1 || !is_page(w))
		json_field(w, f, value);
}

static void jsonl_scalars(struct writer *w, const struct writer_step *step, const void *rec)
{
	if (w->depth > 1 || !is_page(w))
		json_scalars(w, step, rec);
}

static void jsonl_end(struct writer *w)
{
	if ((w->depth == 1 && is_page(w)) || holds_lines(w, writer_top(w)))
		return;
	json_close(w);
	if (holds_lines(w, writer_parent(w)))
		strbuf_addc(w->out, '\n');
}

const struct format format_jsonl = {
	.name = "jsonl",
	.mime = "text/jsonl",
	.aliases = (const char *const[]) { "application/jsonl", "application/x-ndjson",
					   "application/x-jsonlines", NULL },
	.leaves_out = FIELD_XML_ONLY | FIELD_PAGE_ONLY,
	.copies = true,
	.lists_texts = true,
	.begin = jsonl_begin,
	.begin_list = jsonl_begin_list,
	.field = jsonl_field,
	.scalars = jsonl_scalars,
	.end = jsonl_end,
};
