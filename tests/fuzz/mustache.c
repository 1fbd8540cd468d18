/*
 * mustache.c - a template, with itself as the partial {{>p}}; after "%%" on a
 * line of its own, the data. No value opens a tag.
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char cut[] = "\n%%\n";
	char none[] = "";
	const char *at = size ? memmem(data, size, cut, sizeof(cut) - 1) : NULL;
	struct template_text s = { .text = size ? (char *)data : none,
				   .len = at ? (size_t)(at - (const char *)data) : size };
	char *json = strndup(at ? at + sizeof(cut) - 1 : "",
			     at ? size - s.len - sizeof(cut) + 1 : 0);
	struct json_object *object;
	struct error err = { 0 };
	struct strbuf out;
	int rc;

	must(json);
	object = json_tokener_parse(json);
	strbuf_init(&out, 1 << 20);
	rc = mustache_render(&s, object, itself, &s, &out, &err);
	must((rc < 0) == (err.kind != ERR_NONE) && out.len <= 1 << 20);
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
