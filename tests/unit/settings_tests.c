/*
 * settings_tests.c - the settings file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/error.h"
#include "base/log.h"
#include "base/inifile.h"
#include "base/settings.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "folder.h"
#include "suite.h"
#include "base/banned.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* ---- files of a test ---- */

static char *print_settings(const struct settings *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(f);
	settings_print(s, f);
	fclose(f);
	return text;
}

/* ---- settings ---- */

START_TEST(defaults_stand_without_a_file)
{
	struct error err = { 0 };
	struct settings *s = NULL;

	ck_assert_int_eq(settings_load(NULL, &s, &err), 0);
	ck_assert_str_eq(s->database, "/var/lib/usaged/usage.db");
	ck_assert_str_eq(s->secret_file, "/var/lib/usaged/secret");
	ck_assert_int_eq(s->busy_timeout_ms, 10000);
	ck_assert_int_eq(s->ahead_seconds, 300);
	ck_assert_str_eq(s->name, "usaged");
	ck_assert_str_eq(s->base_url, "");
	ck_assert_str_eq(s->socket, "/run/usaged/usaged.sock");
	ck_assert_str_eq(s->socket_mode, "0660");
	ck_assert_str_eq(s->pid_file, "");
	ck_assert_int_eq(s->threads, 96);
	ck_assert_int_eq(s->backlog, 511);
	ck_assert_int_eq(s->max_body_bytes, 8 << 20);
	ck_assert_int_eq(s->drain_seconds, 20);
	ck_assert_str_eq(s->log_level, "info");
	ck_assert_str_eq(s->templates, USAGED_DATADIR "/templates");
	ck_assert(!s->price_as_string);
	settings_free(&s);
	ck_assert_ptr_null(s);
	settings_free(&s);
}
END_TEST

START_TEST(a_file_overrides_and_its_relative_paths_start_at_its_folder)
{
	static const char text[] = "\xef\xbb\xbf# a comment\r\n"
				   "; another\n"
				   "[ledger]\n"
				   "database = usage.db\n"
				   "secret_file=/elsewhere/se:cret ;1\n"
				   "  ; a comment\n"
				   "\n"
				   "[server]\n"
				   "  threads = 8\n"
				   "\tname = My \xc3\xa9tat\n"
				   "base_url = https://usage.example.org:8443\n"
				   "socket =\n"
				   "log_level = debug\n"
				   "[twilio]\n"
				   "price_as_string = on\n";
	struct error err = { 0 };
	struct settings *s = NULL;
	char want[128];

	write_file(in_folder("a.conf"), TEXT(text));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	snprintf(want, sizeof(want), "%s/usage.db", folder);
	ck_assert_str_eq(s->database, want);
	ck_assert_str_eq(s->secret_file, "/elsewhere/se:cret ;1");
	ck_assert_int_eq(s->threads, 8);
	ck_assert_str_eq(s->name, "My \xc3\xa9tat");
	ck_assert_str_eq(s->base_url, "https://usage.example.org:8443");
	ck_assert_str_eq(s->socket, "");
	ck_assert_str_eq(s->log_level, "debug");
	ck_assert(s->price_as_string);
	ck_assert_int_eq(s->backlog, 511);
	settings_free(&s);
}
END_TEST

