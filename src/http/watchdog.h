/*
 * watchdog.h - tells the service manager that the server is alive. Without this
 * message, the manager restarts the server. The server is alive if the
 * reception's loop turns, a thread for requests becomes free, and the commit thread
 * finishes its commit, each within WATCHDOG_SECONDS plus twice
 * ledger.busy_timeout_ms. So another program's lock on the ledger alone does
 * not exceed this time.
 */
#ifndef HTTP_WATCHDOG_H
#define HTTP_WATCHDOG_H

#include <stdbool.h>

#include "base/notify.h"
#include "base/settings.h"

enum { WATCHDOG_SECONDS = 30 }; /* plus twice ledger.busy_timeout_ms */

/* The last sign of life of each part, in seconds of a monotonic clock. */
struct watchdog_signs {
	int64_t reception;
	int64_t requests;
	int64_t writer;
};

struct watchdog {
	const struct notify *notify;
	int64_t limit_s;
	int64_t told_us; /* time of the last message */
	bool silent;     /* messages have stopped; the log says why */
};

/* Borrows NOTIFY. NOW_US is the time of a monotonic clock. */
void watchdog_init(struct watchdog *w, const struct settings *settings, const struct notify *notify,
		   int64_t now_us);

/*
 * Checks the signs at NOW_US, and tells the service manager if the server is
 * alive. Call watchdog_look several times in each notify->watchdog_us.
 */
void watchdog_look(struct watchdog *w, const struct watchdog_signs *signs, int64_t now_us);

#endif
