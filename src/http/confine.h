/*
 * confine.h - the server's sandbox (base/sandbox.h): the files that the server
 * may use while it runs.
 */
#ifndef HTTP_CONFINE_H
#define HTTP_CONFINE_H

#include "base/settings.h"

/*
 * Restricts the process: it may change files in the ledger's folder, or connect
 * to the ledger's server, read templates and time zones, and remove its socket
 * and pid file. Does nothing if
 * settings->sandbox is off. Logs the result. Call confine before starting any
 * thread other than that of callbacks.
 */
void confine(const struct settings *settings);

/*
 * Restricts the calling thread, which sends callbacks: it may do what the other
 * threads may, and connect to receivers.
 */
void confine_sender(const struct settings *settings);

#endif
