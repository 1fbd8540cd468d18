#include "usage/account_sums.h"

#include <stdlib.h>
#include <string.h>

#include "store/category.h"
#include "store/series.h"
#include "store/sums.h"
#include "usage/member_sums.h"
#include "usage/span_sums.h"
#include "base/int_order.h"
#include "base/banned.h"

struct account_sums_reading {
	struct store *st;
	const struct catalogue *catalogue;
	const struct account_sums_query *q;
	struct arena *arena;
	/* the accounts that can have usage, and their numbers in the query */
	struct sums_account *accounts;
	size_t *number;
	size_t n_accounts;
	/* ids of the category and its subcategories, ascending */
	int64_t *within;
	size_t n_within;
	/* by account and place in catalogue->listed; or by account */
	struct amounts_wide *totals;
	int32_t *place;             /* by catalogue index: in catalogue->listed; -1: none */
	struct member_sums members; /* of GROUP_DIMENSION, by account */
};

/* ---- the question ---- */

static void choose_categories(struct account_sums_reading *r)
{
	const struct catalogue *c = r->catalogue;

	r->place = arena_array(r->arena, int32_t, c->n);
	r->within = arena_array(r->arena, int64_t, c->n);
	for (size_t i = 0; i < c->n; i++) {
		r->place[i] = -1;
		if (r->q->category != CATALOGUE_NONE && r->q->category != c->totalprice &&
		    catalogue_within(c, i, r->q->category))
			r->within[r->n_within++] = c->categories[i].id;
	}
	qsort(r->within, r->n_within, sizeof(*r->within), int_order);
	for (size_t i = 0; i < c->n_listed; i++)
		r->place[c->listed[i]] = (int32_t)i;
}

/* Finds the value of the query in each account. */
static int find_values(struct account_sums_reading *r, struct dimension_intern *values,
		       struct error *err)
{
	const struct account_sums_query *q = r->q;

	for (size_t i = 0; i < q->n_accounts; i++)
		values[i].value = (struct dimension_value) { q->accounts[i], q->dimension, q->value,
							     strlen(q->value) };
	return store_dimensions_find(r->st, values, q->n_accounts, err);
}

static int choose_accounts(struct account_sums_reading *r, struct error *err)
{
	const struct account_sums_query *q = r->q;
	struct dimension_intern *values = arena_array(r->arena, struct dimension_intern,
						      q->n_accounts);

	r->accounts = arena_array(r->arena, struct sums_account, q->n_accounts);
	r->number = arena_array(r->arena, size_t, q->n_accounts);
	if (q->value && find_values(r, values, err) < 0)
		return -1;
	for (size_t i = 0; i < q->n_accounts; i++) {
		struct sums_account *a = &r->accounts[r->n_accounts];

		if (q->value && !values[i].id)
			continue;
		a->id = q->accounts[i];
		a->dim[q->dimension] = values[i].id;
		r->number[r->n_accounts++] = i;
	}
	return 0;
}

/* ---- adding up ---- */

/* The sums of an account: one, or one for each listed category. */
static struct amounts_wide *totals_of(const struct account_sums_reading *r, size_t account)
{
	return r->totals + account * (r->q->group == GROUP_CATEGORY ? r->catalogue->n_listed : 1);
}

/* Adds usage to its category and all ancestors, and the price to totalprice. */
static void add_to_categories(const struct account_sums_reading *r, const struct sums_row *row)
{
	const struct catalogue *c = r->catalogue;
	struct amounts_wide *totals = totals_of(r, row->account);

	for (size_t i = catalogue_index(c, row->category); i != CATALOGUE_NONE; i = c->parent[i])
		if (r->place[i] >= 0)
			amounts_wide_add(&totals[r->place[i]], row->amounts, 1);
	if (c->totalprice != CATALOGUE_NONE && r->place[c->totalprice] >= 0)
		totals[r->place[c->totalprice]].price += row->amounts->price;
}

static int add_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct account_sums_reading *r = arg;

	(void)err;
	if (r->q->group == GROUP_CATEGORY)
		add_to_categories(r, row);
	else if (r->q->group == GROUP_NONE)
		amounts_wide_add(totals_of(r, row->account), row->amounts, 1);
	else
		member_sums_add(&r->members, r->arena,
				(struct member_sum) { .group = (int64_t)r->number[row->account],
						      .id = row->value,
						      .totals = *row->amounts });
	return 0;
}

static int read_sums(struct account_sums_reading *r, struct error *err)
{
	const struct account_sums_query *q = r->q;
	const struct time_span span = { q->from, q->to };
	const struct span_sums_query sums = { .accounts = r->accounts,
					      .n_accounts = r->n_accounts,
					      .categories = r->within,
					      .n_categories = r->n_within,
					      .spans = &span,
					      .n_spans = 1,
					      .by_series = q->group == GROUP_DIMENSION || q->value,
					      .group = q->group == GROUP_DIMENSION ? q->dimension
										   : 0 };

	if (!r->n_accounts || (q->group != GROUP_CATEGORY && !r->n_within))
		return 0;
	return span_sums_read(r->st, &sums, add_row, r, err);
}

