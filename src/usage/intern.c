#include "usage/intern.h"

#include <glib.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "store/category.h"
#include "store/series.h"
#include "store/source.h"
#include "usage/account.h"
#include "base/banned.h"

#define INTERN_MAX 200000 /* a table with more entries is cleared */

/* Kinds of texts. Dimensions come first: their kind is enum dimension. */
enum { KIND_ACCOUNT = DIMENSIONS, KIND_ACCOUNT_NAME, KIND_CATEGORY, KIND_SOURCE, KIND_DECLARED };

/*
 * A value in the text of a KIND_DECLARED: its dimension and length, then
 * itself.
 */
#define SET_HEAD  2
#define SET_BYTES (DECLARED_MAX * (SET_HEAD + DECLARED_VALUE_BYTES))

struct intern_category {
	int64_t parent;
	int64_t metered;
};

struct intern {
	struct store *st;
	/* random, so that nobody can send texts that collide */
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct arena arena;
	GHashTable *texts;  /* a set of struct intern_text */
	GHashTable *series; /* a set of struct intern_series */
	GArray *categories; /* struct intern_category, by the category's id */
	/* store_version when categories were read; -1: never */
	int64_t version;
	/* store_version when names of accounts were checked */
	int64_t names_version;
	bool names_checked; /* names were checked in this batch */
	/* int64_t *: members that intern_undo sets to 0 */
	GPtrArray *made;
};

static guint text_hash(gconstpointer p)
{
	return ((const struct intern_text *)p)->hash;
}

static gboolean text_equal(gconstpointer a, gconstpointer b)
{
	const struct intern_text *x = a;
	const struct intern_text *y = b;

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
	const struct intern_series_key *key = p;
	uint64_t hash = mix((uint64_t)key->account, (uint64_t)key->category);

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		hash = mix(hash, (uintptr_t)key->dim[d]);
	if (key->declared)
		hash = mix(hash, (uintptr_t)key->declared);
	return (guint)hash;
}

static gboolean series_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct intern_series_key)) == 0;
}

struct intern *intern_new(struct store *st)
{
	struct intern *in = calloc(1, sizeof(*in));

	if (!in)
		abort();
	in->st = st;
	crypto_shorthash_keygen(in->hash_key);
	arena_init(&in->arena);
	in->texts = g_hash_table_new(text_hash, text_equal);
	in->series = g_hash_table_new(series_hash, series_equal);
	in->categories = g_array_new(FALSE, TRUE, sizeof(struct intern_category));
	in->version = -1;
	in->made = g_ptr_array_new();
	return in;
}

void intern_free(struct intern **in)
{
	if (!*in)
		return;
	g_hash_table_destroy((*in)->texts);
	g_hash_table_destroy((*in)->series);
	g_array_free((*in)->categories, TRUE);
	g_ptr_array_free((*in)->made, TRUE);
	arena_release(&(*in)->arena);
	free(*in);
	*in = NULL;
}

static struct intern_text text_key(const struct intern *in, int kind, int64_t scope,
				   const char *text, size_t len)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text, len, in->hash_key);
	return (struct intern_text) { .hash = (unsigned)mix(hash, (uint64_t)(scope * 32 + kind)),
				      .kind = kind,
				      .scope = scope,
				      .len = len,
				      .text = text };
}

static struct intern_text *text_add(struct intern *in, const struct intern_text *key)
{
	struct intern_text *t = arena_new(&in->arena, struct intern_text);

	*t = *key;
	t->text = arena_strn(&in->arena, key->text, key->len);
	g_hash_table_add(in->texts, t);
	return t;
}

static struct intern_text *text_find_or_add(struct intern *in, const struct intern_text *key)
{
	struct intern_text *t = g_hash_table_lookup(in->texts, key);

	return t ? t : text_add(in, key);
}

static gboolean is_name(gpointer key, gpointer value, gpointer arg)
{
	(void)value;
	(void)arg;
	return ((const struct intern_text *)key)->kind == KIND_ACCOUNT_NAME;
}

/* Once a batch: clears the names of accounts if the ledger has changed. */
static int check_names(struct intern *in, struct error *err)
{
	int64_t version;

	if (in->names_checked)
		return 0;
	if (store_version(in->st, &version, err) < 0)
		return -1;
	if (version != in->names_version)
		g_hash_table_foreach_remove(in->texts, is_name, NULL);
	in->names_version = version;
	in->names_checked = true;
	return 0;
}

