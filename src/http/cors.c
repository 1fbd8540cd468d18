#include "http/cors.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* The length of the origin at the beginning of URL. */
static size_t origin_length(const char *url)
{
	const char *scheme = strstr(url, "://");

	return scheme ? (size_t)(scheme - url) + 3 + strcspn(scheme + 3, "/") : strlen(url);
}

static bool is_listed(const struct settings *settings, const char *origin, size_t len)
{
	for (const char *p = settings->cors_origins; len && *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, origin, n) == 0)
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

bool cors_allows(const struct settings *settings, const char *origin)
{
	return origin && is_listed(settings, origin, strlen(origin));
}

/* Do URL and BASE_URL begin with the same origin? */
static bool same_origin(const char *url, const char *base_url)
{
	size_t len = origin_length(base_url);

	return strncasecmp(url, base_url, len) == 0 && (url[len] == '\0' || url[len] == '/');
}

static bool is_own(const struct request *rq, const char *url)
{
	return same_origin(url, rq->base_url) || same_origin(url, rq->own_origin);
}

bool cors_is_foreign(const struct request *rq)
{
	const struct settings *settings = rq->worker->settings;

	if (rq->origin && *rq->origin)
		return !is_own(rq, rq->origin) && !cors_allows(settings, rq->origin);
	/* requests of scripts (JSONP) have no Origin */
	if (rq->referer && is_listed(settings, rq->referer, origin_length(rq->referer)))
		return false;
	if (rq->fetch_site && *rq->fetch_site)
		return strcmp(rq->fetch_site, "same-origin") != 0 &&
		       strcmp(rq->fetch_site, "none") != 0;
	return rq->referer && *rq->referer && !is_own(rq, rq->referer);
}

void cors_add_headers(struct strbuf *head, const char *origin, bool preflight)
{
	strbuf_add(head, "Access-Control-Allow-Origin: ");
	strbuf_add(head, origin);
	strbuf_add(head, "\r\nAccess-Control-Allow-Credentials: true\r\n");
	if (preflight)
		strbuf_add(head, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, "
				 "DELETE, OPTIONS\r\n"
				 "Access-Control-Allow-Headers: Accept, Authorization, "
				 "Content-Type, X-Http-Method-Override, X-ss-id, X-ss-pid\r\n"
				 "Access-Control-Max-Age: 3600\r\n");
	else
		strbuf_add(head,
			   "Access-Control-Expose-Headers: Content-Disposition, WWW-Authenticate, "
			   "Usaged-Closed-Until, "
			   "Usaged-Ignored-Parameters, X-AutoBatch-Completed, X-Request-Id\r\n");
}
