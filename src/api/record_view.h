/*
 * record_view.h - how pages show the records of Twilio's and Evo Voice's APIs:
 * key figures, and below them a table with the tree of categories under its
 * total. Other formats show the records as those APIs define them.
 */
#ifndef API_RECORD_VIEW_H
#define API_RECORD_VIEW_H

#include "api/range.h"
#include "usage/query.h"

/*
 * One row. A category is indented one level below the category that contains
 * it; the rows of the first level add up to the total.
 */
extern const struct shape view_shape;

/* Is the answer a page? */
bool view_wanted(const struct request *rq);

/*
 * The records of one account, or of several added up, in one stretch of time.
 */
struct view_group {
	const char *name; /* name of the total's row; NULL: no such row */
	const char *uri;  /* the link of that row, or NULL */
	const char *note; /* a line below the name, or NULL */
	bool partial;     /* the group began on the page before, which shows its total */
	wide price;       /* of the total */
	const char *currency;
	struct usage_row *rows; /* in any order; sorted by view_write */
	size_t n;
	const char *row_name; /* replaces the category's name in every row; or NULL */
	/* a row's link: before and after the category's name; or NULL */
	const char *finer, *finer_query;
	const char *sid, *events_query; /* as in events_link */
};

/*
 * Writes the rows of G into the open list. Skips rows without usage, and
 * totalprice, which is the total.
 */
void view_write(const struct request *rq, struct writer *w, const struct view_group *g);

/* Sets the title of the first column. Call it before the root. */
void view_name(struct writer *w, const char *label);

/* The accounts and days of key figures. */
struct view_figures {
	const struct account *accounts;
	size_t n;
	struct days days;
	bool compared;        /* also compare with the days before, see report_days_before */
	bool one_day;         /* the days are compared with the day before */
	size_t category;      /* CATALOGUE_NONE: all */
	const char *customer; /* only this customer; NULL: all */
};

/*
 * Adds key figures to the page: the cost in each currency, the amounts used,
 * and their change. *RET_COMPARED is a sentence about the days compared with,
 * or "". Call it before the root.
 */
int view_figures_write(const struct request *rq, struct writer *w, const struct view_figures *v,
		       const char **ret_compared, struct error *err);

#endif
