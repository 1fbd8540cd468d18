/*
 * stores_tests.c - the same events, corrections and closings in a file of
 * SQLite and in PostgreSQL, and random questions of every operation that reads:
 * each answer must be the same on both, byte for byte. Without
 * USAGED_TEST_STORE there is nothing to compare.
 *
 * USAGED_QUESTIONS=10000 asks so many, USAGED_SEED=7 other ones.
 */
#include <check.h>
#include <sodium.h>
#include "fixture.h"
#include "suite.h"
#include "usage/admin.h"
#include "usage/correct.h"
#include "usage/sim.h"
#include "page_fixture.h"
#include "base/banned.h"

enum { SIDES = 2, ROUNDS = 6, ROUND_EVENTS = 250, FOLLOWED = 3, URI_MAX = 2000 };

static char dir[FOLDER_TEXT];

/* ---- chance ---- */

static uint64_t state, random_state;
static bool drawn;

static int chance(int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int)((state >> 33) % (uint64_t)n);
}

#define PICK(list) ((list)[chance((int)(sizeof(list) / sizeof((list)[0])))])

/* Random ids and secrets are the same on both sides. */
static void same_bytes(void *buf, size_t size)
{
	unsigned char *to = buf;

	drawn = true;
	for (size_t i = 0; i < size; i++) {
		random_state = random_state * 6364136223846793005u + 1442695040888963407u;
		to[i] = (unsigned char)(random_state >> 40);
	}
}

static const char *same_name(void)
{
	return "tests";
}

static uint32_t same_number(void)
{
	uint32_t n;

	same_bytes(&n, sizeof(n));
	return n;
}

static randombytes_implementation same = { .implementation_name = same_name,
					   .random = same_number,
					   .buf = same_bytes };

/* From here on, SIDs and other random bytes are those of SEED. SIDs are made many at once. */
static void begin_random(uint64_t seed)
{
	char sid[35];

	random_state = seed;
	for (drawn = false; !drawn;)
		sid_new("RQ", sid);
}

/* ---- two ledgers ---- */

static struct side {
	struct settings *settings;
	struct template_slot slot;
	struct worker worker;
	struct store *st;
	struct ledger *ledger;
} sides[SIDES];

static unsigned char secret[SECRET_BYTES] = "thirty-two bytes for the hashes";
static char templates_path[512];

static void add_more_accounts(struct store *st)
{
	struct account a = { .sid = "AC00000000000000000000000000000009",
			     .name = "Another",
			     .currency = "eur",
			     .time_zone = "Asia/Kathmandu",
			     .cycle_day = 7,
			     .created = 1700000000 };

	OK(store_account_add(st, &a, &err));
	a.parent = a.id;
	a.name = "Another's";
	a.sid[SID_TEXT - 2] = '8';
	OK(store_account_add(st, &a, &err));
}

static struct admin admin_of(struct store *st)
{
	return (struct admin) { .st = st,
				.arena = &arena,
				.by = &principal_console,
				.author = "console",
				.now_us = PAGE_NOW_US };
}

static void fill_sides(void (*fill)(struct side *s))
{
	for (int i = 0; i < SIDES; i++) {
		begin_random(state);
		OK(store_begin_write(sides[i].st, &err));
		fill(&sides[i]);
		OK(store_commit(sides[i].st, &err));
	}
}

static void add_records(struct side *s)
{
	struct admin a = admin_of(s->st);
	struct sim sim;

	page_add_accounts(s->st);
	add_more_accounts(s->st);
	page_add_categories(s->st);
	page_add_keys(s->st, secret);
	OK(admin_dimension_add(&a, "team", "team", &err));
	OK(admin_dimension_add(&a, "region", "region", &err));
	OK(admin_sim_add(&a,
			 &(struct new_sim) { .account = PAGE_SID,
					     .kind = &sim_kinds[0],
					     .sid = "HS00000000000000000000000000000001",
					     .name = "lift" },
			 &sim, &err));
}

