/*
 * amounts.h - the amounts of an event, and their sums.
 *
 * To add an amount:
 * - here, add a member to AMOUNT_MEMBERS, a number to enum amount and a name to
 *   AMOUNT_EACH;
 * - in amounts.c, add a row;
 * - in a step of store/schema.c, add a column to the table event;
 * - in usage/event.[ch], add a field;
 * - in store/rollup_leaf.[ch], add a form of leaf, since the flags of the
 *   present forms have no bit for another amount;
 * - in store/rollup_migrate.c, list the columns of the older tables, which lack
 *   the new column.
 */
#ifndef MODEL_AMOUNTS_H
#define MODEL_AMOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/decimal.h"

enum amount { AMOUNT_COUNT, AMOUNT_USAGE, AMOUNT_PRICE, AMOUNT_UPLOAD, AMOUNTS };

/*
 * Expands to DO(arg, name) for each amount, separated by commas, for lists of
 * columns. The names are the names of columns, in the order of enum amount.
 */
#define AMOUNT_EACH(DO, arg) \
	DO(arg, "count") ", " DO(arg, "usage") ", " DO(arg, "price") ", " DO(arg, "upload")

/*
 * The amounts as members, and as an array indexed by enum amount. Usage is in
 * millionths of the category's unit, price in billionths of the account's
 * currency. Upload is the bytes that SIM data sent; usage counts all bytes.
 */
#define AMOUNT_MEMBERS(type)                               \
	union {                                            \
		struct {                                   \
			type count;                        \
			type usage;  /* millionths */      \
			type price;  /* billionths */      \
			type upload; /* SIM data: bytes */ \
		};                                         \
		type n[AMOUNTS];                           \
	}

struct amounts {
	AMOUNT_MEMBERS(int64_t);
};

/* Sums of 128 bits, which cannot overflow. */
struct amounts_wide {
	AMOUNT_MEMBERS(wide);
};

struct amount_info {
	const char *name;  /* name of its column */
	const char *field; /* name of the event's field, for errors */
	int places;        /* decimal places of its unit */
};

extern const struct amount_info amount_infos[AMOUNTS];

static inline bool amounts_zero(const struct amounts *a)
{
	for (int i = 0; i < AMOUNTS; i++)
		if (a->n[i])
			return false;
	return true;
}

static inline bool amounts_equal(const struct amounts *a, const struct amounts *b)
{
	for (int i = 0; i < AMOUNTS; i++)
		if (a->n[i] != b->n[i])
			return false;
	return true;
}

static inline struct amounts amounts_negated(const struct amounts *a)
{
	struct amounts ret;

	for (int i = 0; i < AMOUNTS; i++)
		ret.n[i] = -a->n[i];
	return ret;
}

/*
 * Adds A to SUM. Returns NULL. If an amount would exceed 64 bits, leaves SUM
 * unchanged and returns the field of this amount.
 */
static inline const char *amounts_add(struct amounts *sum, const struct amounts *a)
{
	struct amounts new;

	for (int i = 0; i < AMOUNTS; i++)
		if (__builtin_add_overflow(sum->n[i], a->n[i], &new.n[i]))
			return amount_infos[i].field;
	*sum = new;
	return NULL;
}

static inline bool amounts_wide_zero(const struct amounts_wide *a)
{
	for (int i = 0; i < AMOUNTS; i++)
		if (a->n[i])
			return false;
	return true;
}

static inline struct amounts_wide amounts_widen(const struct amounts *a)
{
	struct amounts_wide ret;

	for (int i = 0; i < AMOUNTS; i++)
		ret.n[i] = a->n[i];
	return ret;
}

/* Adds A to SUM (SIGN 1), or subtracts it (SIGN -1). */
static inline void amounts_wide_add(struct amounts_wide *sum, const struct amounts_wide *a,
				    int sign)
{
	for (int i = 0; i < AMOUNTS; i++)
		sum->n[i] += sign < 0 ? -a->n[i] : a->n[i];
}

/* Adds A to SUM. */
static inline void amounts_wide_count(struct amounts_wide *sum, const struct amounts *a)
{
	for (int i = 0; i < AMOUNTS; i++)
		sum->n[i] += a->n[i];
}

/*
 * Converts A to 64 bits. If an amount does not fit, sets it to the nearest
 * limit and returns false.
 */
bool amounts_narrow(const struct amounts_wide *a, struct amounts *ret);

#endif
