/* log_tests.c - a fault that meets every request doesn't fill the log. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/log.h"

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
	int before;

	catch_log();
	for (int i = 0; i < 5000; i++) {
		log_error("storm of errors %d", i);
		log_warning("storm of warnings %d", i);
	}
	before = lines_with("storm");
	ck_assert_msg(before >= LOG_BURST && before < 2 * LOG_BURST, "%d lines", before);
	fseek(log_file, 0, SEEK_END);
	usleep(1500000 / LOG_A_SECOND);
	log_error("after it");
	ck_assert_int_eq(lines_with("after it"), 1);
	ck_assert_int_eq(lines_with("errors and warnings were left out"), 1);
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
	TCase *t = tcase_create("log");

	tcase_add_test(t, errors_and_warnings_are_limited_in_rate);
	tcase_add_test(t, requests_are_all_logged);
	suite_add_tcase(s, t);
	return run_suite(s);
}
