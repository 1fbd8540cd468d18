#include "usage/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* Totals of one slot. Of another slot they count as zero, so that a new slot needs no sweep over all of them. */
struct sum {
	int64_t slot;                /* from 1; 0: of no slot yet */
	struct totals totals;
};

/* What one member of the grouped dimension used. */
struct member {
	int64_t id;
	const char *text;
	struct sum sum;
};

/* Members seen so far, found by id. They stay over the slots, so that each text is read once. */
struct members {
	struct member *list;
	size_t n, size;
	uint32_t *index;             /* open addressing; position in the list plus 1 */
	size_t index_size;           /* a power of two, more than twice n */
};

struct usage_cursor {
	struct store *store;
	const struct catalogue *catalogue;
	const struct usage_query *query;
	struct arena arena;
	struct arena scratch;        /* of one account's hour */
	struct buckets buckets;
	int64_t slot;                /* the current one; -1 before the first */
	int64_t from, to;            /* its range */
	const char *after;           /* where the first slot goes on, until it is loaded */
	int64_t start_slot;
	const size_t *categories;    /* that rows are made of, in report order */
	size_t n_categories;
	size_t *within;              /* categories that count for query->category */
	size_t n_within;
	struct sum *sums;            /* by catalogue index; GROUP_NONE uses the first */
	struct members members;
	struct member **sorted;      /* of the slot, by text */
	size_t n_rows;               /* rows that the slot can have */
	size_t row;                  /* the next one */
};

static bool by_dimension(const struct usage_query *q)
{
	return q->group >= 0 && q->group < DIMENSIONS;
}

static bool filters_dimension(const struct usage_query *q)
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d])
			return true;
	return false;
}

/* ---- adding up ---- */

static void totals_add(struct totals *t, const struct amounts *a)
{
	t->count += a->count;
	t->usage += a->usage;
	t->price += a->price;
	t->upload += a->upload;
}

/* Adds A to what SUM holds for the current slot. */
static void sum_add(const struct usage_cursor *cur, struct sum *sum, const struct amounts *a)
{
	if (sum->slot != cur->slot + 1)
		*sum = (struct sum){ .slot = cur->slot + 1 };
	totals_add(&sum->totals, a);
}

static struct totals sum_totals(const struct usage_cursor *cur, const struct sum *sum)
{
	return sum->slot == cur->slot + 1 ? sum->totals : (struct totals){ 0 };
}

static bool totals_zero(const struct totals *t)
{
	return !t->count && !t->usage && !t->price && !t->upload;
}

static size_t member_slot(const struct members *m, int64_t id)
{
	size_t i = ((uint64_t)id * 0x9e3779b97f4a7c15u >> 20) & (m->index_size - 1);

	while (m->index[i] && m->list[m->index[i] - 1].id != id)
		i = (i + 1) & (m->index_size - 1);
	return i;
}

static void members_grow(struct members *m, struct arena *arena)
{
	size_t size = m->size ? m->size * 2 : 64;

	m->list = arena_grow(arena, m->list, m->n * sizeof(*m->list), size * sizeof(*m->list));
	m->size = size;
	m->index_size = size * 4;
	m->index = arena_array(arena, uint32_t, m->index_size);
	for (size_t i = 0; i < m->n; i++)
		m->index[member_slot(m, m->list[i].id)] = (uint32_t)i + 1;
}

static struct member *members_get(struct members *m, struct arena *arena, int64_t id)
{
	size_t i;

	if (m->n == m->size)
		members_grow(m, arena);
	i = member_slot(m, id);
	if (!m->index[i]) {
		m->list[m->n] = (struct member){ .id = id };
		m->index[i] = (uint32_t)++m->n;
	}
	return &m->list[m->index[i] - 1];
}

static void add_to_member(struct usage_cursor *cur, const struct rollup *r)
{
	int64_t id = r->dim[cur->query->group];

	if (id)
		sum_add(cur, &members_get(&cur->members, &cur->arena, id)->sum, &r->amounts);
}

/* A category holds the usage of its own events and of those below it; totalprice the price of everything. */
static void add_to_categories(struct usage_cursor *cur, const struct rollup *r)
{
	const struct catalogue *c = cur->catalogue;

	for (size_t i = catalogue_index(c, r->category); i != CATALOGUE_NONE; i = c->parent[i])
		sum_add(cur, &cur->sums[i], &r->amounts);
	if (c->totalprice != CATALOGUE_NONE)
		sum_add(cur, &cur->sums[c->totalprice], &(struct amounts){ .price = r->amounts.price });
}

