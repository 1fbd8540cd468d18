/*
 * store.h - the few questions that the domain asks of what is on disk. The
 * implementation (store.c and its neighbours) is SQL that every driver
 * understands, above the driver of db.h.
 *
 * A struct store is one connection: one thread at a time. Any number of them,
 * in any number of processes, may be open on one ledger; one of them writes at
 * a time, the others wait for it up to the busy timeout (then ERR_BUSY). Text
 * that is returned lives in the arena that was passed, or where there is none
 * until the next call on the same store.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "model/amounts.h"
#include "model/dimension.h"
#include "model/slot.h"

struct store;

enum {
	STORE_WRITE = 1 << 0, /* else read-only */
	STORE_CREATE = 1 << 1 /* make the ledger: fails if there is one already */
};

/*
 * Opens the ledger at WHERE (SQLite: a path, or ":memory:"). A writer brings an
 * older schema forward first, in one transaction; a reader of an older one, and
 * anyone of a newer one, is refused with words that say which version is which.
 * A file that is no ledger of ours is refused and left alone.
 */
int store_open(const char *where, unsigned flags, int64_t busy_timeout_ms, struct store **ret,
	       struct error *err);
void store_close(struct store **st);

/*
 * Instead of the busy timeout: while another writer is in the way, WAIT is
 * called again and again, with how many TIMES it was before. It pauses for a
 * moment and returns non-zero, or gives up (ERR_BUSY) with 0.
 */
void store_wait_with(struct store *st, int (*wait)(void *arg, int times), void *arg);

/*
 * Has what was opened been removed, or replaced by another ledger? Nobody will
 * find what is written to it.
 */
bool store_moved(struct store *st);

struct store_facts {
	int64_t schema;     /* its version */
	int64_t file_bytes; /* on disk */
	int64_t log_bytes;  /* of what isn't in that file yet */
};

int store_facts(struct store *st, struct store_facts *ret, struct error *err);

/* Removes the file NAME from the ledger's folder, if it is there. */
void store_unlink_beside(struct store *st, const char *name);

/* ---- copies of the whole ledger ---- */

/*
 * Called again and again with how many bytes of ALL are done (ALL 0: nobody
 * knows, and DONE only grows). False gives up: ERR_BUSY.
 */
typedef bool store_progress(void *arg, int64_t done, int64_t all);

/*
 * Copies the ledger as it is now to FILE, for its owner alone, while others
 * read and write. FILE is there as a whole, on disk, when it returns 0, and
 * opens by itself; else it is as it was. ERR_CONFLICT if there is one that may
 * not be REPLACEd, ERR_PARAM if it is the ledger itself.
 */
int store_backup(struct store *st, const char *file, bool replace, store_progress *progress,
		 void *arg, struct error *err);

/*
 * Puts a copy of FILE, which must be a ledger that is whole, in the place of
 * the one at WHERE (with its owner and mode; its schema brought forward). The
 * old one, if there was any, is then called ASIDE. ERR_BUSY while anyone has
 * the ledger open. On -1 all is as it was.
 */
int store_restore(const char *file, const char *where, const char *aside, store_progress *progress,
		  void *arg, struct error *err);

/* ---- transactions ---- */

/* One snapshot for all reads until store_end. */
int store_begin_read(struct store *st, struct error *err);
/* Takes the writer's place at once (not at the first write). */
int store_begin_write(struct store *st, struct error *err);
/*
 * Durable, in the ledger that is at its place, when it returns 0. On -1
 * everything since the begin is undone.
 */
int store_commit(struct store *st, struct error *err);
/* Ends a read, or undoes a write. Harmless when nothing is open. */
void store_end(struct store *st);

/* ---- limits of a read ---- */

struct store_limits {
	int64_t work; /* rows of sums that may be read in all; 0 = any number */
	/*
	 * Asked now and then while the store works; -1 with ERR ends that. It
	 * must not use the store. NULL: nobody is asked.
	 */
	int (*check)(void *arg, struct error *err);
	void *arg;
};

/* Sets limits until the read ends. */
void store_limit(struct store *st, const struct store_limits *limits);
/*
 * Takes N from what may still be read, for work like reading N rows: -1 with
 * ERR_TOO_LARGE if that is more than is left.
 */
