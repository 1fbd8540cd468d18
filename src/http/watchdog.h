/*
 * watchdog.h - is the server alive? It is while the reception comes round, a
 * light thread of the pool is free now and then, and the writer doesn't stay
 * with one commit: each of them within a time that a ledger which another
 * program holds can't use up. While it is, the service manager is told so,
 * again and again; else it restarts the server.
 */
#ifndef HTTP_WATCHDOG_H
#define HTTP_WATCHDOG_H

#include <stdbool.h>

#include "base/notify.h"
#include "base/settings.h"

enum { WATCHDOG_SECONDS = 30 }; /* and twice ledger.busy_timeout_ms */

/* When each was seen last, in seconds of a clock that never goes back. */
struct watchdog_signs {
	int64_t reception;
	int64_t light_threads;
	int64_t writer;
};

struct watchdog {
	const struct notify *notify;
	int64_t limit_s;
	int64_t told_us; /* when it was told last */
	bool silent;     /* it isn't told any more; the log says why */
};

/* NOTIFY is borrowed. NOW_US is of a clock that never goes back. */
void watchdog_init(struct watchdog *w, const struct settings *settings, const struct notify *notify,
		   int64_t now_us);

/*
 * Tells what is to be told at NOW_US. Call it a few times in each
 * notify->watchdog_us.
 */
void watchdog_look(struct watchdog *w, const struct watchdog_signs *signs, int64_t now_us);

#endif
