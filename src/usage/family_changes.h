/*
 * family_changes.h - notes in the ledger which families have changed, for the
 * next verification. The write that changes a family notes it, but a process
 * notes the same family at most once an hour: so few commits write a note, and
 * none is missed after a kill, or if several processes write.
 */
#ifndef USAGE_FAMILY_CHANGES_H
#define USAGE_FAMILY_CHANGES_H

#include "store/store.h"

/* The families that this process noted lately. */
struct family_changes;

/* Never returns NULL. */
struct family_changes *family_changes_new(void);
void family_changes_free(struct family_changes **c);

/*
 * In a write: notes that FAMILY, a main account, changes at NOW, in seconds.
 * Call family_changes_end after the write.
 */
int family_changes_note(struct family_changes *c, struct store *st, int64_t family, int64_t now,
			struct error *err);
/* The write has ended; UNDONE: it was not committed. */
void family_changes_end(struct family_changes *c, bool undone);

/*
 * Reads the families that have changed since SINCE, in seconds, and perhaps some
 * that changed up to two hours earlier.
 */
int family_changes_since(struct store *st, int64_t since, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err);

#endif
