/*
 * list_page.h - search and pages of the lists that are read as a whole:
 * accounts, users, keys, categories. Programs get all of a list unless they
 * give PageSize; a page for people has LIST_PAGE_ROWS.
 */
#ifndef API_LIST_PAGE_H
#define API_LIST_PAGE_H

#include "api/request.h"

enum { LIST_PAGE_ROWS = 100 };

/* SEARCHED: what the texts are that are searched, in words. */
#define LIST_PAGE_PARAMS(searched)                                                           \
	{ "Search", PT_TEXT, .max = 200,                                                     \
	  .doc = "Only records that have this text in " searched ", in any case" },          \
		{ "PageSize",                                                                \
		  PT_PAGE_SIZE,                                                              \
		  .flags = PARAM_STATE,                                                      \
		  .min = 1,                                                                  \
		  .max = 1000,                                                               \
		  .doc = "Records a page. Default: all of them; 100 on a page for people" }, \
	{                                                                                    \
		"Page", PT_INT, .flags = PARAM_STATE, .def = "0", .min = 0, .max = 1000000,  \
				.doc = "Number of the page, from 0"                          \
	}

struct list_page {
	int64_t total;               /* records that match, on all pages */
	const char *next, *previous; /* pages; or NULL */
	size_t *index, n;            /* the records of this page */
};

/* The fields of a list's root that come before the list. */
#define LIST_PAGE_FIELDS                                                                         \
	FIELD(struct list_page, total, "How many records all pages have", .flags = FIELD_COUNT), \
		FIELD_AS(struct list_page, previous, "previous_page_uri",                        \
			 "The page before, or null", .flags = FIELD_PREVIOUS, .format = "uri"),  \
		FIELD_AS(struct list_page, next, "next_page_uri", "The page after, or null",     \
			 .flags = FIELD_NEXT, .format = "uri")

/* What the caller searches for. */
struct list_search {
	const char *folded; /* NULL: everything */
};

/*
 * Does TEXT (or NULL) have what is searched for in it, in any case? Always if
 * nothing is.
 */
bool search_finds(const struct list_search *s, const char *text);

/*
 * Which of the N records that FITS takes are on the page that the call asks
 * for. In the request's arena.
 */
typedef bool (*list_fits)(const struct list_search *s, const void *list, size_t i);
void list_page_choose(const struct request *rq, list_fits fits, const void *list, size_t n,
		      struct list_page *ret);

#endif