START_TEST(an_address_of_a_database_is_no_path)
{
	static const char *const addresses[] = { "postgresql:///usage?host=/run/postgresql",
						 "postgres://me@[::1]:5433/usage?passfile=/a/b",
						 "postgresql://me@db:5432/us@ge", "postgresql://" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct error err = { 0 };
		struct settings *s = NULL;
		char text[128];

		snprintf(text, sizeof(text), "[ledger]\ndatabase = %s\n", addresses[i]);
		write_file(in_folder("d.conf"), text, strlen(text));
		ck_assert_msg(settings_load(in_folder("d.conf"), &s, &err) == 0, "%s", err.message);
		ck_assert_str_eq(s->database, addresses[i]);
		ck_assert(s->prepared);
		ck_assert_int_eq(s->connections, 10);
		settings_free(&s);
	}
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *param, *part; /* what the error names, and says */
} bad_settings[] = {
	{ "[ledger]\ndatabase = postgresql://me:word@host/usage\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = postgresql://me:wo/rd@host/usage\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = postgresql://me:wo?rd@host/usage\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = POSTGRESQL://me:word@host/usage\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = host=db Password=word\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = postgresql://host/usage?pass%77ord=word\n", 2, "ledger.database",
	  "without a password" },
	{ "[ledger]\ndatabase = postgresql:///usage?sslpassword=word\n", 2, "ledger.database",
	  "password file" },
	{ "[ledger]\ndatabase = postgresql:/me:word@host/usage\n", 2, "ledger.database",
	  "such as postgresql://" },
	{ "[ledger]\ndatabase = Postgres:me:word@host/usage\n", 2, "ledger.database",
	  "such as postgresql://" },
	{ "[ledger]\ndatabase = postgresql:/me:word@host/usage?host=x://y\n", 2, "ledger.database",
	  "such as postgresql://" },
	{ "[ledger]\nconnections = 0\n", 2, "ledger.connections", "from 1 to 1000" },
	{ "[server]\nthreads = 0\n", 2, "server.threads", "from 1 to 1024" },
	{ "[server]\nthreads = 1025\n", 2, "server.threads", "from 1 to 1024" },
	{ "[server]\nthreads = many\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads = 1.5\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads =\n", 2, "server.threads", "whole number" },
	{ "[server]\nthreads = 99999999999999999999\n", 2, "server.threads", "whole number" },
	{ "[server]\nmax_body_bytes = -1\n", 2, "server.max_body_bytes", "from 1024" },
	{ "[server]\n\nthreads = 5\nthreads = 6\n", 4, "server.threads", "second time" },
	{ "[server]\nthreds = 5\n", 2, "server.threds", "no such setting" },
	{ "[sever]\nthreads = 5\n", 2, "sever.threads", "no section [sever]" },
	{ "[ledger]\nthreads = 5\n", 2, "ledger.threads", "no such setting" },
	{ "threads = 5\n", 1, "threads", "below its [section]" },
	{ "[server]\n# good\nwhat is this\n", 3, "", "name = value" },
	{ "[server\n", 1, "", "name = value" },
	{ "[server]\nthreads: 8\n", 2, "", "name = value" },
	{ "[server]\nthreads = 8 ; many\n", 2, "server.threads", "whole number" },
	{ "[server] ; mine\nthreads = 8\n", 1, "", "nothing may follow the ]" },
	{ "[server]\n= 8\n", 2, "", "a name must stand before" },
	{ "[server]\nname = a\x01z\n", 2, "", "control character" },
	{ "[server]\nname = \"usage\n[server]\nna:me = 1\n", 4, "server.na:me", "no such setting" },
	{ "[server]\nlog_level = loud\n", 2, "server.log_level", "error, warning, info or debug" },
	{ "[server]\nsocket_mode = 0888\n", 2, "server.socket_mode", "octal" },
	{ "[server]\nsocket_mode = 1777\n", 2, "server.socket_mode", "octal" },
	{ "[server]\nbase_url = https://a.example/\n", 2, "server.base_url", "without a slash" },
	{ "[server]\nbase_url = ftp://a.example\n", 2, "server.base_url", "http" },
	{ "[metrics]\naddresses = localhost\n", 2, "metrics.addresses", "IP addresses such as" },
	{ "[metrics]\naddresses = 192.0.2.7/24\n", 2, "metrics.addresses", "IP addresses such as" },
	{ "[metrics]\naddresses = 192.0.2.7,192.0.2.8\n", 2, "metrics.addresses",
	  "separated by spaces" },
	{ "[metrics]\nrole = admin\n", 2, "metrics.role", "SystemAdministrator" },
	{ "[server]\ncors_origins = *\n", 2, "server.cors_origins", "origins such as" },
	{ "[server]\ncors_origins = https://a.example/\n", 2, "server.cors_origins",
	  "without a path" },
	{ "[server]\ncors_origins = https://a.example null\n", 2, "server.cors_origins",
	  "origins such as" },
	{ "[server]\ncors_origins = https://A.example\n", 2, "server.cors_origins", "lower case" },
	{ "[server]\nname =\n", 2, "server.name", "1 to 60 bytes" },
	{ "[server]\nname = bad \xff byte\n", 2, "server.name", "UTF-8" },
	{ "[ledger]\ndatabase = host=db dbname=usaged\n", 2, "ledger.database",
	  "such as postgresql://" },
	{ "[ledger]\ndatabase = dbname = usaged\n", 2, "ledger.database", "such as postgresql://" },
	{ "[ledger]\ndatabase =\n", 2, "ledger.database", "bytes" },
	{ "[ledger]\nbusy_timeout_ms = 600001\n", 2, "ledger.busy_timeout_ms", "to 600000" },
	{ "[twilio]\nprice_as_string = maybe\n", 2, "twilio.price_as_string", "yes or no" },
};

