/*
 * dimension.h - dimensions: customer, SIM, fleet, network and country, and
 * those that an operator declares. Each event may have one value of each
 * dimension.
 *
 * An index below DIMENSIONS_BUILT_IN is a built-in dimension, the indexes after
 * it are for declared dimensions (struct declared in records.h). Arrays by
 * dimension have DIMENSIONS elements.
 *
 * To add a built-in dimension: add a row at the end of DIMENSION_LIST, and in a
 * step of store/schema.c a column to the table series.
 */
#ifndef MODEL_DIMENSION_H
#define MODEL_DIMENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ROW(id, column, field, max_bytes, doc, param, group, word, which, one, all,
 * shared): DIM_id is the name in enum dimension; the other arguments are the
 * members of struct dimension_info.
 */
#define DIMENSION_LIST(ROW)                                                               \
	ROW(CUSTOMER, "customer", "customer", 128,                                        \
	    "Customer of the account, by the account's own id", "Customer", "customer",   \
	    "customer", "customer", "Customer", "Customers", false)                       \
	ROW(SIM, "sim", "sim", 64, "SIM that used it", "Sim", "sim", "SIM",               \
	    "SIM: its SID or unique name", "SIM", "SIMs", false)                          \
	ROW(FLEET, "fleet", "fleet", 64, "Fleet of the SIM", "Fleet", "fleet", "fleet",   \
	    "fleet: its SID or unique name", "Fleet", "Fleets", false)                    \
	ROW(NETWORK, "network", "network", 64, "Network that the SIM was in", "Network",  \
	    "network", "network", "network", "Network", "Networks", true)                 \
	ROW(COUNTRY, "country", "iso_country", 2,                                         \
	    "Country that it was used in: ISO 3166-1, two capital letters", "IsoCountry", \
	    "country", "country", "country: two letters", "Country", "Countries", true)

#define DIMENSION_ENUM(id, ...) DIM_##id,

enum dimension { DIMENSION_LIST(DIMENSION_ENUM) DIMENSIONS_BUILT_IN, DIMENSIONS = 16 };

/*
 * The number of a dimension in the ledger. Declared dimensions have numbers of
 * their own, so that a later program may have more built-in dimensions.
 */
enum { DIMENSION_DECLARED_ID = 64 };

static inline int64_t dimension_id(int d)
{
	return d < DIMENSIONS_BUILT_IN ? d : d - DIMENSIONS_BUILT_IN + DIMENSION_DECLARED_ID;
}

/* The dimension with this number; DIMENSIONS: none. */
static inline int dimension_of_id(int64_t id)
{
	if (id >= DIMENSION_DECLARED_ID)
		id -= DIMENSION_DECLARED_ID - DIMENSIONS_BUILT_IN;
	else if (id >= DIMENSIONS_BUILT_IN)
		return DIMENSIONS;
	return id >= 0 && id < DIMENSIONS ? (int)id : DIMENSIONS;
}

enum { DECLARED_MAX = DIMENSIONS - DIMENSIONS_BUILT_IN, DECLARED_VALUE_BYTES = 128 };

/*
 * How rows are grouped: one row for each category, account or value of a
 * dimension, or one row for everything.
 */
enum group_by { GROUP_CATEGORY, GROUP_ACCOUNT, GROUP_DIMENSION, GROUP_NONE };

struct dimension_info {
	const char *column; /* name of the column in the table series; NULL: declared */
	const char *field;  /* name of the event's field, or of its attribute */
	size_t max_bytes;   /* limit of a value */
	const char *doc;
	/* the parameter that filters by the dimension; NULL: declared */
	const char *param;
	const char *group;     /* name in GroupBy */
	const char *word;      /* name in sentences */
	const char *which;     /* name in sentences, with the form of a value */
	const char *one, *all; /* headings of pages: one value, all values */
	bool shared;           /* a value means the same in all accounts */
};

extern const struct dimension_info dimension_infos[DIMENSIONS_BUILT_IN];

/*
 * SQL: ", customer, sim ..."; ", s.customer, s.sim ..."; "0 + s.customer ..."
 */
#define DIMENSION_COLUMN(id, column, ...)   ", " column
#define DIMENSION_S_COLUMN(id, column, ...) ", s." column
#define DIMENSION_S_SUM(id, column, ...)    " + s." column
#define DIMENSION_COLUMNS                   DIMENSION_LIST(DIMENSION_COLUMN)
#define DIMENSION_S_COLUMNS                 DIMENSION_LIST(DIMENSION_S_COLUMN)
#define DIMENSION_S_SUMS                    "0" DIMENSION_LIST(DIMENSION_S_SUM)

/* Does any dimension have a value? DIM holds ids of values; 0: none. */
static inline bool dimensions_any(const int64_t dim[DIMENSIONS])
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (dim[d])
			return true;
	return false;
}

#endif
