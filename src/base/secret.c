#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/banned.h"

_Static_assert(SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN &&
		       SECRET_BYTES <= crypto_generichash_KEYBYTES_MAX,
	       "the secret is a key of BLAKE2b");

int secret_init(struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "libsodium could not be started: no source of random numbers");
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
				 "%s: others than its owner may use the secret file; chmod 600 it",
				 path);
	if (st.st_size != SECRET_BYTES)
		return error_set(err, ERR_INTERNAL, NULL, "%s: must have %d bytes, has %lld", path,
				 SECRET_BYTES, (long long)st.st_size);
	return 0;
}

int secret_load(const char *path, unsigned char ret[static SECRET_BYTES], struct error *err)
{
	unsigned char secret[SECRET_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_INTERNAL, NULL,
				 "%s: there is no such secret file; \"usaged init\" makes it "
				 "together with the ledger; on a further host, copy the file of "
				 "the first one",
				 path);
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

	if (fd < 0 && errno == EEXIST)
		return error_set(
			err, ERR_CONFLICT, "ledger.secret_file",
			"there is no ledger yet, but a secret file: if no other ledger uses "
			"it, \"usaged init\" was interrupted; remove the file, and run that "
			"again: %s",
			path);
	if (fd < 0)
		return error_system(err, path, errno);
	randombytes_buf(secret, sizeof(secret));
	errno = ENOSPC; /* a short write means a full disk */
	n = write(fd, secret, sizeof(secret));
	if (n != SECRET_BYTES || fsync(fd) < 0)
		rc = error_system(err, path, errno);
	else
		rc = file_sync_folder(path, err);
	if (rc < 0)
		unlink(path);
	sodium_memzero(secret, sizeof(secret));
	close(fd);
	return rc;
}

void secret_random(unsigned char ret[static SECRET_BYTES])
{
	randombytes_buf(ret, SECRET_BYTES);
}

void secret_wipe(void *secret, size_t len)
{
	sodium_memzero(secret, len);
}

void token_new(char ret[static TOKEN_TEXT])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (int i = 0; i < TOKEN_TEXT - 1; i++)
		ret[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	ret[TOKEN_TEXT - 1] = '\0';
}

