/*
 * report_parts.h - types and functions shared by the files of the reports.
 * reports.c has the operations, report_lines.c the lines, report_chart.c the
 * bars, report_links.c the links.
 */
#ifndef API_REPORT_PARTS_H
#define API_REPORT_PARTS_H

#include "api/dimension_filter.h"
#include "api/reports.h"

/* ---- the query ---- */

/*
 * Arguments of GroupBy: dimensions by their index, then category, account and
 * none.
 */
enum report_group { BY_CATEGORY = DIMENSIONS, BY_ACCOUNT, BY_NOTHING };

struct grouping {
	enum group_by by;
	/* the parameter to filter by a line's key; not of GROUP_DIMENSION */
	const char *filter;
	const char *name, *word; /* of GroupBy, and in words */
	const char *one, *all;   /* the noun for one line, and for all lines */
};

/* The differences between the reports; op->data. */
struct report_kind {
	const char *category; /* NULL: the caller chooses */
	int group;            /* the default of GroupBy */
	const struct shape *line, *bar;
};

struct asked {
	const struct report_kind *kind;
	struct report_query question;
	int group; /* enum report_group, or a dimension */
	struct grouping grouping;
	const struct dimension_info *second; /* of ThenBy; NULL: none */
	struct dimension_filter filter;
	bool slots; /* also a line for each slot (By) */
	struct date first, last;
	/*
	 * the last day of shown slots: LAST, or an earlier day after which
	 * there is no usage
	 */
	struct date end;
	bool compared, year_earlier, one_day;
	struct days before; /* the days to compare with */
	const char *currency;
	const char *whose, *left_out, *unknown; /* in words */
	const bool *categories;                 /* flags from access_categories */
};

/* Values of parameters, ended by NULL. By uses the names of periods. */
extern const char *const report_period_names[], *const report_sort_names[];

/* ---- the answer ---- */

struct report_row {
	const char *start, *end, *name, *uri, *key, *second, *account, *account_sid;
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

/* A line of the answer, for one slot; SLOT negative: for the whole range. */
struct item {
	struct report_line *line; /* &report_nothing: the slot has no usage */
	int64_t slot;
	const struct amounts_wide *totals;
	wide before; /* price in the days or the slot compared with */
};

extern struct report_line report_nothing;

enum { EARLIER_EDGES = 3 };

/*
 * The earlier reports to compare with; empty without comparison. The whole
 * range is compared with the days before, a slot with the slot before or with
 * the same slot a year earlier.
 */
struct earlier {
	struct report whole; /* of the days asked.before */
	struct {
		size_t slot;
		struct report before;
		/* slots that are compared with a slot outside the range */
	} edges[EARLIER_EDGES];
	size_t n_edges;
	struct report slots; /* a year earlier */
};

struct items {
	struct item *list;
	size_t n;
	size_t from, to; /* the page's items, sorted and named; see report_items_sort */
};

/* ---- lines ---- */

/* Loads the reports that R is compared with. */
int report_earlier_load(const struct request *rq, const struct asked *a, const struct report *r,
			struct earlier *ret, struct error *err);

/*
 * The number of slots of R that the chart and the lines show: all except empty
 * slots in the future.
 */
size_t report_slots_shown(const struct request *rq, const struct report *r);

/*
 * The items of the answer: lines with usage, and one empty line for each slot
 * without usage. In the request's arena.
 */
struct items report_items(const struct request *rq, const struct asked *a, const struct report *r,
			  const struct earlier *before);
/* Sorts and names the items of the page. */
int report_items_sort(const struct request *rq, const struct asked *a, const struct report *r,
		      struct items *items, struct error *err);

void report_row_fill(const struct request *rq, const struct asked *a, const struct report *r,
		     const struct item *i, struct report_row *ret);
void report_total_fill(const struct request *rq, const struct asked *a, const struct report *r,
		       const struct earlier *before, struct report_row *ret);
/*
 * Fills a record with the amounts of a line. The line's category decides which
 * amounts are null.
 */
void report_amounts_fill(const struct request *rq, const struct amounts_wide *t, size_t category,
			 struct report_row *ret);

const char *report_line_name(const struct request *rq, const struct asked *a,
			     const struct report_line *line);
/* Both names of a line: "red, AT". */
const char *report_line_names(const struct request *rq, const struct asked *a,
			      const struct report_line *line);

/* The sign of A - B, for sorting. */
static inline int report_sign(wide a, wide b)
{
	return (a > b) - (a < b);
}

/* ---- comparing: report_compare.c ---- */

/*
 * Sets A->before. False: no comparison, because the days or the slot to compare
 * with would begin before the year 1.
 */
bool report_compare_days(struct asked *a, int cycle_day);

/* The days of a slot of R, and the days to compare with. Not for hours. */
struct days report_slot_days(const struct asked *a, const struct report *r, size_t slot);
struct days report_slot_before(const struct asked *a, const struct report *r, size_t slot);

/* ---- key figures: report_figures.c ---- */

/*
 * Writes the key figures: the total, its change, and the figures by category.
 */
int report_figures_write(const struct request *rq, const struct asked *a, const struct report *r,
			 const struct earlier *before, struct writer *w, struct error *err);

/* ---- the chart ---- */

extern const struct shape report_price_bars, report_usage_bars, report_data_bars;

/* "Cost by day" */
const char *report_chart_title(const struct request *rq, const struct asked *a);
/*
 * Writes the largest lines over time as LIST, and the sum of all other lines.
 * Sorts the lines of R.
 */
int report_chart_write(const struct request *rq, const struct asked *a, struct report *r,
		       const struct field *list, struct writer *w, struct error *err);

/* ---- links: all are in the request's arena ---- */

/* The operation's parameter NAME, or NULL. */
const struct param *report_param(const struct request *rq, const char *name);

/* The beginning of a slot: a date, or for hours an instant. */
const char *report_slot_text(const struct request *rq, const struct asked *a, int64_t at);
const char *report_date_text(const struct request *rq, struct date d);

/*
 * The link from a line to the next finer report, whose range is SLOT (the first
 * and the last instant of the line's slot; or NULL). Returns NULL if no report
 * is finer.
 */
const char *report_link_finer(const struct request *rq, const struct asked *a,
			      const struct report_line *line, const int64_t *slot);
/*
 * The link to LINE in the slot that SLOT of R is compared with. SLOT -1: in the
 * days compared with. LINE NULL: all lines. Returns NULL without comparison.
 */
const char *report_link_earlier(const struct request *rq, const struct asked *a,
				const struct report *r, const struct report_line *line,
				int64_t slot);
/*
 * The link to the events of LINE (NULL: of all lines). Returns NULL if no
 * filter of the event list matches exactly these events.
 */
const char *report_link_events(const struct request *rq, const struct asked *a,
			       const struct report_line *line, const int64_t *slot);
/* The link to this report's page PAGE, from 0. */
const char *report_link_page(const struct request *rq, int64_t page);

#endif
