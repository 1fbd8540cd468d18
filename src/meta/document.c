#include "meta/document.h"

#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "meta/api_index.h"
#include "meta/catalog.h"
#include "meta/login.h"
#include "meta/metadata.h"
#include "meta/openapi.h"
#include "meta/types.h"
#include "meta/ui.h"
#include "meta/xsd.h"
#include "base/banned.h"

/* The first row that matches the path counts. */
const struct document documents[] = {
	{ "/login", DOCUMENT_HTML, "The sign-in page: redirect, failed", login_write, NULL },
	{ "/metadata", DOCUMENT_HTML, "The operations, with links to their descriptions",
	  metadata_write_index, NULL },
	{ "/types", DOCUMENT_JSON, "The languages of the operations' types", types_write_index,
	  NULL },
	{ "/types/metadata", DOCUMENT_JSON, "The types of ServiceStack's dialect as data",
	  catalog_write_types, NULL },
	{ "/types/{language}", DOCUMENT_TEXT, "The types of requests and answers as source text",
	  types_write_document, NULL },
	{ "/metadata/app", DOCUMENT_JSON, "Name, formats and types for ServiceStack's tools",
	  catalog_write_app, NULL },
	{ "/metadata/app.json", DOCUMENT_JSON, "The same", catalog_write_app, NULL },
	{ "/operations/metadata", DOCUMENT_JSON,
	  "The operations of ServiceStack's dialect as a list, in any format",
	  catalog_write_operations, NULL },
	{ "/xsd", DOCUMENT_XML, "XML schemas: imports one for each namespace", xsd_write_index,
	  NULL },
	{ "/xsd/{name}", DOCUMENT_XML, "The XML schema of a namespace", xsd_write, NULL },
	{ "/ui", DOCUMENT_HTML, "All operations, to read about and to try", ui_write_index, NULL },
	{ "/ui/{operation}", DOCUMENT_HTML, "One operation", ui_write_operation, NULL },
	{ "/ui/{operation}/send", DOCUMENT_HTML, "The target of its form", ui_send, NULL },
	{ "/swagger-ui", DOCUMENT_HTML, "Redirects to /ui", NULL, "/ui" },
	{ "/{format}/metadata", DOCUMENT_HTML, "One operation in one format: op, lang",
	  metadata_write_operation, NULL },
	{ "/openapi.json", DOCUMENT_JSON, "All operations as OpenAPI 3.1", openapi_write, NULL },
	{ "/openapi", DOCUMENT_JSON, "The same", NULL, "/openapi.json" },
	{ "/api", DOCUMENT_JSON, "The operations with routes by name, in groups", api_index_write,
	  NULL },
	{ 0 }
};

const struct document *document_find(struct request *rq)
{
	size_t len = rq->path_len, trimmed = len;
	struct path p;

	while (trimmed > 1 && rq->path[trimmed - 1] == '/')
		trimmed--;
	if (!path_split(&p, rq->path, rq->path, trimmed, false))
		return NULL;
	for (const struct document *d = documents; d->path; d++) {
		if (!path_match(d->path, &p, true) || (trimmed < len && strchr(d->path, '{')))
			continue;
		rq->n_path_args = path_args(d->path, &p, rq->arena, rq->path_args);
		rq->reply.type = d->type;
		rq->reply.location = trimmed < len ? d->path : d->location;
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

const char *document_param(const struct request *rq, const char *name)
{
	const char *value = find(rq->path_args, rq->n_path_args, name);

	return value ? value : find(rq->params.items, rq->params.n, name);
}
