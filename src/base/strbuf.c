#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

#define FIRST_SIZE 64

/*
 * The text of every strbuf without memory. It stays empty, since an append
 * allocates first.
 */
static char nothing[1];

void strbuf_init(struct strbuf *sb, size_t limit)
{
	/* So that limit + 1 and twice a size can't wrap. */
	if (limit > SIZE_MAX / 4)
		limit = SIZE_MAX / 4;
	*sb = (struct strbuf) { .text = nothing, .limit = limit };
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->size > 0)
		free(sb->text);
	strbuf_init(sb, sb->limit);
}

void strbuf_clear(struct strbuf *sb)
{
	sb->len = 0;
	sb->failed = false;
	if (sb->size > 0)
		sb->text[0] = '\0';
}

bool strbuf_expand(struct strbuf *sb, size_t extra)
{
	size_t size = sb->size > 0 ? sb->size : FIRST_SIZE;
	char *text;

	if (sb->failed || extra > sb->limit - sb->len) {
		sb->failed = true;
		return false;
	}
	while (size <= sb->len + extra)
		size *= 2;
	if (size > sb->limit + 1)
		size = sb->limit + 1;
	text = realloc(sb->size > 0 ? sb->text : NULL, size);
	if (!text) {
		sb->failed = true;
		return false;
	}
	text[sb->len] = '\0';
	sb->text = text;
	sb->size = size;
	return true;
}

void strbuf_addi(struct strbuf *sb, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (n < 0)
		*--p = '-';
	strbuf_addn(sb, p, (size_t)(digits + sizeof(digits) - p));
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!strbuf_grow(sb, 0))
		return;
	va_copy(again, ap);
	n = vsnprintf(sb->text + sb->len, sb->size - sb->len, fmt, again);
	va_end(again);
	if (n < 0) {
		sb->failed = true;
	} else if ((size_t)n >= sb->size - sb->len && strbuf_grow(sb, (size_t)n)) {
		vsnprintf(sb->text + sb->len, sb->size - sb->len, fmt, ap);
	}
	if (sb->failed)
		sb->text[sb->len] = '\0'; /* drop the part that did not fit */
	else
		sb->len += (size_t)n;
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_insert(struct strbuf *sb, size_t at, const char *text, size_t len)
{
	if (len == 0 || !strbuf_grow(sb, len))
		return;
	memmove(sb->text + at + len, sb->text + at, sb->len - at + 1);
	memcpy(sb->text + at, text, len);
	sb->len += len;
}

char *strbuf_take(struct strbuf *sb)
{
	char *text = NULL;

	if (strbuf_grow(sb, 0)) { /* an empty text must be freeable, too */
		text = sb->text;
		sb->size = 0;
	}
	strbuf_release(sb);
	return text;
}
