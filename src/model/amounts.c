#include "model/amounts.h"

#include "base/banned.h"

const struct amount_info amount_infos[AMOUNTS] = {
	[AMOUNT_COUNT] = { "count", "count", 0 },
	[AMOUNT_USAGE] = { "usage", "usage", USAGE_PLACES },
	[AMOUNT_PRICE] = { "price", "price", PRICE_PLACES },
	[AMOUNT_UPLOAD] = { "upload", "data_upload", 0 },
};

bool amounts_narrow(const struct amounts_wide *a, struct amounts *ret)
{
	bool fits = true;

	for (int i = 0; i < AMOUNTS; i++) {
		wide n = a->n[i];

		ret->n[i] = n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
		fits = fits && ret->n[i] == n;
	}
	return fits;
}
