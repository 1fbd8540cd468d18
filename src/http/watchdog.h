/*
 * watchdog.h - tells the service manager that the server is alive; without
 * that, the manager restarts it. The server is alive if the reception's loop
 * turns, a light thread becomes free, and the commit thread finishes its
 * commit, each within WATCHDOG_SECONDS plus twice ledger.busy_timeout_ms: a
 * program that locks the ledger can't use that up.
 */
#ifndef HTTP_WATCHDOG_H
#define HTTP_WATCHDOG_H

#include <stdbool.h>

#include "base/notify.h"
#include "base/settings.h"

enum { WATCHDOG_SECONDS = 30 }; /* plus twice ledger.busy_timeout_ms */

/* The last sign of each, in seconds of a monotonic clock. */
struct watchdog_signs {
	int64_t reception;
	int64_t light_threads;
	int64_t writer;
};

struct watchdog {
	const struct notify *notify;
	int64_t limit_s;
	int64_t told_us; /* the last time */
	bool silent;     /* it has stopped telling; the log says why */
};

/* NOTIFY is borrowed. NOW_US is of a monotonic clock. */
void watchdog_init(struct watchdog *w, const struct settings *settings, const struct notify *notify,
		   int64_t now_us);

/*
 * Tells the service manager at NOW_US. Call it several times in each
 * notify->watchdog_us.
 */
void watchdog_look(struct watchdog *w, const struct watchdog_signs *signs, int64_t now_us);

#endif
