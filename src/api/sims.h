/* sims.h - SIMs and fleets as filters of reports, by SID or unique name. */
#ifndef API_SIMS_H
#define API_SIMS_H

#include "api/request.h"

/*
 * For pages: sentences about the SIM and the fleet in DIM (filter values; NULL:
 * no filter) that none of the N accounts knows. *RET has a space before each
 * sentence, and is "" if all are known. In the request's arena.
 */
int sims_unknown_words(const struct request *rq, const struct account *accounts, size_t n,
		       const char *const dim[DIMENSIONS], const char **ret, struct error *err);

#endif
