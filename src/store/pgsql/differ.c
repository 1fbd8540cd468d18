/*
 * differ.c - finds the sums that are not those of the events.
 *
 * The random functions are linear modulo a random prime of 31 bits: the amounts
 * of a row are multiplied by random numbers below 2^29, their sum by hashes of
 * the row's key with random seeds. An event stands for up to four sums of
 * quarter hours and days, whose hashes are added up. No product exceeds 64 bits.
 */
#include "store/pgsql/differ.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/places.h"
#include "store/verify_checks.h"
#include "base/banned.h"

/* ---- rows in pages ---- */

static int fetch_page(struct store *st, cursor_row_fn *row, void *arg, struct error *err)
{
	struct stmt *s = prepare(st, "FETCH 4096 FROM walk", err);
	int rc, any = 0;

	while ((rc = db_step(s, err)) > 0) {
		any = 1;
		if (row(arg, s, err) < 0) {
			db_reset(s);
			return -1;
		}
	}
	return rc < 0 ? -1 : any;
}

int pgsql_each_row(struct store *st, struct stmt *declare, cursor_row_fn *row, void *arg,
		   struct error *err)
{
	int rc = db_step(declare, err);

	if (rc < 0)
		return -1;
	do
		rc = fetch_page(st, row, arg, err);
	while (rc > 0);
	if (rc == 0)
		rc = db_step(prepare(st, "CLOSE walk", err), err);
	return rc;
}

/* ---- the functions, as SQL ---- */

#define PRIME       "?9"
#define SLOT_US     "900000000"
#define SLOTS_A_DAY "96"

_Static_assert(SLOT_SEC == 900 && SLOTS_PER_DAY == 96, "SLOT_US and SLOTS_A_DAY");

/* The parameters of the statements. */
enum { FACTOR = 1, SEED = 5, MODULUS = 9, OWN, FIRST_BLOCK, LAST_BLOCK, ACCOUNTS, PLACE };
enum { NUMBERS = MODULUS - FACTOR };

/* The amounts of a row of T, as one number. */
#define MIXED(t)                                                                            \
	"((" t "count % " PRIME " * ?1 + " t "usage % " PRIME " * ?2 + " t "price % " PRIME \
	" * ?3 + " t "upload % " PRIME " * ?4) % " PRIME ")"

/* The seeds of a category, and of a series with dimensions. */
#define WHOLE(t, n)      "hashint8extended(" t "category, ?" n ")"
#define PART(t, id, n)   "hashint8extended(" t id ", " WHOLE(t, n) ")"
#define SUMS_WHOLE(t)    WHOLE(t, "5")
#define SUMS_PART(t, id) PART(t, id, "6")
#define MONTHS_WHOLE     WHOLE("t.", "7")
#define MONTHS_PART      PART("t.", "series", "8")

#define HASH(slot, seed)    "(hashint8extended(" slot ", " seed ") & 1073741823)"
#define HASH_DAY(day, seed) HASH("-1 - " day, seed)

/* The month of a day; a day that cannot be is itself. */
#define MONTH(day)                                                               \
	"(CASE WHEN " day " BETWEEN -100000 AND 100000000 THEN"                  \
	" (date_part('year', DATE '1970-01-01' + (" day ")::int) * 12"           \
	" + date_part('month', DATE '1970-01-01' + (" day ")::int))::bigint - 1" \
	" ELSE " day " END)"

#define REMAINDER(x) "(COALESCE(sum(" x "), 0) % " PRIME ")::bigint"

/* ---- the statements ---- */

#define AT(table)      " at(" table ".root, ?14)"
#define IN_LIST        " IN (SELECT l.a FROM list(?13) l)"
#define BY_ACCOUNT     " GROUP BY root, account"
#define HAS_DIMENSIONS DIMENSION_S_SUMS " + length(s.declared) <> 0"
#define QUARTER_DAY    "slot / " SLOTS_A_DAY

#define SEED_OF_PART "CASE WHEN " HAS_DIMENSIONS " THEN " SUMS_PART("s.", "id") " END"
/*
 * FENCE: "OFFSET 0" makes the seeds once for each series, all of which are read.
 * Without it, PostgreSQL may look up the series of few events by their ids.
 */
#define SERIES_SEEDS(fence)                                                                       \
	"(SELECT s.id, s.account, " SUMS_WHOLE("s.") " AS whole, " SEED_OF_PART                   \
						     " AS part FROM series s WHERE" AT("s") fence \
		")"

#define IS_BAD                                                            \
	"s.account IS DISTINCT FROM e.account OR e.booked_us < e.time_us" \
	" OR (e.correction IS NOT NULL) <> (e.source = ?10)"
