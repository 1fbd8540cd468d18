/*
 * secret_tests.c - secrets, tokens, hashes, passwords.
 */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include "base/error.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "folder.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- secret ---- */

START_TEST(a_secret_file_is_made_once_and_for_its_owner_alone)
{
	unsigned char secret[SECRET_BYTES], zero[SECRET_BYTES] = { 0 };
	struct error err = { 0 };
	struct stat st;

	ck_assert_int_eq(secret_create(in_folder("secret"), &err), 0);
	ck_assert_int_eq(stat(in_folder("secret"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, SECRET_BYTES);
	memset(secret, 0, sizeof(secret));
	ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), 0);
	ck_assert_int_ne(memcmp(secret, zero, sizeof(secret)), 0);
	ck_assert_int_eq(secret_create(in_folder("secret"), &err), -1);
	ck_assert_msg(strstr(err.message, "remove the file, and run that again: /tmp/") != NULL,
		      "%s", err.message);
}
END_TEST

START_TEST(a_secret_file_that_others_may_use_is_refused)
{
	unsigned char secret[SECRET_BYTES];
	struct error err = { 0 };

	ck_assert_int_eq(secret_create(in_folder("secret"), &err), 0);
	for (int bit = 1; bit < 0100; bit <<= 1) {
		error_clear(&err);
		ck_assert_int_eq(chmod(in_folder("secret"), (mode_t)(0600 | bit)), 0);
		ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), -1);
		ck_assert_msg(strstr(err.message, "chmod 600") != NULL, "%s", err.message);
	}
	error_clear(&err);
	ck_assert_int_eq(chmod(in_folder("secret"), 0400), 0);
	ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), 0);
}
END_TEST

START_TEST(a_secret_file_of_another_size_is_refused)
{
	static const char text[40] = "x";
	unsigned char secret[SECRET_BYTES] = { 9 };
	struct error err = { 0 };

	for (size_t len = 0; len <= sizeof(text); len++) {
		write_file(in_folder("secret"), text, len);
		ck_assert_int_eq(chmod(in_folder("secret"), 0600), 0);
		if (len == SECRET_BYTES)
			continue;
		error_clear(&err);
		ck_assert_int_eq(secret_load(in_folder("secret"), secret, &err), -1);
		ck_assert_msg(strstr(err.message, "must have 32 bytes") != NULL, "%s", err.message);
		ck_assert_uint_eq(secret[0], 9);
	}
	error_clear(&err);
	ck_assert_int_eq(secret_load(in_folder("none"), secret, &err), -1);
	ck_assert_msg(strstr(err.message, "usaged init") != NULL, "%s", err.message);
	error_clear(&err);
	ck_assert_int_eq(secret_load(folder, secret, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERNAL);
}
END_TEST

START_TEST(tokens_are_letters_and_digits_and_never_the_same)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char token[TOKEN_TEXT], other[TOKEN_TEXT];
	bool seen[256] = { false };

	for (int i = 0; i < 200; i++) {
		token_new(token);
		token_new(other);
		ck_assert_uint_eq(strlen(token), TOKEN_TEXT - 1);
		ck_assert_uint_eq(strspn(token, letters), TOKEN_TEXT - 1);
		ck_assert_str_ne(token, other);
		for (const char *p = token; *p; p++)
			seen[(unsigned char)*p] = true;
	}
	for (const char *p = letters; *p; p++)
		ck_assert_msg(seen[(unsigned char)*p], "%c is never used", *p);
}
END_TEST

