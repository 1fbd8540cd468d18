/*
 * cost_tests.c - what the dearest requests cost of each operation, in CPU time
 * against a loop of the same run, on a ledger with many lines. Operations are
 * those of the table, and their parameters' values follow from its rows: a new
 * operation is measured, too.
 *
 * Let be: passwords, whose checks are dear on purpose and have a queue of their
 * own.
 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/feeds.h"
#include "api/op.h"
#include "api/signin.h"
#include "api/url.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/secret.h"
#include "format/templates.h"
#include "http/body.h"
#include "http/handle.h"
#include "http/page.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/category.h"
#include "store/key.h"
#include "store/rejection.h"
#include "store/sim.h"
#include "store/trigger.h"
#include "store/user.h"
#include "usage/commit_thread.h"
#include "usage/ledger.h"
#include "cpu_cost.h"
#include "fixture.h"
#include "batch.h"
#include "ledger_place.h"
#include "suite.h"
#include "worst_bodies.h"
#include "base/banned.h"

#define DAY_US (SEC_PER_DAY * USEC_PER_SEC)
#define NOW_US (INT64_C(1795258800) * USEC_PER_SEC) /* 2026-11-21T11:00:00Z */

enum {
	ACCOUNTS = 300,
	CUSTOMERS = 20000,
	SIMS = 8000,
	NETWORKS = 40,
	CATEGORY_DAYS = 60,
	OTHERS = 40000,
	OTHERS_TRIGGERS = 10000,
	CATEGORIES = 100,
	REJECTIONS = 3000,
	USERS = 500,
	STRANGER_LOOPS = 1, /* 20 ms */
	CALLER_LOOPS = 50,  /* 1 s */
	WORK = 50000,       /* a twentieth of what is allowed by default */
	WORK_LOOPS =
		6, /* costs at most a twentieth of a second, and some for all that isn't sums */
	TRIES = 3,
	RANDOM_ROUNDS = 12,
	LONG_ROUNDS = 300,
	ANSWER_MAX = 64 << 20,
	MEMORY_KB = 400 << 10 /* at most, of the whole process */
};

#define OTHERS_LOOPS 0.3 /* 6 ms; to read all others takes some 40 ms */

static struct error err;
static struct arena arena;
static char dir[FOLDER_TEXT];
static char path[96], templates_path[256], tokens_path[96];
static char mappings[FEED_KINDS][256];
static struct settings *settings;
static struct worker worker;
static struct signin *signin;
static struct commit_thread *commits;
static struct template_slot slot;
static unsigned char secret[SECRET_BYTES];
static double loop; /* the quickest */
static uint64_t seed = 26;

static int64_t pick(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)n);
}

/* ---- the ledger ---- */

static const char *sid_of(int i)
{
	return arena_printf(&arena, "AC%032d", i);
}

static const char *category_of(int i)
{
	return i == 0   ? CATEGORY_AI_MINUTES
	       : i == 1 ? CATEGORY_SIM_DATA
	       : i == 2 ? CATEGORY_TOTALPRICE
			: arena_printf(&arena, "cat-%d", i);
}

static void add_accounts(struct store *st)
{
	int64_t main_id = 0;

	for (int i = 0; i < ACCOUNTS; i++) {
		struct account a = { .name = sid_of(i),
				     .parent = i % 3 == 1 ? main_id : 0,
				     .currency = "usd",
				     .created = 1700000000,
				     .number = "" };

		snprintf(a.sid, sizeof(a.sid), "%s", sid_of(i));
		OK(store_account_add(st, &a, &err));
		if (i == 0)
			main_id = a.id;
	}
}

static void add_categories(struct store *st)
{
	int64_t parent = 0;

	for (int i = 0; i < CATEGORIES; i++) {
		struct category c = { .name = category_of(i),
				      .parent = i > 3 && i % 4 ? parent : 0,
				      .description = category_of(i),
				      .count_unit = "calls",
				      .usage_unit = "minutes",
				      .metered = i % 2 };

		OK(store_category_add(st, &c, &err));
		if (i > 2 && i % 4 == 0)
			parent = c.id;
	}
}

