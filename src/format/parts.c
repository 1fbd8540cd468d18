#include "format/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/mustache.h"

#include "base/banned.h"

enum { PATH_LENGTH = 4096 };

void parts_init(struct parts *p, const char *folder, const char *suffix)
{
	*p = (struct parts){ .folder = folder, .suffix = suffix };
}

void parts_release(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->items[i].text);
	p->n = 0;
}

static int read_file(const char *path, struct part *part, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct strbuf text;
	char chunk[4096];
	size_t n;

	if (!file)
		return error_system(err, path, errno);
	strbuf_init(&text, MUSTACHE_TEMPLATE);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(&text, chunk, n);
	fclose(file);
	part->len = text.len;
	part->text = strbuf_take(&text);
	return part->text ? 0 : error_set(err, ERR_INTERNAL, NULL, "%s is too large for a template", path);
}

const struct part *parts_find(struct parts *p, const char *name, size_t len, struct error *err)
{
	struct part *part = &p->items[p->n];
	char path[PATH_LENGTH];

	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->items[i].name) == len && memcmp(p->items[i].name, name, len) == 0)
			return &p->items[i];
	if (p->n == PARTS_MAX || len >= PART_NAME || memchr(name, '/', len) || memchr(name, '.', len)) {
		error_set(err, ERR_INTERNAL, NULL, "there is no template \"%.*s\"", (int)len, name);
		return NULL;
	}
	memcpy(part->name, name, len);
	part->name[len] = '\0';
	if (!p->folder || (size_t)snprintf(path, sizeof(path), "%s/%s%s", p->folder, part->name, p->suffix) >= sizeof(path)) {
		error_set(err, ERR_INTERNAL, NULL, "a page needs a folder of templates");
		return NULL;
	}
	if (read_file(path, part, err) < 0)
		return NULL;
	p->n++;
	return part;
}
