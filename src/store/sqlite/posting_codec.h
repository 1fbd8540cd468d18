/*
 * posting_codec.h - the bytes of postings.
 *
 * The postings of an account and hour are stored in parts. A part is a sequence
 * of runs; each commit writes one run or more. A run is the number of its
 * postings, followed by the postings in the order of effective time. A posting
 * is:
 *
 *   - microseconds since the previous posting (first: since the hour begins)
 *   - source
 *   - series
 *   - number of bytes that its id shares with the previous id (first: 0)
 *   - number of further bytes of its id, and these bytes
 *
 * Numbers have 7 bits in each byte, least significant first; the high bit says
 * that more bytes follow. This encoding is compact, because senders mostly send
 * in the order of time, and the ids of a sender often begin alike.
 */
#ifndef STORE_POSTING_CODEC_H
#define STORE_POSTING_CODEC_H

#include "base/civil.h"
#include "base/strbuf.h"
#include "store/store.h"

#define HOUR_US (3600 * USEC_PER_SEC)
/* Later hours have instants beyond 64 bits: only a damaged ledger has them. */
#define HOUR_MAX (INT64_MAX / HOUR_US - 1)

/*
 * Limits of size, so that several parts fit into a database page. Any single
 * posting fits into a part.
 */
#define POSTING_PART_BYTES 960
/* without the 2 bytes for the number of postings */
#define POSTING_RUN_BYTES (POSTING_PART_BYTES - 2)

/* Appends N, 7 bits in each byte. */
void posting_add_number(struct strbuf *out, uint64_t n);

/*
 * Encodes a run of HOUR into BODY: as many postings from the beginning of
 * POSTED as belong to the hour and fit. POSTED is in the order of effective
 * time. Returns the number of encoded postings. BODY does not contain this
 * number: write the number with posting_add_number, then BODY.
 */
size_t posting_pack(struct strbuf *body, int64_t hour, const struct posting *posted, size_t n);

/* Decoded postings of one hour. */
struct posting_list {
	struct arena *arena;
	struct posting *list;
	size_t n, size;
	int64_t from_us; /* beginning of the hour */
};

/*
 * Decodes a part of HOUR and appends its postings to RET. Returns false if the
 * part is damaged.
 */
bool posting_unpack(const void *bytes, size_t len, int64_t hour, struct posting_list *ret);

#endif
