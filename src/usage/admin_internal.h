/*
 * admin_internal.h - what the files of usage/admin.h share.
 */
#ifndef USAGE_ADMIN_INTERNAL_H
#define USAGE_ADMIN_INTERNAL_H

#include "usage/admin.h"

int64_t admin_now(const struct admin *a); /* seconds */

/* Writes an entry of the audit log in A's name. */
int admin_audit(const struct admin *a, const char *action, const char *subject, const char *detail,
		struct error *err);

/* The id of the account SID; ERR_PARAM with PARAM if there is none. */
int admin_account_id(const struct admin *a, const char *param, const char *sid, int64_t *ret,
		     struct error *err);

/*
 * ERR_PARAM unless TEXT has MIN to MAX bytes of UTF-8 without control
 * characters.
 */
int admin_check_text(const char *param, const char *text, size_t min, size_t max,
		     struct error *err);

/* The day (since 1970) of a date such as 2026-11-21. */
int admin_read_day(const char *param, const char *text, int64_t *ret, struct error *err);

#endif
