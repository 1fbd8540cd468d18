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
	if (g_str_is_ascii(text))
		return strcasestr(text, s->folded) != NULL;
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
				 { "Page", arena_int(rq->arena, page) });
}

#define LIST_ALL (INT64_C(1) << 40)

void list_page_begin(const struct request *rq, struct list_search *search, struct list_page *ret)
{
	const struct arg *size = request_arg(rq, "PageSize");
	int64_t rows = size->text ? size->n : rq->reply.format->page ? LIST_PAGE_ROWS : LIST_ALL;
	int64_t page = request_arg(rq, "Page")->n;

	*search = search_of(rq);
	*ret = (struct list_page) { .first = page * rows, .end = (page + 1) * rows };
}

bool list_page_count(struct list_page *p)
{
	int64_t number = p->total++;

	return number >= p->first && number < p->end;
}

void list_page_link(const struct request *rq, struct list_page *p)
{
	int64_t page = request_arg(rq, "Page")->n;

	if (page > 0)
		p->previous = link_to(rq, page - 1);
	if (p->end < p->total)
		p->next = link_to(rq, page + 1);
}

void list_page_choose(const struct request *rq, list_fits fits, const void *list, size_t n,
		      struct list_page *ret)
{
	struct list_search s;

	list_page_begin(rq, &s, ret);
	ret->index = arena_array(rq->arena, size_t, n + 1);
	for (size_t i = 0; i < n; i++)
		if (fits(&s, list, i) && list_page_count(ret))
			ret->index[ret->n++] = i;
	list_page_link(rq, ret);
}