int intern_account(struct intern *in, const char *text, size_t len, bool by_name,
		   struct intern_account *ret, struct error *err)
{
	struct intern_text key = text_key(in, by_name ? KIND_ACCOUNT_NAME : KIND_ACCOUNT, 0, text,
					  len),
			   *t;
	struct account a;
	struct arena arena;
	int rc;

	if (by_name && check_names(in, err) < 0)
		return -1;
	t = g_hash_table_lookup(in->texts, &key);
	if (t) {
		*ret = (struct intern_account) { t->id, t->family };
		return 1;
	}
	arena_init(&arena);
	text = arena_strn(&arena, text, len);
	rc = account_find(in->st, text, &arena, &a, err);
	if (rc > 0) {
		*ret = (struct intern_account) { a.id, a.parent ? a.parent : a.id };
		t = text_add(in, &key);
		t->id = ret->id;
		t->family = ret->family;
	}
	arena_release(&arena);
	return rc;
}

static void category_add(struct intern *in, const struct category *c)
{
	struct intern_text key = text_key(in, KIND_CATEGORY, 0, c->name, strlen(c->name));

	text_find_or_add(in, &key)->id = c->id;
	if (in->categories->len <= (size_t)c->id)
		g_array_set_size(in->categories, (guint)c->id + 1);
	g_array_index(in->categories, struct intern_category, c->id) =
		(struct intern_category) { .parent = c->parent, .metered = c->metered };
}

/*
 * Reads the categories again if the ledger has changed. 1 read, 0 not, -1
 * failed.
 */
static int read_categories(struct intern *in, struct error *err)
{
	struct arena arena;
	struct category *list;
	size_t n;
	int64_t version;
	int rc;

	if (store_version(in->st, &version, err) < 0)
		return -1;
	if (version == in->version)
		return 0;
	arena_init(&arena);
	rc = store_categories(in->st, &arena, &list, &n, err);
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			category_add(in, &list[i]);
		in->version = version;
	}
	arena_release(&arena);
	return rc < 0 ? -1 : 1;
}

int intern_category(struct intern *in, const char *name, size_t len, int64_t *ret_id,
		    struct error *err)
{
	struct intern_text key = text_key(in, KIND_CATEGORY, 0, name, len);
	struct intern_text *t = g_hash_table_lookup(in->texts, &key);
	int rc;

	if (!t) {
		rc = read_categories(in, err);
		if (rc <= 0)
			return rc;
		t = g_hash_table_lookup(in->texts, &key);
	}
	if (t)
		*ret_id = t->id;
	return t != NULL;
}

struct intern_text *intern_source(struct intern *in, int64_t family, const char *text, size_t len)
{
	struct intern_text key = text_key(in, KIND_SOURCE, family, text, len);

	return text_find_or_add(in, &key);
}

struct intern_text *intern_dimension(struct intern *in, int64_t account, enum dimension d,
				     const char *text, size_t len)
{
	struct intern_text key = text_key(in, (int)d, account, text, len);

	return text_find_or_add(in, &key);
}

struct intern_text *intern_declared(struct intern *in, int64_t account,
				    const struct intern_value *values, size_t n)
{
	struct intern_text key;
	char set[SET_BYTES];
	size_t len = 0;

	if (!n)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		set[len++] = (char)values[i].dimension;
		set[len++] = (char)values[i].len;
		memcpy(set + len, values[i].text, values[i].len);
		len += values[i].len;
	}
	key = text_key(in, KIND_DECLARED, account, set, len);
	return text_find_or_add(in, &key);
}

struct intern_series *intern_series(struct intern *in, const struct intern_series_key *key)
{
	struct intern_series *s = g_hash_table_lookup(in->series, key);

	if (s)
		return s;
	s = arena_new(&in->arena, struct intern_series);
	s->key = *key;
	g_hash_table_add(in->series, s);
	return s;
}

int intern_source_id(struct intern *in, struct intern_text *source, struct error *err)
{
	if (source->id)
		return 0;
	g_ptr_array_add(in->made, &source->id);
	return store_source_intern(in->st, source->scope, source->text, source->len, &source->id,
				   err);
}

