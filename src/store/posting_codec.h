/*
 * posting_codec.h - postings as bytes: where events take effect, hour by hour.
 *
 * A part is a sequence of runs, each made by one commit: how many references,
 * then for each of them, as numbers of 7 bits a byte, the microseconds since
 * the one before (the first: since the hour began), source, series, how many
 * bytes its id shares with the id before it (the first: none), how many are its
 * own, and those. In the order of their times: the sender's order is nearly
 * that, and ids of a sender often begin alike.
 */
#ifndef STORE_POSTING_CODEC_H
#define STORE_POSTING_CODEC_H

#include "base/civil.h"
#include "base/strbuf.h"
#include "store/store.h"

#define HOUR_US (3600 * USEC_PER_SEC)
/* Only a damaged ledger has hours beyond: their instants have no number. */
#define HOUR_MAX (INT64_MAX / HOUR_US - 1)

/*
 * With these, a part's row doesn't leave its page, where several stand beside
 * each other. Any single reference fits.
 */
#define POSTING_PART_BYTES 960
#define POSTING_RUN_BYTES  (POSTING_PART_BYTES - 2) /* its number is below 2^14 */

void posting_add_number(struct strbuf *out, uint64_t n);

/*
 * Packs the references of HOUR that POSTED, in the order of their times, begins
 * with, as many as fit one run; returns how many. The run's number comes before
 * BODY: posting_add_number.
 */
size_t posting_pack(struct strbuf *body, int64_t hour, const struct posted *posted, size_t n);

/* The references of one hour as they are collected, in ARENA. */
struct posting_list {
	struct arena *arena;
	struct posted *list;
	size_t n, size;
	int64_t from_us; /* the hour's first instant */
};

/* Adds the references of a part of HOUR to RET; false if it is damaged. */
bool posting_unpack(const void *bytes, size_t len, int64_t hour, struct posting_list *ret);

#endif
