/*
 * secret.h - tokens that can't be guessed, their keyed hashes, signatures of page
 * tokens (libsodium). Nothing here ever logs.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

#define SECRET_BYTES 32
#define TOKEN_TEXT   44        /* 43 of [A-Za-z0-9] (over 256 bits) and a NUL */
#define HASH_BYTES   32
#define TAG_BYTES    16

/* Once, before anything else here. */
int secret_init(struct error *err);

/* Reads the file of SECRET_BYTES random bytes; refuses one that others may read (mode & 077) or of another size. */
int secret_load(const char *path, unsigned char ret[static SECRET_BYTES], struct error *err);
/* Makes it, mode 0600; fails if it exists. */
int secret_create(const char *path, struct error *err);

/* A new random token, letters and digits only (twilio-go refuses others). */
void token_new(char ret[static TOKEN_TEXT]);
/* PREFIX ("AC", "SK") and 32 random hexadecimal digits, NUL-ended: 35 bytes. */
void sid_new(const char prefix[static 2], char ret[static 35]);
/* Is it PREFIX and 32 hexadecimal digits? */
bool sid_valid(const char *prefix, const char *text, size_t len);

/* Keyed BLAKE2b: what the ledger keeps of a token. */
void token_hash(const unsigned char secret[static SECRET_BYTES], const char *token, size_t len,
		unsigned char ret[static HASH_BYTES]);

/* Keyed BLAKE2b with another purpose, so that a signature never serves as a token's hash. */
void tag_make(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len, unsigned char ret[static TAG_BYTES]);
bool tag_check(const unsigned char secret[static SECRET_BYTES], const void *data, size_t len, const unsigned char tag[static TAG_BYTES]);

/* URL-safe base64 without padding. encode: RET has (len * 4 + 2) / 3 + 1 bytes. decode: false if TEXT is none; *ret_len <= size. */
void base64url_encode(const void *data, size_t len, char *ret);
bool base64url_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len);
/* Ordinary base64 with padding, as in Authorization: Basic. */
bool base64_decode(const char *text, size_t len, unsigned char *ret, size_t size, size_t *ret_len);

#endif
