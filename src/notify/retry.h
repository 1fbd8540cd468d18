/*
 * retry.h - when a notice is sent again (contracts: twilio B.3).
 *
 * After an answer of 5xx it is sent again three times quickly. After that, and
 * after any other failure, the pauses grow from a minute to four hours. It is
 * given up 24 hours after it was made.
 */
#ifndef NOTIFY_RETRY_H
#define NOTIFY_RETRY_H

#include "model/records.h"

enum { RETRY_PAUSE_MAX_SEC = 4 * 3600 }; /* the longest pause */

/* The result of an attempt. */
struct outcome {
	int64_t status; /* HTTP; 0: no answer */
	bool forbidden; /* the receiver's address is not allowed */
};

/* Sets state, attempts and next_us of N after an attempt that ended at NOW_US. */
void retry_note(struct notice *n, const struct outcome *o, int64_t now_us);

#endif