static void side_init(struct side *s, const char *where)
{
	struct templates *templates = NULL;

	*s = (struct side) { .settings = NULL };
	OK(settings_load(NULL, &s->settings, &err));
	s->settings->database = where;
	s->settings->templates = templates_path;
	OK(store_open(where, STORE_CREATE | STORE_WRITE, 5000, &s->st, &err));
	OK(page_templates(s->settings, &templates, &err));
	template_slot_init(&s->slot, templates);
	s->worker = (struct worker) {
		.settings = s->settings, .secret = secret, .table = ops, .slot = &s->slot
	};
	worker_init(&s->worker);
	s->ledger = ledger_new(s->st, &(struct ledger_options) { 0 });
}

static void setup(void)
{
	const char *srcdir = getenv("srcdir"), *seed = getenv("USAGED_SEED");
	char *file;

	state = seed ? strtoull(seed, NULL, 10) : 1;
	arena_init(&arena);
	folder_make(dir);
	snprintf(templates_path, sizeof(templates_path), "%s/templates", srcdir ? srcdir : "..");
	file = arena_join(&arena, dir, "/usage.db", NULL);
	ck_assert_int_eq(randombytes_set_implementation(&same), 0);
	OK(secret_init(&err));
	clock_set_us(PAGE_NOW_US);
	log_set_level(LOG_LEVEL_ERROR);
	body_init();
	side_init(&sides[0], file);
	side_init(&sides[1], ledger_place(file));
	fill_sides(add_records);
}

static void teardown(void)
{
	for (int i = 0; i < SIDES; i++) {
		ledger_free(&sides[i].ledger);
		worker_release(&sides[i].worker);
		template_slot_release(&sides[i].slot);
		settings_free(&sides[i].settings);
		store_close(&sides[i].st);
	}
	arena_release(&arena);
	folder_remove(dir);
}

/* ---- values ---- */

static const char *const sids[] = { PAGE_SID, "AC10000000000000000000000000000000",
				    "AC10000000000000000000000000000001",
				    "AC00000000000000000000000000000009",
				    "AC00000000000000000000000000000008" };
static const char *const sources[] = { "/pbx/1", "/pbx/2", "a b" };
static const char *const customers[] = { "anna", "ben", "bert", "b%_\\", "Zo\xc3\xab" };
static const char *const sims[] = { "HS00000000000000000000000000000001",
				    "HS00000000000000000000000000000002", "HS3" };
static const char *const fleets[] = { "HF1", "HF2" };
static const char *const networks[] = { "HW1", "HW2", "HW3" };
static const char *const countries[] = { "AT", "DE", "US" };
static const char *const teams[] = { "red", "rust", "blue, b" };
static const char *const zones[] = { "UTC", "Europe/Vienna", "Asia/Kathmandu", "America/St_Johns",
				     "Australia/Lord_Howe" };

static int n_events;

static int64_t some_second(void)
{
	static const int steps[] = { 1, 1, 60, 900, 3600, 86400 };
	int64_t sec = PAGE_NOW_US / USEC_PER_SEC - 3600 - chance(80 * 86400);

	return sec - sec % PICK(steps);
}

/* ---- events ---- */

static void set_some(struct raw_event *raw, enum event_field f, const char *text)
{
	if (chance(2))
		page_set(raw, f, text);
}

static struct raw_event some_event(int n)
{
	struct raw_event raw = { 0 };
	char *time = arena_alloc(&arena, INSTANT_TEXT);
	int category = chance(10);

