#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

_Static_assert(SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN && SECRET_BYTES <= crypto_generichash_KEYBYTES_MAX,
	       "the secret is a key of BLAKE2b");

int secret_init(struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, ERR_INTERNAL, NULL, "libsodium could not be started: no source of random numbers");
	return 0;
}

static int check_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_system(err, path, errno);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERR_INTERNAL, NULL, "%s: must be a file", path);
	if (st.st_mode & 077)
		return error_set(err, ERR_INTERNAL, NULL,
				 "%s: others than its owner may use the secret file; chmod 600 it", path);
	if (st.st_size != SECRET_BYTES)
		return error_set(err, ERR_INTERNAL, NULL, "%s: must have %d bytes, has %lld", path, SECRET_BYTES,
				 (long long)st.st_size);
	return 0;
}

int secret_load(const char *path, unsigned char ret[static SECRET_BYTES], struct error *err)
{
	unsigned char secret[SECRET_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	ssize_t n;

	if (fd < 0)
		return error_system(err, path, errno);
	rc = check_file(fd, path, err);
	if (rc == 0) {
		n = read(fd, secret, sizeof(secret));
		if (n < 0)
			rc = error_system(err, path, errno);
		else if (n != SECRET_BYTES)
			rc = error_set(err, ERR_INTERNAL, NULL, "%s: ended early", path);
		else
			memcpy(ret, secret, SECRET_BYTES);
	}
	sodium_memzero(secret, sizeof(secret));
	close(fd);
	return rc;
}

int secret_create(const char *path, struct error *err)
{
	unsigned char secret[SECRET_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = 0;
	ssize_t n;

	if (fd < 0)
		return error_system(err, path, errno);
	randombytes_buf(secret, sizeof(secret));
	errno = ENOSPC;         /* what a short write means */
	n = write(fd, secret, sizeof(secret));
	if (n != SECRET_BYTES || fsync(fd) < 0) {
		rc = error_system(err, path, errno);
		unlink(path);
	}
	sodium_memzero(secret, sizeof(secret));
	close(fd);
	return rc;
}

void token_new(char ret[static TOKEN_TEXT])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (int i = 0; i < TOKEN_TEXT - 1; i++)
		ret[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	ret[TOKEN_TEXT - 1] = '\0';
}

void sid_new(const char prefix[static 2], char ret[static 35])
{
	unsigned char random[16];

	randombytes_buf(random, sizeof(random));
	memcpy(ret, prefix, 2);
	sodium_bin2hex(ret + 2, 33, random, sizeof(random));
}

bool sid_valid(const char *prefix, const char *text, size_t len)
{
	if (len != 34 || memcmp(text, prefix, 2) != 0)
		return false;
	for (size_t i = 2; i < len; i++) {
		char c = text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

/* BLAKE2b that depends on the key and on what it is FOR: equal data of two purposes have nothing in common. */
static void keyed_hash(const unsigned char key[static SECRET_BYTES],
		       const char purpose[static crypto_generichash_blake2b_PERSONALBYTES],
		       const void *data, size_t len, unsigned char *ret, size_t ret_len)
{
	crypto_generichash_blake2b_salt_personal(ret, ret_len, data, len, key, SECRET_BYTES, NULL,
						 (const unsigned char *)purpose);
}

void token_hash(const unsigned char secret[static SECRET_BYTES], const char *token, size_t len,
		unsigned char ret[static HASH_BYTES])
{
	keyed_hash(secret, "usaged token    ", token, len, ret, HASH_BYTES);
}

void tag_make(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len, unsigned char ret[static TAG_BYTES])
{
	keyed_hash(secret, "usaged signature", data, len, ret, TAG_BYTES);
}

bool tag_check(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len, const unsigned char tag[static TAG_BYTES])
{
	unsigned char right[TAG_BYTES];

	tag_make(secret, data, len, right);
	return sodium_memcmp(right, tag, TAG_BYTES) == 0;
}

void base64url_encode(const void *data, size_t len, char *ret)
{
	sodium_bin2base64(ret, (len * 4 + 2) / 3 + 1, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64url_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

bool base64_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}