#define EVENT_NUMBERS(fence)                                                       \
	"SELECT e.root, e.account, s.whole, s.part,"                               \
	" e.booked_us > e.time_us AS late, " IS_BAD " AS bad,"                     \
	" COALESCE(e.booked_us, e.time_us) / " SLOT_US                             \
	" AS slot, " MIXED("e.") " AS mixed FROM event e LEFT JOIN " SERIES_SEEDS( \
		fence) " s ON s.id = e.series"

/* Of the sums of a quarter hour and a day, by category or by series. */
#define HASH_SUMS(seed) HASH("slot", seed) " + " HASH_DAY(QUARTER_DAY, seed)
#define HASH_PART       "CASE WHEN part IS NULL THEN 0 ELSE " HASH_SUMS("part") " END"
#define EVENT_SUMS      REMAINDER("mixed * (" HASH_SUMS("whole") " + " HASH_PART ")")
#define COUNT_IF(what)  "count(*) FILTER (WHERE " what "), "

#define EVENTS(fence, where)                                                                  \
	CURSOR "SELECT root, account, count(*), " COUNT_IF("late") COUNT_IF("bad") EVENT_SUMS \
		" FROM (" EVENT_NUMBERS(fence) where " OFFSET 0) e" BY_ACCOUNT

static const char events_of_blocks[] = EVENTS(" OFFSET 0",
					      " WHERE e.ctid >= ?11::tid AND e.ctid < ?12::tid");
static const char events_of_all[] = EVENTS(" OFFSET 0", "");
static const char events_of_place[] = EVENTS("", " WHERE" AT("e"));
static const char events_of_accounts[] = EVENTS("", " WHERE e.account" IN_LIST " AND" AT("e"));

/* Two statements: of all accounts of a place, and of those of a list. */
#define SUMS(table, sums, months)                                                            \
	{                                                                                    \
		SUMS_OF(table, sums, months)                                                 \
		BY_ACCOUNT, SUMS_OF(table, sums, months) " AND t.account" IN_LIST BY_ACCOUNT \
	}
#define SUMS_OF(table, sums, months) \
	CURSOR "SELECT root, account, " sums ", " months " FROM " table " t WHERE" AT("t")
#define TIMES(sign, hash) REMAINDER(sign MIXED("t.") " * " hash)
#define NOTHING           "0::bigint"

static const char *const of_sums[][2] = {
	SUMS("total_quarter", TIMES("", HASH("t.slot", SUMS_WHOLE("t."))), NOTHING),
	SUMS("total_day", TIMES("", HASH_DAY("t.slot", SUMS_WHOLE("t."))),
	     TIMES("", HASH(MONTH("t.slot"), MONTHS_WHOLE))),
	SUMS("total_month", NOTHING, TIMES("-", HASH("t.slot", MONTHS_WHOLE))),
	SUMS("part_quarter", TIMES("", HASH("t.slot", SUMS_PART("t.", "series"))), NOTHING),
	SUMS("part_day", TIMES("", HASH_DAY("t.slot", SUMS_PART("t.", "series"))),
	     TIMES("", HASH(MONTH("t.slot"), MONTHS_PART))),
	SUMS("part_month", NOTHING, TIMES("-", HASH("t.slot", MONTHS_PART))),
};

/* ---- the accounts ---- */

enum {
	PASSES = 8,          /* at most so many parts of the events, after which it may stop */
	PASS_BLOCKS = 16384, /* of a part at least: about a second */
	BLOCK_TEXT = 32
};

struct checking {
	struct store *st;
	const struct db_list *accounts;
	const struct place *place;
	const struct verify_calls *calls;
	struct arena *arena;
	struct account_checks *ret;
	GHashTable *known; /* struct account_check, by itself */
	int64_t numbers[NUMBERS];
	int64_t prime, own;
};

