/*
 * verifier.h - verifies the ledger in the background of a server. The thread
 * has its own reading connection, so that no request waits for it. The result
 * is stored in the ledger, as by `usaged verify`.
 */
#ifndef USAGE_VERIFIER_H
#define USAGE_VERIFIER_H

#include "usage/commit_thread.h"

struct verifier;

/* Borrows S and T until verifier_free. Never returns NULL. */
struct verifier *verifier_new(const struct settings *s, struct commit_thread *t);

/* Stops a running verification, which then has no result. */
void verifier_free(struct verifier **v);

/*
 * Starts a verification with the time NOW (seconds). ERR_CONFLICT: another one
 * is running. Thread-safe.
 */
int verifier_start(struct verifier *v, int64_t now, struct error *err);

struct verifier_status {
	bool running;
	int percent; /* progress of the running verification */
	bool failed; /* the last verification of this process had no result */
};

/* Thread-safe. */
void verifier_get_status(struct verifier *v, struct verifier_status *ret);

#endif
