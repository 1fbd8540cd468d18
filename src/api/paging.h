/*
 * paging.h - one page of records, and the links to its neighbours. All dialects
 * page in this way, but spell the links differently.
 *
 * A page token holds the next row's position and the first page's range of
 * days. So "today" is the same day on all pages, and each record appears
 * exactly once even while events arrive. The token is signed together with the
 * operation and its filters, but without the format. A changed token, or the
 * token of another request, is an error.
 */
#ifndef API_PAGING_H
#define API_PAGING_H

#include "api/request.h"
#include "usage/query.h"

#define DEFAULT_PAGE_SIZE "50"
#define MAX_PAGE_SIZE     1000

/* The parameters of every paged operation. */
#define PAGING_PARAMS                                                                              \
	{ "PageSize",                                                                              \
	  PT_PAGE_SIZE,                                                                            \
	  .flags = PARAM_STATE,                                                                    \
	  .def = DEFAULT_PAGE_SIZE,                                                                \
	  .min = 1,                                                                                \
	  .max = MAX_PAGE_SIZE,                                                                    \
	  .doc = "Records a page; more than 1000 counts as 1000" },                                \
		{ "Page",                                                                          \
		  PT_INT,                                                                          \
		  .flags = PARAM_STATE,                                                            \
		  .min = 0,                                                                        \
		  .max = INT32_MAX,                                                                \
		  .doc = "Number of the page, from 0; only together with the PageToken that "      \
			 "leads there" },                                                          \
	{                                                                                          \
		"PageToken", PT_TEXT, .flags = PARAM_STATE, .max = 600,                            \
				      .doc = "The page's position, from a link of the page before" \
	}

struct record_page {
	int64_t page, page_size;
	int64_t start, end;     /* index of the first and the last record */
	size_t n;               /* number of records */
	struct usage_row *rows; /* for a report: the records */
	/* the first record's slot began on the previous page */
	bool inside;
	const char *self, *first, *next, *previous; /* PATH?query; NULL: none */
};

/*
 * The fields before the list in the root's shape. PAGE_PREVIOUS_FIELD goes
 * between PAGE_FIELDS and the list if the list has links to the previous page.
 */
#define PAGE_FIELDS                                                                      \
	FIELD(struct record_page, page, "Number of the page, from 0"),                   \
		FIELD(struct record_page, page_size, "Most records a page has"),         \
		FIELD_AS(struct record_page, self, "uri", "This page", .format = "uri"), \
		FIELD_AS(struct record_page, first, "first_page_uri", "The first page",  \
			 .format = "uri")
#define PAGE_PREVIOUS_FIELD                                                                     \
	FIELD_AS(struct record_page, previous, "previous_page_uri", "The page before, or null", \
		 .flags = FIELD_PREVIOUS, .format = "uri")
#define PAGE_NEXT_FIELD                                     \
	FIELD_AS(struct record_page, next, "next_page_uri", \
		 "The page after; null on the last page", .flags = FIELD_NEXT, .format = "uri")

enum { PAGE_NUMBERS = 5 };

/*
 * The place at which a page begins: numbers and a name (or NULL). Each list
 * defines their meaning.
 */
struct page_place {
	int64_t number[PAGE_NUMBERS];
	const char *name;
};

/* Does the request have a page token? If so, the token holds the range. */
bool page_continues(const struct request *rq);

/*
 * Reads the page number, page size and page token, and sets page, page_size and
 * start of *RET. 1: a later page, which begins at *RET_PLACE (in the request's
 * arena). 0: the first page. -1 (ERR_PAGE): a bad token, or a page number
 * without a token.
 */
int page_begin(const struct request *rq, struct record_page *ret, struct page_place *ret_place,
	       struct error *err);

/*
 * Sets end and links of P; p->n must be set. The links lead to the page itself,
 * to the first page, and to the pages at NEXT and PREVIOUS (NULL: no such
 * page). Each link begins with PATH.
 */
void page_links(const struct request *rq, const char *path, struct record_page *p,
		const struct page_place *next, const struct page_place *previous);

/*
 * Loads the page of a report. Q has the range of the first page; a page token
 * overrides this range. PATH begins every link ("/2010-04-01/..."). All of RET
 * is in the request's arena. -1: an error of page_begin, or the query failed.
 */
int page_load(const struct request *rq, struct usage_query *q, const char *path,
	      struct record_page *ret, struct error *err);

#endif
