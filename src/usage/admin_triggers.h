/*
 * admin_triggers.h - adds, changes and removes triggers (contracts: twilio
 * B.2). The rules of usage/admin.h apply; parameters of errors have the names
 * of Twilio's API.
 */
#ifndef USAGE_ADMIN_TRIGGERS_H
#define USAGE_ADMIN_TRIGGERS_H

#include "usage/admin.h"
#include "usage/trigger.h"

enum {
	TRIGGERS_MAX = 1000, /* of an account */
	TRIGGER_NAME_CHARS = 64,
	TRIGGER_URL_BYTES = 2000
};

struct new_trigger {
	const char *account;  /* SID */
	const char *category; /* UsageCategory */
	/* TriggerValue: a positive number; "+30": 30 above the current value */
	const char *value;
	const char *by;        /* TriggerBy; NULL: usage */
	const char *recurring; /* Recurring; NULL, "", "alltime": once */
	const char *url;       /* CallbackUrl */
	const char *method;    /* CallbackMethod; NULL: POST */
	const char *name;      /* FriendlyName; NULL: made from the others */
	/* the server's secret, which seals the account's signing secret */
	const unsigned char *secret;
};

/*
 * Adds a trigger; *RET is in a->arena. A trigger whose threshold is exceeded
 * already fires at once. ERR_PARAM: also if the account has TRIGGERS_MAX.
 */
int admin_trigger_add(const struct admin *a, const struct new_trigger *n, struct trigger *ret,
		      struct error *err);

/* Finds a trigger of ACCOUNT (id; 0: of any account). Needs no write. */
int admin_trigger_find(const struct admin *a, int64_t account, const char *sid, struct trigger *ret,
		       struct error *err);

/* A member that is NULL leaves the value unchanged. */
struct trigger_change {
	const char *url, *method, *name;
};

/*
 * Changes a trigger; *RET is the changed one. Waiting notices go to the new
 * URL. ACCOUNT, SID and failures as of admin_trigger_find; SID may be RET's.
 */
int admin_trigger_set(const struct admin *a, int64_t account, const char *sid,
		      const struct trigger_change *c, struct trigger *ret, struct error *err);

/*
 * Removes a trigger, and cancels its waiting notices. Arguments and failures as
 * of admin_trigger_find.
 */
int admin_trigger_remove(const struct admin *a, int64_t account, const char *sid,
			 struct error *err);

/*
 * Sends the notice SID again: now, if it waits for a later time. *RET is then
 * the notice, with texts in A's arena. ERR_NOT_FOUND; ERR_CONFLICT: its trigger
 * was removed, or it is about to be sent.
 */
int admin_notice_repeat(const struct admin *a, const char *sid, struct notice *ret,
			struct error *err);

/*
 * Makes a new signing secret of the account SID; RET is the secret. ERR_PARAM
 * "account": no such account.
 */
int admin_signing_renew(const struct admin *a, const char *sid,
			const unsigned char secret[SECRET_BYTES], char ret[TOKEN_TEXT],
			struct error *err);

#endif
