/*
 * cmd_sample.c - adds sample accounts with thirteen months of realistic usage,
 * for trying out reports. The seed and the date determine all data: each
 * combination of account, day and kind of usage has its own random numbers. So
 * a later run adds the usage since the last run, and its other events are
 * duplicates.
 */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/decimal.h"
#include "cli/progress.h"
#include "store/account.h"
#include "usage/catalogue.h"
#include "usage/ledger.h"
#include "base/banned.h"

#define MONTHS        13
#define SIM_DAYS      70
#define BATCH_EVENTS  50000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the sample accounts and their usage ---- */

enum { MAIN, CLINIC, DEPOT, OTHER, ACCOUNTS };

#define CUSTOMERS 4

static const struct {
	const char *name;
	const char *slug; /* used in the ids of events */
	int parent;       /* -1: none */
	/* customers of AI minutes; the first ones are more frequent */
	const char *customers[CUSTOMERS];
} accounts[ACCOUNTS] = {
	[MAIN] = { "Northwind Voice",
		   "northwind",
		   -1,
		   { "after-hours", "sales-eu", "front-desk", "billing-help" } },
	[CLINIC] = { "Harbour Clinic",
		     "clinic",
		     MAIN,
		     { "reception", "pharmacy", "appointments" } },
	[DEPOT] = { "Depot 12", "depot", MAIN, { "dispatch", "gate", "night-shift" } },
	[OTHER] = { "Larch and Finch", "larch", -1, { "studio", "orders", "returns" } },
};

/* How usage is measured. */
enum measure {
	WHOLE_MINUTES, /* rounded up to full minutes */
	MINUTES,       /* in twentieths of a minute */
	EACH
};

struct stream {
	int account;
	const char *category;
	int per_day; /* events on an ordinary weekday, in tenths */
	enum measure measure;
	int least_s, most_s;
	/* price of a minute or a message, nano units, a multiple of 100 */
	int64_t rate;
};

#define LOCAL    "calls-inbound-local"
#define TOLLFREE "calls-inbound-tollfree"
#define OUTBOUND "calls-outbound"
#define RECORDED "calls-recordings"
#define SMS_IN   "sms-inbound-longcode"
#define SMS_OUT  "sms-outbound-longcode"

static const struct stream streams[] = {
	{ MAIN, LOCAL, 130, WHOLE_MINUTES, 12, 540, 8500000 },
	{ MAIN, TOLLFREE, 60, WHOLE_MINUTES, 15, 700, 22000000 },
	{ MAIN, OUTBOUND, 190, WHOLE_MINUTES, 8, 480, 14000000 },
	{ MAIN, RECORDED, 60, WHOLE_MINUTES, 30, 600, 2500000 },
	{ MAIN, SMS_IN, 70, EACH, 0, 0, 7500000 },
	{ MAIN, SMS_OUT, 240, EACH, 0, 0, 7900000 },
	{ MAIN, CATEGORY_AI_MINUTES, 90, MINUTES, 20, 420, 110000000 },
	{ CLINIC, LOCAL, 160, WHOLE_MINUTES, 20, 420, 8500000 },
	{ CLINIC, TOLLFREE, 20, WHOLE_MINUTES, 20, 600, 22000000 },
	{ CLINIC, OUTBOUND, 90, WHOLE_MINUTES, 15, 360, 14000000 },
	{ CLINIC, RECORDED, 30, WHOLE_MINUTES, 30, 420, 2500000 },
	{ CLINIC, SMS_IN, 40, EACH, 0, 0, 7500000 },
	{ CLINIC, SMS_OUT, 150, EACH, 0, 0, 7900000 },
	{ CLINIC, CATEGORY_AI_MINUTES, 80, MINUTES, 30, 480, 110000000 },
	{ DEPOT, LOCAL, 45, WHOLE_MINUTES, 10, 300, 8500000 },
	{ DEPOT, OUTBOUND, 80, WHOLE_MINUTES, 10, 240, 14000000 },
	{ DEPOT, RECORDED, 10, WHOLE_MINUTES, 30, 300, 2500000 },
	{ DEPOT, SMS_IN, 25, EACH, 0, 0, 7500000 },
	{ DEPOT, SMS_OUT, 60, EACH, 0, 0, 7900000 },
	{ DEPOT, CATEGORY_AI_MINUTES, 25, MINUTES, 15, 240, 110000000 },
	{ OTHER, LOCAL, 80, WHOLE_MINUTES, 10, 500, 9000000 },
	{ OTHER, TOLLFREE, 15, WHOLE_MINUTES, 15, 600, 24000000 },
	{ OTHER, OUTBOUND, 70, WHOLE_MINUTES, 10, 500, 15000000 },
	{ OTHER, RECORDED, 15, WHOLE_MINUTES, 30, 600, 2500000 },
	{ OTHER, SMS_IN, 20, EACH, 0, 0, 7500000 },
	{ OTHER, SMS_OUT, 55, EACH, 0, 0, 8300000 },
	{ OTHER, CATEGORY_AI_MINUTES, 35, MINUTES, 20, 360, 120000000 }
};

