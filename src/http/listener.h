/* listener.h - the socket for web servers: our own, or an inherited one. */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "base/settings.h"

struct listener {
	int fd;
	bool own; /* made by us, so we remove it */
};

/*
 * Opens settings->socket; if that is empty, uses descriptor 0. Replaces a stale
 * socket. -1 if the socket is in use, or if the path is a file.
 */
int listener_open(const struct settings *settings, struct listener *ret, struct error *err);

/* Stops listening, unless the socket is inherited; another server can start. */
void listener_end(const struct listener *l, const struct settings *settings);
void listener_close(struct listener *l);

#endif
