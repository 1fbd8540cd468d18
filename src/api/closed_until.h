/* closed_until.h - marks a report whose range is only partly closed. */
#ifndef API_CLOSED_UNTIL_H
#define API_CLOSED_UNTIL_H

#include "api/request.h"
#include "usage/report.h"

/*
 * If all accounts of Q are closed up to an instant inside its range, sets the
 * header Usaged-Closed-Until to that instant and adds a line to the page. Call
 * request_note_closed before writer_about.
 */
int request_note_closed(struct request *rq, struct writer *w, const struct report_query *q,
			struct error *err);

#endif
