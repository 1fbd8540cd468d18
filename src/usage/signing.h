/*
 * signing.h - the signing secret of an account, with which the server signs the
 * callbacks of the account's triggers. The ledger holds it sealed with the
 * server's own secret. A subaccount has a secret of its own.
 */
#ifndef USAGE_SIGNING_H
#define USAGE_SIGNING_H

#include "base/secret.h"
#include "store/store.h"

/*
 * Reads the secret of an account. 1 found; 0: the account has none yet; -1:
 * failed, with ERR_INTERNAL if the server's secret has changed.
 */
int signing_find(struct store *st, const unsigned char secret[static SECRET_BYTES], int64_t account,
		 char ret[static TOKEN_TEXT], struct error *err);

/* Makes the secret of an account, if it has none. In a write. */
int signing_ensure(struct store *st, const unsigned char secret[static SECRET_BYTES],
		   int64_t account, struct error *err);

/* Makes a new secret in place of the present one. In a write. */
int signing_renew(struct store *st, const unsigned char secret[static SECRET_BYTES],
		  int64_t account, char ret[static TOKEN_TEXT], struct error *err);

#endif
