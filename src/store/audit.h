/*
 * audit.h - the audit log: each change with its author. Entries are never
 * changed or deleted.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

int store_audit_add(struct store *st, const struct audit *a, struct error *err);

/* Reads entries, newest first. `since` must be 0. */
int store_audits(struct store *st, const struct newest *which, struct arena *arena,
		 struct audit **ret, size_t *ret_n, struct error *err);

#endif