void sid_new(const char prefix[static 2], char ret[static 35])
{
	/* each request has a SID: one system call makes many */
	static _Thread_local unsigned char random[64][16];
	static _Thread_local size_t left;

	if (!left) {
		randombytes_buf(random, sizeof(random));
		left = sizeof(random) / sizeof(random[0]);
	}
	left--;
	memcpy(ret, prefix, 2);
	sodium_bin2hex(ret + 2, 33, random[left], sizeof(random[left]));
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

/*
 * BLAKE2b with the key and a purpose: hashes of the same data for two purposes
 * are unrelated.
 */
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

void tag_make(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len,
	      unsigned char ret[static TAG_BYTES])
{
	keyed_hash(secret, "usaged signature", data, len, ret, TAG_BYTES);
}

bool tag_check(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len,
	       const unsigned char tag[static TAG_BYTES])
{
	unsigned char right[TAG_BYTES];

	tag_make(secret, data, len, right);
	return sodium_memcmp(right, tag, TAG_BYTES) == 0;
}

/* ---- sealed texts ---- */

_Static_assert(SEAL_BYTES == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
	       "a seal is a nonce and a tag");

static void seal_key(const unsigned char secret[static SECRET_BYTES], int64_t for_,
		     unsigned char ret[static crypto_secretbox_KEYBYTES])
{
	keyed_hash(secret, "usaged seal     ", &for_, sizeof(for_), ret, crypto_secretbox_KEYBYTES);
}

void secret_seal(const unsigned char secret[static SECRET_BYTES], int64_t for_, const void *data,
		 size_t len, unsigned char *ret)
{
	unsigned char key[crypto_secretbox_KEYBYTES];

	seal_key(secret, for_, key);
	randombytes_buf(ret, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(ret + crypto_secretbox_NONCEBYTES, data, len, ret, key);
	sodium_memzero(key, sizeof(key));
}

bool secret_open(const unsigned char secret[static SECRET_BYTES], int64_t for_,
		 const unsigned char *sealed, size_t len, unsigned char *ret)
{
	unsigned char key[crypto_secretbox_KEYBYTES];
	bool ok;

	if (len < SEAL_BYTES)
		return false;
	seal_key(secret, for_, key);
	ok = crypto_secretbox_open_easy(ret, sealed + crypto_secretbox_NONCEBYTES,
					len - crypto_secretbox_NONCEBYTES, sealed, key) == 0;
	sodium_memzero(key, sizeof(key));
	return ok;
}

/* ---- passwords ---- */

_Static_assert(PASSWORD_HASH_TEXT >= crypto_pwhash_STRBYTES, "an Argon2 text fits");

static struct {
	pthread_mutex_t lock;
	pthread_cond_t free;
	int running, waiting_max, waiting[PASSWORD_CLASSES];
	uint64_t networks[PASSWORD_WAITING]; /* of the waiting strangers */
} runs = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .free = PTHREAD_COND_INITIALIZER,
	   .waiting_max = PASSWORD_WAITING };

void password_set_waiting(int n)
{
	pthread_mutex_lock(&runs.lock);
	runs.waiting_max = n < 1 ? 1 : n > PASSWORD_WAITING ? PASSWORD_WAITING : n;
	pthread_mutex_unlock(&runs.lock);
}

/*
 * Must a caller of this class wait? A stranger waits, too, while a known caller
 * waits.
 */
static bool must_wait(enum password_class as)
{
	return runs.running == PASSWORD_RUNS ||
	       (as == PASSWORD_STRANGER && runs.waiting[PASSWORD_KNOWN]);
}

/*
 * The index of NETWORK among the waiting strangers; their number if it is not
 * there.
 */
static int find_network(uint64_t network)
{
	int i = 0;

	while (i < runs.waiting[PASSWORD_STRANGER] && runs.networks[i] != network)
		i++;
	return i;
}

static bool has_place(enum password_class as, uint64_t network)
{
	if (runs.waiting[as] >= runs.waiting_max)
		return false;
	return as == PASSWORD_KNOWN || find_network(network) == runs.waiting[as];
}

static void wait_for_run(enum password_class as, uint64_t network)
{
	if (as == PASSWORD_STRANGER)
		runs.networks[runs.waiting[as]] = network;
	runs.waiting[as]++;
	while (must_wait(as))
		pthread_cond_wait(&runs.free, &runs.lock);
	runs.waiting[as]--;
	if (as == PASSWORD_STRANGER)
		runs.networks[find_network(network)] = runs.networks[runs.waiting[as]];
}

static int begin_run(enum password_class as, uint64_t network, struct error *err)
{
	bool full;

	pthread_mutex_lock(&runs.lock);
	full = must_wait(as) && !has_place(as, network);
	if (!full && must_wait(as))
		wait_for_run(as, network);
	runs.running += !full;
	pthread_mutex_unlock(&runs.lock);
	return full ? error_set(err, ERR_BUSY, NULL,
				"too many passwords are being checked; try again in a moment")
		    : 0;
}

static void end_run(void)
{
	pthread_mutex_lock(&runs.lock);
	runs.running--;
	pthread_cond_broadcast(&runs.free);
	pthread_mutex_unlock(&runs.lock);
}

static int hash_as(enum password_class as, uint64_t network, const char *password, size_t len,
		   char *ret, struct error *err)
{
	int rc;

	if (begin_run(as, network, err) < 0)
		return -1;
	rc = crypto_pwhash_str(ret, password, len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			       crypto_pwhash_MEMLIMIT_INTERACTIVE);
	end_run();
	return rc == 0 ? 0 : error_set(err, ERR_INTERNAL, NULL, "no memory to hash a password");
}

int password_hash(const char *password, size_t len, char ret[static PASSWORD_HASH_TEXT],
		  struct error *err)
{
	return hash_as(PASSWORD_KNOWN, 0, password, len, ret, err);
}

int password_verify_as(enum password_class as, uint64_t network, const char *hash,
		       const char *password, size_t len, struct error *err)
{
	char text[crypto_pwhash_STRBYTES];
	bool right;

	if (!hash)
		return hash_as(as, network, password, len, text, err);
	if (begin_run(as, network, err) < 0)
		return -1;
	errno = 0;
	right = crypto_pwhash_str_verify(hash, password, len) == 0;
	if (!right && errno == ENOMEM)
		error_set(err, ERR_INTERNAL, NULL, "no memory to check a password");
	end_run();
	return right ? 1 : errno == ENOMEM ? -1 : 0;
}

int password_verify(const char *hash, const char *password, size_t len, struct error *err)
{
	return password_verify_as(PASSWORD_KNOWN, 0, hash, password, len, err);
}

void base64url_encode(const void *data, size_t len, char *ret)
{
	sodium_bin2base64(ret, (len * 4 + 2) / 3 + 1, data, len,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64url_decode(const char *text, size_t len, unsigned char *ret, size_t size,
		      size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

bool base64_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0;
}
