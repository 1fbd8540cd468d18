/*
 * audit.h - who changed what: a list that only grows.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

int store_audit_add(struct store *st, const struct audit *a, struct error *err);

/* Newest first; `since` is 0. */
int store_audits(struct store *st, const struct newest *which, struct arena *arena,
		 struct audit **ret, size_t *ret_n, struct error *err);

#endif
