#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#include "base/banned.h"

/*
 * Makes TEXT one line of UTF-8: replaces control characters and invalid bytes
 * by "?". CUT: TEXT was cut at the end of its buffer; removes an incomplete
 * last character.
 */
static void tidy(char *text, bool cut)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_step(text + i, len - i);
		if (n > 0 && utf8_plain(text + i, n))
			continue;
		if (n == 0 && cut && len - i < 4 && (text[i] & 0xc0) == 0xc0) {
			text[i] = '\0';
			return;
		}
		if (n == 0)
			n = 1;
		memset(text + i, '?', n);
	}
}

__attribute__((format(printf, 3, 0))) static void format_line(char *buf, size_t size,
							      const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0)
		buf[0] = '\0';
	tidy(buf, n >= 0 && (size_t)n >= size);
}

int error_set(struct error *err, enum error_kind kind, const char *param, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!err || err->kind != ERR_NONE)
		return -1;
	err->kind = kind;
	err->code = 0;
	err->detail[0] = '\0';
	n = snprintf(err->param, sizeof(err->param), "%s", param ? param : "");
	tidy(err->param, n >= (int)sizeof(err->param));
	va_start(ap, fmt);
	format_line(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return -1;
}

int error_detail(struct error *err, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	if (!err)
		return -1;
	len = strlen(err->detail);
	if (len > 0 && len + 2 < sizeof(err->detail)) {
		memcpy(err->detail + len, "; ", 3);
		len += 2;
	}
	va_start(ap, fmt);
	format_line(err->detail + len, sizeof(err->detail) - len, fmt, ap);
	va_end(ap);
	return -1;
}

int error_system(struct error *err, const char *what, int errnum)
{
	char words[128];

	/*
	 * GNU strerror_r may return another text instead of filling the buffer
	 */
	return error_set(err, ERR_INTERNAL, NULL, "%s: %s", what,
			 strerror_r(errnum, words, sizeof(words)));
}

void error_clear(struct error *err)
{
	if (err)
		*err = (struct error) { .kind = ERR_NONE };
}