static void add_key(struct store *st, int n, const char *role, int64_t account, const char *token)
{
	struct key k = { .name = "", .role = role, .account = account, .created = 1 };

	snprintf(k.sid, sizeof(k.sid), "SK%032d", n);
	token_hash(secret, token, strlen(token), k.hash);
	OK(store_key_add(st, &k, &err));
}

static void add_people(struct store *st)
{
	add_key(st, 1, "SystemAdministrator", 0, "admintoken");
	for (int i = 2; i < USERS; i++)
		add_key(st, i, "Account", 1 + i % ACCOUNTS, arena_printf(&arena, "token-%d", i));
	for (int i = 0; i < USERS; i++) {
		struct user u = { .name = arena_printf(&arena, "user%d", i),
				  .display = "A user",
				  .email = "",
				  .role = "User",
				  .password = "$argon2id$none",
				  .created = 1 };

		OK(store_user_add(st, &u, &err));
	}
	for (int i = 0; i < REJECTIONS; i++) {
		OK(store_rejection_add(st,
				       &(struct rejection) { .at = NOW_US / USEC_PER_SEC - i,
							     .author = "key",
							     .account = 1 + i % ACCOUNTS,
							     .source = "/s",
							     .event = "e",
							     .code = "invalid",
							     .field = "time",
							     .message = "is missing",
							     .record = "{}" },
				       &err));
		OK(store_audit_add(st,
				   &(struct audit) { .at = 1 + i,
						     .author = "key",
						     .action = "key.add",
						     .subject = "SK1",
						     .detail = "" },
				   &err));
	}
}

