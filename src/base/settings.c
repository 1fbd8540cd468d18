#include "base/settings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/decimal.h"
#include "base/inifile.h"
#include "base/utf8.h"

#include "base/banned.h"

enum setting_type {
	ST_INT,
	ST_BOOL,
	ST_TEXT,
	ST_PATH,
	ST_DATABASE, /* a path, or the address of a database */
	ST_URL,
	ST_NETWORKS,  /* as networks_parse reads */
	ST_ADDRESSES, /* IP addresses, separated by spaces */
	ST_ORIGINS,   /* URLs without a path, separated by spaces */
	ST_MODE,      /* permissions, octal */
	ST_ENUM,
};

struct setting {
	const char *section;
	const char *name;
	enum setting_type type;
	size_t offset;
	const char *def; /* as written in the file */
	/* limits of a number, or of the length of a text or path in bytes */
	int64_t min, max;
	const char *const *values; /* ST_ENUM: ends with NULL */
	const char *doc;
};

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

static const char *const late_events[] = { "adjust", "reject", NULL };

static const char *const metrics_roles[] = { "none", "SystemAdministrator", "Manager", "User",
					     NULL };

#define AT(member) offsetof(struct settings, member)

/* The settings of a section must be adjacent. */
static const struct setting table[] = {
	{ "ledger", "database", ST_DATABASE, AT(database), "/var/lib/usaged/usage.db", 1, 4095,
	  NULL,
	  "The SQLite file that holds the ledger, or the address of a PostgreSQL database: "
	  "postgresql://HOST/NAME. See usaged-postgresql(7)." },
	{ "ledger", "connections", ST_INT, AT(connections), "10", 1, 1000, NULL,
	  "The most connections to the ledger for readers; for a file at least 16, and at least "
	  "two "
	  "for each processor. Writers take up to two more." },
	{ "ledger", "prepared", ST_BOOL, AT(prepared), "yes", 0, 0, NULL,
	  "Keep statements prepared in PostgreSQL. Say no if pgbouncer, in transaction mode, is "
	  "before the database." },
	{ "ledger", "secret_file", ST_PATH, AT(secret_file), "/var/lib/usaged/secret", 1, 4095,
	  NULL,
	  "32 random bytes that key the hashes of tokens and sign page tokens. Keep the file with "
	  "the database." },
	{ "ledger", "busy_timeout_ms", ST_INT, AT(busy_timeout_ms), "10000", 0, 600000, NULL,
	  "How long a writer waits for another writer, in milliseconds." },
	{ "ledger", "ahead_seconds", ST_INT, AT(ahead_seconds), "300", 0, 86400, NULL,
	  "How far an event's time may lie in the future, in seconds." },
	{ "ledger", "late_events", ST_ENUM, AT(late_events), "adjust", 0, 0, late_events,
	  "Late events: adjust (they take effect at the closed instant) or reject." },
	{ "ledger", "rejected_days", ST_INT, AT(rejected_days), "30", 0, 3650, NULL,
	  "How many days rejected records are kept. 0: not at all." },
	{ "ledger", "upgrade_copy", ST_BOOL, AT(upgrade_copy), "yes", 0, 0, NULL,
	  "Before an upgrade of the ledger, copy it to a file beside it." },

	{ "ingest", "record_bytes", ST_INT, AT(record_bytes), "1048576", 1024, 16777216, NULL,
	  "The longest record of a file or a request body, in bytes. A longer one is rejected." },
	{ "ingest", "new_series", ST_INT, AT(new_series), "1000000", 0, 1000000000000, NULL,
	  "How many new series a key or a user may send in a UTC day. A series is a category of an "
	  "account with a customer, SIM, fleet, network and country. 0: no limit." },

	{ "feeds", "freeswitch", ST_PATH, AT(feeds_freeswitch), "", 0, 4095, NULL,
	  "The mapping file for records that FreeSWITCH posts to /feeds/freeswitch. Empty: they "
	  "are refused." },

	{ "feeds", "twilio", ST_PATH, AT(feeds_twilio), "", 0, 4095, NULL,
	  "The mapping file for status callbacks of calls that Twilio posts to /feeds/twilio. "
	  "Empty: they are refused." },
	{ "feeds", "twilio_messages", ST_PATH, AT(feeds_twilio_messages), "", 0, 4095, NULL,
	  "The mapping file for status callbacks of messages that Twilio posts to /feeds/twilio. "
	  "Empty: they are refused." },
	{ "feeds", "twilio_tokens", ST_PATH, AT(feeds_twilio_tokens), "", 0, 4095, NULL,
	  "The file with the tokens by which Twilio signs callbacks: the SID of an account and its "
	  "token, one account a line." },

	{ "server", "name", ST_TEXT, AT(name), "usaged", 1, 60, NULL, "The name that pages show." },
	{ "server", "base_url", ST_URL, AT(base_url), "", 0, 180, NULL,
	  "The public URL, without a slash at the end. Empty: the address of each request." },
	{ "server", "cors_origins", ST_ORIGINS, AT(cors_origins), "", 0, 170, NULL,
	  "Origins, separated by spaces, whose pages may read billing and AI usage inside a "
	  "browser. Empty: none." },
	{ "server", "socket", ST_PATH, AT(socket), "/run/usaged/usaged.sock", 0, 107, NULL,
	  "The FastCGI socket. Empty: standard input, as a spawner or a CGI server sets it up." },
	{ "server", "socket_mode", ST_MODE, AT(socket_mode), "0660", 0, 0777, NULL,
	  "Permissions of the socket." },
	{ "server", "pid_file", ST_PATH, AT(pid_file), "", 0, 4095, NULL,
	  "The file for the process id. Empty: none." },
	{ "server", "threads", ST_INT, AT(threads), "96", 1, 1024, NULL,
	  "Requests answered at the same time. Half of the threads are kept for health checks and "
	  "short requests with events." },
	{ "server", "account_requests", ST_INT, AT(account_requests), "16", 1, 1024, NULL,
	  "Requests of one account with its subaccounts that the other half of the threads answers "
	  "at the same time. Four times as many may wait." },
	{ "server", "backlog", ST_INT, AT(backlog), "511", 1, 65535, NULL,
	  "Requests that may wait for a free thread." },
	{ "server", "max_body_bytes", ST_INT, AT(max_body_bytes), "8388608", 1024, 1073741824, NULL,
	  "The largest request body, in bytes." },
	{ "server", "max_unpacked_bytes", ST_INT, AT(max_unpacked_bytes), "67108864", 1024,
	  1073741824, NULL,
	  "The largest gzip or zstd request body after decompression, in bytes." },
	{ "server", "max_report_work", ST_INT, AT(max_report_work), "1000000", 0, 1000000000, NULL,
	  "The most sums that one answer may read; a larger report is refused with 413 before it "
	  "begins. A million take about a second. 0: no limit." },
	{ "server", "max_request_seconds", ST_INT, AT(max_request_seconds), "20", 0, 3600, NULL,
	  "The most processor time for one answer, in seconds; then it ends with 503. 0: no "
	  "limit." },
	{ "server", "drain_seconds", ST_INT, AT(drain_seconds), "20", 0, 3600, NULL,
	  "How long running requests may continue after SIGTERM, in seconds." },
	{ "server", "sandbox", ST_BOOL, AT(sandbox), "yes", 0, 0, NULL,
	  "Give up the rights that the server does not need: most system calls, and all files but "
	  "the ledger's folder, the templates and the time zones." },
	{ "server", "log_level", ST_ENUM, AT(log_level), "info", 0, 0, log_levels,
	  "Minimum severity to log." },
	{ "server", "templates", ST_PATH, AT(templates), "", 0, 4095, NULL,
	  "The folder of the page templates. Empty: the installed one." },
	{ "server", "own_templates", ST_PATH, AT(own_templates), "", 0, 4095, NULL,
	  "A folder of templates that replace installed ones of the same name. Empty: none." },
	{ "server", "login_redirect", ST_BOOL, AT(login_redirect), "yes", 0, 0, NULL,
	  "Redirect browsers that are not signed in to /login instead of answering 401." },
	{ "server", "token_seconds", ST_INT, AT(token_seconds), "3600", 60, 2592000, NULL,
	  "How long a token of RequestAuthToken is valid, in seconds." },

	{ "verify", "every_hours", ST_INT, AT(verify_hours), "24", 0, 8760, NULL,
	  "Hours after which the server verifies again what has changed since the last "
	  "verification, and once a week the whole ledger. 0: only when someone asks." },

	{ "backup", "folder", ST_PATH, AT(backup_folder), "", 0, 4000, NULL,
	  "The folder for backups that the server makes, restores aside and verifies. Empty: it "
	  "makes none." },
	{ "backup", "every_hours", ST_INT, AT(backup_hours), "24", 1, 8760, NULL,
	  "Hours from one backup to the next one." },
	{ "backup", "copies", ST_INT, AT(backup_copies), "7", 1, 1000, NULL,
	  "How many backups are kept. An older one is removed when a newer one was verified." },

	{ "metrics", "role", ST_ENUM, AT(metrics_role), "SystemAdministrator", 0, 0, metrics_roles,
	  "Who may read /metrics with credentials: nobody, administrators only, or also this "
	  "role." },
	{ "metrics", "addresses", ST_ADDRESSES, AT(metrics_addresses), "", 0, 1000, NULL,
	  "IP addresses, separated by spaces, that may read /metrics without credentials. Empty: "
	  "none." },

	{ "webhooks", "send", ST_BOOL, AT(send_webhooks), "yes", 0, 0, NULL,
	  "Call the URLs of triggers. If no, the server opens no connections, and callbacks wait "
	  "for a server that sends." },
	{ "webhooks", "allow", ST_NETWORKS, AT(webhook_networks), "", 0, 1000, NULL,
	  "Networks, separated by spaces, that may be called although their addresses are not "
	  "public." },
	{ "webhooks", "ca_file", ST_PATH, AT(webhook_ca_file), "", 0, 4095, NULL,
	  "A file of certificates (PEM) by which receivers are verified. Empty: the system's." },
	{ "webhooks", "kept_days", ST_INT, AT(webhook_days), "30", 1, 3650, NULL,
	  "How many days callbacks are listed after they were delivered or given up." },

	{ "twilio", "price_as_string", ST_BOOL, AT(price_as_string), "no", 0, 0, NULL,
	  "Write \"price\": \"0.38\", as Twilio's service does, instead of 0.38, as its API "
	  "description says." },
	{ "twilio", "range_limits", ST_BOOL, AT(range_limits), "yes", 0, 0, NULL,
	  "As Twilio's service does, refuse SIM usage over more than 31 days, 3 months or 18 "
	  "months, or from more than 18 months ago." },
};

