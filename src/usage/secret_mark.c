#include "usage/secret_mark.h"

#include "store/meta.h"
#include "store/server.h"
#include "base/banned.h"

static int64_t mark_of(const unsigned char *secret)
{
	static const char words[] = "the mark of this secret";
	unsigned char tag[TAG_BYTES];
	int64_t mark = 0;

	tag_make(secret, words, sizeof(words), tag);
	for (int i = 0; i < 7; i++)
		mark = mark << 8 | tag[i];
	return mark;
}

int secret_mark_compare(struct store *st, const unsigned char *secret, struct error *err)
{
	int64_t mark = 0;
	int rc = store_meta(st, META_SECRET, &mark, err);

	if (rc <= 0 || mark == mark_of(secret))
		return rc;
	return error_set(err, ERR_INTERNAL, "ledger.secret_file",
			 "this secret file is not the one of the ledger: copy the secret file of "
			 "the host on which the ledger was made");
}

int secret_mark(struct store *st, const char *where, const unsigned char *secret, struct error *err)
{
	int rc;

	if (store_is_file(where))
		return 0;
	rc = secret_mark_compare(st, secret, err);
	if (rc == 0)
		rc = store_meta_set(st, META_SECRET, mark_of(secret), err);
	return rc < 0 ? -1 : 0;
}

/* Compares again in the write: another process may have written its mark meanwhile. */
static int write_mark(struct store *st, const char *where, const unsigned char *secret,
		      struct error *err)
{
	if (store_begin_write(st, err) < 0)
		return -1;
	if (secret_mark(st, where, secret, err) < 0) {
		store_end(st);
		return -1;
	}
	return store_commit(st, err);
}

int secret_mark_check(struct store *st, const char *where, const unsigned char *secret,
		      struct error *err)
{
	int rc;

	if (store_is_file(where))
		return 0;
	rc = secret_mark_compare(st, secret, err);
	if (rc < 0)
		return -1;
	return rc ? 0 : write_mark(st, where, secret, err);
}