static void set(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

/*
 * An event of some minute in the last days, DAYS_AGO or later; the dimension F
 * has the value VALUE.
 */
static struct batch sent;

static void add_event(int account, int category, int days_ago, enum event_field f,
		      const char *value)
{
	static int n;
	char id[16], time[INSTANT_TEXT];
	struct raw_event raw = { 0 };

	snprintf(id, sizeof(id), "e%07d", n++);
	instant_format(time, NOW_US - days_ago * DAY_US + pick(80000) * USEC_PER_SEC - DAY_US);
	set(&raw, EV_SOURCE, "/cost");
	set(&raw, EV_ID, id);
	set(&raw, EV_SUBJECT, sid_of(account));
	set(&raw, EV_TIME, time);
	set(&raw, EV_CATEGORY, category_of(category));
	set(&raw, EV_PRICE, "0.01");
	if (value)
		set(&raw, f, value);
	if (category == 1) {
		set(&raw, EV_UPLOAD, "10");
		set(&raw, EV_DOWNLOAD, "20");
		set(&raw, EV_NETWORK, arena_printf(&arena, "HW%032d", (int)pick(NETWORKS)));
	}
	OK(batch_add(&sent, &raw, NOW_US, 0, &err));
}

static void add_events(struct store *st)
{
	struct ledger *l = ledger_new(st, &(struct ledger_options) { 0 });

	for (int i = 0; i < CUSTOMERS; i++)
		for (int day = 0; day < 2; day++)
			add_event(i % 4, 0, (int)pick(40), EV_CUSTOMER,
				  arena_printf(&arena, "customer%d", i));
	for (int i = 0; i < SIMS; i++)
		for (int day = 0; day < 4; day++)
			add_event(2, 1, day * 9, EV_SIM, arena_printf(&arena, "HS%032d", i));
	OK(batch_store(&sent, l, &err));
	for (int i = 0; i < ACCOUNTS; i++)
		for (int day = 0; day < CATEGORY_DAYS; day += i < 4 ? 1 : 20)
			for (int c = 3; c < (i < 4 ? CATEGORIES : 10); c++)
				add_event(i, c, day, EV_CUSTOMER, day % 2 ? "someone" : NULL);
	OK(batch_store(&sent, l, &err));
	ledger_free(&l);
}

static void make_ledger(void)
{
	struct store *st;

	OK(store_open(ledger_place(path), STORE_CREATE | STORE_WRITE, 1000, &st, &err));
	OK(store_begin_write(st, &err));
	add_accounts(st);
	add_categories(st);
	add_people(st);
	OK(store_commit(st, &err));
	add_events(st);
	store_close(&st);
}

/* Records of other programs are taken by the mappings that are shipped. */
static void allow_feeds(const char *srcdir)
{
	static const char *const names[FEED_KINDS] = {
		[FEED_FREESWITCH] = "freeswitch",
		[FEED_TWILIO_CALL] = "twilio-calls",
		[FEED_TWILIO_MESSAGE] = "twilio-messages",
	};
	FILE *f;

	for (int i = 0; i < FEED_KINDS; i++)
		snprintf(mappings[i], sizeof(mappings[i]), "%s/conf/mappings/%s.ini", srcdir,
			 names[i]);
	settings->feeds_freeswitch = mappings[FEED_FREESWITCH];
	settings->feeds_twilio = mappings[FEED_TWILIO_CALL];
	settings->feeds_twilio_messages = mappings[FEED_TWILIO_MESSAGE];
	snprintf(tokens_path, sizeof(tokens_path), "%s/tokens", dir);
	f = fopen(tokens_path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "AC%032d token\n", 2);
	fclose(f);
	ck_assert_int_eq(chmod(tokens_path, 0600), 0);
	settings->feeds_twilio_tokens = tokens_path;
}

/* Once, for all tests, each of which has a process of its own. */
static void make_all(void)
{
	const char *srcdir = getenv("srcdir");

	arena_init(&arena);
	folder_make(dir);
	snprintf(path, sizeof(path), "%s/usage.db", dir);
	snprintf(templates_path, sizeof(templates_path), "%s/templates", srcdir ? srcdir : ".");
	OK(secret_init(&err));
	OK(settings_load(NULL, &settings, &err));
	settings->database = ledger_place(path);
	settings->templates = templates_path;
	allow_feeds(srcdir ? srcdir : ".");
	clock_set_us(NOW_US);
	log_set_level(LOG_LEVEL_ERROR);
	body_init();
	make_ledger();
	arena_release(&sent.arena);
	/* each test is forked from here */
	arena_release(&arena);
	arena_init(&arena);
	malloc_trim(0);
}

static void remove_all(void)
{
	settings_free(&settings);
	arena_release(&arena);
	folder_remove(dir);
}

static void setup(void)
{
	struct templates *templates = NULL;

	OK(page_templates(settings, &templates, &err));
	template_slot_init(&slot, templates);
	OK(commit_thread_new(settings, &commits, &err));
	signin = signin_new();
	worker = (struct worker) { .settings = settings,
				   .secret = secret,
				   .table = ops,
				   .commits = commits,
				   .signin = signin,
				   .slot = &slot };
	OK(feeds_new(settings, &worker.feeds, &err));
	worker_init(&worker);
	loop = cpu_loop();
}

static void teardown(void)
{
	worker_release(&worker);
	feeds_free(&worker.feeds);
	commit_thread_free(&commits);
	signin_free(&signin);
	template_slot_release(&slot);
}

/* ---- asking ---- */

struct ask {
	const char *method, *uri, *type, *body;
	size_t len;
	bool stranger;
	const char *token; /* NULL: an administrator's */
	bool (*gone)(struct input *in);
};

struct memory_input {
	struct input in;
	const char *text;
	size_t len;
};

static size_t read_memory(struct input *in, char *buf, size_t size)
{
	struct memory_input *m = (struct memory_input *)in;
	size_t n = m->len < size ? m->len : size;

	if (n)
		memcpy(buf, m->text, n);
	m->text += n;
	m->len -= n;
	return n;
}

/* Keeps the first line: the status. */
struct first_line {
	struct output out;
	char text[64];
	bool complete;
};

static int write_first(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct first_line *f = (struct first_line *)out;

	if (!*f->text && n)
		snprintf(f->text, sizeof(f->text), "%.*s", (int)strcspn(parts[0].iov_base, "\r"),
			 (const char *)parts[0].iov_base);
	f->complete = last;
	return 0;
}

static char *variable(const char *name, const char *value)
{
	return arena_printf(&arena, "%s=%s", name, value ? value : "");
}

/* What the answer costs, in seconds; *RET_STATUS is its status. */
static double ask_once(const struct ask *q, int *ret_status)
{
	struct memory_input in = { .in = { read_memory, q->gone }, .text = q->body, .len = q->len };
	struct first_line out = { .out.write = write_first };
	char *env[] = {
		variable("REQUEST_METHOD", q->method),
		variable("REQUEST_URI", q->uri),
		variable("CONTENT_TYPE", q->type),
		variable("CONTENT_LENGTH", q->len ? arena_printf(&arena, "%zu", q->len) : ""),
		variable("REMOTE_ADDR", "192.0.2.1"),
		variable(q->stranger ? "NOTHING" : "HTTP_AUTHORIZATION",
			 arena_printf(&arena, "Bearer %s", q->token ? q->token : "admintoken")),
		variable("HTTP_X_TWILIO_SIGNATURE", "x"),
		NULL
	};
	double start = cpu_now(), took;

	handle(&worker, env, &in.in, &out.out);
	took = cpu_now() - start;
	*ret_status = strncmp(out.text, "Status: ", 8) == 0 ? (int)strtol(out.text + 8, NULL, 10)
							    : 0;
	return took;
}

/*
 * The least of some tries, in loops: what else the machine does makes each only
 * dearer.
 */
static double cost_of(const struct ask *q, double most, int *ret_status)
{
	double best = 1e9;

	for (int i = 0; i < TRIES && best / loop > most / 2; i++) {
		double took = ask_once(q, ret_status), again;

		best = took < best ? took : best;
		if (best / loop <= most / 2)
			break;
		again = cpu_loop();
		loop = again < loop ? again : loop;
	}
	return best / loop;
}

static void costs_at_most(const struct ask *q, double most)
{
	int status = 0;
	double units = cost_of(q, most, &status);

	if (getenv("USAGED_COSTS"))
		printf("%7.3f of %.0f: %d %s %s %s\n", units, most, status, q->method, q->uri,
		       q->type ? q->type : "");
	ck_assert_msg(units <= most, "%s %s (%s, %zu bytes): %.2f loops, status %d", q->method,
		      q->uri, q->type ? q->type : "no body", q->len, units, status);
	ck_assert_msg(status >= 200 && status != 500, "%s %s (%s): status %d", q->method, q->uri,
		      q->type ? q->type : "", status);
}

/* ---- requests ---- */

/* What the value of a parameter shall be. */
struct choice {
	/*
	 * of PT_ENUM, PT_GROUP: 0 none, else 1 + the place; of others: 0 the widest, 1
	 * another one
	 */
	int value[PARAMS_MAX];
};

static bool names(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

static bool has_words(const struct param *p)
{
	return p->type == PT_ENUM || p->type == PT_GROUP;
}

/* A value of PT_ENUM or PT_GROUP, by its place; NULL: there are no more. */
static const char *word_of(const struct param *p, int i)
{
	if (p->type == PT_ENUM)
		return p->values[i];
	return i < DIMENSIONS_BUILT_IN ? dimension_infos[i].group
				       : p->values[i - DIMENSIONS_BUILT_IN];
}

/* The account that is asked about. */
static int asked_account = 2;

/* The value of P, NULL: without it. */
static const char *value_of(const struct param *p, int choice)
{
	switch (p->type) {
	case PT_DATE:
		return names(p->name, "End")     ? "9999-12-31"
		       : names(p->name, "Start") ? "0001-01-01"
						 : "2026-11-20";
	case PT_INSTANT:
		return names(p->name, "End") || names(p->name, "To") ? "9999-12-30T00:00:00Z"
								     : "0001-01-02T00:00:00Z";
	case PT_ZONE:
		return choice ? NULL : "Asia/Kathmandu";
	case PT_ENUM:
	case PT_GROUP:
		return choice ? word_of(p, choice - 1) : NULL;
	case PT_BOOL:
		return choice ? "true" : NULL;
	case PT_PAGE_SIZE:
		return choice ? "1" : "1000";
	case PT_INT:
		return choice ? arena_printf(&arena, "%lld",
					     (long long)(p->max < 100 ? p->max : 100))
			      : NULL;
	case PT_CATEGORY:
		return choice ? CATEGORY_AI_MINUTES : NULL;
	case PT_ACCOUNT:
		return choice || (p->flags & PARAM_REQUIRED) ? sid_of(asked_account) : NULL;
	case PT_TEXT:
		break;
	}
	if (names(p->name, "AccountSid") || names(p->name, "AccountId"))
		return p->flags & (PARAM_PATH | PARAM_REQUIRED) || choice ? sid_of(asked_account)
									  : NULL;
	if (p->flags & PARAM_STATE || names(p->name, "Password"))
		return NULL;
	if (names(p->name, "Network"))
		return choice ? arena_printf(&arena, "HW%032d", 7) : NULL;
	if (names(p->name, "Country"))
		return choice ? "AT" : NULL;
	if (p->flags & (PARAM_PATH | PARAM_REQUIRED))
		return names(p->name, "Event")  ? "e0000007"
		       : names(p->name, "User") ? "user7"
						: "x";
	return choice ? names(p->name, "Customer") ? "customer77"
						   : arena_printf(&arena, "HS%032d", 77)
		      : NULL;
}

static const char *path_value(const void *context, const char *name)
{
	const struct op *op = context;

	for (const struct param *p = op->params; p->name; p++)
		if (strcmp(p->name, name) == 0 && value_of(p, 0))
			return value_of(p, 0);
	return "x";
}

/* The operation's path and query. */
static const char *uri_of(const struct op *op, const struct choice *c, const char *suffix)
{
	struct url u = url_begin(&arena,
				 arena_join(&arena, path_fill(&arena, op->path, path_value, op),
					    suffix, NULL));

	for (int i = 0; op->params[i].name; i++)
		if (!(op->params[i].flags & PARAM_PATH))
			url_arg(&u, op->params[i].name, value_of(&op->params[i], c->value[i]));
	return url_end(&u);
}

static int choices_of(const struct param *p)
{
	int n = 1;

	if (!has_words(p))
		return p->flags & PARAM_PATH ? 1 : 2;
	while (word_of(p, n - 1))
		n++;
	return n;
}

static const char *method_of(const struct op *op)
{
	static const struct {
		unsigned method;
		const char *name;
	} methods[] = { { M_GET, "GET" },
			{ M_POST, "POST" },
			{ M_PUT, "PUT" },
			{ M_PATCH, "PATCH" },
			{ M_DELETE, "DELETE" } };

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (op->methods & methods[i].method)
			return methods[i].name;
	return "POST";
}

/* Those that check passwords or read the whole ledger in the background. */
static bool is_exempt(const struct op *op)
{
	return names(op->id, "Password") || strcmp(op->id, "VerifyLedger") == 0 ||
	       strcmp(op->id, "CreateUser") == 0;
}

/* Lists without pages, which leave as they are read. */
static bool is_stream(const struct op *op)
{
	for (int i = 0; op->params[i].name; i++)
		if (op->params[i].type == PT_PAGE_SIZE)
			return false;
	return op->returns_list || strcmp(op->id, "GetAIUsage") == 0;
}

/* Those have bounds of their own. */
static bool has_own_bounds(const struct op *op)
{
	return is_stream(op) || strcmp(op->id, "ListEvents") == 0;
}

static double limit_of(const struct op *op)
{
	return settings->max_report_work == WORK && !has_own_bounds(op) ? WORK_LOOPS : CALLER_LOOPS;
}

static const char *const suffixes[] = { ".json", ".html", ".csv", ".xml", ".svg" };

static void ask_for(const struct op *op, const struct choice *c, const char *suffix)
{
	struct ask q = { .method = method_of(op), .uri = uri_of(op, c, suffix), .body = "" };

	costs_at_most(&q, limit_of(op));
}

/* Each value of each parameter by itself, then some at random. */
static void ask_many(const struct op *op)
{
	int rounds = getenv("USAGED_LONG") ? LONG_ROUNDS : RANDOM_ROUNDS;
	struct choice c = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		ask_for(op, &c, suffixes[i]);
	for (int i = 0; op->params[i].name; i++)
		for (int v = 1; v < choices_of(&op->params[i]); v++) {
			c = (struct choice) { { 0 } };
			c.value[i] = v;
			ask_for(op, &c, ".json");
		}
	for (int round = 0; round < rounds && op->params[0].name; round++) {
		for (int i = 0; op->params[i].name; i++) {
			int n = choices_of(&op->params[i]);

			/*
			 * most often an enumeration's value, and the widest of
			 * the others
			 */
			c.value[i] = has_words(&op->params[i]) || pick(4) == 0 ? (int)pick(n) : 0;
		}
		ask_for(op, &c, suffixes[pick(ARRAY_SIZE(suffixes))]);
	}
}

static void memory_is_bounded(const struct op *op)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	ck_assert_msg(usage.ru_maxrss < MEMORY_KB, "%s: %ld kB", op->id, usage.ru_maxrss);
}

/* ---- the tests ---- */

static int count_ops(void)
{
	int n = 0;

	while (ops[n])
		n++;
	return n;
}

START_TEST(the_widest_range_and_the_deepest_grouping_cost_a_second_at_most)
{
	if (is_exempt(ops[_i]))
		return;
	ask_many(ops[_i]);
	memory_is_bounded(ops[_i]);
}
END_TEST

START_TEST(an_answer_costs_no_more_than_the_work_that_is_allowed)
{
	settings->max_report_work = WORK;
	if (!is_exempt(ops[_i]) && !ops[_i]->changes && !has_own_bounds(ops[_i]))
		ask_many(ops[_i]);
}
END_TEST

/* The body I for OP; most are the same for all operations. */
static const char *body_of(const struct op *op, int i, size_t size, size_t *ret_len)
{
	static struct {
		char *text;
		size_t len, size;
	} kept[WORST_BODIES];
	bool own = op->body_root && worst_bodies[i].type && strcmp(worst_bodies[i].type, XML) == 0;

	if (own)
		return worst_body_make(&worst_bodies[i], size, op->body_root,
				       op->body_namespace ? op->body_namespace : "", &arena,
				       ret_len);
	if (kept[i].size != size) {
		kept[i].text = worst_body_make(&worst_bodies[i], size, "Any", "", &arena,
					       &kept[i].len);
		kept[i].size = size;
	}
	*ret_len = kept[i].len;
	return kept[i].text;
}

/* The worst bodies of each form, to an operation that takes one. */
static void ask_with_bodies(const struct op *op, size_t size, bool stranger, double most)
{
	const char *uri = uri_of(op, &(struct choice) { { 0 } }, "");

	for (int i = 0; i < WORST_BODIES; i++) {
		struct ask q = { .method = op->methods & M_POST ? "POST" : method_of(op),
				 .uri = uri,
				 .stranger = stranger };

		q.type = worst_bodies[i].type ? worst_bodies[i].type : JSON;
		q.body = body_of(op, i, size, &q.len);
		costs_at_most(&q, most);
	}
}

START_TEST(the_longest_body_costs_a_caller_a_second_at_most)
{
	const struct op *op = ops[_i];

	if (!is_exempt(op) && (op_takes_body(op) || op->reads_body))
		ask_with_bodies(op, BODY_PARAMS_MAX, false, CALLER_LOOPS);
}
END_TEST

/* A hundred times the same. */
START_TEST(a_batch_of_calls_costs_a_caller_a_second_at_most)
{
	static const struct worst_body batch = { NULL, "[", "{},", "{}]" };
	const struct op *op = ops[_i];
	struct ask q = { .method = "POST", .type = JSON };

	if (!op->body_root || is_exempt(op))
		return;
	q.uri = arena_printf(&arena, "/json/reply/%s[]", op->id);
	q.body = worst_body_make(&batch, 3 * BODY_BATCH_MAX + 8, "", "", &arena, &q.len);
	costs_at_most(&q, CALLER_LOOPS);
}
END_TEST

START_TEST(a_stranger_costs_twenty_milliseconds_at_most)
{
	const struct op *op = ops[_i];
	struct choice c = { { 0 } };

	/* signing in may check a password */
	if (is_exempt(op) || strcmp(op->id, "Authenticate") == 0)
		ask_with_bodies(op, BODY_STRANGER_MAX, true, CALLER_LOOPS);
	else if (op->roles == ROLE_ANYONE)
		ask_with_bodies(op, BODY_STRANGER_MAX, true, STRANGER_LOOPS);
	else
		ask_with_bodies(op, BODY_PARAMS_MAX, true, STRANGER_LOOPS);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && !is_exempt(op); i++)
		costs_at_most(&(struct ask) { .method = method_of(op),
					      .uri = uri_of(op, &c, suffixes[i]),
					      .body = "",
					      .stranger = true },
			      STRANGER_LOOPS);
}
END_TEST

