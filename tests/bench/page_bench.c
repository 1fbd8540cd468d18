/*
 * page_bench.c - what pages of reports and events cost above the network:
 * handle() in a loop, in one process.
 *
 *   page_bench SOURCES [COUNT [NAME]]   microseconds, statements and bytes of
 *                                       each page (or those whose name has NAME)
 *   valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file=FILE
 *       page_bench SOURCES guard        writes instructions into FILE.1, FILE.2
 *                                       ...: of a reference routine, of the
 *                                       guarded pages, of an event and of its
 *                                       POST
 *   ... page_bench SOURCES profile NAME for callgrind_annotate
 *
 * SOURCES is the folder of the sources, for the templates. The NAME of the POST
 * of one event is "POST of an event".
 */
#include <ftw.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

/* CFLAGS; see Makefile.am */
#ifndef BUILD_FLAGS
#define BUILD_FLAGS ""
#endif

#define OK(call)                                                                      \
	do {                                                                          \
		if ((call) < 0) {                                                     \
			fprintf(stderr, "page_bench: %s (%s)\n", err.message, #call); \
			exit(1);                                                      \
		}                                                                     \
	} while (0)

#include "../unit/page_fixture.h"

#include "usage/commit_thread.h"

#define POST_NAME "POST of an event"

enum { WARM = 3, GUARDED_TIMES = 20, REFERENCE_BYTES = 1 << 16, REFERENCE_TIMES = 20 };

/* the pages of the guard */
static const char *const guarded[] = { "Daily, 50 categories", "Daily, 50 days of a category",
				       "Daily as HTML", "GET /events of 50", NULL };

static char dir[] = "/tmp/page_bench.XXXXXX";
static struct page_bench bench;

static int remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void ask_times(const struct page_shape *shape, int n)
{
	for (int i = 0; i < n; i++) {
		struct page_answer a = page_ask(&bench, shape);

		if (a.status != 200) {
			fprintf(stderr, "page_bench: %s: status %d\n", shape->name, a.status);
			exit(1);
		}
	}
}

/* ---- events ---- */

struct post_body {
	struct input in;
	char text[256];
	size_t len, read;
};

static size_t read_post(struct input *in, char *buf, size_t size)
{
	struct post_body *b = (struct post_body *)in;
	size_t left = b->len - b->read, n = left < size ? left : size;

	memcpy(buf, b->text + b->read, n);
	b->read += n;
	return n;
}

/* Posts one event, each call another one. */
static void post_event(void)
{
	static int number;
	struct post_body body = { .in = { read_post, NULL } };
	struct page_answer a = { .out = { page_write } };
	char length[32];
	char *env[] = { (char[]) { "REQUEST_METHOD=POST" },
			(char[]) { "REQUEST_URI=/events" },
			(char[]) { "CONTENT_TYPE=text/csv" },
			length,
			(char[]) { "REMOTE_ADDR=192.0.2.1" },
			(char[]) { "HTTP_HOST=localhost" },
			(char[]) { "HTTP_AUTHORIZATION=Bearer admintoken" },
			NULL };

	body.len = (size_t)snprintf(body.text, sizeof(body.text),
				    "source,id,subject,time,category,count,usage,price\n"
				    "/pbx/2,%010d," PAGE_SID
				    ",2026-11-21T10:00:00Z,cat-5,1,2.5,0.0123\n",
				    number++);
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", body.len);
	handle(&bench.worker, env, &body.in, &a.out);
	if (a.status != 200) {
		fprintf(stderr, "page_bench: " POST_NAME ": status %d\n", a.status);
		exit(1);
	}
}

static void post_times(int n)
{
	for (int i = 0; i < n; i++)
		post_event();
}

/* ---- time ---- */

static void measure(const struct page_shape *shape, int n)
{
	int64_t statements;
	double start;

	ask_times(shape, WARM);
	statements = store_statements(bench.worker.store);
	start = now_us();
	ask_times(shape, n);
	printf("%8.1f us %4" PRId64 " statements %7zu bytes  %s\n", (now_us() - start) / n,
	       (store_statements(bench.worker.store) - statements) / n,
	       page_ask(&bench, shape).bytes, shape->name);
}

static void measure_all(int n, const char *name)
{
	for (int i = 0; i < PAGE_SHAPES; i++)
		if (!name || strstr(page_shapes[i].name, name))
			measure(&page_shapes[i], n);
	if (!name || strstr(POST_NAME, name)) {
		double start = now_us();

		post_times(n);
		printf("%8.1f us %38s\n", (now_us() - start) / n, POST_NAME);
	}
}

/* ---- instructions ---- */

/*
 * The routine that others are compared with: bytes are compared, copied and
 * hashed, and numbers become text. Its result is printed, so that the compiler
 * cannot leave it out.
 */
static uint64_t reference(void)
{
	static unsigned char text[REFERENCE_BYTES];
	uint64_t hash = 14695981039346656037u;
	size_t len = 0;

	for (uint64_t n = 1; len + 24 < sizeof(text); n = n * 7 + len) {
		char digits[24];
		int k = 0;

		for (uint64_t rest = n; rest; rest /= 10)
			digits[k++] = (char)('0' + rest % 10);
		while (k > 0)
			text[len++] = (unsigned char)digits[--k];
		text[len++] = ',';
	}
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (text[i] == ',' ? i : text[i])) * 1099511628211u;
	return hash;
}

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif

