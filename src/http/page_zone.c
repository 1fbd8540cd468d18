#include "http/page_zone.h"

#include <string.h>

#include "api/url.h"
#include "base/banned.h"

#define PARAM  "TimeZone"
#define COOKIE "usaged-zone"

enum { ZONE_SECONDS = 400 * 86400 };

bool page_zone_taken(const struct op *op)
{
	for (const struct param *p = op->params; p->name; p++)
		if (p->type == PT_ZONE && strcmp(p->name, PARAM) == 0)
			return true;
	return false;
}

/* The query's TimeZone, which may be ""; NULL: the query has no TimeZone. */
static const char *asked_zone(const struct request *rq)
{
	for (size_t i = 0; i < rq->params.n; i++)
		if (params_same(rq->params.items[i].name, PARAM, true))
			return rq->params.items[i].value;
	return NULL;
}

/* The zone in the cookie; NULL if the system no longer has this zone. */
static const char *kept_zone(const struct request *rq)
{
	size_t len;
	const char *text = request_cookie(rq, COOKIE, &len),
		   *name = text && len ? arena_strn(rq->arena, text, len) : NULL;

	return name && zone_find(name) ? name : NULL;
}

const char *page_zone(const struct request *rq)
{
	const char *asked = asked_zone(rq);

	if (!asked)
		return kept_zone(rq);
	return *asked ? asked : NULL;
}

const char *page_zone_address(const struct request *rq)
{
	const char *zone = page_zone_taken(rq->op) && !asked_zone(rq) ? kept_zone(rq) : NULL;

	if (!zone)
		return NULL;
	return url_of(rq->arena,
		      arena_join(rq->arena, rq->raw_path, *rq->query ? "?" : "", rq->query, NULL),
		      { PARAM, zone });
}

void page_zone_keep(struct request *rq)
{
	const char *asked = asked_zone(rq), *kept = kept_zone(rq);

	if (!asked || !page_zone_taken(rq->op) || strcmp(asked, kept ? kept : "") == 0)
		return;
	if (!*asked || zone_find(asked))
		request_set_cookie(rq, COOKIE, asked, *asked ? ZONE_SECONDS : 0);
}
