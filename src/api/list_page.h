/*
 * list_page.h - search and paging for lists that are loaded completely:
 * accounts, users, keys, categories. Programs get the whole list unless they
 * give PageSize; pages show LIST_PAGE_ROWS.
 */
#ifndef API_LIST_PAGE_H
#define API_LIST_PAGE_H

#include "api/request.h"

enum { LIST_PAGE_ROWS = 100 };

/* SEARCHED describes the searched texts. */
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
	int64_t total;               /* matching records on all pages */
	const char *next, *previous; /* links; NULL: no such page */
	int64_t first, end;          /* the numbers of the page's records; END is exclusive */
	size_t *index, n;            /* of list_page_choose: the page's records, as indexes */
};

/* The fields before the list in the root's shape. */
#define LIST_PAGE_FIELDS                                                                        \
	FIELD(struct list_page, total, "Number of records on all pages", .flags = FIELD_COUNT), \
		FIELD_AS(struct list_page, previous, "previous_page_uri",                       \
			 "The page before, or null", .flags = FIELD_PREVIOUS, .format = "uri"), \
		FIELD_AS(struct list_page, next, "next_page_uri", "The page after, or null",    \
			 .flags = FIELD_NEXT, .format = "uri")

/* The text that the caller searches for. */
struct list_search {
	const char *folded; /* NULL: no search, everything matches */
};

/*
 * Does TEXT (or NULL) contain the searched text, ignoring case? True if there
 * is no search.
 */
bool search_finds(const struct list_search *s, const char *text);

/*
 * For lists that are read twice, to count their matching records and to write
 * those of the page: the text that is searched for and the numbers of the page's
 * records.
 */
void list_page_begin(const struct request *rq, struct list_search *search, struct list_page *ret);
/* Counts a matching record. True: it is one of the page. */
bool list_page_count(struct list_page *p);
/* Sets the links, once all matching records are counted. */
void list_page_link(const struct request *rq, struct list_page *p);

/*
 * Chooses the records of the requested page from those of the N records that
 * FITS accepts. All of RET is in the request's arena.
 */
typedef bool (*list_fits)(const struct list_search *s, const void *list, size_t i);
void list_page_choose(const struct request *rq, list_fits fits, const void *list, size_t n,
		      struct list_page *ret);

#endif
