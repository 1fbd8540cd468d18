/*
 * notify.h - status messages to the service manager (systemd), by the protocol
 * of sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. Without
 * that variable, nothing is sent.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>
#include "base/error.h"

struct notify {
	int fd; /* -1: no socket, send nothing */
	/*
	 * send WATCHDOG=1 at least this often, or be restarted; 0: no watchdog
	 */
	int64_t watchdog_us;
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Returns -1 if the named
 * socket can't be used.
 */
int notify_open(struct notify *n, struct error *err);

/* Sends "READY=1", "STOPPING=1" or "WATCHDOG=1". Failures are ignored. */
void notify_tell(const struct notify *n, const char *text);

void notify_close(struct notify *n);

#endif
