/*
 * record_view.h - shows the records of Twilio's and Evo Voice's APIs on pages:
 * key figures, then a table with a total and the tree of categories. Other
 * formats show the records as defined by the API.
 */
#ifndef API_RECORD_VIEW_H
#define API_RECORD_VIEW_H

#include "api/range.h"
#include "usage/query.h"

/*
 * A row of the table. A subcategory is indented one level more than its parent.
 * The rows of the first level add up to the total.
 */
extern const struct shape view_shape;

/* Is the answer a page? */
bool view_wanted(const struct request *rq);

/*
 * The records of one range of time, of one account or summed over several
 * accounts.
 */
struct view_group {
	/* name of the total's row; NULL: no row for the total */
	const char *name;
	const char *uri;  /* link of the total's row, or NULL */
	const char *note; /* a line below the name, or NULL */
	/* the group began on the previous page, which has its total */
	bool partial;
	wide price; /* of the total */
	const char *currency;
	struct usage_row *rows; /* in any order; sorted by view_write */
	size_t n;
	const char *row_name; /* replaces the category's name in every row; or NULL */
	/* a row's link: before and after the category's name; or NULL */
	const char *finer, *finer_query;
	const char *sid, *events_query; /* as in events_link */
};

/*
 * Writes the rows of G into the open list. Skips rows without usage, and the
 * category totalprice, because the total has its own row.
 */
void view_write(const struct request *rq, struct writer *w, const struct view_group *g);

/* Sets the title of the first column. Call view_name before the root. */
void view_name(struct writer *w, const char *label);

/* Accounts, days and filters of key figures. */
struct view_figures {
	const struct account *accounts;
	size_t n;
	struct days days;
	/* compare with earlier days, see report_days_before */
	bool compared;
	bool one_day;         /* compare with the day before */
	size_t category;      /* CATALOGUE_NONE: all */
	const char *customer; /* only this customer; NULL: all */
};

/*
 * Adds key figures to the page: the cost in each currency, the amounts used,
 * and their change. *RET_COMPARED is a sentence about the days compared with,
 * or "". Call view_figures_write before the root.
 */
int view_figures_write(const struct request *rq, struct writer *w, const struct view_figures *v,
		       const char **ret_compared, struct error *err);

#endif