/*
 * Usage in percent of an ordinary day, by weekday (Monday first) and by month;
 * and the share of each hour in a day's usage.
 */
static const int of_weekday[7] = { 102, 110, 106, 103, 94, 36, 21 };
static const int of_month[12] = { 92, 95, 101, 98, 102, 103, 94, 86, 104, 108, 113, 99 };
static const int of_hour[24] = { 1, 1, 0, 0, 0, 1, 2, 4, 8, 10, 10, 9,
				 7, 9, 9, 8, 7, 5, 3, 2, 1, 1,  1,  1 };

#define NETWORKS 3
#define FLEETS   2

static const struct {
	const char *country;
	int64_t rate; /* price of a byte, nano units */
} networks[NETWORKS] = { { "DE", 24 }, { "AT", 31 }, { "US", 52 } };

static const struct {
	int fleet;
	int home;     /* network */
	int sessions; /* on an ordinary day */
} sims[] = { { 0, 0, 9 }, { 0, 0, 7 }, { 0, 1, 6 }, { 1, 1, 8 }, { 1, 2, 5 }, { 1, 2, 4 } };

/* ---- random numbers (splitmix64) ---- */

struct random {
	uint64_t state;
};

static uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A random number from 0 to N - 1. The bias is negligible. */
static int64_t random_below(struct random *r, int64_t n)
{
	return (int64_t)(random_next(r) % (uint64_t)n);
}

/* A random length. Short lengths are more frequent. */
static int64_t random_length(struct random *r, int64_t least, int64_t most)
{
	int64_t a = random_below(r, most - least + 1), b = random_below(r, most - least + 1);

	return least + (a < b ? a : b);
}

/*
 * Starts a separate sequence of random numbers for each combination of SEED, A,
 * B and C.
 */
static struct random random_of(int64_t seed, int64_t a, int64_t b, int64_t c)
{
	struct random r = { (uint64_t)seed };

	r.state = random_next(&r) ^ (uint64_t)a;
	r.state = random_next(&r) ^ (uint64_t)b;
	r.state = random_next(&r) ^ (uint64_t)c;
	return r;
}

enum { SIDS_OF_ACCOUNTS, SIDS_OF_SIMS, SIDS_OF_FLEETS, SIDS_OF_NETWORKS };

/* Makes a SID: PREFIX and 32 hexadecimal digits, which the seed determines. */
static void make_sid(char ret[static SID_TEXT], const char *prefix, int64_t seed, int kind,
		     int64_t number)
{
	struct random r = random_of(seed, -1, kind, number);
	uint64_t high = random_next(&r), low = random_next(&r);

	snprintf(ret, SID_TEXT, "%s%016" PRIx64 "%016" PRIx64, prefix, high, low);
}

/* ---- one event ---- */

struct sample {
	int64_t seed;
	int64_t now_us;
	struct ledger *ledger; /* NULL: events are printed */
	struct store *store;
	char sid[ACCOUNTS][SID_TEXT];
	char source[32];
	int64_t verdict[VERDICTS];
	int64_t made;
	/* BATCH_EVENTS events, stored in one submission */
	struct event *events;
	size_t n;
	struct arena arena; /* memory of the events' texts */
	struct progress progress;
};

static void set(struct raw_event *ev, enum event_field f, const char *text)
{
	ev->field[f].text = text;
	ev->field[f].len = strlen(text);
}

static void print_fields(const struct raw_event *ev, bool in_data)
{
	const char *comma = "";

	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (!ev->field[f].text || event_fields[f].in_data != in_data)
			continue;
		printf("%s\"%s\":\"%s\"", comma, event_fields[f].name, ev->field[f].text);
		comma = ",";
	}
}