	instant_format(time, some_second() * USEC_PER_SEC + (chance(3) ? 0 : chance(1000000)));
	page_set(&raw, EV_SOURCE, PICK(sources));
	page_set(&raw, EV_ID, arena_printf(&arena, "e%d", n));
	page_set(&raw, EV_SUBJECT, PICK(sids));
	page_set(&raw, EV_TIME, time);
	page_set(&raw, EV_CATEGORY, page_category(category == 2 ? 3 : category));
	page_set(&raw, EV_PRICE, arena_printf(&arena, "%d.%09d", chance(3), chance(1000000000)));
	if (category == 1) {
		page_set(&raw, EV_UPLOAD, arena_printf(&arena, "%d", chance(100000)));
		page_set(&raw, EV_DOWNLOAD, arena_printf(&arena, "%d", chance(100000)));
	} else {
		page_set(&raw, EV_USAGE,
			 arena_printf(&arena, "%d.%06d", chance(90), chance(1000000)));
	}
	set_some(&raw, EV_CUSTOMER, PICK(customers));
	set_some(&raw, EV_SIM, PICK(sims));
	set_some(&raw, EV_FLEET, PICK(fleets));
	set_some(&raw, EV_NETWORK, PICK(networks));
	set_some(&raw, EV_COUNTRY, PICK(countries));
	if (chance(2))
		raw.attributes.text = arena_join(&arena, "{\"region\":\"", PICK(countries),
						 "\",\"team\":\"", PICK(teams), "\"}", NULL);
	raw.attributes.len = raw.attributes.text ? strlen(raw.attributes.text) : 0;
	return raw;
}

static void store_events(void)
{
	struct batch sent[SIDES] = { { 0 }, { 0 } };

	for (int n = 0; n < ROUND_EVENTS; n++) {
		/* some come again, some with other contents */
		struct raw_event raw = some_event(chance(20) ? n_events++ : chance(n_events + 1));

		for (int i = 0; i < SIDES; i++)
			OK(batch_add(&sent[i], &raw, PAGE_NOW_US, 0, &err));
	}
	for (int i = 0; i < SIDES; i++)
		OK(batch_store(&sent[i], sides[i].ledger, &err));
	for (size_t n = 0; n < sent[0].n; n++)
		ck_assert_int_eq(sent[0].events[n].verdict, sent[1].events[n].verdict);
	for (int i = 0; i < SIDES; i++)
		arena_release(&sent[i].arena);
}

/* A correction of some event, which may be refused. */
static void correct_some(void)
{
	struct raw_event change = { 0 };
	struct correct c = { .event = { .id = arena_printf(&arena, "e%d", chance(n_events)) },
			     .kind = chance(2) ? CORRECTION_VOID : CORRECTION_AMEND,
			     .change = &change,
			     .author = "test",
			     .reason = "wrong",
			     .now_us = PAGE_NOW_US };
	uint64_t seed = state;
	struct error failed[SIDES] = { { 0 }, { 0 } };

	page_set(&change, EV_PRICE, arena_printf(&arena, "%d.5", chance(9)));
	if (chance(2))
		page_set(&change, EV_CUSTOMER, PICK(customers));
	for (int i = 0; i < SIDES; i++) {
		struct correction made;
		bool before;

		begin_random(seed);
		OK(store_begin_write(sides[i].st, &err));
		if (correct_event(sides[i].st, &c, &arena, &made, &before, &failed[i]) == 0)
			OK(store_commit(sides[i].st, &err));
		else
			store_end(sides[i].st);
	}
	ck_assert_int_eq(failed[0].kind, failed[1].kind);
	ck_assert_str_eq(failed[0].message, failed[1].message);
}

static void close_some(struct side *s)
{
	struct admin a = admin_of(s->st);

	OK(admin_closing_close(&a, PAGE_SID, "2026-09-20", &err));
}

static void fill(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		store_events();
		for (int n = 0; n < 20; n++)
			correct_some();
		if (round == ROUNDS / 2)
			fill_sides(close_some);
	}
}

/* ---- questions ---- */

static const char *encoded(const char *text)
{
	char *ret = arena_alloc(&arena, 3 * strlen(text) + 1), *to = ret;

	for (; *text; text++)
		for (const char *c = arena_printf(&arena, "%%%02X", (unsigned char)*text); *c; c++)
			*to++ = *c;
	*to = '\0';
	return ret;
}

