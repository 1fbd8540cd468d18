/*
 * log.h - log lines for the operator, on standard error (the service manager or
 * ./start stores them). Errors and warnings are limited to LOG_A_SECOND lines a
 * second after a burst of LOG_BURST lines, so that a repeated error can't fill
 * the disk. The next line says how many lines were dropped. Each call writes
 * one whole line. Thread-safe. Control characters and bytes that are not UTF-8
 * are shown as \xNN. Never log a secret, such as a key, a password, an
 * Authorization header or a token in a query.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_BURST = 200, LOG_A_SECOND = 10 };

void log_set_level(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *fmt, ...);

/* The same with a TEXT that is ready. */
void log_text(enum log_level level, const char *text);

/*
 * For a line about what goes on for long: may it be written now? True at most once a
 * minute. *LAST_US is the monotonic time of the last one; 0: there was none. The
 * caller protects it.
 */
bool log_due(int64_t *last_us);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
