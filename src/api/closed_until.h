/* closed_until.h - marks a report whose range is only partly closed. */
#ifndef API_CLOSED_UNTIL_H
#define API_CLOSED_UNTIL_H

#include "api/request.h"

/*
 * If all N accounts are closed up to an instant inside [FROM, TO) (seconds),
 * sets the header Usaged-Closed-Until to that instant and adds a line to the
 * page. Call it before writer_about.
 */
int request_note_closed(struct request *rq, struct writer *w, const int64_t *accounts, size_t n,
			int64_t from, int64_t to, struct error *err);

/* The same for a list of accounts. */
int request_note_closed_accounts(struct request *rq, struct writer *w,
				 const struct account *accounts, size_t n, int64_t from, int64_t to,
				 struct error *err);

#endif
