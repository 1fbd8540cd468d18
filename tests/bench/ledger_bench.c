/*
 * ledger_bench.c - how many events a second the ledger takes, in batches from
 * memory, durable: checks, identities and rollups, without reading any file.
 * Usage: ledger_bench FILE [EVENTS [BATCH [CUSTOMERS]]]; FILE is made and must
 * not exist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/civil.h"
#include "base/secret.h"
#include "store/account.h"
#include "store/category.h"
#include "usage/ledger.h"

#define SID        "AC0123456789abcdef0123456789abcdef"
#define CATEGORIES 4
#define NS_PER_SEC INT64_C(1000000000)
#define START      1767225600LL /* 2026-01-01 */
#define DAYS       28

struct texts {
	char id[32], time[INSTANT_TEXT], category[16], usage[16], price[16], customer[16];
};

struct spent {
	int64_t wall_ns, cpu_ns; /* cpu: without waiting for the disk or other programs */
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void fill(struct texts *t, int64_t i, int64_t events, int64_t customers)
{
	uint64_t random = (uint64_t)i * 0x9e3779b97f4a7c15u;

	random ^= random >> 29;
	snprintf(t->id, sizeof(t->id), "call-%07" PRId64, i);
	instant_format(t->time, (START + i * DAYS * SEC_PER_DAY / events) * USEC_PER_SEC);
	snprintf(t->category, sizeof(t->category), "calls-%d", (int)(random % CATEGORIES));
	snprintf(t->usage, sizeof(t->usage), "%d.5", (int)(random >> 8 & 63));
	snprintf(t->price, sizeof(t->price), "0.%03d", (int)(random >> 16 & 511));
	snprintf(t->customer, sizeof(t->customer), "cus%" PRIu64,
		 (random >> 32) % (uint64_t)customers);
}

static void set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

static int fill_event(struct event *ev, const struct texts *t, bool has_customer, struct error *err)
{
	struct raw_event *raw = &ev->raw;

	*ev = (struct event) { 0 };
	set(raw, EV_SOURCE, "/pbx/1");
	set(raw, EV_ID, t->id);
	set(raw, EV_SUBJECT, SID);
	set(raw, EV_TIME, t->time);
	set(raw, EV_CATEGORY, t->category);
	set(raw, EV_USAGE, t->usage);
	set(raw, EV_PRICE, t->price);
	if (has_customer)
		set(raw, EV_CUSTOMER, t->customer);
	return event_check(ev, INT64_MAX / 2, 0, err);
}

static int make_ledger(const char *path, struct store **ret, struct error *err)
{
	struct account a = { .sid = SID, .name = "bench", .currency = "usd" };

	if (secret_init(err) < 0 ||
	    store_open(path, STORE_WRITE | STORE_CREATE, 1000, ret, err) < 0 ||
	    store_account_add(*ret, &a, err) < 0)
		return -1;
	for (int i = 0; i < CATEGORIES; i++) {
		char name[16];
		struct category c = { .name = name,
				      .description = "",
				      .count_unit = "calls",
				      .usage_unit = "minutes" };

		snprintf(name, sizeof(name), "calls-%d", i);
		if (store_category_add(*ret, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int run(struct store *st, int64_t events, int64_t batch, int64_t customers,
	       struct spent *ret, struct error *err)
{
	struct ledger_options o = { 0 };
	struct ledger *l = ledger_new(st, &o);
	struct texts *texts = calloc((size_t)batch, sizeof(*texts));
	struct event *list = calloc((size_t)batch, sizeof(*list));
	struct arena arena = { 0 };
	struct submission s = { .events = list, .n = (size_t)batch, .arena = &arena };
	int rc = texts && list ? 0 : -1;

	*ret = (struct spent) { 0 };
	for (int64_t i = 0; rc == 0 && i < events; i += batch) {
		struct spent started;

		for (int64_t j = 0; j < batch; j++)
			fill(&texts[j], i + j, events, customers ? customers : 1);
		started = (struct spent) { now_ns(CLOCK_MONOTONIC),
					   now_ns(CLOCK_PROCESS_CPUTIME_ID) };
		for (int64_t j = 0; rc == 0 && j < batch; j++)
			rc = fill_event(&list[j], &texts[j], customers > 0, err);
		if (rc == 0)
			rc = ledger_store(l, &s, err);
		ret->wall_ns += now_ns(CLOCK_MONOTONIC) - started.wall_ns;
		ret->cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - started.cpu_ns;
	}
	free(list);
	arena_release(&arena);
	free(texts);
	ledger_free(&l);
	return rc;
}

int main(int argc, char **argv)
{
	int64_t events = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
	int64_t batch = argc > 3 ? strtoll(argv[3], NULL, 10) : 50000;
	int64_t customers = argc > 4 ? strtoll(argv[4], NULL, 10) : 100;
	struct error err = { 0 };
	struct store *st = NULL;
	struct spent spent;

	if (argc < 2 || events < 1 || batch < 1 || events % batch) {
		fprintf(stderr, "usage: ledger_bench FILE [EVENTS [BATCH [CUSTOMERS]]] (EVENTS a "
				"multiple of BATCH)\n");
		return 2;
	}
	if (make_ledger(argv[1], &st, &err) < 0 ||
	    run(st, events, batch, customers, &spent, &err) < 0) {
		fprintf(stderr, "ledger_bench: %s (%s)\n", err.message, err.detail);
		return 1;
	}
	store_close(&st);
	printf("%" PRId64 " events, %" PRId64 " a batch, %" PRId64 " customers: %" PRId64
	       " events/s (%" PRId64 " a second of the processor)\n",
	       events, batch, customers, events * NS_PER_SEC / spent.wall_ns,
	       events * NS_PER_SEC / spent.cpu_ns);
	return 0;
}