static const char *some_date(void)
{
	char *text = arena_alloc(&arena, INSTANT_TEXT);

	instant_format(text, some_second() * USEC_PER_SEC);
	return arena_strn(&arena, text, 10);
}

static const char *some_instant(void)
{
	char *text = arena_alloc(&arena, INSTANT_TEXT);

	instant_format(text, some_second() * USEC_PER_SEC);
	return text;
}

static const char *some_filter(void)
{
	switch (chance(5)) {
	case 0:
		return "team:r*";
	case 1:
		return "team:red,customer:b*";
	case 2:
		return "customer:anna";
	case 3:
		return "sim:lift,region:AT";
	default:
		return "region:D*,iso_country:AT";
	}
}

/* A text for a parameter, by its name. */
static const char *some_text(const struct param *p)
{
	static const struct {
		const char *name;
		const char *const *list;
		int n;
	} known[] = {
		{ "Sid", sids, 5 },          { "Source", sources, 3 }, { "Customer", customers, 5 },
		{ "Sim", sims, 3 },          { "Fleet", fleets, 2 },   { "Network", networks, 3 },
		{ "Country", countries, 3 },
	};

	if (strcmp(p->name, "Filter") == 0)
		return some_filter();
	if (strcmp(p->name, "Sim") == 0 && chance(2))
		return "lift";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(p->name, known[i].name))
			return known[i].list[chance(known[i].n)];
	return arena_printf(&arena, "e%d", chance(n_events));
}

static const char *some_value(const struct param *p)
{
	int n = 0;

	switch (p->type) {
	case PT_INT:
		return arena_printf(&arena, "%d", (int)p->min + chance(30));
	case PT_PAGE_SIZE:
		return arena_printf(&arena, "%d", 1 + chance(60));
	case PT_BOOL:
		return chance(2) ? "true" : "false";
	case PT_DATE:
		return some_date();
	case PT_INSTANT:
		return some_instant();
	case PT_ZONE:
		return PICK(zones);
	case PT_ACCOUNT:
		return PICK(sids);
	case PT_CATEGORY:
		return page_category(chance(12));
	case PT_ENUM:
	case PT_GROUP:
		while (p->values && p->values[n])
			n++;
		if (p->type == PT_ENUM || (n && chance(2)))
			return p->values[chance(n)];
		return chance(2) ? dimension_infos[chance(DIMENSIONS_BUILT_IN)].group : "team";
	default:
		return some_text(p);
	}
}

/* The path of the operation, with values. */
static void add_path(const struct op *op, struct strbuf *to)
{
	for (const char *at = op->path; *at; at++) {
		const char *end = strchr(at, '}');
		const struct param *p = op->params;

		if (*at != '{') {
			strbuf_addn(to, at, 1);
			continue;
		}
		while (p->name && strncmp(p->name, at + 1, (size_t)(end - at - 1)) != 0)
			p++;
		strbuf_add(to, encoded(p->name ? some_value(p) : "x"));
		at = end;
	}
}

static const char *some_uri(const struct op *op)
{
	static const char *const endings[] = { ".json", ".json", ".csv", ".xml", ".html", "" };
	struct strbuf uri;
	char separator = '?';
	const char *ret;

	strbuf_init(&uri, URI_MAX);
	add_path(op, &uri);
	strbuf_add(&uri, PICK(endings));
	for (const struct param *p = op->params; p && p->name; p++) {
		if (p->flags & (PARAM_PATH | PARAM_SECRET | PARAM_STATE) ||
		    (!(p->flags & PARAM_REQUIRED) && chance(3)))
			continue;
		strbuf_addf(&uri, "%c%s=%s", separator, p->name, encoded(some_value(p)));
		separator = '&';
	}
	ret = arena_str(&arena, uri.text ? uri.text : "");
	strbuf_release(&uri);
	return ret;
}

/* ---- answers ---- */

