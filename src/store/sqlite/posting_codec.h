/*
 * posting_codec.h - the bytes of postings.
 *
 * The postings of an account are stored in leaves, in the order of effective
 * time. A leaf is the byte 2 (the version of the format), followed by its
 * postings. A posting is:
 *
 *   - time since the previous posting (first: since the leaf's first instant),
 *     times 3, plus its unit: 0 second, 1 millisecond, 2 microsecond
 *   - source
 *   - series
 *   - 0, and 16 bytes: its id is a UUID in small letters
 *   - or 1 more than the number of bytes that its id shares with the previous
 *     id (first: 1), the number of further bytes of its id, and these bytes
 *
 * Numbers have 7 bits in each byte, least significant first; the high bit says
 * that more bytes follow. This encoding is compact, because the ids of a sender
 * often begin alike.
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
 * The limit of a leaf: nine rows of this size fill a page. Larger leaves take
 * less room, but an event that is stored alone decodes and writes a whole leaf:
 * with 960 bytes a fifth more work on wide data. Any single posting fits into a
 * leaf.
 */
#define POSTING_LEAF_BYTES 424

/*
 * Encodes a leaf into the empty OUT: postings from the beginning of POSTED, at
 * least one, as long as the leaf has at most MOST bytes. POSTED is in the order
 * of effective time. Postings of one instant are not divided, unless they are
 * too many for one leaf: then a leaf has no others. Returns the number of
 * encoded postings.
 */
size_t posting_pack(struct strbuf *out, const struct posting *posted, size_t n, size_t most);

/* A stored leaf. */
struct posting_leaf {
	int64_t since_us, last_us; /* effective time of its first and last posting */
	const void *bytes;
	size_t len;
};

struct posting_list {
	struct arena *arena;
	struct posting *list;
	size_t n, size;
};

/*
 * Decodes a leaf and appends its postings to RET, in their order. False: the
 * leaf is damaged; nothing is appended.
 */
bool posting_unpack(const struct posting_leaf *leaf, struct posting_list *ret);

#endif
