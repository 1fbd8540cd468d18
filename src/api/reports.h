/*
 * reports.h - what the reports for people share: whose usage, and which days it is compared with.
 */
#ifndef API_REPORTS_H
#define API_REPORTS_H

#include "api/op.h"
#include "usage/report.h"

/* The parameters that report_accounts reads. */
#define ACCOUNT_PARAMS                                                                                                   \
	{ "AccountSid", PT_ACCOUNT, .max = 64, .label = "Account", .doc = "SID of an account; else all that the caller may see" },                 \
	{ "IncludeSubaccounts", PT_BOOL, .def = "true", .doc = "Together with the accounts below", .label = "Subaccounts" },                     \
	{ "Currency", PT_TEXT, .flags = PARAM_RARE, .min = 3, .max = 3, .doc = "Only accounts that are billed in it; else in that of most of them" }

struct report_accounts {
	struct account *accounts;        /* of one currency, in the order of their SIDs */
	size_t n;
	const char *currency;            /* "usd"; "" if there is no account */
	const char *words;               /* "Northwind Voice with 2 subaccounts" */
	const char *left_out;            /* a sentence about other currencies, or "" */
};

/* All of RET is in the call's arena. ERR_PARAM for an account that the caller may not see. */
int report_accounts(const struct call *call, struct report_accounts *ret, struct error *err);

/*
 * The days that FIRST to LAST are compared with: of whole months as many months before, of a month so far the same days of the one
 * before, else as many days just before; or (YEAR) the same days a year earlier.
 */
void report_days_before(struct date first, struct date last, bool year, struct date *ret_first, struct date *ret_last);

/* How much more NOW is than BEFORE, in percent with one place; null if BEFORE is nothing. */
struct decimal report_change(wide now, wide before);

/* PART of WHOLE in percent with one place; null if WHOLE is nothing. */
struct decimal report_share(wide part, wide whole);

#endif
