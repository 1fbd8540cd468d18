/*
 * name.h - names as people type them. To a person, two names are equal if they
 * differ only in case, in surrounding white space, or in the Unicode encoding
 * of the same letters.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * TEXT without surrounding white space, in ARENA. Text that isn't UTF-8 stays
 * as it is.
 */
char *name_trim(struct arena *arena, const char *text);

/*
 * A form that is the same for all names that look alike: trimmed, composed
 * (NFKC), without case; in ARENA. Only for comparing. Text that isn't UTF-8
 * stays as it is.
 */
char *name_fold(struct arena *arena, const char *text);

/*
 * Does TEXT, which is UTF-8, have an invisible character, such as a zero-width
 * space or a direction mark? Two names that differ in one look the same.
 */
bool name_hides_something(const char *text);

#endif
