/*
 * page.h - the parts of a page around the data: links, the form, key figures.
 * The HTTP server fills in struct page; operations add texts through the
 * writer. All text is borrowed and plain; the backend escapes it.
 */
#ifndef FORMAT_PAGE_H
#define FORMAT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/decimal.h"

struct page_link {
	const char *text;
	const char *href;
	bool current;
};

/* Names that are the same on all pages, ascending; they live as long as the process. */
struct page_names {
	const char *const *list;
	size_t n;
};

struct page_choice {
	const char *value; /* "" = any */
	const char *text;
	int depth; /* in a tree */
	/* instead of a value: these choices; only once in a list */
	const struct page_names *names;
};

struct page_input {
	const char *name, *label;
	const char *type;  /* "text", "password", "date", "number" or "select" */
	const char *value; /* or NULL */
	bool required;
	bool folded;        /* shown behind "More filters" */
	bool chosen;        /* VALUE was given and is not the default */
	int64_t max_length; /* in bytes; 0: no limit */
	/* "select": ended by one with neither value nor names */
	const struct page_choice *choices;
	/*
	 * "select": the text of the choice "", shown after the value that the
	 * operation chose; or NULL
	 */
	const char *own;
	const char *hint; /* one line */
};

/* A column that the page's main list can be sorted by. */
struct page_sort {
	const char *field;
	const char *href; /* sorts by the column, or reverses the order */
	/*
	 * current order: 1 smallest first, -1 largest first, 0 not sorted by
	 * this column
	 */
	int order;
};

/* The number of TEXT among the names; their number if it is not there. */
size_t page_names_find(const struct page_names *names, const char *text);

/* How numbers are written: "1,234.5". */
struct digits {
	const char *group, *point;
};

/* The form of a page that changes data; it is sent by POST. */
struct page_change {
	const char *button;   /* names the change */
	const char *back;     /* the page to return to without a change */
	const char *fault;    /* why the change was refused, or NULL */
	const char *fault_of; /* the input at fault, or NULL */
};

/* Lists of links, inputs and sorts end with a NULL text, name or field. */
struct page {
	const char *site;                 /* the server's name */
	const char *user;                 /* the name of the signed-in user, or NULL */
	const char *profile;              /* the user's own page, or NULL */
	bool sign_out;                    /* the page has a button that ends the session */
	const char *action;               /* address of the form; NULL = no form */
	const struct page_link *nav;      /* or NULL */
	const struct page_link *tabs;     /* this page's siblings; or NULL */
	const struct page_link *exports;  /* the same report in other formats; or NULL */
	const struct page_link *tasks;    /* pages that add something; or NULL */
	const struct page_input *inputs;  /* or NULL */
	const struct page_sort *sorts;    /* or NULL */
	const struct page_change *change; /* NULL: the form only filters */
	/* a shell command that gets the same data, or NULL */
	const char *api_call;
	const char *notice;          /* confirms a change that was just made, or NULL */
	const struct digits *digits; /* NULL: English */
};

/* A key figure, shown large above the body. */
struct figure {
	const char *name, *uri; /* the URI of its report, or NULL */
	struct decimal value;
	const char *unit; /* or NULL */
	bool money;       /* the unit is a currency */
	/* the value in the period compared with; null: no comparison */
	struct decimal before;
	const char *before_uri; /* the report of that period, or NULL */
	struct decimal change;  /* in percent; null if `before` is 0 */
};

#endif
