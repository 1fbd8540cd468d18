#include "http/cors.h"

#include "base/banned.h"

bool cors_allows(const struct settings *settings, const char *origin)
{
	size_t len = origin ? strlen(origin) : 0;

	if (!len)
		return false;
	for (const char *p = settings->cors_origins; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, origin, n) == 0)
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

void cors_add_headers(struct strbuf *head, const char *origin, bool preflight)
{
	strbuf_add(head, "Access-Control-Allow-Origin: ");
	strbuf_add(head, origin);
	strbuf_add(head, "\r\nAccess-Control-Allow-Credentials: true\r\n");
	if (preflight)
		strbuf_add(head, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
				 "Access-Control-Allow-Headers: Accept, Authorization, Content-Type, X-Http-Method-Override, X-ss-id, X-ss-pid\r\n"
				 "Access-Control-Max-Age: 3600\r\n");
	else
		strbuf_add(head, "Access-Control-Expose-Headers: Content-Disposition, WWW-Authenticate, X-AutoBatch-Completed, X-Request-Id\r\n");
}
