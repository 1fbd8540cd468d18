/*
 * feeds.h - records that other programs post in their own form. A mapping file
 * of the settings says how they become events.
 */
#ifndef API_FEEDS_H
#define API_FEEDS_H

#include "api/request.h"
#include "mapping/mapping.h"

enum feed_kind {
	FEED_FREESWITCH, /* records of FreeSWITCH */
	FEED_TWILIO_CALL,
	FEED_TWILIO_MESSAGE,
	FEED_KINDS
};

/* The mappings and secrets of the settings [feeds]. */
struct feeds;

/*
 * Reads the files of the settings. -1: the error names file and line. Otherwise
 * free *ret with feeds_free.
 */
int feeds_new(const struct settings *s, struct feeds **ret, struct error *err);
void feeds_free(struct feeds **f);

/*
 * The mapping of a kind of records; NULL: there is none. A mapping serves one
 * reader at a time: call feeds_begin before, and feeds_end after using it.
 * Thread-safe.
 */
struct mapping *feeds_mapping(struct feeds *f, enum feed_kind kind);
/* The name of the setting that names the mapping file. */
const char *feeds_setting(enum feed_kind kind);
void feeds_begin(struct feeds *f);
void feeds_end(struct feeds *f);

/*
 * The JSON in a body of mod_json_cdr, by its Content-Type: as it is
 * (application/json), or in the form field cdr, encoded as in a URL
 * (application/x-www-form-urlencoded) or in base 64
 * (application/x-www-form-base64-encoded). *RET is in ARENA or is BODY. -1 with
 * ERR_MEDIA_TYPE, or with ERR_BODY: the field is missing or damaged.
 */
int feeds_cdr_json(const char *content_type, const char *body, size_t len, struct arena *arena,
		   const char **ret, size_t *ret_len, struct error *err);

/* A callback of Twilio. */
struct twilio_callback {
	const char *account; /* AccountSid */
	/* FEED_TWILIO_MESSAGE, if there is a MessageSid; else FEED_TWILIO_CALL */
	enum feed_kind kind;
	/* an object with all parameters; at its end "Received" is NOW, RFC 3339 */
	const char *json;
};

/*
 * Reads a callback: FORM is the body, URL the address that Twilio has called,
 * SIGNATURE the header X-Twilio-Signature (NULL: missing). The signature must
 * be made with the token that the file feeds.twilio_tokens has for the account
 * (contracts: twilio B.3). -1 with ERR_FORBIDDEN: it is not, or the account has
 * no token; ERR_BODY: a parameter is missing or comes twice.
 */
int feeds_twilio_callback(struct feeds *f, const char *url, const char *form, const char *signature,
			  int64_t now, struct arena *arena, struct twilio_callback *ret,
			  struct error *err);

#endif
