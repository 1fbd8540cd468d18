/*
 * arena.h - memory of one request: allocated in pieces, freed all at once.
 *
 * Pieces are never freed one by one: pointers stay valid until arena_reset or
 * arena_release. Running out of memory ends the process: a request's arena is
 * bounded by the limits on its input and its page.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
};

void arena_init(struct arena *a);
void arena_reset(struct arena *a); /* frees all pieces; keeps a small block */
void arena_release(struct arena *a);

void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for any type */
/*
 * Grows OLD to NEW_SIZE bytes; the result may have moved. New bytes are zero.
 */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);
/*
 * Makes room for one more element in LIST, which has N elements of ELEMENT
 * bytes. If LIST is full, the function doubles *SIZE and returns the new place
 * of LIST. NULL with *SIZE 0 begins a list.
 */
void *arena_room(struct arena *a, void *list, size_t n, size_t *size, size_t element);
char *arena_strn(struct arena *a, const char *text, size_t len);
char *arena_str(struct arena *a, const char *text); /* NULL stays NULL */
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *fmt, ...);

char *arena_int(struct arena *a, int64_t n); /* decimal digits */

/* Joins all texts up to the NULL. */
__attribute__((sentinel)) char *arena_join(struct arena *a, ...);

#define arena_new(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

#endif