#define SETTINGS (sizeof(table) / sizeof(table[0]))

/* The settings that settings_load returns, and the memory of their texts. */
struct loaded {
	struct settings settings;
	struct arena memory;
};

static bool parse_bool(const char *value, bool *ret)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret = i % 2 == 1;
			return true;
		}
	}
	return false;
}

static bool in_list(const char *value, const char *const *values)
{
	while (*values && strcmp(*values, value) != 0)
		values++;
	return *values;
}

static bool is_mode(const char *value)
{
	size_t len = strlen(value);

	return len >= 3 && len <= 4 && strspn(value, "01234567") == len &&
	       (len == 3 || value[0] == '0');
}

/* NAME=VALUE ..., another form of libpq's addresses */
static bool is_connection_string(const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz_");

	return len && value[len + strspn(value + len, " ")] == '=';
}

/* What follows the scheme of PostgreSQL and its colon; NULL: VALUE has another start. */
static const char *behind_scheme(const char *value)
{
	static const char *const schemes[] = { "postgresql:", "postgres:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strncasecmp(value, schemes[i], strlen(schemes[i])) == 0)
			return value + strlen(schemes[i]);
	return NULL;
}

bool database_is_address(const char *value)
{
	return behind_scheme(value) || strstr(value, "://") || strcasestr(value, "password=") ||
	       is_connection_string(value);
}

bool database_is_url(const char *address)
{
	const char *rest = behind_scheme(address);

	return rest ? strncmp(rest, "//", 2) == 0 : strstr(address, "://") != NULL;
}

/* Undoes the %XX of a URL. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		char hex[3] = { 0 };

		if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
			memcpy(hex, p + 1, 2);
			*to = (char)strtol(hex, NULL, 16);
			p += 3;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

bool database_has_password(const char *address)
{
	const char *scheme = strstr(address, "://"), *host = scheme ? scheme + 3 : address;
	size_t len = strcspn(host, "?"), slash = strcspn(host, "/");
	/*
	 * USER:PASSWORD@HOST/NAME?...; a password may have a question mark or a
	 * slash in it
	 */
	const char *end = host + (slash > len ? slash : len), *first = strpbrk(host, ":@");
	bool given = first && *first == ':' && first < end &&
		     memchr(first, '@', (size_t)(end - first));
	char *text = g_strdup(scheme ? host + len : host);
	bool named;

	unescape(text);
	named = strcasestr(text, "password=");
	g_free(text);
	return named || (scheme && given);
}

