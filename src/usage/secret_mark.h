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
 * Fails if the ledger has the mark of another secret; writes the mark if it has
 * none. In a write. Does nothing in a ledger that is the file at WHERE.
 */
int secret_mark(struct store *st, const char *where, const unsigned char *secret,
		struct error *err);

/*
 * Fails if the ledger has the mark of another secret. 1 it has this one, 0
 * none, -1 failed.
 */
int secret_mark_compare(struct store *st, const unsigned char *secret, struct error *err);

/*
 * As secret_mark, outside a transaction: a ledger that has the mark is only
 * read. ST is open for writing.
 */
int secret_mark_check(struct store *st, const char *where, const unsigned char *secret,
		      struct error *err);

#endif
