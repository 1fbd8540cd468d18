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

/*
 * The tables are kept in two generations. When the younger one has so many
 * entries, about 100 bytes each, the older one is removed, and the younger one
 * becomes the older. An entry that is used moves to the younger generation. So
 * what is used often stays, and memory is bounded.
 */
#define GENERATION_MAX 100000

struct generation {
	struct arena arena;
	GHashTable *texts;  /* a set of struct intern_text */
	GHashTable *series; /* a set of struct intern_series */
};

/*
 * Kinds of texts. Dimensions come first: their kind is enum dimension. The text
 * of a KIND_USE is the id of a category that the account in `scope` uses.
 */
enum {
	KIND_ACCOUNT = DIMENSIONS,
	KIND_ACCOUNT_NAME,
	KIND_CATEGORY,
	KIND_SOURCE,
	KIND_DECLARED,
	KIND_USE
};

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
	struct generation young, old;
	GArray *categories; /* struct intern_category, by the category's id */
	/* store_version when categories were read; -1: never */
	int64_t version;
	/* store_version when names of accounts were checked */
	int64_t names_version;
	bool names_checked; /* names were checked in this batch */
	/* int64_t *: members that intern_undo sets to 0 */
	GPtrArray *made;
	/* of the batch, without ids: texts of sources and values, and series */
	GPtrArray *sources, *values, *wanted;
	bool makes; /* intern_make was called */
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

static void generation_init(struct generation *g)
{
	arena_init(&g->arena);
	g->texts = g_hash_table_new(text_hash, text_equal);
	g->series = g_hash_table_new(series_hash, series_equal);
}

static void generation_release(struct generation *g)
{
	g_hash_table_destroy(g->texts);
	g_hash_table_destroy(g->series);
	arena_release(&g->arena);
}

struct intern *intern_new(struct store *st)
{
	struct intern *in = calloc(1, sizeof(*in));

	if (!in)
		abort();
	in->st = st;
	crypto_shorthash_keygen(in->hash_key);
	generation_init(&in->young);
	generation_init(&in->old);
	in->categories = g_array_new(FALSE, TRUE, sizeof(struct intern_category));
	in->version = -1;
	in->made = g_ptr_array_new();
	in->sources = g_ptr_array_new();
	in->values = g_ptr_array_new();
	in->wanted = g_ptr_array_new();
	return in;
}

void intern_free(struct intern **in)
{
	if (!*in)
		return;
	generation_release(&(*in)->young);
	generation_release(&(*in)->old);
	g_array_free((*in)->categories, TRUE);
	g_ptr_array_free((*in)->made, TRUE);
	g_ptr_array_free((*in)->sources, TRUE);
	g_ptr_array_free((*in)->values, TRUE);
	g_ptr_array_free((*in)->wanted, TRUE);
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
	struct intern_text *t = arena_new(&in->young.arena, struct intern_text);

	*t = *key;
	t->text = arena_strn(&in->young.arena, key->text, key->len);
	g_hash_table_add(in->young.texts, t);
	return t;
}

static struct intern_text *text_find(struct intern *in, const struct intern_text *key)
{
	struct intern_text *t = g_hash_table_lookup(in->young.texts, key), *old;

	if (t)
		return t;
	old = g_hash_table_lookup(in->old.texts, key);
	if (!old)
		return NULL;
	t = text_add(in, old);
	t->old = old;
	return t;
}

static struct intern_text *text_find_or_add(struct intern *in, const struct intern_text *key)
{
	struct intern_text *t = text_find(in, key);

	return t ? t : text_add(in, key);
}

static gboolean is_name(gpointer key, gpointer value, gpointer arg)
{
	(void)value;
	(void)arg;
	return ((const struct intern_text *)key)->kind == KIND_ACCOUNT_NAME;
}

