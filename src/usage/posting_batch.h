/*
 * posting_batch.h - collects the postings of a batch and adds them to the store
 * account by account.
 */
#ifndef USAGE_POSTING_BATCH_H
#define USAGE_POSTING_BATCH_H

#include "store/store.h"

struct posting_batch;

/* Never returns NULL. */
struct posting_batch *posting_batch_new(void);
void posting_batch_free(struct posting_batch **b);
void posting_batch_clear(struct posting_batch *b);

/*
 * Adds a copy of POSTING. The event id of POSTING is borrowed until
 * posting_batch_clear. Fastest if postings come in the order of effective time.
 */
void posting_batch_add(struct posting_batch *b, int64_t account, const struct posting *posting);

/*
 * Adds the postings to ST. Call it in a write, and posting_batch_clear
 * afterwards, also on failure.
 */
int posting_batch_store(struct posting_batch *b, struct store *st, struct error *err);

#endif
