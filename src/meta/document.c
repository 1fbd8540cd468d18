#include "meta/document.h"

#include <string.h>
#include <strings.h>

#include "api/url.h"
#include "meta/api_index.h"
#include "meta/catalog.h"
#include "meta/login.h"
#include "meta/metadata.h"
#include "meta/metrics.h"
#include "meta/openapi.h"
#include "meta/types.h"
#include "meta/ui.h"
#include "meta/xsd.h"
#include "base/banned.h"

/* The first row that matches the path counts. */
const struct document documents[] = {
	{ "/login", DOCUMENT_HTML, "The sign-in page: redirect, failed", .write = login_write },
	{ "/metadata", DOCUMENT_HTML, "The operations, with links to their descriptions",
	  .write = metadata_write_index },
	{ "/types", DOCUMENT_JSON, "The languages of the operations' types",
	  .write = types_write_index },
	{ "/types/metadata", DOCUMENT_JSON, "The types of ServiceStack's dialect as data",
	  .write = catalog_write_types },
	{ "/types/{language}", DOCUMENT_TEXT, "The types of requests and answers as source text",
	  .write = types_write_document },
	{ "/metadata/app", DOCUMENT_JSON, "Name, formats and types for ServiceStack's tools",
	  .write = catalog_write_app },
	{ "/metadata/app.json", DOCUMENT_JSON, "The same", .write = catalog_write_app },
	{ "/operations/metadata", DOCUMENT_JSON,
	  "The operations of ServiceStack's dialect as a list, in any format",
	  .write = catalog_write_operations },
	{ "/xsd", DOCUMENT_XML, "XML schemas: imports one for each namespace",
	  .write = xsd_write_index },
	{ "/xsd/{name}", DOCUMENT_XML, "The XML schema of a namespace", .write = xsd_write },
	{ "/ui", DOCUMENT_HTML, "All operations, to read about and to try",
	  .write = ui_write_index },
	{ "/ui/{operation}", DOCUMENT_HTML, "One operation", .write = ui_write_operation },
	{ "/ui/{operation}/send", DOCUMENT_HTML, "The target of its form", .write = ui_send },
	{ "/swagger-ui", DOCUMENT_HTML, "Redirects to /ui", .location = "/ui" },
	{ "/{format}/metadata", DOCUMENT_HTML, "One operation in one format: op, lang",
	  .write = metadata_write_operation },
	{ "/openapi.json", DOCUMENT_JSON, "All operations as OpenAPI 3.1", .write = openapi_write },
	{ "/metrics", METRICS_TYPE, "Counters and sizes, for Prometheus", .write = metrics_write,
	  .admit = metrics_admit, .light = true },
	{ "/openapi", DOCUMENT_JSON, "The same", .location = "/openapi.json" },
	{ "/api", DOCUMENT_JSON, "The operations with routes by name, in groups",
	  .write = api_index_write },
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