/* ---- other tenants ---- */

static void add_others_triggers(struct store *st, int64_t account)
{
	for (int i = 0; i < OTHERS_TRIGGERS; i++) {
		struct trigger t = { .account = account,
				     .category = 3,
				     .amount = AMOUNT_COUNT,
				     .threshold = 1000,
				     .name = "near",
				     .url = "https://example.com/",
				     .method = "POST",
				     .created = 1,
				     .updated = 1,
				     .value = { .sum = 900 + i % 90 } };

		snprintf(t.sid, sizeof(t.sid), "UT%032d", i);
		OK(store_trigger_add(st, &t, &err));
	}
}

/* What other tenants' keys and the operator can add without end. */
static void add_others(void)
{
	struct store *st;
	struct account a = { .currency = "usd", .number = "" };

	OK(store_open(ledger_place(path), STORE_WRITE, 1000, &st, &err));
	OK(store_begin_write(st, &err));
	for (int i = ACCOUNTS; i < ACCOUNTS + OTHERS; i++) {
		struct sim sim = { .kind = i % 2 ? DIM_SIM : DIM_FLEET };

		a.name = sid_of(i);
		snprintf(a.sid, sizeof(a.sid), "%s", sid_of(i));
		OK(store_account_add(st, &a, &err));
		sim.family = a.id;
		sim.sid = sim.name = a.name;
		OK(store_sim_add(st, &sim, &err));
	}
	add_others_triggers(st, a.id);
	OK(store_commit(st, &err));
	store_close(&st);
}

