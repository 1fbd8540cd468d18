/*
 * records.h - the records of the ledger: accounts, categories, users, keys,
 * events, corrections, and data computed from events. The store reads and
 * writes records; all other folders pass them on.
 *
 * Texts are borrowed from the arena that the record was read into.
 */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/amounts.h"
#include "model/dimension.h"
#include "model/slot.h"

#define SID_TEXT 35 /* two letters, 32 hexadecimal digits, NUL */

struct account {
	int64_t id;
	char sid[SID_TEXT]; /* AC... */
	const char *name;   /* unique */
	int64_t parent;     /* id; 0: a main account */
	char currency[4];   /* "usd" */
	int64_t created;    /* seconds */
	int64_t suspended;  /* time of suspension, seconds; 0: active */
	/*
	 * IANA name; "": the zone of the parent, or UTC. Use
	 * usage/account_calendar.h to read it
	 */
	const char *time_zone;
	int cycle_day;      /* 1 to 28; 0: as the parent, or 1 */
	const char *number; /* chosen by the operator; unique; "": none */
};

struct category {
	int64_t id;
	const char *name; /* "calls-inbound"; unique */
	int64_t parent;   /* id; 0: none */
	const char *description;
	const char *count_unit;
	const char *usage_unit;
	bool metered; /* reports list the category even if it was not used */
	bool used;    /* by any account; set only by store_categories */
};

#define KEY_HASH_BYTES 32

/*
 * The user or key that made a record. If both are missing: the command line, or
 * unknown.
 */
struct maker {
	int64_t user;           /* 0: none */
	char key_sid[SID_TEXT]; /* "": none */
};

struct key {
	char sid[SID_TEXT]; /* SK... */
	const char *name;   /* name of the user; "": a key of an account */
	const char *role;   /* as in usage/principal.h */
	int64_t account;    /* id of the key's account; 0: none */
	unsigned char hash[KEY_HASH_BYTES];
	int64_t created;
	int64_t revoked; /* 0: active */
	int64_t used;    /* day of the last use, seconds; 0: never */
	struct maker maker;
	const int64_t *grants; /* ids of accounts that a Manager may see */
	size_t n_grants;
};

struct user {
	int64_t id;
	/*
	 * name for signing in; differs (name_fold) from the names of all other
	 * users, including removed ones
	 */
	const char *name;
	const char *display;  /* the name that pages show */
	const char *email;    /* or "" */
	const char *role;     /* as in usage/principal.h */
	const char *password; /* from password_hash */
	int64_t created;
	int64_t removed; /* 0: active */
	const int64_t *grants;
	size_t n_grants;
};

enum session_kind { SESSION_TEMPORARY, SESSION_PERMANENT, SESSION_TOKEN };

struct session {
	unsigned char hash[KEY_HASH_BYTES]; /* keyed hash of the secret */
	int64_t user;
	enum session_kind kind;
	int64_t created, expires; /* seconds */
	struct maker maker;       /* of SESSION_TOKEN: the maker of the token */
};

struct audit {
	int64_t id, at;      /* seconds */
	const char *author;  /* from principal_actor */
	const char *action;  /* such as "key.revoke" */
	const char *subject; /* SID or name of the changed object */
	const char *detail;  /* as a sentence; or "" */
};

/* Selects the newest rows of a log. */
struct newest {
	int64_t since;  /* seconds */
	int64_t before; /* only smaller ids; 0: all */
	size_t limit;
};

/*
 * An account, a category and values of dimensions. Series are interned: an
 * event holds one number, the id of its series.
 */
struct series {
	int64_t account, category;
	int64_t dim[DIMENSIONS]; /* ids of values; 0: none */
};

/* A declared dimension: events get its value from one of their attributes. */
struct declared {
	enum dimension dimension; /* from DIMENSIONS_BUILT_IN */
	const char *name;         /* unique, also among built-in ones */
	const char *attribute;    /* unique */
	int64_t created;          /* seconds */
	/* how far it was filled in for older events, see usage/backfill.h */
	struct fill {
		enum fill_state { FILL_NONE, FILL_BEGUN, FILL_DONE } state;
		/* the account (id) and hour to go on with */
		int64_t account, hour;
		int64_t filled; /* events so far */
	} fill;
};

