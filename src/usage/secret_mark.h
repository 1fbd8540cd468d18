/*
 * secret_mark.h - a ledger in a database server can be used by several hosts,
 * which all need the same secret: with another one, no token works and no page
 * token is valid. A mark of the secret in the ledger tells them apart. Nobody
 * can guess the secret from it.
 */
#ifndef USAGE_SECRET_MARK_H
#define USAGE_SECRET_MARK_H

#include "base/secret.h"
#include "store/store.h"

/*
 * Writes the mark of SECRET in the current write. Does nothing in a ledger that
 * is the file at WHERE.
 */
int secret_mark(struct store *st, const char *where, const unsigned char *secret,
		struct error *err);

/*
 * Fails if the ledger has the mark of another secret. 1 it has this one, 0
 * none, -1 failed.
 */
int secret_mark_compare(struct store *st, const unsigned char *secret, struct error *err);

/*
 * Fails if the ledger at WHERE has the mark of another secret; writes the mark
 * if it has none. ST is open for writing, outside a transaction.
 */
int secret_mark_check(struct store *st, const char *where, const unsigned char *secret,
		      struct error *err);

#endif
