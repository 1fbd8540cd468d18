/*
 * sums_bench.c - what a page of sums by day costs in the store, on PostgreSQL,
 * against a statement for the same sums that is written by hand.
 *
 *   sums_bench ADDRESS   makes a ledger in the empty schema of ADDRESS, and
 *                        prints for each question: its name, microseconds in
 *                        the store (with the begin of the read and the version),
 *                        of the statement, and of an empty round trip
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

#define OK(call)                                                                      \
	do {                                                                          \
		if ((call) < 0) {                                                     \
			fprintf(stderr, "sums_bench: %s (%s)\n", err.message, #call); \
			exit(1);                                                      \
		}                                                                     \
	} while (0)

#include "../unit/page_fixture.h"
#include "store/sums.h"
#include "base/banned.h"

enum { PAGE = 50, ACCOUNTS = 3, WARM = 50, ROUNDS = 500, CATEGORY = 5 };

static const struct question {
	const char *name;
	int64_t category; /* 0: all */
	const char *sql;
} questions[] = {
	{ "days-of-all", 0,
	  "SELECT slot, category, sum(count), sum(usage), sum(price), sum(upload) FROM total_day"
	  " WHERE account = ANY ('{1,2,3}') AND slot >= $1 AND slot < $2 GROUP BY 1, 2" },
	{ "days-of-a-category", CATEGORY,
	  "SELECT slot, category, sum(count), sum(usage), sum(price), sum(upload) FROM total_day"
	  " WHERE account = ANY ('{1,2,3}') AND slot >= $1 AND slot < $2 AND category = 5"
	  " GROUP BY 1, 2" },
};

static struct store *st;
static PGconn *pg;
static int64_t first_day, seen;

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- what is measured ---- */

static int see_row(void *arg, const struct sums_row *row, struct error *e)
{
	(void)arg, (void)e;
	seen += (int64_t)row->amounts->count;
	return 0;
}

static void ask_store(const struct question *q)
{
	struct sums_account accounts[ACCOUNTS] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	struct slot_span days[PAGE];
	struct sums_query sums = { .accounts = accounts,
				   .n_accounts = ACCOUNTS,
				   .spans = days,
				   .n_spans = PAGE,
				   .any_account = true,
				   .categories = &q->category,
				   .n_categories = q->category ? 1 : 0 };
	int64_t version;

	for (int i = 0; i < PAGE; i++)
		days[i] = (struct slot_span) { slot_of_day(first_day + i),
					       slot_of_day(first_day + i + 1) };
	OK(store_begin_read(st, &err));
	OK(store_version(st, &version, &err));
	OK(store_sums(st, &sums, see_row, NULL, &err));
	store_end(st);
}

static void see_result(PGresult *r)
{
	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		fprintf(stderr, "sums_bench: %s", PQresultErrorMessage(r));
		exit(1);
	}
	for (int i = 0; i < PQntuples(r); i++)
		for (int c = 0; c < PQnfields(r); c++)
			seen += strtoll(PQgetvalue(r, i, c), NULL, 10);
	PQclear(r);
}

static void ask_by_hand(const struct question *q)
{
	char from[24], to[24];
	const char *values[] = { from, to };

	snprintf(from, sizeof(from), "%lld", (long long)first_day);
	snprintf(to, sizeof(to), "%lld", (long long)first_day + PAGE);
	see_result(PQexecPrepared(pg, q->name, 2, values, NULL, NULL, 0));
}

static void ask_nothing(const struct question *q)
{
	(void)q;
	see_result(PQexecPrepared(pg, "nothing", 0, NULL, NULL, NULL, 0));
}

/* The medians of the three, which are asked in turns. */
static void measure(const struct question *q)
{
	void (*const ways[])(const struct question *) = { ask_store, ask_by_hand, ask_nothing };
	static double took[3][ROUNDS];

	for (int i = -WARM; i < ROUNDS; i++)
		for (int w = 0; w < 3; w++) {
			double begin = now_us();

			ways[w](q);
			if (i >= 0)
				took[w][i] = now_us() - begin;
		}
	printf("%s", q->name);
	for (int w = 0; w < 3; w++) {
		qsort(took[w], ROUNDS, sizeof(double), ascending);
		printf(" %.1f", took[w][ROUNDS / 2]);
	}
	printf("\n");
}

/* ---- the ledger ---- */

static void make_ledger(const char *where)
{
	clock_set_us(PAGE_NOW_US);
	OK(secret_init(&err));
	OK(store_open(where, STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	OK(store_begin_write(st, &err));
	page_add_accounts(st);
	page_add_categories(st);
	OK(store_commit(st, &err));
	page_add_events(st);
	store_close(&st);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("sums_bench ADDRESS\n", stderr);
		return 2;
	}
	arena_init(&arena);
	make_ledger(argv[1]);
	first_day = PAGE_NOW_US / USEC_PER_SEC / 86400 - PAGE;
	OK(store_open(argv[1], 0, 1000, &st, &err));
	pg = PQconnectdb(argv[1]);
	PQclear(PQexec(pg, "ANALYZE"));
	PQclear(PQprepare(pg, "nothing", "SELECT 1", 0, NULL));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		PQclear(PQprepare(pg, questions[i].name, questions[i].sql, 0, NULL));
		measure(&questions[i]);
	}
	PQfinish(pg);
	store_close(&st);
	arena_release(&arena);
	return seen == 0;
}
