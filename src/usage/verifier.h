/*
 * verifier.h - verifies the ledger in the background of a serving process: a
 * thread with its own reading connection, so that no request waits for it. The
 * result is stored in the ledger, as by `usaged verify`.
 */
#ifndef USAGE_VERIFIER_H
#define USAGE_VERIFIER_H

#include "usage/commit_thread.h"

struct verifier;

/* S and T are borrowed until verifier_free. Never NULL. */
struct verifier *verifier_new(const struct settings *s, struct commit_thread *t);

/* Stops a running verification, without a result. */
void verifier_free(struct verifier **v);

/*
 * Starts a verification; NOW (seconds) becomes its time. ERR_CONFLICT while
 * another one runs. Thread-safe.
 */
int verifier_start(struct verifier *v, int64_t now, struct error *err);

struct verifier_status {
	bool running;
	int percent; /* of the events so far, while it runs */
	bool failed; /* the last one of this process ended without a result */
};

/* Thread-safe. */
void verifier_get_status(struct verifier *v, struct verifier_status *ret);

#endif
