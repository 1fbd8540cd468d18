#include "format/templates.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "format/mustache.h"

#include "base/banned.h"

enum { TEMPLATES_MAX = 256, PATH_MAX_BYTES = 8192 };

struct templates {
	atomic_int references;
	struct template_text items[TEMPLATES_MAX]; /* by name */
	size_t n;
};

/* Where in a folder they are. */
static const struct place {
	const char *folder, *suffix;
} places[] = { { "", ".html" }, { "types/", ".txt" } };

/* ---- a set ---- */

static int by_name(const void *a, const void *b)
{
	const struct template_text *t = a, *u = b;

	return strcmp(t->name, u->name);
}

static struct template_text *find(struct templates *t, const char *name, size_t len)
{
	for (size_t low = 0, high = t->n; low < high;) {
		size_t middle = low + (high - low) / 2;
		struct template_text *item = &t->items[middle];
		int order = strncmp(item->name, name, len);

		if (order == 0 && item->name[len] == '\0')
			return item;
		if (order >= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct template_text *templates_find(const struct templates *t, const char *name, size_t len)
{
	return t ? find((struct templates *)t, name, len) : NULL;
}

const char *templates_partial(void *ctx, const char *name, size_t len, size_t *ret_len)
{
	const struct template_text *t = templates_find(ctx, name, len);

	if (!t)
		return NULL;
	*ret_len = t->len;
	return t->text;
}

size_t templates_count(const struct templates *t)
{
	return t->n;
}

static void template_release(struct template_text *t)
{
	free(t->name);
	free(t->path);
	free(t->text);
}

struct templates *templates_ref(struct templates *t)
{
	if (t)
		atomic_fetch_add(&t->references, 1);
	return t;
}

void templates_unref(struct templates **t)
{
	struct templates *old = *t;

	*t = NULL;
	if (!old || atomic_fetch_sub(&old->references, 1) > 1)
		return;
	for (size_t i = 0; i < old->n; i++)
		template_release(&old->items[i]);
	free(old);
}

/* ---- reading ---- */

static char *joined(const char *a, const char *b, const char *c)
{
	struct strbuf text;

	strbuf_init(&text, PATH_MAX_BYTES);
	strbuf_add(&text, a);
	strbuf_add(&text, b);
	strbuf_add(&text, c);
	return strbuf_take(&text);
}

static int read_file(struct template_text *t, struct error *err)
{
	FILE *file = fopen(t->path, "re");
	struct strbuf text;
	char chunk[4096];
	size_t n;
	int rc = 0;

	if (!file)
		return error_system(err, t->path, errno);
	strbuf_init(&text, MUSTACHE_TEMPLATE);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_addn(&text, chunk, n);
	if (ferror(file))
		rc = error_system(err, t->path, errno);
	else if (text.failed)
		rc = error_set(err, ERR_INTERNAL, NULL, "%s: has more than %d bytes", t->path,
			       MUSTACHE_TEMPLATE);
	fclose(file);
	t->len = text.len;
	t->text = strbuf_take(&text);
	return rc;
}

/* In place of the one of the same name, or after all others. */
static int add(struct templates *t, struct template_text item, struct error *err)
{
	struct template_text *same = find(t, item.name, strlen(item.name));

	if (same) {
		template_release(same);
		*same = item;
		return 0;
	}
	if (t->n == TEMPLATES_MAX) {
		template_release(&item);
		return error_set(err, ERR_INTERNAL, NULL, "there are more than %d templates",
				 TEMPLATES_MAX);
	}
	t->items[t->n++] = item;
	qsort(t->items, t->n, sizeof(*t->items), by_name);
	return 0;
}

/*
 * The template in FILE of FOLDER, whose file names begin with PLACE's folder.
 * Other files are none of ours.
 */
static int read_one(struct templates *t, const struct place *place, const char *folder,
		    const char *file, struct error *err)
{
	size_t len = strlen(file), suffix = strlen(place->suffix);
	struct template_text item;
	struct error failed = { 0 };

	if (*file == '.' || len <= suffix || strcmp(file + len - suffix, place->suffix) != 0)
		return 0;
	item = (struct template_text) { .name = joined(place->folder, file, ""),
					.path = joined(folder, "/", "") };
	if (item.path) {
		char *path = joined(item.path, place->folder, file);

		free(item.path);
		item.path = path;
	}
	if (!item.name || !item.path)
		error_set(&failed, ERR_INTERNAL, NULL, "%s: the name is too long", folder);
	else
		item.name[strlen(item.name) - suffix] = '\0';
	if (failed.kind == ERR_NONE && read_file(&item, &failed) == 0)
		return add(t, item, err);
	template_release(&item);
	*err = failed;
	return -1;
}

static int read_place(struct templates *t, const struct place *place, const char *folder,
		      struct error *err)
{
	char *path = joined(folder, "/", place->folder);
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	int rc = 0;

	if (!dir && *place->folder && errno == ENOENT) {
		free(path);
		return 0; /* who needs what would be there will miss it */
	}
	if (!dir)
		rc = error_system(err, folder, errno);
	while (rc == 0 && (entry = readdir(dir)))
		rc = read_one(t, place, folder, entry->d_name, err);
	if (dir)
		closedir(dir);
	free(path);
	return rc;
}

static int read_folder(struct templates *t, const char *folder, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(places) / sizeof(places[0]); i++)
		rc = read_place(t, &places[i], folder, err);
	return rc;
}

/* ---- checking ---- */

static bool is_named(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

static bool exists(void *ctx, const char *name, size_t len)
{
	return is_named(name, len, TEMPLATE_CONTENT) || is_named(name, len, TEMPLATE_BODY) ||
	       templates_find(ctx, name, len);
}

int templates_read(const char *folder, const char *own, struct templates **ret, struct error *err)
{
	struct templates *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		abort();
	atomic_init(&t->references, 1);
	rc = read_folder(t, folder, err);
	if (rc == 0 && own && *own)
		rc = read_folder(t, own, err);
	for (size_t i = 0; rc == 0 && i < t->n; i++)
		rc = mustache_check(t->items[i].path, t->items[i].text, t->items[i].len, exists, t,
				    err);
	if (rc == 0)
		*ret = t;
	else
		templates_unref(&t);
	return rc;
}

/* ---- the newest set ---- */

void template_shelf_init(struct template_shelf *s, struct templates *t)
{
	pthread_mutex_init(&s->lock, NULL);
	atomic_init(&s->newest, t);
}

void template_shelf_put(struct template_shelf *s, struct templates *t)
{
	pthread_mutex_lock(&s->lock);
	t = atomic_exchange(&s->newest, t);
	pthread_mutex_unlock(&s->lock);
	templates_unref(&t);
}

void template_shelf_release(struct template_shelf *s)
{
	template_shelf_put(s, NULL);
	pthread_mutex_destroy(&s->lock);
}

/*
 * A set that is held is not freed, so that nothing else can come to have its
 * address.
 */
void template_shelf_take(struct template_shelf *s, struct templates **held)
{
	if (atomic_load(&s->newest) == *held)
		return;
	templates_unref(held);
	pthread_mutex_lock(&s->lock);
	*held = templates_ref(atomic_load(&s->newest));
	pthread_mutex_unlock(&s->lock);
}
