/*
 * templates.h - the pages' templates. They are read from a folder, and from a
 * second one whose files replace those of the same name. A set is checked when
 * it is read and never changes, so all threads share it. A slot holds the
 * current set; a thread keeps its set until the slot has a newer one.
 */
#ifndef FORMAT_TEMPLATES_H
#define FORMAT_TEMPLATES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include "base/error.h"
#include "format/mustache.h"

/* Places that layout.c fills in; neither is a file. */
#define TEMPLATE_CONTENT "content"
#define TEMPLATE_BODY    "body"

struct templates;

/*
 * Reads FOLDER/NAME.html and FOLDER/types/NAME.txt, and over them those of OWN
 * (NULL or "": there are none). On success *ret is the caller's reference. -1,
 * ERR_INTERNAL: a folder or file can't be read, or a template isn't one:
 * "FILE:LINE: what is wrong".
 */
int templates_read(const char *folder, const char *own, struct templates **ret, struct error *err);

/* Gives a reference up; the last one frees the set. *t, which may be NULL, becomes NULL. */
void templates_unref(struct templates **t);

/*
 * The template called NAME (LEN bytes), or NULL. It lives as long as the set.
 */
const struct template_text *templates_find(const struct templates *t, const char *name, size_t len);

/* The same as a mustache_partial; CTX is the set. */
const struct template_text *templates_partial(void *ctx, const char *name, size_t len);

/* The number of templates. */
size_t templates_count(const struct templates *t);

/* ---- the newest set, for threads ---- */

struct template_slot {
	/* held while the set changes, and while a thread takes it */
	pthread_mutex_t lock;
	_Atomic(struct templates *) newest;
};

/* Takes over the caller's reference to T. */
void template_slot_init(struct template_slot *s, struct templates *t);
void template_slot_put(struct template_slot *s, struct templates *t);
void template_slot_release(struct template_slot *s);

/*
 * Makes *held, a thread's own reference or NULL, a reference to the current
 * set. Takes no lock if it is that already.
 */
void template_slot_take(struct template_slot *s, struct templates **held);

#endif
