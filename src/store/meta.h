/*
 * meta.h - numbers about the ledger.
 */
#ifndef STORE_META_H
#define STORE_META_H

#include "store/store.h"

#define META_VERIFIED    "verified"    /* when it was verified last, in seconds, */
#define META_DIFFERENCES "differences" /* and what was found */
#define META_COMMITTED   "committed"   /* when events were committed last, in seconds */
#define META_PROBED      "probed" /* when the server last tried whether it can write, in seconds */

/* 1, 0 (*ret is left alone), -1 */
int store_meta(struct store *st, const char *name, int64_t *ret, struct error *err);
int store_meta_set(struct store *st, const char *name, int64_t value, struct error *err);

#endif
