/*
 * dimension.h - what usage can be told apart by, beside account and category:
 * each event may have a value of each dimension.
 *
 * To add a dimension: a row at the end of DIMENSION_LIST, and its column of the
 * table series in a step of store/schema.c.
 */
#ifndef MODEL_DIMENSION_H
#define MODEL_DIMENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ROW(DIM_..., column of the table series, field of events, its bytes at most,
 * its description, parameter that filters by it, name in GroupBy, the same in
 * words, the same with how a value is given, what one value and all are called
 * on pages, is a value the same thing in all accounts?)
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

enum dimension { DIMENSION_LIST(DIMENSION_ENUM) DIMENSIONS };

/* What the lines of an answer are: one for each ... */
enum group_by { GROUP_CATEGORY, GROUP_ACCOUNT, GROUP_DIMENSION, GROUP_NONE };

struct dimension_info {
	const char *column;
	const char *field;
	size_t max_bytes;
	const char *doc;
	const char *param, *group, *word, *which, *one, *all;
	bool shared;
};

extern const struct dimension_info dimension_infos[DIMENSIONS];

/* SQL: ", customer, sim, ..."; the same of the table alias s; "0 + s.customer + ..." */
#define DIMENSION_COLUMN(id, column, ...)   ", " column
#define DIMENSION_S_COLUMN(id, column, ...) ", s." column
#define DIMENSION_S_SUM(id, column, ...)    " + s." column
#define DIMENSION_COLUMNS                   DIMENSION_LIST(DIMENSION_COLUMN)
#define DIMENSION_S_COLUMNS                 DIMENSION_LIST(DIMENSION_S_COLUMN)
#define DIMENSION_S_SUMS                    "0" DIMENSION_LIST(DIMENSION_S_SUM)

/* Values by their ids; 0: none, or any. */
static inline bool dimensions_any(const int64_t dim[DIMENSIONS])
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (dim[d])
			return true;
	return false;
}

#endif
