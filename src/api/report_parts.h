/*
 * report_parts.h - what the files of the reports share: reports.c asks and
 * answers, report_lines.c makes the lines, report_chart.c the bars,
 * report_links.c says where each of them leads.
 */
#ifndef API_REPORT_PARTS_H
#define API_REPORT_PARTS_H

#include "api/reports.h"

/* ---- what is asked ---- */

/* Values of the parameter GroupBy: the dimensions, and then these. */
#define BY_OF_DIMENSION(id, ...) BY_##id,
enum report_group { DIMENSION_LIST(BY_OF_DIMENSION) BY_CATEGORY, BY_ACCOUNT, BY_NOTHING, GROUPS };

struct grouping {
	enum group_by by;
	enum dimension dimension; /* of GROUP_DIMENSION */
	const char *filter;       /* the parameter that a line of it is a value of */
	const char *name, *word;  /* of GroupBy, and in words */
	const char *one, *all;    /* what a row is called, and all of them together */
};

extern const struct grouping report_groupings[GROUPS];

/* What tells the reports apart. */
struct report_kind {
	const char *category;    /* NULL: the caller's choice */
	enum report_group group; /* unless the caller chooses */
	const struct shape *line, *bar;
};

struct asked {
	const struct report_kind *kind;
	struct report_question question;
	enum report_group group;
	bool slots; /* a line a slot, too (By) */
	struct date first, last;
	/*
	 * LAST, or earlier: nobody has used anything, and no slot is shown,
	 * after it
	 */
	struct date end;
	bool compared, year_earlier, one_day;
	struct days before; /* that all of it is compared with */
	const char *currency;
	const char *whose, *left_out, *unknown; /* in words */
	const bool *categories; /* that the caller may be told of (access_categories) */
};

/*
 * Values of parameters, ended by NULL; those of By are called as periods are.
 */
extern const char *const report_period_names[], *const report_sort_names[];

/* ---- what comes out ---- */

struct report_row {
	const char *start, *end, *name, *uri, *key, *account, *account_sid;
	struct decimal count;
	const char *events_uri, *count_unit;
	struct decimal usage;
	const char *usage_unit;
	struct decimal upload, download;
	const char *data_unit;
	struct decimal price;
	const char *price_unit;
	struct decimal previous_price;
	const char *previous_uri;
	struct decimal change, share;
};

/* A line of the answer: of the whole range, or (slot >= 0) of one slot. */
struct item {
	struct report_line *line; /* or &report_nothing: the slot has no usage */
	int64_t slot;
	const struct amounts_wide *totals;
	wide before; /* its price in the days or the hour compared with */
};

extern struct report_line report_nothing;

enum { EARLIER_EDGES = 3 };

/*
 * What the lines are compared with; reports of nothing where nothing is. All of
 * the range with the days before it; a slot with the one before it, or with the
 * same slot a year earlier.
 */
struct earlier {
	struct report whole; /* of asked.before */
	struct {
		size_t slot;
		struct report before;
		/*
	 * slots with what comes before them, where that isn't the slot before
	 * in the range
	 */
	} edges[EARLIER_EDGES];
	size_t n_edges;
	struct report slots; /* a year earlier */
};

struct items {
	struct item *list;
	size_t n;
	size_t from, to; /* the page: those in order and with names, see report_items_sort */
};

/* ---- lines ---- */

/* Reads what R is compared with. */
int report_earlier_load(const struct request *rq, const struct asked *a, const struct report *r,
			struct earlier *ret, struct error *err);

/*
 * How many slots of R the chart and the lines have: all but empty ones at the
 * end that lie in the future.
 */
size_t report_slots_shown(const struct request *rq, const struct report *r);

/*
 * Those with usage, and one for each slot that has none. In the request's arena.
 */
struct items report_items(const struct request *rq, const struct asked *a, const struct report *r,
			  const struct earlier *before);
/* Puts the items of the page in order, with their names. */
int report_items_sort(const struct request *rq, const struct asked *a, const struct report *r,
		      struct items *items, struct error *err);

void report_row_fill(const struct request *rq, const struct asked *a, const struct report *r,
		     const struct item *i, struct report_row *ret);
void report_total_fill(const struct request *rq, const struct asked *a, const struct report *r,
		       const struct earlier *before, struct report_row *ret);
/*
 * The amounts of a line; which of them mean something depends on its category.
 */
void report_amounts_fill(const struct request *rq, const struct amounts_wide *t, size_t category,
			 struct report_row *ret);

const char *report_line_name(const struct request *rq, const struct asked *a,
			     const struct report_line *line);

/* Signs of differences, for the order of lines. */
static inline int report_sign(wide a, wide b)
{
	return (a > b) - (a < b);
}

/* ---- comparing: report_compare.c ---- */

/*
 * Fills A->before. False: those days, or the period before the first slot,
 * would begin before the year 1.
 */
bool report_compare_days(struct asked *a, int cycle_day);

/* The days of a slot of R, and those that it is compared with. Not of hours. */
struct days report_slot_days(const struct asked *a, const struct report *r, size_t slot);
struct days report_slot_before(const struct asked *a, const struct report *r, size_t slot);

/* ---- key figures: report_figures.c ---- */

/* The total and its change, and what it is made of. */
int report_figures_write(const struct request *rq, const struct asked *a, const struct report *r,
			 const struct earlier *before, struct writer *w, struct error *err);

/* ---- the chart ---- */

extern const struct shape report_price_bars, report_usage_bars, report_data_bars;

/* "Cost by day" */
const char *report_chart_title(const struct request *rq, const struct asked *a);
/*
 * The largest lines over time, as LIST, and the others together. Sorts the
 * lines of R.
 */
int report_chart_write(const struct request *rq, const struct asked *a, struct report *r,
		       const struct field *list, struct writer *w, struct error *err);

/* ---- links: all are in the request's arena ---- */

/* The call's parameter NAME, or NULL if its operation has none. */
const struct param *report_param(const struct request *rq, const char *name);

/* A day as dates, an hour as instants. */
const char *report_slot_text(const struct request *rq, const struct asked *a, int64_t at);
const char *report_date_text(const struct request *rq, struct date d);

/*
 * Where a line leads; SLOT (its two ends): a line of one slot, which becomes
 * the range. NULL: nowhere.
 */
const char *report_link_finer(const struct request *rq, const struct asked *a,
			      const struct report_line *line, const int64_t *slot);
/*
 * LINE in the days compared with, or (SLOT >= 0) in those that the slot of R is
 * compared with; LINE NULL: all of them. NULL: nowhere.
 */
const char *report_link_earlier(const struct request *rq, const struct asked *a,
				const struct report *r, const struct report_line *line,
				int64_t slot);
/*
 * The events that a line adds up, or (LINE NULL) all of them; NULL where no
 * question finds just them.
 */
const char *report_link_events(const struct request *rq, const struct asked *a,
			       const struct report_line *line, const int64_t *slot);
/* The same report's page PAGE, from 0. */
const char *report_link_page(const struct request *rq, int64_t page);

#endif
