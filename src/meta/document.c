#include "meta/document.h"

#include <string.h>
#include <strings.h>

#include "meta/metadata.h"
#include "meta/types.h"
#include "base/banned.h"

const struct document documents[] = {
	{ "/metadata", DOCUMENT_HTML, "The operations, and where each is described", metadata_write_index, NULL },
	{ "/types", DOCUMENT_JSON, "The languages that the operations' types can be had in", types_write_index, NULL },
	{ "/types/{language}", DOCUMENT_TEXT, "The types of requests and answers as source text", types_write_document, NULL },
	{ 0 }
};

/* Does the path, cut at its slashes, fit the pattern? Takes what stands for a {Name}. */
static bool matches(const char *pattern, const char *path, size_t len, struct document_request *rq)
{
	const char *end = path + len;

	rq->n_args = 0;
	while (*pattern == '/' && path < end && *path == '/') {
		size_t n = strcspn(++pattern, "/"), m;
		const char *slash;

		path++;
		slash = memchr(path, '/', (size_t)(end - path));
		m = (size_t)((slash ? slash : end) - path);
		if (*pattern == '{' && m > 0 && rq->n_args < DOCUMENT_ARGS)
			rq->args[rq->n_args++] = (struct raw_param){
				.name = arena_strn(rq->arena, pattern + 1, n - 2), .value = arena_strn(rq->arena, path, m), .len = m
			};
		else if (n != m || strncasecmp(pattern, path, n) != 0)
			return false;
		pattern += n;
		path += m;
	}
	return *pattern == '\0' && path == end;
}

const struct document *document_find(const char *path, size_t len, struct document_request *rq)
{
	size_t trimmed = len;

	while (trimmed > 1 && path[trimmed - 1] == '/')
		trimmed--;
	for (const struct document *d = documents; d->path; d++) {
		if (!matches(d->path, path, trimmed, rq) || (trimmed < len && rq->n_args))
			continue;
		rq->type = d->type;
		rq->location = trimmed < len ? d->path : d->location;
		return d;
	}
	return NULL;
}

static const char *find(const struct raw_param *params, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (params[i].len && strcasecmp(params[i].name, name) == 0)
			return params[i].value;
	return NULL;
}

const char *document_param(const struct document_request *rq, const char *name)
{
	const char *value = find(rq->args, rq->n_args, name);

	return value ? value : find(rq->params, rq->n_params, name);
}