START_TEST(a_bad_setting_is_refused_by_file_line_and_name)
{
	struct error err = { 0 };
	struct settings *s = NULL;
	char start[160];

	write_file(in_folder("a.conf"), bad_settings[_i].text, strlen(bad_settings[_i].text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.kind, ERR_PARAM);
	ck_assert_str_eq(err.param, bad_settings[_i].param);
	snprintf(start, sizeof(start), "%s:%d: %s", in_folder("a.conf"), bad_settings[_i].line,
		 bad_settings[_i].param);
	ck_assert_msg(strncmp(err.message, start, strlen(start)) == 0, "%s", err.message);
	ck_assert_msg(strstr(err.message, bad_settings[_i].part) != NULL, "%s", err.message);
	/* the password of those that have one */
	ck_assert_msg(!strstr(err.message, "me:w"), "%s", err.message);
}
END_TEST

START_TEST(a_line_that_is_too_long_or_no_text_is_refused)
{
	struct error err = { 0 };
	struct settings *s = NULL;
	char text[1000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "[server]\nname = ", 16);
	text[sizeof(text) - 1] = '\n';
	write_file(in_folder("a.conf"), text, sizeof(text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf:2: the line is too long") != NULL, "%s",
		      err.message);
	error_clear(&err);
	write_file(in_folder("a.conf"), TEXT("[server]\nname = a\0b\n"));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf:2: holds a NUL byte") != NULL, "%s", err.message);
	/* A comment may be as long as it likes. */
	error_clear(&err);
	text[0] = '#';
	text[8] = ' ';
	write_file(in_folder("a.conf"), text, sizeof(text));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	settings_free(&s);
}
END_TEST

START_TEST(a_file_has_a_largest_size)
{
	struct error err = { 0 };
	struct settings *s = NULL;
	char *text = malloc(INIFILE_BYTES + 1);

	memset(text, '\n', INIFILE_BYTES + 1);
	for (size_t len = 0; len <= INIFILE_BYTES; len += INIFILE_BYTES) {
		write_file(in_folder("a.conf"), text, len);
		ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%zu bytes: %s",
			      len, err.message);
		settings_free(&s);
	}
	write_file(in_folder("a.conf"), text, INIFILE_BYTES + 1);
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf: the file may have at most 1048576 bytes") !=
			      NULL,
		      "%s", err.message);
	error_clear(&err);
	ck_assert_int_eq(settings_load("/dev/zero", &s, &err), -1);
	ck_assert_msg(strstr(err.message, "may have at most") != NULL, "%s", err.message);
	free(text);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
	struct error err = { 0 };
	struct settings *s = NULL;

	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), -1);
	ck_assert_msg(strstr(err.message, "a.conf: No such file") != NULL, "%s", err.message);
	error_clear(&err);
	ck_assert_int_eq(settings_load(folder, &s, &err), -1);
	ck_assert_msg(strstr(err.message, "Is a directory") != NULL, "%s", err.message);
}
END_TEST

START_TEST(what_is_printed_loads_again_the_same)
{
	static const char text[] =
		"[ledger]\ndatabase = here.db\n[server]\nthreads = 3\nlog_level = error\nsocket =\n"
		"[twilio]\nprice_as_string = true\n";
	struct error err = { 0 };
	struct settings *s = NULL;
	char *first, *second;

	write_file(in_folder("a.conf"), TEXT(text));
	ck_assert_int_eq(settings_load(in_folder("a.conf"), &s, &err), 0);
	first = print_settings(s);
	settings_free(&s);
	write_file(in_folder("a.conf"), first, strlen(first));
	ck_assert_msg(settings_load(in_folder("a.conf"), &s, &err) == 0, "%s", err.message);
	second = print_settings(s);
	settings_free(&s);
	ck_assert_ptr_nonnull(strstr(first, "\nthreads = 3\n"));
	ck_assert_ptr_nonnull(strstr(first, "\nprice_as_string = yes\n"));
	ck_assert_ptr_nonnull(strstr(first, "/here.db\n"));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

START_TEST(the_sample_file_is_the_printed_defaults)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	char *sample, *printed = print_settings(NULL);

	snprintf(path, sizeof(path), "%s/conf/usaged.conf", srcdir ? srcdir : ".");
	sample = read_file(path);
	ck_assert_str_eq(sample, printed);
	free(sample);
	free(printed);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("settings");
	TCase *tc = tcase_create("settings");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, defaults_stand_without_a_file);
	tcase_add_test(tc, a_file_overrides_and_its_relative_paths_start_at_its_folder);
	tcase_add_test(tc, an_address_of_a_database_is_no_path);
	tcase_add_loop_test(tc, a_bad_setting_is_refused_by_file_line_and_name, 0,
			    ARRAY_SIZE(bad_settings));
	tcase_add_test(tc, a_line_that_is_too_long_or_no_text_is_refused);
	tcase_add_test(tc, a_file_has_a_largest_size);
	tcase_add_test(tc, a_missing_file_is_an_error);
	tcase_add_test(tc, what_is_printed_loads_again_the_same);
	tcase_add_test(tc, the_sample_file_is_the_printed_defaults);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
