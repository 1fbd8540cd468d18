#include "usage/trigger_watch.h"

#include <glib.h>
#include <stdlib.h>
#include "base/civil.h"
#include "store/account.h"
#include "store/sums.h"
#include "store/trigger.h"
#include "usage/period.h"
#include "base/banned.h"

/*
 * Where the effective time of an event lies: the shortest current period that
 * contains it. A recurrence counts the classes up to its own.
 */
enum watch_class { CLASS_DAY, CLASS_MONTH, CLASS_YEAR, CLASS_OTHER, CLASSES };

static const enum watch_class last_class[RECURRENCES] = {
	[RECURRENCE_DAILY] = CLASS_DAY,
	[RECURRENCE_MONTHLY] = CLASS_MONTH,
	[RECURRENCE_YEARLY] = CLASS_YEAR,
	[RECURRENCE_ALLTIME] = CLASS_OTHER,
};

/* A sum is of a class, or of a whole period: CLASSES + recurrence. */
enum { SLOTS = CLASSES + RECURRENCES };

struct watch_sum {
	gint64 key; /* category * SLOTS + slot */
	struct amounts_wide amounts;
};

/* An account that has triggers. */
struct watched {
	int64_t id;
	const struct trigger *triggers;
	size_t n;
	/*
	 * set of struct watch_sum: the added usage by id of its category; NULL:
	 * none
	 */
	GHashTable *added;
	bool touched;
};

struct trigger_watch {
	struct trigger_accounts of;
	int64_t version; /* store_version when read; -1: never */
	struct arena arena;
	const struct catalogue *catalogue;
	struct watched *list; /* in the order of ids */
	size_t n;
	/* subaccounts in another currency than their main account, ascending */
	const int64_t *unpriced;
	size_t n_unpriced;
	int64_t now_us;
	/* the current periods, in days since 1970; TO is exclusive */
	struct slot_span days[CLASS_OTHER];
	struct watched **touched;
	size_t n_touched;
	/* of the account being settled: sums by index of a category */
	GHashTable *sums;
	bool loaded[RECURRENCES]; /* SUMS has the whole current period */
	/* the last look-up */
	int64_t last_id;
	struct watched *last;
};

static GHashTable *new_sums(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

struct trigger_watch *trigger_watch_new(int64_t account, int64_t main)
{
	struct trigger_watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->of = (struct trigger_accounts) { account, main };
	w->version = -1;
	arena_init(&w->arena);
	w->sums = new_sums();
	return w;
}

static void forget(struct trigger_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].added)
			g_hash_table_destroy(w->list[i].added);
	w->n = w->n_touched = w->n_unpriced = 0;
	w->last_id = 0;
	w->version = -1;
	arena_reset(&w->arena);
}

void trigger_watch_free(struct trigger_watch **w)
{
	if (!*w)
		return;
	forget(*w);
	g_hash_table_destroy((*w)->sums);
	arena_release(&(*w)->arena);
	free(*w);
	*w = NULL;
}

/* ---- loading ---- */

/* Makes a struct watched of all triggers of an account. */
static void group(struct trigger_watch *w, const struct trigger *list, size_t n)
{
	w->list = arena_array(&w->arena, struct watched, n);
	w->touched = arena_array(&w->arena, struct watched *, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || list[i].account != list[i - 1].account)
			w->list[w->n++] = (struct watched) { .id = list[i].account,
							     .triggers = &list[i] };
		w->list[w->n - 1].n++;
	}
}

static int load(struct trigger_watch *w, struct store *st, struct error *err)
{
	struct trigger *list;
	int64_t version;
	size_t n;

	if (store_version(st, &version, err) < 0)
		return -1;
	if (version == w->version)
		return 0;
	forget(w);
	if (store_triggers_watched(st, &w->of, &w->arena, &list, &n, err) < 0)
		return -1;
	if (n &&
	    (catalogue_load(st, &w->arena, &w->catalogue, err) < 0 ||
	     store_triggers_unpriced(st, &w->of, &w->arena, &w->unpriced, &w->n_unpriced, err) < 0))
		return -1;
	if (n)
		group(w, list, n);
	w->version = version;
	return 0;
}

