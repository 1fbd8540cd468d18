/* sims.h - SIMs and fleets as filters of reports, by SID or unique name. */
#ifndef API_SIMS_H
#define API_SIMS_H

#include "api/dimension_filter.h"
#include "api/request.h"

/*
 * For pages: sentences about the SIM and the fleet in FILTER that none of the N
 * accounts knows. *RET has a space before each sentence, and is "" if all are
 * known. In the request's arena.
 */
int sims_unknown_words(const struct request *rq, const struct account *accounts, size_t n,
		       const struct dimension_filter *filter, const char **ret, struct error *err);

#endif
