/*
 * ledger_bench.c - what it costs the ledger to take events, in batches from
 * memory, durable: checks, identities, rollups and postings, without reading
 * any file.
 *
 *   ledger_bench FILE SHAPE EVENTS BATCH [BEFORE]
 *
 * SHAPE: see shapes.c. BEFORE: so many events of the shape are stored before the
 * measurement, in large batches. FILE is made; if it exists, it is a ledger with
 * these BEFORE events of the same shape already.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "store/declared.h"
#include "tests/bench/shapes.h"
#include "usage/ledger.h"

#define NS_PER_SEC  INT64_C(1000000000)
#define LARGE_BATCH 50000

struct spent {
	int64_t wall_ns, cpu_ns; /* cpu: without waiting for the disk or other programs */
};

/* The events FROM to TO, excluded, of TOTAL. */
struct part {
	const struct shape *shape;
	int64_t from, to, total, batch;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void set(struct raw_event *raw, enum event_field f, const char *text)
{
	if (!*text)
		return;
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static int fill_event(struct event *ev, struct raw_event *raw, const struct shape_event *t,
		      struct error *err)
{
	*raw = (struct raw_event) { 0 };
	*ev = (struct event) { .raw = raw };
	set(raw, EV_SOURCE, t->source);
	set(raw, EV_ID, t->id);
	set(raw, EV_SUBJECT, t->subject);
	set(raw, EV_TIME, t->time);
	set(raw, EV_CATEGORY, t->category);
	set(raw, EV_USAGE, t->usage);
	set(raw, EV_PRICE, t->price);
	set(raw, EV_CUSTOMER, t->customer);
	set(raw, EV_SIM, t->sim);
	if (*t->attributes) {
		raw->attributes.text = t->attributes;
		raw->attributes.len = strlen(t->attributes);
	}
	return event_check(ev, INT64_MAX / 2, 0, err);
}

static int add_account(struct store *st, int i, struct error *err)
{
	struct account a = { .currency = "usd" };

	shape_account(i, a.sid);
	a.name = a.sid;
	return store_account_add(st, &a, err);
}

static int add_category(struct store *st, int i, struct error *err)
{
	struct category c = { .name = shape_category(i),
			      .description = "",
			      .count_unit = "calls",
			      .usage_unit = "minutes" };

	return store_category_add(st, &c, err);
}

static int add_dimension(struct store *st, int i, struct error *err)
{
	char name[] = { 'd', 'i', 'm', (char)('0' + i), '\0' };
	struct declared d = { .dimension = (enum dimension)(DIMENSIONS_BUILT_IN + i),
			      .name = name,
			      .attribute = name };

	return store_declared_add(st, &d, err);
}

static int fill_ledger(struct store *st, const struct shape *s, struct error *err)
{
	if (store_begin_write(st, err) < 0)
		return -1;
	for (int i = 0; i < s->accounts; i++)
		if (add_account(st, i, err) < 0)
			return -1;
	for (int i = 0; i < s->categories; i++)
		if (add_category(st, i, err) < 0)
			return -1;
	for (int i = 0; i < s->declared; i++)
		if (add_dimension(st, i, err) < 0)
			return -1;
	return store_commit(st, err);
}

static int store_part(struct ledger *l, const struct part *p, struct spent *ret, struct error *err)
{
	struct shape_event *texts = calloc((size_t)p->batch, sizeof(*texts));
	struct event *list = calloc((size_t)p->batch, sizeof(*list));
	struct raw_event *raws = calloc((size_t)p->batch, sizeof(*raws));
	struct arena arena = { 0 };
	struct submission s = { .events = list, .arena = &arena };
	int rc = texts && list && raws ? 0 : -1;

	*ret = (struct spent) { 0 };
	for (int64_t i = p->from; rc == 0 && i < p->to; i += p->batch) {
		int64_t n = p->to - i < p->batch ? p->to - i : p->batch;
		struct spent started;

		for (int64_t j = 0; j < n; j++)
			shape_event(p->shape, i + j, p->total, &texts[j]);
		started = (struct spent) { now_ns(CLOCK_MONOTONIC),
					   now_ns(CLOCK_PROCESS_CPUTIME_ID) };
		for (int64_t j = 0; rc == 0 && j < n; j++)
			rc = fill_event(&list[j], &raws[j], &texts[j], err);
		s.n = (size_t)n;
		if (rc == 0)
			rc = ledger_store(l, &s, err);
		ret->wall_ns += now_ns(CLOCK_MONOTONIC) - started.wall_ns;
		ret->cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - started.cpu_ns;
	}
	free(list);
	free(raws);
	arena_release(&arena);
	free(texts);
	return rc;
}

static int run(struct store *st, struct part p, int64_t before, struct spent *ret,
	       struct error *err)
{
	struct part first = { p.shape, 0, before, p.total, LARGE_BATCH };
	struct ledger *l = ledger_new(st, &(struct ledger_options) { 0 });
	int rc = store_part(l, &first, ret, err);

	if (rc == 0)
		rc = store_part(l, &p, ret, err);
	ledger_free(&l);
	return rc;
}

static void print(const struct part *p, int64_t before, const struct spent *spent)
{
	int64_t n = p->to - p->from;
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("%s: %" PRId64 " events after %" PRId64 ", %" PRId64 " a batch: %.2f us of the"
	       " processor an event, %" PRId64 " events/s, %ld MiB\n",
	       p->shape->name, n, before, p->batch, (double)spent->cpu_ns / 1000 / (double)n,
	       n * NS_PER_SEC / spent->wall_ns, used.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	const struct shape *shape = argc > 2 ? shape_find(argv[2]) : NULL;
	int64_t events = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
	int64_t batch = argc > 4 ? strtoll(argv[4], NULL, 10) : 0;
	int64_t before = argc > 5 ? strtoll(argv[5], NULL, 10) : 0;
	struct part p = { shape, before, before + events, before + before / 10 + 1, batch };
	struct error err = { 0 };
	struct store *st = NULL;
	struct spent spent;
	bool made;

	/* so the times of the events before don't depend on the number of EVENTS */
	if (p.total < p.to)
		p.total = p.to;
	if (!shape || events < 1 || batch < 1 || before < 0) {
		fprintf(stderr, "ledger_bench FILE SHAPE EVENTS BATCH [BEFORE]\nSHAPE: one of %s\n",
			shape_names());
		return 2;
	}
	made = access(argv[1], F_OK) < 0;
	if (secret_init(&err) < 0 ||
	    store_open(argv[1], STORE_WRITE | (made ? STORE_CREATE : 0), 1000, &st, &err) < 0 ||
	    (made && fill_ledger(st, shape, &err) < 0) ||
	    run(st, p, made ? before : 0, &spent, &err) < 0) {
		fprintf(stderr, "ledger_bench: %s (%s)\n", err.message, err.detail);
		return 1;
	}
	store_close(&st);
	print(&p, before, &spent);
	return 0;
}