static const char *const callers[] = { "Account", "Key", "Ingest" };

/* What an operation's page and its JSON cost each caller of a tenant. */
static void tenant_costs(const struct op *op, double ret[static ARRAY_SIZE(callers) * 2])
{
	const struct choice c = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(callers) * 2; i++) {
		struct ask q = { .method = "GET",
				 .uri = uri_of(op, &c, i % 2 ? ".html" : ".json"),
				 .body = "",
				 .token = callers[i / 2] };
		int status;

		/* the first one fills caches */
		ask_once(&q, &status);
		ret[i] = 1e9;
		for (int try = 0; try < TRIES; try++) {
			double units = ask_once(&q, &status) / loop;

			ret[i] = units < ret[i] ? units : ret[i];
		}
	}
}

START_TEST(what_other_tenants_have_costs_a_caller_nothing)
{
	int n = count_ops();
	double(*before)[ARRAY_SIZE(callers) * 2] = calloc((size_t)n, sizeof(*before)),
					      after[ARRAY_SIZE(callers) * 2];
	struct store *st;

	ck_assert_ptr_nonnull(before);
	asked_account = ACCOUNTS - 1;
	OK(store_open(ledger_place(path), STORE_WRITE, 1000, &st, &err));
	OK(store_begin_write(st, &err));
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		add_key(st, USERS + (int)i, callers[i], ACCOUNTS, callers[i]);
	OK(store_commit(st, &err));
	store_close(&st);
	for (int i = 0; i < n; i++)
		if (ops[i]->methods & M_GET)
			tenant_costs(ops[i], before[i]);
	add_others();
	for (int i = 0; i < n; i++) {
		if (!(ops[i]->methods & M_GET))
			continue;
		tenant_costs(ops[i], after);
		for (size_t k = 0; k < ARRAY_SIZE(after); k++)
			ck_assert_msg(after[k] < 2 * before[i][k] + OTHERS_LOOPS,
				      "%s, %s, %s: %.2f loops instead of %.2f", ops[i]->id,
				      callers[k / 2], k % 2 ? "html" : "json", after[k],
				      before[i][k]);
	}
	free(before);
}
END_TEST

