#include "notify/retry.h"

#include "base/civil.h"
#include "base/banned.h"

enum {
	QUICK_RETRIES = 3,
	PAUSE_SEC = 60,
	PAUSE_MAX_SEC = RETRY_PAUSE_MAX_SEC,
	GIVE_UP_SEC = SEC_PER_DAY,
	GONE = 410 /* the receiver says that it will never be there again */
};

/*
 * The pause after attempt number N, in seconds. The first is PAUSE_SEC; the
 * next ones double, so that each is as long as all before it. The time since
 * the notice was made tells how many there were besides quick retries.
 */
static int64_t pause_after(int64_t n, int64_t status, int64_t since_made_sec)
{
	int64_t pause = PAUSE_SEC;

	if (status >= 500 && n <= QUICK_RETRIES)
		return (int64_t)1 << (n - 1);
	while (n-- > 1 && pause < PAUSE_MAX_SEC && since_made_sec + PAUSE_SEC >= pause * 2)
		pause *= 2;
	return pause < PAUSE_MAX_SEC ? pause : PAUSE_MAX_SEC;
}

void retry_note(struct notice *n, const struct outcome *o, int64_t now_us)
{
	int64_t since_made_sec = (now_us - n->made_us) / USEC_PER_SEC;

	n->attempts++;
	if (o->status >= 200 && o->status < 300) {
		n->state = NOTICE_DELIVERED;
		return;
	}
	n->next_us = now_us + pause_after(n->attempts, o->status, since_made_sec) * USEC_PER_SEC;
	if (o->forbidden || o->status == GONE ||
	    n->next_us > n->made_us + GIVE_UP_SEC * USEC_PER_SEC)
		n->state = NOTICE_FAILED;
}
