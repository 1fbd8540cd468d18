#include "api/list_page.h"

#include <string.h>

#include <glib.h>

#include "api/url.h"
#include "base/banned.h"

bool search_finds(const struct list_search *s, const char *text)
{
	char *folded;
	bool found;

	if (!s->folded)
		return true;
	if (!text)
		return false;
	folded = g_utf8_casefold(text, -1);
	found = strstr(folded, s->folded) != NULL;
	g_free(folded);
	return found;
}

static struct list_search search_of(const struct request *rq)
{
	const char *text = request_arg(rq, "Search")->text;
	struct list_search s = { NULL };
	char *folded;

	if (!text)
		return s;
	folded = g_utf8_casefold(text, -1);
	s.folded = arena_str(rq->arena, folded);
	g_free(folded);
	return s;
}

static const char *link_to(const struct request *rq, int64_t page)
{
	return request_link_with(rq, request_link_path(rq),
				 { "PageSize", request_arg(rq, "PageSize")->text },
				 { "Page", arena_printf(rq->arena, "%lld", (long long)page) });
}

void list_page_choose(const struct request *rq, list_fits fits, const void *list, size_t n,
		      struct list_page *ret)
{
	const struct arg *size = request_arg(rq, "PageSize");
	int64_t rows = size->text               ? size->n
		       : rq->reply.format->page ? LIST_PAGE_ROWS
						: (int64_t)n + 1;
	int64_t page = request_arg(rq, "Page")->n;
	struct list_search s = search_of(rq);

	*ret = (struct list_page) { .index = arena_array(rq->arena, size_t, n + 1) };
	for (size_t i = 0; i < n; i++) {
		if (!fits(&s, list, i))
			continue;
		if (ret->total >= page * rows && ret->total < (page + 1) * rows)
			ret->index[ret->n++] = i;
		ret->total++;
	}
	if (page > 0)
		ret->previous = link_to(rq, page - 1);
	if ((page + 1) * rows < ret->total)
		ret->next = link_to(rq, page + 1);
}
