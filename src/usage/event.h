/*
 * event.h - one usage event on its way into the ledger, and the rules it must
 * keep. A reader fills the texts, event_check turns them into numbers, and the
 * ledger (usage/ledger.h) gives the verdict.
 */
#ifndef USAGE_EVENT_H
#define USAGE_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

/* The event's attributes and data, in the order of the table event_fields. */
#define EV_OF_DIMENSION(id, ...) EV_##id,

enum event_field {
	EV_SOURCE,
	EV_ID,
	EV_SUBJECT,
	EV_TIME,
	EV_CATEGORY,
	EV_COUNT,
	EV_USAGE,
	EV_PRICE,
	DIMENSION_LIST(EV_OF_DIMENSION) /* EV_CUSTOMER ... */
	EV_UPLOAD,
	EV_DOWNLOAD,
	EV_SIM_NAME,
	EV_FLEET_NAME,
	EV_SPECVERSION,
	EV_TYPE,
	EVENT_FIELDS
};

enum event_value { EVENT_TEXT, EVENT_WHOLE, EVENT_DECIMAL };

struct event_field_info {
	const char *name; /* "iso_country": in JSON and as CSV header */
	bool in_data;     /* inside "data"; else a CloudEvents attribute */
	bool required;
	size_t max_bytes;
	const char *doc;
	enum event_value value; /* EVENT_WHOLE, EVENT_DECIMAL: an amount */
};

extern const struct event_field_info event_fields[EVENT_FIELDS];

/*
 * Fields that are an amount as they are; usage, data_upload and data_download
 * have rules of their own.
 */
struct event_amount {
	enum event_field field;
	enum amount amount;
	int64_t max;
};

enum { EVENT_AMOUNTS = 2 };
extern const struct event_amount event_amounts[EVENT_AMOUNTS];

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
	/* the event's other members: a JSON object, or NULL */
	struct {
		const char *text;
		size_t len;
	} attributes;
	struct {
		const char *text;
		size_t len;
	} field[EVENT_FIELDS];
};

struct intern_text;
struct intern_series;
struct submission;

/*
 * One record of a request or a file, from its reader to its verdict. All zero
 * but RAW: it is to be checked. Whoever submits it owns it and all that it
 * points to.
 */
struct event {
	/* of event_check */
	int64_t time_us;
	struct amounts amounts;
	/* set where the record is rejected before it gets to the ledger, too */
	enum verdict verdict;
	const struct error *reason; /* of VERDICT_REJECTED; else NULL */
	/*
	 * the account that the rejection log names: the sender's, as far as
	 * that is known; else 0
	 */
	int64_t account;
	/* the ledger's own, while it stores the event */
	struct submission *submission;
	struct intern_text *source;
	struct intern_series *series;
	int64_t effective_us;
	struct raw_event raw; /* of the reader; each text ends with a NUL */
	int64_t line;         /* in the file, from 1; 0: it came with a request */
	const char *record;   /* the record's own text, for the rejection log; or NULL */
	size_t record_len;
};

#define EVENT_ATTRIBUTES_MAX 4096               /* bytes of an event's attributes */
#define EVENT_TIME_MIN_US    315532800000000LL  /* 1980: every zone is in steps of 15 minutes */
#define EVENT_COUNT_MAX      1000000000000000LL /* 10^15 */
#define EVENT_USAGE_MAX      1000000000000LL    /* 10^12 units */
#define EVENT_PRICE_MAX      1000000000LL       /* 10^9 units of the currency */

/*
 * Checks EV's texts and sets its time and amounts. 0, or -1 with ERR_PARAM
 * (ERR_OVERFLOW for amounts above their limits), err->param naming the field.
 * Amounts can't be negative. Checks: required fields, lengths, UTF-8 without
 * control characters, specversion "1.0", source (not EVENT_SOURCE_OWN), time
 * (from 1980, not more than AHEAD_US after NOW_US), amounts, country (two
 * capital letters), unique names (none has the form of a SID), SIM data
 * (data_upload and data_download go with category sim-data only, whole bytes;
 * usage is then their sum in megabytes of 10^6 bytes, and if it is given must
 * be that).
 */
int event_check(struct event *ev, int64_t now_us, int64_t ahead_us, struct error *err);

/*
 * Copies RAW's texts into ARENA: those of a reader are good until its next
 * event.
 */
void event_keep_texts(struct raw_event *raw, struct arena *arena);

/* Makes the verdict VERDICT_REJECTED, for a copy of REASON in ARENA. */
void event_reject(struct event *ev, const struct error *reason, struct arena *arena);

/*
 * The text of F to show in messages and lists: cut (in ARENA) where it is
 * longer than the field may be. NULL: there is none, or it has no plain UTF-8.
 */
const char *event_name(const struct raw_event *raw, enum event_field f, struct arena *arena);

/*
 * The code of REASON in answers and in the rejection log: "overflow", "closed",
 * "suspended", "too_many", "unreadable", or "invalid".
 */
const char *event_reject_code(const struct error *reason);

#endif
