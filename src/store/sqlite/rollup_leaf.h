/*
 * rollup_leaf.h - rollups as bytes: a leaf is a sorted run of entries.
 *
 * Byte 0 is the form. Then each entry, as the difference from the entry before
 * it (before the first: category, series 0 and slot -1):
 *
 *   flags     1, 2, 4, 8: the count, usage, price, upload follows (else 0)
 *             16: the count is 1, and does not follow
 *             32: the slot is the next one, and does not follow
 *             64: the series follows; 128: the category and the series follow
 *   category  how much greater it is
 *   series    how much greater it is; after a category: itself
 *   slot      how much greater it is; after a category or series: itself
 *   amounts   zigzag: 0, -1, 1, -2 ... are 0, 1, 2, 3 ...
 *
 * All numbers are little-endian, 7 bits a byte, with the top bit on all bytes
 * but the last. An amount has up to 98 bits, enough for four billion events of
 * the largest amount. The other numbers have up to 63 bits. The flags have no
 * bit for another amount, so a new amount needs a new form.
 */
#ifndef STORE_ROLLUP_LEAF_H
#define STORE_ROLLUP_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/amounts.h"

enum leaf_form {
	LEAF_DETAIL = 1, /* of a small month: each series and quarter hour */
	LEAF_SUMS = 2    /* of anything else */
};

/*
 * A row of 1,002 bytes or less shares its page with others; this leaves room
 * for the key.
 */
#define LEAF_BYTES 960
/* No entry is longer. */
#define LEAF_ENTRY_BYTES 112

struct rollup_entry {
	int64_t category;
	int64_t series; /* 0: events without dimensions; in sums of categories: all */
	int64_t slot;   /* from the beginning of the leaf's period */
	struct amounts_wide amounts;
};

/* By category, series, slot: below 0, 0 or above, as memcmp. */
int rollup_entry_compare(const struct rollup_entry *a, const struct rollup_entry *b);

/*
 * Writes a leaf to OUT, which has room for LEAF_BYTES: as many of the N entries
 * as fit into MOST bytes, but always the first. Returns the number of written
 * entries; *RET_LEN is the length of the leaf. Entries must ascend, and each
 * must have an amount other than 0.
 */
size_t leaf_write(enum leaf_form form, const struct rollup_entry *entries, size_t n, size_t most,
		  unsigned char *out, size_t *ret_len);

/* A leaf as bytes. */
struct leaf {
	size_t len;
	unsigned char bytes[LEAF_BYTES];
};

struct leaf_addition {
	const struct rollup_entry *entries; /* ascending */
	size_t n;
	/* beyond the leaf's last entry, only the first of ENTRIES is added */
	bool inside;
	size_t taken;              /* set to the number of added entries */
	struct amounts_wide *sums; /* set to the sums of added entries; or NULL */
};

enum leaf_added { LEAF_DAMAGED = -1, LEAF_FULL, LEAF_ADDED };

/*
 * Sets RET to the entries of LEAF with those of A added. Copies the bytes of
 * entries that do not change. Omits entries that become 0. LEAF_FULL: RET would
 * be longer than a leaf. LEAF_DAMAGED: the bytes are no leaf, as far as they
 * were read.
 */
enum leaf_added leaf_add(const struct leaf *leaf, struct leaf_addition *a, struct leaf *ret);

struct leaf_reader {
	const unsigned char *at, *end;
	enum leaf_form form;
	struct rollup_entry entry; /* the one that leaf_next has read */
	unsigned char flags;       /* of the entry */
};

/*
 * The bytes are borrowed by R, which needs no release. False: they are no leaf.
 */
bool leaf_open(struct leaf_reader *r, const void *bytes, size_t len);

/* 1: the next entry, in r->entry; 0: the end; -1: the leaf is damaged. */
int leaf_next(struct leaf_reader *r);

/*
 * The same in two steps: leaf_next_key reads the category, series and slot of
 * the next entry. Then leaf_amounts reads its amounts, or leaf_pass passes over
 * them. False: the leaf is damaged.
 */
int leaf_next_key(struct leaf_reader *r);
bool leaf_amounts(struct leaf_reader *r);
bool leaf_pass(struct leaf_reader *r);

/*
 * Passes entries of the series that was read last, up to one with a slot in
 * [FROM, TO). May stop at an earlier entry, such as a damaged one. Returns the
 * number of entries.
 */
int64_t leaf_skip(struct leaf_reader *r, int64_t from, int64_t to);

#endif
