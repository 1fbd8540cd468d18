/*
 * record_view.h - how pages show the records of Twilio's and Evo Voice's APIs:
 * under key figures a table of categories, as a tree below their total. Other
 * formats have the records as those APIs define them.
 */
#ifndef API_RECORD_VIEW_H
#define API_RECORD_VIEW_H

#include "api/range.h"
#include "usage/query.h"

/*
 * A row: categories begin one further to the right than the one that contains
 * them, so those furthest left add up to the total.
 */
extern const struct shape view_shape;

/* Does the answer go to people? */
bool view_wanted(const struct request *rq);

/*
 * The records of one account, or of several together, in one stretch of time.
 */
struct view_group {
	const char *name; /* of the row with the total; NULL: there is none */
	const char *uri;  /* where it leads, or NULL */
	const char *note; /* below the name, or NULL */
	bool partial;     /* a page before has rows of it, and its total */
	wide price;       /* of the total */
	const char *currency;
	struct usage_row *rows; /* in any order; sorted by view_write */
	size_t n;
	const char *row_name; /* what a row is called instead of its category, or NULL */
	/*
	 * before and behind a category's name in the address that its row leads
	 * to, or NULL
	 */
	const char *finer, *finer_query;
	const char *sid, *events_query; /* as in events_link */
};

/*
 * Writes the rows of G into the list that is open. Those without usage and
 * totalprice, which the total is, are left out.
 */
void view_write(const struct request *rq, struct writer *w, const struct view_group *g);

/* What the first column is called. Before the root. */
void view_name(struct writer *w, const char *label);

/* Whose figures to show, and of when. */
struct view_figures {
	const struct account *accounts;
	size_t n;
	struct days days;
	bool compared;        /* with the days before, see report_days_before */
	bool one_day;         /* it is compared with the day before */
	size_t category;      /* CATALOGUE_NONE: all */
	const char *customer; /* only of this one, or NULL */
};

/*
 * Gives the page the cost, by currency, and what was used, with their change.
 * *RET_COMPARED is a sentence about the days compared with, or "". Before the
 * root.
 */
int view_figures_write(const struct request *rq, struct writer *w, const struct view_figures *v,
		       const char **ret_compared, struct error *err);

#endif
