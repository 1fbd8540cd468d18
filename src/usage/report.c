#include "usage/report.h"

#include <glib.h>
#include <string.h>

#include "usage/sim.h"
#include "base/banned.h"

enum { ADD = 1, SUBTRACT = -1 };

struct load {
	struct store *store;
	const struct catalogue *catalogue;
	const struct report_question *question;
	struct arena *arena;
	struct report *report;
	GPtrArray *lines;                /* struct report_line, in the order they were met */
	GHashTable *by_key;
	int64_t *ids;                    /* of the question's accounts */
};

/* ---- lines ---- */

static bool is_zero(const struct totals *t)
{
	return !t->count && !t->usage && !t->price && !t->upload;
}

static void add(struct totals *to, const struct totals *t, int sign)
{
	to->count += sign * t->count;
	to->usage += sign * t->usage;
	to->price += sign * t->price;
	to->upload += sign * t->upload;
}

/* The line of KEY; with ACCOUNT, of that account's KEY. */
static int get_line(struct load *l, const char *key, size_t category, const struct account *account, struct report_line **ret,
		    struct error *err)
{
	const char *name = account ? arena_join(l->arena, account->sid, "/", key, NULL) : key;
	struct report *r = l->report;

	*ret = g_hash_table_lookup(l->by_key, name);
	if (*ret) {
		if ((*ret)->category != category)
			(*ret)->category = CATALOGUE_NONE;
		return 0;
	}
	if ((l->lines->len + 1) * r->n_slots > REPORT_CELLS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "the report would have more than %d numbers; choose fewer days, a longer period"
				 " or a narrower filter", REPORT_CELLS_MAX);
	if (!account)
		name = arena_str(l->arena, name);
	*ret = arena_new(l->arena, struct report_line);
	**ret = (struct report_line){ .key = arena_str(l->arena, key), .category = category, .account = account,
				      .slots = arena_array(l->arena, struct totals, r->n_slots) };
	memset((*ret)->slots, 0, r->n_slots * sizeof(*(*ret)->slots));
	g_hash_table_insert(l->by_key, (char *)name, *ret);
	g_ptr_array_add(l->lines, *ret);
	return 0;
}

static void add_row(const struct load *l, struct report_line *line, const struct usage_row *row, int sign)
{
	add(&line->slots[l->report->n_slots - 1 - (size_t)row->at.slot], &row->totals, sign);
	add(&line->all, &row->totals, sign);
}

/* ---- questions to the ledger ---- */

static struct usage_query query_of(const struct load *l, size_t first, size_t n)
{
	const struct report_question *q = l->question;

	return (struct usage_query){ .accounts = l->ids + first, .n_accounts = n, .zone = q->zone, .period = q->period,
				     .from = q->from, .to = q->to, .category = q->category, .group = GROUP_NONE };
}

static bool filters(const struct report_question *q)
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d])
			return true;
	return false;
}

