/*
 * suite.h - how every suite is run: its results on standard output (more or
 * less of them as CK_VERBOSITY says), its failures in the exit code.
 */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/*
 * ROW("%s", name) names the row of a table that a loop has come to. A check
 * that fails from then on says the name.
 */
#define ROW(...) snprintf(suite_row, sizeof(suite_row), __VA_ARGS__)

static char suite_row[200] __attribute__((unused));

/* In place of Check's function of that name: says the row as well. */
__attribute__((noreturn, format(printf, 4, 5), unused)) static void suite_failed(
	const char *file, int line, const char *check, const char *format, ...)
{
	char text[BUFSIZ];
	va_list args;

	snprintf(text, sizeof(text), "%s", check);
	if (format) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
	}
	if (suite_row[0])
		_ck_assert_failed(file, line, check, "%s (row: %s)", text, suite_row);
	_ck_assert_failed(file, line, check, "%s", text);
}

#define _ck_assert_failed(...) suite_failed(__VA_ARGS__)

static inline int run_suite_as(Suite *s, enum fork_status forks)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_set_fork_status(runner, forks);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Each test has a process of its own. With CK_FORK=no all share one: under a
 * sanitizer, a process takes more time than most tests.
 */
static inline int run_suite(Suite *s)
{
	return run_suite_as(s, CK_FORK_GETENV);
}

/* For tests that leave something in their process: each always has its own. */
static inline __attribute__((unused)) int run_suite_in_forks(Suite *s)
{
	return run_suite_as(s, CK_FORK);
}

#endif
