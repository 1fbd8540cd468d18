/*
 * report_parts.h - what the files of the reports share: reports.c asks and answers, report_lines.c makes the lines, report_chart.c
 * the bars, report_links.c says where each of them leads.
 */
#ifndef API_REPORT_PARTS_H
#define API_REPORT_PARTS_H

#include "api/reports.h"

/* ---- what is asked ---- */

/* Values of the parameter GroupBy; the dimensions in their order. */
enum group { BY_CUSTOMER, BY_SIM, BY_FLEET, BY_NETWORK, BY_COUNTRY, BY_CATEGORY, BY_ACCOUNT, BY_NOTHING };

/* What tells the reports apart. */
struct kind {
	const char *category;            /* NULL: the caller's choice */
	enum group group;                /* unless the caller chooses */
	const struct shape *line, *bar;
};

struct asked {
	const struct kind *kind;
	struct report_question question;
	enum group group;
	bool slots;                      /* a line a slot, too (By) */
	struct date first, last;
	bool compared;
	struct date before_first, before_last;
	const char *currency;
	const char *whose, *left_out;    /* in words */
};

/* Values of parameters, ended by NULL; those of By are called as periods are. */
extern const char *const report_group_names[], *const report_period_names[], *const report_sort_names[];

/* ---- what comes out ---- */

struct row {
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
	const struct report_line *line;
	int64_t slot;
	const struct totals *totals;
	wide before;                     /* its price in the days compared with */
};

struct items {
	struct item *list;
	size_t n;
};

/* ---- lines ---- */

/* Those with usage; BEFORE is empty where nothing is compared. In the call's arena. */
struct items report_items(const struct call *call, const struct asked *a, const struct report *r, const struct report *before);
void report_items_sort(const struct call *call, const struct asked *a, struct items *items);

void report_row_fill(const struct call *call, const struct asked *a, const struct report *r, const struct report *before, const struct item *i,
		     struct row *ret);
void report_total_fill(const struct call *call, const struct asked *a, const struct report *r, const struct report *before, struct row *ret);
/* The amounts of a line; which of them mean something depends on its category. */
void report_amounts_fill(const struct call *call, const struct totals *t, size_t category, struct row *ret);

const char *report_line_name(const struct call *call, const struct asked *a, const struct report_line *line);
bool report_is_zero(const struct totals *t);

/* Signs of differences, for the order of lines. */
static inline int report_sign(wide a, wide b)
{
	return (a > b) - (a < b);
}

/* ---- the chart ---- */

extern const struct shape report_price_bars, report_usage_bars, report_data_bars;

/* The largest lines over time, as LIST. Sorts the lines of R. */
void report_chart_write(const struct call *call, const struct asked *a, const struct report *r, const struct field *list, struct writer *w);

/* ---- links: all are in the call's arena ---- */

/* The call's parameter NAME, or NULL if its operation has none. */
const struct param *report_param(const struct call *call, const char *name);

/* A day as dates, an hour as instants. */
const char *report_slot_text(const struct call *call, const struct asked *a, int64_t at);
const char *report_date_text(const struct call *call, struct date d);

/* Where a line leads; SLOT (its two ends): a line of one slot, which becomes the range. NULL: nowhere. */
const char *report_link_finer(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot);
/* LINE in the days compared with, or of their slot SLOT (its two ends); LINE NULL: all of them. NULL: nowhere. */
const char *report_link_earlier(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot);
/* The events that a line adds up, or (LINE NULL) all of them; NULL where no question finds just them. */
const char *report_link_events(const struct call *call, const struct asked *a, const struct report_line *line, const int64_t *slot);
/* The same report's page PAGE, from 0. */
const char *report_link_page(const struct call *call, int64_t page);

#endif
