/*
 * events.c - writes usage events as CSV to standard output, the same bytes for
 * the same arguments: calls, messages and the like over three months, in the
 * order of their times.
 *
 *   events FIRST NUMBER TOTAL ACCOUNT_SID...
 *
 * Of TOTAL events, NUMBER from FIRST (counted from 0) on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_SECOND INT64_C(1735689600) /* 2025-01-01T00:00:00Z */
#define SPAN_SECONDS (INT64_C(90) * 86400)

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

/* splitmix64: small, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void print_event(int64_t i, int64_t n, const char *account, uint64_t r)
{
	time_t when = FIRST_SECOND + i * SPAN_SECONDS / n;
	char text[sizeof "2025-01-01T00:00:00Z"];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
	printf("/switch/%u,event-%010" PRId64 ",%s,%s,%s,1,%u.%u,0.%04u\n", (unsigned)(r >> 8 & 3),
	       i, account, text, categories[(r >> 16) % (sizeof categories / sizeof categories[0])],
	       (unsigned)((r >> 32) % 60), (unsigned)((r >> 40) % 10),
	       (unsigned)((r >> 48) % 10000));
}

int main(int argc, char **argv)
{
	int64_t first = argc > 4 ? strtoll(argv[1], NULL, 10) : 0;
	int64_t number = argc > 4 ? strtoll(argv[2], NULL, 10) : 0;
	int64_t total = argc > 4 ? strtoll(argv[3], NULL, 10) : 0;
	uint64_t state = UINT64_C(20250101) + (uint64_t)first;

	if (first < 0 || number < 1 || total < first + number) {
		fputs("events FIRST NUMBER TOTAL ACCOUNT_SID...\n", stderr);
		return 2;
	}
	puts("source,id,subject,time,category,count,usage,price");
	for (int64_t i = first; i < first + number; i++) {
		uint64_t r = next_random(&state);

		print_event(i, total, argv[4 + (r & 255) % (uint64_t)(argc - 4)], r);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
