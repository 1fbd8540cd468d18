/*
 * certificate_tests.c - the end of a certificate.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "base/certificate.h"
#include "base/civil.h"
#include "fixture.h"
#include "suite.h"
#include "base/banned.h"

/* openssl req -x509 -newkey ed25519 -days 90, and -days 20000 */
static const char SHORT[] = "-----BEGIN CERTIFICATE-----\n"
			    "MIIBODCB66ADAgECAhQYDNurWesBq74fAfSTJsPAbGnuSTAFBgMrZXAwEjEQMA4G\n"
			    "A1UEAwwHZXhhbXBsZTAeFw0yNjExMzAxMzQyMTRaFw0yNzAyMjgxMzQyMTRaMBIx\n"
			    "EDAOBgNVBAMMB2V4YW1wbGUwKjAFBgMrZXADIQDSPHMqrDiv+PGyWeLqHd1tzydt\n"
			    "S0IMj4XZ7DjH3aoVmaNTMFEwHQYDVR0OBBYEFN1psJL//nnrHPz+9hm5kCfQfqpy\n"
			    "MB8GA1UdIwQYMBaAFN1psJL//nnrHPz+9hm5kCfQfqpyMA8GA1UdEwEB/wQFMAMB\n"
			    "Af8wBQYDK2VwA0EAAwi4V5ncNxNZcrbsKsXkE4Tjjqq8mlSFzcVZeYhPlMBQhMCo\n"
			    "kg4s50TLWHTA80TnJwe2XrSJ7wVX89ksoEZ3AA==\n"
			    "-----END CERTIFICATE-----\n";

static const char LONG[] = "-----BEGIN CERTIFICATE-----\n"
			   "MIIBOjCB7aADAgECAhQY2feN2skFcbxV3o8SwyZSmfAFfTAFBgMrZXAwEjEQMA4G\n"
			   "A1UEAwwHZXhhbXBsZTAgFw0yNjExMzAxMzQyMTVaGA8yMDgxMDkwMjEzNDIxNVow\n"
			   "EjEQMA4GA1UEAwwHZXhhbXBsZTAqMAUGAytlcAMhAGpS7Xf9pJeVm64Rc0oR5p2t\n"
			   "9loa9Bijr5Ld7z8O+pzoo1MwUTAdBgNVHQ4EFgQU+Io7E01RUwcV6PrbVugKyNiJ\n"
			   "csIwHwYDVR0jBBgwFoAU+Io7E01RUwcV6PrbVugKyNiJcsIwDwYDVR0TAQH/BAUw\n"
			   "AwEB/zAFBgMrZXADQQCdD8rFFyMBI1tSzThX4rIS7l2uy87WsVM9X7Q4o4wRQtVE\n"
			   "H6d22A2u6HC5oTgbmDaumnbAf8InGS7j57EmMF4E\n"
			   "-----END CERTIFICATE-----\n";

static struct error err;

START_TEST(the_end_is_read)
{
	static const struct {
		const char *name, *text, *end;
	} rows[] = { { "UTCTime", SHORT, "2027-02-28T13:42:14Z" },
		     { "GeneralizedTime", LONG, "2081-09-02T13:42:15Z" } };
	char text[INSTANT_TEXT];
	int64_t end;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i].name);
		OK(certificate_end(rows[i].text, strlen(rows[i].text), &end, &err));
		instant_format(text, end * USEC_PER_SEC);
		ck_assert_str_eq(text, rows[i].end);
	}
}
END_TEST

START_TEST(the_first_certificate_of_a_chain_counts)
{
	char chain[3000];
	int64_t end;

	snprintf(chain, sizeof(chain), "a comment\n%s%s", SHORT, LONG);
	OK(certificate_end(chain, strlen(chain), &end, &err));
	ck_assert_int_eq(end, 1803822134);
}
END_TEST

START_TEST(what_is_no_certificate_is_refused)
{
	static const char *const texts[] = {
		"",
		"-----BEGIN CERTIFICATE-----",
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIMAAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
	};
	int64_t end;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ROW("%zu", i);
		FAILS(certificate_end(texts[i], strlen(texts[i]), &end, &err), ERR_FORMAT, "",
		      "no certificate");
	}
}
END_TEST

/* Cuts and changes must not make it read beyond the text, nor crash. */
START_TEST(no_damage_to_a_certificate_does_harm)
{
	char text[sizeof(SHORT)];
	struct error ignored = { 0 };
	int64_t end;

	for (size_t i = 28; i < sizeof(SHORT) - 30; i++) {
		memcpy(text, SHORT, sizeof(text));
		text[i] = text[i] == 'A' ? '/' : 'A';
		certificate_end(text, strlen(text), &end, &ignored);
		/* the end of the text in the middle of the base 64 */
		memcpy(text + i, SHORT + sizeof(SHORT) - 27, 27);
		certificate_end(text, strlen(text), &end, &ignored);
	}
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	int64_t end;

	FAILS(certificate_file_end("/nonexistent/cert.pem", &end, &err), ERR_INTERNAL, "",
	      "/nonexistent/cert.pem");
}
END_TEST

static Suite *certificate_suite(void)
{
	Suite *s = suite_create("certificate");
	TCase *t = tcase_create("certificate");

	tcase_add_test(t, the_end_is_read);
	tcase_add_test(t, the_first_certificate_of_a_chain_counts);
	tcase_add_test(t, what_is_no_certificate_is_refused);
	tcase_add_test(t, no_damage_to_a_certificate_does_harm);
	tcase_add_test(t, a_file_that_is_not_there_is_named);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return run_suite(certificate_suite());
}
