/*
 * listener.h - the socket for web servers: the server's own, or an inherited
 * one.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "base/settings.h"

struct listener {
	int fd;
	bool own; /* the server made the socket and must remove it */
};

/*
 * Opens settings->socket; if this setting is empty, uses descriptor 0. The
 * descriptor is non-blocking. Replaces a stale socket. ERR_CONFLICT
 * "server.socket": another server listens at the path. ERR_PARAM
 * "server.socket": the path is too long, the file at the path is not a socket,
 * or descriptor 0 is not a listening socket. ERR_INTERNAL: a system call
 * failed.
 */
int listener_open(const struct settings *settings, struct listener *ret, struct error *err);

/*
 * Stops listening and removes the socket, so that another server can start;
 * does nothing with an inherited socket. Call listener_close afterwards.
 */
void listener_end(const struct listener *l, const struct settings *settings);
void listener_close(struct listener *l);

#endif
