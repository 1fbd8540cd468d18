/*
 * event.h - an event to be stored, and the rules for its fields. A reader fills
 * in the texts, event_check converts them, and the ledger (usage/ledger.h) sets
 * the verdict.
 */
#ifndef USAGE_EVENT_H
#define USAGE_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

/* The fields of an event, in the order of event_fields. */
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
 * Fields that are stored unchanged. The fields usage, data_upload and
 * data_download have rules of their own.
 */
struct event_amount {
	enum event_field field;
	enum amount amount;
	int64_t max;
};

enum { EVENT_AMOUNTS = 2 };
extern const struct event_amount event_amounts[EVENT_AMOUNTS];

/* The field that gives a dimension its value. */
extern const enum event_field event_dimension_fields[DIMENSIONS_BUILT_IN];
/* Finds a field by name; EVENT_FIELDS: no such field. */
enum event_field event_field_find(const char *name, size_t len);
/*
 * Tells whether F may be suggested for an unknown member, because F is missing.
 * HAS: the fields that the event has. sim_name and fleet_name are suggested
 * only for an event with a SIM or fleet, because a sender's own member may well
 * be called sip_name or sheet_name.
 */
bool event_field_lacks(enum event_field f, const bool has[EVENT_FIELDS]);

/*
 * The texts of an event; NULL: the field is missing. Borrowed from the reader
 * until its next event.
 */
struct raw_event {
	/* all other members, as a JSON object; or NULL */
	struct {
		const char *text;
		size_t len;
	} attributes;
	struct {
		const char *text;
		size_t len;
	} field[EVENT_FIELDS];
};

/*
 * Tells whether the event has the field F. An empty field counts as missing,
 * because CSV writes a missing value as an empty cell.
 */
static inline bool event_has(const struct raw_event *raw, enum event_field f)
{
	return raw->field[f].text && raw->field[f].len;
}

struct intern_text;
struct intern_series;
struct submission;

/*
 * A record of a request or file. Before event_check, all members except RAW are
 * zero. The submitter owns the event and all memory that its members point to.
 * An import holds very many of them, without their raw texts.
 */
struct event {
	/* set by event_check */
	int64_t time_us;
	struct amounts amounts;
	/* set by the ledger, or earlier if the record is rejected */
	enum verdict verdict;
	bool named;                 /* names its SIM or fleet; set by the ledger */
	const struct error *reason; /* for VERDICT_REJECTED; else NULL */
	/*
	 * the account for the rejection log: the sender's account; 0: unknown
	 */
	int64_t account;
	/* used by the ledger while it stores the event */
	struct submission *submission;
	struct intern_text *source;
	struct intern_series *series;
	int64_t effective_us;
	/* the texts that the event is stored with, which end with NUL; from RAW */
	const char *id, *attributes;
	uint32_t id_len, attributes_len;
	/*
	 * Set by the reader; NULL if it could read nothing. The texts end with
	 * NUL. ledger_add looks names up by them. After that, only the raw texts
	 * of rejected events are needed, and of events that name their SIM or
	 * fleet; ledger_add copies the latter.
	 */
	struct raw_event *raw;
	int64_t line; /* line in the file, from 1; 0: from a request */
	/* the text of the record, for the rejection log; or NULL */
	const char *record;
	size_t record_len;
};

/* bytes of an event's attributes */
#define EVENT_ATTRIBUTES_MAX 4096
/* 1980-01-01; since then all zones have offsets in steps of 15 minutes */
#define EVENT_TIME_MIN_US 315532800000000LL
#define EVENT_COUNT_MAX   1000000000000000LL /* 10^15 */
#define EVENT_USAGE_MAX   1000000000000LL    /* 10^12 units */
#define EVENT_PRICE_MAX   1000000000LL       /* 10^9 units of the currency */

/*
 * Checks the texts of EV and sets its time and amounts. -1: ERR_PARAM, or
 * ERR_OVERFLOW for amounts above their limits; err->param names the field.
 *
 * Checks: required fields; lengths; UTF-8 without control characters;
 * specversion "1.0"; source (not EVENT_SOURCE_OWN); time (from 1980, at most
 * AHEAD_US after NOW_US); amounts (not negative); country (two capital
 * letters); unique names (not in the form of a SID); SIM data. data_upload and
 * data_download are whole bytes and need the category sim-data; usage is their
 * sum in megabytes of 10^6 bytes, and if given must equal it.
 */
int event_check(struct event *ev, int64_t now_us, int64_t ahead_us, struct error *err);

/* Copies the texts of RAW into ARENA, because the reader reuses them. */
void event_keep_texts(struct raw_event *raw, struct arena *arena);
/* Gives EV a copy of RAW and its texts in ARENA. */
void event_keep_raw(struct event *ev, const struct raw_event *raw, struct arena *arena);

/* Sets VERDICT_REJECTED, with a copy of REASON in ARENA. */
void event_reject(struct event *ev, const struct error *reason, struct arena *arena);

/*
 * The text of F for messages and lists, cut (in ARENA) to the field's maximum
 * length. NULL: RAW is NULL, F is missing, or is not UTF-8 without control characters.
 */
const char *event_name(const struct raw_event *raw, enum event_field f, struct arena *arena);

/*
 * The code of REASON in responses and the rejection log: "overflow", "closed",
 * "suspended", "too_many", "unreadable" or "invalid".
 */
const char *event_reject_code(const struct error *reason);

#endif