/* ---- the rows ---- */

/*
 * Marks the sums of categories that are not metered and that the account has
 * not used itself: they have no row. *RET NULL: each sum has one.
 */
static int find_unlisted(const struct account_sums_reading *r, bool **ret, struct error *err)
{
	const struct catalogue *c = r->catalogue;
	size_t n = r->n_accounts * c->n_listed, n_used;
	struct used_category *used;
	bool any = false;

	*ret = arena_array(r->arena, bool, n);
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = !c->categories[c->listed[i % c->n_listed]].metered &&
			    !amounts_wide_zero(&r->totals[i]);
		any = any || (*ret)[i];
	}
	if (!any)
		return 0;
	if (store_used_by_accounts(r->st, r->q->accounts, r->n_accounts, r->arena, &used, &n_used,
				   err) < 0)
		return -1;
	for (size_t i = 0; i < n_used; i++) {
		int32_t place = r->place[catalogue_index(c, used[i].category)];

		if (place >= 0)
			(*ret)[used[i].account * c->n_listed + (size_t)place] = false;
	}
	return 0;
}

/* Makes the rows by category. Without a filter, all accounts have been chosen. */
static int list_categories(const struct account_sums_reading *r, struct account_sums *ret,
			   struct error *err)
{
	const struct catalogue *c = r->catalogue;
	size_t n = 0, n_totals = r->n_accounts * c->n_listed;
	bool *unlisted;

	if (find_unlisted(r, &unlisted, err) < 0)
		return -1;
	for (size_t i = 0; i < n_totals; i++)
		n += !unlisted[i] && !amounts_wide_zero(&r->totals[i]);
	ret->rows = arena_array(r->arena, struct usage_row, n);
	n = 0;
	for (size_t i = 0; i < n_totals; i++) {
		if (!unlisted[i] && !amounts_wide_zero(&r->totals[i]))
			ret->rows[n++] = (struct usage_row) {
				.category = c->listed[i % c->n_listed], .totals = r->totals[i]
			};
		ret->starts[i / c->n_listed + 1] = n;
	}
	return 0;
}

/* Makes the rows of accounts, at most one of each. */
static void list_totals(const struct account_sums_reading *r, struct account_sums *ret)
{
	size_t n = 0, account = 0;

	ret->rows = arena_array(r->arena, struct usage_row, r->n_accounts);
	for (size_t i = 0; i < r->q->n_accounts; i++) {
		if (account < r->n_accounts && r->number[account] == i) {
			if (!amounts_wide_zero(&r->totals[account]))
				ret->rows[n++] = (struct usage_row) {
					.category = CATALOGUE_NONE, .totals = r->totals[account]
				};
			account++;
		}
		ret->starts[i + 1] = n;
	}
}

/* Makes the rows by value, in which the members are in the right order. */
static void list_members(const struct account_sums_reading *r, struct account_sums *ret)
{
	const struct member_sum *m = r->members.list;
	size_t n = 0;

	ret->rows = arena_array(r->arena, struct usage_row, r->members.n);
	for (size_t i = 0; i < r->q->n_accounts; i++) {
		for (; n < r->members.n && m[n].group == (int64_t)i; n++)
			ret->rows[n] = (struct usage_row) { .category = CATALOGUE_NONE,
							    .member = m[n].id,
							    .member_text = m[n].text,
							    .totals = m[n].totals };
		ret->starts[i + 1] = n;
	}
}

int account_sums_read(struct store *st, const struct catalogue *c,
		      const struct account_sums_query *q, struct arena *arena,
		      struct account_sums *ret, struct error *err)
{
	struct account_sums_reading r = { .st = st, .catalogue = c, .q = q, .arena = arena };
	size_t each = q->group == GROUP_CATEGORY ? c->n_listed : q->group == GROUP_NONE;

	*ret = (struct account_sums) { .starts = arena_array(arena, size_t, q->n_accounts + 1) };
	choose_categories(&r);
	if (choose_accounts(&r, err) < 0)
		return -1;
	r.totals = arena_array(arena, struct amounts_wide, r.n_accounts * each);
	if (read_sums(&r, err) < 0)
		return -1;
	if (q->group == GROUP_CATEGORY)
		return list_categories(&r, ret, err);
	if (q->group == GROUP_NONE)
		list_totals(&r, ret);
	else if (member_sums_finish(&r.members, st, q->accounts, q->n_accounts, arena, err) < 0)
		return -1;
	else
		list_members(&r, ret);
	return 0;
}
