/*
 * closed_until.h - what a report says when only a part of its range is closed.
 */
#ifndef API_CLOSED_UNTIL_H
#define API_CLOSED_UNTIL_H

#include "api/request.h"

/*
 * If all of the N accounts are closed up to an instant inside [FROM, TO)
 * (seconds), the answer gets the header Usaged-Closed-Until with that instant,
 * and its page a line about it. Before writer_about.
 */
int request_note_closed(struct request *rq, struct writer *w, const int64_t *accounts, size_t n,
			int64_t from, int64_t to, struct error *err);

/* Likewise. */
int request_note_closed_accounts(struct request *rq, struct writer *w,
				 const struct account *accounts, size_t n, int64_t from, int64_t to,
				 struct error *err);

#endif
