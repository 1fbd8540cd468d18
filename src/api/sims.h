/*
 * sims.h - SIMs and fleets that reports filter by, called by SID or unique
 * name.
 */
#ifndef API_SIMS_H
#define API_SIMS_H

#include "api/request.h"

/*
 * For a page: *RET is a sentence for the SIM, and one for the fleet, of DIM
 * (values to filter by, NULL: any) that none of the N accounts knows, with a
 * space in front; "" if they are known. In the request's arena.
 */
int sims_unknown_words(const struct request *rq, const struct account *accounts, size_t n,
		       const char *const dim[DIMENSIONS], const char **ret, struct error *err);

#endif