static void add_row(struct usage_cursor *cur, const struct rollup *row)
{
	if (by_dimension(cur->query))
		add_to_member(cur, row);
	else if (cur->query->group == GROUP_CATEGORY)
		add_to_categories(cur, row);
	else
		sum_add(cur, &cur->sums[0], &row->amounts);
}

static int add_scan(struct usage_cursor *cur, const struct rollup_scan *scan, struct error *err)
{
	struct rollup row;
	int rc;

	if (store_scan_begin(cur->store, scan, err) < 0)
		return -1;
	while ((rc = store_scan_next(cur->store, &row, err)) > 0)
		add_row(cur, &row);
	store_scan_end(cur->store);
	return rc;
}

/* One account's part of the slot: a scan a run, and a category where the query is about one. */
static int add_account(struct usage_cursor *cur, int64_t account, const struct slot_run *runs, int n_runs, struct error *err)
{
	const struct usage_query *q = cur->query;
	struct rollup_scan scan = { .account = account };
	size_t n = q->group == GROUP_CATEGORY ? 1 : cur->n_within;

	scan.by_series = by_dimension(q) || filters_dimension(q);
	for (int d = 0; d < DIMENSIONS; d++)
		scan.dim[d] = q->dim[d];
	for (int r = 0; r < n_runs; r++) {
		scan.level = runs[r].level;
		scan.from = runs[r].from;
		scan.to = runs[r].to;
		for (size_t i = 0; i < n; i++) {
			if (q->group != GROUP_CATEGORY)
				scan.category = cur->catalogue->categories[cur->within[i]].id;
			else if (cur->n_within == 1)
				scan.category = cur->catalogue->categories[cur->within[0]].id;
			if (add_scan(cur, &scan, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- inside a quarter hour ---- */

/* Is the series part of what the query asks for? */
static bool series_counts(const struct usage_cursor *cur, const struct series *s)
{
	const struct usage_query *q = cur->query;

	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d] && s->dim[d] != q->dim[d])
			return false;
	return q->group == GROUP_CATEGORY ||
	       catalogue_within(cur->catalogue, catalogue_index(cur->catalogue, s->category), q->category);
}

static int add_event(struct usage_cursor *cur, const struct posted *p, struct error *err)
{
	struct stored_event event;
	struct series series;
	struct rollup row;
	int rc = store_series_by_id(cur->store, p->series, &series, err);

	if (rc > 0 && !series_counts(cur, &series))
		return 0;
	if (rc > 0)
		rc = store_event_find(cur->store, p->source, p->id, p->id_len, &cur->scratch, &event, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERR_INTERNAL, NULL, "an event that the index names isn't there: run \"usaged verify\"");
	row = (struct rollup){ .account = series.account, .category = series.category, .amounts = event.amounts };
	memcpy(row.dim, series.dim, sizeof(row.dim));
	add_row(cur, &row);
	return 0;
}

/* Adds the account's events of [FROM, TO), seconds of one hour. */
static int add_edge(struct usage_cursor *cur, int64_t account, int64_t from, int64_t to, struct error *err)
{
	struct posted *events;
	size_t n, counted = 0;

	arena_reset(&cur->scratch);
	if (store_postings(cur->store, account, floor_div(from, 3600), &cur->scratch, &events, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (events[i].effective_us < from * USEC_PER_SEC || events[i].effective_us >= to * USEC_PER_SEC)
			continue;
		if (++counted > USAGE_EDGE_EVENTS_MAX)
			return error_set(err, ERR_TOO_LARGE, NULL, "the range begins or ends inside a quarter hour of more than %d events;"
					 " choose full quarter hours", USAGE_EDGE_EVENTS_MAX);
		if (add_event(cur, &events[i], err) < 0)
			return -1;
	}
	return 0;
}

/* What a slot is made of: whole quarter hours, and up to two pieces of others. */
struct slot_parts {
	struct slot_run runs[SLOT_RUNS_MAX];
	int n_runs;
	struct { int64_t from, to; } edges[2];
	int n_edges;
};

static void add_edge_part(struct slot_parts *p, int64_t from, int64_t to)
{
	if (from >= to)
		return;
	p->edges[p->n_edges].from = from;
	p->edges[p->n_edges++].to = to;
}

static struct slot_parts slot_parts(const struct usage_cursor *cur)
{
	const struct usage_query *q = cur->query;
	int64_t from = -floor_div(-cur->from, QUARTER_SEC) * QUARTER_SEC, to = floor_div(cur->to, QUARTER_SEC) * QUARTER_SEC;
	struct slot_parts p = { .n_runs = 0 };

	if (q->running && cur->to == q->to)
		to += QUARTER_SEC;
	if (from > to) {                 /* both lie in the same one */
		add_edge_part(&p, cur->from, cur->to);
		return p;
	}
	add_edge_part(&p, cur->from, from);
	add_edge_part(&p, to, cur->to);
	p.n_runs = slot_runs(from, to, p.runs);
	return p;
}

static int by_text(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

/* Members with usage in the slot, in the order of their texts. */
static int sort_members(struct usage_cursor *cur, struct error *err)
{
	struct members *m = &cur->members;
	size_t n = 0;

	cur->sorted = arena_array(&cur->arena, struct member *, m->n + 1);
	for (size_t i = 0; i < m->n; i++) {
		struct totals totals = sum_totals(cur, &m->list[i].sum);

		if (totals_zero(&totals))
			continue;
		if (!m->list[i].text && store_dimension_text(cur->store, m->list[i].id, &cur->arena, &m->list[i].text, err) < 1)
			return err->kind ? -1 : error_set(err, ERR_INTERNAL, NULL, "the ledger has a dimension without a name");
		cur->sorted[n++] = &m->list[i];
	}
	qsort(cur->sorted, n, sizeof(*cur->sorted), by_text);
	cur->n_rows = n;
	return 0;
}

/* Nobody has a value that isn't known. */
static bool filters_unknown(const struct usage_query *q)
{
	for (int d = 0; d < DIMENSIONS; d++)
		if (q->dim[d] < 0)
			return true;
	return false;
}

static const char *row_name(const struct usage_cursor *cur, size_t row)
{
	if (by_dimension(cur->query))
		return cur->sorted[row]->text;
	if (cur->query->group == GROUP_CATEGORY)
		return cur->catalogue->categories[cur->categories[row]].name;
	return "total";
}

static int load_slot(struct usage_cursor *cur, int64_t k, struct error *err)
{
	const struct usage_query *q = cur->query;
	struct slot_parts parts;

	cur->slot = k;
	cur->row = 0;
	buckets_range(&cur->buckets, k, &cur->from, &cur->to);
	parts = slot_parts(cur);
	for (size_t i = 0; i < q->n_accounts && !filters_unknown(q); i++) {
		if (add_account(cur, q->accounts[i], parts.runs, parts.n_runs, err) < 0)
			return -1;
		for (int e = 0; e < parts.n_edges; e++)
			if (add_edge(cur, q->accounts[i], parts.edges[e].from, parts.edges[e].to, err) < 0)
				return -1;
	}
	if (by_dimension(q) && sort_members(cur, err) < 0)
		return -1;
	if (cur->after && k == cur->start_slot)
		while (cur->row < cur->n_rows && strcmp(row_name(cur, cur->row), cur->after) <= 0)
			cur->row++;
	return 0;
}

/* ---- the cursor ---- */

/*
 * What a report without a category lists: metered categories, and what the accounts
 * used. What others use adds nothing to it.
 */
static int list_categories(struct usage_cursor *cur, struct error *err)
{
	const struct catalogue *c = cur->catalogue;
	bool *used = arena_array(&cur->arena, bool, c->n);
	size_t *list = arena_array(&cur->arena, size_t, c->n);

	memset(used, 0, c->n * sizeof(*used));
	for (size_t a = 0; a < cur->query->n_accounts && c->n_listed > 0; a++) {
		const int64_t *ids;
		size_t n;

		if (store_categories_used(cur->store, cur->query->accounts[a], &cur->arena, &ids, &n, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			used[catalogue_index(c, ids[i])] = true;
	}
	for (size_t i = 0; i < c->n_listed; i++)
		if (used[c->listed[i]] || c->categories[c->listed[i]].metered)
			list[cur->n_categories++] = c->listed[i];
	cur->categories = list;
	return 0;
}

static int choose_categories(struct usage_cursor *cur, struct error *err)
{
	const struct catalogue *c = cur->catalogue;
	const struct usage_query *q = cur->query;

	if (q->category == CATALOGUE_NONE)
		return list_categories(cur, err);
	cur->categories = &q->category;
	cur->n_categories = 1;
	cur->within = arena_array(&cur->arena, size_t, c->n);
	for (size_t i = 0; i < c->n && q->category != c->totalprice; i++)
		if (catalogue_within(c, i, q->category))
			cur->within[cur->n_within++] = i;
	return 0;
}

static struct usage_cursor *cursor_new(struct store *st, const struct catalogue *c, const struct usage_query *q, struct error *err)
{
	struct usage_cursor *cur = calloc(1, sizeof(*cur));

	if (!cur) {
		error_set(err, ERR_INTERNAL, NULL, "out of memory");
		return NULL;
	}
	arena_init(&cur->arena);
	arena_init(&cur->scratch);
	cur->store = st;
	cur->catalogue = c;
	cur->query = q;
	buckets_make(&cur->buckets, q->zone, q->period, q->from, q->to, &cur->arena);
	if (choose_categories(cur, err) < 0) {
		usage_close(&cur);
		return NULL;
	}
	if (q->group == GROUP_CATEGORY) {
		cur->sums = arena_array(&cur->arena, struct sum, c->n);
		cur->n_rows = cur->n_categories;
	} else if (q->group == GROUP_NONE) {
		cur->sums = arena_new(&cur->arena, struct sum);
		cur->n_rows = 1;
	}
	return cur;
}

int usage_open(struct store *st, const struct catalogue *c, const struct usage_query *q, struct usage_position start,
	       struct usage_cursor **ret, struct error *err)
{
	struct usage_cursor *cur = cursor_new(st, c, q, err);

	if (!cur)
		return -1;
	cur->slot = start.slot - 1;
	cur->start_slot = start.slot;
	cur->after = arena_str(&cur->arena, start.after);
	if (start.slot < cur->buckets.n && load_slot(cur, start.slot, err) < 0) {
		usage_close(&cur);
		return -1;
	}
	*ret = cur;
	return 0;
}

/* What row I's member or category used in the slot. */
static struct totals row_totals(const struct usage_cursor *cur, size_t i)
{
	if (by_dimension(cur->query))
		return sum_totals(cur, &cur->sorted[i]->sum);
	return sum_totals(cur, &cur->sums[cur->query->group == GROUP_CATEGORY ? cur->categories[i] : 0]);
}

static void fill_row(struct usage_cursor *cur, size_t i, struct usage_row *ret)
{
	*ret = (struct usage_row){ .from = cur->from, .to = cur->to, .category = CATALOGUE_NONE, .totals = row_totals(cur, i) };
	if (by_dimension(cur->query)) {
		ret->member = cur->sorted[i]->id;
		ret->member_text = cur->sorted[i]->text;
	} else if (cur->query->group == GROUP_CATEGORY) {
		ret->category = cur->categories[i];
	}
	ret->at.slot = cur->slot;
	ret->at.after = row_name(cur, i);
}

/* Is row I part of the answer? */
static bool row_counts(const struct usage_cursor *cur, size_t i)
{
	struct totals totals;

	if (cur->query->zeros || by_dimension(cur->query))
		return true;
	totals = row_totals(cur, i);
	return !totals_zero(&totals);
}

int usage_next(struct usage_cursor *cur, struct usage_row *ret, struct error *err)
{
	while (cur->slot < cur->buckets.n) {
		while (cur->slot >= 0 && cur->row < cur->n_rows) {
			size_t i = cur->row++;

			if (!row_counts(cur, i))
				continue;
			fill_row(cur, i, ret);
			return 1;
		}
		if (cur->slot + 1 >= cur->buckets.n)
			break;
		if (load_slot(cur, cur->slot + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* How many rows of the slot come up to AFTER. */
static size_t rows_up_to(const struct usage_cursor *cur, const char *after)
{
	size_t n = 0;

	while (after && n < cur->n_rows && strcmp(row_name(cur, n), after) <= 0)
		n++;
	return n;
}

static int cursor_back(struct usage_cursor *cur, size_t n, struct arena *arena, struct usage_position *at, struct error *err)
{
	bool counted = cur->query->zeros && !by_dimension(cur->query);   /* without a look at the slot */

	for (int64_t k = at->slot; k >= 0; k--) {
		size_t i;

		if (!counted && k < cur->buckets.n && load_slot(cur, k, err) < 0)
			return -1;
		i = k == at->slot ? rows_up_to(cur, at->after) : cur->n_rows;
		for (; i > 0 && n > 0; i--)
			if (row_counts(cur, i - 1))
				n--;
		if (n == 0 && (k > 0 || i > 0)) {
			*at = (struct usage_position){ .slot = k, .after = i ? arena_str(arena, row_name(cur, i - 1)) : NULL };
			return 0;
		}
	}
	*at = (struct usage_position){ 0 };
	return 0;
}

int usage_back(struct store *st, const struct catalogue *c, const struct usage_query *q, size_t n, struct arena *arena,
	       struct usage_position *at, struct error *err)
{
	struct usage_cursor *cur = cursor_new(st, c, q, err);
	int rc = cur ? cursor_back(cur, n, arena, at, err) : -1;

	usage_close(&cur);
	return rc;
}

void usage_close(struct usage_cursor **cur)
{
	if (!*cur)
		return;
	arena_release(&(*cur)->scratch);
	arena_release(&(*cur)->arena);
	free(*cur);
	*cur = NULL;
}
