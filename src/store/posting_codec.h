/*
 * posting_codec.h - the bytes of postings.
 *
 * The postings of an account and hour are stored in parts. A part is a sequence
 * of runs; each commit writes one run or more. A run is the number of its
 * postings, followed by the postings in the order of effective time. A posting
 * is:
 *
 *   - microseconds since the posting before it (first: since the hour begins)
 *   - source
 *   - series
 *   - how many bytes its id shares with the id before it (the first: 0)
 *   - how many bytes of its id follow, and these bytes
 *
 * Numbers have 7 bits in each byte, least significant first; the high bit says
 * that more follow. This is compact because senders mostly send in the order of
 * time, and the ids of a sender often begin alike.
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
 * Sizes that keep a part's row inside a database page, together with others.
 * Any single posting fits.
 */
#define POSTING_PART_BYTES 960
/* the number of postings takes 2 bytes */
#define POSTING_RUN_BYTES (POSTING_PART_BYTES - 2)

/* Appends N, 7 bits in each byte. */
void posting_add_number(struct strbuf *out, uint64_t n);

/*
 * Encodes a run of HOUR into BODY: as many of the first postings in POSTED as
 * belong to the hour and fit. POSTED is in the order of effective time. Returns
 * the number of postings. BODY lacks this number: write it with
 * posting_add_number before BODY.
 */
size_t posting_pack(struct strbuf *body, int64_t hour, const struct posting *posted, size_t n);

/* The postings of one hour, as they are decoded. */
struct posting_list {
	struct arena *arena;
	struct posting *list;
	size_t n, size;
	int64_t from_us; /* when the hour begins */
};

/*
 * Decodes a part of HOUR and appends its postings to RET. Returns false if the
 * part is damaged.
 */
bool posting_unpack(const void *bytes, size_t len, int64_t hour, struct posting_list *ret);

#endif
