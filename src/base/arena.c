#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#include "base/banned.h"

#define FIRST_BLOCK   (16 * 1024)
#define LARGEST_BLOCK (256 * 1024) /* larger only for one larger piece */
#define KEPT_BLOCK    (64 * 1024)  /* the largest that arena_reset keeps */
#define ALIGNMENT     alignof(max_align_t)

enum {
	FIRST_ELEMENTS = 4, /* of a list: most requests have one event and few parameters */
	MEASURED_TEXTS = 8  /* of arena_join, which are measured once */
};

struct arena_block {
	struct arena_block *next;
	size_t size, used; /* bytes of data */
	alignas(max_align_t) char data[];
};

static void out_of_memory(size_t size)
{
	log_error("out of memory: no %zu bytes for a request", size);
	abort();
}

static size_t aligned(size_t size)
{
	if (size > SIZE_MAX / 4)
		out_of_memory(size);
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

void arena_init(struct arena *a)
{
	a->blocks = NULL;
}

static void free_blocks(struct arena_block *b)
{
	struct arena_block *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
}

void arena_release(struct arena *a)
{
	free_blocks(a->blocks);
	a->blocks = NULL;
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = NULL;

	/*
	 * Keep the newest block of a usual size: a large request must not hold
	 * its memory for ever.
	 */
	for (struct arena_block **b = &a->blocks; *b; b = &(*b)->next) {
		if ((*b)->size <= KEPT_BLOCK) {
			kept = *b;
			*b = kept->next;
			break;
		}
	}
	free_blocks(a->blocks);
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
	}
	a->blocks = kept;
}

static void add_block(struct arena *a, size_t least)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < least)
		size = least;
	b = malloc(sizeof(*b) + size);
	if (!b)
		out_of_memory(size);
	b->next = a->blocks;
	b->size = size;
	b->used = 0;
	a->blocks = b;
}

/* Returns SIZE uninitialized bytes, which the caller must fill. */
static void *take(struct arena *a, size_t size)
{
	size_t need = aligned(size);
	void *piece;

	if (!a->blocks || a->blocks->size - a->blocks->used < need)
		add_block(a, need);
	piece = a->blocks->data + a->blocks->used;
	a->blocks->used += need;
	return piece;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	size_t had = aligned(old_size), need = aligned(new_size);
	struct arena_block *b = a->blocks;
	void *piece;

	/* OLD is the last piece of its block, so it can grow in place. */
	if (old && need >= had && (char *)old + had == b->data + b->used &&
	    need - had <= b->size - b->used) {
		memset((char *)old + old_size, 0, need - old_size);
		b->used += need - had;
		return old;
	}
	piece = arena_alloc(a, new_size);
	if (old)
		memcpy(piece, old, old_size < new_size ? old_size : new_size);
	return piece;
}

void *arena_room(struct arena *a, void *list, size_t n, size_t *size, size_t element)
{
	size_t old = *size;

	if (n < old)
		return list;
	*size = old ? 2 * old : FIRST_ELEMENTS;
	return arena_grow(a, list, old * element, *size * element);
}

char *arena_strn(struct arena *a, const char *text, size_t len)
{
	char *copy = take(a, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_str(struct arena *a, const char *text)
{
	return text ? arena_strn(a, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory(0);
	text = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

char *arena_int(struct arena *a, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (n < 0)
		*--p = '-';
	return arena_strn(a, p, (size_t)(digits + sizeof(digits) - p));
}

char *arena_join(struct arena *a, ...)
{
	size_t len[MEASURED_TEXTS], n = 0, all = 0;
	va_list ap, again;
	const char *text;
	char *ret, *to;

	va_start(ap, a);
	va_copy(again, ap);
	for (; (text = va_arg(ap, const char *)); n++) {
		size_t part = strlen(text);

		if (n < MEASURED_TEXTS)
			len[n] = part;
		all += part;
	}
	va_end(ap);
	ret = to = take(a, all + 1);
	for (size_t i = 0; i < n; i++) {
		size_t part;

		text = va_arg(again, const char *);
		part = i < MEASURED_TEXTS ? len[i] : strlen(text);
		memcpy(to, text, part);
		to += part;
	}
	va_end(again);
	*to = '\0';
	return ret;
}
