#include "usage/line_table.h"

#include <string.h>
#include "store/series.h"
#include "base/banned.h"

/* what reading the text of a value costs, in sums */
#define TEXT_WORK 4

/*
 * Ids of what is grouped by first and second: of a category its index, of an
 * account or value its id, of a shared text its own; 0: no value.
 */
struct line_pair {
	int64_t first, second;
};

/* A text that is the same value in all accounts. */
struct shared_text {
	int64_t id; /* below 0 */
	const char *text;
};

static guint hash_pair(gconstpointer p)
{
	const struct line_pair *pair = p;
	uint64_t hash = (uint64_t)pair->first * 0x9e3779b97f4a7c15u ^ (uint64_t)pair->second;

	return (guint)(hash * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean same_pair(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct line_pair)) == 0;
}

/*
 * The category whose line counts usage of category I in a report of OF: OF
 * itself if I is OF, otherwise the child of OF that is I or an ancestor of I.
 * If OF is CATALOGUE_NONE, the top-level category of I. Returns CATALOGUE_NONE
 * if I is not below OF.
 */
static size_t finer_of(const struct catalogue *c, size_t i, size_t of)
{
	while (i != CATALOGUE_NONE && i != of && c->parent[i] != of)
		i = c->parent[i];
	return i;
}

static void choose_categories(struct line_table *l)
{
	const struct catalogue *c = l->catalogue;
	const struct report_query *q = l->query;

	l->line_of = arena_array(l->scratch, size_t, c->n);
	l->by_category = arena_array(l->scratch, struct report_line *, c->n);
	for (size_t i = 0; i < c->n; i++) {
		l->line_of[i] = finer_of(c, i, q->category);
		if (q->category != CATALOGUE_NONE && l->line_of[i] != CATALOGUE_NONE &&
		    q->by != GROUP_CATEGORY)
			l->line_of[i] = q->category;
	}
}

void line_table_init(struct line_table *l)
{
	choose_categories(l);
	l->lines = g_ptr_array_new();
	l->by_id = g_hash_table_new(NULL, NULL);
	l->by_text = g_hash_table_new(g_str_hash, g_str_equal);
	l->pairs = g_hash_table_new(hash_pair, same_pair);
	for (int i = 0; i < 2; i++)
		l->texts[i] = g_hash_table_new(g_str_hash, g_str_equal);
	l->values = g_hash_table_new(NULL, NULL);
}

void line_table_release(struct line_table *l)
{
	g_hash_table_destroy(l->values);
	for (int i = 0; i < 2; i++)
		g_hash_table_destroy(l->texts[i]);
	g_hash_table_destroy(l->pairs);
	g_hash_table_destroy(l->by_text);
	g_hash_table_destroy(l->by_id);
	g_ptr_array_free(l->lines, TRUE);
}

/* ---- lines of one group ---- */

static struct report_line *add_line(struct line_table *l, const char *key, size_t category,
				    const struct account *account)
{
	struct report_line *line = arena_new(l->arena, struct report_line);

	*line = (struct report_line) { .key = key,
				       .second = "",
				       .category = category,
				       .account = account,
				       .number = l->lines->len };
	if (l->n_buckets)
		line->buckets = arena_array(l->arena, struct amounts_wide, l->n_buckets);
	g_ptr_array_add(l->lines, line);
	return line;
}

/*
 * Finds the line of ID, or NULL. Keys have 1 added because no key may be NULL.
 */
static struct report_line *find_line(const struct line_table *l, int64_t id)
{
	return g_hash_table_lookup(l->by_id, (gpointer)(intptr_t)(id + 1));
}

static void register_line(const struct line_table *l, int64_t id, struct report_line *line)
{
	g_hash_table_insert(l->by_id, (gpointer)(intptr_t)(id + 1), line);
}

static struct report_line *category_line(struct line_table *l, size_t category)
{
	struct report_line **line = &l->by_category[category];

	if (!*line)
		*line = add_line(l,
				 category == l->query->category
					 ? ""
					 : l->catalogue->categories[category].name,
				 category, NULL);
	return *line;
}

static struct report_line *account_line(struct line_table *l, const struct account *a)
{
	struct report_line *line = a == l->last_account ? l->last : find_line(l, a->id);

