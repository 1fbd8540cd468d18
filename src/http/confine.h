/*
 * confine.h - the server's sandbox (base/sandbox.h): which files it uses once
 * it is set up.
 */
#ifndef HTTP_CONFINE_H
#define HTTP_CONFINE_H

#include "base/settings.h"

/*
 * Unless settings->sandbox says no: from now on, the process changes files of
 * the ledger's folder alone, reads templates and time zones beside these, and
 * removes its socket and the file with its process number. The log says so.
 * Call it before any thread is started.
 */
void confine(const struct settings *settings);

#endif