static bool is_url(const char *value)
{
	size_t len = strlen(value);

	if (len == 0)
		return true;
	return (strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0) &&
	       strcspn(value, " \"'<>\\?#") == len && value[len - 1] != '/';
}

/*
 * Is each origin as browsers send it: in lower case, a scheme, a host,
 * optionally a port, and nothing else?
 */
static bool is_origins(const char *value)
{
	while (*value) {
		size_t len = strcspn(value, " "), scheme = strncmp(value, "https://", 8) == 0  ? 8
							   : strncmp(value, "http://", 7) == 0 ? 7
											       : 0;

		if (!scheme || len == scheme ||
		    strspn(value + scheme, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") <
			    len - scheme)
			return false;
		value += len + strspn(value + len, " ");
	}
	return true;
}

/* Is each word an IPv4 or IPv6 address? */
static bool is_addresses(const char *value)
{
	while (*value) {
		size_t len = strcspn(value, " ");
		char word[INET6_ADDRSTRLEN];
		struct in6_addr address;

		if (len >= sizeof(word))
			return false;
		memcpy(word, value, len);
		word[len] = '\0';
		if (len && inet_pton(AF_INET, word, &address) != 1 &&
		    inet_pton(AF_INET6, word, &address) != 1)
			return false;
		value += len + strspn(value + len, " ");
	}
	return true;
}

/* "error, warning, info or debug" */
static const char *choices(struct arena *a, const char *const *values)
{
	const char *text = values[0];

	for (size_t i = 1; values[i]; i++)
		text = arena_printf(a, "%s%s%s", text, values[i + 1] ? ", " : " or ", values[i]);
	return text;
}

/* The end of the sentence "must be ...": the values that S allows. */
static const char *wanted(const struct setting *s, struct arena *a)
{
	switch (s->type) {
	case ST_INT:
		return arena_printf(a, "a whole number from %" PRId64 " to %" PRId64, s->min,
				    s->max);
	case ST_BOOL:
		return "yes or no";
	case ST_MODE:
		return "an octal mode such as 0660, at most 0777";
	case ST_ENUM:
		return choices(a, s->values);
	case ST_URL:
		return arena_printf(a,
				    "empty, or a URL of http or https without a slash at its end, "
				    "of at most %" PRId64 " bytes",
				    s->max);
	case ST_NETWORKS:
		return arena_printf(a,
				    "empty, or networks such as 10.0.0.0/8, 192.168.1.7 or "
				    "fd00::/8, separated by spaces, of at most %" PRId64 " bytes",
				    s->max);
	case ST_ADDRESSES:
		return arena_printf(a,
				    "empty, or IP addresses such as 192.0.2.7 or 2001:db8::7, "
				    "separated by spaces, of at most %" PRId64 " bytes",
				    s->max);
	case ST_ORIGINS:
		return arena_printf(a,
				    "empty, or origins such as https://app.example:8443, in lower "
				    "case and without a path, separated by spaces, "
				    "of at most %" PRId64 " bytes",
				    s->max);
	case ST_DATABASE:
		return arena_printf(a,
				    "a path, or the address of a PostgreSQL database without a "
				    "password, such as postgresql://db.example/usaged, of at most "
				    "%" PRId64 " bytes. Put the password into a password file "
				    "(passfile=) or a service file (service=)",
				    s->max);
	case ST_TEXT:
	case ST_PATH:
		break;
	}
	return arena_printf(a, "plain UTF-8 text of %" PRId64 " to %" PRId64 " bytes", s->min,
			    s->max);
}

static bool parse_int(const struct setting *s, const char *value, int64_t *ret)
{
	int64_t n;

	if (decimal_parse(value, strlen(value), 0, s->max, &n) != DECIMAL_OK || n < s->min)
		return false;
	*ret = n;
	return true;
}

static bool fits(const struct setting *s, const char *value)
{
	int64_t len = (int64_t)strlen(value);

	return len >= s->min && len <= s->max;
}

/*
 * Sets the member that S describes. A relative path starts at FOLDER, which
 * ends with a slash or is "". Returns false if S does not allow VALUE.
 */
static bool set_value(struct loaded *l, const struct setting *s, const char *value,
		      const char *folder)
{
	void *member = (char *)&l->settings + s->offset;
	bool good = false;

	switch (s->type) {
	case ST_INT:
		return parse_int(s, value, member);
	case ST_BOOL:
		return parse_bool(value, member);
	case ST_DATABASE:
	case ST_PATH:
		if (s->type == ST_DATABASE && database_is_address(value)) {
			good = fits(s, value) && database_is_url(value) &&
			       !database_has_password(value);
			break;
		}
		if (value[0] != '/' && value[0] != '\0')
			value = arena_printf(&l->memory, "%s%s", folder, value);
		good = fits(s, value);
		break;
	case ST_TEXT:
		good = fits(s, value);
		break;
	case ST_URL:
		good = fits(s, value) && is_url(value);
		break;
	case ST_NETWORKS:
		good = fits(s, value) && networks_parse(value, &(struct networks) { 0 });
		break;
	case ST_ADDRESSES:
		good = fits(s, value) && is_addresses(value);
		break;
	case ST_ORIGINS:
		good = fits(s, value) && is_origins(value);
		break;
	case ST_MODE:
		good = is_mode(value);
		break;
	case ST_ENUM:
		good = in_list(value, s->values);
		break;
	}
	if (good)
		*(const char **)member = arena_str(&l->memory, value);
	return good;
}

static const struct setting *find_setting(const char *section, const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static bool section_exists(const char *section)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(table[i].section, section) == 0)
			return true;
	return false;
}

