/*
 * page.h - what a page for people shows around the data: links, the form, key
 * figures. The HTTP server fills in struct page, operations add to it through
 * the writer. All text is borrowed and plain; the backend escapes it.
 */
#ifndef FORMAT_PAGE_H
#define FORMAT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/decimal.h"

struct page_link {
	const char *text;
	const char *href;
	bool current;
};

struct page_choice {
	const char *value; /* "" = any */
	const char *text;
	int depth; /* in a tree */
};

struct page_input {
	const char *name, *label;
	const char *type;  /* "text", "password", "date", "number" or "select" */
	const char *value; /* or NULL */
	bool required;
	bool folded;                       /* shown behind "More filters" */
	int64_t max_length;                /* in bytes; 0: no limit here */
	const struct page_choice *choices; /* "select": ended by a NULL value */
	/*
	 * "select": the name of the choice "", shown after the value that the
	 * operation chose; or NULL
	 */
	const char *own;
	const char *hint; /* one line */
};

/* A column that the page's main list can be sorted by. */
struct page_sort {
	const char *field;
	const char *href; /* sorts by the column, or reverses the order */
	/* now: 1 the smallest first, -1 the largest first, 0 not by this one */
	int order;
};

/* How numbers are written: "1,234.5". */
struct digits {
	const char *group, *point;
};

/* Of a page with a form that changes something: the form is sent by POST. */
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
	bool sign_out;                    /* there is a session to end */
	const char *action;               /* address of the form; NULL = no form */
	const struct page_link *nav;      /* or NULL */
	const struct page_link *tabs;     /* this page's siblings; or NULL */
	const struct page_link *exports;  /* the same report in other formats; or NULL */
	const struct page_link *tasks;    /* pages that add something; or NULL */
	const struct page_input *inputs;  /* or NULL */
	const struct page_sort *sorts;    /* or NULL */
	const struct page_change *change; /* NULL: the form only filters */
	const char *api_call;             /* a command that gets the same data, or NULL */
	const char *notice;               /* the change that was just made, or NULL */
	const struct digits *digits;      /* NULL: as in English */
};

/* A key figure, shown large above the body. */
struct figure {
	const char *name, *uri; /* and the report behind it, or NULL */
	struct decimal value;
	const char *unit; /* or NULL */
	bool money;       /* the unit is a currency */
	/* the value of the days compared with; null: nothing is compared */
	struct decimal before;
	const char *before_uri; /* the report of those days, or NULL */
	struct decimal change;  /* in percent; null if the value before was 0 */
};

#endif
