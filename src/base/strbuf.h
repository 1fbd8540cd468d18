/*
 * strbuf.h - text that grows, always ended by NUL, never above its limit.
 *
 * An append that would pass the limit, or finds no memory, leaves the text
 * unchanged and sets `failed`. Later appends do nothing, so one check of the
 * finished text is enough.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *text; /* never NULL; text[len] is 0; may hold NULs before that */
	size_t len;
	size_t size;  /* allocated bytes; 0 while text is the static empty string */
	size_t limit; /* the most bytes it may hold, without the NUL */
	bool failed;
};

void strbuf_init(struct strbuf *sb, size_t limit);
/* frees the memory; the strbuf is then empty, with the same limit */
void strbuf_release(struct strbuf *sb);
/* empties the text, clears `failed`, keeps the memory */
void strbuf_clear(struct strbuf *sb);

/*
 * Allocates room for EXTRA more bytes. Call strbuf_grow instead, which first
 * checks whether there is room.
 */
bool strbuf_expand(struct strbuf *sb, size_t extra);

/*
 * Makes room for EXTRA more bytes and the NUL at text + len. Returns false and
 * sets `failed` if there is no room.
 */
static inline bool strbuf_grow(struct strbuf *sb, size_t extra)
{
	return (extra < sb->size - sb->len && !sb->failed) || strbuf_expand(sb, extra);
}

static inline void strbuf_addn(struct strbuf *sb, const char *text, size_t len)
{
	if (len == 0 || !strbuf_grow(sb, len))
		return;
	memcpy(sb->text + sb->len, text, len);
	sb->len += len;
	sb->text[sb->len] = '\0';
}

static inline void strbuf_addc(struct strbuf *sb, char c)
{
	if (!strbuf_grow(sb, 1))
		return;
	sb->text[sb->len++] = c;
	sb->text[sb->len] = '\0';
}

void strbuf_addi(struct strbuf *sb, int64_t n); /* decimal digits */
__attribute__((format(printf, 2, 3))) void strbuf_addf(struct strbuf *sb, const char *fmt, ...);
__attribute__((format(printf, 2, 0))) void strbuf_vaddf(struct strbuf *sb, const char *fmt,
							va_list ap);

/* Inserts TEXT at AT. TEXT must not be part of SB. */
void strbuf_insert(struct strbuf *sb, size_t at, const char *text, size_t len);

/*
 * Returns the text, which the caller must free(), or NULL if the strbuf had
 * failed. The strbuf is empty afterwards.
 */
char *strbuf_take(struct strbuf *sb);

static inline void strbuf_add(struct strbuf *sb, const char *text)
{
	strbuf_addn(sb, text, strlen(text));
}

#endif