/* A file being read. */
struct settings_reading {
	/* folder of the file, with a slash at its end; or "" */
	const char *folder;
	struct loaded *loaded;
	bool seen[SETTINGS];
};

static int take_setting(void *user, const char *section, const char *name, const char *value,
			struct error *err)
{
	struct settings_reading *r = user;
	const struct setting *s = find_setting(section, name);
	char full[256];

	snprintf(full, sizeof(full), "%s.%s", section, name);
	if (section[0] == '\0')
		return error_set(err, ERR_PARAM, name, "%s: a setting stands below its [section]",
				 name);
	if (!section_exists(section))
		return error_set(err, ERR_PARAM, full, "%s: there is no section [%s]", full,
				 section);
	if (!s)
		return error_set(err, ERR_PARAM, full, "%s: there is no such setting", full);
	if (r->seen[s - table])
		return error_set(err, ERR_PARAM, full, "%s: is set a second time; once is right",
				 full);
	r->seen[s - table] = true;
	if (!utf8_plain(value, strlen(value)) || !set_value(r->loaded, s, value, r->folder))
		return error_set(err, ERR_PARAM, full, "%s: must be %s", full,
				 wanted(s, &r->loaded->memory));
	return 0;
}

static int load_file(struct loaded *l, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct settings_reading r = { .folder = "", .loaded = l };

	if (slash)
		r.folder = arena_strn(&l->memory, path, (size_t)(slash - path) + 1);
	return inifile_read(path, false, take_setting, &r, err);
}

