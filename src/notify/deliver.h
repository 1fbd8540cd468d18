/*
 * deliver.h - the thread that sends the notices of the outbox.
 *
 * At most DELIVER_AT_ONCE requests are in work, DELIVER_FAMILY of one family and
 * DELIVER_ACCOUNT of one account. An account has DELIVER_UNHEARD until its
 * receiver has answered; those whose receiver was silent have DELIVER_SILENT
 * together. So slow receivers hold up only callbacks of their own accounts and
 * families. A notice is sent at least once: if the process ends between an answer
 * and its commit, the notice is sent again.
 *
 * Of all servers of a ledger, the one that has the lease "delivery" sends. It
 * extends the lease while it has work; if it dies, another one takes over after
 * DELIVER_LEASE_US.
 */
#ifndef NOTIFY_DELIVER_H
#define NOTIFY_DELIVER_H

#include "base/settings.h"
#include "usage/commit_thread.h"

enum {
	DELIVER_AT_ONCE = 32,
	DELIVER_SILENT = 16,
	DELIVER_FAMILY = 8,
	DELIVER_ACCOUNT = 4,
	DELIVER_UNHEARD = 2,
	DELIVER_LEASE_US = 10000000
};

struct deliver;

/* Can the certificates be read that the settings name? -1: the error says why not. */
int deliver_check(const struct settings *settings, struct error *err);

/*
 * The file with the certificates by which receivers are verified. NULL: libcurl
 * has no such file.
 */
const char *deliver_ca_file(const struct settings *settings);

/*
 * Starts the thread, which calls ENTER(SETTINGS) to enter its sandbox and then
 * waits for deliver_begin. Call it before the process enters its own sandbox.
 * Borrows SETTINGS and SECRET, the server's secret.
 */
int deliver_new(const struct settings *settings, const unsigned char *secret,
		void (*enter)(const struct settings *settings), struct deliver **ret,
		struct error *err);
/* Begins to send. Borrows COMMITS. */
void deliver_begin(struct deliver *d, struct commit_thread *commits);
/* Ends the thread, and the lease. Requests in work are sent again later. */
void deliver_free(struct deliver **d);

#endif
