/*
 * amounts.h - the amounts that an event has, and sums of them.
 *
 * To add an amount: its member, number and name in AMOUNT_EACH here, its row in
 * amounts.c, its column in a step of store/schema.c, and its field in
 * usage/event.[ch].
 */
#ifndef MODEL_AMOUNTS_H
#define MODEL_AMOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/decimal.h"

enum amount { AMOUNT_COUNT, AMOUNT_USAGE, AMOUNT_PRICE, AMOUNT_UPLOAD, AMOUNTS };

/*
 * DO(arg, name) for each, with commas between: for lists of columns. The names
 * are those of the columns, in the order of enum amount.
 */
#define AMOUNT_EACH(DO, arg) \
	DO(arg, "count") ", " DO(arg, "usage") ", " DO(arg, "price") ", " DO(arg, "upload")

/* By name, or by enum amount. */
#define AMOUNT_MEMBERS(type)                                                                       \
	union {                                                                                    \
		struct {                                                                           \
			type count;                                                                \
			type usage;  /* micro units */                                             \
			type price;  /* nano units of the account's currency */                    \
			type upload; /* of SIM data: the bytes sent; usage is all, in megabytes */ \
		};                                                                                 \
		type n[AMOUNTS];                                                                   \
	}

struct amounts {
	AMOUNT_MEMBERS(int64_t);
};

/* Sums that can't leave their range. */
struct amounts_wide {
	AMOUNT_MEMBERS(wide);
};

struct amount_info {
	const char *name;  /* its column */
	const char *field; /* of an event that would have too much of it */
	int places;        /* decimal places that its unit has */
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
 * Adds A to SUM; or leaves it and returns the field of the amount that would
 * not fit 64 bits. NULL: done.
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

/* SIGN: 1 adds, -1 subtracts. */
static inline void amounts_wide_add(struct amounts_wide *sum, const struct amounts_wide *a,
				    int sign)
{
	for (int i = 0; i < AMOUNTS; i++)
		sum->n[i] += sign * a->n[i];
}

/* Likewise, once. */
static inline void amounts_wide_count(struct amounts_wide *sum, const struct amounts *a)
{
	for (int i = 0; i < AMOUNTS; i++)
		sum->n[i] += a->n[i];
}

/* *RET is A; an amount beyond 64 bits stays at the end of the range: false. */
bool amounts_narrow(const struct amounts_wide *a, struct amounts *ret);

#endif
