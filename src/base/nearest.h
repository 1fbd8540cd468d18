/*
 * nearest.h - finds the known name that a misspelt one was meant to be.
 *
 * An edit is one character more, one less, another one, or two neighbours that
 * changed places (Damerau-Levenshtein, each place edited once). Case is
 * ignored. How many edits are near depends on the known name's length, so that
 * short names don't catch everything:
 *
 *   up to 3 characters: none (only another case: "ID" for "id")
 *   4 or 5:             one   ("useage" for "usage")
 *   6 and more:         two   ("costumer" for "customer")
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* A longer known name is never near. */
enum { NEAREST_NAME_MAX = 64 };

/*
 * The one of the N KNOWN names that is nearest to the LEN bytes of NAME; of
 * several at the same distance the first. NULL: none is near. Skips entries
 * that are NULL, so that a caller can leave out names that are in use already.
 * The cost is bounded by the known names, however long NAME is. Bytes are
 * compared; ASCII case is ignored.
 */
const char *nearest_name(const char *name, size_t len, const char *const *known, size_t n);

#endif