/* A value of a dimension in an account. */
struct dimension_value {
	int64_t account;
	enum dimension dimension;
	const char *text;
	size_t len;
};

/*
 * A SIM or fleet with a unique name. In a family (id of the main account), all
 * SIDs and names of a kind differ from each other. Do not cache these records:
 * a change does not change store_version.
 */
struct sim {
	int64_t id;
	int64_t family;
	enum dimension kind; /* DIM_SIM, DIM_FLEET */
	const char *sid, *name;
};

/* The result of storing an event. */
enum verdict {
	VERDICT_CREATED,
	VERDICT_DUPLICATE,
	VERDICT_CONFLICT,
	VERDICT_REJECTED,
	VERDICTS, /* verdicts on single events */
	/* not stored because another event of the atomic submission failed */
	VERDICT_ABORTED = VERDICTS,
	/* not stored because the server that keeps its family is away */
	VERDICT_UNAVAILABLE,
	VERDICTS_ALL
};

/*
 * An event, or an entry of a correction. A stored event never changes. Its
 * identity is (source, id), since each source belongs to one family.
 */
struct stored_event {
	/*
	 * for store_events_add: of its series; the main account, or 0: the
	 * account itself
	 */
	int64_t account, family;
	int64_t source;
	const char *id;
	size_t id_len;
	int64_t series;
	int64_t time_us;
	/* effective time: time_us or, for a late event, the closed instant */
	int64_t effective_us;
	/* of an entry: id of its correction; 0: an event from a sender */
	int64_t correction;
	struct amounts amounts; /* negative only in entries of corrections */
	/*
	 * for store_events_add: a JSON object, or NULL. store_event_find sets
	 * NULL
	 */
	const char *attributes;
	size_t attributes_len;
	enum verdict verdict; /* set only by store_events_add */
};

/* The identity of an event. */
struct event_key {
	int64_t source;
	const char *id;
	size_t len;
};

/*
 * Entries of corrections are events of this source. Their ids are the SID of
 * the correction, followed by one of these suffixes.
 */
#define EVENT_SOURCE_OWN       "usaged"
#define CORRECTION_REVERSAL    ".reversal"
#define CORRECTION_REPLACEMENT ".replacement"

enum correction_kind { CORRECTION_VOID, CORRECTION_AMEND };

struct correction {
	int64_t id;
	char sid[SID_TEXT]; /* CR... */
	enum correction_kind kind;
	int64_t source; /* `source` and `event` identify the corrected event */
	const char *event;
	const char *author, *reason;
	int64_t made; /* seconds */
};

/* The closing of an account. */
struct closing {
	int64_t account;
	/*
	 * the closed instant: own_us or that of the main account, whichever is
	 * later
	 */
	int64_t open_us;
	/* the account's own closed instant, a full second; 0: not closed */
	int64_t own_us;
	const char *author; /* author of the closing that open_us comes from */
	int64_t made;
};

enum closing_change_kind { CLOSING_LATE = 1, CLOSING_REOPENED = 2, CLOSING_FILLED = 3 };

/*
 * A change in closed time: a late event, an entry of a correction, a reopening,
 * or a dimension that was filled in for older events.
 */
struct closing_change {
	int64_t id; /* newer changes have larger ids */
	int64_t account;
	int64_t at; /* seconds; 0: unknown (before changes were recorded) */
	enum closing_change_kind kind;
	/*
	 * effective time; CLOSING_REOPENED: the new closed instant;
	 * CLOSING_FILLED: effective time of the first event
	 */
	int64_t effective_us;
	int64_t source; /* CLOSING_LATE: identity of the event, with `event` */
	const char *event;
	size_t event_len;
	const char *author, *reason; /* CLOSING_REOPENED, CLOSING_FILLED */
};