START_TEST(sids_are_a_prefix_and_32_hexadecimal_digits)
{
	char sid[35], other[35];

	sid_new("AC", sid);
	sid_new("AC", other);
	ck_assert_uint_eq(strlen(sid), 34);
	ck_assert_str_ne(sid, other);
	ck_assert(sid_valid("AC", sid, 34));
	ck_assert(!sid_valid("SK", sid, 34));
	ck_assert(!sid_valid("AC", sid, 33));
	ck_assert(sid_valid("AC", TEXT("AC0123456789abcdefABCDEF0123456789")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF012345678g")));
	ck_assert(!sid_valid("AC", TEXT("ac0123456789abcdefABCDEF0123456789")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF01234567890")));
	ck_assert(!sid_valid("AC", TEXT("AC0123456789abcdefABCDEF012345678\0")));
	ck_assert(!sid_valid("AC", "", 0));
}
END_TEST

START_TEST(a_hash_depends_on_token_key_and_purpose)
{
	unsigned char key[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 };
	unsigned char hash[HASH_BYTES], again[HASH_BYTES], tag[TAG_BYTES];

	token_hash(key, TEXT("token"), hash);
	token_hash(key, TEXT("token"), again);
	ck_assert_mem_eq(hash, again, HASH_BYTES);
	token_hash(key, TEXT("tokem"), again);
	ck_assert_mem_ne(hash, again, HASH_BYTES);
	token_hash(other, TEXT("token"), again);
	ck_assert_mem_ne(hash, again, HASH_BYTES);
	tag_make(key, TEXT("token"), tag);
	ck_assert_mem_ne(hash, tag, TAG_BYTES);
}
END_TEST

START_TEST(a_changed_byte_or_key_breaks_a_signature)
{
	unsigned char key[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 }, tag[TAG_BYTES];
	char data[] = "page 2 of usage";

	tag_make(key, data, sizeof(data), tag);
	ck_assert(tag_check(key, data, sizeof(data), tag));
	ck_assert(!tag_check(other, data, sizeof(data), tag));
	ck_assert(!tag_check(key, data, sizeof(data) - 1, tag));
	for (size_t i = 0; i < sizeof(data); i++) {
		ROW("byte %zu", i);
		data[i] ^= 1;
		ck_assert(!tag_check(key, data, sizeof(data), tag));
		data[i] ^= 1;
	}
	for (size_t i = 0; i < TAG_BYTES; i++) {
		tag[i] ^= 0x80;
		ck_assert(!tag_check(key, data, sizeof(data), tag));
		tag[i] ^= 0x80;
	}
}
END_TEST

START_TEST(base64_of_any_length_goes_there_and_back)
{
	unsigned char data[64], back[64];
	char text[128];
	size_t len, back_len;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + 250);
	for (len = 0; len <= sizeof(data); len++) {
		memset(text, 'x', sizeof(text));
		base64url_encode(data, len, text);
		ck_assert_uint_eq(strlen(text), (len * 4 + 2) / 3);
		ck_assert_ptr_null(strpbrk(text, "+/="));
		ck_assert(base64url_decode(text, strlen(text), back, len, &back_len));
		ck_assert_uint_eq(back_len, len);
		ck_assert_int_eq(memcmp(data, back, len), 0);
		if (len > 0)
			ck_assert(!base64url_decode(text, strlen(text), back, len - 1, &back_len));
	}
}
END_TEST

START_TEST(base64_that_is_none_is_refused)
{
	unsigned char back[16];
	size_t len;

	ck_assert(base64_decode(TEXT("dXNlcjpwYXNz"), back, sizeof(back), &len));
	ck_assert_uint_eq(len, 9);
	ck_assert_mem_eq(back, "user:pass", 9);
	ck_assert(base64_decode(TEXT("dTpw/w=="), back, sizeof(back), &len));
	ck_assert_uint_eq(len, 4);
	ck_assert(!base64_decode(TEXT("dTpw/w"), back, sizeof(back), &len));
	/* bits beyond the data */
	ck_assert(!base64_decode(TEXT("dTpw/x=="), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTpw\nw=="), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTp\0"), back, sizeof(back), &len));
	ck_assert(!base64_decode(TEXT("dTpw/w==dTpw"), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("dTpw/w"), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("dTpw_w=="), back, sizeof(back), &len));
	ck_assert(!base64url_decode(TEXT("d"), back, sizeof(back), &len));
}
END_TEST

/* ---- passwords ---- */

START_TEST(a_password_is_known_by_its_hash_alone)
{
	char hash[PASSWORD_HASH_TEXT], other[PASSWORD_HASH_TEXT];
	struct error err = { 0 };

	ck_assert_int_eq(password_hash("correct horse", 13, hash, &err), 0);
	ck_assert_int_eq(password_hash("correct horse", 13, other, &err), 0);
	ck_assert_ptr_nonnull(strstr(hash, "$argon2id$"));
	ck_assert_str_ne(hash, other);
	ck_assert_int_eq(password_verify(hash, "correct horse", 13, &err), 1);
	ck_assert_int_eq(password_verify(hash, "correct horsf", 13, &err), 0);
	ck_assert_int_eq(password_verify(hash, "correct hors", 12, &err), 0);
	ck_assert_int_eq(password_verify(hash, "", 0, &err), 0);
	ck_assert_int_eq(password_verify("nonsense", "correct horse", 13, &err), 0);
	ck_assert_int_eq(password_verify(NULL, "correct horse", 13, &err), 0);
}
END_TEST

START_TEST(sealed_text_opens_with_its_secret_and_number_only)
{
	static const unsigned char secret[SECRET_BYTES] = { 1 }, other[SECRET_BYTES] = { 2 };
	unsigned char sealed[5 + SEAL_BYTES], again[5 + SEAL_BYTES], text[5];

	secret_seal(secret, 7, "hello", 5, sealed);
	secret_seal(secret, 7, "hello", 5, again);
	ck_assert_int_ne(memcmp(sealed, again, sizeof(sealed)), 0);
	ck_assert(secret_open(secret, 7, sealed, sizeof(sealed), text));
	ck_assert_int_eq(memcmp(text, "hello", 5), 0);
	ck_assert(!secret_open(other, 7, sealed, sizeof(sealed), text));
	ck_assert(!secret_open(secret, 8, sealed, sizeof(sealed), text));
	ck_assert(!secret_open(secret, 7, sealed, SEAL_BYTES - 1, text));
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		ck_assert(!secret_open(secret, 7, sealed, sizeof(sealed), text));
		sealed[i] ^= 1;
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("secret");
	TCase *tc = tcase_create("secret");

	tcase_add_checked_fixture(tc, start_secrets, remove_folder);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_secret_file_is_made_once_and_for_its_owner_alone);
	tcase_add_test(tc, a_secret_file_that_others_may_use_is_refused);
	tcase_add_test(tc, a_secret_file_of_another_size_is_refused);
	tcase_add_test(tc, tokens_are_letters_and_digits_and_never_the_same);
	tcase_add_test(tc, sids_are_a_prefix_and_32_hexadecimal_digits);
	tcase_add_test(tc, a_hash_depends_on_token_key_and_purpose);
	tcase_add_test(tc, a_changed_byte_or_key_breaks_a_signature);
	tcase_add_test(tc, base64_of_any_length_goes_there_and_back);
	tcase_add_test(tc, base64_that_is_none_is_refused);
	tcase_add_test(tc, a_password_is_known_by_its_hash_alone);
	tcase_add_test(tc, sealed_text_opens_with_its_secret_and_number_only);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
