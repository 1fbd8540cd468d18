/*
 * paging.h - one page of records, and the links to its neighbours. The Twilio
 * families share it; they spell the links differently.
 *
 * A page token says which row comes next, and holds the range as it was resolved on the first page: so
 * "today" stays the same day through all pages, and no record comes twice or not at all while events
 * arrive. It is signed together with the question (not the format): changed, or moved to another question, it is refused.
 */
#ifndef API_PAGING_H
#define API_PAGING_H

#include "api/op.h"
#include "usage/query.h"

#define DEFAULT_PAGE_SIZE "50"
#define MAX_PAGE_SIZE     1000

/* The parameters of every paged operation. */
#define PAGING_PARAMS                                                                                                    \
	{ "PageSize", PT_PAGE_SIZE, .flags = PARAM_STATE, .def = DEFAULT_PAGE_SIZE, .min = 1, .max = MAX_PAGE_SIZE,      \
	  .doc = "Records a page; more than 1000 counts as 1000" },                                                      \
	{ "Page", PT_INT, .flags = PARAM_STATE, .min = 0, .max = INT32_MAX,                                             \
	  .doc = "Number of the page, from 0; only together with the PageToken that leads there" },                      \
	{ "PageToken", PT_TEXT, .flags = PARAM_STATE, .max = 600, .doc = "Where the page begins, from a link of the page before" }

struct record_page {
	int64_t page, page_size;
	int64_t start;                    /* index of the first record */
	struct usage_row *rows;
	size_t n;
	const char *self, *first, *next, *previous;   /* PATH?query; NULL if there is none */
};

/* The operation's path with its arguments, as in "/2010-04-01/Accounts/AC.../Usage/Records". In the call's arena. */
const char *call_path(const struct call *call);

/* What links to operations of D end with, so that they give the format of this answer: ".json"; "" where D needs no suffix for it. */
const char *call_link_suffix(const struct call *call, const struct dialect *d);

/* The filters that the caller gave, URL-encoded, in the order of the table: "Category=calls&StartDate=..." or "". In the arena. */
const char *call_filters(const struct call *call);

/* Is this a later page of a list? Its token then brings the range. */
bool page_continues(const struct call *call);

/* The one filter NAME likewise, with a "&" before it, for links that repeat it; "" if the caller didn't give it. */
const char *call_filter(const struct call *call, const char *name);

/*
 * The page that the call asks for. Q has the range of a first page; a token replaces it with its own. PREFIX begins every
 * link ("/2010-04-01/..."). All of RET is in the call's arena. -1 for a bad token or a page without one (ERR_PAGE).
 */
int page_load(const struct call *call, struct usage_query *q, const char *prefix, struct record_page *ret, struct error *err);

#endif