int store_work(struct store *st, int64_t n, struct error *err);
/*
 * From here on as much may be read as at first: for answers that are streams,
 * one account after the other.
 */
void store_work_again(struct store *st);

/*
 * Grows with every change of accounts, categories and keys: what was loaded
 * before is stale when it differs.
 */
int store_version(struct store *st, int64_t *ret_version, struct error *err);

/* ---- accounts ---- */

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

/*
 * Adds an account and sets A->id. time_zone and number may be NULL for "".
 * ERR_CONFLICT if another account has the SID, the name or the number (names
 * and numbers are one set: an account is looked up by either), ERR_PARAM if the
 * parent is unknown or a subaccount itself.
 */
int store_account_add(struct store *st, struct account *a, struct error *err);
/*
 * Sets name, currency, suspended, time_zone, cycle_day and number of the
 * account A->id; the rest of A must be as it was read. ERR_CONFLICT as
 * store_account_add. 1 done, 0 no such account, -1.
 */
int store_account_set(struct store *st, const struct account *a, struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_account_by_sid(struct store *st, const char *sid, struct arena *arena,
			 struct account *ret, struct error *err);
int store_account_by_name(struct store *st, const char *name, struct arena *arena,
			  struct account *ret, struct error *err);
int store_account_by_number(struct store *st, const char *number, struct arena *arena,
			    struct account *ret, struct error *err);
int store_account_by_id(struct store *st, int64_t id, struct arena *arena, struct account *ret,
			struct error *err);
/*
 * All accounts in the order of their sids, or (PARENT not 0) the subaccounts of
 * one.
 */
int store_accounts(struct store *st, int64_t parent, struct arena *arena, struct account **ret,
		   size_t *ret_n, struct error *err);
/*
 * An account that takes no events from SINCE (seconds) on, by itself or with
 * its main account.
 */
struct suspension {
	int64_t account, since;
};

/* Of all accounts that are suspended, in the order of their ids. */
int store_suspensions(struct store *st, struct arena *arena, struct suspension **ret, size_t *ret_n,
		      struct error *err);
/*
 * The day (days since 1970, UTC) of the account's first usage: 1 found, 0 none
 * yet, -1.
 */
int store_account_first_day(struct store *st, int64_t account, int64_t *ret_day, struct error *err);
/* Likewise of its last usage. */
int store_account_last_day(struct store *st, int64_t account, int64_t *ret_day, struct error *err);

/* ---- categories ---- */

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

int store_category_add(struct store *st, struct category *c, struct error *err); /* sets c->id */
/* In the order of their ids, which is the order they were added in. */
int store_categories(struct store *st, struct arena *arena, struct category **ret, size_t *ret_n,
		     struct error *err);
/*
 * ACCOUNT used category ID: from now on reports with the account list it,
 * though it isn't metered. In a write.
 */
int store_category_use(struct store *st, int64_t account, int64_t id, struct error *err);
/*
 * The ids of the categories that ACCOUNT used and that aren't metered. In
 * ARENA.
 */
int store_categories_used(struct store *st, int64_t account, struct arena *arena,
			  const int64_t **ret, size_t *ret_n, struct error *err);

/* ---- keys ---- */

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

int store_key_add(struct store *st, const struct key *k, struct error *err);
int store_keys(struct store *st, struct arena *arena, struct key **ret, size_t *ret_n,
	       struct error *err);
/* These two: 1 found (revoked ones too), 0 none, -1. */
int store_key_by_hash(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct arena *arena, struct key *ret, struct error *err);
int store_key_by_sid(struct store *st, const char *sid, struct arena *arena, struct key *ret,
		     struct error *err);
/*
 * Ends the tokens that were asked for with it, too. 1 done, 0 no such key, -1.
 */
int store_key_revoke(struct store *st, const char *sid, int64_t when, struct error *err);
/* 1 done, 0 it wasn't granted, -1 */
int store_key_ungrant(struct store *st, const char *sid, int64_t account, struct error *err);
/* Unless it was used later. Doesn't count as a change (store_version). */
int store_key_used(struct store *st, const char *sid, int64_t when, struct error *err);

/* ---- users and their sessions ---- */

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

/*
 * Sets u->id. ERR_CONFLICT: a user, removed or not, has a name that looks like
 * this one (name_fold), or a user that isn't removed has the e-mail address.
 */
int store_user_add(struct store *st, struct user *u, struct error *err);
/*
 * The user of exactly that NAME, else the only one whose name looks like it
 * (name_fold). 1 found (removed ones too), 0 none, -1.
 */
int store_user_by_name(struct store *st, const char *name, struct arena *arena, struct user *ret,
		       struct error *err);
int store_user_by_id(struct store *st, int64_t id, struct arena *arena, struct user *ret,
		     struct error *err);
/* Only one that isn't removed; ignores case. */
int store_user_by_email(struct store *st, const char *email, struct arena *arena, struct user *ret,
			struct error *err);
/* In the order of their names, removed ones too. */
int store_users(struct store *st, struct arena *arena, struct user **ret, size_t *ret_n,
		struct error *err);
/*
 * Sets display and email of the user U->id. ERR_CONFLICT of the address as
 * above. 1 done, 0 no such user, or a removed one, -1.
 */
int store_user_set(struct store *st, const struct user *u, struct error *err);
/*
 * These two end the user's sessions, and the tokens that the user asked for;
 * the session with the hash KEEP (or NULL) goes on. 1 done, 0 no such user, or
 * one that is removed.
 */
int store_user_password(struct store *st, int64_t id, const char *password,
			const unsigned char *keep, struct error *err);
int store_user_remove(struct store *st, int64_t id, int64_t when, struct error *err);
/* likewise; no change is no error */
int store_user_grant(struct store *st, int64_t id, int64_t account, bool granted,
		     struct error *err);

enum session_kind { SESSION_TEMPORARY, SESSION_PERMANENT, SESSION_TOKEN };

struct session {
	unsigned char hash[KEY_HASH_BYTES]; /* keyed, of the secret */
	int64_t user;
	enum session_kind kind;
	int64_t created, expires; /* seconds */
	struct maker maker;       /* of SESSION_TOKEN: who asked for it */
};

/* of one kind and user; a new one ends the oldest above that */
enum { USER_SESSIONS_MAX = 1000 };

/*
 * How many tokens for other users MAKER has asked for that haven't expired at
 * NOW, and when the first of them expires.
 */
int store_session_count(struct store *st, const struct maker *maker, int64_t now, int64_t *ret_n,
			int64_t *ret_expires, struct error *err);

/*
 * Sessions don't count as changes (store_version): ask for them at each
 * request.
 */
int store_session_add(struct store *st, const struct session *s, struct error *err);
/* 1, 0, -1 */
int store_session_find(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		       struct session *ret, struct error *err);
/* 1 done, 0 none */
int store_session_end(struct store *st, const unsigned char hash[KEY_HASH_BYTES],
		      struct error *err);
/* removes those that have ended by themselves */
int store_sessions_expire(struct store *st, int64_t now, struct error *err);

/* ---- the audit log ---- */

struct audit {
	int64_t id, at;      /* seconds */
	const char *author;  /* as principal_actor has it */
	const char *action;  /* "key.revoke" */
	const char *subject; /* SID or name of what was changed */
	const char *detail;  /* in words; "" */
};

int store_audit_add(struct store *st, const struct audit *a, struct error *err);
/* The newest LIMIT entries before the id BEFORE (0: of all), newest first. */
int store_audits(struct store *st, int64_t before, size_t limit, struct arena *arena,
		 struct audit **ret, size_t *ret_n, struct error *err);

/* ---- events ---- */

/*
 * Who used what, with which dimensions; interned, so that an event holds one
 * number for it.
 */
struct series {
	int64_t account, category;
	int64_t dim[DIMENSIONS]; /* ids of dimension values; 0 = none */
};

/* The id of a dimension's value in an account: 1 found, 0 none, -1. */
int store_dimension_find(struct store *st, int64_t account, enum dimension d, const char *text,
			 size_t len, int64_t *ret_id, struct error *err);
/* The same, and makes one if there is none. In a write. */
int store_dimension_intern(struct store *st, int64_t account, enum dimension d, const char *text,
			   size_t len, int64_t *ret_id, struct error *err);
/* 1 found, 0 none, -1. */
int store_dimension_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
			 struct error *err);