struct text_answer {
	struct output out;
	struct strbuf text;
};

static int keep_text(struct output *out, const struct iovec *parts, int n, bool last)
{
	struct text_answer *a = (struct text_answer *)out;

	(void)last;
	for (int i = 0; i < n; i++)
		strbuf_addn(&a->text, parts[i].iov_base, parts[i].iov_len);
	return 0;
}

static void ask(struct side *s, const char *uri, bool admin, struct text_answer *ret)
{
	struct input in = { page_no_body, NULL };
	char *env[] = { (char[]) { "REQUEST_METHOD=GET" },
			arena_printf(&arena, "REQUEST_URI=%s", uri),
			(char[]) { "REMOTE_ADDR=192.0.2.1" },
			(char[]) { "HTTP_HOST=localhost" },
			admin ? (char[]) { "HTTP_AUTHORIZATION=Bearer admintoken" }
			      : (char[]) { "HTTP_AUTHORIZATION=Bearer accounttoken" },
			NULL };

	*ret = (struct text_answer) { .out.write = keep_text };
	strbuf_init(&ret->text, 64 << 20);
	begin_random(7);
	handle(&s->worker, env, &in, &ret->out);
}

static void check_same(const char *uri, const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	if (a[n] == b[n])
		return;
	n = n > 200 ? n - 200 : 0;
	ck_abort_msg("GET %s\nSQLite:     ... %.600s\nPostgreSQL: ... %.600s", uri, a + n, b + n);
}

/* The URI of the next page in an answer as JSON, or NULL. */
static const char *next_page(const char *text)
{
	static const char *const names[] = { "\"next_page_uri\":\"", "\"next_page_url\":\"",
					     "\"next\":\"" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(text, names[i]), *end;

		if (!at)
			continue;
		at += strlen(names[i]);
		if (strncmp(at, "http", 4) == 0)
			at = strchr(at + 8, '/');
		end = at ? strchr(at, '"') : NULL;
		return end ? arena_strn(&arena, at, (size_t)(end - at)) : NULL;
	}
	return NULL;
}

static int asked, answered, followed;

static void compare(const char *uri, bool admin)
{
	for (int page = 0; uri && page <= FOLLOWED; page++) {
		struct text_answer answers[SIDES];

		for (int i = 0; i < SIDES; i++)
			ask(&sides[i], uri, admin, &answers[i]);
		check_same(uri, answers[0].text.text, answers[1].text.text);
		asked++;
		answered += strncmp(answers[0].text.text, "Status: 200", 11) == 0;
		followed += page > 0;
		uri = next_page(answers[0].text.text);
		for (int i = 0; i < SIDES; i++)
			strbuf_release(&answers[i].text);
	}
}

/* What an operation says about the server itself differs. */
static bool differs(const struct op *op)
{
	static const char *const names[] = { "/health", "/metrics" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(op->path, names[i], strlen(names[i])) == 0)
			return true;
	return !(op->methods & M_GET) || op->changes || op->ledger != LEDGER_NEEDED;
}

START_TEST(both_stores_give_the_same_answers)
{
	const char *number = getenv("USAGED_QUESTIONS");
	int most = number ? (int)strtol(number, NULL, 10) : 10000, n_ops = 0;

	fill();
	while (ops[n_ops])
		n_ops++;
	while (asked < most) {
		const struct op *op = ops[chance(n_ops)];

		/* most questions are about usage and events */
		if (differs(op) ||
		    (!strstr(op->path, "Usage") && !strstr(op->path, "usage") &&
		     !strstr(op->path, "reports") && !strstr(op->path, "events") && chance(3)))
			continue;
		compare(some_uri(op), chance(3));
	}
	printf("%d answers, %d with status 200, %d of them further pages\n", asked, answered,
	       followed);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stores");
	TCase *tc = tcase_create("stores");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 3600);
	if (test_database())
		tcase_add_test(tc, both_stores_give_the_same_answers);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
