/*
 * outbox.h - the outbox: notices to be sent, attempts to send them, leases, and
 * the secrets that sign notices.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/store.h"

/*
 * Adds a notice and sets N->id. In a write. 1 added; 0: the outbox has had a
 * notice with this token, and nothing is added; -1 failed.
 */
int store_notice_add(struct store *st, struct notice *n, struct error *err);
/* Sets state, attempts and next_us of notice N->id. In a write. */
int store_notice_set(struct store *st, const struct notice *n, struct error *err);
/* Changes the callback of the trigger's waiting notices. In a write. */
int store_notices_redirect(struct store *st, const char *trigger, const char *url,
			   const char *method, struct error *err);
/* Cancels the trigger's waiting notices. In a write. */
int store_notices_cancel(struct store *st, const char *trigger, struct error *err);

/* Reads which account's notice has this SID. 1 found, 0 none, -1 failed. */
int store_notice_owner(struct store *st, const char *sid, int64_t *ret_account, struct error *err);
/* 1 found, 0 none, -1 failed. */
int store_notice_find(struct store *st, const char *sid, struct arena *arena, struct notice *ret,
		      struct error *err);

struct notices {
	struct notice *list;
	size_t n;
};

/* Selects notices; newest first. */
struct notices_query {
	int64_t account; /* 0: all accounts */
	/* without ACCOUNT and TRIGGER: only those of these accounts; NULL: of all */
	const int64_t *accounts;
	size_t n_accounts;
	const char *trigger; /* a SID; NULL: all triggers */
	int64_t before;      /* only smaller ids; 0: all */
	size_t limit;
};
int store_notices(struct store *st, const struct notices_query *q, struct arena *arena,
		  struct notices *ret, struct error *err);
/* Is a notice waiting for a time after AFTER_US? 1 yes, 0 no, -1 failed. */
int store_notice_waits_after(struct store *st, int64_t after_us, struct error *err);
/* Makes those that wait for a time after AFTER_US due at NOW_US. In a write. */
int store_notices_hasten(struct store *st, int64_t after_us, int64_t now_us, struct error *err);
/*
 * Finds the first account with an id above AFTER that has waiting notices whose
 * next attempt is due at NOW_US. 1 found, 0 none, -1 failed.
 */
int store_notice_account(struct store *st, int64_t after, int64_t now_us, int64_t *ret,
			 struct error *err);
/* Such notices of an account. */
struct notices_due {
	int64_t account;
	int64_t now_us;
	size_t limit;
};
int store_notices_due(struct store *st, const struct notices_due *q, struct arena *arena,
		      struct notices *ret, struct error *err);
/*
 * Reads the earliest time of the next attempt of any waiting notice. 1 found,
 * 0 no notice is waiting, -1 failed.
 */
int store_notice_next(struct store *st, int64_t *ret_us, struct error *err);

/* Counts the waiting notices. Reads an index of these notices alone. */
int store_notices_waiting(struct store *st, int64_t *ret_n, struct error *err);

/*
 * Reads when the oldest notice was made. 1 found, 0 there are no notices, -1
 * failed.
 */
int store_notice_oldest(struct store *st, int64_t *ret_us, struct error *err);

/* Adds an attempt to deliver a notice. In a write. */
int store_delivery_add(struct store *st, const struct delivery *a, struct error *err);
/* Reads the attempts of a notice, in their order. */
int store_deliveries(struct store *st, int64_t notice, struct arena *arena, struct delivery **ret,
		     size_t *ret_n, struct error *err);

/*
 * Removes at most LIMIT notices that were made before BEFORE_US and are no
 * longer waiting, with their attempts. In a write.
 */
int store_notices_prune(struct store *st, int64_t before_us, size_t limit, struct error *err);

/*
 * Takes or extends the lease NAME for HOST until UNTIL_US. In a write. 1: HOST
 * has the lease; 0: another host has the lease at NOW_US; -1 failed. A lease that
 * lasts twice as long as this one comes from a clock that was wrong, and does not
 * count.
 */
struct lease {
	const char *name, *host;
	int64_t until_us;
};
int store_lease_take(struct store *st, const struct lease *lease, int64_t now_us,
		     struct error *err);
/* Ends the lease, if HOST has it. In a write. */
int store_lease_end(struct store *st, const struct lease *lease, struct error *err);

/*
 * The sealed signing secret of an account, in ARENA. 1 found, 0 none, -1
 * failed.
 */
struct sealed {
	const unsigned char *bytes;
	size_t len;
};
int store_signing(struct store *st, int64_t account, struct arena *arena, struct sealed *ret,
		  struct error *err);
/* Sets or replaces the secret. In a write. */
int store_signing_set(struct store *st, int64_t account, const struct sealed *sealed,
		      struct error *err);

#endif