/* ---- work that nobody waits for ---- */

#define WIDE "/reports/usage.json?GroupBy=customer&StartDate=0001-01-01&TimeZone=Asia/Kathmandu"

static int asked;

static bool leave_at_once(struct input *in)
{
	(void)in;
	asked++;
	return true;
}

/* Stays, but lets the answer take long: 0.6 seconds of CPU more. */
static bool stay(struct input *in)
{
	double until = cpu_now() + 0.6;

	(void)in;
	asked++;
	while (cpu_now() < until)
		;
	return false;
}

START_TEST(an_answer_ends_when_its_caller_has_gone)
{
	struct ask q = { .method = "GET", .uri = WIDE, .body = "" };
	int status = 0;
	double whole = ask_once(&q, &status);

	ck_assert_int_eq(status, 200);
	q.gone = leave_at_once;
	ck_assert_double_lt(ask_once(&q, &status), whole / 3);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(asked, 1);
	/* the next one finds nothing of it */
	q.gone = NULL;
	ask_once(&q, &status);
	ck_assert_int_eq(status, 200);
}
END_TEST

START_TEST(an_answer_that_takes_too_long_is_stopped)
{
	struct ask q = { .method = "GET", .uri = WIDE, .body = "", .gone = stay };
	int status = 0;

	settings->max_request_seconds = 1;
	ck_assert_double_lt(ask_once(&q, &status), 3);
	ck_assert_int_eq(status, 503);
	ck_assert_int_gt(asked, 2);
}
END_TEST

