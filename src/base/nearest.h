/*
 * nearest.h - finds the known name that a misspelt one was meant to be.
 *
 * An edit inserts, deletes or replaces one character, or swaps two neighbours
 * (Damerau-Levenshtein, each place edited once). Case is ignored. The number of
 * allowed edits depends on the length of the known name, so that short names
 * don't match everything:
 *
 *   up to 3 characters: none (case may differ: "ID" for "id")
 *   4 or 5:             one   ("useage" for "usage")
 *   6 and more:         two   ("costumer" for "customer")
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* Known names with more bytes never match. */
enum { NEAREST_NAME_MAX = 64 };

/*
 * Returns the one of the N KNOWN names that is nearest to the LEN bytes of
 * NAME, the first of several at the same distance, or NULL if none is near.
 * Skips NULL entries, so that a caller can leave out names that are in use
 * already. The length of NAME does not raise the cost. Compares bytes, without
 * ASCII case.
 */
const char *nearest_name(const char *name, size_t len, const char *const *known, size_t n);

#endif
