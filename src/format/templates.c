#include "format/templates.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "format/mustache.h"

#include "base/banned.h"

struct templates {
	atomic_int references;
	GHashTable *texts; /* name -> struct template_text */
};

/* The subfolders of a folder of templates. */
static const struct template_folder {
	const char *folder, *suffix;
} places[] = { { "", ".html" }, { "types/", ".txt" } };

/* ---- a set ---- */

const struct template_text *templates_find(const struct templates *t, const char *name, size_t len)
{
	char key[MUSTACHE_NAME];

	if (!t || len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return g_hash_table_lookup(t->texts, key);
}

const struct template_text *templates_partial(void *ctx, const char *name, size_t len)
{
	return templates_find(ctx, name, len);
}

size_t templates_count(const struct templates *t)
{
	return g_hash_table_size(t->texts);
}

static void text_free(gpointer data)
{
	struct template_text *t = data;

	g_free(t->name);
	g_free(t->path);
	g_free(t->text);
	mustache_tokens_free(&t->tokens);
	g_free(t);
}

static struct templates *set_ref(struct templates *t)
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
	g_hash_table_destroy(old->texts);
	g_free(old);
}

/* ---- reading ---- */

static int glib_error(struct error *err, GError *failed)
{
	error_set(err, ERR_INTERNAL, NULL, "%s", failed->message);
	g_error_free(failed);
	return -1;
}

/* Reads FILE of FOLDER. The file replaces a template of the same name. */
static int read_file(struct templates *t, const struct template_folder *place, const char *folder,
		     const char *file, struct error *err)
{
	size_t stem = strlen(file) - strlen(place->suffix);
	struct template_text *text = g_new0(struct template_text, 1);
	GError *failed = NULL;

	text->path = g_strconcat(folder, "/", place->folder, file, NULL);
	text->name = g_strdup_printf("%s%.*s", place->folder, (int)stem, file);
	if (g_file_get_contents(text->path, &text->text, &text->len, &failed)) {
		g_hash_table_replace(t->texts, text->name, text);
		return 0;
	}
	text_free(text);
	return glib_error(err, failed);
}

/* Is FILE a template: not hidden, and with the suffix of PLACE? */
static bool is_template(const struct template_folder *place, const char *file)
{
	return *file != '.' && g_str_has_suffix(file, place->suffix);
}

/* Reads one PLACE of FOLDER. FOLDER must exist; a subfolder may be missing. */
static int read_place(struct templates *t, const struct template_folder *place, const char *folder,
		      struct error *err)
{
	char *path = g_build_filename(folder, place->folder, NULL);
	GError *failed = NULL;
	GDir *dir = g_dir_open(path, 0, &failed);
	const char *file;
	int rc = 0;

	g_free(path);
	if (!dir && *place->folder && g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_error_free(failed);
		return 0;
	}
	if (!dir)
		return glib_error(err, failed);
	while (rc == 0 && (file = g_dir_read_name(dir)))
		if (is_template(place, file))
			rc = read_file(t, place, folder, file, err);
	g_dir_close(dir);
	return rc;
}

static int read_folder(struct templates *t, const char *folder, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < G_N_ELEMENTS(places); i++)
		rc = read_place(t, &places[i], folder, err);
	return rc;
}

/* ---- checking ---- */

/*
 * Finds a partial: a template, or an empty text for the two names that layout.c
 * fills in.
 */
static const struct template_text *find_partial(void *ctx, const char *name, size_t len)
{
	static const char *const filled_in[] = { TEMPLATE_CONTENT, TEMPLATE_BODY };
	static const struct template_text empty;

	for (size_t i = 0; i < G_N_ELEMENTS(filled_in); i++)
		if (strlen(filled_in[i]) == len && memcmp(filled_in[i], name, len) == 0)
			return &empty;
	return templates_find(ctx, name, len);
}

/* Checks all templates, and cuts them. */
static int check_all(struct templates *t, struct error *err)
{
	struct template_text *text;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, t->texts);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&text))
		if (mustache_check(text, find_partial, t, err) < 0 || mustache_cut(text, err) < 0)
			return -1;
	return 0;
}

int templates_read(const char *folder, const char *own, struct templates **ret, struct error *err)
{
	struct templates *t = g_new0(struct templates, 1);

	atomic_init(&t->references, 1);
	t->texts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, text_free);
	if (read_folder(t, folder, err) < 0 || (own && *own && read_folder(t, own, err) < 0) ||
	    check_all(t, err) < 0) {
		templates_unref(&t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* ---- the newest set ---- */

void template_slot_init(struct template_slot *s, struct templates *t)
{
	pthread_mutex_init(&s->lock, NULL);
	atomic_init(&s->newest, t);
}

void template_slot_put(struct template_slot *s, struct templates *t)
{
	pthread_mutex_lock(&s->lock);
	t = atomic_exchange(&s->newest, t);
	pthread_mutex_unlock(&s->lock);
	templates_unref(&t);
}

void template_slot_release(struct template_slot *s)
{
	template_slot_put(s, NULL);
	pthread_mutex_destroy(&s->lock);
}

/*
 * Comparing addresses is safe: a held set is not freed, so a new set can't get
 * its address.
 */
void template_slot_take(struct template_slot *s, struct templates **held)
{
	if (atomic_load(&s->newest) == *held)
		return;
	templates_unref(held);
	pthread_mutex_lock(&s->lock);
	*held = set_ref(atomic_load(&s->newest));
	pthread_mutex_unlock(&s->lock);
}
