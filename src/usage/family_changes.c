#include "usage/family_changes.h"

#include <glib.h>
#include <stdlib.h>

#include "store/family_change.h"
#include "base/banned.h"

/*
 * A process notes a family again after NOTE_SECONDS. A write may take long, and
 * its note has the time of its begin: hence LONGEST_WRITE_SECONDS.
 */
enum { NOTE_SECONDS = 3600, LONGEST_WRITE_SECONDS = 3600 };

/* A note of this process. */
struct family_note {
	int64_t family; /* the key */
	int64_t at;
};

struct family_changes {
	GHashTable *notes; /* a set of struct family_note, by family */
	GArray *pending;   /* int64_t: families noted in the current write */
	int64_t last;      /* the last of them; 0: none */
};

struct family_changes *family_changes_new(void)
{
	struct family_changes *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->notes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	c->pending = g_array_new(FALSE, FALSE, sizeof(int64_t));
	return c;
}

void family_changes_free(struct family_changes **c)
{
	if (!*c)
		return;
	g_hash_table_destroy((*c)->notes);
	g_array_free((*c)->pending, TRUE);
	free(*c);
	*c = NULL;
}

/* Not if the clock was set back since. */
static bool is_fresh(const struct family_note *n, int64_t now)
{
	return n && now >= n->at && now - n->at < NOTE_SECONDS;
}

int family_changes_note(struct family_changes *c, struct store *st, int64_t family, int64_t now,
			struct error *err)
{
	struct family_note *note;

	if (family == c->last)
		return 0;
	c->last = family;
	if (is_fresh(g_hash_table_lookup(c->notes, &family), now))
		return 0;
	if (store_family_change_set(st, family, now, err) < 0)
		return -1;
	note = g_new(struct family_note, 1);
	*note = (struct family_note) { family, now };
	g_hash_table_replace(c->notes, note, note);
	g_array_append_val(c->pending, family);
	return 0;
}

void family_changes_end(struct family_changes *c, bool undone)
{
	for (guint i = 0; undone && i < c->pending->len; i++)
		g_hash_table_remove(c->notes, &g_array_index(c->pending, int64_t, i));
	g_array_set_size(c->pending, 0);
	c->last = 0;
}

int family_changes_since(struct store *st, int64_t since, struct arena *arena, const int64_t **ret,
			 size_t *ret_n, struct error *err)
{
	return store_family_changes(st, since - NOTE_SECONDS - LONGEST_WRITE_SECONDS, arena, ret,
				    ret_n, err);
}
