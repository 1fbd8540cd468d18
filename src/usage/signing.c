#include "usage/signing.h"

#include "store/outbox.h"
#include "base/banned.h"

enum { TOKEN_BYTES = TOKEN_TEXT - 1 };

int signing_find(struct store *st, const unsigned char secret[static SECRET_BYTES], int64_t account,
		 char ret[static TOKEN_TEXT], struct error *err)
{
	struct sealed sealed;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = store_signing(st, account, &arena, &sealed, err);
	if (rc > 0 &&
	    (sealed.len != TOKEN_BYTES + SEAL_BYTES ||
	     !secret_open(secret, account, sealed.bytes, sealed.len, (unsigned char *)ret)))
		rc = error_set(err, ERR_INTERNAL, NULL,
			       "the signing secret was sealed with another ledger.secret_file: use "
			       "that file, or make a new signing secret");
	ret[TOKEN_BYTES] = '\0';
	arena_release(&arena);
	return rc;
}

int signing_renew(struct store *st, const unsigned char secret[static SECRET_BYTES],
		  int64_t account, char ret[static TOKEN_TEXT], struct error *err)
{
	unsigned char bytes[TOKEN_BYTES + SEAL_BYTES];

	token_new(ret);
	secret_seal(secret, account, ret, TOKEN_BYTES, bytes);
	return store_signing_set(st, account, &(struct sealed) { bytes, sizeof(bytes) }, err);
}

int signing_ensure(struct store *st, const unsigned char secret[static SECRET_BYTES],
		   int64_t account, struct error *err)
{
	struct sealed sealed;
	struct arena arena;
	char token[TOKEN_TEXT];
	int rc;

	arena_init(&arena);
	rc = store_signing(st, account, &arena, &sealed, err);
	arena_release(&arena);
	if (rc == 0)
		rc = signing_renew(st, secret, account, token, err);
	secret_wipe(token, sizeof(token));
	return rc < 0 ? -1 : 0;
}
