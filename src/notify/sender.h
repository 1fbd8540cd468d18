/*
 * sender.h - sends HTTP requests to receivers that nobody need trust, many at
 * once (libcurl).
 *
 * - Only public addresses and those of the setting webhooks.allow are
 *   connected. The address is checked when its socket is made, so a name that
 *   resolves to another address later gains nothing.
 * - Certificates are verified. Redirects are not followed. Proxies of the
 *   environment are not used.
 * - An attempt ends after SENDER_TIMEOUT_MS, or with SENDER_ANSWER_MAX bytes of
 *   the answer.
 */
#ifndef NOTIFY_SENDER_H
#define NOTIFY_SENDER_H

#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"

enum {
	SENDER_CONNECT_MS = 5000,
	SENDER_TIMEOUT_MS = 15000,
	SENDER_ANSWER_MAX = 65536, /* bytes of headers and body */
	SENDER_KEPT_MAX = 1024     /* bytes of the body that are kept */
};

struct sender;

/*
 * Call it once, before other threads start and before the process enters its
 * sandbox.
 */
int sender_init(struct error *err);

/* The system's file of certificates that libcurl uses; NULL: there is none. */
const char *sender_system_ca_file(void);

/* ALLOWED and CA_FILE ("": the system's) are borrowed. */
int sender_new(const struct networks *allowed, const char *ca_file, struct sender **ret,
	       struct error *err);
void sender_free(struct sender **s);

/* A request; texts are copied. */
struct sending {
	const char *url, *method;
	const char *form;      /* parameters: the body, or with GET the query */
	const char *signature; /* X-Twilio-Signature */
	void *arg;             /* for the result */
};
int sender_begin(struct sender *s, const struct sending *request, struct error *err);
/* The number of requests that have begun and not ended. */
size_t sender_active(const struct sender *s);

/*
 * The full URL of a request: with GET, URL and FORM. It is the URL that the
 * signature is of, in the one form that all libraries of Twilio agree on. In
 * ARENA.
 */
const char *sender_url(struct arena *arena, const char *url, const char *method, const char *form);

struct sent {
	void *arg;
	int64_t status; /* HTTP; 0: no answer */
	bool forbidden; /* the address is not allowed */
	int64_t took_us;
	char error[160]; /* why there is no answer; or "" */
	/* the beginning of the body, as UTF-8 without control characters */
	char answer[SENDER_KEPT_MAX + 1];
};

/*
 * Waits until something happens, at most MS milliseconds, or until
 * sender_wake. Then goes on with all requests.
 */
void sender_work(struct sender *s, int ms);
/* Ends the current or next wait of sender_work. From any thread. */
void sender_wake(struct sender *s);
/* Takes a request that has ended. False: there is none. */
bool sender_take(struct sender *s, struct sent *ret);

#endif
