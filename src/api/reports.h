/*
 * reports.h - what the reports for people share: whose usage, and which days it
 * is compared with.
 */
#ifndef API_REPORTS_H
#define API_REPORTS_H

#include "api/range.h"
#include "usage/report.h"

/* The parameters that report_accounts reads. */
#define ACCOUNT_PARAMS                                                                             \
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",                                 \
	  .doc = "SID of an account; else all that the caller may see" },                          \
		{ "IncludeSubaccounts", PT_BOOL, .def = "true",                                    \
		  .doc = "Together with the accounts below", .label = "Subaccounts" },             \
	{                                                                                          \
		"Currency", PT_TEXT,                                                               \
			.flags = PARAM_RARE, .min = 3, .max = 3,                                   \
			.doc = "Only accounts that are billed in it; else in that of most of them" \
	}

struct report_accounts {
	struct account *accounts; /* of one currency, in the order of their SIDs */
	size_t n;
	const char *currency; /* "usd"; "" if there is no account */
	const char *words;    /* "Northwind Voice with 2 subaccounts" */
	const char *left_out; /* a sentence about other currencies, or "" */
};

/*
 * All of RET is in the request's arena; the call takes their calendar. ERR_PARAM
 * for an account that the caller may not see.
 */
int report_accounts(struct request *rq, struct report_accounts *ret, struct error *err);

/*
 * How the days to compare with are found. By the calendar: for whole months or
 * billing cycles as many before; for a month, a cycle or a year so far the same
 * days of the one before; else as many days just before.
 */
enum days_before { BEFORE_BY_CALENDAR, BEFORE_JUST_BEFORE, BEFORE_A_YEAR };

/*
 * Finds the days to compare FIRST to LAST with. A billing cycle begins on the
 * day CYCLE_DAY of a month. False: those days would begin before the year 1, so
 * there is nothing to compare with.
 */
bool report_days_before(struct date first, struct date last, enum days_before rule, int cycle_day,
			struct date *ret_first, struct date *ret_last);

/*
 * How much more NOW is than BEFORE, in percent with one place; null if BEFORE
 * is nothing.
 */
struct decimal report_change(wide now, wide before);

/* PART of WHOLE in percent with one place; null if WHOLE is nothing. */
struct decimal report_share(wide part, wide whole);

/* ---- key figures of pages ---- */

/* The category whose amounts are a key figure. */
struct category_figure {
	const char *category, *name, *path;
	bool count; /* else the usage */
};

extern const struct category_figure category_figures[]; /* ended by a NULL category */

/* Amounts, and what they were in the days compared with. */
struct figure_pair {
	struct amounts_wide now, before;
	bool compared;
	const char *currency;   /* "" if there is none */
	const char *before_uri; /* or NULL */
};

typedef const char *figure_link(const struct request *rq, const struct category_figure *f);

/* The usage of Q's accounts in other days, by category. */
int figures_load(const struct request *rq, const struct report_question *q, struct days days,
		 struct report *ret, struct error *err);

void figure_cost(struct writer *w, const struct figure_pair *p);
/*
 * Those of category_figures that have usage in one of the two reports, which
 * are by category. OF says if they are compared. LINK may be NULL.
 */
void figures_by_category(const struct request *rq, struct writer *w, const struct figure_pair *of,
			 const struct report *now, const struct report *before, figure_link *link);
/* The measures of one category, which P's amounts are. */
void figures_of_category(const struct request *rq, struct writer *w, const struct figure_pair *p,
			 size_t category);

#endif
