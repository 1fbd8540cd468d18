/*
 * templates.h - the templates of pages. A set of templates is read from a
 * folder and a second folder, whose files replace files of the same name in the
 * first. A set is checked when it is read and never changes, so all threads
 * share it. A slot holds the current set; a thread keeps its set until the slot
 * has a newer one.
 */
#ifndef FORMAT_TEMPLATES_H
#define FORMAT_TEMPLATES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include "base/error.h"
#include "format/mustache.h"

/* Names of partials that layout.c fills in; they are no files. */
#define TEMPLATE_CONTENT "content"
#define TEMPLATE_BODY    "body"

struct templates;

/*
 * Reads FOLDER/NAME.html and FOLDER/types/NAME.txt. Then reads the same from
 * OWN, if OWN is neither NULL nor "": these templates replace the ones of
 * FOLDER. On success *ret is the caller's reference. Returns -1 with
 * ERR_INTERNAL if a folder or file can't be read, or if a template is
 * malformed: "FILE:LINE: what is wrong".
 */
int templates_read(const char *folder, const char *own, struct templates **ret, struct error *err);

/*
 * Releases a reference and sets *t, which may be NULL, to NULL. Frees the set
 * with its last reference.
 */
void templates_unref(struct templates **t);

/*
 * The template called NAME (LEN bytes), or NULL. The template lives as long as
 * the set.
 */
const struct template_text *templates_find(const struct templates *t, const char *name, size_t len);

/* templates_find as a mustache_partial; CTX is the set. */
const struct template_text *templates_partial(void *ctx, const char *name, size_t len);

/* The number of templates. */
size_t templates_count(const struct templates *t);

/* ---- the newest set, for threads ---- */

struct template_slot {
	/* locked while the set changes, and while a thread takes a reference */
	pthread_mutex_t lock;
	_Atomic(struct templates *) newest;
};

/* Takes over the caller's reference to T. */
void template_slot_init(struct template_slot *s, struct templates *t);
void template_slot_put(struct template_slot *s, struct templates *t);
void template_slot_release(struct template_slot *s);

/*
 * Updates *held, a thread's own reference or NULL, to the current set. Takes no
 * lock if *held is current.
 */
void template_slot_take(struct template_slot *s, struct templates **held);

#endif
