#include "api/list_page.h"

#include <string.h>

#include <glib.h>

#include "api/url.h"
#include "base/banned.h"

bool search_finds(const struct search *s, const char *text)
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

static struct search search_of(const struct call *call)
{
	const char *text = call_arg(call, "Search")->text;
	struct search s = { NULL };
	char *folded;

	if (!text)
		return s;
	folded = g_utf8_casefold(text, -1);
	s.folded = arena_str(call->arena, folded);
	g_free(folded);
	return s;
}

static const char *link_to(const struct call *call, int64_t page)
{
	return call_link_with(call, call_link_path(call),
			      { "PageSize", call_arg(call, "PageSize")->text },
			      { "Page", arena_printf(call->arena, "%lld", (long long)page) });
}

void list_page_choose(const struct call *call, list_fits fits, const void *list, size_t n,
		      struct list_page *ret)
{
	const struct arg *size = call_arg(call, "PageSize");
	int64_t rows = size->text ? size->n : call->format->page ? LIST_PAGE_ROWS : (int64_t)n + 1;
	int64_t page = call_arg(call, "Page")->n;
	struct search s = search_of(call);

	*ret = (struct list_page) { .index = arena_array(call->arena, size_t, n + 1) };
	for (size_t i = 0; i < n; i++) {
		if (!fits(&s, list, i))
			continue;
		if (ret->total >= page * rows && ret->total < (page + 1) * rows)
			ret->index[ret->n++] = i;
		ret->total++;
	}
	if (page > 0)
		ret->previous = link_to(call, page - 1);
	if ((page + 1) * rows < ret->total)
		ret->next = link_to(call, page + 1);
}
