/*
 * admin_internal.h - functions shared by the files of usage/admin.h.
 */
#ifndef USAGE_ADMIN_INTERNAL_H
#define USAGE_ADMIN_INTERNAL_H

#include "usage/admin.h"

int64_t admin_now(const struct admin *a); /* seconds */

/* Adds an entry to the audit log, with the author a->author. */
int admin_audit(const struct admin *a, const char *action, const char *subject, const char *detail,
		struct error *err);

/* Finds the id of the account SID. ERR_PARAM with PARAM: no such account. */
int admin_account_id(const struct admin *a, const char *param, const char *sid, int64_t *ret,
		     struct error *err);

/*
 * Fails with ERR_PARAM unless TEXT has MIN to MAX bytes of UTF-8 without
 * control characters.
 */
int admin_check_text(const char *param, const char *text, size_t min, size_t max,
		     struct error *err);

/* Reads a date such as 2026-11-21 as a day since 1970. */
int admin_read_day(const char *param, const char *text, int64_t *ret, struct error *err);

#endif