static void set_periods(struct trigger_watch *w)
{
	static const struct {
		enum recurrence recurrence;
		enum period period;
	} rows[CLASS_OTHER] = { [CLASS_DAY] = { RECURRENCE_DAILY, PERIOD_DAY },
				[CLASS_MONTH] = { RECURRENCE_MONTHLY, PERIOD_MONTH },
				[CLASS_YEAR] = { RECURRENCE_YEARLY, PERIOD_YEAR } };

	for (int i = 0; i < CLASS_OTHER; i++) {
		int64_t first = trigger_period_now(rows[i].recurrence, w->now_us);
		struct date next = period_step(rows[i].period, date_from_days(first), 1);

		w->days[i] = (struct slot_span) { first, date_to_days(next) };
	}
}

int trigger_watch_begin(struct trigger_watch *w, struct store *st, int64_t now_us,
			struct error *err)
{
	if (load(w, st, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_touched; i++) {
		g_hash_table_remove_all(w->touched[i]->added);
		w->touched[i]->touched = false;
	}
	w->n_touched = 0;
	w->now_us = now_us;
	if (w->n)
		set_periods(w);
	return 0;
}

bool trigger_watch_any(const struct trigger_watch *w)
{
	return w->n > 0;
}

/* ---- adding up ---- */

static int compare_id(const void *id, const void *watched)
{
	int64_t a = *(const int64_t *)id, b = ((const struct watched *)watched)->id;

	return (a > b) - (a < b);
}

static struct watched *find(struct trigger_watch *w, int64_t account)
{
	if (account != w->last_id) {
		w->last_id = account;
		w->last = w->n ? bsearch(&account, w->list, w->n, sizeof(*w->list), compare_id)
			       : NULL;
	}
	return w->last;
}

static struct watch_sum *find_sum(GHashTable *sums, int64_t category, int slot)
{
	gint64 key = category * SLOTS + slot;
	struct watch_sum *s = g_hash_table_lookup(sums, &key);

	if (!s) {
		s = g_new0(struct watch_sum, 1);
		s->key = key;
		g_hash_table_add(sums, s);
	}
	return s;
}

static enum watch_class class_of(const struct trigger_watch *w, int64_t effective_us)
{
	int64_t day = floor_div(effective_us, SEC_PER_DAY * USEC_PER_SEC);
	int i = 0;

