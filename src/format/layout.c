#include "format/layout.h"

#include <string.h>

#include "format/data.h"
#include "format/frame.h"
#include "format/mustache.h"
#include "format/templates.h"

#include "base/banned.h"

/* ---- frames ---- */

/* One rendering of a frame. */
struct rendering {
	const struct frame *frame;
	bool has_content;   /* {{>content}} was met */
	struct error error; /* the first one */
};

static bool is_name(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

static const struct template_text *find(void *ctx, const char *name, size_t len)
{
	struct rendering *r = ctx;
	const struct template_text *t;

	if (is_name(name, len, TEMPLATE_BODY))
		return &mustache_divider;
	if (r->frame->content && is_name(name, len, TEMPLATE_CONTENT)) {
		r->has_content = true;
		name = r->frame->content;
		len = strlen(name);
	}
	t = templates_find(r->frame->templates, name, len);
	if (!t)
		error_set(&r->error, ERR_INTERNAL, NULL, "there is no template \"%.*s\"", (int)len,
			  name);
	return t;
}

/* 1: {{>body}} was met, 0: not; or -1. */
static int render(struct rendering *r, const struct frame *f, enum mustache_part part,
		  struct strbuf *out, struct error *err)
{
	const struct mustache_division d = { find, r, part };
	const struct template_text *t;
	int rc = 0;

	*r = (struct rendering) { .frame = f };
	t = find(r, f->name, strlen(f->name));
	if (t)
		rc = mustache_render_part(t, f->data, &d, out, &r->error);
	if (r->error.kind == ERR_NONE)
		return rc;
	*err = r->error;
	return -1;
}

int frame_add(const struct frame *f, enum frame_part part, struct strbuf *out, struct error *err)
{
	static const enum mustache_part parts[] = { [FRAME_HEAD] = MUSTACHE_BEFORE,
						    [FRAME_FOOT] = MUSTACHE_AFTER,
						    [FRAME_WHOLE] = MUSTACHE_WHOLE };
	struct rendering r = { 0 };
	int rc = render(&r, f, parts[part], out, err);

	if (rc == 0 && part != FRAME_WHOLE)
		rc = error_set(err, ERR_INTERNAL, NULL,
			       "the template \"%s\" has no place for the body", f->name);
	return rc < 0 ? -1 : 0;
}

void frame_release(struct frame *f)
{
	json_object_put(f->data);
	f->data = NULL;
}

/* ---- whole pages ---- */

int layout_page(const struct writer_options *o, const char *content, const char *title,
		struct json_object *data, struct strbuf *out, struct error *err)
{
	struct frame layout = { o->templates, "layout", content,
				data_page(o, NULL, content, title) };
	int rc;

	json_object_object_foreach(data, key, value)
	{
		json_object_object_add(layout.data, key, json_object_get(value));
	}
	json_object_put(data);
	rc = frame_add(&layout, FRAME_WHOLE, out, err);
	frame_release(&layout);
	return rc;
}

/* ---- required templates ---- */

/*
 * The templates that C code uses: content of the layout, or PARTs outside of
 * it.
 */
static const struct content {
	const char *name;
	bool part, holds_body;
} contents[] = {
	{ "report", false, true },    { "object", false, true },     { "change", false, true },
	{ "metadata", false, false }, { "operation", false, false }, { "ui", false, false },
	{ "explorer", false, false }, { "login", false, false },     { "table", true, true },
	{ "chart", true, false },     { "empty", true, false },
};

static int lacks(const struct templates *t, const char *name, const char *place, struct error *err)
{
	return error_set(err, ERR_INTERNAL, NULL, "%s: needs {{>%s}}, in no section",
			 templates_find(t, name, strlen(name))->path, place);
}

static int check(const struct templates *t, const struct content *c, struct error *err)
{
	const struct frame f = { t, c->part ? c->name : "layout", c->name, NULL };
	struct rendering r = { 0 };
	struct strbuf out;
	int rc;

	strbuf_init(&out, MUSTACHE_TEMPLATE);
	rc = render(&r, &f, MUSTACHE_BEFORE, &out, err);
	if (rc >= 0)
		rc = render(&r, &f, MUSTACHE_AFTER, &out, err);
	strbuf_release(&out);
	if (rc < 0)
		return -1;
	if (!c->part && !r.has_content)
		return lacks(t, "layout", TEMPLATE_CONTENT, err);
	return c->holds_body && rc == 0 ? lacks(t, c->name, TEMPLATE_BODY, err) : 0;
}

int layout_check(const struct templates *t, struct error *err)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (check(t, &contents[i], err) < 0)
			return -1;
	return 0;
}