/* The flag that says how the compiler optimizes. */
static const char *optimized(void)
{
	const char *flag = strstr(BUILD_FLAGS, "-O");

	return flag ? flag : "-O0";
}

static int optimized_len(void)
{
	return (int)strcspn(optimized(), " ");
}

static void begin_count(void)
{
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
}

static void end_count(const char *name, int times)
{
	char what[128];

	snprintf(what, sizeof(what), "%d %s", times, name);
	CALLGRIND_DUMP_STATS_AT(what);
	CALLGRIND_STOP_INSTRUMENTATION;
}

static void guard_page(const char *name)
{
	for (int i = 0; i < PAGE_SHAPES; i++) {
		if (strcmp(page_shapes[i].name, name) != 0)
			continue;
		ask_times(&page_shapes[i], WARM);
		begin_count();
		ask_times(&page_shapes[i], GUARDED_TIMES);
		end_count(name, GUARDED_TIMES);
	}
}

/* Stores events into a ledger of its own. */
static void guard_events(void)
{
	struct batch sent = { 0 };
	struct ledger *l;
	struct store *st;

	OK(store_open(":memory:", STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	page_add_accounts(st);
	page_add_categories(st);
	l = ledger_new(st, &(struct ledger_options) { 0 });
	begin_count();
	for (int day = 0; day < 30; day++)
		for (int c = 3; c < 3 + PAGE_USED; c++)
			for (int n = 0; n < 6; n++)
				page_add_event(&sent, c, day, c % 10, n);
	OK(batch_store(&sent, l, &err));
	end_count("an event", (int)sent.n);
	arena_release(&sent.arena);
	ledger_free(&l);
	store_close(&st);
}

/* Counts the request and its commit, both threads. */
static void guard_post(void)
{
	post_times(WARM);
	begin_count();
	post_times(GUARDED_TIMES);
	end_count(POST_NAME, GUARDED_TIMES);
}

static void guard(void)
{
	uint64_t sum = 0;

	begin_count();
	for (int i = 0; i < REFERENCE_TIMES; i++)
		sum ^= reference() + (uint64_t)i;
	end_count("reference", REFERENCE_TIMES);
	printf("reference %" PRIx64 "\n", sum);
	printf("built with %s %s, %.*s\n", COMPILER, __VERSION__, optimized_len(), optimized());
	for (int i = 0; guarded[i]; i++)
		guard_page(guarded[i]);
	guard_events();
	guard_post();
}

static void profile(const char *name)
{
	if (strstr(POST_NAME, name))
		guard_post();
	for (int i = 0; i < PAGE_SHAPES; i++) {
		if (!strstr(page_shapes[i].name, name))
			continue;
		ask_times(&page_shapes[i], WARM);
		begin_count();
		ask_times(&page_shapes[i], GUARDED_TIMES);
		end_count(page_shapes[i].name, GUARDED_TIMES);
		return;
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4) {
		fputs("page_bench SOURCES [COUNT|guard|profile [NAME]]\n", stderr);
		return 2;
	}
	arena_init(&arena);
	if (!mkdtemp(dir)) {
		perror("page_bench");
		return 1;
	}
	page_bench_init(&bench, dir, argv[1]);
	OK(commit_thread_new(bench.settings, &bench.worker.commits, &err));
	if (argc > 2 && strcmp(argv[2], "guard") == 0)
		guard();
	else if (argc > 3 && strcmp(argv[2], "profile") == 0)
		profile(argv[3]);
	else
		measure_all(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 200,
			    argc > 3 ? argv[3] : NULL);
	commit_thread_free(&bench.worker.commits);
	page_bench_release(&bench);
	arena_release(&arena);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