/* The id of a series: 1 found, 0 none, -1. */
int store_series_find(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Makes one that store_series_find didn't find. In a write. */
int store_series_add(struct store *st, const struct series *s, int64_t *ret_id, struct error *err);
/* Finds one, or makes it. In a write. */
int store_series_intern(struct store *st, const struct series *s, int64_t *ret_id,
			struct error *err);

/*
 * Sources. An event's identity is its family (the main account's id), source
 * and id, so each family has sources of its own: what one family sends has no
 * effect on another. The entries of corrections are of the source
 * EVENT_SOURCE_OWN, which belongs to the ledger: family 0.
 *
 * _intern returns the id, and makes the source if it is new; in a write.
 * _find: 1 found, 0 none, -1.
 */
int store_source_intern(struct store *st, int64_t family, const char *text, size_t len,
			int64_t *ret_id, struct error *err);
int store_source_find(struct store *st, int64_t family, const char *text, size_t len,
		      int64_t *ret_id, struct error *err);

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

/* The one with the SID TEXT, else the one called so: 1 found, 0 none, -1. */
int store_sim_find(struct store *st, int64_t family, enum dimension kind, const char *text,
		   struct arena *arena, struct sim *ret, struct error *err);
/* All of a kind, by family and name. */
int store_sims(struct store *st, enum dimension kind, struct arena *arena, struct sim **ret,
	       size_t *ret_n, struct error *err);
/*
 * Sets s->id. ERR_CONFLICT, "sid" or "name", if another one of the family has
 * it as SID or name.
 */
int store_sim_add(struct store *st, struct sim *s, struct error *err);
/* S is as it was read. ERR_CONFLICT as store_sim_add. */
int store_sim_rename(struct store *st, const struct sim *s, const char *name, struct error *err);
int store_sim_remove(struct store *st, const struct sim *s, struct error *err);

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

/*
 * Adds N events in one go, best sorted by (source, id), with their attributes,
 * and sets their verdicts: VERDICT_CREATED; or where another event has the
 * identity already, VERDICT_DUPLICATE if everything else is the same too, else
 * VERDICT_CONFLICT, and nothing is added. In a write.
 */
int store_events_add(struct store *st, struct stored_event *events, size_t n, struct error *err);

/* The event of that identity: 1 found, 0 none, -1. Its id lives in ARENA. */
int store_event_find(struct store *st, int64_t source, const char *id, size_t id_len,
		     struct arena *arena, struct stored_event *ret, struct error *err);
/*
 * The attributes of the event of that identity: 1 and *ret in ARENA, 0 it has
 * none, -1.
 */
int store_event_attributes(struct store *st, int64_t source, const char *id, size_t id_len,
			   struct arena *arena, const char **ret, struct error *err);
/*
 * The sources, at most MAX of them, that have an event called ID: those of
 * FAMILY and the ledger's own (0: of any family) that are called TEXT (NULL: by
 * any name).
 */
int store_event_sources(struct store *st, int64_t family, const char *text, const char *id,
			size_t id_len, int64_t *ret, size_t max, size_t *ret_n, struct error *err);
/* The ids of the sources called TEXT, of any family, ascending. */
int store_sources_named(struct store *st, const char *text, struct arena *arena,
			const int64_t **ret, size_t *ret_n, struct error *err);
/* 1, 0, -1 */
int store_source_text(struct store *st, int64_t id, struct arena *arena, const char **ret,
		      struct error *err);
/* 1, 0, -1 */
int store_series_by_id(struct store *st, int64_t id, struct series *ret, struct error *err);

/* ---- corrections and closings ---- */

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

/* sets c->id */
int store_correction_add(struct store *st, struct correction *c, struct error *err);
/* Of one event, oldest first. */
int store_corrections(struct store *st, int64_t source, const char *event, size_t len,
		      struct arena *arena, struct correction **ret, size_t *ret_n,
		      struct error *err);
/* The newest one of an event: 1 found, 0 none, -1. */
int store_correction_last(struct store *st, int64_t source, const char *event, size_t len,
			  struct arena *arena, struct correction *ret, struct error *err);
/* 1, 0, -1 */
int store_correction_by_id(struct store *st, int64_t id, struct arena *arena,
			   struct correction *ret, struct error *err);

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

/*
 * Sets up to when an account is closed by itself (own_us 0: it isn't); open_us
 * is ignored. Counts as a change (store_version).
 */
int store_closing_set(struct store *st, const struct closing *c, struct error *err);
/* 1, 0 nothing closed, -1 */
int store_closing(struct store *st, int64_t account, struct arena *arena, struct closing *ret,
		  struct error *err);
/* All accounts that are closed, by their ids. */
int store_closings(struct store *st, struct arena *arena, struct closing **ret, size_t *ret_n,
		   struct error *err);

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

int store_closing_change_add(struct store *st, const struct closing_change *c, struct error *err);
/*
 * The newest LIMIT changes of A, and if it is a main account of its family,
 * from SINCE (seconds) on and before the id BEFORE (0: of all); newest first.
 */
int store_closing_changes(struct store *st, const struct account *a, int64_t since, int64_t before,
			  size_t limit, struct arena *arena, struct closing_change **ret,
			  size_t *ret_n, struct error *err);
/*
 * The next instant from FROM_US on, or back from it, at which late events of an
 * account take effect: 1, 0 none, -1.
 */
int store_late_instant(struct store *st, int64_t account, int64_t from_us, bool backwards,
		       int64_t *ret_us, struct error *err);

/* ---- finding events ---- */

/* A reference to an event, in the order of effective time, source, id. */
struct posted {
	int64_t effective_us;
	int64_t series;
	int64_t source;
	const char *id;
	size_t id_len;
};

/*
 * Adds references, N of one account, in a write: makes one row an hour of them.
 * Sorts POSTED in place.
 */
int store_postings_add(struct store *st, int64_t account, struct posted *posted, size_t n,
		       struct error *err);

/*
 * All references of an account that take effect in HOUR (since 1970), in order;
 * in ARENA.
 */
int store_postings(struct store *st, int64_t account, int64_t hour, struct arena *arena,
		   struct posted **ret, size_t *ret_n, struct error *err);
/*
 * The first hour from FROM on (or with BACKWARDS the last one up to FROM) that
 * has any: 1 found, 0 none, -1.
 */
int store_posting_hour(struct store *st, int64_t account, int64_t from, bool backwards,
		       int64_t *ret_hour, struct error *err);

/* ---- what was refused ---- */

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

enum { REJECTION_RECORD_MAX = 4096 };

int store_rejection_add(struct store *st, const struct rejection *r, struct error *err);

struct rejection_query {
	const int64_t *accounts; /* N of them: only those that name one of these; NULL: any */
	size_t n;
	const char *code; /* NULL: any */
	int64_t before;   /* only ids before this one; 0: all */
	int64_t since;    /* only from this time on, in seconds */
	size_t limit;
};

/* Newest first. */
int store_rejections(struct store *st, const struct rejection_query *q, struct arena *arena,
		     struct rejection **ret, size_t *ret_n, struct error *err);
/*
 * Removes those from before BEFORE, and of each author the oldest ones above
 * KEEP: nobody pushes out another one's.
 */
int store_rejections_prune(struct store *st, int64_t before, int64_t keep, struct error *err);

/* ---- rollups ---- */

struct rollup {
	enum level level;
	int64_t account, category, slot;
	int64_t series;          /* 0: the total of the category, whatever its dimensions */
	int64_t dim[DIMENSIONS]; /* of a series; filled by scans only */
	struct amounts amounts;
};

/*
 * Adds amounts to rollups; makes those that are missing. ERR_OVERFLOW if a sum
 * would leave 64 bits: then the caller ends the write. Series without any
 * dimension have no rollup of their own: the total is the same. In a write.
 */
int store_rollups_add(struct store *st, const struct rollup *rows, size_t n, struct error *err);

struct rollup_scan {
	enum level level;
	int64_t account;
	int64_t category;        /* 0 = all; must be given by series */
	int64_t from, to;        /* slots, TO exclusive */
	bool by_series;          /* rows of series with dimensions instead of totals */
	int64_t dim[DIMENSIONS]; /* by_series: only this value; 0 = any */
	/*
	 * by_series: only this one; 0 = any. Costs a step a slot; `dim` must be
	 * its own or 0
	 */
	int64_t series;
	/*
	 * by_series, without any `dim`: leaves out the dimensions of rows,
	 * which costs much less
	 */
	bool no_dims;
};

/*
 * Starts a scan; one at a time on a store. Rows come in the order of their
 * slots.
 */
int store_scan_begin(struct store *st, const struct rollup_scan *scan, struct error *err);
/* 1 a row, 0 the end, -1 failed */
int store_scan_next(struct store *st, struct rollup *ret, struct error *err);
void store_scan_end(struct store *st);

/* ---- sums: whole questions about usage ---- */

/*
 * Whose usage is asked for. An account may come several times, with other
 * values.
 */
struct sums_account {
	int64_t id;
	int64_t dim[DIMENSIONS]; /* only usage with this value; 0 = any. Only by series */
};

/* Quarter hours since 1970, TO exclusive. */
struct sums_slot {
	int64_t from, to;
};

struct sums_question {
	const struct sums_account *accounts;
	size_t n_accounts;
	/* ids, ascending; those below them are categories of their own */
	const int64_t *categories;
	size_t n_categories;           /* 0: all */
	const struct sums_slot *slots; /* ascending, without overlap */
	size_t n_slots;
	/*
	 * sums of series with dimensions, instead of the totals of categories
	 */
	bool by_series;
	enum dimension group; /* by series: the dimension whose values rows have */
};

/*
 * A part of the sum of an account, a slot and a category (and a series); all
 * rows together are the sums.
 */
struct sums_row {
	size_t account, slot; /* places in the question's lists */
	int64_t category;
	int64_t value;                 /* of the dimension `group`; 0 = none */
	const struct amounts *amounts; /* until the function returns */
};

/*
 * 0 to go on; -1 with ERR ends the answer. It may ask the store anything but
 * for scans and sums.
 */
typedef int sums_row_fn(void *arg, const struct sums_row *row, struct error *err);

/*
 * Calls ROW with the rows of the answer, account by account, in no order that
 * means anything. The cost grows with the rollups that there are in the slots,
 * not with the slots; those are counted first, and where they are more than
 * store_limit allows, the question is refused: ERR_TOO_LARGE.
 */
int store_sums(struct store *st, const struct sums_question *q, sums_row_fn *row, void *arg,
	       struct error *err);

struct verify_calls {
	size_t limit; /* so many are told; all are counted */
	/*
	 * A rollup is missing, extra (WANT or HAVE is NULL where there is none)
	 * or differs.
	 */
	void (*difference)(void *arg, const struct rollup *want, const struct rollup *have);
	/* Anything else, in words. */
	void (*fault)(void *arg, const char *words);
	/* now and then: steps done, and in all; or NULL */
	void (*progress)(void *arg, int64_t done, int64_t all);
	/* asked now and then: true ends it with ERR_BUSY; or NULL */
	bool (*stopped)(void *arg);
	void *arg;
};

/*
 * Recomputes all rollups from the events and compares; so it does with the
 * references to events, hour by hour; with corrections, which must have their
 * facts, each taking away what counted before; and sees to it that sources are
 * there, and that nothing takes effect before its time. The pages of the file
 * are looked at first: where one is damaged, each is told as a fault, and
 * nothing is compared. *ret_n counts what is wrong. Reads one snapshot; memory
 * holds what one account used in one month, by series. A rollup of zeros is as
 * good as none.
 */
int store_verify(struct store *st, const struct verify_calls *calls, size_t *ret_n,
		 int64_t *ret_events, struct error *err);

/*
 * Puts rollups and references right, as they follow from the events: reads one
 * snapshot of ST and changes WRITER's ledger, which is the same, in short
 * writes between which others have their turn; what they add meanwhile stays.
 * *ret_n counts rollups and hours of references. On -1 some of it may be done;
 * ERR_BUSY if another one does it, too. Memory also holds the references of one
 * hour. Only CALLS->progress is called.
 */
int store_rebuild(struct store *st, struct store *writer, const struct verify_calls *calls,
		  size_t *ret_n, int64_t *ret_events, struct error *err);

/* ---- notes about the ledger ---- */

#define META_VERIFIED    "verified"    /* when it was verified last, in seconds, */
#define META_DIFFERENCES "differences" /* and what was found */
#define META_COMMITTED   "committed"   /* when events were committed last, in seconds */
#define META_PROBED      "probed" /* when the server last tried whether it can write, in seconds */

/* 1, 0 (*ret is left alone), -1 */
int store_meta(struct store *st, const char *name, int64_t *ret, struct error *err);
int store_meta_set(struct store *st, const char *name, int64_t value, struct error *err);

#endif
