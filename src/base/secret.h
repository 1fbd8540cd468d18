/*
 * secret.h - tokens that can't be guessed, their keyed hashes, signatures of
 * page tokens, passwords (libsodium). No function here writes to the log.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

#define SECRET_BYTES 32
#define TOKEN_TEXT   44 /* 43 of [A-Za-z0-9] (over 256 bits) and a NUL */
#define HASH_BYTES   32
#define TAG_BYTES    16

/* Call it once, before all other functions here. */
int secret_init(struct error *err);

/*
 * Reads the secret, a file of SECRET_BYTES bytes. Fails if other users may read
 * the file (mode & 077) or if its size differs.
 */
int secret_load(const char *path, unsigned char ret[static SECRET_BYTES], struct error *err);
/*
 * Creates the file of a new secret, for a new ledger, mode 0600. ERR_CONFLICT: the
 * file exists.
 */
int secret_create(const char *path, struct error *err);

/*
 * secret_random makes a secret that only this process has. secret_wipe clears
 * one.
 */
void secret_random(unsigned char ret[static SECRET_BYTES]);
void secret_wipe(void *secret, size_t len);

/*
 * A new random token, letters and digits only (twilio-go rejects other
 * characters).
 */
void token_new(char ret[static TOKEN_TEXT]);
/* PREFIX ("AC", "SK") and 32 random hexadecimal digits, NUL-ended: 35 bytes. */
void sid_new(const char prefix[static 2], char ret[static 35]);
/* Is it PREFIX and 32 hexadecimal digits? */
bool sid_valid(const char *prefix, const char *text, size_t len);

/* Keyed BLAKE2b. The ledger stores this hash instead of the token. */
void token_hash(const unsigned char secret[static SECRET_BYTES], const char *token, size_t len,
		unsigned char ret[static HASH_BYTES]);

/*
 * Keyed BLAKE2b with another purpose, so that a signature never serves as a
 * token's hash.
 */
void tag_make(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len,
	      unsigned char ret[static TAG_BYTES]);
bool tag_check(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len,
	       const unsigned char tag[static TAG_BYTES]);

/*
 * Seals LEN bytes with the secret, so that only secret_open with the same
 * secret reads them (XSalsa20-Poly1305). RET has LEN + SEAL_BYTES bytes. FOR
 * names the owner of the text: secret_open must be given the same number.
 */
#define SEAL_BYTES 40
void secret_seal(const unsigned char secret[static SECRET_BYTES], int64_t for_, const void *data,
		 size_t len, unsigned char *ret);
/* LEN counts the sealed bytes. False: not sealed with this secret, or changed. */
bool secret_open(const unsigned char secret[static SECRET_BYTES], int64_t for_,
		 const unsigned char *sealed, size_t len, unsigned char *ret);

enum {
	/* bytes of a stored password hash, with its NUL */
	PASSWORD_HASH_TEXT = 128,
	/* concurrent runs in the process; each takes 64 MiB */
	PASSWORD_RUNS = 2,
	/* default of password_set_waiting */
	PASSWORD_WAITING = 16
};

/*
 * The class of a caller whose password is checked. Known callers have signed in
 * before. A known caller goes before all strangers, and known callers have
 * separate waiting places. All strangers of one network share one waiting
 * place.
 */
enum password_class { PASSWORD_STRANGER, PASSWORD_KNOWN, PASSWORD_CLASSES };

/* Sets how many of each class may wait: 1 to PASSWORD_WAITING. */
void password_set_waiting(int n);

/*
 * Hashes a password for the ledger: Argon2id with a new salt. Hashing and
 * verifying take about a tenth of a second. Both fail with ERR_BUSY if all
 * waiting places are taken, with ERR_INTERNAL if memory is short. Thread-safe.
 */
int password_hash(const char *password, size_t len, char ret[static PASSWORD_HASH_TEXT],
		  struct error *err);
/*
 * Returns 1 if the password is right, 0 if it is wrong, -1 on failure. With
 * HASH NULL the call takes as long and returns 0. password_hash and
 * password_verify are for known callers. NETWORK identifies a stranger's
 * network (throttle_network).
 */
int password_verify_as(enum password_class as, uint64_t network, const char *hash,
		       const char *password, size_t len, struct error *err);
int password_verify(const char *hash, const char *password, size_t len, struct error *err);

/*
 * URL-safe base64 without padding. encode: RET has (len * 4 + 2) / 3 + 1 bytes.
 * decode: false if TEXT is malformed or has more than SIZE bytes.
 */
void base64url_encode(const void *data, size_t len, char *ret);
bool base64url_decode(const char *text, size_t len, unsigned char *ret, size_t size,
		      size_t *ret_len);
/* Ordinary base64 with padding, as in Authorization: Basic. */
bool base64_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len);

#endif
