/*
 * meta.h - named numbers about the ledger.
 */
#ifndef STORE_META_H
#define STORE_META_H

#include "store/store.h"

/* Times are in seconds since 1970. */
#define META_VERIFIED "verified" /* time of the last verification */
/* time of the last verification of the whole ledger */
#define META_VERIFIED_WHOLE "verified_whole"
/* number of problems found by the last verification */
#define META_DIFFERENCES "differences"
#define META_COMMITTED   "committed" /* time of the last commit of events */
/* number of the last rebuild or write of a backfill, which rebuilds stop for */
#define META_REBUILD "rebuild"
/* begin of the last good backup, and of the last one that failed */
#define META_BACKUP        "backup"
#define META_BACKUP_FAILED "backup_failed"
/* mark of the secret that keys the hashes; see usage/secret_mark.h */
#define META_SECRET "secret"
/*
 * Of a move into this ledger: mark of the source; are sums made? META_REBUILD of the
 * source; were events filed under another series, so that the sums must be made
 * again? a number that tells whether source and target are one ledger.
 */
#define META_MOVING         "moving"
#define META_MOVING_SUMS    "moving_sums"
#define META_MOVING_REBUILD "moving_rebuild"
#define META_MOVING_REFILED "moving_refiled"
#define META_MOVING_APART   "moving_apart"
/* time of the server's last test write */
#define META_PROBED "probed"

/* 1 found, 0 none (*RET is unchanged), -1 failed */
int store_meta(struct store *st, const char *name, int64_t *ret, struct error *err);
int store_meta_set(struct store *st, const char *name, int64_t value, struct error *err);

#endif