/*
 * A reference to an event. Lists are in the order of effective time, source and
 * id.
 */
struct posting {
	int64_t effective_us;
	int64_t series;
	int64_t source;
	const char *id;
	size_t id_len;
};

/* How often a trigger may fire. */
enum recurrence {
	RECURRENCE_ALLTIME, /* once */
	RECURRENCE_DAILY,   /* once a day, month, year of UTC */
	RECURRENCE_MONTHLY,
	RECURRENCE_YEARLY,
	RECURRENCES
};

/* The changing part of a trigger. */
struct trigger_value {
	int64_t trigger; /* id */
	/*
	 * the first day of the period of `sum`, in days since 1970; 0 for
	 * RECURRENCE_ALLTIME
	 */
	int64_t period;
	wide sum;             /* usage in the period, in the amount's unit */
	int64_t fired;        /* time of the last firing, seconds; 0: never */
	int64_t fired_period; /* the period of the last firing */
};

/*
 * A threshold for the usage of an account, with its subaccounts if it is a main
 * account. The trigger fires when the usage of a period exceeds the threshold.
 */
struct trigger {
	int64_t id;
	char sid[SID_TEXT]; /* UT... */
	int64_t account, category;
	enum amount amount; /* AMOUNT_COUNT, AMOUNT_USAGE or AMOUNT_PRICE */
	enum recurrence recurrence;
	int64_t threshold; /* in the amount's unit */
	const char *name;
	const char *url, *method; /* of the callback; "POST" or "GET" */
	int64_t created, updated; /* seconds */
	struct trigger_value value;
};

enum notice_state {
	NOTICE_WAITING,   /* to be sent, for the first time or again */
	NOTICE_DELIVERED, /* a receiver has answered with 2xx */
	NOTICE_FAILED,    /* given up */
	NOTICE_CANCELLED, /* its trigger was removed first */
	NOTICE_STATES
};

/*
 * A row of the outbox: a message that the ledger has to send. The commit that
 * caused the message adds it.
 */
struct notice {
	int64_t id;
	char sid[SID_TEXT]; /* WH... */
	int64_t account;
	char trigger[SID_TEXT]; /* the SID of the trigger that fired */
	/* identifies the firing: trigger and period; unique */
	const char *token;
	const char *url, *method;
	const char *form; /* the parameters, encoded: "a=1&b=2" */
	int64_t made_us;
	enum notice_state state;
	int64_t attempts;
	int64_t next_us; /* NOTICE_WAITING: time of the next attempt */
	/* The rest is only read. The trigger's name; NULL: it was deleted. */
	const char *trigger_name;
	int64_t last_status;    /* of the last attempt: HTTP; 0: no answer */
	const char *last_error; /* why there was no answer; NULL: not sent yet */
};

/* An attempt to send a notice. */
struct delivery {
	int64_t id;
	int64_t notice; /* id */
	int64_t at_us, took_us;
	int64_t status;     /* HTTP; 0: no answer */
	const char *error;  /* why there was no answer; or "" */
	const char *answer; /* the beginning of the answer's body, as UTF-8 */
};

struct rejection {
	int64_t id, at;     /* seconds */
	const char *author; /* from principal_actor */
	/* id of the account that the record named; 0: none */
	int64_t account;
	const char *source, *event; /* identity; "" if it could not be read */
	const char *code, *field, *message;
	const char *record; /* as sent, cut after REJECTION_RECORD_MAX bytes */
	/* the imported file; NULL or "": a request */
	const char *file;
	int64_t line; /* line in the file, from 1; 0: a request */
};

struct rollup {
	enum level level;
	/* for store_rollups_add: the main account; 0: the account itself */
	int64_t family;
	int64_t account, category, slot;
	/*
	 * 0: usage without dimensions or, in sums over all series, the total of
	 * the category
	 */
	int64_t series;
	struct amounts amounts;
};

#endif
