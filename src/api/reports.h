/*
 * reports.h - the choice of accounts and of the days to compare with, for all
 * reports.
 */
#ifndef API_REPORTS_H
#define API_REPORTS_H

#include "api/range.h"
#include "usage/report.h"

/* The parameters that report_accounts reads. */
#define ACCOUNT_PARAMS                                                                             \
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account",                                 \
	  .doc = "SID of an account. Default: all accounts that the caller may see" },             \
		{ "IncludeSubaccounts", PT_BOOL, .def = "true", .doc = "Include its subaccounts",  \
		  .label = "Subaccounts" },                                                        \
	{                                                                                          \
		"Currency", PT_TEXT, .flags = PARAM_RARE, .min = 3, .max = 3,                      \
				     .doc = "Only accounts billed in this currency. Default: the " \
					    "currency of most accounts"                            \
	}

struct report_accounts {
	struct account *accounts; /* of one currency, in the order of their SIDs */
	size_t n;
	const char *currency; /* "usd"; "" if there is no account */
	const char *words;    /* "Northwind Voice with 2 subaccounts" */
	const char *left_out; /* a sentence about skipped accounts in other currencies, or "" */
};

/*
 * Chooses the accounts of a report, and makes the request use their calendar.
 * All of RET is in the request's arena. ERR_PARAM if the caller may not see the
 * account.
 */
int report_accounts(struct request *rq, struct report_accounts *ret, struct error *err);

/*
 * The rule for the days to compare with. BY_CALENDAR: whole months or billing
 * cycles are compared with as many months or cycles before; a month, cycle or
 * year to date with the same days of the previous month, cycle or year; other
 * days with as many days just before.
 */
enum days_before { BEFORE_BY_CALENDAR, BEFORE_JUST_BEFORE, BEFORE_A_YEAR };

/*
 * Finds the days to compare FIRST to LAST with. Billing cycles begin on day
 * CYCLE_DAY of a month. False: no comparison, because the days would begin
 * before the year 1.
 */
bool report_days_before(struct date first, struct date last, enum days_before rule, int cycle_day,
			struct date *ret_first, struct date *ret_last);

/*
 * The change from BEFORE to NOW in percent, with one decimal place; null if
 * BEFORE is 0.
 */
struct decimal report_change(wide now, wide before);

/* PART of WHOLE in percent, with one decimal place; null if WHOLE is 0. */
struct decimal report_share(wide part, wide whole);

/* ---- key figures of pages ---- */

/* A category whose amounts are a key figure. */
struct category_figure {
	const char *category, *name, *path;
	bool count; /* the figure is the count; false: the usage */
};

extern const struct category_figure category_figures[]; /* ended by a NULL category */

/* The amounts of a figure, now and in the days compared with. */
struct figure_pair {
	struct amounts_wide now, before;
	bool compared;
	const char *currency;   /* "" without a price */
	const char *before_uri; /* or NULL */
};

typedef const char *figure_link(const struct request *rq, const struct category_figure *f);

/* Loads the usage of Q's accounts by category, for the given days. */
int figures_load(const struct request *rq, const struct report_query *q, struct days days,
		 struct report *ret, struct error *err);

void figure_cost(struct writer *w, const struct figure_pair *p);
/*
 * Writes those category_figures that have usage in one of the two reports,
 * which must be by category. OF tells whether to compare. LINK may be NULL.
 */
void figures_by_category(const struct request *rq, struct writer *w, const struct figure_pair *of,
			 const struct report *now, const struct report *before, figure_link *link);
/* Writes the figures of one category with the amounts P. */
void figures_of_category(const struct request *rq, struct writer *w, const struct figure_pair *p,
			 size_t category);

#endif
