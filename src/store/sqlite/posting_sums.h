/*
 * posting_sums.h - checksums of the stored postings, to compare them with those
 * of the events.
 */
#ifndef STORE_POSTING_SUMS_H
#define STORE_POSTING_SUMS_H

#include "store/internal.h"

/*
 * A checksum of the postings of one account and hour, independent of their
 * order.
 */
struct posting_sum {
	int64_t account, hour;
	int64_t n;
	uint64_t hash;
	/* a leaf that begins in this hour cannot be decoded, and is left out */
	bool damaged;
};

void posting_sum_add(struct posting_sum *sum, const struct posting *p);

/*
 * Reads the checksums of all hours of ACCOUNTS (NULL: of all accounts), by
 * account and hour. Borrows ACCOUNTS. A store can have one reader at a time.
 */
struct posting_reader;
int posting_reader_new(struct store *st, const struct db_list *accounts,
		       struct posting_reader **ret, struct error *err);
void posting_reader_free(struct posting_reader **r);
/*
 * Sets *RET to the current checksum, NULL at the end. posting_reader_pass moves
 * to the next checksum.
 */
int posting_reader_peek(struct posting_reader *r, const struct posting_sum **ret,
			struct error *err);
void posting_reader_pass(struct posting_reader *r);

#endif
