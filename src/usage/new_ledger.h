/*
 * new_ledger.h - makes a ledger with its catalogue of categories, and its secret
 * file: all or nothing.
 */
#ifndef USAGE_NEW_LEDGER_H
#define USAGE_NEW_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct new_ledger {
	const char *where;
	const char *secret_file;
	const char *categories; /* file of the catalogue */
	int64_t busy_timeout_ms;
	bool (*going)(void); /* asked now and then; false: give up */
};

/*
 * Makes the ledger and the secret file. The secret file appears last, before the
 * commit: a process that is killed leaves this file at most, and no ledger.
 * ERR_CONFLICT: there is a ledger or a secret file already, which is unchanged.
 * ERR_PARAM: the secret file has the name of one of the ledger's own files.
 * The secret file stays after a failure if the ledger may have been made; the
 * message says so.
 */
int new_ledger_make(const struct new_ledger *new, size_t *ret_categories, struct error *err);

#endif
