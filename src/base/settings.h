/*
 * settings.h - the operator's settings, from usaged.conf (an INI file, see
 * usaged.conf(5)). One table in settings.c gives each setting its section,
 * name, type, default, limits and a line of documentation; the loader, `usaged
 * config --check`, the dump of what is in force and conf/usaged.conf follow
 * from it.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"

struct settings {
	/* [ledger] */
	const char *database; /* SQLite file */
	/* 32 random bytes: keys the hashes of tokens, signs page tokens */
	const char *secret_file;
	int64_t busy_timeout_ms; /* how long a writer waits for another one */
	int64_t ahead_seconds;   /* how far an event's time may be ahead of the clock */
	const char *late_events; /* of closed periods: adjust, reject */
	int64_t rejected_days;   /* how long the rejection log is kept; 0 = none */
	/* [ingest] */
	int64_t record_bytes; /* the longest record of a file or a body */
	int64_t new_series;   /* how many a sender may make a day; 0 = any number */
	/* [server] */
	const char *name; /* shown on pages */
	/*
	 * origins whose pages may send requests (CORS): "https://a.example
	 * https://b.example:8443"; "" = none
	 */
	const char *cors_origins;
	/* public URL without a slash at the end; "" = from the request */
	const char *base_url;
	/* FastCGI socket; "" = standard input as spawned, or plain CGI */
	const char *socket;
	const char *socket_mode; /* octal, "0660" */
	const char *pid_file;    /* "" = none */
	int64_t threads;
	int64_t account_requests; /* how many of one account are handled at once */
	int64_t backlog;          /* waiting requests */
	int64_t max_body_bytes;
	int64_t max_unpacked_bytes;  /* limit of a compressed body */
	int64_t max_report_work;     /* rows of sums that one answer may read; 0 = any number */
	int64_t max_request_seconds; /* of processor time that an answer may take; 0 = any */
	bool sandbox;                /* the server limits its own system calls and files */
	int64_t drain_seconds;       /* how long current requests may take after SIGTERM */
	const char *log_level;       /* error, warning, info, debug */
	const char *templates;       /* folder of the pages' templates */
	const char *own_templates;   /* folder of templates that replace those; "" = none */
	bool login_redirect;         /* redirect a page without credentials to /login */
	int64_t token_seconds;       /* lifetime of tokens made by RequestAuthToken */
	/* [twilio] */
	/* "price":"0.38" as Twilio's service sends, instead of 0.38 */
	bool price_as_string;
	/*
	 * SIM usage: 31 days, 3 and 18 months at most, as Twilio's service has
	 * it
	 */
	bool range_limits;
};

/*
 * Defaults, then the file at PATH (NULL: defaults alone). Relative paths in the
 * file are taken from the file's own folder. Unknown sections or names, bad
 * values and values outside the limits fail with "FILE:LINE: section.name: what
 * would be right" and ERR_PARAM. On success *ret is ours to settings_free.
 */
int settings_load(const char *path, struct settings **ret, struct error *err);
void settings_free(struct settings **s);

/*
 * Every setting as "name = value" under its section, with its documentation as
 * comments. S NULL: the defaults.
 */
void settings_print(const struct settings *s, FILE *out);

#endif
