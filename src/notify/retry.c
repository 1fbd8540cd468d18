#include "notify/retry.h"

#include "base/civil.h"
#include "base/banned.h"

enum {
	QUICK_RETRIES = 3,
	PAUSE_SEC = 60,
	PAUSE_MAX_SEC = 4 * 3600,
	GIVE_UP_SEC = SEC_PER_DAY,
	GONE = 410 /* the receiver says that it will never be there again */
};

/* The pause after attempt number N, in seconds. */
static int64_t pause_after(int64_t n, int64_t status)
{
	int64_t pause = PAUSE_SEC;

	if (status >= 500 && n <= QUICK_RETRIES)
		return (int64_t)1 << (n - 1);
	for (int64_t i = QUICK_RETRIES + 1; i < n && pause < PAUSE_MAX_SEC; i++)
		pause *= 2;
	return pause < PAUSE_MAX_SEC ? pause : PAUSE_MAX_SEC;
}

void retry_note(struct notice *n, const struct outcome *o, int64_t now_us)
{
	n->attempts++;
	if (o->status >= 200 && o->status < 300) {
		n->state = NOTICE_DELIVERED;
		return;
	}
	n->next_us = now_us + pause_after(n->attempts, o->status) * USEC_PER_SEC;
	if (o->forbidden || o->status == GONE ||
	    n->next_us > n->made_us + GIVE_UP_SEC * USEC_PER_SEC)
		n->state = NOTICE_FAILED;
}