/* The ids that the filter's values have in the account. 0: one of them has never been used there, so nothing passes. */
static int find_filter(const struct load *l, int64_t account, struct usage_query *ret, struct error *err)
{
	for (int d = 0; d < DIMENSIONS; d++) {
		const char *text = l->question->dim[d];
		int rc;

		if (!text)
			continue;
		rc = sim_value_find(l->store, account, (enum dimension)d, text, &ret->dim[d], err);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* Who gets a row: sets *ret, or leaves it NULL for none. */
typedef int (*choose_line)(struct load *l, const struct usage_row *row, const void *arg, struct report_line **ret, struct error *err);

static int each_row(struct load *l, const struct usage_query *q, int sign, choose_line choose, const void *arg, struct error *err)
{
	struct usage_cursor *cur = NULL;
	struct usage_row row;
	int rc;

	if (usage_open(l->store, l->catalogue, q, (struct usage_position){ 0 }, &cur, err) < 0)
		return -1;
	while ((rc = usage_next(cur, &row, err)) > 0) {
		struct report_line *line = NULL;

		if (choose(l, &row, arg, &line, err) < 0) {
			rc = -1;
			break;
		}
		if (line)
			add_row(l, line, &row, sign);
	}
	usage_close(&cur);
	return rc;
}

static int choose_given(struct load *l, const struct usage_row *row, const void *arg, struct report_line **ret, struct error *err)
{
	(void)l, (void)row, (void)err;
	*ret = (struct report_line *)arg;
	return 0;
}

static int add_to(struct load *l, const struct usage_query *q, struct report_line *line, int sign, struct error *err)
{
	return each_row(l, q, sign, choose_given, line, err);
}

/* ---- by category ---- */

/* Is category I one of the next finer ones below the question's? */
static bool is_finer(const struct load *l, size_t i)
{
	return l->catalogue->parent[i] == l->question->category && i != l->catalogue->totalprice;
}

static int get_itself(struct load *l, struct report_line **ret, struct error *err)
{
	return get_line(l, "", l->question->category, NULL, ret, err);
}

static int choose_category(struct load *l, const struct usage_row *row, const void *arg, struct report_line **ret, struct error *err)
{
	struct report_line *itself;

	(void)arg;
	if (row->category == l->question->category)
		return get_itself(l, ret, err);
	if (!is_finer(l, row->category))
		return 0;
	if (l->question->category != CATALOGUE_NONE) {
		if (get_itself(l, &itself, err) < 0)
			return -1;
		add_row(l, itself, row, SUBTRACT);
	}
	return get_line(l, l->catalogue->categories[row->category].name, row->category, NULL, ret, err);
}

/* One account's usage that passes the filter, by the next finer categories. */
static int add_filtered_categories(struct load *l, const struct usage_query *filtered, struct error *err)
{
	const struct catalogue *c = l->catalogue;
	struct report_line *line, *itself = NULL;
	struct usage_query q = *filtered;

	if (q.category != CATALOGUE_NONE && (get_itself(l, &itself, err) < 0 || add_to(l, &q, itself, ADD, err) < 0))
		return -1;
	for (size_t i = 0; i < c->n_listed; i++) {
		q.category = c->listed[i];
		if (!is_finer(l, q.category))
			continue;
		if (get_line(l, c->categories[q.category].name, q.category, NULL, &line, err) < 0 || add_to(l, &q, line, ADD, err) < 0 ||
		    (itself && add_to(l, &q, itself, SUBTRACT, err) < 0))
			return -1;
	}
	return 0;
}

static int load_by_category(struct load *l, struct error *err)
{
	struct usage_query q = query_of(l, 0, l->question->n_accounts);

	q.category = CATALOGUE_NONE;
	q.group = GROUP_CATEGORY;
	if (!filters(l->question))
		return each_row(l, &q, ADD, choose_category, NULL, err);
	for (size_t i = 0; i < l->question->n_accounts; i++) {
		int rc;

		q = query_of(l, i, 1);
		rc = find_filter(l, l->ids[i], &q, err);
		if (rc < 0 || (rc > 0 && add_filtered_categories(l, &q, err) < 0))
			return -1;
	}
	return 0;
}

/* ---- by account, by dimension, or everything in one line ---- */

/* Takes one account's usage of one category (with what is below it) into the report. */
typedef int (*take_usage)(struct load *l, const struct account *a, const struct usage_query *q, struct error *err);

/* Calls TAKE with questions that together are what the report asks of the account. */
static int each_part(struct load *l, size_t i, bool by_price, take_usage take, struct error *err)
{
	const struct catalogue *c = l->catalogue;
	const struct account *a = &l->question->accounts[i];
	struct usage_query q = query_of(l, i, 1);
	int rc = find_filter(l, a->id, &q, err);

	if (rc <= 0)
		return rc;
	if (q.category != CATALOGUE_NONE)
		return take(l, a, &q, err);
	if (by_price && !filters(l->question) && c->totalprice != CATALOGUE_NONE) {
		q.category = c->totalprice;
		q.group = GROUP_CATEGORY;
		return take(l, a, &q, err);
	}
	for (size_t m = 0; m < c->n_listed; m++) {
		q.category = c->listed[m];
		if (is_finer(l, q.category) && take(l, a, &q, err) < 0)
			return -1;
	}
	return 0;
}

static int take_account(struct load *l, const struct account *a, const struct usage_query *q, struct error *err)
{
	struct report_line *line;

	if (get_line(l, a->sid, l->question->category, a, &line, err) < 0)
		return -1;
	return add_to(l, q, line, ADD, err);
}

static int take_all(struct load *l, const struct account *a, const struct usage_query *q, struct error *err)
{
	struct report_line *line;

	(void)a;
	if (get_line(l, "", l->question->category, NULL, &line, err) < 0)
		return -1;
	return add_to(l, q, line, ADD, err);
}

struct owner {
	const struct account *account;   /* NULL: a network or a country is the same one in all accounts */
	size_t category;
};

static int choose_member(struct load *l, const struct usage_row *row, const void *arg, struct report_line **ret, struct error *err)
{
	const struct owner *owner = arg;
	struct report_line *rest;

	if (get_line(l, "", owner->category, NULL, &rest, err) < 0)
		return -1;
	add_row(l, rest, row, SUBTRACT);
	return get_line(l, row->member_text, owner->category, owner->account, ret, err);
}

static int take_members(struct load *l, const struct account *a, const struct usage_query *q, struct error *err)
{
	enum dimension d = l->question->dimension;
	struct owner owner = { .account = d == DIM_NETWORK || d == DIM_COUNTRY ? NULL : a, .category = q->category };
	struct usage_query members = *q;
	struct report_line *rest;

	members.group = (int)d;
	if (each_row(l, &members, ADD, choose_member, &owner, err) < 0 || get_line(l, "", q->category, NULL, &rest, err) < 0)
		return -1;
	return add_to(l, q, rest, ADD, err);
}

static int load_lines(struct load *l, struct error *err)
{
	static const take_usage takes[] = {
		[REPORT_BY_ACCOUNT] = take_account, [REPORT_BY_DIMENSION] = take_members, [REPORT_BY_NONE] = take_all
	};
	enum report_by by = l->question->by;

	if (by == REPORT_BY_CATEGORY)
		return load_by_category(l, err);
	for (size_t i = 0; i < l->question->n_accounts; i++)
		if (each_part(l, i, by != REPORT_BY_DIMENSION, takes[by], err) < 0)
			return -1;
	return 0;
}

/* ---- the report ---- */

static int make_slots(struct load *l, struct error *err)
{
	const struct report_question *q = l->question;
	struct buckets b;
	int64_t n, *starts;

	buckets_make(&b, q->zone, q->period, q->from, q->to, l->arena);
	n = b.n;
	if (n > REPORT_CELLS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "the range has %lld slots; choose fewer days or a longer period", (long long)n);
	starts = arena_array(l->arena, int64_t, (size_t)n + 1);
	starts[0] = q->from;                   /* a range without any has this one, too */
	for (int64_t k = 0; k < n; k++)
		buckets_range(&b, k, &starts[n - 1 - k], &starts[n - k]);
	l->report->n_slots = (size_t)n;
	l->report->starts = starts;
	return 0;
}

/* Keeps the lines that have any usage. */
static void finish(struct load *l)
{
	struct report *r = l->report;

	r->lines = arena_array(l->arena, struct report_line *, l->lines->len);
	for (guint i = 0; i < l->lines->len; i++) {
		struct report_line *line = g_ptr_array_index(l->lines, i);
		bool used = !is_zero(&line->all);

		for (size_t s = 0; s < r->n_slots && !used; s++)
			used = !is_zero(&line->slots[s]);
		if (!used)
			continue;
		r->lines[r->n_lines++] = line;
		add(&r->all, &line->all, ADD);
	}
}

int report_load(struct store *st, const struct catalogue *c, const struct report_question *q, struct arena *arena,
		struct report *ret, struct error *err)
{
	struct load l = { .store = st, .catalogue = c, .question = q, .arena = arena, .report = ret };
	int rc;

	*ret = (struct report){ 0 };
	l.ids = arena_array(arena, int64_t, q->n_accounts);
	for (size_t i = 0; i < q->n_accounts; i++)
		l.ids[i] = q->accounts[i].id;
	if (make_slots(&l, err) < 0)
		return -1;
	l.lines = g_ptr_array_new();
	l.by_key = g_hash_table_new(g_str_hash, g_str_equal);
	rc = load_lines(&l, err);
	if (rc == 0)
		finish(&l);
	g_hash_table_destroy(l.by_key);
	g_ptr_array_free(l.lines, TRUE);
	return rc;
}
