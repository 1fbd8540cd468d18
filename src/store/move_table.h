/*
 * move_table.h - the tables of a ledger but those of events and sums, as a move
 * copies and compares them.
 */
#ifndef STORE_MOVE_TABLE_H
#define STORE_MOVE_TABLE_H

#include "store/internal.h"

enum move_how {
	MOVE_GROWS,   /* rows are only added, never changed or removed */
	MOVE_CHANGES, /* rows are added and changed, but never removed: others refer to them */
	MOVE_REPLACE  /* copied whole if anything differs */
};

enum {
	MOVE_IDS = 1 << 0,   /* the database makes the ids of rows */
	MOVE_REFERS = 1 << 1 /* refers to the table before, whose rows may be removed */
};

struct move_table {
	const char *name;
	const char *columns; /* those of the key first */
	/*
	 * a letter for each column: n a number, o a number or NULL, t a text, b
	 * bytes
	 */
	const char *kinds;
	int keys; /* columns of the key */
	enum move_how how;
	unsigned flags;
};

/* Rows refer only to rows of tables before theirs. */
extern const struct move_table move_tables[];
extern const size_t move_n_tables;

/* A checksum of rows, independent of their order. */
struct move_sum {
	int64_t n;
	uint64_t hash;
	int64_t light; /* of events: a sum that a database makes as fast as it counts */
};

uint64_t move_hash_number(uint64_t hash, int64_t n);
uint64_t move_hash_bytes(uint64_t hash, const void *bytes, size_t len);
void move_sum_add(struct move_sum *sum, uint64_t row);

/* ERR_CONFLICT: the target is not a copy of this source. Always -1. */
int move_other_copy(struct error *err);

/* In a transaction of ST. */
int move_table_sum(struct store *st, const struct move_table *t, struct move_sum *ret,
		   struct error *err);
/*
 * Makes the rows of TO those of FROM. In a write of TO, and a transaction of FROM.
 * ERR_CONFLICT: TO has rows that FROM does not have and that can't be removed.
 */
int move_tables_copy(struct store *from, struct store *to, struct error *err);

#endif
