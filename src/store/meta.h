/*
 * meta.h - named numbers about the ledger.
 */
#ifndef STORE_META_H
#define STORE_META_H

#include "store/store.h"

/* Times are in seconds since 1970. */
#define META_VERIFIED    "verified"    /* the last verification */
#define META_DIFFERENCES "differences" /* the problems that it found */
#define META_COMMITTED   "committed"   /* the last commit of events */
#define META_PROBED      "probed"      /* the last test write of the server */

/* 1 found, 0 none (*RET is unchanged), -1 failed */
int store_meta(struct store *st, const char *name, int64_t *ret, struct error *err);
int store_meta_set(struct store *st, const char *name, int64_t value, struct error *err);

#endif
