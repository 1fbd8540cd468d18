/*
 * mustache.c - a template, with itself as the partial {{>p}}; after "%%" on a
 * line of its own, the data; a list of three items that are made is its member
 * "l". Cut into tokens, a template gives the same. No value opens a tag.
 */
#include "fuzz.h"
#include "mutate.h"

#include <json-c/json.h>

#include "format/mustache.h"
#include "base/banned.h"

static const struct template_text *itself(void *ctx, const char *name, size_t len)
{
	return len == 1 && *name == 'p' ? ctx : NULL;
}

static bool make_item(void *arg, size_t i, struct json_object *item)
{
	if (i == *(size_t *)arg)
		return false;
	json_object_object_add(item, "i", json_object_new_int64((int64_t)i));
	return true;
}

static void free_number(void *arg)
{
	free(arg);
}

static void add_list(struct json_object *object)
{
	size_t *n = malloc(sizeof(*n));

	must(n);
	*n = 3;
	json_object_object_add(object, "l", mustache_list(make_item, n, free_number));
}

/* Cuts the template, which has given PLAIN, or failed with RC, uncut. */
static void render_cut(struct template_text *t, struct json_object *data,
		       const struct strbuf *plain, int rc)
{
	struct error err = { 0 };
	struct strbuf out;
	int cut = mustache_cut(t, &err), check;

	error_clear(&err);
	check = mustache_check(t, itself, t, &err);
	must(cut == 0 || (rc < 0 && check < 0));
	error_clear(&err);
	strbuf_init(&out, 1 << 20);
	if (cut == 0) {
		must(mustache_render(t, data, itself, t, &out, &err) == rc);
		must(rc < 0 || (out.len == plain->len && !memcmp(out.text, plain->text, out.len)));
	}
	strbuf_release(&out);
	mustache_tokens_free(&t->tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char cut[] = "\n%%\n";
	char none[] = "";
	const char *at = size ? memmem(data, size, cut, sizeof(cut) - 1) : NULL;
	char path[] = "template";
	struct template_text s = { .path = path,
				   .text = size ? (char *)data : none,
				   .len = at ? (size_t)(at - (const char *)data) : size };
	char *json = strndup(at ? at + sizeof(cut) - 1 : "",
			     at ? size - s.len - sizeof(cut) + 1 : 0);
	struct json_object *object;
	struct error err = { 0 };
	struct strbuf out;
	int rc;

	must(json);
	object = json_tokener_parse(json);
	if (json_object_is_type(object, json_type_object))
		add_list(object);
	strbuf_init(&out, 1 << 20);
	rc = mustache_render(&s, object, itself, &s, &out, &err);
	must((rc < 0) == (err.kind != ERR_NONE) && out.len <= 1 << 20);
	render_cut(&s, object, &out, rc);
	strbuf_clear(&out);
	html_add_text(&out, s.text, s.len);
	must(!strpbrk(out.text, "<>\"'"));
	strbuf_release(&out);
	json_object_put(object);
	free(json);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_brackets(data, size, max_size, seed);
}