static guint check_hash(gconstpointer p)
{
	const struct account_check *c = p;
	uint64_t n = (uint64_t)c->account * 31 + (uint64_t)c->root;

	return (guint)(n * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean check_equal(gconstpointer a, gconstpointer b)
{
	const struct account_check *x = a, *y = b;

	return x->account == y->account && x->root == y->root;
}

/* The entry of the account of the row; a new one if there is none. */
static struct account_check *check_of(struct checking *k, struct stmt *s)
{
	struct account_check key = { .root = db_get_int(s, 0), .account = db_get_int(s, 1) };
	struct account_check *c = g_hash_table_lookup(k->known, &key);

	if (!c) {
		c = arena_new(k->arena, struct account_check);
		*c = key;
		g_hash_table_add(k->known, c);
	}
	return c;
}

static int take_events(void *arg, struct stmt *s, struct error *err)
{
	struct checking *k = arg;
	struct account_check *c = check_of(k, s);

	(void)err;
	c->events += db_get_int(s, 2);
	c->sums += db_get_int(s, 5);
	k->ret->events += db_get_int(s, 2);
	k->ret->late += db_get_int(s, 3);
	k->ret->bad += db_get_int(s, 4);
	return 0;
}

static int take_sums(void *arg, struct stmt *s, struct error *err)
{
	struct account_check *c = check_of(arg, s);

	(void)err;
	c->sums -= db_get_int(s, 2);
	c->months += db_get_int(s, 3);
	return 0;
}

static int take_account(void *arg, struct stmt *s, struct error *err)
{
	struct checking *k = arg;
	struct account_check key = { .root = db_get_int(s, 0), .account = db_get_int(s, 1) };
	struct account_check *c = g_hash_table_lookup(k->known, &key);

	(void)err;
	if (c)
		c->known = true;
	return 0;
}

static struct stmt *prepare_check(const struct checking *k, const char *sql, struct error *err)
{
	struct stmt *s = prepare(k->st, sql, err);

	for (int i = 0; i < NUMBERS; i++)
		db_bind_int(s, FACTOR + i, k->numbers[i]);
	db_bind_int(s, MODULUS, k->prime);
	db_bind_int(s, OWN, k->own);
	db_bind_int(s, FIRST_BLOCK, 0);
	db_bind_int(s, LAST_BLOCK, 0);
	db_bind_list(s, ACCOUNTS, k->accounts ? k->accounts : place_of_all.families);
	db_bind_list(s, PLACE, k->place->families);
	return s;
}

static void bind_block(struct stmt *s, int n, int64_t block, char text[static BLOCK_TEXT])
{
	snprintf(text, BLOCK_TEXT, "(%" PRId64 ",0)", block);
	db_bind_str(s, n, text);
}

/* The events of the blocks FIRST to LAST, excluded. */
static int check_blocks(struct checking *k, int64_t first, int64_t last, struct error *err)
{
	struct stmt *s = prepare_check(k, events_of_blocks, err);
	char texts[2][BLOCK_TEXT];

	bind_block(s, FIRST_BLOCK, first, texts[0]);
	bind_block(s, LAST_BLOCK, last, texts[1]);
	return pgsql_each_row(k->st, s, take_events, k, err);
}

/* DONE of ALL blocks are gone through: the events of the rest are estimated. */
static int pause_check(struct checking *k, int64_t done, int64_t all, struct error *err)
{
	int64_t events = k->ret->events;

	if (k->calls->progress)
		k->calls->progress(k->calls->arg, events, (int64_t)((wide)events * all / done));
	return verify_stopped(k->calls, err);
}

static int check_all_events(struct checking *k, struct error *err)
{
	struct stmt *s = prepare(k->st,
				 "SELECT pg_relation_size('event') /"
				 " current_setting('block_size')::bigint",
				 err);
	const int64_t least = k->calls->blocks ? k->calls->blocks : PASS_BLOCKS;
	int64_t blocks, step;

	if (store_one(s, &blocks, err) < 0)
		return -1;
	/* reads through a few buffers; parts are read through all of the server's */
	if (blocks <= least)
		return pgsql_each_row(k->st, prepare_check(k, events_of_all, err), take_events, k,
				      err);
	step = MAX(least, blocks / PASSES + 1);
	for (int64_t first = 0; first <= blocks; first += step) {
		bool end = first + step > blocks;

		if (check_blocks(k, first, end ? UINT32_MAX - 1 : first + step, err) < 0 ||
		    (!end && pause_check(k, first + step, blocks, err) < 0))
			return -1;
	}
	return 0;
}

/* The events and sums of a place, of which one moment is seen. */
static int check_place(struct checking *k, const struct place *place, struct error *err)
{
	bool blocks = !k->accounts && !db_distributed(k->st->db);
	const char *sql = k->accounts ? events_of_accounts : events_of_place;
	int rc;

	k->place = place;
	if (verify_stopped(k->calls, err) < 0)
		return -1;
	rc = blocks ? check_all_events(k, err)
		    : pgsql_each_row(k->st, prepare_check(k, sql, err), take_events, k, err);
	for (size_t i = 0; i < ARRAY_SIZE(of_sums) && rc == 0; i++)
		rc = pgsql_each_row(k->st, prepare_check(k, of_sums[i][k->accounts != NULL], err),
				    take_sums, k, err);
	return rc;
}

/* The main accounts of a table; the second statement: of the accounts of a list. */
#define ROOTS(table)                                                   \
	{                                                              \
		"SELECT root FROM " table " GROUP BY root",            \
			"SELECT root FROM " table " WHERE account IN " \
			"(SELECT l.a FROM list(?1) l)"                 \
			" GROUP BY root"                               \
	}
static const char *const roots_of[][2] = {
	ROOTS("event"),        ROOTS("total_quarter"), ROOTS("total_day"),  ROOTS("total_month"),
	ROOTS("part_quarter"), ROOTS("part_day"),      ROOTS("part_month"),
};

/*
 * In a distributed ledger, the places of all rows, also of those with a main
 * account that they should not have.
 */
static int find_places(const struct checking *k, struct places *ret, struct error *err)
{
	GArray *roots = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(roots_of) && rc == 0 && db_distributed(k->st->db); i++) {
		struct stmt *s = prepare(k->st, roots_of[i][k->accounts != NULL], err);

		if (k->accounts)
			db_bind_list(s, 1, k->accounts);
		while ((rc = db_step(s, err)) > 0) {
			int64_t root = db_get_int(s, 0);

			g_array_append_val(roots, root);
		}
	}
	if (rc == 0)
		rc = store_places_of_families(k->st, (const int64_t *)roots->data, roots->len,
					      k->arena, ret, err);
	g_array_free(roots, TRUE);
	return rc;
}

static int check_all(struct checking *k, struct error *err)
{
	const struct places *places = &k->ret->places;
	struct stmt *s;

	if (find_places(k, &k->ret->places, err) < 0)
		return -1;
	for (size_t i = 0; i < places->n; i++)
		if (check_place(k, &places->list[i], err) < 0)
			return -1;
	s = prepare(k->st, CURSOR "SELECT COALESCE(parent, id), id FROM account", err);
	return pgsql_each_row(k->st, s, take_account, k, err);
}

static int compare_checks(const void *a, const void *b)
{
	const struct account_check *x = *(struct account_check *const *)a;
	const struct account_check *y = *(struct account_check *const *)b;

	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return (x->root > y->root) - (x->root < y->root);
}

static void list_checks(struct checking *k)
{
	GHashTableIter all;
	void *c;

	struct account_checks *ret = k->ret;

	ret->list = arena_array(k->arena, struct account_check *, g_hash_table_size(k->known));
	g_hash_table_iter_init(&all, k->known);
	while (g_hash_table_iter_next(&all, &c, NULL)) {
		struct account_check *check = c;

		check->right = check->sums % k->prime == 0 && check->months % k->prime == 0;
		ret->list[ret->n++] = check;
	}
	qsort(ret->list, ret->n, sizeof(struct account_check *), compare_checks);
}

static bool is_prime(int64_t n)
{
	for (int64_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return true;
}

static void choose_numbers(struct checking *k)
{
	for (int i = 0; i < NUMBERS; i++)
		k->numbers[i] = g_random_int_range(1, i < SEED - FACTOR ? 1 << 29 : INT32_MAX);
	do
		k->prime = g_random_int_range(1 << 30, INT32_MAX);
	while (!is_prime(k->prime));
}

/* Plans for all rows of a cursor, and for sums of many. */
static const char session[] = "SET LOCAL cursor_tuple_fraction = 1; SET LOCAL work_mem = '64MB';"
			      "SET LOCAL jit = off; SET LOCAL enable_seqscan = on;"
			      "SET LOCAL plan_cache_mode = auto";

int pgsql_check_accounts(const struct verify_checks *v, struct arena *arena,
			 struct account_checks *ret, struct error *err)
{
	struct checking k = { .st = v->st,
			      .accounts = v->accounts,
			      .calls = v->calls,
			      .arena = arena,
			      .ret = ret,
			      .own = v->own };
	int rc;

	*ret = (struct account_checks) { 0 };
	choose_numbers(&k);
	if (db_exec(v->st->db, session, err) < 0)
		return -1;
	k.known = g_hash_table_new(check_hash, check_equal);
	rc = check_all(&k, err);
	if (rc == 0)
		list_checks(&k);
	g_hash_table_destroy(k.known);
	return rc;
}

/* ---- sum by sum ---- */

/*
 * The sums of events by quarter hour, category and series; then all sums, and
 * those that are stored. A level is that of enum level, or LEVELS higher for the
 * sums by series.
 */
#define QUARTERS                                                                          \
	"SELECT s.category, CASE WHEN " HAS_DIMENSIONS " THEN s.id ELSE 0 END AS series," \
	" COALESCE(e.booked_us, e.time_us) / " SLOT_US " AS slot, sum(e.count) AS count," \
	" sum(e.usage) AS usage, sum(e.price) AS price, sum(e.upload) AS upload"          \
	" FROM event e JOIN series s ON s.id = e.series AND at(s.root, ?3)"               \
	" WHERE e.account = ?1 AND e.root = ?2 GROUP BY 1, 2, 3"
#define DAY         "q." QUARTER_DAY
#define EACH_LEVEL  "(VALUES (0, q.slot), (1, " DAY "), (2, " MONTH("(" DAY ")") "))"
#define EACH_SERIES "(SELECT 0, 0::bigint UNION ALL SELECT 3, q.series WHERE q.series <> 0)"
#define WANT                                                                    \
	"SELECT l.level + p.higher AS level, q.category, p.series, l.slot,"     \
	" sum(q.count) AS count, sum(q.usage) AS usage, sum(q.price) AS price," \
	" sum(q.upload) AS upload FROM q CROSS JOIN LATERAL " EACH_LEVEL        \
	" l(level, slot) CROSS JOIN LATERAL " EACH_SERIES " p(higher, series)"  \
	" GROUP BY 1, 2, 3, 4"
#define STORED(level, series, table)                                                       \
	"SELECT " level " AS level, category, " series " AS series, slot, " AMOUNT_COLUMNS \
	" FROM " table " WHERE account = ?1 AND root = ?2"
#define AND(level, series, table) " UNION ALL " STORED(level, series, table)
#define HAVE                                      \
	STORED("0", "0::bigint", "total_quarter") \
	AND("1", "0", "total_day")                \
	AND("2", "0", "total_month")              \
	AND("3", "series", "part_quarter")        \
	AND("4", "series", "part_day") AND("5", "series", "part_month")

#define AS_TEXT(t, name) t "." name "::text"
#define TEXTS(t)         AMOUNT_EACH(AS_TEXT, t)
#define DIFFERS(name)    "COALESCE(w." name ", 0) <> COALESCE(h." name ", 0)"
#define ANY_DIFFERS \
	DIFFERS("count") " OR " DIFFERS("usage") " OR " DIFFERS("price") " OR " DIFFERS("upload")

static const char differences[] = CURSOR
	"WITH q AS MATERIALIZED (" QUARTERS "), w AS (" WANT "), h AS (" HAVE ")"
	" SELECT level, category, series, slot, " TEXTS("w") ", " TEXTS(
		"h") " FROM w FULL JOIN h USING (level, category, series, slot) WHERE " ANY_DIFFERS
		     " ORDER BY level % 3, slot, category, series";

struct comparison {
	const struct account_check *check;
	sum_difference_fn *differs;
	void *arg;
};

/* Reads a sum of sums, from its text; NULL is 0. */
static wide get_wide(struct stmt *s, int column)
{
	size_t len;
	const char *text = db_get_text(s, column, &len);
	wide n = 0;

	for (const char *c = text ? text : ""; *c; c++)
		if (*c != '-')
			n = n * 10 + (*c - '0');
	return text && *text == '-' ? -n : n;
}

static int take_difference(void *arg, struct stmt *s, struct error *err)
{
	enum { LEVEL, CATEGORY, SERIES, SLOT, WANTED, STORED = WANTED + AMOUNTS };
	const struct comparison *c = arg;
	struct sum_difference d = { .root = c->check->root,
				    .part = db_get_int(s, LEVEL) >= LEVELS,
				    .key = { .level = (enum level)(db_get_int(s, LEVEL) % LEVELS),
					     .account = c->check->account,
					     .family = c->check->root,
					     .category = db_get_int(s, CATEGORY),
					     .series = db_get_int(s, SERIES),
					     .slot = db_get_int(s, SLOT) } };

	for (int i = 0; i < AMOUNTS; i++) {
		d.want.n[i] = get_wide(s, WANTED + i);
		d.have.n[i] = get_wide(s, STORED + i);
	}
	return c->differs(c->arg, &d, err);
}

int pgsql_compare_sums(struct store *st, const struct account_check *c, sum_difference_fn *differs,
		       void *arg, struct error *err)
{
	struct comparison comparison = { c, differs, arg };
	const struct db_cell root = { .n = c->root };
	struct stmt *s = prepare(st, differences, err);

	db_bind_int(s, 1, c->account);
	db_bind_int(s, 2, c->root);
	db_bind_list(s, 3, &(struct db_list) { &root, db_distributed(st->db), 1 });
	return pgsql_each_row(st, s, take_difference, &comparison, err);
}
