/*
 * maintenance.h - the work that a server does for its ledger by itself, in a
 * thread of the lowest priority: it verifies the ledger, or what has changed in
 * it, and makes backups, as the settings [verify] and [backup] say, one at a
 * time. The thread has its own
 * reading connections, so that no request waits for it. The results are stored
 * in the ledger.
 */
#ifndef USAGE_MAINTENANCE_H
#define USAGE_MAINTENANCE_H

#include "usage/commit_thread.h"

struct maintenance;

/* The times between two looks at what is due, in milliseconds. */
struct maintenance_pace {
	int64_t first_ms; /* from the start of the server to the first look */
	int64_t look_ms;  /* between two looks */
	int64_t retry_ms; /* after a failure */
};

extern const struct maintenance_pace maintenance_usual_pace;

/*
 * Starts the thread. Borrows S, T and PACE until maintenance_free. NULL: the
 * thread could not be started.
 */
struct maintenance *maintenance_new(const struct settings *s, struct commit_thread *t,
				    const struct maintenance_pace *pace, struct error *err);

/* Stops the running work, which then has no result. */
void maintenance_free(struct maintenance **m);

/*
 * Lets the thread verify the whole ledger next, whatever the settings say.
 * ERR_CONFLICT: it is verifying already, or going to. Thread-safe.
 */
int maintenance_verify(struct maintenance *m, struct error *err);

struct maintenance_status {
	bool verifying;     /* or going to, as soon as a backup has ended */
	int percent;        /* progress of the verification */
	bool verify_failed; /* the last verification of this process had no result */
	bool backing_up;
};

/* Thread-safe. */
void maintenance_get_status(struct maintenance *m, struct maintenance_status *ret);

/* What the ledger's notes say about a kind of work. Times are in seconds. */
struct maintenance_notes {
	int64_t verified;    /* begin of the last verification; 0: never */
	int64_t whole;       /* begin of the last one of the whole ledger; 0: never */
	int64_t differences; /* that the last verification found */
	bool changed;        /* families have changed since the last verification */
	int64_t backed_up;   /* begin of the last good backup; 0: never */
};

enum maintenance_verify { VERIFY_NOTHING, VERIFY_CHANGED, VERIFY_WHOLE };

/*
 * Which verification is due at NOW? After verify.every_hours, one of the families
 * that have changed since the last one. Once a week, or if the last one found
 * differences, one of the whole ledger instead.
 */
enum maintenance_verify maintenance_verify_due(const struct settings *s,
					       const struct maintenance_notes *n, int64_t now);

/* Is a backup due at NOW? After backup.every_hours, if there is a folder. */
bool maintenance_backup_due(const struct settings *s, const struct maintenance_notes *n,
			    int64_t now);

#endif
