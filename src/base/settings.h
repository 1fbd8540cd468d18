/*
 * settings.h - the operator's settings, from usaged.conf (an INI file, see
 * usaged.conf(5)). One table in settings.c gives each setting its section,
 * name, type, default, limits and a line of documentation; the loader, `usaged
 * config` and conf/usaged.conf are made from this table.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"

struct settings {
	/* [ledger] */
	const char *database; /* SQLite file, or address of a PostgreSQL database */
	int64_t connections;  /* to the ledger, for readers */
	bool prepared;        /* keep statements prepared in PostgreSQL */
	/* 32 random bytes: keys the hashes of tokens, signs page tokens */
	const char *secret_file;
	int64_t busy_timeout_ms; /* how long a writer waits for another one */
	/* how far an event's time may be in the future */
	int64_t ahead_seconds;
	const char *late_events; /* events in closed periods: adjust, reject */
	int64_t rejected_days;   /* how long the rejection log is kept; 0 = none */
	bool upgrade_copy;       /* keep a copy of the ledger at an upgrade */
	/* [ingest] */
	int64_t record_bytes; /* the longest record of a file or a body */
	/* new series that a sender may make a day; 0 = any number */
	int64_t new_series;
	/* [feeds] */
	/* mapping files of FreeSWITCH's records and Twilio's callbacks; "" = none */
	const char *feeds_freeswitch, *feeds_twilio, *feeds_twilio_messages;
	const char *feeds_twilio_tokens; /* file with the tokens of accounts; "" = none */
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
	int64_t account_requests; /* concurrent requests of one account */
	int64_t backlog;          /* waiting requests */
	int64_t max_body_bytes;
	int64_t max_unpacked_bytes; /* limit of a compressed body */
	/* rollup rows that one answer may read; 0 = any number */
	int64_t max_report_work;
	/* processor time of one answer; 0 = no limit */
	int64_t max_request_seconds;
	bool sandbox;          /* restrict the server's system calls and files */
	int64_t drain_seconds; /* how long current requests may take after SIGTERM */
	const char *log_level; /* error, warning, info, debug */
	const char *templates; /* folder of the pages' templates */
	/*
	 * folder of templates that replace the ones in `templates`; "" = none
	 */
	const char *own_templates;
	/* redirect browsers that are not signed in to /login */
	bool login_redirect;
	int64_t token_seconds; /* lifetime of tokens made by RequestAuthToken */
	/* [verify] */
	int64_t verify_hours; /* between two verifications; 0 = never */
	/* [backup] */
	const char *backup_folder; /* "" = no backups */
	int64_t backup_hours;      /* between two backups */
	int64_t backup_copies;     /* good copies to keep */
	/* [metrics] */
	/*
	 * the role that may read /metrics, besides SystemAdministrator: none,
	 * SystemAdministrator, Manager, User
	 */
	const char *metrics_role;
	/* addresses that may read /metrics without credentials; "" = none */
	const char *metrics_addresses;
	/* [webhooks] */
	bool send_webhooks; /* call the URLs of triggers */
	/* networks that may be called although they are not public; "" = none */
	const char *webhook_networks;
	const char *webhook_ca_file; /* certificates to trust; "" = the system's */
	int64_t webhook_days;        /* how long deliveries are kept */
	/* [twilio] */
	/* write prices as texts, "0.38", as Twilio's service does */
	bool price_as_string;
	/*
	 * limit SIM usage to 31 days, 3 and 18 months, as Twilio's service does
	 */
	bool range_limits;
};

/*
 * Loads the defaults, then the file at PATH (NULL: defaults only). Relative
 * paths in the file start at the folder of the file. Unknown sections or names,
 * bad values and values outside the limits fail with "FILE:LINE: section.name:
 * what would be right" and ERR_PARAM. On success, free *ret with settings_free.
 */
int settings_load(const char *path, struct settings **ret, struct error *err);
void settings_free(struct settings **s);

/*
 * Prints every setting as "name = value" under its section, with its
 * documentation as comments. S NULL: prints the defaults.
 */
void settings_print(const struct settings *s, FILE *out);

/*
 * Is the value of ledger.database the address of a PostgreSQL database, or meant as
 * one, as a text is that begins with "postgresql:", has "://" or "password=" in it, or
 * is such as "host=db"? Otherwise it is the path of a file.
 */
bool database_is_address(const char *value);

/* Has an address the form SCHEME://? One with a slash too few may have a password. */
bool database_is_url(const char *address);

/*
 * Is there a password in an address, which may be malformed: NAME:PASSWORD@, or a
 * parameter? A port before an @ in the name of a database looks like it, unless the
 * @ is written as %40. Ask before the address is shown, or given to libpq, whose
 * messages show parts of it.
 */
bool database_has_password(const char *address);

#endif
