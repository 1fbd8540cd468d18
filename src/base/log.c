#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/utf8.h"

#include "base/banned.h"

#define LONGEST_MESSAGE 4096

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static atomic_int current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

/*
 * Copies TEXT to OUT with unsafe bytes as \xNN. OUT must have room for 4 * LEN
 * bytes. Returns the end of the copy.
 */
static char *escape(char *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		if (text[i] >= ' ' && text[i] < 0x7f) { /* the common case first */
			*out++ = text[i];
			n = 1;
			continue;
		}
		n = utf8_step(text + i, len - i);
		if (n > 0 && utf8_plain(text + i, n)) {
			memcpy(out, text + i, n);
			out += n;
			continue;
		}
		/*
		 * escape the first byte of a C1 control; the next round handles
		 * the second
		 */
		n = 1;
		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[(unsigned char)text[i] >> 4];
		*out++ = hex[text[i] & 15];
	}
	return out;
}

/* ---- the rate ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t room = (int64_t)LOG_BURST * 1000; /* thousandths of lines */
/* when `room` was last updated, by the monotonic clock */
static int64_t room_ms;
static uint64_t left_out;

/*
 * May one more line be written? If so, *ret_left_out is the number of lines
 * dropped since the last written line.
 */
static bool take_room(uint64_t *ret_left_out)
{
	struct timespec t;
	int64_t now;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	pthread_mutex_lock(&lock);
	room += (now - room_ms) * LOG_A_SECOND;
	if (room > (int64_t)LOG_BURST * 1000)
		room = (int64_t)LOG_BURST * 1000;
	room_ms = now;
	ok = room >= 1000;
	if (ok) {
		room -= 1000;
		*ret_left_out = left_out;
		left_out = 0;
	} else {
		left_out++;
	}
	pthread_mutex_unlock(&lock);
	return ok;
}

static bool is_logged(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

/* Writes TEXT, of at most LONGEST_MESSAGE bytes; longer ones are cut. */
static void write_line(enum log_level level, const char *text, size_t len)
{
	uint64_t n_left_out = 0;
	char line[INSTANT_TEXT + 16 + 4 * LONGEST_MESSAGE + 80], *end = line;
	bool cut = len >= LONGEST_MESSAGE;

	if (level <= LOG_LEVEL_WARNING && !take_room(&n_left_out))
		return;
	end += instant_format(line, clock_now_us());
	end = stpcpy(stpcpy(stpcpy(end, " "), level_names[level]), " ");
	end = escape(end, text, cut ? LONGEST_MESSAGE - 4 : len);
	if (cut)
		end = stpcpy(end, "...");
	if (n_left_out)
		end += snprintf(end, 64, " (before it, %llu errors and warnings were left out)",
				(unsigned long long)n_left_out);
	*end++ = '\n';
	while (write(STDERR_FILENO, line, (size_t)(end - line)) < 0 && errno == EINTR)
		;
}

void log_text(enum log_level level, const char *text)
{
	int saved = errno;

	if (is_logged(level))
		write_line(level, text, strlen(text));
	errno = saved;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char message[LONGEST_MESSAGE];
	int saved = errno, n;
	va_list ap;

	if (!is_logged(level))
		return;
	va_start(ap, fmt);
	n = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	message[sizeof(message) - 1] = '\0';
	write_line(level, message, n < 0 ? 0 : (size_t)n);
	errno = saved;
}

bool log_due(int64_t *last_us)
{
	const int64_t now_us = monotonic_us();

	if (*last_us && now_us - *last_us < 60 * USEC_PER_SEC)
		return false;
	*last_us = now_us;
	return true;
}
