/* create.h - makes a new ledger, whole or not at all. */
#ifndef STORE_CREATE_H
#define STORE_CREATE_H

#include <stdbool.h>
#include "store/store.h"

struct store_creation {
	const char *where;
	int64_t busy_timeout_ms;
	/*
	 * Writes what the ledger begins with, in the write that makes its tables. It is
	 * called when there is no ledger, and nobody else is making one.
	 */
	int (*fill)(void *arg, struct store *st, struct error *err);
	bool (*going)(void *arg); /* asked now and then before FILL; false: give up */
	void *arg;
};

/*
 * Makes a ledger. ERR_CONFLICT: there is one already, or a file, or another
 * process is making one: then nothing was changed, nor after any other failure.
 * But ERR_BUSY after FILL: a database server went away, and it is not known
 * whether the ledger was made.
 */
int store_create(const struct store_creation *c, struct error *err);

#endif