	if (!line) {
		line = add_line(l, a->sid, l->query->category, a);
		register_line(l, a->id, line);
	}
	l->last = line;
	l->last_account = a;
	return line;
}

/*
 * The category of a line that whole usage is added to, and then the usage with
 * values subtracted: the query's category, or the only top-level category.
 */
static size_t rest_category(const struct line_table *l)
{
	const struct catalogue *c = l->catalogue;
	size_t category = l->query->category, n = 0;

	for (size_t i = 0; i < c->n_listed && l->query->category == CATALOGUE_NONE; i++) {
		if (c->parent[c->listed[i]] != CATALOGUE_NONE || c->listed[i] == c->totalprice)
			continue;
		category = n++ ? CATALOGUE_NONE : c->listed[i];
	}
	return category;
}

/* The line for usage without a value. */
static struct report_line *rest_line(struct line_table *l)
{
	if (!l->rest)
		l->rest = add_line(l, "", rest_category(l), NULL);
	l->rest->remainder = true;
	return l->rest;
}

static struct report_line *none_line(struct line_table *l)
{
	struct report_line *line = find_line(l, 0);

	if (line)
		return line;
	line = add_line(l, "", l->query->category, NULL);
	register_line(l, 0, line);
	return line;
}

/* Reads the text of a value that is shared by all accounts. */
static int read_shared(const struct line_table *l, int64_t value, const char **ret,
		       struct error *err)
{
	int rc = store_work(l->store, TEXT_WORK, err);

	if (rc < 0)
		return -1;
	rc = store_dimension_text(l->store, report_family(l->query), value, l->arena, ret, err);
	if (rc == 0)
		return error_set(err, ERR_INTERNAL, NULL,
				 "the ledger has a dimension without a name");
	return rc < 0 ? -1 : 0;
}

/* Finds or makes the line of a value that is shared by all accounts. */
static int shared_line(struct line_table *l, int64_t value, size_t category,
		       struct report_line **ret, struct error *err)
{
	const char *text;

	if (read_shared(l, value, &text, err) < 0)
		return -1;
	*ret = g_hash_table_lookup(l->by_text, text);
	if (!*ret) {
		*ret = add_line(l, text, category, NULL);
		g_hash_table_insert(l->by_text, (char *)text, *ret);
	}
	register_line(l, value, *ret);
	return 0;
}

static bool is_shared(const struct line_table *l, enum dimension d)
{
	return l->catalogue->dimensions.info[d]->shared;
}

static int member_line(struct line_table *l, const struct sums_row *row, size_t category,
		       struct report_line **ret, struct error *err)
{
	int64_t value = row->value;

	*ret = find_line(l, value);
	if (!*ret && is_shared(l, l->query->dimension))
		return shared_line(l, value, category, ret, err);
	if (!*ret) {
		*ret = add_line(l, NULL, category, l->account_of[row->account]);
		(*ret)->member = value;
		register_line(l, value, *ret);
	}
	return 0;
}

/* ---- lines of two groups ---- */

static const struct shared_text *shared_text(struct line_table *l, int level, const char *text)
{
	struct shared_text *t = g_hash_table_lookup(l->texts[level], text);

	if (t)
		return t;
	t = arena_new(l->scratch, struct shared_text);
	*t = (struct shared_text) { -++l->n_texts, text };
	g_hash_table_insert(l->texts[level], (char *)text, t);
	return t;
}

/*
 * Sets the id of a value for struct line_pair, and its text if that is shared.
 */
static int pair_value(struct line_table *l, int level, int64_t value, int64_t *ret,
		      const char **ret_text, struct error *err)
{
	enum dimension d = level ? l->query->second : l->query->dimension;
	const struct shared_text *t;
	const char *text;

	*ret = value;
	*ret_text = value ? NULL : "";
	if (!value || !is_shared(l, d))
		return 0;
	t = g_hash_table_lookup(l->values, (gpointer)(intptr_t)value);
	if (!t) {
		if (read_shared(l, value, &text, err) < 0)
			return -1;
		t = shared_text(l, level, text);
		g_hash_table_insert(l->values, (gpointer)(intptr_t)value, (gpointer)t);
	}
	*ret = t->id;
	*ret_text = t->text;
	return 0;
}

