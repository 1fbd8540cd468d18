/*
 * postings.h - the postings of a batch (references to its new events),
 * collected by account and given to the store account by account.
 */
#ifndef USAGE_POSTINGS_H
#define USAGE_POSTINGS_H

#include "store/store.h"

struct postings;

/* Never NULL. */
struct postings *postings_new(void);
void postings_free(struct postings **p);
void postings_clear(struct postings *p);

/* REF's id is borrowed until postings_clear. Fastest in the order of time. */
void postings_add(struct postings *p, int64_t account, const struct posted *ref);

/* In a write; call postings_clear afterwards, whatever came of it. */
int postings_store(struct postings *p, struct store *st, struct error *err);

#endif
