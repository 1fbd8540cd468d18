#include "usage/known.h"

#include <glib.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "store/category.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/account.h"
#include "base/banned.h"

#define KNOWN_MAX 200000 /* texts and series */

/* Kinds of texts; those of dimensions come first. */
enum { KIND_ACCOUNT = DIMENSIONS, KIND_ACCOUNT_NAME, KIND_CATEGORY, KIND_SOURCE };

struct known_metered {
	int64_t parent;
	int64_t metered;
};

struct known {
	struct store *st;
	/* random: nobody can send texts that collide */
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct arena arena;
	GHashTable *texts;     /* a set of struct known_text */
	GHashTable *series;    /* a set of struct known_series */
	GArray *categories;    /* struct known_metered, by the category's id */
	int64_t version;       /* of the ledger when the categories were read; -1 = never */
	int64_t names_version; /* of the ledger that the accounts' names are of */
	bool names_checked;    /* in this batch: that it is still at that version */
	GPtrArray *made;       /* int64_t *: what goes back to 0 if the write is undone */
};

static guint text_hash(gconstpointer p)
{
	return ((const struct known_text *)p)->hash;
}

static gboolean text_equal(gconstpointer a, gconstpointer b)
{
	const struct known_text *x = a;
	const struct known_text *y = b;

	return x->kind == y->kind && x->scope == y->scope && x->len == y->len &&
	       memcmp(x->text, y->text, x->len) == 0;
}

static uint64_t mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static guint series_hash(gconstpointer p)
{
	const struct known_series_key *key = p;
	uint64_t hash = mix((uint64_t)key->account, (uint64_t)key->category);

	for (int d = 0; d < DIMENSIONS; d++)
		hash = mix(hash, (uintptr_t)key->dim[d]);
	return (guint)hash;
}

static gboolean series_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct known_series_key)) == 0;
}

struct known *known_new(struct store *st)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->st = st;
	crypto_shorthash_keygen(k->hash_key);
	arena_init(&k->arena);
	k->texts = g_hash_table_new(text_hash, text_equal);
	k->series = g_hash_table_new(series_hash, series_equal);
	k->categories = g_array_new(FALSE, TRUE, sizeof(struct known_metered));
	k->version = -1;
	k->made = g_ptr_array_new();
	return k;
}

void known_free(struct known **k)
{
	if (!*k)
		return;
	g_hash_table_destroy((*k)->texts);
	g_hash_table_destroy((*k)->series);
	g_array_free((*k)->categories, TRUE);
	g_ptr_array_free((*k)->made, TRUE);
	arena_release(&(*k)->arena);
	free(*k);
	*k = NULL;
}

static struct known_text text_key(const struct known *k, int kind, int64_t scope, const char *text,
				  size_t len)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text, len, k->hash_key);
	return (struct known_text) { .hash = (unsigned)mix(hash, (uint64_t)(scope * 16 + kind)),
				     .kind = kind,
				     .scope = scope,
				     .len = len,
				     .text = text };
}

static struct known_text *text_add(struct known *k, const struct known_text *key)
{
	struct known_text *t = arena_new(&k->arena, struct known_text);

	*t = *key;
	t->text = arena_strn(&k->arena, key->text, key->len);
	g_hash_table_add(k->texts, t);
	return t;
}

static struct known_text *text_find_or_add(struct known *k, const struct known_text *key)
{
	struct known_text *t = g_hash_table_lookup(k->texts, key);

	return t ? t : text_add(k, key);
}

static gboolean is_name(gpointer key, gpointer value, gpointer arg)
{
	(void)value;
	(void)arg;
	return ((const struct known_text *)key)->kind == KIND_ACCOUNT_NAME;
}

/* Once a batch: an account may be called otherwise by now. */
static int check_names(struct known *k, struct error *err)
{
	int64_t version;

	if (k->names_checked)
		return 0;
	if (store_version(k->st, &version, err) < 0)
		return -1;
	if (version != k->names_version)
		g_hash_table_foreach_remove(k->texts, is_name, NULL);
	k->names_version = version;
	k->names_checked = true;
	return 0;
}

int known_account(struct known *k, const char *text, size_t len, bool by_name,
		  struct known_account *ret, struct error *err)
{
	struct known_text key = text_key(k, by_name ? KIND_ACCOUNT_NAME : KIND_ACCOUNT, 0, text,
					 len),
			  *t;
	struct account a;
	struct arena arena;
	int rc;

	if (by_name && check_names(k, err) < 0)
		return -1;
	t = g_hash_table_lookup(k->texts, &key);
	if (t) {
		*ret = (struct known_account) { t->id, t->family };
		return 1;
	}
	arena_init(&arena);
	text = arena_strn(&arena, text, len);
	rc = account_find(k->st, text, &arena, &a, err);
	if (rc > 0) {
		*ret = (struct known_account) { a.id, a.parent ? a.parent : a.id };
		t = text_add(k, &key);
		t->id = ret->id;
		t->family = ret->family;
	}
	arena_release(&arena);
	return rc;
}

static void category_add(struct known *k, const struct category *c)
{
	struct known_text key = text_key(k, KIND_CATEGORY, 0, c->name, strlen(c->name));

	text_find_or_add(k, &key)->id = c->id;
	if (k->categories->len <= (size_t)c->id)
		g_array_set_size(k->categories, (guint)c->id + 1);
	g_array_index(k->categories, struct known_metered, c->id) =
		(struct known_metered) { .parent = c->parent, .metered = c->metered };
}

