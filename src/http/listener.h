/*
 * listener.h - the socket that a web server connects to: our own, or an
 * inherited one.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "base/settings.h"

struct listener {
	int fd;
	bool own; /* ours to remove, not inherited */
};

/*
 * Opens settings->socket, or takes descriptor 0 if that is empty. A socket that
 * was left behind is replaced; one that is in use, and a file, isn't: -1.
 */
int listener_open(const struct settings *settings, struct listener *ret, struct error *err);

/*
 * Nobody can connect any more, unless the socket is inherited; another server
 * may take our place.
 */
void listener_end(const struct listener *l, const struct settings *settings);
void listener_close(struct listener *l);

#endif