static void register_pair(const struct line_table *l, struct line_pair pair,
			  struct report_line *line)
{
	struct line_pair *key = arena_new(l->scratch, struct line_pair);

	*key = pair;
	g_hash_table_insert(l->pairs, key, line);
}

static struct report_line *new_pair_line(struct line_table *l, const struct sums_row *row,
					 struct line_pair pair, const char *const text[2],
					 size_t category)
{
	const struct report_query *q = l->query;
	const struct account *account = l->account_of[row->account];
	bool whole = !pair.second && (q->by != GROUP_DIMENSION || !pair.first);
	const char *key = text[0];
	struct report_line *line;

	if (q->by == GROUP_CATEGORY)
		key = category == q->category ? "" : l->catalogue->categories[category].name;
	if (q->by == GROUP_ACCOUNT)
		key = account->sid;
	line = add_line(l, key, whole && q->by == GROUP_DIMENSION ? rest_category(l) : category,
			q->by == GROUP_ACCOUNT || !key || !text[1] ? account : NULL);
	line->second = text[1];
	line->member = key ? 0 : pair.first;
	line->second_member = text[1] ? 0 : pair.second;
	line->remainder = whole;
	register_pair(l, pair, line);
	return line;
}

static int pair_line(struct line_table *l, const struct sums_row *row, size_t category,
		     struct report_line **ret, struct error *err)
{
	const struct report_query *q = l->query;
	const char *text[2] = { "", "" };
	struct line_pair pair = { .first = q->by == GROUP_CATEGORY
						   ? (int64_t)category
						   : l->account_of[row->account]->id };

	if ((q->by == GROUP_DIMENSION &&
	     pair_value(l, 0, row->value, &pair.first, &text[0], err) < 0) ||
	    pair_value(l, 1, row->second, &pair.second, &text[1], err) < 0)
		return -1;
	if (q->by == GROUP_ACCOUNT)
		category = q->category;
	*ret = g_hash_table_lookup(l->pairs, &pair);
	if (!*ret)
		*ret = new_pair_line(l, row, pair, text, category);
	if ((*ret)->category != category && !(*ret)->remainder)
		(*ret)->category = CATALOGUE_NONE;
	return 0;
}

/* The pair of a line of the report. */
static struct line_pair pair_of(struct line_table *l, const struct report_line *line)
{
	struct line_pair pair = { line->member, line->second_member };

	if (l->query->by == GROUP_CATEGORY)
		pair.first = (int64_t)line->category;
	else if (l->query->by == GROUP_ACCOUNT)
		pair.first = line->account->id;
	else if (!pair.first && *line->key)
		pair.first = shared_text(l, 0, line->key)->id;
	if (!pair.second && *line->second)
		pair.second = shared_text(l, 1, line->second)->id;
	return pair;
}

int line_table_find(struct line_table *l, const struct sums_row *row, struct report_line **ret,
		    struct error *err)
{
	const struct report_query *q = l->query;
	size_t category = l->line_of[catalogue_index(l->catalogue, row->category)];

	if (q->paired)
		return pair_line(l, row, category, ret, err);
	switch (q->by) {
	case GROUP_CATEGORY:
		*ret = category_line(l, category);
		return 0;
	case GROUP_ACCOUNT:
		*ret = account_line(l, l->account_of[row->account]);
		return 0;
	case GROUP_NONE:
		*ret = none_line(l);
		return 0;
	case GROUP_DIMENSION:
		break;
	}
	if (!row->value) {
		*ret = rest_line(l);
		return 0;
	}
	if (member_line(l, row, category, ret, err) < 0)
		return -1;
	if ((*ret)->category != category)
		(*ret)->category = CATALOGUE_NONE;
	return 0;
}

void line_table_enter(struct line_table *l, struct report_line *line)
{
	enum group_by by = l->query->by;

	if (l->query->paired)
		register_pair(l, pair_of(l, line), line);
	else if (line->member)
		register_line(l, line->member, line);
	else if (by == GROUP_CATEGORY)
		l->by_category[line->category] = line;
	else if (by == GROUP_ACCOUNT)
		register_line(l, line->account->id, line);
	else if (by == GROUP_NONE)
		register_line(l, 0, line);
	else if (*line->key)
		g_hash_table_insert(l->by_text, (char *)line->key, line);
	else
		l->rest = line;
}