/*
 * Reads the categories if something has changed since they were read: 1 it had,
 * 0 not, -1 failed.
 */
static int read_categories(struct known *k, struct error *err)
{
	struct arena arena;
	struct category *list;
	size_t n;
	int64_t version;
	int rc;

	if (store_version(k->st, &version, err) < 0)
		return -1;
	if (version == k->version)
		return 0;
	arena_init(&arena);
	rc = store_categories(k->st, &arena, &list, &n, err);
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			category_add(k, &list[i]);
		k->version = version;
	}
	arena_release(&arena);
	return rc < 0 ? -1 : 1;
}

int known_category(struct known *k, const char *name, size_t len, int64_t *ret_id,
		   struct error *err)
{
	struct known_text key = text_key(k, KIND_CATEGORY, 0, name, len);
	struct known_text *t = g_hash_table_lookup(k->texts, &key);
	int rc;

	if (!t) {
		rc = read_categories(k, err);
		if (rc <= 0)
			return rc;
		t = g_hash_table_lookup(k->texts, &key);
	}
	if (t)
		*ret_id = t->id;
	return t != NULL;
}

struct known_text *known_source(struct known *k, int64_t family, const char *text, size_t len)
{
	struct known_text key = text_key(k, KIND_SOURCE, family, text, len);

	return text_find_or_add(k, &key);
}

struct known_text *known_dimension(struct known *k, int64_t account, enum dimension d,
				   const char *text, size_t len)
{
	struct known_text key = text_key(k, (int)d, account, text, len);

	return text_find_or_add(k, &key);
}

struct known_series *known_series(struct known *k, const struct known_series_key *key)
{
	struct known_series *s = g_hash_table_lookup(k->series, key);

	if (s)
		return s;
	s = arena_new(&k->arena, struct known_series);
	s->key = *key;
	g_hash_table_add(k->series, s);
	return s;
}

int known_source_id(struct known *k, struct known_text *source, struct error *err)
{
	if (source->id)
		return 0;
	g_ptr_array_add(k->made, &source->id);
	return store_source_intern(k->st, source->scope, source->text, source->len, &source->id,
				   err);
}

static int dimension_id(struct known *k, int d, struct known_text *t, struct error *err)
{
	if (t->id)
		return 0;
	g_ptr_array_add(k->made, &t->id);
	return store_dimension_intern(
		k->st, &(struct dimension_value) { t->scope, (enum dimension)d, t->text, t->len },
		&t->id, err);
}

int known_series_id(struct known *k, struct known_series *s, struct error *err)
{
	struct series row = { .account = s->key.account, .category = s->key.category };
	int rc;

	if (s->id)
		return 0;
	for (int d = 0; d < DIMENSIONS; d++) {
		struct known_text *t = s->key.dim[d];

		if (!t)
			continue;
		if (dimension_id(k, d, t, err) < 0)
			return -1;
		row.dim[d] = t->id;
	}
	g_ptr_array_add(k->made, &s->id);
	rc = store_series_find(k->st, &row, &s->id, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	return store_series_add(k->st, &row, &s->id, err) < 0 ? -1 : 1;
}

/* 1, 0 nobody has used the value yet, -1. */
static int find_dimension(struct known *k, int d, struct known_text *t, struct error *err)
{
	if (t->id)
		return 1;
	g_ptr_array_add(k->made, &t->id);
	return store_dimension_find(
		k->st, &(struct dimension_value) { t->scope, (enum dimension)d, t->text, t->len },
		&t->id, err);
}

int known_series_find(struct known *k, struct known_series *s, struct error *err)
{
	struct series row = { .account = s->key.account, .category = s->key.category };

	if (s->id)
		return 1;
	for (int d = 0; d < DIMENSIONS; d++) {
		struct known_text *t = s->key.dim[d];
		int rc = t ? find_dimension(k, d, t, err) : 1;

		if (rc <= 0)
			return rc;
		row.dim[d] = t ? t->id : 0;
	}
	g_ptr_array_add(k->made, &s->id);
	return store_series_find(k->st, &row, &s->id, err);
}

int known_use(struct known *k, struct known_series *s, struct error *err)
{
	if (s->used)
		return 0;
	for (int64_t category = s->key.category; category;) {
		const struct known_metered *m = &g_array_index(k->categories, struct known_metered,
							       category);

		if (!m->metered && store_category_use(k->st, s->key.account, category, err) < 0)
			return -1;
		category = m->parent;
	}
	s->used = 1;
	g_ptr_array_add(k->made, &s->used);
	return 0;
}

void known_keep(struct known *k)
{
	g_ptr_array_set_size(k->made, 0);
}

void known_undo(struct known *k)
{
	for (guint i = 0; i < k->made->len; i++)
		*(int64_t *)g_ptr_array_index(k->made, i) = 0;
	g_ptr_array_set_size(k->made, 0);
}

void known_trim(struct known *k)
{
	k->names_checked = false;
	if (g_hash_table_size(k->texts) + g_hash_table_size(k->series) <= KNOWN_MAX)
		return;
	g_hash_table_remove_all(k->texts);
	g_hash_table_remove_all(k->series);
	arena_reset(&k->arena);
	k->version = -1;
}
