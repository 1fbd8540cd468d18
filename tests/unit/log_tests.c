/*
 * log_tests.c - log lines: level, time, no more than is useful.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/civil.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "folder.h"
#include "suite.h"
#include "base/banned.h"

static void log_to_file(void)
{
	int fd;

	make_folder();
	fd = open(in_folder("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	clock_set_us(1795255200123456);
}

START_TEST(a_log_line_has_time_level_and_message)
{
	char *text;

	errno = EXDEV;
	log_error("no %s", "ledger");
	log_warning("slow");
	log_info("ready, %d threads", 96);
	log_write(LOG_LEVEL_DEBUG, "not shown");
	ck_assert_int_eq(errno, EXDEV);
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text, "2026-11-21T10:00:00.123456Z error no ledger\n"
			       "2026-11-21T10:00:00.123456Z warning slow\n"
			       "2026-11-21T10:00:00.123456Z info ready, 96 threads\n");
	free(text);
}
END_TEST

START_TEST(the_log_level_decides_what_is_shown)
{
	char *text;

	log_set_level(LOG_LEVEL_ERROR);
	log_warning("hidden");
	log_set_level(LOG_LEVEL_DEBUG);
	log_write(LOG_LEVEL_DEBUG, "shown");
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text, "2026-11-21T10:00:00.123456Z debug shown\n");
	free(text);
}
END_TEST

START_TEST(nothing_in_a_message_can_forge_a_line)
{
	char *text;

	log_info("%s", "a\r\nb\x1b[2J\x7f \xc2\x85 \xff \xc3\xa9");
	text = read_file(in_folder("log"));
	ck_assert_str_eq(strchr(text, 'i'),
			 "info a\\x0d\\x0ab\\x1b[2J\\x7f \\xc2\\x85 \\xff \xc3\xa9\n");
	free(text);
}
END_TEST

START_TEST(an_endless_message_is_cut_and_says_so)
{
	char message[10000];
	char *text;

	memset(message, '\n', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_info("%s", message);
	text = read_file(in_folder("log"));
	ck_assert_str_eq(text + strlen(text) - 8, "\\x0a...\n");
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}
END_TEST

static void *log_much(void *letter)
{
	char line[201];

	memset(line, *(const char *)letter, sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 200; i++) {
		log_info("%s", line);
		log_set_level(LOG_LEVEL_INFO);
	}
	return NULL;
}

START_TEST(lines_of_many_threads_stay_whole)
{
	static const char letters[] = "abcd";
	pthread_t threads[4];
	int lines = 0;
	char *text, *line, *end;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_much, (void *)(letters + i)),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	text = read_file(in_folder("log"));
	for (line = text; (end = strchr(line, '\n')); line = end + 1, lines++) {
		const char *message = line + strlen("2026-11-21T10:00:00.123456Z info ");

		ck_assert_int_eq(end - message, 200);
		ck_assert_uint_eq(strspn(message, (char[]) { message[0], '\0' }), 200);
	}
	ck_assert_int_eq(lines, 800);
	free(text);
}
END_TEST

/* ---- a fault that meets every request doesn't fill the log ---- */

static FILE *log_file;

/* What is written to standard error from now on can be counted. */
static void catch_log(void)
{
	log_file = tmpfile();
	ck_assert_ptr_nonnull(log_file);
	ck_assert_int_ge(dup2(fileno(log_file), STDERR_FILENO), 0);
}

static int lines_with(const char *word)
{
	char line[8192];
	int n = 0;

	rewind(log_file);
	while (fgets(line, sizeof(line), log_file))
		n += strstr(line, word) != NULL;
	return n;
}

START_TEST(errors_and_warnings_are_limited_in_rate)
{
	int64_t begun = monotonic_ms(), most;
	int before;

	catch_log();
	for (int i = 0; i < 5000; i++) {
		log_error("storm of errors %d", i);
		log_warning("storm of warnings %d", i);
	}
	most = LOG_BURST + 1 + (monotonic_ms() - begun) * LOG_A_SECOND / 1000;
	before = lines_with("storm");
	ck_assert_msg(before >= LOG_BURST && before <= most, "%d lines", before);
	fseek(log_file, 0, SEEK_END);
	usleep(1500000 / LOG_A_SECOND);
	log_error("after it");
	ck_assert_int_eq(lines_with("after it (before it, "), 1);
	/* a long storm has lines after its burst, too */
	ck_assert_int_le(lines_with("errors and warnings were left out"), before - LOG_BURST + 1);
}
END_TEST

START_TEST(requests_are_all_logged)
{
	catch_log();
	for (int i = 0; i < 5000; i++)
		log_info("request %d", i);
	ck_assert_int_eq(lines_with("request"), 5000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, log_to_file, remove_folder);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_log_line_has_time_level_and_message);
	tcase_add_test(tc, the_log_level_decides_what_is_shown);
	tcase_add_test(tc, nothing_in_a_message_can_forge_a_line);
	tcase_add_test(tc, an_endless_message_is_cut_and_says_so);
	tcase_add_test(tc, lines_of_many_threads_stay_whole);
	suite_add_tcase(s, tc);
	tc = tcase_create("how much");
	tcase_add_test(tc, errors_and_warnings_are_limited_in_rate);
	tcase_add_test(tc, requests_are_all_logged);
	suite_add_tcase(s, tc);
	return run_suite_in_forks(s);
}
