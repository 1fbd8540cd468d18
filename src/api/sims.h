/* sims.h - SIMs and fleets as filters of reports, by SID or unique name. */
#ifndef API_SIMS_H
#define API_SIMS_H

#include "api/request.h"

/*
 * *RET is a sentence about the SIM and one about the fleet in DIM (filter
 * values; NULL: no filter) that none of the N accounts knows, each after a
 * space; "" if they are known. For pages. In the request's arena.
 */
int sims_unknown_words(const struct request *rq, const struct account *accounts, size_t n,
		       const char *const dim[DIMENSIONS], const char **ret, struct error *err);

#endif