/*
 * Prints the event as a line of NDJSON. No text of a sample event needs
 * escapes.
 */
static void print_event(const struct raw_event *ev)
{
	putchar('{');
	print_fields(ev, false);
	fputs(",\"data\":{", stdout);
	print_fields(ev, true);
	fputs("}}\n", stdout);
}

static int commit(struct sample *sm, struct error *err)
{
	struct submission s = { .events = sm->events, .n = sm->n, .arena = &sm->arena };

	if (ledger_store(sm->ledger, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < sm->n; i++) {
		const struct event *ev = &sm->events[i];

		if (ev->verdict == VERDICT_REJECTED || ev->verdict == VERDICT_CONFLICT)
			return error_set(err, ERR_CONFLICT, NULL, "an event of %s is %s: %s",
					 sm->source, verdict_names[ev->verdict],
					 ev->reason ? ev->reason->message
						    : "another one has its id");
		sm->verdict[ev->verdict]++;
	}
	sm->n = 0;
	arena_reset(&sm->arena);
	return 0;
}

static int emit(struct sample *sm, int account, int64_t time_s, struct raw_event *raw,
		struct error *err)
{
	struct event *ev = &sm->events[sm->n];
	char time[INSTANT_TEXT];

	if (time_s * USEC_PER_SEC > sm->now_us)
		return 0;
	instant_format(time, time_s * USEC_PER_SEC);
	set(raw, EV_SPECVERSION, "1.0");
	set(raw, EV_TYPE, "usage");
	set(raw, EV_SOURCE, sm->source);
	set(raw, EV_SUBJECT, sm->sid[account]);
	set(raw, EV_TIME, time);
	sm->made++;
	*ev = (struct event) { .raw = raw };
	if (event_check(ev, sm->now_us, 0, err) < 0)
		return -1;
	if (!sm->ledger) {
		print_event(raw);
		return 0;
	}
	event_keep_raw(ev, raw, &sm->arena);
	return ++sm->n == BATCH_EVENTS ? commit(sm, err) : 0;
}

/* ---- calls, messages, AI minutes ---- */

/*
 * The second of the day at which event N happens. The first event is in the
 * first minute, so that a new day or month is not empty.
 */
static int64_t random_second(struct random *r, int64_t n)
{
	int64_t share = random_below(r, 100);
	int hour = 0;

	while (share >= of_hour[hour])
		share -= of_hour[hour++];
	share = random_below(r, 3600);
	return n == 0 ? share / 60 : hour * 3600 + share;
}

/*
 * A random number of events on DAY: PER_DAY_TENTHS adjusted for weekday and
 * month, plus or minus a fifth.
 */
static int64_t random_count(struct random *r, int64_t per_day_tenths, int64_t day)
{
	int64_t weekday = (day + 3) % 7, month = date_from_days(day).month;
	int64_t parts = per_day_tenths * of_weekday[weekday] * of_month[month - 1] *
			(80 + random_below(r, 41));
	const int64_t whole = 10LL * 100 * 100 * 100;

	return parts / whole + (random_below(r, whole) < parts % whole);
}

/* A random customer of AI minutes; NULL for other usage. */
static const char *random_customer(struct random *r, const struct stream *st)
{
	const char *const *customers = accounts[st->account].customers;
	int64_t n = 0;

	if (strcmp(st->category, CATEGORY_AI_MINUTES) != 0)
		return NULL;
	while (n < CUSTOMERS && customers[n])
		n++;
	return customers[random_length(r, 0, n - 1)];
}

/* A random usage in hundredths of a minute or of a message. */
static int64_t random_usage(struct random *r, const struct stream *st)
{
	int64_t seconds = random_length(r, st->least_s, st->most_s);

	switch (st->measure) {
	case WHOLE_MINUTES:
		return (seconds + 59) / 60 * 100;
	case MINUTES:
		return (seconds + 2) / 3 * 5;
	default:
		return 100;
	}
}

static int stream_day(struct sample *sm, const struct stream *st, int64_t day, struct error *err)
{
	struct random r = random_of(sm->seed, st->account, day, st - streams);
	int64_t n = random_count(&r, st->per_day, day);
	char date[DATE_TEXT];

	date_format(date, date_from_days(day));
	for (int64_t i = 0; i < n; i++) {
		char id[96], usage[DECIMAL_TEXT], price[DECIMAL_TEXT];
		int64_t second = random_second(&r, i), hundredths = random_usage(&r, st);
		const char *customer = random_customer(&r, st);
		struct raw_event ev = { 0 };

		snprintf(id, sizeof(id), "%s/%s/%s/%" PRId64, accounts[st->account].slug, date,
			 st->category, i + 1);
		decimal_format(usage, hundredths, 2);
		decimal_format(price, st->rate / 100 * hundredths, PRICE_PLACES);
		set(&ev, EV_ID, id);
		set(&ev, EV_CATEGORY, st->category);
		set(&ev, EV_COUNT, "1");
		set(&ev, EV_USAGE, usage);
		set(&ev, EV_PRICE, price);
		if (customer)
			set(&ev, EV_CUSTOMER, customer);
		if (emit(sm, st->account, day * SEC_PER_DAY + second, &ev, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- SIM data ---- */

/* A random network for a day: the home network on most days. */
static int random_network(struct random *r, int home)
{
	int64_t where = random_below(r, 12);

	return where < NETWORKS - 1 ? (int)((home + 1 + where) % NETWORKS) : home;
}

static int sim_day(struct sample *sm, size_t sim, int64_t day, struct error *err)
{
	struct random r = random_of(sm->seed, MAIN, day, 1000 + (int64_t)sim);
	int network = random_network(&r, sims[sim].home);
	int64_t n = random_count(&r, sims[sim].sessions * 10, day);
	char sid_sim[SID_TEXT], sid_fleet[SID_TEXT], sid_network[SID_TEXT], date[DATE_TEXT];

	make_sid(sid_sim, "HS", sm->seed, SIDS_OF_SIMS, (int64_t)sim);
	make_sid(sid_fleet, "HF", sm->seed, SIDS_OF_FLEETS, sims[sim].fleet);
	make_sid(sid_network, "HW", sm->seed, SIDS_OF_NETWORKS, network);
	date_format(date, date_from_days(day));
	for (int64_t i = 0; i < n; i++) {
		int64_t second = random_second(&r, i);
		int64_t down = random_length(&r, 20000, 24000000),
			up = down / (5 + random_below(&r, 15)) + random_below(&r, 50000);
		char id[64], upload[24], download[24], price[DECIMAL_TEXT];
		struct raw_event ev = { 0 };

		snprintf(id, sizeof(id), "sim-%zu/%s/%" PRId64, sim + 1, date, i + 1);
		snprintf(upload, sizeof(upload), "%" PRId64, up);
		snprintf(download, sizeof(download), "%" PRId64, down);
		decimal_format(price, (up + down) * networks[network].rate, PRICE_PLACES);
		set(&ev, EV_ID, id);
		set(&ev, EV_CATEGORY, CATEGORY_SIM_DATA);
		set(&ev, EV_PRICE, price);
		set(&ev, EV_SIM, sid_sim);
		set(&ev, EV_FLEET, sid_fleet);
		set(&ev, EV_NETWORK, sid_network);
		set(&ev, EV_COUNTRY, networks[network].country);
		set(&ev, EV_UPLOAD, upload);
		set(&ev, EV_DOWNLOAD, download);
		if (emit(sm, MAIN, day * SEC_PER_DAY + second, &ev, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the command ---- */

static int64_t today(const struct sample *sm)
{
	return floor_div(floor_div(sm->now_us, USEC_PER_SEC), SEC_PER_DAY);
}

static int64_t first_day(const struct sample *sm)
{
	return date_to_days(date_add_months(date_from_days(today(sm)), -MONTHS));
}

static int emit_all(struct sample *sm, struct error *err)
{
	int64_t last = today(sm);

	for (int64_t day = first_day(sm); day <= last; day++) {
		if (sm->ledger)
			progress_show(&sm->progress, day - first_day(sm), last - first_day(sm) + 1,
				      sm->made);
		for (size_t i = 0; i < ARRAY_SIZE(streams); i++)
			if (stream_day(sm, &streams[i], day, err) < 0)
				return -1;
		for (size_t i = 0; i < ARRAY_SIZE(sims) && day > last - SIM_DAYS; i++)
			if (sim_day(sm, i, day, err) < 0)
				return -1;
	}
	return sm->ledger ? commit(sm, err) : 0;
}

/* Adds the missing sample accounts. Call it in a write. */
static int add_accounts(struct sample *sm, struct arena *arena, struct error *err)
{
	int64_t ids[ACCOUNTS] = { 0 };

	for (int i = 0; i < ACCOUNTS; i++) {
		struct account a = { .name = accounts[i].name,
				     .currency = "usd",
				     .created = first_day(sm) * SEC_PER_DAY,
				     .parent = accounts[i].parent < 0 ? 0
								      : ids[accounts[i].parent] };
		int found = store_account_by_sid(sm->store, sm->sid[i], arena, &a, err);

		if (found < 0)
			return -1;
		memcpy(a.sid, sm->sid[i], SID_TEXT);
		if (!found && store_account_add(sm->store, &a, err) < 0)
			return -1;
		ids[i] = a.id;
	}
	return 0;
}

static int store_accounts_of(struct sample *sm, struct error *err)
{
	struct arena arena;
	int rc;

	if (store_begin_write(sm->store, err) < 0)
		return -1;
	arena_init(&arena);
	rc = add_accounts(sm, &arena, err);
	arena_release(&arena);
	if (rc == 0)
		return store_commit(sm->store, err);
	store_end(sm->store);
	return -1;
}

static int fill(struct sample *sm, struct error *err)
{
	const struct ledger_options options = { 0 };
	int rc;

	if (store_accounts_of(sm, err) < 0)
		return -1;
	sm->ledger = ledger_new(sm->store, &options);
	progress_begin(&sm->progress, "sample", "events");
	rc = emit_all(sm, err);
	progress_end(&sm->progress);
	ledger_free(&sm->ledger);
	return rc;
}

static int fill_ledger(struct sample *sm, const struct settings *s)
{
	struct error err = { 0 };
	int rc;

	sm->store = command_open("sample", s, STORE_WRITE);
	if (!sm->store)
		return EXIT_FAILED;
	store_large_cache(sm->store);
	rc = fill(sm, &err);
	store_close(&sm->store);
	if (rc < 0)
		return command_fail("sample", &err);
	for (int i = 0; i < ACCOUNTS; i++)
		printf("%s\t%s\t%s\n", sm->sid[i], accounts[i].name,
		       accounts[i].parent < 0 ? "-" : sm->sid[accounts[i].parent]);
	printf("%" PRId64 " events created, %" PRId64 " there already\n",
	       sm->verdict[VERDICT_CREATED], sm->verdict[VERDICT_DUPLICATE]);
	return EXIT_DONE;
}

static int print_all(struct sample *sm)
{
	struct error err = { 0 };

	if (emit_all(sm, &err) == 0 && fflush(stdout) != 0)
		error_set(&err, ERR_INTERNAL, NULL, "standard output can't be written");
	return err.kind ? command_fail("sample", &err) : EXIT_DONE;
}

static int run(const struct settings *s, int argc, char **argv)
{
	struct sample sm = { .seed = 1, .now_us = clock_now_us() };
	bool print = false;
	const struct command_option options[] = {
		{ .name = "seed", .number = &sm.seed, .min = 0, .max = INT64_MAX },
		{ .name = "print", .flag = &print },
		{ 0 }
	};
	int rc;

	if (!command_only_options(&command_sample, options, argc, argv, &rc))
		return rc;
	snprintf(sm.source, sizeof(sm.source), "sample/%" PRId64, sm.seed);
	for (int i = 0; i < ACCOUNTS; i++)
		make_sid(sm.sid[i], "AC", sm.seed, SIDS_OF_ACCOUNTS, i);
	sm.events = calloc(BATCH_EVENTS, sizeof(*sm.events));
	if (!sm.events)
		abort();
	arena_init(&sm.arena);
	rc = print ? print_all(&sm) : fill_ledger(&sm, s);
	arena_release(&sm.arena);
	free(sm.events);
	return rc;
}

const struct command command_sample = {
	.name = "sample",
	.usage = "sample [--seed NUMBER] [--print]",
	.summary = "fill the ledger with invented usage",
	.help = "Adds an account with two subaccounts and one that has nothing to do with them, "
		"and thirteen months of calls,\n"
		"messages, recordings and AI minutes up to now, with SIM data for the last 70 "
		"days. The same seed makes the same\n"
		"events, so that running it again only adds what came since. Prints the accounts: "
		"SID, name, parent's SID.\n\n"
		"  --seed NUMBER  another number, another sample (1)\n"
		"  --print        write the events as NDJSON instead of storing them\n",
	.run = run
};
