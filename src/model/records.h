/*
 * records.h - what the ledger holds records of: accounts, categories, people and
 * keys, events with their corrections, and what follows from them. The store
 * reads and writes them, all others pass them on.
 *
 * Texts are borrowed from the arena that a record was read into.
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
	int64_t parent;     /* id; 0 = a main account */
	char currency[4];   /* "usd" */
	int64_t created;    /* seconds */
	int64_t suspended;  /* seconds: since when; 0 = active */
	/*
	 * IANA; "" = the parent's, or UTC. Read it through
	 * usage/account_calendar.h
	 */
	const char *time_zone;
	int cycle_day;      /* 1 to 28; 0 = the parent's, or 1. Likewise */
	const char *number; /* the operator's own number for the account; unique; "" = none */
};

struct category {
	int64_t id;
	const char *name; /* "calls-inbound"; unique */
	int64_t parent;   /* id; 0 = none */
	const char *description;
	const char *count_unit;
	const char *usage_unit;
	bool metered; /* reports list it even when nothing of it was used */
	bool used;    /* by any account; set by store_categories alone */
};

#define KEY_HASH_BYTES 32

/*
 * A user or a key that made something; neither: the console, or it isn't known.
 */
struct maker {
	int64_t user;           /* 0: none */
	char key_sid[SID_TEXT]; /* "": none */
};

struct key {
	char sid[SID_TEXT]; /* SK... */
	const char *name;   /* a user's name for Basic; "" for keys of an account */
	const char *role;   /* as in usage/principal.h */
	int64_t account;    /* the account it belongs to; 0 = none */
	unsigned char hash[KEY_HASH_BYTES];
	int64_t created;
	int64_t revoked; /* 0 = good */
	int64_t used;    /* when last, to the day; 0 = never */
	struct maker maker;
	const int64_t *grants; /* accounts a Manager may see */
	size_t n_grants;
};

struct user {
	int64_t id;
	/*
	 * what they sign in with; no other one, also no removed one, looks like
	 * it
	 */
	const char *name;
	const char *display;  /* the name that pages show */
	const char *email;    /* or "" */
	const char *role;     /* as in usage/principal.h */
	const char *password; /* as secret.h's password_hash made it */
	int64_t created;
	int64_t removed; /* 0 = good */
	const int64_t *grants;
	size_t n_grants;
};

enum session_kind { SESSION_TEMPORARY, SESSION_PERMANENT, SESSION_TOKEN };

struct session {
	unsigned char hash[KEY_HASH_BYTES]; /* keyed, of the secret */
	int64_t user;
	enum session_kind kind;
	int64_t created, expires; /* seconds */
	struct maker maker;       /* of SESSION_TOKEN: who asked for it */
};

struct audit {
	int64_t id, at;      /* seconds */
	const char *author;  /* as principal_actor has it */
	const char *action;  /* "key.revoke" */
	const char *subject; /* SID or name of what was changed */
	const char *detail;  /* in words; "" */
};

/* Which rows of a list that grows. */
struct newest {
	int64_t since;  /* seconds */
	int64_t before; /* only ids before this one; 0: all */
	size_t limit;
};

/*
 * Who used what, with which dimensions; interned, so that an event holds one
 * number for it.
 */
struct series {
	int64_t account, category;
	int64_t dim[DIMENSIONS]; /* ids of dimension values; 0 = none */
};

/* A value of a dimension, as an account has it. */
struct dimension_value {
	int64_t account;
	enum dimension dimension;
	const char *text;
	size_t len;
};

/*
 * SIMs and fleets that have a unique name beside the SID by which events call
 * them. A family (its main account's id) has a set of each kind: there no SID
 * comes twice, no name, and none is another one's name or SID. They don't count
 * as changes (store_version): ask for them each time.
 */
struct sim {
	int64_t id;
	int64_t family;
	enum dimension kind; /* DIM_SIM, DIM_FLEET */
	const char *sid, *name;
};

/* What became of an event that was to be stored. */
enum verdict {
	VERDICT_CREATED,
	VERDICT_DUPLICATE,
	VERDICT_CONFLICT,
	VERDICT_REJECTED,
	VERDICTS, /* that an event has by itself */
	/* of an atomic submission: not stored, since another event of it wasn't */
	VERDICT_ABORTED = VERDICTS
};

/*
 * One immutable entry. (source, id) is its identity, as a source belongs to one
 * family.
 */
struct stored_event {
	int64_t source;
	const char *id;
	size_t id_len;
	int64_t series;
	int64_t time_us;
	/*
	 * the instant it counts at: time_us, or the closed instant if it was
	 * late
	 */
	int64_t effective_us;
	int64_t correction;     /* that it is part of, or 0 */
	struct amounts amounts; /* negative only in a correction */
	/*
	 * to be added with it: a JSON object of attributes_len bytes, or NULL.
	 * store_event_find leaves it NULL
	 */
	const char *attributes;
	size_t attributes_len;
	enum verdict verdict; /* set by store_events_add alone */
};

/* The identity of an event. */
struct event_key {
	int64_t source;
	const char *id;
	size_t len;
};

/*
 * Corrections' facts are events of this source, called after the correction
 * with one of these behind it.
 */
#define EVENT_SOURCE_OWN       "usaged"
#define CORRECTION_REVERSAL    ".reversal"
#define CORRECTION_REPLACEMENT ".replacement"

enum correction_kind { CORRECTION_VOID, CORRECTION_AMEND };

struct correction {
	int64_t id;
	char sid[SID_TEXT]; /* CR... */
	enum correction_kind kind;
	int64_t source; /* with `event`: the event that is corrected */
	const char *event;
	const char *author, *reason;
	int64_t made; /* seconds */
};

/* Up to when an account is closed. */
struct closing {
	int64_t account;
	/* the closed instant: the later of its own and its main account's */
	int64_t open_us;
	/* up to when it was closed by itself, a whole second; 0: it wasn't */
	int64_t own_us;
	const char *author; /* of that closing which is the later one */
	int64_t made;
};

enum closing_change_kind { CLOSING_LATE = 1, CLOSING_REOPENED = 2 };

/*
 * Something that came for closed time: a late event, an entry of a correction,
 * or that the account was reopened.
 */
struct closing_change {
	int64_t id; /* grows */
	int64_t account;
	int64_t at; /* seconds; 0 = not known, from before this list was kept */
	enum closing_change_kind kind;
	/* when it takes effect; CLOSING_REOPENED: the new closed instant */
	int64_t effective_us;
	int64_t source; /* CLOSING_LATE: with `event` the identity */
	const char *event;
	size_t event_len;
	const char *author, *reason; /* CLOSING_REOPENED */
};

/* A reference to an event, in the order of effective time, source, id. */
struct posting {
	int64_t effective_us;
	int64_t series;
	int64_t source;
	const char *id;
	size_t id_len;
};

struct rejection {
	int64_t id, at;             /* seconds */
	const char *author;         /* of the request: as in the audit log */
	int64_t account;            /* that it named, or 0 */
	const char *source, *event; /* as far as they could be read; "" */
	const char *code, *field, *message;
	const char *record; /* the record as it came, cut after REJECTION_RECORD_MAX bytes */
	/* that it was imported from; NULL or "": it came with a request */
	const char *file;
	int64_t line; /* in the file, from 1; 0: it came with a request */
};

struct rollup {
	enum level level;
	int64_t account, category, slot;
	int64_t series;          /* 0: the total of the category, whatever its dimensions */
	int64_t dim[DIMENSIONS]; /* of a series; filled by scans only */
	struct amounts amounts;
};

#endif
