/*
 * notify.h - what a server tells the service manager (systemd) that started it,
 * by the protocol of sd_notify(3): datagrams to the socket that NOTIFY_SOCKET
 * names. Without one, nothing is told.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>
#include "base/error.h"

struct notify {
	int fd; /* -1: nobody listens */
	/*
	 * tell at least as often that all is well, else we are restarted; 0:
	 * needn't
	 */
	int64_t watchdog_us;
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. -1: there is a socket,
 * but it can't be used.
 */
int notify_open(struct notify *n, struct error *err);

/* "READY=1", "STOPPING=1", "WATCHDOG=1". What can't be told is not. */
void notify_tell(const struct notify *n, const char *text);

void notify_close(struct notify *n);

#endif