	while (i < CLASS_OTHER && (day < w->days[i].from || day >= w->days[i].to))
		i++;
	return (enum watch_class)i;
}

static void add_to(struct trigger_watch *w, struct watched *a, const struct trigger_usage *u)
{
	if (!a)
		return;
	if (!a->added)
		a->added = new_sums();
	if (!a->touched)
		w->touched[w->n_touched++] = a;
	a->touched = true;
	amounts_wide_count(&find_sum(a->added, u->category, class_of(w, u->effective_us))->amounts,
			   u->amounts);
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void trigger_watch_add(struct trigger_watch *w, const struct trigger_usage *u)
{
	struct trigger_usage of_main = *u;
	struct amounts amounts = *u->amounts;

	add_to(w, find(w, u->account), u);
	if (u->main == u->account)
		return;
	if (w->n_unpriced &&
	    bsearch(&u->account, w->unpriced, w->n_unpriced, sizeof(*w->unpriced), compare_ids))
		amounts.price = 0;
	of_main.amounts = &amounts;
	add_to(w, find(w, u->main), &of_main);
}

/* ---- settling ---- */

/* Adds to the sums of a category, its ancestors and totalprice. */
static void spread(struct trigger_watch *w, int64_t category, int slot,
		   const struct amounts_wide *amounts)
{
	const struct catalogue *c = w->catalogue;

	for (size_t i = catalogue_index(c, category); i != CATALOGUE_NONE; i = c->parent[i])
		amounts_wide_add(&find_sum(w->sums, (int64_t)i, slot)->amounts, amounts, 1);
	if (c->totalprice != CATALOGUE_NONE)
		amounts_wide_add(&find_sum(w->sums, (int64_t)c->totalprice, slot)->amounts, amounts,
				 1);
}

static wide sum_of(struct trigger_watch *w, const struct trigger *t, int slot)
{
	size_t i = catalogue_index(w->catalogue, t->category);
	gint64 key = (int64_t)i * SLOTS + slot;
	const struct watch_sum *s = g_hash_table_lookup(w->sums, &key);

	return s ? s->amounts.n[trigger_amount(w->catalogue, t)] : 0;
}

/* The change of the value of T, if its period is the current one. */
static wide added_to(struct trigger_watch *w, const struct trigger *t)
{
	wide sum = 0;

	for (int i = 0; i <= (int)last_class[t->recurrence]; i++)
		sum += sum_of(w, t, i);
	return sum;
}

struct whole_period {
	struct trigger_watch *w;
	int slot;
	struct trigger_family family;
};

static int add_row(void *arg, const struct sums_row *row, struct error *err)
{
	struct whole_period *p = arg;
	struct amounts_wide amounts = *row->amounts;

	(void)err;
	if (p->family.unpriced[row->account])
		amounts.price = 0;
	spread(p->w, row->category, p->slot, &amounts);
	return 0;
}

/* Reads the current period of all categories of the account. */
static int load_period(struct trigger_watch *w, struct store *st, int64_t account,
		       enum recurrence r, struct error *err)
{
	struct whole_period p = { .w = w, .slot = CLASSES + (int)r };
	struct slot_span span = trigger_span(r, trigger_period_now(r, w->now_us));
	struct sums_query q = { .spans = &span, .n_spans = 1 };
	struct arena arena;
	int rc;

	if (w->loaded[r])
		return 0;
	arena_init(&arena);
	rc = trigger_family_load(st, account, &arena, &p.family, err);
	if (rc == 0) {
		q.accounts = p.family.accounts;
		q.n_accounts = p.family.n;
		rc = store_sums(st, &q, add_row, &p, err);
	}
	arena_release(&arena);
	w->loaded[r] = rc == 0;
	return rc;
}

/* Sets V, a value of an earlier or later period, from the rollups. */
static int begin_period(struct trigger_watch *w, struct store *st, const struct trigger *t,
			struct trigger_value *v, struct error *err)
{
	int64_t now = trigger_period_now(t->recurrence, w->now_us);

	/* the clock has been set back: the later period stays */
	if (v->period > now)
		return trigger_load_sum(st, w->catalogue, t, v->period, &v->sum, err);
	if (load_period(w, st, t->account, t->recurrence, err) < 0)
		return -1;
	v->period = now;
	v->sum = sum_of(w, t, CLASSES + (int)t->recurrence);
	return 0;
}

static int settle_trigger(struct trigger_watch *w, struct store *st, const struct trigger *t,
			  struct error *err)
{
	struct trigger_value v = { .trigger = t->id };
	wide added = added_to(w, t);
	int rc;

	if (!added)
		return 0;
	rc = store_trigger_value(st, &v, err);
	if (rc <= 0)
		return rc;
	if (v.period == trigger_period_now(t->recurrence, w->now_us))
		v.sum += added;
	else if (begin_period(w, st, t, &v, err) < 0)
		return -1;
	if (trigger_check(st, w->catalogue, t, &v, w->now_us, err) < 0)
		return -1;
	return store_trigger_value_set(st, &v, err);
}

static int settle_account(struct trigger_watch *w, struct store *st, const struct watched *a,
			  struct error *err)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_remove_all(w->sums);
	for (int r = 0; r < RECURRENCES; r++)
		w->loaded[r] = false;
	g_hash_table_iter_init(&iter, a->added);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const struct watch_sum *s = key;

		spread(w, s->key / SLOTS, (int)(s->key % SLOTS), &s->amounts);
	}
	for (size_t i = 0; i < a->n; i++)
		if (settle_trigger(w, st, &a->triggers[i], err) < 0)
			return -1;
	return 0;
}

int trigger_watch_settle(struct trigger_watch *w, struct store *st, struct error *err)
{
	for (size_t i = 0; i < w->n_touched; i++)
		if (settle_account(w, st, w->touched[i], err) < 0)
			return -1;
	return 0;
}
