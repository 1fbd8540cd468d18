/*
 * event.h - one usage event as it comes from outside, and the rules it must
 * keep. Readers fill the texts; event_check turns them into numbers or says
 * what is wrong.
 */
#ifndef USAGE_EVENT_H
#define USAGE_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "store/store.h"

/* The event's attributes and data, in the order of the table event_fields. */
enum event_field {
	EV_SOURCE,
	EV_ID,
	EV_SUBJECT,
	EV_TIME,
	EV_CATEGORY,
	EV_COUNT,
	EV_USAGE,
	EV_PRICE,
	EV_CUSTOMER,
	EV_SIM,
	EV_FLEET,
	EV_NETWORK,
	EV_COUNTRY,
	EV_UPLOAD,
	EV_DOWNLOAD,
	EV_SIM_NAME,
	EV_FLEET_NAME,
	EV_SPECVERSION,
	EV_TYPE,
	EVENT_FIELDS
};

struct event_field_info {
	const char *name; /* "iso_country": in JSON and as CSV header */
	bool in_data;     /* inside "data"; else a CloudEvents attribute */
	bool required;
	size_t max_bytes;
	const char *doc;
};

extern const struct event_field_info event_fields[EVENT_FIELDS];
/* The field that gives a dimension its value. */
extern const enum event_field event_dimension_fields[DIMENSIONS];
/* The field of that name, or EVENT_FIELDS. */
enum event_field event_field_find(const char *name, size_t len);
/*
 * Could a misspelt name be meant for F, where HAS says which fields there are?
 * For one that isn't there; for sim_name and fleet_name only where SIMs are
 * spoken of, since sip_name and sheet_name are names as well.
 */
bool event_field_lacks(enum event_field f, const bool has[EVENT_FIELDS]);

/*
 * As read: TEXT is NULL where the event has no such field. Borrowed from the
 * reader until its next event.
 */
struct raw_event {
	struct {
		const char *text;
		size_t len;
	} field[EVENT_FIELDS];
	/* its other members: a JSON object, or NULL */
	struct {
		const char *text;
		size_t len;
	} attributes;
	int64_t line; /* in the file, from 1; or the index in a request, from 0 */
};

/* Checked, not yet looked up: text fields still point into the raw event. */
struct event {
	const struct raw_event *raw;
	int64_t time_us;
	struct amounts amounts;
};

#define EVENT_ATTRIBUTES_MAX 4096               /* bytes of an event's attributes */
#define EVENT_TIME_MIN_US    315532800000000LL  /* 1980: every zone is in steps of 15 minutes */
#define EVENT_COUNT_MAX      1000000000000000LL /* 10^15 */
#define EVENT_USAGE_MAX      1000000000000LL    /* 10^12 units */
#define EVENT_PRICE_MAX      1000000000LL       /* 10^9 units of the currency */

/*
 * 0, or -1 with ERR_PARAM (ERR_OVERFLOW for amounts above their limits),
 * err->param naming the field. Amounts can't be negative. Checks: required
 * fields, lengths, UTF-8 without control characters, specversion "1.0", source
 * (not EVENT_SOURCE_OWN), time (from 1980, not more than AHEAD_US after
 * NOW_US), amounts, country (two capital letters), unique names (none has the
 * form of a SID), SIM data (data_upload and data_download go with category
 * sim-data only, whole bytes; usage is then their sum in megabytes of 10^6
 * bytes, and if it is given must be that).
 */
int event_check(const struct raw_event *raw, int64_t now_us, int64_t ahead_us, struct event *ret,
		struct error *err);

/*
 * What a refused event's answer calls the reason: "overflow", "closed",
 * "suspended", or "invalid".
 */
const char *event_refusal_code(const struct error *reason);

#endif