int main(void)
{
	Suite *s;
	TCase *tc;
	int n = count_ops();

	if (SANDBOX_SANITIZED) {
		puts("a sanitizer takes memory and time of its own: budgets are for plain builds");
		return 77;
	}
	s = suite_create("cost");
	tc = tcase_create("cost");
	tcase_add_unchecked_fixture(tc, make_all, remove_all);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, the_widest_range_and_the_deepest_grouping_cost_a_second_at_most, 0,
			    n);
	tcase_add_loop_test(tc, an_answer_costs_no_more_than_the_work_that_is_allowed, 0, n);
	tcase_add_loop_test(tc, the_longest_body_costs_a_caller_a_second_at_most, 0, n);
	tcase_add_loop_test(tc, a_batch_of_calls_costs_a_caller_a_second_at_most, 0, n);
	tcase_add_loop_test(tc, a_stranger_costs_twenty_milliseconds_at_most, 0, n);
	tcase_add_test(tc, an_answer_ends_when_its_caller_has_gone);
	tcase_add_test(tc, an_answer_that_takes_too_long_is_stopped);
	suite_add_tcase(s, tc);
	/* on a ledger of its own, to which it adds */
	tc = tcase_create("others");
	tcase_add_unchecked_fixture(tc, make_all, remove_all);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, what_other_tenants_have_costs_a_caller_nothing);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