static void remove_names(struct intern *in)
{
	g_hash_table_foreach_remove(in->young.texts, is_name, NULL);
	g_hash_table_foreach_remove(in->old.texts, is_name, NULL);
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
		remove_names(in);
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
	t = text_find(in, &key);
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
	struct intern_text *t = text_find(in, &key);
	int rc;

	if (!t) {
		rc = read_categories(in, err);
		if (rc <= 0)
			return rc;
		t = text_find(in, &key);
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

static struct intern_series *series_add(struct intern *in, const struct intern_series_key *key)
{
	struct intern_series *s = arena_new(&in->young.arena, struct intern_series);

	s->key = *key;
	g_hash_table_add(in->young.series, s);
	return s;
}

/* The series in the older generation; NULL: it is not there. */
static const struct intern_series *series_old(const struct intern *in,
					      const struct intern_series_key *key)
{
	struct intern_series_key old = *key;

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++) {
		if (key->dim[d] && !key->dim[d]->old)
			return NULL;
		old.dim[d] = key->dim[d] ? key->dim[d]->old : NULL;
	}
	if (key->declared && !key->declared->old)
		return NULL;
	old.declared = key->declared ? key->declared->old : NULL;
	return g_hash_table_lookup(in->old.series, &old);
}

struct intern_series *intern_series(struct intern *in, const struct intern_series_key *key)
{
	struct intern_series *s = g_hash_table_lookup(in->young.series, key);
	const struct intern_series *old;

	if (s)
		return s;
	old = series_old(in, key);
	s = series_add(in, key);
	if (old) {
		s->id = old->id;
		s->used = old->used;
	}
	return s;
}

/* ---- the ids of a batch ---- */

static void want_text(GPtrArray *list, struct intern_text *t)
{
	if (t->id || t->wanted)
		return;
	t->wanted = true;
	g_ptr_array_add(list, t);
}

/* Calls DO for the values of the series. */
static void each_value(struct intern *in, const struct intern_series *s,
		       void (*call)(void *arg, int d, struct intern_text *t), void *arg)
{
	const struct intern_text *set = s->key.declared;

	for (int d = 0; d < DIMENSIONS_BUILT_IN; d++)
		if (s->key.dim[d])
			call(arg, d, s->key.dim[d]);
	for (size_t at = 0; set && at < set->len;) {
		int d = (unsigned char)set->text[at];
		size_t len = (unsigned char)set->text[at + 1];

		call(arg, d,
		     intern_dimension(in, set->scope, (enum dimension)d, set->text + at + SET_HEAD,
				      len));
		at += SET_HEAD + len;
	}
}

static void want_value(void *arg, int d, struct intern_text *t)
{
	(void)d;
	want_text(arg, t);
}

void intern_want(struct intern *in, struct intern_text *source, struct intern_series *s)
{
	want_text(in->sources, source);
	if (s->id || s->state != INTERN_NEW)
		return;
	s->state = INTERN_WANTED;
	g_ptr_array_add(in->wanted, s);
	each_value(in, s, want_value, in->values);
}

static int find_sources(struct intern *in, struct error *err)
{
	guint n = in->sources->len;
	struct source_intern *list = g_new(struct source_intern, n);
	int rc;

	for (guint i = 0; i < n; i++) {
		const struct intern_text *t = g_ptr_array_index(in->sources, i);

		list[i] = (struct source_intern) { t->scope, t->text, t->len, 0 };
	}
	rc = store_sources_intern(in->st, list, n, err);
	for (guint i = 0; i < n && rc == 0; i++) {
		struct intern_text *t = g_ptr_array_index(in->sources, i);

		t->id = list[i].id;
		g_ptr_array_add(in->made, &t->id);
	}
	g_free(list);
	return rc;
}

typedef int ids_of_values(struct store *st, struct dimension_intern *list, size_t n,
			  struct error *err);

/* Sets the ids of the values that are wanted and have none. */
static int set_values(struct intern *in, ids_of_values *call, struct error *err)
{
	guint n = in->values->len;
	struct dimension_intern *list = g_new(struct dimension_intern, n);
	int rc;

	for (guint i = 0; i < n; i++) {
		const struct intern_text *t = g_ptr_array_index(in->values, i);

		list[i] = (struct dimension_intern) {
			{ t->scope, (enum dimension)t->kind, t->text, t->len }, t->id
		};
	}
	rc = call(in->st, list, n, err);
	for (guint i = 0; i < n && rc == 0; i++) {
		struct intern_text *t = g_ptr_array_index(in->values, i);

		if (t->id || !list[i].id)
			continue;
		t->id = list[i].id;
		g_ptr_array_add(in->made, &t->id);
	}
	g_free(list);
	return rc;
}

struct row {
	struct series series;
	bool complete; /* all values have ids */
};

static void set_value(void *arg, int d, struct intern_text *t)
{
	struct row *row = arg;

	row->series.dim[d] = t->id;
	row->complete = row->complete && t->id;
}

typedef int ids_of_series(struct store *st, struct series_intern *list, size_t n,
			  struct error *err);

/* Sets the ids of the wanted series of STATE whose values all have ids. */
static int set_series(struct intern *in, int state, ids_of_series *call, struct error *err)
{
	GPtrArray *of = g_ptr_array_new();
	struct series_intern *list = g_new(struct series_intern, in->wanted->len);
	int rc;

	for (guint i = 0; i < in->wanted->len; i++) {
		struct intern_series *s = g_ptr_array_index(in->wanted, i);
		struct row row = { { .account = s->key.account, .category = s->key.category },
				   true };

		if (s->id || (int)s->state != state)
			continue;
		each_value(in, s, set_value, &row);
		if (!row.complete)
			continue;
		list[of->len] = (struct series_intern) { row.series, 0 };
		g_ptr_array_add(of, s);
	}
	rc = call(in->st, list, of->len, err);
	for (guint i = 0; i < of->len && rc == 0; i++) {
		struct intern_series *s = g_ptr_array_index(of, i);

		s->id = list[i].id;
		g_ptr_array_add(in->made, &s->id);
	}
	g_free(list);
	g_ptr_array_free(of, TRUE);
	return rc;
}

int intern_find(struct intern *in, struct error *err)
{
	return find_sources(in, err) < 0 || set_values(in, store_dimensions_find, err) < 0
		       ? -1
		       : set_series(in, INTERN_WANTED, store_series_find, err);
}

bool intern_make(struct intern *in, struct intern_series *s)
{
	if (s->id || s->state == INTERN_TO_MAKE)
		return false;
	s->state = INTERN_TO_MAKE;
	in->makes = true;
	return true;
}

static void end_wanted(struct intern *in)
{
	for (guint i = 0; i < in->sources->len; i++)
		((struct intern_text *)g_ptr_array_index(in->sources, i))->wanted = false;
	for (guint i = 0; i < in->values->len; i++)
		((struct intern_text *)g_ptr_array_index(in->values, i))->wanted = false;
	for (guint i = 0; i < in->wanted->len; i++)
		((struct intern_series *)g_ptr_array_index(in->wanted, i))->state = INTERN_NEW;
	g_ptr_array_set_size(in->sources, 0);
	g_ptr_array_set_size(in->values, 0);
	g_ptr_array_set_size(in->wanted, 0);
	in->makes = false;
}

static void remove_values(GPtrArray *values)
{
	for (guint i = 0; i < values->len; i++)
		((struct intern_text *)g_ptr_array_index(values, i))->wanted = false;
	g_ptr_array_set_size(values, 0);
}

int intern_make_all(struct intern *in, struct error *err)
{
	int rc = 0;

	if (in->makes) {
		/* only the values of series that are made */
		remove_values(in->values);
		for (guint i = 0; i < in->wanted->len; i++) {
			const struct intern_series *s = g_ptr_array_index(in->wanted, i);

			if (s->state == INTERN_TO_MAKE)
				each_value(in, s, want_value, in->values);
		}
		rc = set_values(in, store_dimensions_add, err);
		if (rc == 0)
			rc = set_series(in, INTERN_TO_MAKE, store_series_add, err);
	}
	end_wanted(in);
	return rc;
}

/* Notes that the account uses the category, once. */
static int use_category(struct intern *in, int64_t account, int64_t category, struct error *err)
{
	struct intern_text key = text_key(in, KIND_USE, account, (const char *)&category,
					  sizeof(category));
	struct intern_text *t = text_find_or_add(in, &key);

	if (t->id)
		return 0;
	t->id = 1;
	g_ptr_array_add(in->made, &t->id);
	return store_category_use(in->st, account, category, err);
}

int intern_use(struct intern *in, struct intern_series *s, struct error *err)
{
	if (s->used)
		return 0;
	for (int64_t category = s->key.category; category;) {
		const struct intern_category *m = &g_array_index(in->categories,
								 struct intern_category, category);

		if (!m->metered && use_category(in, s->key.account, category, err) < 0)
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
	end_wanted(in);
}

void intern_trim(struct intern *in)
{
	in->names_checked = false;
	if (g_hash_table_size(in->young.texts) + g_hash_table_size(in->young.series) <
	    GENERATION_MAX)
		return;
	generation_release(&in->old);
	in->old = in->young;
	generation_init(&in->young);
	in->version = -1;
}