/* Finds the id of a dimension's value. 1 found, 0 none, -1 failed. */
typedef int value_id(struct intern *in, int d, struct intern_text *t, struct error *err);

/* Makes the id if there is none. */
static int make_value_id(struct intern *in, int d, struct intern_text *t, struct error *err)
{
	if (t->id)
		return 1;
	g_ptr_array_add(in->made, &t->id);
	return store_dimension_intern(in->st,
				      &(struct dimension_value) { t->scope, (enum dimension)d,
								  t->text, t->len },
				      &t->id, err) < 0
		       ? -1
		       : 1;
}

static int find_value_id(struct intern *in, int d, struct intern_text *t, struct error *err)
{
	if (t->id)
		return 1;
	g_ptr_array_add(in->made, &t->id);
	return store_dimension_find(
		in->st, &(struct dimension_value) { t->scope, (enum dimension)d, t->text, t->len },
		&t->id, err);
}

/*
 * Sets the ids of the values of declared dimensions. 1 done, 0 none, -1 failed.
 */
static int declared_ids(struct intern *in, const struct intern_text *set, value_id *id,
			int64_t dim[DIMENSIONS], struct error *err)
{
	for (size_t at = 0; at < set->len;) {
		int d = set->text[at];
		size_t len = (unsigned char)set->text[at + 1];
		struct intern_text *t = intern_dimension(in, set->scope, (enum dimension)d,
							 set->text + at + SET_HEAD, len);
		int rc = id(in, d, t, err);

		if (rc <= 0)
			return rc;
		dim[d] = t->id;
		at += SET_HEAD + len;
	}
	return 1;
}

/* Makes the row of a series. 1 done, 0 a value has no id, -1 failed. */
static int make_row(struct intern *in, const struct intern_series *s, value_id *id,
		    struct series *ret, struct error *err)
{
	*ret = (struct series) { .account = s->key.account, .category = s->key.category };
	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++) {
		struct intern_text *t = s->key.dim[d];
		int rc = t ? id(in, d, t, err) : 1;

		if (rc <= 0)
			return rc;
		ret->dim[d] = t ? t->id : 0;
	}
	return s->key.declared ? declared_ids(in, s->key.declared, id, ret->dim, err) : 1;
}

int intern_series_id(struct intern *in, struct intern_series *s, struct error *err)
{
	struct series row;
	int rc;

	if (s->id)
		return 0;
	if (make_row(in, s, make_value_id, &row, err) < 0)
		return -1;
	g_ptr_array_add(in->made, &s->id);
	rc = store_series_find(in->st, &row, &s->id, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	return store_series_add(in->st, &row, &s->id, err) < 0 ? -1 : 1;
}

int intern_series_find(struct intern *in, struct intern_series *s, struct error *err)
{
	struct series row;
	int rc;

	if (s->id)
		return 1;
	rc = make_row(in, s, find_value_id, &row, err);
	if (rc <= 0)
		return rc;
	g_ptr_array_add(in->made, &s->id);
	return store_series_find(in->st, &row, &s->id, err);
}

int intern_use(struct intern *in, struct intern_series *s, struct error *err)
{
	if (s->used)
		return 0;
	for (int64_t category = s->key.category; category;) {
		const struct intern_category *m = &g_array_index(in->categories,
								 struct intern_category, category);

		if (!m->metered && store_category_use(in->st, s->key.account, category, err) < 0)
			return -1;
		category = m->parent;
	}
	s->used = 1;
	g_ptr_array_add(in->made, &s->used);
	return 0;
}

void intern_keep(struct intern *in)
{
	g_ptr_array_set_size(in->made, 0);
}

void intern_undo(struct intern *in)
{
	for (guint i = 0; i < in->made->len; i++)
		*(int64_t *)g_ptr_array_index(in->made, i) = 0;
	g_ptr_array_set_size(in->made, 0);
}

void intern_trim(struct intern *in)
{
	in->names_checked = false;
	if (g_hash_table_size(in->texts) + g_hash_table_size(in->series) <= INTERN_MAX)
		return;
	g_hash_table_remove_all(in->texts);
	g_hash_table_remove_all(in->series);
	arena_reset(&in->arena);
	in->version = -1;
}