static void set_defaults(struct loaded *l)
{
	arena_init(&l->memory);
	for (size_t i = 0; i < SETTINGS; i++)
		set_value(l, &table[i], table[i].def, "");
}

int settings_load(const char *path, struct settings **ret, struct error *err)
{
	struct error failed = { .kind = ERR_NONE };
	struct loaded *l = calloc(1, sizeof(*l));
	struct settings *s;

	if (!l)
		return error_system(err, "settings", ENOMEM);
	s = &l->settings;
	set_defaults(l);
	if (path && load_file(l, path, &failed) < 0) {
		if (err && err->kind == ERR_NONE)
			*err = failed;
		settings_free(&s);
		return -1;
	}
	if (s->templates[0] == '\0')
		s->templates = USAGED_DATADIR "/templates";
	*ret = s;
	return 0;
}

void settings_free(struct settings **s)
{
	struct loaded *l = (struct loaded *)*s;

	if (l)
		arena_release(&l->memory);
	free(l);
	*s = NULL;
}

static void print_value(const struct setting *s, const struct settings *from, FILE *out)
{
	const void *member = (const char *)from + s->offset;
	const char *text;

	switch (s->type) {
	case ST_INT:
		fprintf(out, "%s = %" PRId64 "\n", s->name, *(const int64_t *)member);
		return;
	case ST_BOOL:
		text = *(const bool *)member ? "yes" : "no";
		break;
	default:
		text = *(const char *const *)member;
	}
	fprintf(out, "%s =%s%s\n", s->name, text[0] ? " " : "", text);
}

void settings_print(const struct settings *s, FILE *out)
{
	struct loaded defaults = { .memory = { NULL } };
	const char *section = "";

	set_defaults(&defaults);
	fputs("# Settings of usaged, explained in usaged.conf(5). Relative paths start at this "
	      "file's folder.\n",
	      out);
	for (const struct setting *t = table; t < table + SETTINGS; t++) {
		if (strcmp(section, t->section) != 0) {
			section = t->section;
			fprintf(out, "\n[%s]\n", section);
		}
		fprintf(out, "\n# %s\n", t->doc);
		if (t->type == ST_INT || t->type == ST_ENUM || t->type == ST_MODE ||
		    t->type == ST_BOOL || t->type == ST_ORIGINS || t->type == ST_ADDRESSES ||
		    t->type == ST_NETWORKS)
			fprintf(out, "# Must be %s.\n", wanted(t, &defaults.memory));
		print_value(t, s ? s : &defaults.settings, out);
	}
	arena_release(&defaults.memory);
}
