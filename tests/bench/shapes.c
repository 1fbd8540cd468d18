#include "tests/bench/shapes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST_SECOND  INT64_C(1735689600) /* 2025-01-01T00:00:00Z */
#define DAY_SECONDS   INT64_C(86400)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct shape shapes[] = {
	{ .name = "narrow", .accounts = 8, .categories = 20, .days = 90 },
	{ .name = "wide", .accounts = 2000, .categories = 5, .customers = 50, .days = 690 },
	{ .name = "skewed",
	  .accounts = 10000,
	  .categories = 20,
	  .customers = 20,
	  .days = 365,
	  .skewed = true },
	{ .name = "many", .accounts = 10000, .categories = 20, .customers = 5, .days = 62 },
	{ .name = "family", .accounts = 2000, .categories = 20, .days = 90 },
	{ .name = "large", .accounts = 10000, .categories = 19, .customers = 5, .days = 1095 },
	{ .name = "sim", .accounts = 1, .categories = 1, .sims = 20000, .days = 31 },
	{ .name = "uuid", .accounts = 8, .categories = 20, .days = 90, .uuids = true },
	{ .name = "attributes", .accounts = 8, .categories = 20, .days = 90, .values = 4 },
	{ .name = "declared",
	  .accounts = 8,
	  .categories = 20,
	  .days = 90,
	  .values = 4,
	  .declared = 3 },
	{ .name = "million",
	  .accounts = 8,
	  .categories = 20,
	  .days = 90,
	  .values = 1000000,
	  .declared = 1 },
};

static const char *const categories[] = {
	"calls-inbound-local",    "calls-inbound-mobile",
	"calls-inbound-tollfree", "calls-outbound",
	"calls-recordings",       "calls-sip-inbound",
	"calls-sip-outbound",     "sms-inbound-longcode",
	"sms-inbound-shortcode",  "sms-outbound-longcode",
	"sms-outbound-shortcode", "mms-inbound-longcode",
	"mms-outbound-longcode",  "phonenumbers-local",
	"phonenumbers-tollfree",  "carrier-lookups",
	"calleridlookups",        "transcriptions",
	"studio-engagements",     "ai-minutes",
};

const struct shape *shape_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	return NULL;
}

const char *shape_names(void)
{
	return "narrow wide skewed many family large sim uuid attributes declared million";
}

void shape_account(int account, char ret[static SHAPE_SID])
{
	snprintf(ret, SHAPE_SID, "AC%032x", (unsigned)account + 1);
}

const char *shape_category(int category)
{
	return categories[category];
}

/* splitmix64: small, and the same everywhere. */
static uint64_t random_of(uint64_t n)
{
	uint64_t z = n * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(20250101);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Of N accounts, number I is about 1/I as frequent as the first one. */
static int choose_account(const struct shape *s, uint64_t random)
{
	if (!s->skewed)
		return (int)(random % (uint64_t)s->accounts);
	return (int)pow(s->accounts, (double)(random & 0xffffff) / 0x1000000) - 1;
}

static void set_id(const struct shape *s, int64_t i, struct shape_event *ret)
{
	uint64_t a = random_of(2 * (uint64_t)i), b = random_of(2 * (uint64_t)i + 1);

	if (s->uuids)
		snprintf(ret->id, sizeof(ret->id), "%08x-%04x-4%03x-a%03x-%012" PRIx64,
			 (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
			 (unsigned)(b >> 52), b & UINT64_C(0xffffffffffff));
	else
		snprintf(ret->id, sizeof(ret->id), "event-%010" PRId64, i);
}

static void set_dimensions(const struct shape *s, int64_t i, uint64_t random,
			   struct shape_event *ret)
{
	ret->customer[0] = ret->sim[0] = '\0';
	if (s->customers)
		snprintf(ret->customer, sizeof(ret->customer), "customer-%u",
			 (unsigned)(random % (uint64_t)s->customers));
	if (s->sims) /* one after the other, again and again */
		snprintf(ret->sim, sizeof(ret->sim), "HS%032" PRIx64, (uint64_t)(i % s->sims) + 1);
}

static void set_attributes(const struct shape *s, uint64_t random, struct shape_event *ret)
{
	unsigned values = s->values ? (unsigned)s->values : 1;

	ret->attributes[0] = '\0';
	if (!s->values)
		return;
	snprintf(ret->dim[0], sizeof(ret->dim[0]), "value-%u", (unsigned)(random % values));
	snprintf(ret->dim[1], sizeof(ret->dim[1]), "value-%u",
		 (unsigned)((random >> 20) % values % 1000));
	snprintf(ret->dim[2], sizeof(ret->dim[2]), "value-%u",
		 (unsigned)((random >> 40) % values % 1000));
	snprintf(ret->note, sizeof(ret->note), "%0120d", 0);
	snprintf(ret->attributes, sizeof(ret->attributes),
		 "{\"dim0\":\"%s\",\"dim1\":\"%s\",\"dim2\":\"%s\",\"note\":\"%s\"}", ret->dim[0],
		 ret->dim[1], ret->dim[2], ret->note);
}

void shape_event(const struct shape *s, int64_t i, int64_t n, struct shape_event *ret)
{
	uint64_t r = random_of((uint64_t)i + UINT64_C(0x100000000)), q = random_of(r);
	int64_t length = s->days * DAY_SECONDS;
	time_t when = (s->end ? s->end - length : FIRST_SECOND) + i * length / n;
	struct tm tm;

	strftime(ret->time, sizeof(ret->time), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
	snprintf(ret->source, sizeof(ret->source), "/switch/%u", (unsigned)(r & 3));
	set_id(s, i, ret);
	shape_account(choose_account(s, q), ret->subject);
	ret->category = categories[(r >> 16) % (uint64_t)s->categories];
	snprintf(ret->usage, sizeof(ret->usage), "%u.%u", (unsigned)((r >> 32) % 60),
		 (unsigned)((r >> 40) % 10));
	snprintf(ret->price, sizeof(ret->price), "0.%04u", (unsigned)((r >> 48) % 10000));
	set_dimensions(s, i, q >> 24, ret);
	set_attributes(s, random_of(q), ret);
}
